/* SPDX-License-Identifier: Apache-2.0 */

/* Opening listening sockets by address, once each; those that were opened before are found by name or by address. */
#include "runtime/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 512, LISTENERS_MAX = 64, OWNERS_MODE = 0600 };

typedef struct listener {
  char *address; /* of an adopted one: "systemd:NAME" */
  int fd;
  bool adopted; /* its file, if it has one, is not ours to remove, and it stays open */
  uint32_t n_users;
} listener;

struct listeners {
  pthread_mutex_t mutex; /* all that follows: pipelines share them */
  uint32_t n;
  listener all[LISTENERS_MAX];
};

static const char unix_prefix[] = "unix:";
static const char systemd_prefix[] = "systemd:";

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

int listen_name_unix(const char *path, struct sockaddr_un *ret_name, int *ret_folder) {
  const char *slash = strrchr(path, '/');
  const char *last = slash != NULL ? slash + 1 : path;
  *ret_name = (struct sockaddr_un){ .sun_family = AF_UNIX };
  *ret_folder = -1;
  if (last[0] == '\0') {
    return -EINVAL;
  }
  if (strlen(path) < sizeof ret_name->sun_path) {
    strcpy(ret_name->sun_path, path);
    return 0;
  }
  char *folder = slash != NULL ? strndup(path, slash > path ? (size_t)(slash - path) : 1) : strdup(".");
  int fd = folder != NULL ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  int rc = folder == NULL ? -ENOMEM : fd < 0 ? -errno : 0;
  free(folder);
  if (rc == 0 && snprintf(ret_name->sun_path, sizeof ret_name->sun_path, "/proc/self/fd/%d/%s", fd, last) >=
                     (int)sizeof ret_name->sun_path) {
    close(fd);
    rc = -ENAMETOOLONG;
  }
  *ret_folder = rc == 0 ? fd : -1;
  return rc;
}

static int open_named(const struct sockaddr_un *name, uint32_t mode, int *ret_fd) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -errno;
  }
  if (mode != 0 && fchmod(fd, mode) != 0) { /* before it is bound, so that its file never has another */
    int rc = -errno;
    close(fd);
    return rc;
  }
  return bind_listen(fd, (const struct sockaddr *)name, sizeof *name, ret_fd);
}

static int open_unix(const char *path, uint32_t mode, int *ret_fd) {
  struct sockaddr_un name;
  int folder;
  int rc = listen_name_unix(path, &name, &folder);
  if (rc == 0) {
    remove_stale(&name);
    rc = open_named(&name, mode, ret_fd);
  }
  if (folder >= 0) {
    close(folder);
  }
  return rc;
}

bool listen_is_port(const char *text) {
  size_t len = strspn(text, "0123456789");
  return len > 0 && len <= 5 && text[len] == '\0' && atoi(text) <= UINT16_MAX;
}

/* Splits "host:port" or "[host]:port" in place. */
static int split(char *address, char **ret_host, char **ret_port) {
  char *colon = strrchr(address, ':');
  if (colon == NULL || !listen_is_port(colon + 1)) {
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
static int find_inet(const char *address, struct addrinfo **ret_found) {
  char *copy = strdup(address);
  char *host, *port;
  if (copy == NULL) {
    return -ENOMEM;
  }
  int rc = split(copy, &host, &port);
  if (rc == 0) {
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV };
    const char *name = strcmp(host, "localhost") == 0              ? "127.0.0.1"
                       : host[0] == '\0' || strcmp(host, "*") == 0 ? NULL
                                                                   : host;
    rc = getaddrinfo(name, port, &hints, ret_found) == 0 ? 0 : -EADDRNOTAVAIL;
  }
  free(copy);
  return rc;
}

static int open_inet(const char *address, int *ret_fd) {
  struct addrinfo *found = NULL;
  int rc = find_inet(address, &found);
  rc = rc == 0 ? open_first(found, ret_fd) : rc;
  if (found != NULL) {
    freeaddrinfo(found);
  }
  return rc;
}

int listen_open(const char *address, uint32_t mode, int *ret_fd) {
  return is_unix(address) ? open_unix(address + sizeof unix_prefix - 1, mode, ret_fd) : open_inet(address, ret_fd);
}

/* --- sockets that were opened before --- */

static bool is_same_inet(const struct sockaddr_storage *one, const struct sockaddr *other) {
  if (one->ss_family != other->sa_family) {
    return false;
  }
  if (one->ss_family == AF_INET) {
    const struct sockaddr_in *a = (const struct sockaddr_in *)one;
    const struct sockaddr_in *b = (const struct sockaddr_in *)(const void *)other;
    return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
  }
  const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)one;
  const struct sockaddr_in6 *b = (const struct sockaddr_in6 *)(const void *)other;
  return a->sin6_port == b->sin6_port && memcmp(&a->sin6_addr, &b->sin6_addr, sizeof a->sin6_addr) == 0;
}

/* Whether the socket is bound to the very address. */
static bool is_bound_to(int fd, const char *address) {
  struct sockaddr_storage name = { 0 };
  socklen_t len = sizeof name;
  if (getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
    return false;
  }
  if (name.ss_family == AF_UNIX || is_unix(address)) {
    const struct sockaddr_un *file = (const struct sockaddr_un *)&name;
    return name.ss_family == AF_UNIX && is_unix(address) &&
           strncmp(file->sun_path, address + sizeof unix_prefix - 1, sizeof file->sun_path) == 0;
  }
  struct addrinfo *found = NULL;
  bool same = false;
  if (find_inet(address, &found) == 0) {
    for (const struct addrinfo *at = found; at != NULL && !same; at = at->ai_next) {
      same = is_same_inet(&name, at->ai_addr);
    }
  }
  if (found != NULL) {
    freeaddrinfo(found);
  }
  return same;
}

int listeners_adopt(listeners *self, const char *name, int fd) {
  int listens = 0, type = 0;
  socklen_t len = sizeof listens;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) != 0) {
    return -errno;
  }
  len = sizeof type;
  getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len);
  if (!listens || type != SOCK_STREAM || name[0] == '\0') {
    return -EINVAL;
  }
  char *address = malloc(sizeof systemd_prefix + strlen(name));
  if (address == NULL) {
    return -ENOMEM;
  }
  strcpy(address, systemd_prefix);
  strcat(address, name);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  pthread_mutex_lock(&self->mutex);
  int rc = self->n < LISTENERS_MAX ? 0 : -ENOSPC;
  if (rc == 0) {
    self->all[self->n++] = (listener){ .address = address, .fd = fd, .adopted = true };
  }
  pthread_mutex_unlock(&self->mutex);
  if (rc != 0) {
    free(address);
  }
  return rc;
}

/* --- all of them --- */

int listeners_new(listeners **ret_listeners) {
  listeners *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  pthread_mutex_init(&made->mutex, NULL);
  *ret_listeners = made;
  return 0;
}

static void shut(listener *self) {
  close(self->fd);
  if (!self->adopted && is_unix(self->address)) {
    unlink(self->address + sizeof unix_prefix - 1);
  }
  free(self->address);
}

void listeners_put(listeners *self, int fd) {
  pthread_mutex_lock(&self->mutex);
  for (uint32_t i = 0; i < self->n; i++) {
    self->all[i].n_users -= self->all[i].fd == fd && self->all[i].n_users > 0;
  }
  pthread_mutex_unlock(&self->mutex);
}

void listeners_sweep(listeners *self) {
  pthread_mutex_lock(&self->mutex);
  for (uint32_t i = 0; i < self->n;) {
    if (self->all[i].n_users == 0 && !self->all[i].adopted) {
      shut(&self->all[i]);
      self->all[i] = self->all[--self->n];
    } else {
      i++;
    }
  }
  pthread_mutex_unlock(&self->mutex);
}

void listeners_free(listeners *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < self->n; i++) {
    shut(&self->all[i]);
  }
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

/* [locked] Takes wanted if it succeeds. */
static int find_or_open(listeners *self, char *wanted, int *ret_fd) {
  for (uint32_t i = 0; i < self->n; i++) {
    listener *one = &self->all[i];
    if (strcmp(one->address, wanted) == 0 || (one->adopted && is_bound_to(one->fd, wanted))) {
      *ret_fd = one->fd;
      one->n_users++;
      free(wanted);
      return 0;
    }
  }
  int fd = -1;
  bool by_name = strncmp(wanted, systemd_prefix, sizeof systemd_prefix - 1) == 0;
  int rc = by_name                    ? -ENOENT /* systemd handed over none of that name */
           : self->n == LISTENERS_MAX ? -ENOSPC
                                      : listen_open(wanted, OWNERS_MODE, &fd);
  if (rc == 0) {
    self->all[self->n++] = (listener){ .address = wanted, .fd = fd, .n_users = 1 };
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
