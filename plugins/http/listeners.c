/* SPDX-License-Identifier: Apache-2.0 */

/* The listening sockets, which are the process's, and who is let in through them. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exchange/setting.h"
#include "http/source.h"

static const char unix_prefix[] = "unix:";

enum { ACCEPTS = 64 };

/* --- sockets --- */

static int refuse_address(qn_create *create, const char *address, int rc) {
  char said[512];
  snprintf(said, sizeof said, "cannot listen on \"%.300s\": %s%s", address, strerror(-rc),
           rc == -EADDRINUSE ? "; another program listens there, choose another port"
           : rc == -EINVAL
               ? "; it looks like 127.0.0.1:8080, [::1]:8080 (a port is at most 65535) or unix:/run/qanat.sock"
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
    return refuse_address(create, self->settings.listen[at - self->listeners], -errno);
  }
  at->is_unix = name.ss_family == AF_UNIX;
  if (!is_loopback(&name)) {
    set->is_local = false;
    set->control = set->control && set->token_file != NULL;
  }
  return set->is_local ? 0 : settings_check_open(create, set);
}

/* The process owns the socket, and during a reload the one before still watches it: so this source watches a duplicate. */
int listener_open(qn_create *create, http_source *self, uint32_t index) {
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

/* --- letting in --- */

void listeners_let_in(http_source *self, bool open) {
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
      "Content-Type: application/problem+json\r\nContent-Length: 147\r\n\r\n"
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
      listeners_let_in(self, false); /* no descriptors or no memory: the sweep tries again */
      break;
    }
  }
  if (self->peers.n >= self->settings.n_connections) {
    listeners_let_in(self, false);
  }
  server_kick(self);
}

/* --- life --- */

int listeners_start(http_source *self) {
  int rc = 0;
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

void listeners_close(http_source *self) {
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
