/* SPDX-License-Identifier: Apache-2.0 */

/* Which positions of one lane are settled without a gap: what a broker that only knows "all up to here" may be told.
 * Positions ascend as they are begun, with or without gaps between them; they are done in any order. One thread. */
#ifndef BROKER_TRACK_H
#define BROKER_TRACK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct broker_track {
  struct broker_track_entry *entries; /* a ring; capacity is a power of two */
  uint32_t capacity, first, n;
  uint64_t settled; /* the last position before which, and with which, all that was begun is done */
  bool has_settled;
} broker_track;

void broker_track_init(broker_track *track);
void broker_track_done(broker_track *track);  /* frees; init again before use */
void broker_track_clear(broker_track *track); /* forgets all positions, keeps its memory */

/* A delivery begins. 0, -ENOMEM, -EINVAL (not above the one before). */
int broker_track_begin(broker_track *track, uint64_t position);
/* It has settled. True if more is settled without a gap than before: track->settled is how far. */
bool broker_track_end(broker_track *track, uint64_t position);
/* How many were begun and have not ended. */
uint32_t broker_track_open(const broker_track *track);

#endif
