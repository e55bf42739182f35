/* SPDX-License-Identifier: Apache-2.0 */

/* What changes the journal's tables. */
#include "delivery/journal_rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_database.h"
#include "delivery/journal_fields.h"
#include "delivery/journal_inside.h"
#include "delivery/journal_statements.h"

enum { BUSY_MS = 10000, CHECKPOINT_MS = 50 };

static int note_log(void *arg, sqlite3 *database, const char *name, int n_pages) {
  journal_rows *self = arg;
  (void)database;
  (void)name;
  self->n_log_pages = (uint32_t)n_pages;
  return SQLITE_OK;
}

int journal_rows_new(sqlite3 *database, journal_rows **ret_rows, qn_error *error) {
  journal_rows *self = calloc(1, sizeof *self);
  if (self == NULL) {
    sqlite3_close(database);
    return error_set(error, -ENOMEM, "journal", "no memory to open the journal");
  }
  self->database = database;
  sqlite3_wal_hook(database, note_log, self); /* in the place of SQLite's own, which writes back inside commits */
  *ret_rows = self;
  return 0;
}

void journal_rows_free(journal_rows *self) {
  if (self == NULL) {
    return;
  }
  for (int i = 0; i < N_STATEMENTS; i++) {
    sqlite3_finalize(self->statements[i]);
  }
  sqlite3_close(self->database);
  free(self);
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text) {
  return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static int bind_nonzero(sqlite3_stmt *statement, int index, int64_t number) {
  return number == 0 ? sqlite3_bind_null(statement, index) : sqlite3_bind_int64(statement, index, number);
}

/* --- transactions --- */

int journal_rows_begin(journal_rows *self, qn_error *error) {
  return journal_statement_run(self, BEGIN, NULL, 0, error);
}

int journal_rows_commit(journal_rows *self, qn_error *error) {
  int rc = journal_statement_run(self, COMMIT, NULL, 0, error);
  if (rc != 0) {
    journal_rows_roll_back(self);
  }
  return rc;
}

void journal_rows_roll_back(journal_rows *self) {
  sqlite3_exec(self->database, "ROLLBACK", NULL, NULL, NULL); /* fails if SQLite did so by itself: as well */
}

int journal_rows_begin_reading(journal_rows *self, qn_error *error) {
  return journal_database_run(self->database, "BEGIN", "read", error);
}

/* --- entries --- */

/* Into room if they fit, else into memory that is *ret_owned. */
static int encode_fields(const journal_entry *entry, uint8_t *room, size_t room_bytes, uint8_t **ret_owned,
                         qn_str *ret_fields) {
  size_t size = journal_fields_size(entry->fields, entry->n_fields);
  uint8_t *bytes = size <= room_bytes ? room : malloc(size);
  if (bytes == NULL) {
    return -ENOMEM;
  }
  journal_fields_write(entry->fields, entry->n_fields, bytes);
  *ret_owned = bytes == room ? NULL : bytes;
  *ret_fields = (qn_str){ (const char *)bytes, size };
  return 0;
}

static int bind_blob(sqlite3_stmt *statement, int index, const void *bytes, size_t n_bytes) {
  return n_bytes == 0 ? sqlite3_bind_null(statement, index)
                      : sqlite3_bind_blob64(statement, index, bytes, n_bytes, SQLITE_STATIC);
}

static int bind_entry(sqlite3_stmt *statement, const entry_inside *entry, int64_t session, qn_str fields) {
  const journal_entry *shown = &entry->shown;
  bool is_ours = shown->cookie != 0 || shown->watched != 0;
  const int64_t numbers[] = { shown->accepted_ms, (int64_t)shown->payload_bytes, (int64_t)entry->hash };
  const int64_t nonzero[] = {
    (int64_t)shown->ordinal, is_ours ? session : 0, (int64_t)shown->cookie,
    shown->watched,          shown->crashes,        entry->is_body,
  };
  const qn_str strings[] = { shown->source, shown->id,      shown->media_type, shown->key,
                             shown->slug,   shown->message, shown->confirmed };
  int code = sqlite3_bind_int64(statement, 1, journal_entry_place(entry));
  for (int i = 0; i < 3 && code == SQLITE_OK; i++) {
    code = sqlite3_bind_int64(statement, 2 + i, numbers[i]);
  }
  for (int i = 0; i < 6 && code == SQLITE_OK; i++) {
    code = bind_nonzero(statement, 5 + i, nonzero[i]);
  }
  for (int i = 0; i < 7 && code == SQLITE_OK; i++) {
    code = journal_bind_str(statement, 11 + i, strings[i]);
  }
  code = code == SQLITE_OK ? bind_blob(statement, 18, fields.data, fields.len) : code;
  size_t n_inline = entry->is_body ? 0 : shown->payload_bytes;
  return code == SQLITE_OK ? bind_blob(statement, 19, shown->payload, n_inline) : code;
}

int journal_rows_add(journal_rows *self, const entry_inside *entry, int64_t session, qn_error *error) {
  uint8_t room[1024], *owned = NULL;
  qn_str fields;
  sqlite3_stmt *statement = journal_statement(self, ADD_ENTRY, error);
  if (statement == NULL) {
    return error->code;
  }
  if (encode_fields(&entry->shown, room, sizeof room, &owned, &fields) != 0) {
    return error_set(error, -ENOMEM, "journal", "no memory for a document's fields");
  }
  int rc = journal_statement_finish(self, statement, bind_entry(statement, entry, session, fields), error);
  free(owned);
  return rc;
}

int journal_rows_remove(journal_rows *self, int64_t place, qn_error *error) {
  return journal_statement_run(self, REMOVE_ENTRY, &place, 1, error);
}

int journal_rows_confirm(journal_rows *self, int64_t place, qn_str line, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, CONFIRM_ENTRY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, place);
  code = code == SQLITE_OK ? journal_bind_str(statement, 2, line) : code;
  return journal_statement_finish(self, statement, code, error);
}

int journal_rows_crash(journal_rows *self, int64_t place, qn_error *error) {
  return journal_statement_run(self, CRASH_ENTRY, &place, 1, error);
}

/* --- lines, state, kept --- */

int journal_rows_add_line(journal_rows *self, const char *pipeline, const char *source, int64_t *ret_line,
                          qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, ADD_LINE, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = bind_text(statement, 1, pipeline);
  code = code == SQLITE_OK ? bind_text(statement, 2, source) : code;
  int rc = journal_statement_finish(self, statement, code, error);
  if (rc == 0) {
    *ret_line = sqlite3_last_insert_rowid(self->database);
  }
  return rc;
}

int journal_rows_set_line(journal_rows *self, int64_t line, uint64_t documents, uint64_t bytes, qn_error *error) {
  return journal_statement_run(self, SET_LINE, (int64_t[]){ line, (int64_t)documents, (int64_t)bytes }, 3, error);
}

int journal_rows_set_state(journal_rows *self, uint64_t next_number, int64_t session, uint64_t n_keys,
                           qn_error *error) {
  return journal_statement_run(self, SET_STATE, (int64_t[]){ (int64_t)next_number, session, (int64_t)n_keys }, 3,
                               error);
}

int journal_rows_keep(journal_rows *self, const char *pipeline, const char *sink, const void *bytes, size_t n_bytes,
                      qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, KEEP, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = bind_text(statement, 1, pipeline);
  code = code == SQLITE_OK ? bind_text(statement, 2, sink) : code;
  code =
      code == SQLITE_OK ? sqlite3_bind_blob64(statement, 3, n_bytes == 0 ? "" : bytes, n_bytes, SQLITE_STATIC) : code;
  return journal_statement_finish(self, statement, code, error);
}

/* --- keys --- */

int journal_rows_find_key(journal_rows *self, int64_t line, qn_str key, char *room, size_t room_bytes,
                          size_t *ret_bytes, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, FIND_KEY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, line);
  code = code == SQLITE_OK ? journal_bind_str(statement, 2, key) : code;
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  if (code == SQLITE_ROW) {
    qn_str id = journal_column_str(statement, 0);
    *ret_bytes = id.len < room_bytes ? id.len : room_bytes;
    memcpy(room, id.len > 0 ? id.data : "", *ret_bytes);
  }
  return journal_statement_end(self, statement, code, code == SQLITE_DONE ? -ENOENT : 0, error);
}

int journal_rows_add_key(journal_rows *self, int64_t line, qn_str key, qn_str id, int64_t place, int64_t time_ms,
                         qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, ADD_KEY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, line);
  code = code == SQLITE_OK ? journal_bind_str(statement, 2, key) : code;
  code = code == SQLITE_OK
             ? sqlite3_bind_text64(statement, 3, id.len > 0 ? id.data : "", id.len, SQLITE_STATIC, SQLITE_UTF8)
             : code;
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 4, place) : code;
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 5, time_ms) : code;
  return journal_statement_finish(self, statement, code, error);
}

static int forget_or_renew(journal_rows *self, int64_t line, qn_str key, int64_t place, int64_t now_ms,
                           uint32_t *n_removed, qn_error *error) {
  int kept = journal_rows_has(self, place, error);
  sqlite3_stmt *statement = kept < 0 ? NULL : journal_statement(self, kept > 0 ? RENEW_KEY : REMOVE_KEY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, line);
  code = code == SQLITE_OK ? journal_bind_str(statement, 2, key) : code;
  code = code == SQLITE_OK && kept > 0 ? sqlite3_bind_int64(statement, 3, now_ms) : code;
  *n_removed += kept == 0;
  return journal_statement_finish(self, statement, code, error);
}

enum { PRUNED_AT_ONCE = 64, KEY_BYTES = 256 };

typedef struct old_key {
  int64_t line, place;
  size_t len;
  char key[KEY_BYTES];
} old_key;

/* Copied first: the walk must not go over an index that is being changed. */
static int find_old_keys(journal_rows *self, int64_t before_ms, uint32_t n_max, old_key *ret_keys, uint32_t *ret_n,
                         qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, OLD_KEYS, error);
  if (statement == NULL) {
    return error->code;
  }
  uint32_t n = 0;
  int code = sqlite3_bind_int64(statement, 1, before_ms);
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 2, n_max) : code;
  while (code == SQLITE_OK || code == SQLITE_ROW) {
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW || n == n_max) {
      break;
    }
    old_key *key = &ret_keys[n++];
    qn_str text = journal_column_str(statement, 1);
    *key = (old_key){ .line = sqlite3_column_int64(statement, 0), .place = sqlite3_column_int64(statement, 2) };
    key->len = text.len < KEY_BYTES ? text.len : KEY_BYTES;
    memcpy(key->key, text.len > 0 ? text.data : "", key->len);
  }
  *ret_n = n;
  return journal_statement_end(self, statement, code, 0, error);
}

int journal_rows_prune_keys(journal_rows *self, int64_t before_ms, int64_t now_ms, uint32_t n_max,
                            uint32_t *ret_n_removed, qn_error *error) {
  old_key keys[PRUNED_AT_ONCE];
  uint32_t n = 0, n_removed = 0;
  int rc = find_old_keys(self, before_ms, n_max < PRUNED_AT_ONCE ? n_max : PRUNED_AT_ONCE, keys, &n, error);
  for (uint32_t i = 0; i < n && rc == 0; i++) {
    rc = forget_or_renew(self, keys[i].line, (qn_str){ keys[i].key, keys[i].len }, keys[i].place, now_ms, &n_removed,
                         error);
  }
  if (rc == 0) {
    *ret_n_removed = n_removed;
  }
  return rc;
}

/* --- the file --- */

int journal_rows_check(journal_rows *self, qn_error *error) {
  return journal_database_check(self->database, error);
}

int journal_rows_checkpoint(journal_rows *self, bool wait, uint32_t *ret_n_log_pages, qn_error *error) {
  int n_log = 0, n_written = 0;
  sqlite3_busy_timeout(self->database, CHECKPOINT_MS); /* commits wait meanwhile */
  int code = sqlite3_wal_checkpoint_v2(
      self->database, NULL, wait ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE, &n_log, &n_written);
  sqlite3_busy_timeout(self->database, BUSY_MS);
  if (code != SQLITE_OK && code != SQLITE_BUSY) {
    return journal_database_fault(self->database, "write", error);
  }
  *ret_n_log_pages = n_log > n_written ? (uint32_t)(n_log - n_written) : 0;
  return 0;
}

int journal_rows_pages(journal_rows *self, uint32_t *ret_n_free, uint32_t *ret_n_pages, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, COUNT_PAGES, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    *ret_n_free = (uint32_t)sqlite3_column_int64(statement, 0);
    *ret_n_pages = (uint32_t)sqlite3_column_int64(statement, 1);
  }
  return journal_statement_end(self, statement, code, 0, error);
}

int journal_rows_shrink(journal_rows *self, uint32_t n_pages, qn_error *error) {
  char sql[64];
  snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%u)", n_pages);
  return journal_database_run(self->database, sql, "write", error);
}

uint32_t journal_rows_log_pages(const journal_rows *self) {
  return self->n_log_pages;
}
