/* SPDX-License-Identifier: Apache-2.0 */

/* An asynchronous sink: what is written completes at the loop's next turn, and so does a flush. */
#include <stdbool.h>

#include "qanat/io.h"
#include "sound.h"

enum { PENDING_MAX = 256 };

BAD_NOTE(SOUND_MANIFEST("sink", "sound-sink", ",\"call\":\"async\""));

typedef struct shelf {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  qn_wake *wake;
  uint32_t n_pending;
  qn_ticket pending[PENDING_MAX];
} shelf;

static void on_wake(void *arg) {
  shelf *self = arg;
  for (uint32_t i = 0; i < self->n_pending; i++) {
    self->host->complete(self->env, self->pending[i], QN_STATUS_OK, NULL, NULL, 0);
  }
  self->n_pending = 0;
}

static int create(qn_create *with, void **ret_instance) {
  static const char none[] = "this host has no events; use a newer one";
  const qn_io *io = with->host->extension(with->env, QN_IO_1);
  if (io == NULL) {
    return with->host->create_fail(with, none, sizeof none - 1);
  }
  shelf *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *self = (shelf){ .host = with->host, .env = with->env, .io = io };
  if (io->wake_open(with->env, on_wake, self, &self->wake) != 0) {
    with->host->release(with->env, self);
    return with->host->create_fail(with, "no event", 8);
  }
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  shelf *self = instance;
  if (self != NULL) {
    self->io->wake_close(self->wake);
    self->host->release(self->env, self);
  }
}

static qn_status prepare(void *instance, void *context, qn_call *call) {
  qn_str record;
  (void)instance;
  (void)context;
  return call->host->record_encode(call, NULL, &record) == 0 &&
                 call->host->prepared_set(call, record.data, record.len) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for a record");
}

/* Keeps the ticket for the loop's next turn. */
static qn_status later(shelf *self, qn_call *call) {
  if (self->n_pending == PENDING_MAX) {
    return qn_fail(call, QN_STATUS_RETRY, "full", "too much is under way");
  }
  self->pending[self->n_pending++] = call->ticket;
  self->io->wake_send(self->wake);
  return QN_STATUS_PENDING;
}

static void write_items(void *instance, qn_item *const *items, uint32_t n_items) {
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = i % 2 == 0 ? later(instance, items[i]->call) : QN_STATUS_OK;
  }
}

static qn_status flush(void *instance, qn_call *call) {
  return later(instance, call);
}

static qn_status finish(void *instance, qn_call *call, int success) {
  (void)instance;
  (void)call;
  (void)success;
  return QN_STATUS_OK;
}

static const qn_sink sink = { .size = sizeof sink,
                              .create = create,
                              .destroy = destroy,
                              .prepare = prepare,
                              .write = write_items,
                              .flush = flush,
                              .finish = finish };
SOUND_DESCRIPTOR("sound-sink", sink);
