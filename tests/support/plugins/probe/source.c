/* SPDX-License-Identifier: Apache-2.0 */

/* Numbered documents, from a thread that may block and from the loop. */
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include "probe.h"

typedef struct probe_source {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  int64_t next, count, hang_at, reject_every, abandon_every, retry_at, fatal_at;
  size_t bytes;
  int64_t per_turn;
  int pipe[2]; /* interrupt() writes to it */
  int endless, leave_timer;
  uint64_t n_settled[3];
  /* async */
  qn_call *call;
  qn_timer *timer;
} probe_source;

static int source_create(qn_create *create, void **ret_instance) {
  probe_source *self = calloc(1, sizeof *self);
  if (self == NULL || pipe(self->pipe) != 0) {
    free(self);
    return probe_refuse(create, "no memory");
  }
  self->host = create->host;
  self->env = create->env;
  self->count = qn_config_i64(create, "/count", 10);
  self->bytes = (size_t)qn_config_i64(create, "/bytes", 0);
  self->per_turn = qn_config_i64(create, "/per_call", qn_config_i64(create, "/per_tick", 1));
  self->hang_at = qn_config_i64(create, "/hang_at", -1);
  self->reject_every = qn_config_i64(create, "/reject_every", 0);
  self->abandon_every = qn_config_i64(create, "/abandon_every", 0);
  self->retry_at = qn_config_i64(create, "/retry_at", -1);
  self->fatal_at = qn_config_i64(create, "/fatal_at", -1);
  self->endless = qn_config_i64(create, "/endless", 0) != 0;
  self->leave_timer = qn_config_i64(create, "/leave_timer", 0) != 0;
  self->io = create->host->extension(create->env, QN_IO_1);
  *ret_instance = self;
  probe_say(self->host, self->env, "created");
  return 0;
}

static void source_destroy(void *instance) {
  probe_source *self = instance;
  if (self == NULL) {
    return;
  }
  char text[120];
  snprintf(text, sizeof text, "settled %llu delivered, %llu dropped, %llu dead-lettered",
           (unsigned long long)self->n_settled[0], (unsigned long long)self->n_settled[1],
           (unsigned long long)self->n_settled[2]);
  probe_say(self->host, self->env, text);
  probe_say(self->host, self->env, "destroyed");
  close(self->pipe[0]);
  close(self->pipe[1]);
  free(self);
}

static void source_settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  probe_source *self = instance;
  for (uint32_t i = 0; i < n_receipts; i++) {
    self->n_settled[receipts[i].outcome]++;
  }
}

static int emit_one(probe_source *self, qn_call *call) {
  int64_t number = self->next++;
  if (probe_nth(number, self->reject_every)) {
    qn_emit emit = { .source = QN_LIT("probe"), .ordinal = (uint64_t)number, .cookie = (uint64_t)number };
    return call->host->emit_reject(call, &emit, "unreadable", "cannot be read", 14);
  }
  if (probe_nth(number, self->abandon_every)) {
    uint8_t *room;
    int rc = call->host->emit_reserve(call, 5000, &room);
    if (rc != 0) {
      return rc;
    }
  }
  return probe_emit(call, number, self->bytes);
}

static qn_status source_next(void *instance, qn_call *call) {
  probe_source *self = instance;
  for (int64_t i = 0; i < self->per_turn; i++) {
    if (self->next == self->hang_at) {
      struct pollfd interrupted = { .fd = self->pipe[0], .events = POLLIN };
      poll(&interrupted, 1, -1);
      return QN_STATUS_OK;
    }
    if (self->next == self->fatal_at) {
      return qn_fail(call, QN_STATUS_FATAL, "told-to", "the source was told to break");
    }
    if (self->next == self->retry_at) {
      self->retry_at = -1;
      return qn_fail(call, QN_STATUS_RETRY, "told-to", "the source was told to try again");
    }
    if (self->next >= self->count || emit_one(self, call) != 0) {
      return QN_STATUS_OK;
    }
  }
  return QN_STATUS_MORE;
}

static void source_interrupt(void *instance) {
  probe_source *self = instance;
  char byte = 0;
  ssize_t written = write(self->pipe[1], &byte, 1);
  (void)written;
}

const qn_source probe_source_table = {
  .size = sizeof(qn_source),
  .create = source_create,
  .destroy = source_destroy,
  .next = source_next,
  .interrupt = source_interrupt,
  .settled = source_settled,
};

/* --- async --- */

static void end_async(probe_source *self, qn_status status) {
  qn_call *call = self->call;
  self->call = NULL;
  if (!self->leave_timer) {
    self->io->timer_stop(self->timer);
  }
  self->host->complete(self->env, call->ticket, status, "told-to", "the source was told to break", 28);
  self->host->complete(self->env, call->ticket, QN_STATUS_FATAL, "late", "a late word", 11);
}

static void emit_turn(probe_source *self) {
  for (int64_t i = 0; self->call != NULL && i < self->per_turn; i++) {
    if (self->next == self->fatal_at) {
      end_async(self, QN_STATUS_FATAL);
    } else if (self->next >= self->count && !self->endless) {
      end_async(self, QN_STATUS_OK);
    } else if (probe_emit(self->call, self->next, self->bytes) == 0) {
      self->next++;
    } else {
      return; /* credit() goes on, or stop() ends it */
    }
  }
}

static void on_tick(void *arg) {
  emit_turn(arg);
}

static qn_status async_start(void *instance, qn_call *call) {
  probe_source *self = instance;
  self->call = call;
  return self->io->timer_start(self->env, 1, 1, on_tick, self, &self->timer) == 0
             ? QN_STATUS_PENDING
             : qn_fail(call, QN_STATUS_FATAL, "no-timer", "cannot start a timer");
}

static void async_credit(void *instance, qn_call *call) {
  (void)call;
  emit_turn(instance);
}

static void async_stop(void *instance, qn_call *call) {
  probe_source *self = instance;
  (void)call;
  if (self->call != NULL) {
    end_async(self, QN_STATUS_OK);
  }
}

const qn_source probe_source_async_table = {
  .size = sizeof(qn_source),
  .create = source_create,
  .destroy = source_destroy,
  .start = async_start,
  .credit = async_credit,
  .stop = async_stop,
  .settled = source_settled,
};
