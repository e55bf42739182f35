/* SPDX-License-Identifier: Apache-2.0 */

/* Opening listening sockets by address, once each. */
#include "runtime/listen.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512, LISTENERS_MAX = 64 };

typedef struct listener {
  char *address;
  int fd;
} listener;

struct listeners {
  pthread_mutex_t mutex; /* all that follows: pipelines share them */
  uint32_t n;
  listener all[LISTENERS_MAX];
};

static const char unix_prefix[] = "unix:";

static bool is_unix(const char *address) {
  return strncmp(address, unix_prefix, sizeof unix_prefix - 1) == 0;
}

/* Binds and listens; closes fd if that fails. */
static int bind_listen(int fd, const struct sockaddr *name, socklen_t len, int *ret_fd) {
  if (bind(fd, name, len) != 0 || listen(fd, BACKLOG) != 0) {
    int rc = -errno;
    close(fd);
    return rc;
  }
  *ret_fd = fd;
  return 0;
}

/* A socket file that nobody listens on any more is in the way of the next start, and may go. */
static void remove_stale(const struct sockaddr_un *name) {
  struct stat file;
  if (lstat(name->sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) {
    return;
  }
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return;
  }
  if (connect(fd, (const struct sockaddr *)name, sizeof *name) != 0 && errno == ECONNREFUSED) {
    unlink(name->sun_path);
  }
  close(fd);
}

static int open_unix(const char *path, int *ret_fd) {
  struct sockaddr_un name = { .sun_family = AF_UNIX };
  if (strlen(path) >= sizeof name.sun_path || path[0] == '\0') {
    return path[0] == '\0' ? -EINVAL : -ENAMETOOLONG;
  }
  strcpy(name.sun_path, path);
  remove_stale(&name);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return fd < 0 ? -errno : bind_listen(fd, (const struct sockaddr *)&name, sizeof name, ret_fd);
}

/* Splits "host:port" or "[host]:port" in place. */
static int split(char *address, char **ret_host, char **ret_port) {
  char *colon = strrchr(address, ':');
  if (colon == NULL || colon[1] == '\0') {
    return -EINVAL;
  }
  *colon = '\0';
  char *host = address;
  size_t len = strlen(host);
  if (host[0] == '[') {
    if (len < 2 || host[len - 1] != ']') {
      return -EINVAL;
    }
    host[len - 1] = '\0';
    host++;
  }
  *ret_host = host;
  *ret_port = colon + 1;
  return 0;
}

static int open_first(const struct addrinfo *found, int *ret_fd) {
  int rc = -EADDRNOTAVAIL;
  for (const struct addrinfo *at = found; at != NULL; at = at->ai_next) {
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (fd < 0) {
      rc = -errno;
      continue;
    }
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    rc = bind_listen(fd, at->ai_addr, at->ai_addrlen, ret_fd);
    if (rc == 0) {
      return 0;
    }
  }
  return rc;
}

/* Numbers and names of this machine only: looking names up elsewhere would block the loop. */
static int open_inet(const char *address, int *ret_fd) {
  char *copy = strdup(address);
  char *host, *port;
  if (copy == NULL) {
    return -ENOMEM;
  }
  int rc = split(copy, &host, &port);
  if (rc == 0) {
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    const char *name = strcmp(host, "localhost") == 0              ? "127.0.0.1"
                       : host[0] == '\0' || strcmp(host, "*") == 0 ? NULL
                                                                   : host;
    rc = getaddrinfo(name, port, &hints, &found) == 0 ? open_first(found, ret_fd) : -EADDRNOTAVAIL;
    if (found != NULL) {
      freeaddrinfo(found);
    }
  }
  free(copy);
  return rc;
}

int listeners_new(listeners **ret_listeners) {
  listeners *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  pthread_mutex_init(&made->mutex, NULL);
  *ret_listeners = made;
  return 0;
}

void listeners_free(listeners *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < self->n; i++) {
    listener *one = &self->all[i];
    close(one->fd);
    if (is_unix(one->address)) {
      unlink(one->address + sizeof unix_prefix - 1);
    }
    free(one->address);
  }
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

/* [locked] Takes wanted if it succeeds. */
static int find_or_open(listeners *self, char *wanted, int *ret_fd) {
  for (uint32_t i = 0; i < self->n; i++) {
    if (strcmp(self->all[i].address, wanted) == 0) {
      *ret_fd = self->all[i].fd;
      free(wanted);
      return 0;
    }
  }
  int fd = -1;
  int rc = self->n == LISTENERS_MAX ? -ENOSPC
           : is_unix(wanted)        ? open_unix(wanted + sizeof unix_prefix - 1, &fd)
                                    : open_inet(wanted, &fd);
  if (rc == 0) {
    self->all[self->n++] = (listener){ wanted, fd };
    *ret_fd = fd;
  }
  return rc;
}

int listeners_get(listeners *self, qn_str address, int *ret_fd) {
  if (address.len == 0 || address.len > 1024 || memchr(address.data, '\0', address.len) != NULL) {
    return -EINVAL;
  }
  char *wanted = strndup(address.data, address.len);
  if (wanted == NULL) {
    return -ENOMEM;
  }
  pthread_mutex_lock(&self->mutex);
  int rc = find_or_open(self, wanted, ret_fd);
  pthread_mutex_unlock(&self->mutex);
  if (rc != 0) {
    free(wanted);
  }
  return rc;
}
