/* SPDX-License-Identifier: Apache-2.0 */

/* A source that makes documents and is told when they have settled, and a sink that takes them: each times the stretch between. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/stage.h"
#include "span.h"

typedef struct meter {
  pthread_mutex_t lock; /* of the source's span: its thread begins it, the loop counts */
  pthread_cond_t warm;  /* the first documents have settled, or nobody waits for that any more */
  bool is_ending;
  span span;
  char *report;
  uint64_t next;
  size_t bytes;
} meter;

static int create_meter(qn_create *create, void **ret_instance) {
  qn_str report = qn_config_str(create, "/report");
  meter *self = calloc(1, sizeof *self);
  char *copy = strndup(report.data == NULL ? "" : report.data, report.len);
  if (self == NULL || copy == NULL) {
    free(self);
    free(copy);
    return create->host->create_fail(create, "no memory", strlen("no memory"));
  }
  *self = (meter){ .lock = PTHREAD_MUTEX_INITIALIZER,
                   .warm = PTHREAD_COND_INITIALIZER,
                   .span = { .count = (uint64_t)qn_config_i64(create, "/count", 0),
                             .skip = (uint64_t)qn_config_i64(create, "/skip", 0),
                             .report = copy },
                   .report = copy,
                   .bytes = (size_t)qn_config_i64(create, "/bytes", 0) };
  *ret_instance = self;
  return 0;
}

static void destroy_meter(void *instance) {
  meter *self = instance;
  free(self->report);
  free(self);
}

/* The first ones have settled before the next is made. */
static void begin_span(meter *self) {
  pthread_mutex_lock(&self->lock);
  while (self->span.n < self->span.skip && !self->is_ending) {
    pthread_cond_wait(&self->warm, &self->lock);
  }
  span_begin(&self->span);
  pthread_mutex_unlock(&self->lock);
}

static void source_interrupt(void *instance) {
  meter *self = instance;
  pthread_mutex_lock(&self->lock);
  self->is_ending = true;
  pthread_cond_signal(&self->warm);
  pthread_mutex_unlock(&self->lock);
}

static qn_status source_next(void *instance, qn_call *call) {
  meter *self = instance;
  uint8_t *room;
  if (self->next == self->span.skip) {
    begin_span(self);
  }
  if (self->next == self->span.count || call->host->emit_reserve(call, self->bytes, &room) != 0) {
    return QN_STATUS_OK;
  }
  span_fill(room, self->bytes, self->next);
  qn_emit emit = { .source = QN_LIT("meter"), .media_type = QN_LIT("text/plain"), .ordinal = self->next++ };
  return call->host->emit_commit(call, self->bytes, &emit) == 0 ? QN_STATUS_MORE : QN_STATUS_OK;
}

static void source_settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  meter *self = instance;
  (void)receipts;
  pthread_mutex_lock(&self->lock);
  span_add(&self->span, n_receipts);
  if (self->span.n >= self->span.skip) {
    pthread_cond_signal(&self->warm);
  }
  pthread_mutex_unlock(&self->lock);
}

static void sink_write(void *instance, qn_item *const *items, uint32_t n_items) {
  meter *self = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = QN_STATUS_OK;
  }
  span_add(&self->span, n_items);
}

static const qn_source source_table = { .size = sizeof(qn_source),
                                        .create = create_meter,
                                        .destroy = destroy_meter,
                                        .next = source_next,
                                        .interrupt = source_interrupt,
                                        .settled = source_settled };
static const qn_sink sink_table = {
  .size = sizeof(qn_sink), .create = create_meter, .destroy = destroy_meter, .write = sink_write
};

static const qn_stage source = { .size = sizeof(qn_stage), .name = "meter-source", .source = &source_table };
static const qn_stage sink = { .size = sizeof(qn_stage), .name = "meter-sink", .sink = &sink_table };
static const qn_stage *const stages[] = { &source, &sink };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 2, .stages = stages };
