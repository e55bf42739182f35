/* SPDX-License-Identifier: Apache-2.0 */

/* Writes rows in a thread of its own instance, most likely while process() has not returned yet: room far larger than what is
 * written, so that lending it and looking behind it take long. */
#include <pthread.h>
#include <stdbool.h>

#include "../rules/tokens.h"
#include "sound.h"

enum { QUEUE_MAX = 1024, ROOM_ROWS = 20000 };

BAD_NOTE(SOUND_MANIFEST("transform", "sound-async-rows", ",\"call\":\"async\"" TOKENS));

typedef struct desk {
  const qn_host *host;
  qn_env *env;
  pthread_mutex_t lock;
  pthread_cond_t changed;
  pthread_t thread;
  bool is_closing;
  uint32_t n;
  qn_call *calls[QUEUE_MAX];
} desk;

/* One token, the first letter of the text. */
static qn_status first_token(qn_call *call) {
  qn_view text;
  qn_rows rows;
  qn_status status = tokens_reserve(call, ROOM_ROWS, &text, &rows);
  uint32_t n = status == QN_STATUS_OK && text.len > 0;
  if (n == 1) {
    rows.begin[0] = 0;
    rows.end[0] = 1;
    while (rows.end[0] < text.len && (text.data[rows.end[0]] & 0xC0) == 0x80) {
      rows.end[0]++;
    }
  }
  return status == QN_STATUS_OK ? tokens_commit(call, n) : status;
}

static void complete(const desk *self, qn_call *call) {
  static const char why[] = "no room for rows";
  qn_ticket ticket = call->ticket;
  qn_status status = first_token(call);
  bool failed = status != QN_STATUS_OK;
  self->host->complete(self->env, ticket, status, failed ? "no-room" : NULL, failed ? why : NULL,
                       failed ? sizeof why - 1 : 0);
}

static void *work(void *arg) {
  desk *self = arg;
  pthread_mutex_lock(&self->lock);
  while (!self->is_closing || self->n > 0) {
    while (self->n > 0) {
      qn_call *one = self->calls[--self->n];
      pthread_mutex_unlock(&self->lock);
      complete(self, one);
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
  (void)context;
  pthread_mutex_lock(&self->lock);
  bool taken = self->n < QUEUE_MAX;
  if (taken) {
    self->calls[self->n++] = call;
    pthread_cond_signal(&self->changed);
  }
  pthread_mutex_unlock(&self->lock);
  return taken ? QN_STATUS_PENDING : qn_fail(call, QN_STATUS_RETRY, "full", "too many documents at once");
}

BAD_DESCRIPTOR("sound-async-rows");
