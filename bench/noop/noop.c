/* SPDX-License-Identifier: Apache-2.0 */

/* A source, a transform and a sink that cost next to nothing themselves. */
#include <stdlib.h>
#include <string.h>

#include "qanat/stage.h"

typedef struct noop_source {
  uint64_t next, count;
  size_t bytes;
} noop_source;

static int source_create(qn_create *create, void **ret_instance) {
  noop_source *self = malloc(sizeof *self);
  if (self == NULL) {
    return create->host->create_fail(create, "no memory", strlen("no memory"));
  }
  *self = (noop_source){ .count = (uint64_t)qn_config_i64(create, "/count", 0),
                         .bytes = (size_t)qn_config_i64(create, "/bytes", 0) };
  *ret_instance = self;
  return 0;
}

static qn_status source_next(void *instance, qn_call *call) {
  noop_source *self = instance;
  uint8_t *room;
  if (self->next == self->count || call->host->emit_reserve(call, self->bytes, &room) != 0) {
    return QN_STATUS_OK;
  }
  memset(room, 'a', self->bytes);
  qn_emit emit = { .source = QN_LIT("noop"), .ordinal = self->next++ };
  return call->host->emit_commit(call, self->bytes, &emit) == 0 ? QN_STATUS_MORE : QN_STATUS_OK;
}

static int create_nothing(qn_create *create, void **ret_instance) {
  (void)create;
  *ret_instance = NULL;
  return 0;
}

static void destroy_nothing(void *instance) {
  (void)instance;
}

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return QN_STATUS_OK;
}

static void process_all(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                        qn_status *ret_statuses) {
  (void)instance;
  (void)context;
  (void)calls;
  for (uint32_t i = 0; i < n_calls; i++) {
    ret_statuses[i] = QN_STATUS_OK;
  }
}

static void write_nowhere(void *instance, qn_item *const *items, uint32_t n_items) {
  (void)instance;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = QN_STATUS_OK;
  }
}

static const qn_source source_table = {
  .size = sizeof(qn_source), .create = source_create, .destroy = free, .next = source_next
};
static const qn_transform transform_table = {
  .size = sizeof(qn_transform), .create = create_nothing, .destroy = destroy_nothing, .process = process
};
static const qn_transform batch_table = {
  .size = sizeof(qn_transform), .create = create_nothing, .destroy = destroy_nothing, .process_batch = process_all
};
static const qn_sink sink_table = {
  .size = sizeof(qn_sink), .create = create_nothing, .destroy = destroy_nothing, .write = write_nowhere
};

static const qn_stage source = { .size = sizeof(qn_stage), .name = "noop-source", .source = &source_table };
static const qn_stage transform = { .size = sizeof(qn_stage), .name = "noop", .transform = &transform_table };
static const qn_stage serial = { .size = sizeof(qn_stage), .name = "noop-serial", .transform = &transform_table };
static const qn_stage ordered = { .size = sizeof(qn_stage), .name = "noop-ordered", .transform = &transform_table };
static const qn_stage batch = { .size = sizeof(qn_stage), .name = "noop-batch", .transform = &batch_table };
static const qn_stage sink = { .size = sizeof(qn_stage), .name = "noop-sink", .sink = &sink_table };
static const qn_stage *const stages[] = { &source, &transform, &serial, &ordered, &batch, &sink };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 6, .stages = stages };
