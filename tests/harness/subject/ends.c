/* SPDX-License-Identifier: Apache-2.0 */

/* Sources and sinks of both call forms. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "qanat/io.h"
#include "subject.h"

typedef struct counter {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  qn_timer *timer;
  qn_call *call;
  int64_t n, next, n_settled;
  qn_call *held[64]; /* post: what is to be completed */
  uint32_t n_held;
  int is_flush_held;
} counter;

static void counter_destroy(void *instance) {
  counter *self = instance;
  if (self != NULL) {
    if (self->io != NULL) {
      self->io->timer_stop(self->timer);
    }
    self->host->release(self->env, self);
  }
}

static int counter_create(qn_create *create, void **ret_instance) {
  counter *self = create->host->alloc(create->env, sizeof *self);
  if (self == NULL) {
    return subject_no_memory(create);
  }
  memset(self, 0, sizeof *self);
  self->host = create->host;
  self->env = create->env;
  self->n = qn_config_i64(create, "/n", 0);
  self->io = (const qn_io *)create->host->extension(create->env, QN_IO_1);
  *ret_instance = self;
  return 0;
}

/* 0, or what emitting said. */
static int emit_number(counter *self, qn_call *call, int with_field) {
  char text[24];
  int len = snprintf(text, sizeof text, "%lld", (long long)self->next);
  const qn_value value = { .type = QN_VALUE_I64, .as.i64 = self->next };
  uint8_t *room;
  int rc = call->host->emit_reserve(call, (size_t)len, &room);
  if (rc != 0) {
    return rc;
  }
  memcpy(room, text, (size_t)len);
  if (with_field) {
    call->host->emit_field(call, QN_LIT("number"), &value);
  }
  const qn_emit emit = { .source = QN_LIT("numbers"), .ordinal = (uint64_t)self->next, .cookie = (uint64_t)self->next };
  if (self->next % 7 == 6) {
    return call->host->emit_reject(call, &emit, "unlucky", "six is unlucky", sizeof "six is unlucky" - 1);
  }
  return call->host->emit_commit(call, (size_t)len, &emit);
}

/* --- numbers --- */

static qn_status numbers_next(void *instance, qn_call *call) {
  counter *self = instance;
  if (self->n > 0 && self->next >= self->n) {
    return QN_STATUS_OK;
  }
  int rc = emit_number(self, call, 1);
  self->next += rc == 0;
  return rc == 0 || rc == -ECANCELED ? QN_STATUS_MORE
                                     : qn_fail(call, QN_STATUS_FATAL, "no-room", "no room for a number");
}

static void numbers_settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  counter *self = instance;
  (void)receipts;
  self->n_settled += n_receipts;
}

static const qn_source numbers_table = { .size = sizeof(qn_source),
                                         .create = counter_create,
                                         .destroy = counter_destroy,
                                         .next = numbers_next,
                                         .settled = numbers_settled };
const qn_stage subject_numbers = { .size = sizeof(qn_stage), .name = "numbers", .source = &numbers_table };

/* --- ticks --- */

static void tick(void *arg) {
  counter *self = arg;
  while (self->next < self->n) {
    if (emit_number(self, self->call, 0) != 0) {
      return; /* credit() begins again */
    }
    self->next++;
  }
  self->io->timer_stop(self->timer);
  self->timer = NULL;
  self->host->complete(self->env, self->call->ticket, QN_STATUS_OK, NULL, NULL, 0);
}

static qn_status ticks_start(void *instance, qn_call *call) {
  counter *self = instance;
  self->call = call;
  if (self->io == NULL || self->io->timer_start(self->env, 1, 0, tick, self, &self->timer) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "no-timer", "no timer");
  }
  return QN_STATUS_PENDING;
}

static void ticks_credit(void *instance, qn_call *call) {
  (void)call;
  tick(instance);
}

static void ticks_stop(void *instance, qn_call *call) {
  counter *self = instance;
  self->io->timer_stop(self->timer);
  self->timer = NULL;
  self->host->complete(self->env, call->ticket, QN_STATUS_OK, NULL, NULL, 0);
}

static const qn_source ticks_table = { .size = sizeof(qn_source),
                                       .create = counter_create,
                                       .destroy = counter_destroy,
                                       .start = ticks_start,
                                       .credit = ticks_credit,
                                       .stop = ticks_stop };
const qn_stage subject_ticks = { .size = sizeof(qn_stage), .name = "ticks", .source = &ticks_table };

/* --- keep --- */

static qn_status prepare(void *instance, void *context, qn_call *call) {
  qn_str json;
  (void)instance;
  (void)context;
  if (call->host->record_encode(call, NULL, &json) != 0 || call->host->prepared_set(call, json.data, json.len) != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no room for a record");
  }
  return QN_STATUS_OK;
}

static qn_status judge(qn_call *call) {
  qn_view view;
  if (call->host->view_get(call, &view) == 0 && view.len > 0 && view.data[0] == '!') {
    return qn_fail(call, QN_STATUS_REJECT, "shouting", "it shouts");
  }
  return QN_STATUS_OK;
}

static void keep_write(void *instance, qn_item *const *items, uint32_t n_items) {
  counter *self = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = items[i]->prepared.len > 0 ? judge(items[i]->call) : INT32_C(77);
    self->next++;
  }
}

static qn_status keep_flush(void *instance, qn_call *call) {
  counter *self = instance;
  return self->next < 100 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_RETRY, "full", "full");
}

static qn_status keep_finish(void *instance, qn_call *call, int success) {
  (void)instance;
  return success ? QN_STATUS_OK : qn_fail(call, QN_STATUS_FATAL, "sad", "it did not succeed");
}

static const qn_sink keep_table = { .size = sizeof(qn_sink),
                                    .create = counter_create,
                                    .destroy = counter_destroy,
                                    .prepare = prepare,
                                    .write = keep_write,
                                    .flush = keep_flush,
                                    .finish = keep_finish };
const qn_stage subject_keep = { .size = sizeof(qn_stage), .name = "keep", .sink = &keep_table };

/* --- post --- */

static void post_all(void *arg) {
  counter *self = arg;
  self->io->timer_stop(self->timer);
  self->timer = NULL;
  for (uint32_t i = 0; i < self->n_held; i++) {
    qn_view view;
    int shouts = self->host->view_get(self->held[i], &view) == 0 && view.len > 0 && view.data[0] == '!';
    self->host->complete(self->env, self->held[i]->ticket, shouts ? QN_STATUS_REJECT : QN_STATUS_OK,
                         shouts ? "shouting" : NULL, shouts ? "it shouts" : NULL, shouts ? 9 : 0);
  }
  self->n_held = 0;
  if (self->is_flush_held) {
    self->is_flush_held = 0;
    self->host->complete(self->env, self->call->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
}

static void start_posting(counter *self) {
  if (self->timer == NULL) {
    self->io->timer_start(self->env, 1, 0, post_all, self, &self->timer);
  }
}

static void post_write(void *instance, qn_item *const *items, uint32_t n_items) {
  counter *self = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    if (self->n_held == sizeof self->held / sizeof self->held[0]) {
      items[i]->status = qn_fail(items[i]->call, QN_STATUS_RETRY, "full", "full");
      continue;
    }
    self->held[self->n_held++] = items[i]->call;
    items[i]->status = QN_STATUS_PENDING;
  }
  start_posting(self);
}

static qn_status post_flush(void *instance, qn_call *call) {
  counter *self = instance;
  self->call = call;
  self->is_flush_held = 1;
  start_posting(self);
  return QN_STATUS_PENDING;
}

static const qn_sink post_table = { .size = sizeof(qn_sink),
                                    .create = counter_create,
                                    .destroy = counter_destroy,
                                    .write = post_write,
                                    .flush = post_flush };
const qn_stage subject_post = { .size = sizeof(qn_stage), .name = "post", .sink = &post_table };
