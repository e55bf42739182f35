/* SPDX-License-Identifier: Apache-2.0 */

/* Tokens from a file, compared without telling by the time it takes how much of them was right. */
#include "input/tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int read_whole(int fd, char **ret_text, size_t *ret_len) {
  char *text = malloc(TOKENS_FILE_MAX + 1);
  size_t len = 0;
  ssize_t n = text == NULL ? -1 : 1;
  while (n > 0 && len <= TOKENS_FILE_MAX) {
    n = read(fd, text + len, TOKENS_FILE_MAX + 1 - len);
    len += n > 0 ? (size_t)n : 0;
  }
  if (n < 0 || len > TOKENS_FILE_MAX) {
    int rc = text == NULL ? -ENOMEM : n < 0 ? -errno : -EFBIG;
    free(text);
    return rc;
  }
  *ret_text = text;
  *ret_len = len;
  return 0;
}

/* Each line without the space around it; empty ones and those that begin with '#' are none. */
static void split(tokens *self, size_t len) {
  for (size_t at = 0; at < len && self->n < TOKENS_MAX; at++) {
    size_t end = at;
    while (end < len && self->text[end] != '\n') {
      end++;
    }
    size_t begin = at, last = end;
    while (begin < last && strchr(" \t\r", self->text[begin]) != NULL) {
      begin++;
    }
    while (last > begin && strchr(" \t\r", self->text[last - 1]) != NULL) {
      last--;
    }
    if (last > begin && self->text[begin] != '#') {
      self->all[self->n].data = self->text + begin;
      self->all[self->n++].len = last - begin;
    }
    at = end;
  }
}

int tokens_read(const char *path, tokens *ret_tokens) {
  tokens self = { 0 };
  size_t len = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    return -errno;
  }
  int rc = fstat(fd, &self.seen) != 0 ? -errno : S_ISREG(self.seen.st_mode) ? 0 : -EINVAL;
  rc = rc == 0 ? read_whole(fd, &self.text, &len) : rc;
  close(fd);
  if (rc == 0) {
    split(&self, len);
    rc = self.n == 0 ? -ENODATA : 0;
  }
  if (rc != 0) {
    tokens_done(&self);
    return rc;
  }
  *ret_tokens = self;
  return 0;
}

bool tokens_are_stale(const tokens *self, const char *path) {
  struct stat now;
  const struct stat *then = &self->seen;
  return stat(path, &now) == 0 &&
         (now.st_ino != then->st_ino || now.st_dev != then->st_dev || now.st_size != then->st_size ||
          now.st_mtim.tv_sec != then->st_mtim.tv_sec || now.st_mtim.tv_nsec != then->st_mtim.tv_nsec);
}

void tokens_done(tokens *self) {
  if (self->text != NULL) {
    explicit_bzero(self->text, TOKENS_FILE_MAX);
  }
  free(self->text);
  *self = (tokens){ 0 };
}

bool tokens_have(const tokens *self, const char *given) {
  size_t given_len = strlen(given);
  unsigned found = 0;
  for (unsigned i = 0; i < self->n; i++) {
    const char *token = self->all[i].data;
    size_t len = self->all[i].len;
    uint32_t differs = (uint32_t)(len != given_len);
    for (size_t at = 0; at < given_len; at++) {
      differs |= (uint32_t)(uint8_t)(token[at % len] ^ given[at]);
    }
    found |= (unsigned)(differs == 0);
  }
  return found != 0;
}
