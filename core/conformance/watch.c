/* SPDX-License-Identifier: Apache-2.0 */

/* The stage's side: its functions with a look before and after. */
#include "conformance/watch.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MAX = 4096, MORE_MAX = 100000 };
static const qn_status unset = 0x5A5A5A5A;

watch *watch_of(const qn_env *env) {
  const qn_harness *harness = env->owner;
  return (watch *)(uintptr_t)harness->table; /* stage is its first member */
}

/* --- calls --- */

watched_call *watch_call_get(watch *self, const qn_call *call) {
  watched_call *found = NULL;
  pthread_mutex_lock(&self->lock);
  for (uint32_t i = 0; i < WATCH_CALLS_MAX && found == NULL; i++) {
    found = self->calls[i].call == call ? &self->calls[i] : NULL;
  }
  pthread_mutex_unlock(&self->lock);
  return found;
}

void watch_call_begin(watch *self, const qn_call *call) {
  watched_call *at = watch_call_get(self, call);
  pthread_mutex_lock(&self->lock);
  for (uint32_t i = 0; i < WATCH_CALLS_MAX && at == NULL; i++) {
    at = self->calls[i].call == NULL ? &self->calls[i] : NULL;
  }
  if (at != NULL) {
    memset(at, 0, sizeof *at);
    at->call = call;
    at->ticket = call->ticket;
    at->fill = self->fill;
  }
  pthread_mutex_unlock(&self->lock);
}

static void call_forget(watch *self, watched_call *at) {
  pthread_mutex_lock(&self->lock);
  at->call = NULL;
  pthread_mutex_unlock(&self->lock);
}

static void look_and_forget(watch *self, watched_call *at, const char *what, qn_status status) {
  watch_guards_check(self, at);
  if (at->has_said && at->said != status) {
    teller_find(self->teller, RULE_STATUS_SAID, "fail() was told status %d, and %d was %s", (int)at->said, (int)status,
                what);
  }
  call_forget(self, at);
}

void watch_call_end(watch *self, const qn_call *call, qn_status status) {
  watched_call *at = status != QN_STATUS_PENDING ? watch_call_get(self, call) : NULL;
  if (at != NULL) {
    look_and_forget(self, at, "returned", status);
  }
}

void watch_ticket_end(watch *self, qn_ticket ticket, qn_status status) {
  watched_call *at = NULL;
  pthread_mutex_lock(&self->lock);
  for (uint32_t i = 0; i < WATCH_CALLS_MAX && at == NULL; i++) {
    const watched_call *one = &self->calls[i];
    bool same = one->call != NULL && one->ticket.slot == ticket.slot && one->ticket.generation == ticket.generation;
    at = same ? &self->calls[i] : NULL;
  }
  pthread_mutex_unlock(&self->lock);
  if (at != NULL) {
    look_and_forget(self, at, "completed", status);
  }
}

/* --- create and contexts --- */

static int real_create(const watch *self, qn_create *create, void **ret_instance) {
  const qn_stage *real = self->real;
  return real->source != NULL      ? real->source->create(create, ret_instance)
         : real->transform != NULL ? real->transform->create(create, ret_instance)
                                   : real->sink->create(create, ret_instance);
}

static int on_create(qn_create *create, void **ret_instance) {
  watch *self = watch_of(create->env);
  qn_harness *harness = create->env->owner;
  const qn_host *wrapped = watch_wrap_host(self, create);
  if (wrapped == NULL) {
    return create->host->create_fail(create, "no memory to watch the stage", 28);
  }
  create->host = wrapped;
  create->env->host = wrapped;
  if (self->options.create_fault.function != NULL) {
    qn_harness_fault_set(harness, &self->options.create_fault);
  }
  int rc = real_create(self, create, ret_instance);
  if (rc == 0 && self->create_said) {
    teller_find(self->teller, RULE_STATUS_SAID, "create called create_fail() and returned 0");
  }
  if (rc > 0) {
    teller_find(self->teller, RULE_SAY_CREATE, "create returned %d, which is neither 0 nor a negative errno", rc);
  }
  return rc;
}

static int on_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  const watch *self = watch_of(env);
  const qn_stage *real = self->real;
  return real->sink != NULL ? real->sink->context_open(instance, env, host, ret_context)
                            : real->transform->context_open(instance, env, host, ret_context);
}

/* --- transforms --- */

static qn_status throw_away(const watch *self, qn_call *call) {
  static const char why[] = "what was built is thrown away";
  return self->next.fail(call, QN_STATUS_RETRY, WATCH_THROWN, why, sizeof why - 1);
}

static qn_status on_process(void *instance, void *context, qn_call *call) {
  watch *self = watch_of(call->env);
  watch_call_begin(self, call);
  call->attempt = self->attempt;
  qn_status status = self->real->transform->process(instance, context, call);
  watch_call_end(self, call, status);
  uint32_t n_more = status == QN_STATUS_MORE ? atomic_fetch_add(&self->n_more, 1) + 1 : 0;
  if (n_more > MORE_MAX) {
    teller_find(self->teller, RULE_SPLIT_ENDS, "it said MORE %u times in a row", n_more);
    return self->next.fail(call, QN_STATUS_REJECT, "endless", "it goes on for ever", 19);
  }
  if (status != QN_STATUS_MORE) {
    atomic_store(&self->n_more, 0);
  }
  if (self->throws_away && (status == QN_STATUS_OK || status == QN_STATUS_MORE)) {
    return throw_away(self, call);
  }
  return status;
}

static void statuses_check(watch *self, const qn_status *statuses, uint32_t n_calls) {
  uint32_t n_unset = 0;
  for (uint32_t i = 0; i < n_calls; i++) {
    n_unset += statuses[i] == unset;
  }
  if (n_unset > 0) {
    teller_find(self->teller, RULE_BATCH_STATUS, "of a batch of %u, %u have no status", n_calls, n_unset);
  }
  if (statuses[n_calls] != unset) {
    teller_find(self->teller, RULE_BATCH_STATUS, "it wrote a status behind the %u of the batch", n_calls);
  }
}

static void on_process_batch(void *instance, void *context, qn_call *const *calls, uint32_t n_calls,
                             qn_status *ret_statuses) {
  if (n_calls == 0 || n_calls > BATCH_MAX) {
    return;
  }
  watch *self = watch_of(calls[0]->env);
  qn_status *statuses = malloc((n_calls + 1) * sizeof *statuses);
  for (uint32_t i = 0; i <= n_calls && statuses != NULL; i++) {
    statuses[i] = unset;
  }
  for (uint32_t i = 0; i < n_calls; i++) {
    watch_call_begin(self, calls[i]);
    calls[i]->attempt = self->attempt;
  }
  if (statuses != NULL) {
    self->real->transform->process_batch(instance, context, calls, n_calls, statuses);
    statuses_check(self, statuses, n_calls);
  }
  for (uint32_t i = 0; i < n_calls; i++) {
    /* What was not set is dropped: that it lacks a message as well is no second finding. */
    ret_statuses[i] = statuses == NULL || statuses[i] == unset ? QN_STATUS_DROP : statuses[i];
    watch_call_end(self, calls[i], ret_statuses[i]);
    if (self->throws_away && ret_statuses[i] == QN_STATUS_OK) {
      ret_statuses[i] = throw_away(self, calls[i]);
    }
  }
  free(statuses);
}

/* --- sources --- */

static qn_status on_next(void *instance, qn_call *call) {
  watch *self = watch_of(call->env);
  watch_call_begin(self, call);
  qn_status status = self->real->source->next(instance, call);
  watch_call_end(self, call, status);
  return status;
}

static qn_status on_start(void *instance, qn_call *call) {
  watch *self = watch_of(call->env);
  watch_call_begin(self, call);
  return self->real->source->start(instance, call); /* the call lives until it is completed */
}

/* --- sinks --- */

static qn_status on_prepare(void *instance, void *context, qn_call *call) {
  watch *self = watch_of(call->env);
  watch_call_begin(self, call);
  qn_status status = self->real->sink->prepare(instance, context, call);
  watch_call_end(self, call, status);
  return status;
}

static bool item_status_ok(const watch *self, qn_status status) {
  return status == QN_STATUS_OK || (status >= QN_STATUS_RETRY && status <= QN_STATUS_FATAL) ||
         (status == QN_STATUS_PENDING && self->info->call == CALL_ASYNC);
}

static void on_write(void *instance, qn_item *const *items, uint32_t n_items) {
  if (n_items == 0) {
    return;
  }
  watch *self = watch_of(items[0]->call->env);
  for (uint32_t i = 0; i < n_items; i++) {
    watch_call_begin(self, items[i]->call);
  }
  self->real->sink->write(instance, items, n_items);
  for (uint32_t i = 0; i < n_items; i++) {
    if (!item_status_ok(self, items[i]->status)) {
      teller_find(self->teller, RULE_SINK_STATUS, "write left status %d in item %u of %u", (int)items[i]->status, i,
                  n_items);
      items[i]->status = QN_STATUS_OK; /* told; the rest of the check goes on */
    }
    watch_call_end(self, items[i]->call, items[i]->status);
  }
}

static qn_status on_flush(void *instance, qn_call *call) {
  watch *self = watch_of(call->env);
  watch_call_begin(self, call);
  qn_status status = self->real->sink->flush(instance, call);
  watch_call_end(self, call, status);
  return status;
}

static qn_status on_finish(void *instance, qn_call *call, int success) {
  watch *self = watch_of(call->env);
  watch_call_begin(self, call);
  qn_status status = self->real->sink->finish(instance, call, success);
  watch_call_end(self, call, status);
  return status;
}

/* --- the table --- */

/* Same functions where the real table has any: NULL means something. */
#define REPLACE(table, name, function) (table).name = (table).name != NULL ? (function) : NULL

static void tables_fill(watch *self) {
  const qn_stage *real = self->real;
  self->stage = (qn_stage){ .size = sizeof self->stage, .name = real->name };
  if (real->source != NULL) {
    self->source = *real->source;
    self->source.size = sizeof self->source;
    self->stage.source = &self->source;
    REPLACE(self->source, create, on_create);
    REPLACE(self->source, next, on_next);
    REPLACE(self->source, start, on_start);
  } else if (real->transform != NULL) {
    self->transform = *real->transform;
    self->transform.size = sizeof self->transform;
    self->stage.transform = &self->transform;
    REPLACE(self->transform, create, on_create);
    REPLACE(self->transform, context_open, on_context_open);
    REPLACE(self->transform, process, on_process);
    REPLACE(self->transform, process_batch, on_process_batch);
  } else {
    self->sink = *real->sink;
    self->sink.size = sizeof self->sink;
    self->stage.sink = &self->sink;
    REPLACE(self->sink, create, on_create);
    REPLACE(self->sink, context_open, on_context_open);
    REPLACE(self->sink, prepare, on_prepare);
    REPLACE(self->sink, write, on_write);
    REPLACE(self->sink, flush, on_flush);
    REPLACE(self->sink, finish, on_finish);
  }
}

void watch_init(watch *self, const stage_info *info, const qn_stage *real, const stage_layout *layout, teller *to,
                const watch_options *options) {
  static const watch_options usual = { 0 };
  memset(self, 0, sizeof *self);
  self->real = real;
  self->info = info;
  self->layout = layout;
  self->teller = to;
  self->options = options != NULL ? *options : usual;
  self->fill = 0xA5;
  self->attempt = 1;
  pthread_mutex_init(&self->lock, NULL);
  tables_fill(self);
}

void watch_done(watch *self) {
  pthread_mutex_destroy(&self->lock);
}
