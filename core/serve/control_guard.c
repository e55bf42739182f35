/* SPDX-License-Identifier: Apache-2.0 */

/* Two ways by which a page elsewhere could reach in are closed here: it may have its own name lead to this machine, so that
 * the browser takes us for its own server (the Host header tells), or send a request here (the Origin header tells). */
#include "serve/control_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- the token --- */

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int read_start(const char *path, char *bytes, size_t size, size_t *ret_len, qn_error *error) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  struct stat file;
  if (fd < 0 || fstat(fd, &file) != 0) {
    int rc = -errno;
    if (fd >= 0) {
      close(fd);
    }
    return error_set(error, rc, "no-token", "cannot read the token from %s: %s", path, strerror(-rc));
  }
  if (S_ISREG(file.st_mode) && (file.st_mode & S_IROTH) != 0) {
    close(fd);
    return error_set(error, -EACCES, "open-token", "everybody may read the token in %s: chmod o-r it", path);
  }
  ssize_t len = read(fd, bytes, size);
  int rc = len < 0 ? -errno : 0;
  close(fd);
  *ret_len = len > 0 ? (size_t)len : 0;
  return rc == 0 ? 0 : error_set(error, rc, "no-token", "cannot read the token from %s: %s", path, strerror(-rc));
}

int control_token_read(const char *path, control_token *ret_token, qn_error *error) {
  char bytes[CONTROL_TOKEN_MAX + 64];
  size_t len = 0;
  int rc = read_start(path, bytes, sizeof bytes, &len, error);
  if (rc != 0) {
    return rc;
  }
  size_t begin = 0;
  while (begin < len && is_blank(bytes[begin])) {
    begin++;
  }
  size_t end = begin;
  while (end < len && bytes[end] > ' ' && bytes[end] < 0x7F) {
    end++;
  }
  if (end < len && !is_blank(bytes[end])) {
    return error_set(error, -EINVAL, "bad-token", "the token in %s has a byte that is not printable ASCII", path);
  }
  if (end - begin < CONTROL_TOKEN_MIN || end - begin > CONTROL_TOKEN_MAX) {
    return error_set(error, -EINVAL, "bad-token",
                     "the token in %s has %zu bytes; take %d to %d, e.g. openssl rand -hex 32", path, end - begin,
                     CONTROL_TOKEN_MIN, CONTROL_TOKEN_MAX);
  }
  ret_token->len = end - begin;
  memcpy(ret_token->bytes, bytes + begin, end - begin);
  return 0;
}

/* Takes as long whatever the bytes are; how long the token is may be known. */
static bool is_token(const control_token *token, qn_str given) {
  if (given.len != token->len) {
    return false;
  }
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < given.len; i++) {
    difference |= (unsigned char)(given.data[i] ^ token->bytes[i]);
  }
  return difference == 0;
}

static bool has_token(const control_token *token, qn_str authorization) {
  static const char scheme[] = "bearer ";
  size_t len = sizeof scheme - 1;
  if (authorization.len <= len || strncasecmp(authorization.data, scheme, len) != 0) {
    return false;
  }
  qn_str given = { authorization.data + len, authorization.len - len };
  while (given.len > 0 && is_blank(given.data[0])) {
    given.data++;
    given.len--;
  }
  while (given.len > 0 && is_blank(given.data[given.len - 1])) {
    given.len--;
  }
  return is_token(token, given);
}

/* --- where it comes from --- */

/* The name in "name:port", "[::1]:port" or "name". */
static qn_str name_of(qn_str host) {
  if (host.len > 0 && host.data[0] == '[') {
    const char *end = memchr(host.data, ']', host.len);
    return end != NULL ? (qn_str){ host.data, (size_t)(end - host.data) + 1 } : (qn_str){ host.data, 0 };
  }
  const char *colon = host.len > 0 ? memchr(host.data, ':', host.len) : NULL;
  return (qn_str){ host.data, colon != NULL ? (size_t)(colon - host.data) : host.len };
}

static bool is_name(qn_str name, const char *like) {
  return name.len == strlen(like) && strncasecmp(name.data, like, name.len) == 0;
}

/* 127.0.0.1 and its like, by digits and dots alone: 127.example is somebody's name. */
static bool is_loopback_number(qn_str name) {
  if (name.len < 7 || name.len > 15 || memcmp(name.data, "127.", 4) != 0) {
    return false;
  }
  for (size_t i = 4; i < name.len; i++) {
    if (name.data[i] != '.' && (name.data[i] < '0' || name.data[i] > '9')) {
      return false;
    }
  }
  return true;
}

static bool is_this_machine(qn_str host) {
  qn_str name = name_of(host);
  return is_name(name, "localhost") || is_name(name, "[::1]") || is_loopback_number(name);
}

/* An origin is that of the page we gave: scheme, "://" and the very Host. */
static bool is_own_origin(qn_str origin, qn_str host) {
  static const char *const schemes[] = { "http://", "https://" };
  for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
    size_t len = strlen(schemes[i]);
    if (origin.len == len + host.len && host.len > 0 && strncasecmp(origin.data, schemes[i], len) == 0 &&
        strncasecmp(origin.data + len, host.data, host.len) == 0) {
      return true;
    }
  }
  return false;
}

control_trust control_guard(const control_token *token, control_door door, const control_headers *headers,
                            control_answer *refusal) {
  *refusal = (control_answer){ 0 };
  if (door == DOOR_LOOPBACK && !is_this_machine(headers->host)) {
    control_refuse(refusal, 403, "the Host header names another machine: ask 127.0.0.1 or localhost");
    return CONTROL_NOTHING;
  }
  if (headers->origin.len > 0 && !is_own_origin(headers->origin, headers->host)) {
    control_refuse(refusal, 403, "a page of another origin may not ask this");
    return CONTROL_NOTHING;
  }
  if (door == DOOR_SOCKET) {
    return CONTROL_ALL;
  }
  if (token->len > 0) {
    return has_token(token, headers->authorization) ? CONTROL_ALL : CONTROL_NOTHING;
  }
  return door == DOOR_LOOPBACK ? CONTROL_ALL : CONTROL_READS;
}
