/* SPDX-License-Identifier: Apache-2.0 */

/* Publisher confirms of one channel: numbers that the broker counts up, and what of ours each stands for. */
#ifndef AMQP_CONFIRMS_H
#define AMQP_CONFIRMS_H

#include <amqp.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/broker.h"

typedef struct confirm_entry {
  uint64_t token;
  uint64_t id_hash;
  bool is_done, is_returned;
} confirm_entry;

typedef struct confirms {
  confirm_entry *entries; /* a ring, in the order in which they were published */
  uint32_t capacity, first, n;
  uint64_t next;           /* number of the next publication; the first is 1 */
  bool in_return;          /* content of a returned message is being read */
  uint64_t left_of_return; /* bytes of it */
  char return_text[160];
} confirms;

int confirms_init(confirms *confirms, uint32_t capacity); /* 0, -ENOMEM */
void confirms_done(confirms *confirms);
void confirms_begin(confirms *confirms); /* a new channel */
bool confirms_full(const confirms *confirms);
void confirms_add(confirms *confirms, uint64_t token, qn_str id); /* just published */

/* A frame of the channel; told is called for each message that was settled by it, with why if it was refused. 0, -EPROTO. */
int confirms_take_frame(confirms *confirms, const amqp_frame_t *frame,
                        void (*told)(void *arg, uint64_t token, const broker_fault *fault), void *arg);

#endif
