/* SPDX-License-Identifier: Apache-2.0 */

/* What the control asks for: a document tried, dead letters put back into the journal. */
#include <errno.h>
#include <string.h>

#include "delivery/letter_rows.h"
#include "serve/service_body.h"

enum { SYNC_MS = 10000 };

const char *service_state_folder(const service *self) {
  return self->options.state;
}

const char *service_letters_path(const service *self) {
  return self->letters_path;
}

static supervisor *find(const service *self, const char *name, size_t len) {
  for (uint32_t i = 0; i < self->n_supervisors; i++) {
    const char *at = supervisor_name(self->supervisors[i]);
    if (strlen(at) == len && memcmp(at, name, len) == 0) {
      return self->supervisors[i];
    }
  }
  return NULL;
}

int service_try(service *self, const char *pipeline, const char *media_type, const void *bytes, size_t len,
                uint32_t timeout_ms, char **ret_record, qn_error *error) {
  supervisor *to = find(self, pipeline, strlen(pipeline));
  if (to == NULL) {
    return error_set(error, -ENOENT, "no-pipeline", "there is no pipeline \"%s\"", pipeline);
  }
  trial *of = NULL;
  if (trial_new(media_type, bytes, len, &of) != 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the document");
  }
  int rc = supervisor_try(to, of);
  if (rc != 0) {
    trial_end(of, NULL); /* the run's hold, which it did not take */
    qn_error unused;
    trial_wait(of, 0, ret_record, &unused);
    return rc == -ENOTSUP
               ? error_set(error, rc, "not-journaled",
                           "pipeline \"%s\" has no source whose documents go by the journal, so none can be "
                           "tried; use qanat trace",
                           pipeline)
               : error_set(error, -EAGAIN, "not-running", "pipeline \"%s\" does not run now; try again", pipeline);
  }
  return trial_wait(of, timeout_ms, ret_record, error);
}

/* --- dead letters --- */

typedef struct refill {
  journal_entry *entry;
  size_t filled;
} refill;

static int fill_piece(void *arg, const uint8_t *bytes, size_t len) {
  refill *self = arg;
  if (len > self->entry->payload_bytes - self->filled) {
    return -EPROTO;
  }
  if (len > 0) {
    memcpy(self->entry->payload + self->filled, bytes, len);
    self->filled += len;
  }
  return 0;
}

static int fill_field(void *arg, qn_str name, const qn_value *value) {
  const refill *self = arg;
  return journal_set_field(self->entry, name, value);
}

/* Puts the letter into the line it came from. */
static int refill_letter(journal_line *line, letter_rows *rows, const letter_row *row, qn_error *error) {
  refill to = { 0 };
  int rc = journal_reserve(line, (size_t)row->payload_bytes, &to.entry);
  if (rc != 0) {
    return error_set(error, rc, "journal", "dead letter %lld does not come into the journal: %s",
                     (long long)row->number,
                     rc == -EAGAIN  ? "it is full, or cannot write; try again"
                     : rc == -EFBIG ? "it is larger than all that the journal may hold; raise --journal-size"
                                    : strerror(-rc));
  }
  rc = letter_rows_payload(rows, row->number, fill_piece, &to, error);
  const qn_emit emit = { .source = row->source,
                         .id = row->id,
                         .media_type = row->media_type,
                         .ordinal = row->ordinal >= 0 ? (uint64_t)row->ordinal : 0 };
  rc = rc == 0 ? journal_describe(to.entry, &emit) : rc;
  rc = rc == 0 ? journal_name_confirmed(to.entry, row->confirmed) : rc;
  rc = rc == 0 ? letter_rows_fields(rows, row->number, fill_field, &to, error) : rc;
  if (rc == 0 && to.filled != (size_t)row->payload_bytes) {
    rc = error_set(error, -EPROTO, "dead-letters", "dead letter %lld is damaged: its bytes are not all there",
                   (long long)row->number);
  }
  if (rc != 0) {
    journal_cancel(to.entry);
    return rc;
  }
  journal_put(to.entry, to.filled);
  return 0;
}

/* The letter, and the line it came from. */
static int find_letter(const service *self, letter_rows *rows, int64_t number, letter_row *ret_row,
                       journal_line **ret_line, qn_error *error) {
  letter_row row = { 0 };
  const letter_filter filter = { .numbers = &number, .n_numbers = 1 };
  int rc = letter_rows_next(rows, &filter, &row, error);
  if (rc != 0) {
    return rc == -ENOENT ? error_set(error, rc, "dead-letters", "there is no dead letter %lld", (long long)number) : rc;
  }
  if (!row.has_payload || row.is_part) {
    return error_set(error, -ENOTSUP, "dead-letters", "dead letter %lld %s", (long long)number,
                     row.is_part ? "came out of another document; export it and send it as one"
                                 : "has no bytes: its source could not read it");
  }
  supervisor *of = find(self, row.pipeline.data, row.pipeline.len);
  journal_line *line = of != NULL ? supervisor_line(of, row.origin) : NULL;
  if (line == NULL) {
    return error_set(
        error, -ENOTSUP, "dead-letters",
        "dead letter %lld is of pipeline \"%.*s\" and source \"%.*s\", which this worker has not, or which "
        "gives documents again itself",
        (long long)number, (int)row.pipeline.len, row.pipeline.data, (int)row.origin.len, row.origin.data);
  }
  *ret_row = row;
  *ret_line = line;
  return 0;
}

/* All are looked for before the first goes its way, so that a wrong number is told while nothing has been done. */
static int retry_all(const service *self, letter_rows *rows, const int64_t *numbers, uint32_t n, uint32_t *ret_n_done,
                     qn_error *error) {
  letter_row row;
  journal_line *line;
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    rc = find_letter(self, rows, numbers[i], &row, &line, error);
  }
  uint32_t n_done = 0;
  while (rc == 0 && n_done < n) {
    rc = find_letter(self, rows, numbers[n_done], &row, &line, error);
    rc = rc == 0 ? refill_letter(line, rows, &row, error) : rc;
    n_done += rc == 0;
  }
  *ret_n_done = n_done;
  return rc;
}

static int remove_all(letter_rows *rows, const int64_t *numbers, uint32_t n, qn_error *error) {
  int rc = letter_rows_begin(rows, error);
  if (rc != 0) {
    return rc;
  }
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    rc = letter_rows_remove(rows, numbers[i], error);
    rc = rc == -ENOENT ? 0 : rc;
  }
  int ended = letter_rows_end(rows, rc == 0, error);
  return rc != 0 ? rc : ended;
}

/* The letters go once their documents are in the journal for sure; a crash between the two tries them twice. */
int service_letters_retry(service *self, const int64_t *numbers, uint32_t n, uint32_t *ret_n_done, qn_error *error) {
  letter_rows *rows = NULL;
  journal_counts before, after;
  journal_counts_get(self->journal, &before);
  int rc = letter_rows_open(self->letters_path, LETTERS_CHANGE, &rows, error);
  uint32_t n_done = 0;
  rc = rc == 0 ? retry_all(self, rows, numbers, n, &n_done, error) : rc;
  if (n_done > 0) {
    qn_error later = { 0 };
    int synced = journal_sync(self->journal, SYNC_MS);
    journal_counts_get(self->journal, &after);
    if (synced == 0 && after.refused != before.refused) {
      synced = -EIO; /* somebody's was not written, perhaps one of these: better twice than not at all */
    }
    if (synced != 0) {
      error_set(&later, synced, "journal", "the journal cannot write them: %s", strerror(-synced));
    }
    synced = synced == 0 ? remove_all(rows, numbers, n_done, &later) : synced;
    if (synced != 0) {
      *error = later;
      rc = synced;
      n_done = 0; /* none is known to go: all the letters stay */
    }
  }
  letter_rows_close(rows);
  pthread_mutex_lock(&self->mutex);
  self->letters_seen_ms = 0;
  pthread_mutex_unlock(&self->mutex);
  *ret_n_done = n_done;
  return rc;
}
