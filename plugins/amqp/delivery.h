/* SPDX-License-Identifier: Apache-2.0 */

/* Deliveries, put together of their frames, and the queue of those that nobody has taken yet. */
#ifndef AMQP_DELIVERY_H
#define AMQP_DELIVERY_H

#include <amqp.h>

#include "broker/broker.h"

/* A delivery in one piece of memory. message comes first. */
typedef struct delivery {
  broker_message message;
  struct delivery *next;
  size_t n_filled; /* of the body */
  char *body;
} delivery;

typedef struct delivery_queue {
  delivery *first, *last;
  delivery *partial; /* its body is not all there */
  uint32_t n;
  bool expects_header, skips_body;
  uint64_t left_to_skip;
  amqp_basic_deliver_t method; /* of the one whose header is to come; only its numbers */
  uint64_t most_bytes;
  uint64_t ordinal;
  qn_str source;
} delivery_queue;

/* A frame of the consumer's channel. 0; 1: a delivery is complete and stands in the queue; 2: one was too large and was left
 * out, ret_tag names it; -ENOMEM; -EPROTO. */
int delivery_take_frame(delivery_queue *queue, const amqp_frame_t *frame, uint32_t session, uint64_t *ret_tag);
delivery *delivery_pop(delivery_queue *queue);
void delivery_clear(delivery_queue *queue); /* the connection is gone */
void delivery_free(delivery *delivery);

#endif
