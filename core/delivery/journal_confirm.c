/* SPDX-License-Identifier: Apache-2.0 */

/* What sinks have made durable, and the bytes they keep with that. Both are known at once, and on the disk after the next commit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_inside.h"

static bool has_line(qn_str lines, const char *line, size_t len) {
  if (lines.len == 0) {
    return false;
  }
  for (const char *at = lines.data, *end = at + lines.len; at < end;) {
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    size_t n = newline == NULL ? (size_t)(end - at) : (size_t)(newline - at) + 1;
    if (n == len && memcmp(at, line, len) == 0) {
      return true;
    }
    at += n;
  }
  return false;
}

/* Whether it is new; then it is noted. -ENOMEM. [locked] */
static int note_confirmed(entry_inside *entry, const char *line, size_t len) {
  qn_str since = { entry->confirmed_since, entry->confirmed_bytes };
  if (has_line(entry->shown.confirmed, line, len) || has_line(since, line, len)) {
    return 0;
  }
  char *longer = realloc(entry->confirmed_since, entry->confirmed_bytes + len);
  if (longer == NULL) {
    return -ENOMEM;
  }
  memcpy(longer + entry->confirmed_bytes, line, len);
  entry->confirmed_since = longer;
  entry->confirmed_bytes += len;
  return 1;
}

static journal_kept_state *find_kept(journal *self, const char *pipeline, const char *sink) {
  journal_kept_state *kept = self->kept;
  while (kept != NULL && (strcmp(kept->pipeline, pipeline) != 0 || strcmp(kept->sink, sink) != 0)) {
    kept = kept->next;
  }
  return kept;
}

journal_kept_state *journal_kept_add(journal *self, qn_str pipeline, qn_str sink) {
  journal_kept_state *kept = calloc(1, sizeof *kept);
  if (kept == NULL) {
    return NULL;
  }
  kept->pipeline = strndup(pipeline.len > 0 ? pipeline.data : "", pipeline.len);
  kept->sink = strndup(sink.len > 0 ? sink.data : "", sink.len);
  if (kept->pipeline == NULL || kept->sink == NULL) {
    free(kept->pipeline);
    free(kept->sink);
    free(kept);
    return NULL;
  }
  kept->next = self->kept;
  self->kept = kept;
  return kept;
}

int journal_kept_set(journal_kept_state *kept, const void *bytes, size_t n_bytes) {
  void *same = malloc(n_bytes + 1);
  if (same == NULL) {
    return -ENOMEM;
  }
  if (n_bytes > 0) {
    memcpy(same, bytes, n_bytes);
  }
  free(kept->bytes);
  kept->bytes = same;
  kept->n_bytes = n_bytes;
  return 0;
}

void journal_confirm_free(confirm_op *self) {
  free(self->line);
  free(self->state);
  free(self);
}

/* Everything that needs memory, before anything is changed. */
static confirm_op *make_confirm(const char *sink, uint32_t n, const void *state, size_t state_bytes) {
  confirm_op *op = calloc(1, sizeof *op + n * sizeof op->entries[0]);
  if (op == NULL) {
    return NULL;
  }
  op->op.kind = OP_CONFIRM;
  op->state_bytes = state_bytes;
  op->state = state == NULL ? NULL : malloc(state_bytes + 1);
  if (asprintf(&op->line, "%s\n", sink) < 0) {
    op->line = NULL;
  }
  if (op->line == NULL || (state != NULL && op->state == NULL)) {
    journal_confirm_free(op);
    return NULL;
  }
  if (state_bytes > 0 && state != NULL) {
    memcpy(op->state, state, state_bytes);
  }
  return op;
}

/* [locked] */
static int fill_confirm(journal *self, const char *pipeline, const char *sink, journal_entry *const *entries,
                        uint32_t n, confirm_op *op) {
  size_t len = strlen(op->line);
  if (op->state != NULL) {
    op->kept = find_kept(self, pipeline, sink);
    op->kept = op->kept != NULL
                   ? op->kept
                   : journal_kept_add(self, (qn_str){ pipeline, strlen(pipeline) }, (qn_str){ sink, strlen(sink) });
    if (op->kept == NULL || journal_kept_set(op->kept, op->state, op->state_bytes) != 0) {
      return -ENOMEM;
    }
  }
  for (uint32_t i = 0; i < n; i++) {
    int added = note_confirmed(journal_entry_of(entries[i]), op->line, len);
    if (added < 0) {
      return added;
    }
    if (added > 0) {
      op->entries[op->n++] = journal_entry_of(entries[i]);
    }
  }
  return 0;
}

int journal_confirm(journal *self, const char *pipeline, const char *sink, journal_entry *const *entries, uint32_t n,
                    const void *state, size_t state_bytes) {
  confirm_op *op = make_confirm(sink, n, state, state_bytes);
  if (op == NULL) {
    return -ENOMEM;
  }
  pthread_mutex_lock(&self->mutex);
  int rc = fill_confirm(self, pipeline, sink, entries, n, op);
  if (rc == 0 && (op->n > 0 || op->state != NULL)) {
    journal_push(self, &op->op);
    op = NULL;
  }
  pthread_mutex_unlock(&self->mutex);
  if (op != NULL) {
    journal_confirm_free(op);
  }
  return rc;
}

int journal_kept(journal *self, const char *pipeline, const char *sink, void **ret_bytes, size_t *ret_size) {
  int rc = -ENOENT;
  pthread_mutex_lock(&self->mutex);
  const journal_kept_state *kept = find_kept(self, pipeline, sink);
  if (kept != NULL && kept->bytes != NULL) {
    void *bytes = malloc(kept->n_bytes + 1);
    rc = bytes == NULL ? -ENOMEM : 0;
    if (rc == 0) {
      memcpy(bytes, kept->bytes, kept->n_bytes);
      *ret_bytes = bytes;
      *ret_size = kept->n_bytes;
    }
  }
  pthread_mutex_unlock(&self->mutex);
  return rc;
}
