/* SPDX-License-Identifier: Apache-2.0 */

/* What of one partition may be committed.
 *
 * Kafka knows one number a partition: where a group goes on. Documents settle in any order, so the number may only follow
 * the oldest one that has not: all that is before it has settled. What was taken stands in a window, oldest first; offsets
 * ascend but may have gaps (compacted topics, transactions). A window is bounded: while it is full nothing more is taken from its
 * partition, so one slow document costs at most so many others done again after a crash.
 *
 * Plain arrays, no lock: the owner has one. */
#ifndef QANAT_KAFKA_OFFSETS_H
#define QANAT_KAFKA_OFFSETS_H

#include <stdbool.h>
#include <stdint.h>

enum { OFFSETS_CAPACITY_MAX = 1 << 20 };

typedef struct offsets {
  int64_t *taken;    /* the broker's offset of each in the window; a ring */
  uint8_t *settled;  /* not 0: it has settled; a ring */
  uint32_t capacity; /* a power of 2 */
  uint32_t first;    /* the sequence of the oldest in the window; sequences wrap around */
  uint32_t n_window;
  uint32_t n_unsettled;
  int64_t last;      /* the newest offset ever taken; -1: none */
  int64_t position;  /* where the group may go on; -1: nothing has settled yet */
  int64_t committed; /* what was committed last; -1: nothing */
} offsets;

/* Room for at least `capacity` in flight, 1 .. OFFSETS_CAPACITY_MAX. 0, -EINVAL, -ENOMEM. */
int offsets_init(offsets *self, uint32_t capacity);
void offsets_done(offsets *self);

/* Forgets everything, as for a partition that was assigned anew. */
void offsets_clear(offsets *self);

static inline bool offsets_full(const offsets *self) {
  return self->n_window == self->capacity;
}

/* Takes the message with this offset into the window; it is unsettled. Its sequence goes to ret_sequence. 0; -ENOBUFS (the
 * window is full); -EINVAL (below 0, or not behind the one taken before: a second delivery). */
int offsets_take(offsets *self, int64_t offset, uint32_t *ret_sequence);

/* The message taken under this sequence has settled. 0; -ENOENT (not in the window); -EALREADY. */
int offsets_settle(offsets *self, uint32_t sequence);

/* Whether the message taken under this sequence is in the window and has not settled. */
bool offsets_is_open(const offsets *self, uint32_t sequence);

/* Whether there is something to commit, and what: one behind the last of those that have settled without a gap. */
bool offsets_due(const offsets *self, int64_t *ret_offset);

/* The broker has taken `offset`. A lower one than before is ignored. */
void offsets_committed(offsets *self, int64_t offset);

#endif
