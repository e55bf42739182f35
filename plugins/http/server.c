/* SPDX-License-Identifier: Apache-2.0 */

/* libmicrohttpd under the host's loop: its epoll descriptor is watched, connections are accepted here, since the listening sockets are
 * the process's, and time is kept here as well. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "exchange/setting.h"
#include "http/control.h"

static const char unix_prefix[] = "unix:";

enum {
  SWEEP_MS = 250,
  LAST_WORDS_MS = 500,
  TOKENS_MS = 1000,
  ACCEPTS = 64,
  RUNS = 16,
  POOL_LEAST = 8 << 10,
  CONNECTIONS_SPARE = 16
};

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

/* --- letting in --- */

static void let_in(http_source *self, bool open) {
  if (self->is_letting_in == open) {
    return;
  }
  self->is_letting_in = open;
  for (uint32_t i = 0; i < self->settings.n_listen; i++) {
    if (self->listeners[i].watch != NULL) {
      self->io->watch_set(self->listeners[i].watch, open ? QN_IO_READABLE : 0);
    }
  }
}

/* One more than an address may have. TLS has not begun, so only others can be told why. */
static void turn_away(const http_source *self, int fd) {
  static const char said[] =
      "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\n"
      "Content-Type: application/problem+json\r\nContent-Length: 154\r\n\r\n"
      "{\"type\":\"urn:qanat:problem:connections\",\"title\":\"Service Unavailable\",\"status\":503,"
      "\"detail\":\"this address has as many connections as it may have\"}\n";
  if (self->settings.certificate == NULL) {
    ssize_t n = send(fd, said, sizeof said - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)n;
  }
  close(fd);
}

static void welcome(http_source *self, int fd, const struct sockaddr *address, socklen_t len) {
  uint32_t most = self->settings.n_per_address;
  if (most > 0 && address->sa_family != AF_UNIX && peers_from(&self->peers, address) >= most) {
    turn_away(self, fd);
    return;
  }
  peer *added = peer_add(&self->peers, fd, address, self->now_ms);
  if (added == NULL) {
    close(fd);
    return;
  }
  self->arriving = added;
  MHD_add_connection(self->daemon, fd, address, len); /* closes it if that fails */
  if (self->arriving != NULL) {
    peer_remove(&self->peers, self->arriving);
    self->arriving = NULL;
  }
}

static void on_arrival(void *arg, uint32_t events) {
  struct http_listener *at = arg;
  http_source *self = at->source;
  (void)events;
  self->now_ms = self->io->now_ms(self->env);
  for (int i = 0; i < ACCEPTS && self->peers.n < self->settings.n_connections; i++) {
    struct sockaddr_storage address = { .ss_family = AF_UNIX };
    socklen_t len = sizeof address;
    int fd = accept4(at->fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      len = len < sizeof(sa_family_t) ? sizeof(sa_family_t) : len;
      welcome(self, fd, (struct sockaddr *)&address, len);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      break;
    } else if (errno != ECONNABORTED && errno != EINTR && errno != EPROTO) {
      let_in(self, false); /* no descriptors or no memory: the sweep tries again */
      break;
    }
  }
  if (self->peers.n >= self->settings.n_connections) {
    let_in(self, false);
  }
  run(self);
}

/* --- listening sockets --- */

static int refuse_address(qn_create *create, const char *address, int rc) {
  char said[512];
  snprintf(said, sizeof said, "cannot listen on \"%.300s\": %s%s", address, strerror(-rc),
           rc == -EADDRINUSE      ? "; another program listens there, choose another port"
           : rc == -EINVAL        ? "; it looks like 127.0.0.1:8080, [::1]:8080 or unix:/run/qanat.sock"
           : rc == -EADDRNOTAVAIL ? "; this machine has no such address"
           : rc == -EACCES        ? "; ports below 1024 and folders of others need more rights"
                                  : "");
  return setting_refuse(create, said);
}

static int set_mode(qn_create *create, const http_source *self, const char *address) {
  const char *path = address + strlen(unix_prefix);
  return chmod(path, self->settings.unix_mode) == 0 || errno == ENOENT ? 0 : refuse_address(create, address, -errno);
}

static bool is_loopback(const struct sockaddr_storage *name) {
  if (name->ss_family == AF_INET6) {
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)name)->sin6_addr);
  }
  return name->ss_family == AF_UNIX ||
         ntohl(((const struct sockaddr_in *)(const void *)name)->sin_addr.s_addr) >> 24 == 127;
}

/* What an address does not tell: a socket that was handed to the process can be of any kind. */
static int look_at_socket(qn_create *create, http_source *self, struct http_listener *at) {
  struct sockaddr_storage name = { .ss_family = AF_UNIX };
  socklen_t len = sizeof name;
  settings *set = &self->settings;
  if (getsockname(at->fd, (struct sockaddr *)&name, &len) != 0) {
    return -errno;
  }
  at->is_unix = name.ss_family == AF_UNIX;
  if (!is_loopback(&name)) {
    set->is_local = false;
    set->control = set->control && set->token_file != NULL;
  }
  return set->is_local ? 0 : settings_check_open(create, set);
}

/* The process owns the socket, and during a reload the one before still watches it: so this source watches a duplicate. */
static int listener_open(qn_create *create, http_source *self, uint32_t index) {
  struct http_listener *at = &self->listeners[index];
  const char *address = self->settings.listen[index];
  int fd = -1;
  int rc = self->io->listen(create->env, (qn_str){ address, strlen(address) }, &fd);
  at->fd = rc == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
  rc = rc == 0 && at->fd < 0 ? -errno : rc;
  if (rc != 0) {
    return refuse_address(create, address, rc);
  }
  at->source = self;
  rc = strncmp(address, unix_prefix, strlen(unix_prefix)) == 0 ? set_mode(create, self, address) : 0;
  return rc == 0 ? look_at_socket(create, self, at) : rc;
}

/* Says where it listens, with the port that was chosen. */
static void tell_address(const http_source *self, uint32_t index) {
  struct sockaddr_storage name;
  socklen_t len = sizeof name;
  char said[400];
  const struct http_listener *at = &self->listeners[index];
  const char *address = self->settings.listen[index];
  int port = -1, n;
  if (!at->is_unix && getsockname(at->fd, (struct sockaddr *)&name, &len) == 0) {
    port = name.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)(void *)&name)->sin6_port)
                                      : ntohs(((struct sockaddr_in *)(void *)&name)->sin_port);
  }
  if (port >= 0 && strncmp(address, "systemd:", 8) != 0) {
    int host_len = (int)(strrchr(address, ':') - address);
    n = snprintf(said, sizeof said, "listens on %s://%.*s:%d", self->settings.certificate != NULL ? "https" : "http",
                 host_len, address, port);
  } else {
    n = snprintf(said, sizeof said, "listens on %s", address);
  }
  self->host->log(self->env, QN_LOG_INFO, said, (size_t)n);
}

/* --- tokens --- */

struct token_reading {
  http_source *source;
  bool stale;
  int rc;
  tokens fresh;
};

static void read_tokens(void *arg) {
  struct token_reading *self = arg;
  const char *path = self->source->settings.token_file;
  self->stale = tokens_are_stale(&self->source->tokens, path);
  self->rc = self->stale ? tokens_read(path, &self->fresh) : 0;
}

/* A file without a token locks everybody out, which may be meant; one that cannot be read leaves things as they were. */
static void on_tokens(void *arg) {
  struct token_reading *at = arg;
  http_source *self = at->source;
  char said[600];
  if (at->stale && (at->rc == 0 || at->rc == -ENODATA)) {
    tokens_done(&self->tokens);
    self->tokens = at->fresh;
  }
  if (at->stale) {
    int n = at->rc == 0 ? snprintf(said, sizeof said, "read %u token(s) again from %.400s", self->tokens.n,
                                   self->settings.token_file)
                        : snprintf(said, sizeof said, "%.400s: %s", self->settings.token_file,
                                   at->rc == -ENODATA ? "holds no token, so nobody is let in" : strerror(-at->rc));
    if (at->rc == 0 || at->rc != self->tokens_said) {
      self->host->log(self->env, at->rc == 0 ? QN_LOG_INFO : QN_LOG_WARNING, said, (size_t)n);
    }
    self->tokens_said = at->rc;
  }
  self->n_offloads--;
  self->reading = NULL;
  free(at);
  server_check_end(self);
}

static void look_at_tokens(http_source *self) {
  if (self->settings.token_file == NULL || self->reading != NULL || self->is_stopping ||
      self->now_ms < self->tokens_due_ms) {
    return;
  }
  self->tokens_due_ms = self->now_ms + TOKENS_MS;
  self->reading = calloc(1, sizeof *self->reading);
  if (self->reading == NULL) {
    return;
  }
  self->reading->source = self;
  self->n_offloads++;
  if (self->io->offload(self->env, read_tokens, on_tokens, self->reading) != 0) {
    self->n_offloads--;
    free(self->reading);
    self->reading = NULL;
  }
}

static int first_tokens(qn_create *create, http_source *self) {
  char said[600];
  const char *path = self->settings.token_file;
  int rc = path == NULL ? 0 : tokens_read(path, &self->tokens);
  if (rc == 0) {
    return 0;
  }
  snprintf(said, sizeof said, "the token file %.400s %s%s", path,
           rc == -ENODATA ? "holds no token: write one a line into it" : "cannot be read: ",
           rc == -ENODATA ? "" : strerror(-rc));
  return setting_refuse(create, said);
}

/* --- turns of the loop --- */

static void after_turn(http_source *self) {
  if (!self->is_stopping && self->peers.n < self->settings.n_connections) {
    let_in(self, true);
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
  look_at_tokens(self);
  run(self);
  after_turn(self);
}

/* --- life --- */

int server_open(qn_create *create, http_source *self) {
  int rc = first_tokens(create, self);
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
  for (uint32_t i = 0; rc == 0 && i < self->settings.n_listen; i++) {
    struct http_listener *at = &self->listeners[i];
    rc = self->io->watch(self->env, at->fd, QN_IO_READABLE, on_arrival, at, &at->watch);
    if (rc == 0) {
      tell_address(self, i);
    }
  }
  self->is_letting_in = true;
  return rc;
}

static void unlisten(http_source *self) {
  for (uint32_t i = 0; i < self->settings.n_listen; i++) {
    struct http_listener *at = &self->listeners[i];
    self->io->unwatch(at->watch);
    at->watch = NULL;
    if (at->fd >= 0) {
      close(at->fd);
      at->fd = -1;
    }
  }
}

void server_stop(http_source *self) {
  self->is_stopping = true;
  self->stop_by_ms = self->now_ms + self->settings.stop_ms;
  unlisten(self);
  self->is_starved = false;
  taking_run(self); /* without a call everything left is told that it was not taken */
  requests_stop(self, false);
  peers_cut_idle(&self->peers, true);
  server_kick_later(self);
}

/* Answers nobody any more: what is suspended must go on so that MHD can end it. */
static void shut(http_source *self) {
  self->has_ended = true;
  unlisten(self);
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
