/* SPDX-License-Identifier: Apache-2.0 */

/* QN-ASYNC-03: what is cancelled is never completed. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "async-cancelled", ",\"call\":\"async\""));

typedef struct task {
  const qn_host *host;
  qn_env *env;
  qn_ticket ticket;
} task;

static _Atomic uint32_t cancelled_slot = UINT32_MAX;

static int create(qn_create *with, void **ret_instance) {
  (void)with;
  *ret_instance = NULL;
  return 0;
}

static void destroy(void *instance) {
  (void)instance;
}

/* Completes the document a little later, unless it was cancelled meanwhile. */
static void *work(void *arg) {
  task *self = arg;
  nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
  if (atomic_load(&cancelled_slot) != self->ticket.slot) {
    self->host->complete(self->env, self->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
  free(self);
  return NULL;
}

static qn_status process(void *instance, void *context, qn_call *call) {
  pthread_t thread;
  (void)instance;
  (void)context;
  task *made = malloc(sizeof *made);
  if (made == NULL) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory");
  }
  *made = (task){ call->host, call->env, call->ticket };
  if (pthread_create(&thread, NULL, work, made) != 0) {
    free(made);
    return qn_fail(call, QN_STATUS_RETRY, "no-thread", "no thread");
  }
  pthread_detach(thread);
  return QN_STATUS_PENDING;
}

static void cancel(void *instance, qn_ticket ticket) {
  (void)instance;
  atomic_store(&cancelled_slot, ticket.slot);
}

static const qn_transform transform = {
  .size = sizeof transform, .create = create, .destroy = destroy, .process = process, .cancel = cancel
};
static const qn_stage stage = { .size = sizeof stage, .name = "async-cancelled", .transform = &transform };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
