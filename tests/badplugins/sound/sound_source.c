/* SPDX-License-Identifier: Apache-2.0 */

/* An asynchronous source: a timer's turns, one document each, kept when there is no credit. */
#include <errno.h>
#include <stdbool.h>

#include "qanat/io.h"
#include "sound.h"

enum { DOCUMENTS = 6 };

BAD_NOTE(SOUND_MANIFEST("source", "sound-source", ",\"call\":\"async\",\"fields\":{\"writes\":[\"letter\"]}"));

typedef struct letters {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  qn_timer *timer;
  qn_call *call;
  uint64_t n;
  bool is_ended;
} letters;

static int create(qn_create *with, void **ret_instance) {
  static const char none[] = "this host has no events; use a newer one";
  const qn_io *io = with->host->extension(with->env, QN_IO_1);
  if (io == NULL) {
    return with->host->create_fail(with, none, sizeof none - 1);
  }
  letters *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *self = (letters){ .host = with->host, .env = with->env, .io = io };
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  letters *self = instance;
  if (self != NULL) {
    if (self->timer != NULL) {
      self->io->timer_stop(self->timer);
    }
    self->host->release(self->env, self);
  }
}

static void end(letters *self, qn_status status, const char *why) {
  if (!self->is_ended) {
    self->is_ended = true;
    self->host->complete(self->env, self->call->ticket, status, status == QN_STATUS_OK ? NULL : "failed", why,
                         why != NULL ? strlen(why) : 0);
  }
}

static int emit_next(letters *self) {
  char letter = (char)('a' + self->n);
  const qn_emit named = { .source = QN_LIT("letters"), .ordinal = self->n, .cookie = self->n };
  const qn_value value = { .type = QN_VALUE_STR, .as = { .str = { &letter, 1 } } };
  uint8_t *room;
  int rc = self->host->emit_reserve(self->call, 1, &room);
  if (rc != 0) {
    return rc;
  }
  room[0] = (uint8_t)letter;
  rc = self->host->emit_field(self->call, QN_LIT("letter"), &value);
  return rc == 0 ? self->host->emit_commit(self->call, 1, &named) : rc;
}

static void on_turn(void *arg) {
  letters *self = arg;
  int rc = self->is_ended || self->n == DOCUMENTS ? -ECANCELED : emit_next(self);
  if (rc == -EAGAIN) {
    return; /* this one again, when there is credit or at the next turn */
  }
  if (rc == 0 && ++self->n < DOCUMENTS) {
    return;
  }
  end(self, rc == 0 || rc == -ECANCELED ? QN_STATUS_OK : QN_STATUS_FATAL,
      rc == 0 || rc == -ECANCELED ? NULL : "no room");
}

static qn_status start(void *instance, qn_call *call) {
  letters *self = instance;
  self->call = call;
  if (self->io->timer_start(self->env, 1, 1, on_turn, self, &self->timer) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "no-timer", "no timer can be had");
  }
  return QN_STATUS_PENDING;
}

static void credit(void *instance, qn_call *call) {
  (void)call;
  on_turn(instance);
}

static void stop(void *instance, qn_call *call) {
  (void)call;
  end(instance, QN_STATUS_OK, NULL);
}

static const qn_source source = {
  .size = sizeof source, .create = create, .destroy = destroy, .start = start, .credit = credit, .stop = stop
};
SOUND_DESCRIPTOR("sound-source", source);
