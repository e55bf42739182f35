/* SPDX-License-Identifier: Apache-2.0 */

/* libmicrohttpd under the host's loop: its epoll descriptor is watched, it is handed connections that were accepted elsewhere, and
 * time is kept here. */
#include <errno.h>

#include "exchange/setting.h"
#include "http/control.h"

enum { SWEEP_MS = 250, LAST_WORDS_MS = 500, RUNS = 16, POOL_LEAST = 8 << 10, CONNECTIONS_SPARE = 16 };

/* --- the daemon --- */

/* The context of the socket is its peer, made before MHD heard of it. */
static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code) {
  http_source *self = arg;
  (void)connection;
  if (code == MHD_CONNECTION_NOTIFY_STARTED) {
    *context = self->arriving;
    self->arriving = NULL;
  } else {
    peer_remove(&self->peers, *context);
    *context = NULL;
  }
}

static int daemon_open(qn_create *create, http_source *self) {
  const settings *set = &self->settings;
  bool tls = set->certificate != NULL;
  unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | (tls ? MHD_USE_TLS : 0);
  /* MHD itself refuses what does not fit, in its own words. It clears all of it after each request, so it should not be large. */
  size_t pool = set->header_bytes + set->header_bytes / 4 + POOL_LEAST;
  struct MHD_OptionItem tls_options[] = { { MHD_OPTION_HTTPS_MEM_CERT, 0, set->certificate },
                                          { MHD_OPTION_HTTPS_MEM_KEY, 0, set->key },
                                          { MHD_OPTION_END, 0, NULL } };
  struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };
  if (tls && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES) {
    return setting_refuse(create, "this libmicrohttpd speaks no TLS: leave \"tls\" out and put a proxy in front");
  }
  self->daemon = MHD_start_daemon(
      flags, 0, NULL, NULL, request_handle, self, MHD_OPTION_URI_LOG_CALLBACK, request_begin, self,
      MHD_OPTION_NOTIFY_COMPLETED, request_completed, self, MHD_OPTION_NOTIFY_CONNECTION, on_connection, self,
      MHD_OPTION_CONNECTION_LIMIT, (unsigned)(set->n_connections + CONNECTIONS_SPARE),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool, MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_STRICT_FOR_CLIENT, 1,
      MHD_OPTION_ARRAY, tls ? tls_options : none, MHD_OPTION_END);
  if (self->daemon == NULL) {
    return setting_refuse(
        create, tls ? "the HTTPS server does not start: the certificate or the key is not good PEM, or they do "
                      "not belong together"
                    : "the HTTP server does not start: too little memory, or too many descriptors are open");
  }
  return 0;
}

/* Looks at readiness until nothing more is to be done, within bounds. */
static void run(http_source *self) {
  bool more = true;
  if (self->daemon == NULL || self->is_running) {
    self->run_again = true;
    return;
  }
  self->is_running = true;
  for (int i = 0; i < RUNS && more; i++) {
    MHD_UNSIGNED_LONG_LONG wait_ms = 1;
    self->run_again = false;
    MHD_run(self->daemon);
    more = self->run_again || (MHD_get_timeout(self->daemon, &wait_ms) == MHD_YES && wait_ms == 0);
  }
  self->is_running = false;
  if (more) {
    server_kick_later(self);
  }
}

void server_kick(http_source *self) {
  run(self);
}

void server_kick_later(http_source *self) {
  if (self->wake != NULL) {
    self->io->wake_send(self->wake);
  }
}

/* --- turns of the loop --- */

static void after_turn(http_source *self) {
  if (!self->is_stopping && self->peers.n < self->settings.n_connections) {
    listeners_let_in(self, true);
  }
  server_check_end(self);
}

static void on_ready(void *arg, uint32_t events) {
  http_source *self = arg;
  (void)events;
  self->now_ms = self->io->now_ms(self->env);
  run(self);
  after_turn(self);
}

static void on_wake(void *arg) {
  http_source *self = arg;
  self->now_ms = self->io->now_ms(self->env);
  taking_run(self);
  run(self);
  after_turn(self);
}

static void on_sweep(void *arg) {
  http_source *self = arg;
  self->now_ms = self->io->now_ms(self->env);
  const peer_limits limits = { self->settings.idle_ms, self->settings.body_rate, self->settings.certificate == NULL };
  peers_sweep(&self->peers, &limits, self->now_ms);
  taking_sweep(self);
  requests_sweep(self);
  if (self->is_stopping && self->now_ms >= self->stop_by_ms) {
    requests_stop(self, true);
    if (self->now_ms >= self->stop_by_ms + LAST_WORDS_MS) {
      peers_cut_all(&self->peers);
    }
  } else if (self->is_stopping || self->peers.n >= self->settings.n_connections) {
    peers_cut_idle(&self->peers, self->is_stopping);
  }
  token_watch_look(self);
  run(self);
  after_turn(self);
}

/* --- life --- */

int server_open(qn_create *create, http_source *self) {
  int rc = token_watch_open(create, self);
  rc = rc == 0 ? daemon_open(create, self) : rc;
  for (uint32_t i = 0; rc == 0 && i < self->settings.n_listen; i++) {
    rc = listener_open(create, self, i);
  }
  return rc;
}

int server_start(http_source *self) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(self->daemon, MHD_DAEMON_INFO_EPOLL_FD);
  int rc = info == NULL ? -EIO : self->io->wake_open(self->env, on_wake, self, &self->wake);
  rc = rc == 0 ? self->io->watch(self->env, info->epoll_fd, QN_IO_READABLE, on_ready, self, &self->watch) : rc;
  rc = rc == 0 ? self->io->timer_start(self->env, SWEEP_MS, SWEEP_MS, on_sweep, self, &self->sweep) : rc;
  rc = rc == 0 ? listeners_start(self) : rc;
  return rc;
}

void server_stop(http_source *self) {
  self->is_stopping = true;
  self->stop_by_ms = self->now_ms + self->settings.stop_ms;
  listeners_close(self);
  self->is_starved = false;
  taking_run(self); /* without a call everything left is told that it was not taken */
  requests_stop(self, false);
  peers_cut_idle(&self->peers, true);
  server_kick_later(self);
}

/* Answers nobody any more: what is suspended must go on so that MHD can end it. */
static void shut(http_source *self) {
  self->has_ended = true;
  listeners_close(self);
  for (request *at = self->requests; at != NULL; at = at->next) {
    request_resume(at);
  }
  if (self->daemon != NULL) {
    MHD_stop_daemon(self->daemon);
  }
  self->daemon = NULL;
  self->io->unwatch(self->watch);
  self->io->timer_stop(self->sweep);
  self->io->wake_close(self->wake);
  self->watch = NULL;
  self->sweep = NULL;
  self->wake = NULL;
}

void server_check_end(http_source *self) {
  if (self->is_stopping && !self->has_ended && !self->is_running && self->n_requests == 0 && self->n_offloads == 0) {
    shut(self);
    self->host->complete(self->env, self->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
}

void server_close(http_source *self) {
  if (self->io != NULL && !self->has_ended) {
    shut(self);
  }
  while (self->peers.first != NULL) {
    peer_remove(&self->peers, self->peers.first);
  }
  control_done(self);
  tokens_done(&self->tokens);
}
