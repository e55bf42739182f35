/* SPDX-License-Identifier: Apache-2.0 */

/* Joins: copies of one document come together again, without a lock, in whatever order they arrive. Floor 4. */
#ifndef CORE_RUNTIME_JOIN_H
#define CORE_RUNTIME_JOIN_H

#include <stdbool.h>

#include "runtime/receipt.h"

/* How a join stands after word of one more input. */
typedef enum join_standing {
  JOIN_WAITS = 0,    /* for others */
  JOIN_COMPLETE = 1, /* what came is one leaf now */
  JOIN_EMPTY = 2     /* nothing came by any input */
} join_standing;

/* The leaf came by the input. Takes it. Returns the one leaf that all of them are now, if it was the last that was waited
 * for, else NULL. The state of what is returned is LEAF_LIVE; LEAF_ABSENT if a copy ended before it came here, so that the
 * whole does; LEAF_FAILED, at the stage given, if the copies could not be brought together. [any] */
leaf *join_arrive(rendezvous *join, uint32_t stage, uint32_t input, leaf *leaf);
/* Nothing comes by one of the inputs; spoiled: because a copy ended. [any] the caller holds a leaf of the receipt */
join_standing join_absent(rendezvous *join, uint32_t stage, bool spoiled, leaf **ret_leaf);

#endif
