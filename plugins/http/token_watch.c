/* SPDX-License-Identifier: Apache-2.0 */

/* Looks at the token file now and then, on a lent thread, since a file may be slow. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/setting.h"
#include "http/source.h"

enum { LOOK_MS = 1000 };

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

void token_watch_look(http_source *self) {
  if (self->settings.token_file == NULL || self->reading != NULL || self->is_stopping ||
      self->now_ms < self->tokens_due_ms) {
    return;
  }
  self->tokens_due_ms = self->now_ms + LOOK_MS;
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

int token_watch_open(qn_create *create, http_source *self) {
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
