/* SPDX-License-Identifier: Apache-2.0 */

/* A GET by HTTP/1.0: the answer comes in one piece and ends with its connection. */
#include "command/top_fetch.h"

#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/listen.h"

enum { ANSWER_MAX = 32 * 1024 * 1024, PATIENCE_S = 5, FIRST_BYTES = 64 * 1024 };

/* --- connecting --- */

static void be_patient(int fd) {
  const struct timeval patience = { .tv_sec = PATIENCE_S };
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience); /* of connect() too */
}

static int connect_to(int family, const struct sockaddr *name, socklen_t len, int *ret_fd) {
  int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return -errno;
  }
  be_patient(fd);
  if (connect(fd, name, len) != 0) {
    int rc = errno == EINPROGRESS ? -ETIMEDOUT : -errno;
    close(fd);
    return rc;
  }
  *ret_fd = fd;
  return 0;
}

static int connect_unix(const char *path, int *ret_fd) {
  struct sockaddr_un name;
  int folder;
  int rc = listen_name_unix(path, &name, &folder);
  rc = rc == 0 ? connect_to(AF_UNIX, (const struct sockaddr *)&name, sizeof name, ret_fd) : rc;
  if (folder >= 0) {
    close(folder);
  }
  return rc;
}

/* "host:port" in two pieces of a copy. */
static bool split(char *copy, char **ret_host, char **ret_port) {
  char *colon = strrchr(copy, ':');
  if (colon == NULL || !listen_is_port(colon + 1)) {
    return false;
  }
  *colon = '\0';
  size_t len = strlen(copy);
  bool bracketed = len >= 2 && copy[0] == '[' && copy[len - 1] == ']';
  if (bracketed) {
    copy[len - 1] = '\0';
  }
  *ret_host = bracketed ? copy + 1 : copy;
  *ret_port = colon + 1;
  return true;
}

static int connect_inet(const char *address, int *ret_fd) {
  char copy[512];
  char *host, *port;
  struct addrinfo *found = NULL;
  const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
  if (strlen(address) >= sizeof copy) {
    return -ENAMETOOLONG;
  }
  strcpy(copy, address);
  if (!split(copy, &host, &port)) {
    return -EINVAL;
  }
  int rc = getaddrinfo(host[0] != '\0' ? host : NULL, port, &hints, &found) == 0 ? -EADDRNOTAVAIL : -EHOSTUNREACH;
  for (const struct addrinfo *at = found; at != NULL && rc != 0; at = at->ai_next) {
    rc = connect_to(at->ai_family, at->ai_addr, at->ai_addrlen, ret_fd);
  }
  if (found != NULL) {
    freeaddrinfo(found);
  }
  return rc;
}

/* --- asking --- */

static int send_all(int fd, const char *text, size_t len) {
  while (len > 0) {
    ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      return sent < 0 ? -errno : -EPIPE;
    }
    text += sent;
    len -= (size_t)sent;
  }
  return 0;
}

static int ask(int fd, const top_place *place, const char *target) {
  char *text = NULL;
  bool is_unix = strncmp(place->address, "unix:", 5) == 0;
  int len = asprintf(&text, "GET %s HTTP/1.0\r\nHost: %s\r\n%s%s%s\r\n", target, is_unix ? "localhost" : place->address,
                     place->token != NULL ? "Authorization: Bearer " : "", place->token != NULL ? place->token : "",
                     place->token != NULL ? "\r\n" : "");
  int rc = len < 0 ? -ENOMEM : send_all(fd, text, (size_t)len);
  free(text);
  return rc;
}

static int read_all(int fd, char **ret_bytes, size_t *ret_len) {
  size_t room = FIRST_BYTES, len = 0;
  char *bytes = malloc(room + 1);
  int rc = bytes != NULL ? 0 : -ENOMEM;
  while (rc == 0) {
    ssize_t n = recv(fd, bytes + len, room - len, 0);
    if (n == 0) {
      break;
    }
    rc = n > 0 || errno == EINTR ? 0 : errno == EAGAIN ? -ETIMEDOUT : -errno;
    len += n > 0 ? (size_t)n : 0;
    if (rc == 0 && len == room) {
      char *more = room < ANSWER_MAX ? realloc(bytes, 2 * room + 1) : NULL;
      rc = more != NULL ? 0 : room < ANSWER_MAX ? -ENOMEM : -EFBIG;
      bytes = more != NULL ? more : bytes;
      room *= more != NULL ? 2 : 1;
    }
  }
  if (rc != 0) {
    free(bytes);
    return rc;
  }
  bytes[len] = '\0';
  *ret_bytes = bytes;
  *ret_len = len;
  return 0;
}

int top_fetch_split(const char *answer, size_t len, const char **ret_body, size_t *ret_len) {
  bool is_http = len >= 12 && memcmp(answer, "HTTP/1.", 7) == 0 && answer[8] == ' ';
  int status = 0;
  for (int i = 9; is_http && i < 12; i++) {
    is_http = answer[i] >= '0' && answer[i] <= '9';
    status = status * 10 + answer[i] - '0';
  }
  const char *end = is_http ? memmem(answer, len, "\r\n\r\n", 4) : NULL;
  if (end == NULL || status < 100) {
    return -EPROTO;
  }
  *ret_body = end + 4;
  *ret_len = len - (size_t)(end + 4 - answer);
  return status;
}

/* --- saying what is wrong --- */

static int say_unreached(const top_place *place, int rc, qn_error *error) {
  if (rc == -ECONNREFUSED || rc == -ENOENT) {
    return error_set(error, rc, "no-worker",
                     "no worker answers at %s; name another place with --control ADDRESS or --state DIR",
                     place->address);
  }
  if (rc == -EINVAL) {
    return error_set(error, rc, "bad-address", "%s is no address: HOST:PORT, with a port up to 65535, or unix:/PATH",
                     place->address);
  }
  return error_set(error, rc, "no-worker", "cannot reach a worker at %s: %s", place->address, strerror(-rc));
}

static int say_refused(const top_place *place, int status, qn_error *error) {
  if (status == 401) {
    return error_set(error, -EACCES, "no-token", "the worker at %s asks for its token: --control-token FILE",
                     place->address);
  }
  if (status < 0) {
    return error_set(error, status, "no-http", "what answers at %s is no worker", place->address);
  }
  return error_set(error, -EPROTO, "refused", "the worker at %s answers with status %d", place->address, status);
}

int top_fetch(const top_place *place, const char *target, char **ret_body, size_t *ret_len, qn_error *error) {
  int fd = -1;
  char *bytes = NULL;
  size_t len = 0;
  const char *body;
  int rc = strncmp(place->address, "unix:", 5) == 0 ? connect_unix(place->address + 5, &fd)
                                                    : connect_inet(place->address, &fd);
  rc = rc == 0 ? ask(fd, place, target) : rc;
  rc = rc == 0 ? read_all(fd, &bytes, &len) : rc;
  if (fd >= 0) {
    close(fd);
  }
  if (rc != 0) {
    return say_unreached(place, rc, error);
  }
  int status = top_fetch_split(bytes, len, &body, &len);
  if (status != 200) {
    free(bytes);
    return say_refused(place, status, error);
  }
  memmove(bytes, body, len + 1); /* with its NUL */
  *ret_body = bytes;
  *ret_len = len;
  return 0;
}
