/* SPDX-License-Identifier: Apache-2.0 */

/* The source `http`: documents come in by requests, and an answer goes out when they are safe. docs/http-source.md says how. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "exchange/setting.h"
#include "http/request.h"

static void http_destroy(void *instance) {
  http_source *self = instance;
  if (self == NULL) {
    return;
  }
  server_close(self);
  cookies_done(&self->cookies);
  settings_done(&self->settings);
  free(self);
}

static int open_intake(qn_create *create, http_source *self) {
  static const qn_intake_events events = { .size = sizeof events,
                                           .accepted = take_accepted,
                                           .finished = take_finished };
  self->intake = create->host->extension(create->env, QN_INTAKE_1);
  self->control = create->host->extension(create->env, QN_CONTROL_1);
  return self->intake == NULL ? 0 : self->intake->listen(create->env, &events, self);
}

static int open_all(qn_create *create, http_source *self) {
  self->io = create->host->extension(create->env, QN_IO_1);
  if (self->io == NULL) {
    return setting_refuse(create, "this host has no event loop for stages (" QN_IO_1 "), which the stage needs");
  }
  if (getrandom(&self->nonce, sizeof self->nonce, 0) != (ssize_t)sizeof self->nonce) {
    return setting_refuse(create, "the system has no random numbers to make ids of");
  }
  int rc = settings_read(create, &self->settings);
  rc = rc == 0 ? open_intake(create, self) : rc;
  return rc == 0 ? server_open(create, self) : rc;
}

static int http_create(qn_create *create, void **ret_instance) {
  http_source *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return setting_refuse(create, "there is no memory to listen for documents");
  }
  self->host = create->host;
  self->env = create->env;
  self->taking.link = &self->taking.first;
  for (uint32_t i = 0; i < LISTEN_MAX; i++) {
    self->listeners[i].fd = -1;
  }
  int rc = open_all(create, self);
  if (rc != 0) {
    http_destroy(self);
    return rc == -ENOMEM ? setting_refuse(create, "there is no memory to listen for documents") : rc;
  }
  *ret_instance = self;
  return 0;
}

static qn_status http_start(void *instance, qn_call *call) {
  http_source *self = instance;
  self->call = call;
  self->ticket = call->ticket;
  self->now_ms = self->io->now_ms(self->env);
  if (server_start(self) != 0) {
    self->call = NULL;
    return qn_fail(call, QN_STATUS_FATAL, "cannot-watch",
                   "the loop cannot watch the listening sockets; are too many files open?");
  }
  return QN_STATUS_PENDING;
}

static void http_credit(void *instance, qn_call *call) {
  http_source *self = instance;
  (void)call;
  self->now_ms = self->io->now_ms(self->env);
  self->is_starved = self->is_full = false;
  taking_run(self);
  server_kick(self);
  server_check_end(self);
}

static void http_stop(void *instance, qn_call *call) {
  http_source *self = instance;
  (void)call;
  self->now_ms = self->io->now_ms(self->env);
  self->call = NULL;
  server_stop(self);
}

static void http_settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  take_settled(instance, receipts, n_receipts);
}

static const qn_source http_table = {
  .size = sizeof(qn_source),
  .create = http_create,
  .destroy = http_destroy,
  .start = http_start,
  .credit = http_credit,
  .stop = http_stop,
  .settled = http_settled,
};

static const qn_stage http_stage = { .size = sizeof(qn_stage), .name = "http", .source = &http_table };
static const qn_stage *const stages[] = { &http_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
