/* SPDX-License-Identifier: Apache-2.0 */

/* Transforms that do nothing, and that do wrong. */
#include <errno.h>
#include <time.h>

#include "probe.h"

typedef struct probe_step {
  const qn_host *host;
  qn_env *env;
  int64_t reject_every, drop_every, retry_every, retry_times, fatal_at, status_at, status, spin_us, hang_every, hang_ms;
  int linger, context_fails;
} probe_step;

static int step_create(qn_create *create, void **ret_instance) {
  if (qn_config_i64(create, "/create_fails", 0) != 0) {
    return probe_refuse(create, "told to fail; take create_fails away");
  }
  probe_step *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return probe_refuse(create, "no memory");
  }
  *self = (probe_step){
    .host = create->host,
    .env = create->env,
    .reject_every = qn_config_i64(create, "/reject_every", 0),
    .drop_every = qn_config_i64(create, "/drop_every", 0),
    .retry_every = qn_config_i64(create, "/retry_every", 0),
    .retry_times = qn_config_i64(create, "/retry_times", 1),
    .fatal_at = qn_config_i64(create, "/fatal_at", -1),
    .status_at = qn_config_i64(create, "/status_at", -1),
    .status = qn_config_i64(create, "/status", 0),
    .spin_us = qn_config_i64(create, "/spin_us", 0),
    .hang_every = qn_config_i64(create, "/hang_every", 0),
    .hang_ms = qn_config_i64(create, "/hang_ms", 0),
    .linger = qn_config_i64(create, "/linger", 0) != 0,
    .context_fails = qn_config_i64(create, "/context_fails", 0) != 0,
  };
  *ret_instance = self;
  probe_say(self->host, self->env, "created");
  return 0;
}

static void step_destroy(void *instance) {
  probe_step *self = instance;
  if (self != NULL) {
    probe_say(self->host, self->env, "destroyed");
    free(self);
  }
}

static int step_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  probe_step *self = instance;
  if (self->context_fails) {
    return -ENOMEM;
  }
  probe_say(host, env, "context opened");
  *ret_context = instance;
  return 0;
}

static void step_context_close(void *context) {
  probe_step *self = context;
  if (self != NULL) {
    probe_say(self->host, self->env, "context closed");
  }
}

/* Busy for a time that differs from document to document, so that workers overtake one another. */
static void spin(int64_t number, int64_t spin_us) {
  struct timespec begin, now;
  int64_t ns = (int64_t)((uint64_t)number * 2654435761u % 1000) * spin_us;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - begin.tv_sec) * 1000000000 + (now.tv_nsec - begin.tv_nsec) < ns);
}

static qn_status step_process(void *instance, void *context, qn_call *call) {
  const probe_step *self = instance;
  (void)context;
  int64_t number = probe_number(call);
  if (self->spin_us > 0) {
    spin(number, self->spin_us);
  }
  if (probe_nth(number, self->hang_every)) { /* deaf to cancellation */
    struct timespec nap = { .tv_sec = self->hang_ms / 1000, .tv_nsec = self->hang_ms % 1000 * 1000000 };
    nanosleep(&nap, NULL);
  }
  if (self->linger) {
    probe_say(self->host, self->env, "lingering");
  }
  while (self->linger && !call->host->cancelled(call)) {
  }
  if (number == self->status_at) {
    return (qn_status)self->status;
  }
  if (number == self->fatal_at) {
    return qn_fail(call, QN_STATUS_FATAL, "told-to", "told to break");
  }
  if (probe_nth(number, self->drop_every)) {
    return QN_STATUS_DROP;
  }
  if (probe_nth(number, self->reject_every)) {
    return qn_fail(call, QN_STATUS_REJECT, "told-to", "told to reject");
  }
  if (probe_nth(number, self->retry_every) && call->attempt <= (uint32_t)self->retry_times) {
    return qn_fail(call, QN_STATUS_RETRY, "told-to", "told to try again");
  }
  return QN_STATUS_OK;
}

const qn_transform probe_step_table = {
  .size = sizeof(qn_transform),
  .create = step_create,
  .destroy = step_destroy,
  .context_open = step_context_open,
  .context_close = step_context_close,
  .process = step_process,
};

static int noop_create(qn_create *create, void **ret_instance) {
  (void)create;
  *ret_instance = NULL;
  return 0;
}

static void noop_destroy(void *instance) {
  (void)instance;
}

static qn_status noop_process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  (void)call;
  return QN_STATUS_OK;
}

const qn_transform probe_noop_table = {
  .size = sizeof(qn_transform),
  .create = noop_create,
  .destroy = noop_destroy,
  .process = noop_process,
};
