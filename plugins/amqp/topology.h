/* SPDX-License-Identifier: Apache-2.0 */

/* The queues that a source or sink relies on: declared again with every connection, so that a broker that lost them gets
 * them back, or only looked for. */
#ifndef AMQP_TOPOLOGY_H
#define AMQP_TOPOLOGY_H

#include "amqp/wire.h"

typedef struct topology {
  char *queue; /* NULL: none, a sink that publishes to an exchange */
  bool declare;
  bool quorum;             /* else classic */
  uint32_t delivery_limit; /* 0: none */
  char *dead_exchange;     /* NULL: the default exchange, and a queue of our own, QUEUE.dead */
  char *dead_key;
  char *exchange, *exchange_type;
  uint32_t n_keys;
  char *keys[32]; /* that bind the queue to the exchange */
} topology;

/* Reads queue, declare, queue_type, delivery_limit, dead_letter_exchange, dead_letter_key, exchange, exchange_type and
 * (if it binds) binding_keys. 0; -EINVAL or -ENOMEM, said by create_fail(). */
int topology_read(qn_create *create, bool binds, topology *ret_topology);
void topology_done(topology *topology);

/* Makes sure of all. 0, negative errno with fault. */
int topology_declare(const topology *topology, wire *line, amqp_channel_t channel, broker_fault *fault);

/* The queue where a message waits for so long before it comes back to the topology's own; its name in ret_name. */
int topology_declare_delay(const topology *topology, wire *line, amqp_channel_t channel, uint32_t delay_ms,
                           char *ret_name, size_t capacity, broker_fault *fault);

#endif
