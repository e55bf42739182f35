/* SPDX-License-Identifier: Apache-2.0 */

/* The pipeline's side: entries are taken in order, from memory or from the disk, and settled or returned. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_body.h"
#include "delivery/journal_database.h"
#include "delivery/journal_fields.h"
#include "delivery/journal_inside.h"

enum { FETCH_ENTRIES = 128, FETCH_BYTES = 1 << 20, AGAIN_NS = 1000000000 };

/* --- from the disk --- */

typedef struct fetched {
  journal_line *line;
  journal_entry *first, **last;
  entry_inside *entry; /* whose fields are being read */
  uint32_t n;
} fetched;

static int add_field(void *arg, qn_str name, const qn_value *value) {
  fetched *self = arg;
  return journal_set_field(&self->entry->shown, name, value);
}

static int copy(entry_inside *entry, qn_str text, qn_str *ret_copy) {
  *ret_copy = journal_entry_copy(entry, text);
  return ret_copy->len == text.len ? 0 : -ENOMEM;
}

static int copy_strings(entry_inside *entry, const journal_row *row) {
  journal_entry *shown = &entry->shown;
  int rc = copy(entry, row->source, &shown->source);
  rc = rc == 0 ? copy(entry, row->id, &shown->id) : rc;
  rc = rc == 0 ? copy(entry, row->media_type, &shown->media_type) : rc;
  rc = rc == 0 ? copy(entry, row->key, &shown->key) : rc;
  rc = rc == 0 ? copy(entry, row->slug, &shown->slug) : rc;
  rc = rc == 0 ? copy(entry, row->message, &shown->message) : rc;
  return rc == 0 ? copy(entry, row->confirmed, &shown->confirmed) : rc;
}

static int copy_payload(entry_inside *entry, qn_str payload) {
  if (payload.data == NULL || payload.len != entry->shown.payload_bytes || payload.len == 0 ||
      journal_body_hash(payload.data, payload.len) != entry->hash) {
    return 0; /* journal_load says what is wrong with it */
  }
  entry->shown.payload = malloc(payload.len);
  if (entry->shown.payload == NULL) {
    return 0;
  }
  memcpy(entry->shown.payload, payload.data, payload.len);
  return 0;
}

static int fill(fetched *self, entry_inside *entry, const journal_row *row) {
  bool ours = row->session == self->line->journal->session;
  journal_entry *shown = &entry->shown;
  shown->number = (uint64_t)row->place & ((UINT64_C(1) << JOURNAL_NUMBER_BITS) - 1);
  shown->payload_bytes = row->payload_bytes;
  shown->ordinal = row->ordinal;
  shown->accepted_ms = row->accepted_ms;
  shown->crashes = row->crashes;
  shown->cookie = ours ? row->cookie : 0;
  shown->watched = ours ? row->watched : 0;
  entry->room_bytes = row->payload_bytes;
  entry->hash = row->hash;
  entry->is_body = row->is_body;
  self->entry = entry;
  int rc = copy_strings(entry, row);
  if (rc == 0) {
    rc = journal_fields_read((const uint8_t *)row->fields.data, row->fields.len, add_field, self);
  }
  if (rc != 0 && rc != -ENOMEM) { /* one damaged row must not hold up those behind it */
    static const char message[] = "what was known of the document has been damaged in the journal";
    shown->n_fields = 0;
    rc = journal_reject(shown, "journal-damaged", message, sizeof message - 1);
  }
  return rc == 0 ? copy_payload(entry, row->payload) : rc;
}

static int add_row(void *arg, const journal_row *row) {
  fetched *self = arg;
  entry_inside *entry = journal_entry_new(self->line, 0);
  int rc = entry == NULL ? -ENOMEM : fill(self, entry, row);
  if (rc != 0) {
    journal_entry_free(entry);
    return rc;
  }
  *self->last = &entry->shown;
  self->last = &entry->shown.next;
  self->n++;
  return 0;
}

static void tell_unreadable(journal *self, const qn_error *error, int rc) {
  if (rc == -EUCLEAN) {
    journal_database_suspect(self->folder);
    journal_say(
        self, QN_LOG_ERROR,
        "documents that wait in the journal cannot be read: %s; stop the worker and start it again: it moves the "
        "damaged file aside and goes on with a new one",
        error->message);
  } else {
    journal_say(self, QN_LOG_ERROR, "documents that wait in the journal cannot be read: %s; trying again every second",
                error->message);
  }
}

/* Reads the next ones of the line's range; the lock is given away meanwhile. [locked] */
static int fetch(journal_line *line) {
  journal *owner = line->journal;
  qn_error error = { 0 };
  fetched found = { .line = line, .last = &found.first };
  uint64_t from = line->disk_from, end = line->disk_end;
  line->fetching = true;
  pthread_mutex_unlock(&owner->mutex);
  pthread_mutex_lock(&owner->reading_mutex);
  int rc = journal_rows_list(owner->reading, journal_rows_place(line->id, from), journal_rows_place(line->id, end),
                             FETCH_ENTRIES, FETCH_BYTES, add_row, &found, &error);
  pthread_mutex_unlock(&owner->reading_mutex);
  if (rc == -ENOMEM && error.code == 0) {
    error_set(&error, rc, "journal", "there is no memory");
  }
  if (rc != 0 && found.n == 0 && !line->unreadable) {
    tell_unreadable(owner, &error, rc);
  }
  pthread_mutex_lock(&owner->mutex);
  line->fetching = false;
  line->unreadable = rc != 0 && found.n == 0;
  for (journal_entry *entry = found.first; entry != NULL; entry = entry->next) {
    owner->memory_bytes += journal_entry_size(journal_entry_of(entry));
    line->disk_from = entry->number + 1;
  }
  if (rc == 0 && found.n < FETCH_ENTRIES) {
    line->disk_from = end;
  }
  journal_line_merge(line, found.first);
  pthread_cond_broadcast(&line->takeable);
  return found.n > 0 ? 0 : rc;
}

/* --- taking --- */

static int compare(const void *a, const void *b) {
  uint64_t left = (*(journal_entry *const *)a)->number, right = (*(journal_entry *const *)b)->number;
  return (left > right) - (left < right);
}

/* Puts what was returned in its place again. Many are sorted first, so that each is not looked for from the begin. [locked] */
static void merge_returned(journal_line *line) {
  uint32_t n = 0;
  for (const journal_entry *entry = line->returned; entry != NULL; entry = entry->next) {
    n++;
  }
  journal_entry **sorted = n > 1 ? malloc(n * sizeof(journal_entry *)) : NULL;
  journal_entry *list = line->returned;
  line->returned = NULL;
  if (sorted == NULL) {
    while (list != NULL) {
      journal_entry *next = list->next;
      list->next = NULL;
      journal_line_merge(line, list);
      list = next;
    }
    return;
  }
  for (uint32_t i = 0; i < n; i++, list = list->next) {
    sorted[i] = list;
  }
  qsort(sorted, n, sizeof(journal_entry *), compare);
  for (uint32_t i = 0; i < n; i++) {
    sorted[i]->next = i + 1 < n ? sorted[i + 1] : NULL;
  }
  journal_line_merge(line, sorted[0]);
  free(sorted);
}

/* Cuts off the front of what waits, as far as nothing on the disk comes before it. [locked] */
static journal_entry *cut(journal_line *line, uint32_t n_max) {
  journal_entry *first = line->waiting, **at = &line->waiting;
  uint64_t before = line->disk_from < line->disk_end ? line->disk_from : UINT64_MAX;
  uint32_t n = 0;
  while (*at != NULL && n < n_max && (*at)->number < before) {
    line->journal->memory_bytes -= journal_entry_size(journal_entry_of(*at));
    at = &(*at)->next;
    n++;
  }
  if (n == 0) {
    return NULL;
  }
  line->waiting = *at;
  if (line->waiting == NULL) {
    line->last = &line->waiting;
  }
  *at = NULL;
  line->taken += n;
  return first;
}

/* Waits for something to take, or fetches it. [locked] */
static void wait_for_some(journal_line *line) {
  if (line->fetching || line->disk_from >= line->disk_end) {
    pthread_cond_wait(&line->takeable, &line->journal->mutex);
  } else if (fetch(line) != 0) {
    int64_t until = journal_now_ns() + AGAIN_NS;
    while (!line->take_interrupted && line->returned == NULL &&
           journal_wait_until(&line->takeable, &line->journal->mutex, until)) {
    }
  }
}

int journal_take(journal_line *line, uint32_t n_max, journal_entry **ret_first) {
  journal *owner = line->journal;
  journal_entry *first = NULL;
  pthread_mutex_lock(&owner->mutex);
  while (!line->take_interrupted) {
    if (line->returned != NULL) {
      merge_returned(line);
    }
    first = cut(line, n_max);
    if (first != NULL) {
      break;
    }
    wait_for_some(line);
  }
  pthread_mutex_unlock(&owner->mutex);
  if (first == NULL) {
    return -ECANCELED;
  }
  *ret_first = first;
  return 0;
}

void journal_interrupt_take(journal_line *line, bool interrupted) {
  journal *owner = line->journal;
  pthread_mutex_lock(&owner->mutex);
  line->take_interrupted = interrupted;
  pthread_cond_broadcast(&line->takeable);
  pthread_mutex_unlock(&owner->mutex);
}

/* --- payloads --- */

static int read_payload(journal *self, const entry_inside *entry, uint8_t *bytes, qn_error *error) {
  size_t n_bytes = entry->shown.payload_bytes;
  int64_t place = journal_entry_place(entry);
  if (entry->is_body) {
    return journal_body_read(self->folder, place, bytes, n_bytes, error);
  }
  pthread_mutex_lock(&self->reading_mutex);
  int rc = journal_rows_payload(self->reading, place, bytes, n_bytes, error);
  pthread_mutex_unlock(&self->reading_mutex);
  return rc;
}

int journal_load(journal_entry *shown, qn_error *error) {
  entry_inside *entry = journal_entry_of(shown);
  if (shown->payload != NULL || shown->payload_bytes == 0) {
    return 0;
  }
  uint8_t *bytes = malloc(shown->payload_bytes);
  if (bytes == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for a document of %zu bytes", shown->payload_bytes);
  }
  int rc = read_payload(shown->line->journal, entry, bytes, error);
  if (rc == 0 && journal_body_hash(bytes, shown->payload_bytes) != entry->hash) {
    rc = error_set(error, -EBADMSG, "body-lost", "the payload of document %llu of the journal is damaged",
                   (unsigned long long)shown->number);
  }
  if (rc != 0) {
    free(bytes);
    return rc;
  }
  shown->payload = bytes;
  return 0;
}

void journal_unload(journal_entry *entry) {
  free(entry->payload);
  entry->payload = NULL;
}

/* --- giving back --- */

/* Lines that were confirmed while somebody had it. [locked] */
static void add_confirmed(entry_inside *entry) {
  journal_entry *shown = &entry->shown;
  if (entry->confirmed_bytes == 0) {
    return;
  }
  char *all = journal_entry_alloc(entry, shown->confirmed.len + entry->confirmed_bytes);
  if (all == NULL) {
    return; /* then it comes to those sinks twice */
  }
  if (shown->confirmed.len > 0) {
    memcpy(all, shown->confirmed.data, shown->confirmed.len);
  }
  memcpy(all + shown->confirmed.len, entry->confirmed_since, entry->confirmed_bytes);
  shown->confirmed = (qn_str){ all, shown->confirmed.len + entry->confirmed_bytes };
  free(entry->confirmed_since);
  entry->confirmed_since = NULL;
  entry->confirmed_bytes = 0;
}

void journal_return(journal_entry *shown) {
  entry_inside *entry = journal_entry_of(shown);
  journal_line *line = shown->line;
  journal *owner = line->journal;
  uint8_t *dropped = NULL;
  pthread_mutex_lock(&owner->mutex);
  add_confirmed(entry);
  if (owner->memory_bytes + journal_entry_size(entry) > owner->options.memory_bytes) {
    dropped = shown->payload;
    shown->payload = NULL;
  }
  owner->memory_bytes += journal_entry_size(entry);
  shown->next = line->returned;
  line->returned = shown;
  line->taken--;
  pthread_cond_signal(&line->takeable);
  pthread_mutex_unlock(&owner->mutex);
  free(dropped);
}

void journal_settle(journal_entry *shown) {
  entry_inside *entry = journal_entry_of(shown);
  journal *owner = shown->line->journal;
  journal_unload(shown);
  entry->op.kind = OP_SETTLE;
  pthread_mutex_lock(&owner->mutex);
  journal_push(owner, &entry->op);
  pthread_mutex_unlock(&owner->mutex);
}
