/* SPDX-License-Identifier: Apache-2.0 */

/* Dead letters as a source. Its table is a constant like any stage's; what it works on is found from the stage's info,
 * which is part of the retry itself. */
#include "command/retry.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/letter_rows.h"
#include "plugin/host.h"
#include "runtime/runtime.h"

enum { REMOVE_AT_ONCE = 256, FIRST_SETTLED = 64 };

struct retry {
  stage_info info; /* the planned source's, as this one answers to it */
  const plan *plan;
  uint32_t stage; /* index of the source in the plan */
  letter_filter filter;
  letter_rows *rows; /* the lent thread's while the run lasts */

  pthread_mutex_t mutex; /* what follows: the loop adds, the lent thread takes */
  int64_t *done;         /* delivered or dropped, not removed yet */
  uint32_t n_done, done_capacity;
  int64_t *failed; /* again */
  uint32_t n_failed, failed_capacity;
  retry_counts counts;
};

/* --- removing what has settled --- */

/* Forgetting one for want of memory only means that it is tried twice. */
static void note(int64_t **list, uint32_t *n, uint32_t *capacity, int64_t number) {
  if (*n == *capacity) {
    uint32_t wanted = *capacity == 0 ? FIRST_SETTLED : *capacity * 2;
    int64_t *larger = wanted < *capacity ? NULL : realloc(*list, wanted * sizeof **list);
    if (larger == NULL) {
      return;
    }
    *list = larger;
    *capacity = wanted;
  }
  (*list)[(*n)++] = number;
}

static int remove_all(retry *self, const int64_t *numbers, uint32_t n, qn_error *error) {
  int rc = n == 0 ? 0 : letter_rows_begin(self->rows, error);
  if (rc != 0 || n == 0) {
    return rc;
  }
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    rc = letter_rows_remove(self->rows, numbers[i], error);
    rc = rc == -ENOENT ? 0 : rc; /* somebody purged it meanwhile */
  }
  int ended = letter_rows_end(self->rows, rc == 0, error);
  return rc != 0 ? rc : ended;
}

/* Removes those that came out, once there are enough of them. */
static int remove_done(retry *self, uint32_t at_least, qn_error *error) {
  pthread_mutex_lock(&self->mutex);
  int64_t *numbers = NULL;
  uint32_t n = 0;
  if (self->n_done >= at_least) {
    numbers = self->done;
    n = self->n_done;
    self->done = NULL;
    self->n_done = self->done_capacity = 0;
  }
  pthread_mutex_unlock(&self->mutex);
  int rc = remove_all(self, numbers, n, error);
  free(numbers);
  return rc;
}

/* --- the source --- */

static int create(qn_create *call, void **ret_instance) {
  const stage_info *info = call->env->info;
  *ret_instance = (char *)(uintptr_t)info - offsetof(retry, info);
  return 0;
}

static void destroy(void *instance) {
  (void)instance; /* belongs to the command */
}

typedef struct emission {
  qn_call *call;
  uint8_t *room;
  size_t size, filled;
} emission;

static int emit_field(void *arg, qn_str name, const qn_value *value) {
  emission *out = arg;
  return out->call->host->emit_field(out->call, name, value);
}

static int emit_piece(void *arg, const uint8_t *bytes, size_t len) {
  emission *out = arg;
  if (len > out->size - out->filled) {
    return -EPROTO;
  }
  if (len > 0) {
    memcpy(out->room + out->filled, bytes, len);
    out->filled += len;
  }
  return 0;
}

/* Sinks that have the document all the same: they get nothing. One that the pipeline has no more is no matter. */
static void confirm_sinks(const retry *self, qn_call *call, qn_str confirmed) {
  size_t at = 0;
  while (at < confirmed.len) {
    const char *line = confirmed.data + at;
    const char *end = memchr(line, '\n', confirmed.len - at);
    size_t len = end != NULL ? (size_t)(end - line) : confirmed.len - at;
    for (uint32_t i = 0; i < self->plan->n_stages; i++) {
      const plan_stage *stage = &self->plan->stages[i];
      if (stage->info->role == ROLE_SINK && strlen(stage->id) == len && memcmp(stage->id, line, len) == 0) {
        runtime_confirm(call, i);
      }
    }
    at += len + 1;
  }
}

/* 0, or the errno of whoever refused. */
static int emit_letter(retry *self, qn_call *call, const letter_row *row, qn_error *error) {
  emission out = { .call = call, .size = (size_t)row->payload_bytes };
  int rc = call->host->emit_reserve(call, out.size, &out.room);
  if (rc != 0) {
    return rc;
  }
  rc = letter_rows_payload(self->rows, row->number, emit_piece, &out, error);
  if (rc == 0) {
    confirm_sinks(self, call, row->confirmed);
  }
  rc = rc == 0 ? letter_rows_fields(self->rows, row->number, emit_field, &out, error) : rc;
  if (rc == 0 && out.filled != out.size) {
    rc = -EPROTO;
  }
  const qn_emit emit = { .source = row->source,
                         .id = row->id,
                         .media_type = row->media_type,
                         .ordinal = row->ordinal >= 0 ? (uint64_t)row->ordinal : 0,
                         .cookie = (uint64_t)row->number };
  return rc == 0 ? call->host->emit_commit(call, out.filled, &emit) : rc;
}

static qn_status refuse(qn_call *call, int code, const letter_row *row, const qn_error *error) {
  char text[1200];
  if (error->message[0] != '\0') {
    snprintf(text, sizeof text, "%s", error->message);
  } else {
    snprintf(text, sizeof text, "dead letter %lld cannot be tried again: %s; purge it, or get it out with export",
             (long long)row->number, code == -EPROTO ? "its bytes are not all there" : strerror(-code));
  }
  return qn_fail(call, QN_STATUS_FATAL, "dead-letters", text);
}

static qn_status next(void *instance, qn_call *call) {
  retry *self = instance;
  letter_row row = { 0 };
  qn_error error = { 0 };
  int rc = remove_done(self, REMOVE_AT_ONCE, &error);
  rc = rc == 0 ? letter_rows_next(self->rows, &self->filter, &row, &error) : rc;
  if (rc == -ENOENT) {
    return QN_STATUS_OK;
  }
  if (rc != 0) {
    return refuse(call, rc, &row, &error);
  }
  self->filter.after = row.number;
  if (!row.has_payload) {
    self->counts.n_unreadable++;
    return QN_STATUS_MORE;
  }
  if (row.is_part) {
    self->counts.n_parts++;
    return QN_STATUS_MORE;
  }
  rc = emit_letter(self, call, &row, &error);
  switch (rc) {
  case 0:
    self->counts.n_tried++;
    return QN_STATUS_MORE;
  case -EFBIG:
    self->counts.n_too_large++;
    return QN_STATUS_MORE;
  case -ECANCELED:
    return QN_STATUS_OK;
  default:
    return refuse(call, rc, &row, &error);
  }
}

static void settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  retry *self = instance;
  pthread_mutex_lock(&self->mutex);
  for (uint32_t i = 0; i < n_receipts; i++) {
    int64_t number = (int64_t)receipts[i].cookie;
    if (receipts[i].outcome == QN_OUTCOME_DEAD_LETTERED) {
      note(&self->failed, &self->n_failed, &self->failed_capacity, number);
      self->counts.n_failed++;
    } else {
      note(&self->done, &self->n_done, &self->done_capacity, number);
      self->counts.n_delivered += receipts[i].outcome == QN_OUTCOME_DELIVERED;
      self->counts.n_dropped += receipts[i].outcome == QN_OUTCOME_DROPPED;
    }
  }
  pthread_mutex_unlock(&self->mutex);
}

static const qn_source source_table = {
  .size = sizeof(qn_source), .create = create, .destroy = destroy, .next = next, .settled = settled
};
static const qn_stage stage_table = { .size = sizeof(qn_stage), .name = "dead-letters", .source = &source_table };

/* --- the command's side --- */

static int find_source(retry *self, const plan *planned, qn_error *error) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    if (planned->stages[i].info->role == ROLE_SOURCE) {
      self->stage = i;
      n++;
    }
  }
  return n == 1 ? 0
                : error_set(error, -ENOTSUP, "retry",
                            "pipeline \"%s\" has %u sources, and a dead letter does not say which it came from; export "
                            "the letters and run them as documents",
                            planned->name, n);
}

static int open_letters(retry *self, const char *path, qn_error *error) {
  int rc = letter_rows_open(path, LETTERS_CHANGE, &self->rows, error);
  return rc == 0 ? letter_rows_last(self->rows, &self->filter.up_to, error) : rc;
}

int retry_new(const char *path, plan *planned, const int64_t *numbers, uint32_t n_numbers, retry **ret_retry,
              qn_error *error) {
  retry *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "retry", "no memory");
  }
  pthread_mutex_init(&self->mutex, NULL);
  self->plan = planned;
  self->filter = (letter_filter){ .pipeline = n_numbers == 0 ? planned->name : NULL,
                                  .numbers = n_numbers == 0 ? NULL : numbers,
                                  .n_numbers = n_numbers };
  int rc = find_source(self, planned, error);
  rc = rc == 0 ? open_letters(self, path, error) : rc;
  if (rc != 0) {
    retry_free(self);
    return rc;
  }
  self->info = *planned->stages[self->stage].info;
  self->info.call = CALL_SYNC;
  planned->stages[self->stage].info = &self->info;
  *ret_retry = self;
  return 0;
}

void retry_free(retry *self) {
  if (self == NULL) {
    return;
  }
  letter_rows_close(self->rows);
  pthread_mutex_destroy(&self->mutex);
  free(self->done);
  free(self->failed);
  free(self);
}

int retry_tables(retry *self, registry *from, const qn_stage **tables, qn_error *error) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < self->plan->n_stages; i++) {
    if (i == self->stage) {
      tables[i] = &stage_table;
    } else if (self->plan->stages[i].isolate) {
      tables[i] = NULL; /* as runtime_load() has it */
    } else {
      rc = registry_load(from, self->plan->stages[i].info, &tables[i], error);
    }
  }
  return rc;
}

int retry_conclude(retry *self, bool failures_kept, retry_counts *ret_counts, qn_error *error) {
  int rc = remove_done(self, 1, error);
  if (rc == 0 && failures_kept) {
    rc = remove_all(self, self->failed, self->n_failed, error);
  }
  rc = rc == 0 ? letter_rows_shrink(self->rows, error) : rc;
  *ret_counts = self->counts;
  return rc;
}
