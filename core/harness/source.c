/* SPDX-License-Identifier: Apache-2.0 */

/* Sources: a thread lent to a synchronous one, the loop for an asynchronous one, and a queue between it and the test. */
#include "harness/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/turn.h"
#include "harness/worker.h"

typedef struct emitted {
  struct emitted *next;
  document *held;
  qn_emit emit; /* its strings are in text */
  bool rejected;
  char slug[64];
  char message[1024];
  char *text;
} emitted;

struct source_body {
  qn_harness *harness;
  qn_harness_run *run;
  bool is_async;
  pthread_t thread;
  bool has_thread;
  bool is_starved; /* async: it got -EAGAIN and has not been told since */

  pthread_mutex_t lock;
  pthread_cond_t changed; /* on CLOCK_MONOTONIC */
  emitted *first, **end;
  uint32_t n_credits, n_taken; /* n_credits 0: no limit */
  bool is_stopping, is_ended;

  emitted *shown; /* what the last pull lent its strings from */
};

static const qn_source *table_of(const source_body *self) {
  return self->harness->table->source;
}

/* --- emitting --- */

int source_credit_take(source_body *self) {
  if (self == NULL) {
    return -EINVAL;
  }
  int rc = 0;
  pthread_mutex_lock(&self->lock);
  while (!self->is_stopping && self->n_credits > 0 && self->n_taken >= self->n_credits && rc == 0) {
    if (self->is_async) {
      self->is_starved = true;
      rc = -EAGAIN;
    } else {
      pthread_cond_wait(&self->changed, &self->lock);
    }
  }
  rc = self->is_stopping ? -ECANCELED : rc;
  self->n_taken += rc == 0;
  pthread_mutex_unlock(&self->lock);
  return rc;
}

static struct timespec at_ns(uint64_t ns) {
  return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000) };
}

int source_credit_take_within(source_body *self, uint32_t wait_ms) {
  if (self == NULL || self->is_async) {
    return -EINVAL;
  }
  const struct timespec until = at_ns(harness_clock_ns() + (uint64_t)wait_ms * 1000000);
  int rc = 0;
  pthread_mutex_lock(&self->lock);
  while (!self->is_stopping && self->n_credits > 0 && self->n_taken >= self->n_credits && rc == 0) {
    rc = pthread_cond_timedwait(&self->changed, &self->lock, &until) == 0 ? 0 : -EAGAIN;
  }
  rc = self->is_stopping ? -ECANCELED : rc;
  self->n_taken += rc == 0;
  pthread_mutex_unlock(&self->lock);
  return rc;
}

void source_credit_give(source_body *self) {
  pthread_mutex_lock(&self->lock);
  self->n_taken--;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
}

static void emitted_free(emitted *item) {
  if (item != NULL) {
    document_unref(item->held);
    free(item->text);
    free(item);
  }
}

static qn_str keep(char **at, qn_str text) {
  qn_str kept = { *at, text.len };
  if (text.len > 0) {
    memcpy(*at, text.data, text.len);
    *at += text.len;
  }
  return kept;
}

int source_put(source_body *self, document *held, const qn_emit *emit, const qn_error *error) {
  emitted *item = calloc(1, sizeof *item);
  char *text = malloc(emit->source.len + emit->id.len + emit->media_type.len + 1);
  if (item == NULL || text == NULL) {
    free(item);
    free(text);
    document_unref(held);
    source_credit_give(self);
    return -ENOMEM;
  }
  item->held = held;
  item->text = text;
  item->emit = *emit;
  item->emit.source = keep(&text, emit->source);
  item->emit.id = keep(&text, emit->id);
  item->emit.media_type = keep(&text, emit->media_type);
  if (error != NULL) {
    item->rejected = true;
    snprintf(item->slug, sizeof item->slug, "%s", error->slug);
    snprintf(item->message, sizeof item->message, "%s", error->message);
  }
  pthread_mutex_lock(&self->lock);
  *self->end = item;
  self->end = &item->next;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
  return 0;
}

/* --- its life --- */

static void end(source_body *self) {
  pthread_mutex_lock(&self->lock);
  self->is_ended = true;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
}

static bool is_stopping(source_body *self) {
  pthread_mutex_lock(&self->lock);
  bool stopping = self->is_stopping;
  pthread_mutex_unlock(&self->lock);
  return stopping;
}

static void *lend(void *arg) {
  source_body *self = arg;
  qn_status status = QN_STATUS_MORE;
  while (status == QN_STATUS_MORE && !is_stopping(self)) {
    run_begin(self->run);
    run_count(self->harness, STAGE_NEXT);
    status = table_of(self)->next(self->harness->instance, &self->run->call.call);
    if (self->run->has_credit) {
      self->run->has_credit = false;
      source_credit_give(self);
    }
    status = run_end(self->run, status);
  }
  end(self);
  return NULL;
}

static int start_async(source_body *self) {
  qn_harness_run *run = self->run;
  run_begin(run);
  pending_open(run);
  run_count(self->harness, STAGE_START);
  qn_status status = table_of(self)->start(self->harness->instance, &run->call.call);
  status = pending_returned(run, status);
  if (status != QN_STATUS_PENDING) {
    run_end(run, status);
    end(self);
  }
  return 0;
}

static int start_sync(source_body *self) {
  self->has_thread = pthread_create(&self->thread, NULL, lend, self) == 0;
  return self->has_thread ? 0 : -ENOMEM;
}

static source_body *body_new(qn_harness *harness) {
  source_body *self = calloc(1, sizeof *self);
  pthread_condattr_t clock;
  if (self == NULL) {
    return NULL;
  }
  self->harness = harness;
  self->is_async = harness->info->call == CALL_ASYNC;
  self->end = &self->first;
  pthread_mutex_init(&self->lock, NULL);
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&self->changed, &clock);
  pthread_condattr_destroy(&clock);
  return self;
}

int qn_harness_source_start(qn_harness *harness, uint32_t n_credits) {
  if (harness->info->role != ROLE_SOURCE || harness->source != NULL) {
    return -EINVAL;
  }
  source_body *self = body_new(harness);
  if (self == NULL) {
    return -ENOMEM;
  }
  harness->source = self;
  self->n_credits = n_credits;
  self->run = run_take(harness, NULL, false);
  if (self->run == NULL) {
    end(self);
    return -ENOMEM;
  }
  return self->is_async ? start_async(self) : start_sync(self);
}

/* --- pulling --- */

/* An asynchronous source that has completed has ended. Loop thread. */
static void notice_end(source_body *self) {
  if (self->is_async && !self->is_ended && self->run != NULL && pending_wait_now(self->run)) {
    end(self);
  }
}

/* Waits for something to change, up to until_ns. */
static void wait_for_change(source_body *self, uint64_t until_ns) {
  uint64_t now_ns = harness_clock_ns();
  if (self->is_async) {
    turner_turn(self->harness->turner, now_ns < until_ns ? (uint32_t)((until_ns - now_ns) / 1000000) + 1 : 0);
    notice_end(self);
    return;
  }
  const struct timespec until = at_ns(until_ns);
  pthread_mutex_lock(&self->lock);
  if (self->first == NULL && !self->is_ended) {
    pthread_cond_timedwait(&self->changed, &self->lock, &until);
  }
  pthread_mutex_unlock(&self->lock);
}

/* The first in the queue, or NULL; ret_ended: and nothing more comes. */
static emitted *take(source_body *self, bool *ret_ended) {
  pthread_mutex_lock(&self->lock);
  emitted *item = self->first;
  if (item != NULL) {
    self->first = item->next;
    self->end = self->first == NULL ? &self->first : self->end;
    self->n_taken--;
    pthread_cond_broadcast(&self->changed);
  }
  *ret_ended = item == NULL && self->is_ended;
  pthread_mutex_unlock(&self->lock);
  return item;
}

static void tell_of_credit(source_body *self) {
  if (self->is_async && self->is_starved && !self->is_ended && !self->is_stopping) {
    self->is_starved = false;
    run_count(self->harness, STAGE_CREDIT);
    table_of(self)->credit(self->harness->instance, &self->run->call.call);
  }
}

int qn_harness_source_pull(qn_harness *harness, uint32_t timeout_ms, qn_harness_emitted *ret_emitted) {
  source_body *self = harness->source;
  if (self == NULL) {
    return -EINVAL;
  }
  uint64_t until_ns = harness_clock_ns() + (uint64_t)timeout_ms * 1000000;
  bool ended = false;
  notice_end(self);
  worker_tell(harness->worker);
  emitted *item = take(self, &ended);
  while (item == NULL && !ended) {
    if (harness_clock_ns() >= until_ns) {
      return -ETIMEDOUT;
    }
    wait_for_change(self, until_ns);
    worker_tell(harness->worker);
    item = take(self, &ended);
  }
  if (item == NULL) {
    return -ENODATA;
  }
  emitted_free(self->shown);
  self->shown = item;
  worker_shown(harness->worker, item->held, &item->emit);
  *ret_emitted =
      (qn_harness_emitted){ .doc = doc_wrap(harness, item->held), .emit = item->emit, .rejected = item->rejected };
  item->held = NULL;
  snprintf(ret_emitted->slug, sizeof ret_emitted->slug, "%s", item->slug);
  snprintf(ret_emitted->message, sizeof ret_emitted->message, "%s", item->message);
  tell_of_credit(self);
  return ret_emitted->doc != NULL ? 0 : -ENOMEM;
}

void qn_harness_source_settle(qn_harness *harness, const qn_receipt *receipts, uint32_t n_receipts) {
  const qn_source *table = harness->table->source;
  if (table != NULL && table->settled != NULL) {
    run_count(harness, STAGE_SETTLED);
    table->settled(harness->instance, receipts, n_receipts);
  }
  worker_settled(harness->worker, receipts, n_receipts);
}

/* --- stopping --- */

static bool stop_sync(source_body *self, uint64_t until_ns) {
  if (!self->has_thread) {
    return true;
  }
  if (table_of(self)->interrupt != NULL) {
    run_count(self->harness, STAGE_INTERRUPT);
    table_of(self)->interrupt(self->harness->instance);
  }
  const struct timespec until = at_ns(until_ns);
  int rc = 0;
  pthread_mutex_lock(&self->lock);
  while (!self->is_ended && rc == 0) {
    rc = pthread_cond_timedwait(&self->changed, &self->lock, &until);
  }
  bool ended = self->is_ended;
  pthread_mutex_unlock(&self->lock);
  if (ended) { /* its last act was to say so */
    pthread_join(self->thread, NULL);
    self->has_thread = false;
  }
  return ended;
}

static bool stop_async(source_body *self, uint64_t until_ns) {
  notice_end(self);
  if (!self->is_ended) {
    run_count(self->harness, STAGE_STOP);
    table_of(self)->stop(self->harness->instance, &self->run->call.call);
  }
  notice_end(self);
  while (!self->is_ended && harness_clock_ns() < until_ns) {
    wait_for_change(self, until_ns);
  }
  return self->is_ended;
}

static bool stop(source_body *self) {
  if (self->run == NULL) {
    return true;
  }
  uint64_t until_ns = harness_clock_ns() + (uint64_t)self->harness->timeout_ms * 1000000;
  pthread_mutex_lock(&self->lock);
  self->is_stopping = true;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->lock);
  atomic_store(&self->run->call.cancelled, 1);
  return self->is_async ? stop_async(self, until_ns) : stop_sync(self, until_ns);
}

qn_status qn_harness_source_stop(qn_harness *harness, qn_harness_outcome *ret_outcome) {
  source_body *self = harness->source;
  qn_harness_outcome outcome = { .status = QN_STATUS_OK };
  if (self != NULL && !stop(self)) {
    outcome = (qn_harness_outcome){ .status = QN_STATUS_PENDING, .timed_out = 1 };
  } else if (self != NULL && self->run != NULL) {
    outcome = self->run->outcome;
  }
  if (ret_outcome != NULL) {
    *ret_outcome = outcome;
  }
  return outcome.status;
}

int source_close(qn_harness *harness, qn_error *error) {
  source_body *self = harness->source;
  if (!stop(self)) {
    harness->is_stuck = true;
    return error_set(error, -EPROTO, "not-ended", "the source does not end when it is told to stop");
  }
  bool ended;
  for (emitted *item = take(self, &ended); item != NULL; item = take(self, &ended)) {
    emitted_free(item);
  }
  emitted_free(self->shown);
  if (self->run != NULL) {
    run_let_go(self->run, NULL);
  }
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->lock);
  free(self);
  harness->source = NULL;
  return 0;
}
