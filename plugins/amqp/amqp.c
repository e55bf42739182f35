/* SPDX-License-Identifier: Apache-2.0 */

/* What the plugin exports: a source and a sink for brokers that speak AMQP 0-9-1, RabbitMQ first. */
#include "amqp/consumer.h"

static int source_create(qn_create *create, void **ret_instance) {
  return broker_source_new(create, &amqp_consumer, ret_instance);
}

static int sink_create(qn_create *create, void **ret_instance) {
  return broker_sink_new(create, &amqp_producer, ret_instance);
}

static const qn_source source_table = {
  .size = sizeof(qn_source),
  .create = source_create,
  .destroy = broker_source_destroy,
  .next = broker_source_next,
  .interrupt = broker_source_interrupt,
  .settled = broker_source_settled,
};

static const qn_sink sink_table = {
  .size = sizeof(qn_sink),
  .create = sink_create,
  .destroy = broker_sink_destroy,
  .context_open = broker_sink_context_open,
  .context_close = broker_sink_context_close,
  .prepare = broker_sink_prepare,
  .write = broker_sink_write,
  .flush = broker_sink_flush,
  .finish = broker_sink_finish,
};

static const qn_stage source_stage = { .size = sizeof(qn_stage), .name = "amqp", .source = &source_table };
static const qn_stage sink_stage = { .size = sizeof(qn_stage), .name = "amqp-out", .sink = &sink_table };
static const qn_stage *const stages[] = { &source_stage, &sink_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 2, .stages = stages };
