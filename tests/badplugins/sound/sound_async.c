/* SPDX-License-Identifier: Apache-2.0 */

/* Completes each document from a thread of its own instance, in bursts, and fails some of them; cancelled or not. */
#include <pthread.h>
#include <stdbool.h>

#include "sound.h"

enum { QUEUE_MAX = 1024 };

BAD_NOTE(SOUND_MANIFEST("transform", "sound-async", ",\"call\":\"async\""));

typedef struct task {
  qn_ticket ticket;
  bool is_odd;
} task;

typedef struct desk {
  const qn_host *host;
  qn_env *env;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  bool is_closing;
  uint32_t n;
  task tasks[QUEUE_MAX];
} desk;

static void complete(const desk *self, const task *one) {
  static const char why[] = "an odd document";
  if (one->is_odd) {
    self->host->complete(self->env, one->ticket, QN_STATUS_REJECT, "odd", why, sizeof why - 1);
  } else {
    self->host->complete(self->env, one->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
}

static void *work(void *arg) {
  desk *self = arg;
  pthread_mutex_lock(&self->lock);
  while (!self->is_closing || self->n > 0) {
    while (self->n > 0) {
      task one = self->tasks[--self->n];
      pthread_mutex_unlock(&self->lock);
      complete(self, &one);
      pthread_mutex_lock(&self->lock);
    }
    if (!self->is_closing) {
      pthread_cond_wait(&self->changed, &self->lock);
    }
  }
  pthread_mutex_unlock(&self->lock);
  return NULL;
}

static int create(qn_create *with, void **ret_instance) {
  desk *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  memset(self, 0, sizeof *self);
  self->host = with->host;
  self->env = with->env;
  pthread_mutex_init(&self->lock, NULL);
  pthread_cond_init(&self->changed, NULL);
  if (pthread_create(&self->thread, NULL, work, self) != 0) {
    with->host->release(with->env, self);
    return with->host->create_fail(with, "no thread", 9);
  }
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  desk *self = instance;
  if (self == NULL) {
    return;
  }
  pthread_mutex_lock(&self->lock);
  self->is_closing = true;
  pthread_cond_signal(&self->changed);
  pthread_mutex_unlock(&self->lock);
  pthread_join(self->thread, NULL);
  pthread_mutex_destroy(&self->lock);
  pthread_cond_destroy(&self->changed);
  self->host->release(self->env, self);
}

static qn_status process(void *instance, void *context, qn_call *call) {
  desk *self = instance;
  qn_view text;
  (void)context;
  if (call->host->view_get(call, &text) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-text", "there is no text");
  }
  pthread_mutex_lock(&self->lock);
  bool taken = self->n < QUEUE_MAX;
  if (taken) {
    self->tasks[self->n++] = (task){ call->ticket, text.len % 2 != 0 };
    pthread_cond_signal(&self->changed);
  }
  pthread_mutex_unlock(&self->lock);
  return taken ? QN_STATUS_PENDING : qn_fail(call, QN_STATUS_RETRY, "full", "too many documents at once");
}

BAD_DESCRIPTOR("sound-async");
