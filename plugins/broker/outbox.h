/* SPDX-License-Identifier: Apache-2.0 */

/* Messages on their way out: kept until the broker has confirmed them, in the order in which they were put, and sent again
 * where it has not. Knows nothing of connections. One thread. */
#ifndef BROKER_OUTBOX_H
#define BROKER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"

typedef enum outbox_state { OUTBOX_NEW = 0, OUTBOX_SENT = 1, OUTBOX_CONFIRMED = 2 } outbox_state;

typedef struct outbox_entry {
  broker_message message; /* its strings and headers are in storage */
  char *storage;          /* holds still until the message has left, and may stay for the next one */
  size_t room_bytes;      /* of storage */
  size_t size_bytes;      /* of the message, also what is lent of it */
  outbox_state state;
  uint64_t not_before_ms; /* refused: waits before it is sent again */
  uint32_t n_refused;
} outbox_entry;

typedef struct outbox {
  outbox_entry *entries; /* a ring */
  uint32_t capacity;
  uint32_t window; /* how many may be unconfirmed; those that wait behind one of these come on top */
  uint32_t first, n;
  uint32_t n_unsent;    /* in state NEW */
  uint32_t n_confirmed; /* that cannot leave yet */
  uint32_t n_refused;   /* refusals of what is in here: as long as there are none, the time does not matter */
  uint64_t first_token; /* of the first entry; tokens count up */
  uint64_t bytes;
  bool lends; /* bodies hold still without a copy of ours */
} outbox;

/* lends: the body of a message holds still until it has left. 0, -ENOMEM. */
int outbox_init(outbox *outbox, uint32_t window, bool lends);
void outbox_done(outbox *outbox);
bool outbox_is_full(const outbox *outbox, uint64_t most_bytes);

/* Copies the message, but for a body that is lent. 0, -ENOMEM. Not when full. */
int outbox_put(outbox *outbox, const broker_message *message);
/* The newest goes as if it had never come; it was not sent. */
void outbox_take_back(outbox *outbox);
/* Whether what is unsent may have to wait for a time. */
static inline bool outbox_has_refused(const outbox *outbox) {
  return outbox->n_refused > 0;
}
/* The next to send at this time, or NULL; its token. now_ms counts only if outbox_has_refused(). */
outbox_entry *outbox_next(outbox *outbox, uint64_t now_ms, uint64_t *ret_token);
void outbox_sent(outbox *outbox, uint64_t token);
/* Confirmed; entries leave at the front. False: there is no such entry that was sent. */
bool outbox_confirm(outbox *outbox, uint64_t token);
/* Refused: to be sent again, not before that time. How often it was by now; 0: no such entry. */
uint32_t outbox_refuse(outbox *outbox, uint64_t token, uint64_t not_before_ms);
/* The connection is gone: all that is not confirmed is to be sent again. */
void outbox_unsend(outbox *outbox);
/* How long until something refused may be sent again; UINT64_MAX: nothing waits. */
uint64_t outbox_due_ms(const outbox *outbox, uint64_t now_ms);

#endif
