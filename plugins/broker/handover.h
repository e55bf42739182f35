/* SPDX-License-Identifier: Apache-2.0 */

/* From the loop, where documents settle, to the lent thread, which tells the broker. */
#ifndef BROKER_HANDOVER_H
#define BROKER_HANDOVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "qanat/stage.h"

typedef struct broker_handover {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* on CLOCK_MONOTONIC */
  qn_receipt *receipts;   /* put, not yet taken */
  uint32_t n, capacity;
  qn_receipt *taken; /* of the lent thread, which needs no lock for them: n_given of n_taken were given out */
  uint32_t n_taken, n_given, taken_capacity;
  _Atomic bool is_filled; /* a look without the lock, which nobody takes for a document alone */
  _Atomic bool is_ending;
} broker_handover;

void broker_handover_init(broker_handover *handover);
void broker_handover_done(broker_handover *handover);

/* Adds receipts. True if there were none: whoever waits is to be woken. [loop] */
bool broker_handover_put(broker_handover *handover, const qn_receipt *receipts, uint32_t n);
/* Room for so many receipts, so that put never needs memory. 0, -ENOMEM. [lent] */
int broker_handover_reserve(broker_handover *handover, uint32_t n);
/* Takes up to capacity receipts, waiting for up to wait_ms for the first, or for the end. How many. [lent] */
uint32_t broker_handover_take(broker_handover *handover, uint32_t wait_ms, qn_receipt *ret_receipts, uint32_t capacity);

void broker_handover_end(broker_handover *handover);             /* [any] */
bool broker_handover_is_ending(const broker_handover *handover); /* [any] */
/* Sleeps for up to wait_ms, less if something settles or the end comes. [lent] */
void broker_handover_sleep(broker_handover *handover, uint32_t wait_ms);

#endif
