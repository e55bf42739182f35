/* SPDX-License-Identifier: Apache-2.0 */

/* Statements over the journal's tables, prepared when they are first needed. */
#include "delivery/journal_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_database.h"
#include "delivery/journal_fields.h"
#include "delivery/journal_inside.h"

enum { BUSY_MS = 10000, CHECKPOINT_MS = 50 };

enum statement_index {
  BEGIN,
  COMMIT,
  ADD_ENTRY,
  REMOVE_ENTRY,
  CONFIRM_ENTRY,
  CRASH_ENTRY,
  ADD_LINE,
  SET_LINE,
  SET_STATE,
  KEEP,
  FIND_KEY,
  ADD_KEY,
  OLD_KEYS,
  REMOVE_KEY,
  RENEW_KEY,
  READ_STATE,
  READ_LINES,
  READ_KEPT,
  LIST_ENTRIES,
  READ_PAYLOAD,
  READ_OLDEST,
  HAS_ENTRY,
  N_STATEMENTS
};

static const char *const texts[N_STATEMENTS] = {
  [BEGIN] = "BEGIN IMMEDIATE",
  [COMMIT] = "COMMIT",
  [ADD_ENTRY] =
      "INSERT INTO entries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
      " ?18, ?19)",
  [REMOVE_ENTRY] = "DELETE FROM entries WHERE place = ?1",
  [CONFIRM_ENTRY] = "UPDATE entries SET confirmed = coalesce(confirmed, '') || ?2 WHERE place = ?1",
  [CRASH_ENTRY] = "UPDATE entries SET crashes = coalesce(crashes, 0) + 1 WHERE place = ?1",
  [ADD_LINE] = "INSERT INTO lines (pipeline, source, documents, bytes) VALUES (?1, ?2, 0, 0)",
  [SET_LINE] = "UPDATE lines SET documents = ?2, bytes = ?3 WHERE line = ?1",
  [SET_STATE] = "UPDATE state SET next = ?1, session = ?2, keys = ?3",
  [KEEP] = "INSERT INTO kept VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET bytes = ?3",
  [FIND_KEY] = "SELECT id FROM keys WHERE line = ?1 AND key = ?2",
  [ADD_KEY] = "INSERT INTO keys VALUES (?1, ?2, ?3, ?4, ?5)",
  [OLD_KEYS] = "SELECT line, key, place FROM keys WHERE time_ms < ?1 ORDER BY time_ms, place LIMIT ?2",
  [REMOVE_KEY] = "DELETE FROM keys WHERE line = ?1 AND key = ?2",
  [RENEW_KEY] = "UPDATE keys SET time_ms = ?3 WHERE line = ?1 AND key = ?2",
  [READ_STATE] = "SELECT next, session, keys FROM state WHERE one = 1",
  [READ_LINES] = "SELECT line, pipeline, source, documents, bytes FROM lines",
  [READ_KEPT] = "SELECT pipeline, sink, bytes FROM kept",
  [LIST_ENTRIES] =
      "SELECT place, accepted_ms, bytes, hash, ordinal, session, cookie, watched, crashes, body, source, id,"
      " media_type, key, slug, message, confirmed, fields, payload FROM entries"
      " WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT ?3",
  [READ_PAYLOAD] = "SELECT payload FROM entries WHERE place = ?1",
  [READ_OLDEST] = "SELECT accepted_ms FROM entries WHERE place >= ?1 AND place < ?2 ORDER BY place LIMIT 1",
  [HAS_ENTRY] = "SELECT body FROM entries WHERE place = ?1",
};

struct journal_rows {
  sqlite3 *database;
  sqlite3_stmt *statements[N_STATEMENTS];
  uint32_t n_log_pages;
};

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

/* --- statements --- */

/* The statement, ready for its values. NULL with error filled. */
static sqlite3_stmt *ready(journal_rows *self, int index, qn_error *error) {
  sqlite3_stmt **statement = &self->statements[index];
  if (*statement == NULL &&
      sqlite3_prepare_v3(self->database, texts[index], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
    journal_database_fault(self->database, "read", error);
    return NULL;
  }
  return *statement;
}

/* Runs a statement that gives no rows, whose values bound to code. */
static int finish(journal_rows *self, sqlite3_stmt *statement, int code, qn_error *error) {
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int rc = code == SQLITE_DONE ? 0 : journal_database_fault(self->database, "write", error);
  sqlite3_reset(statement);
  return rc;
}

/* Ends a walk over rows that stopped with rc of whoever read them. */
static int end_walk(journal_rows *self, sqlite3_stmt *statement, int code, int rc, qn_error *error) {
  if (rc == 0 && code != SQLITE_ROW && code != SQLITE_DONE) {
    rc = journal_database_fault(self->database, "read", error);
  }
  sqlite3_reset(statement);
  return rc;
}

/* What is empty is NULL, also if something was bound there before. */
static int bind_str(sqlite3_stmt *statement, int index, qn_str text) {
  return text.len == 0 ? sqlite3_bind_null(statement, index)
                       : sqlite3_bind_text64(statement, index, text.data, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

static int bind_text(sqlite3_stmt *statement, int index, const char *text) {
  return sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

static int bind_nonzero(sqlite3_stmt *statement, int index, int64_t number) {
  return number == 0 ? sqlite3_bind_null(statement, index) : sqlite3_bind_int64(statement, index, number);
}

static qn_str column_str(sqlite3_stmt *statement, int index) {
  const char *data = (const char *)sqlite3_column_text(statement, index);
  return (qn_str){ data, (size_t)sqlite3_column_bytes(statement, index) };
}

static qn_str column_blob(sqlite3_stmt *statement, int index) {
  const char *data = sqlite3_column_blob(statement, index);
  return (qn_str){ data, (size_t)sqlite3_column_bytes(statement, index) };
}

/* Runs a statement whose values are all numbers. */
static int run_numbers(journal_rows *self, int index, const int64_t *numbers, int n, qn_error *error) {
  sqlite3_stmt *statement = ready(self, index, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = SQLITE_OK;
  for (int i = 0; i < n && code == SQLITE_OK; i++) {
    code = sqlite3_bind_int64(statement, i + 1, numbers[i]);
  }
  return finish(self, statement, code, error);
}

/* --- transactions --- */

int journal_rows_begin(journal_rows *self, qn_error *error) {
  return run_numbers(self, BEGIN, NULL, 0, error);
}

int journal_rows_commit(journal_rows *self, qn_error *error) {
  int rc = run_numbers(self, COMMIT, NULL, 0, error);
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
    code = bind_str(statement, 11 + i, strings[i]);
  }
  code = code == SQLITE_OK ? bind_blob(statement, 18, fields.data, fields.len) : code;
  size_t n_inline = entry->is_body ? 0 : shown->payload_bytes;
  return code == SQLITE_OK ? bind_blob(statement, 19, shown->payload, n_inline) : code;
}

int journal_rows_add(journal_rows *self, const entry_inside *entry, int64_t session, qn_error *error) {
  uint8_t room[1024], *owned = NULL;
  qn_str fields;
  sqlite3_stmt *statement = ready(self, ADD_ENTRY, error);
  if (statement == NULL) {
    return error->code;
  }
  if (encode_fields(&entry->shown, room, sizeof room, &owned, &fields) != 0) {
    return error_set(error, -ENOMEM, "journal", "no memory for a document's fields");
  }
  int rc = finish(self, statement, bind_entry(statement, entry, session, fields), error);
  free(owned);
  return rc;
}

int journal_rows_remove(journal_rows *self, int64_t place, qn_error *error) {
  return run_numbers(self, REMOVE_ENTRY, &place, 1, error);
}

int journal_rows_confirm(journal_rows *self, int64_t place, qn_str line, qn_error *error) {
  sqlite3_stmt *statement = ready(self, CONFIRM_ENTRY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, place);
  code = code == SQLITE_OK ? bind_str(statement, 2, line) : code;
  return finish(self, statement, code, error);
}

int journal_rows_crash(journal_rows *self, int64_t place, qn_error *error) {
  return run_numbers(self, CRASH_ENTRY, &place, 1, error);
}

/* --- lines, state, kept --- */

int journal_rows_add_line(journal_rows *self, const char *pipeline, const char *source, int64_t *ret_line,
                          qn_error *error) {
  sqlite3_stmt *statement = ready(self, ADD_LINE, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = bind_text(statement, 1, pipeline);
  code = code == SQLITE_OK ? bind_text(statement, 2, source) : code;
  int rc = finish(self, statement, code, error);
  if (rc == 0) {
    *ret_line = sqlite3_last_insert_rowid(self->database);
  }
  return rc;
}

int journal_rows_set_line(journal_rows *self, int64_t line, uint64_t documents, uint64_t bytes, qn_error *error) {
  return run_numbers(self, SET_LINE, (int64_t[]){ line, (int64_t)documents, (int64_t)bytes }, 3, error);
}

int journal_rows_set_state(journal_rows *self, uint64_t next_number, int64_t session, uint64_t n_keys,
                           qn_error *error) {
  return run_numbers(self, SET_STATE, (int64_t[]){ (int64_t)next_number, session, (int64_t)n_keys }, 3, error);
}

int journal_rows_keep(journal_rows *self, const char *pipeline, const char *sink, const void *bytes, size_t n_bytes,
                      qn_error *error) {
  sqlite3_stmt *statement = ready(self, KEEP, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = bind_text(statement, 1, pipeline);
  code = code == SQLITE_OK ? bind_text(statement, 2, sink) : code;
  code =
      code == SQLITE_OK ? sqlite3_bind_blob64(statement, 3, n_bytes == 0 ? "" : bytes, n_bytes, SQLITE_STATIC) : code;
  return finish(self, statement, code, error);
}

int journal_rows_state(journal_rows *self, uint64_t *ret_next_number, int64_t *ret_session, uint64_t *ret_n_keys,
                       qn_error *error) {
  sqlite3_stmt *statement = ready(self, READ_STATE, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    *ret_next_number = (uint64_t)sqlite3_column_int64(statement, 0);
    *ret_session = sqlite3_column_int64(statement, 1);
    *ret_n_keys = (uint64_t)sqlite3_column_int64(statement, 2);
  }
  int rc = code == SQLITE_DONE ? error_set(error, -EUCLEAN, "journal", "%s is damaged: it has lost its state",
                                           sqlite3_db_filename(self->database, "main"))
                               : 0;
  return end_walk(self, statement, code, rc, error);
}

int journal_rows_lines(journal_rows *self, journal_rows_line_reader *read, void *arg, qn_error *error) {
  sqlite3_stmt *statement = ready(self, READ_LINES, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = 0, code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW && rc == 0) {
    rc = read(arg, sqlite3_column_int64(statement, 0), column_str(statement, 1), column_str(statement, 2),
              (uint64_t)sqlite3_column_int64(statement, 3), (uint64_t)sqlite3_column_int64(statement, 4));
  }
  return end_walk(self, statement, code, rc, error);
}

int journal_rows_kept(journal_rows *self, journal_rows_kept_reader *read, void *arg, qn_error *error) {
  sqlite3_stmt *statement = ready(self, READ_KEPT, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = 0, code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW && rc == 0) {
    qn_str bytes = column_blob(statement, 2);
    rc = read(arg, column_str(statement, 0), column_str(statement, 1), bytes.data, bytes.len);
  }
  return end_walk(self, statement, code, rc, error);
}

/* --- keys --- */

int journal_rows_find_key(journal_rows *self, int64_t line, qn_str key, char *room, size_t room_bytes,
                          size_t *ret_bytes, qn_error *error) {
  sqlite3_stmt *statement = ready(self, FIND_KEY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, line);
  code = code == SQLITE_OK ? bind_str(statement, 2, key) : code;
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  if (code == SQLITE_ROW) {
    qn_str id = column_str(statement, 0);
    *ret_bytes = id.len < room_bytes ? id.len : room_bytes;
    memcpy(room, id.len > 0 ? id.data : "", *ret_bytes);
  }
  return end_walk(self, statement, code, code == SQLITE_DONE ? -ENOENT : 0, error);
}

int journal_rows_add_key(journal_rows *self, int64_t line, qn_str key, qn_str id, int64_t place, int64_t time_ms,
                         qn_error *error) {
  sqlite3_stmt *statement = ready(self, ADD_KEY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, line);
  code = code == SQLITE_OK ? bind_str(statement, 2, key) : code;
  code = code == SQLITE_OK
             ? sqlite3_bind_text64(statement, 3, id.len > 0 ? id.data : "", id.len, SQLITE_STATIC, SQLITE_UTF8)
             : code;
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 4, place) : code;
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 5, time_ms) : code;
  return finish(self, statement, code, error);
}

/* 1: there is such an entry; with a body, 2. */
static int has_entry(journal_rows *self, int64_t place, qn_error *error) {
  sqlite3_stmt *statement = ready(self, HAS_ENTRY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, place);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int found = code != SQLITE_ROW ? 0 : sqlite3_column_int64(statement, 0) != 0 ? 2 : 1;
  int rc = end_walk(self, statement, code, 0, error);
  return rc != 0 ? rc : found;
}

int journal_rows_has_body(journal_rows *self, int64_t place, qn_error *error) {
  int found = has_entry(self, place, error);
  return found < 0 ? found : found == 2;
}

static int forget_or_renew(journal_rows *self, int64_t line, qn_str key, int64_t place, int64_t now_ms,
                           uint32_t *n_removed, qn_error *error) {
  int kept = has_entry(self, place, error);
  sqlite3_stmt *statement = kept < 0 ? NULL : ready(self, kept > 0 ? RENEW_KEY : REMOVE_KEY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, line);
  code = code == SQLITE_OK ? bind_str(statement, 2, key) : code;
  code = code == SQLITE_OK && kept > 0 ? sqlite3_bind_int64(statement, 3, now_ms) : code;
  *n_removed += kept == 0;
  return finish(self, statement, code, error);
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
  sqlite3_stmt *statement = ready(self, OLD_KEYS, error);
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
    qn_str text = column_str(statement, 1);
    *key = (old_key){ .line = sqlite3_column_int64(statement, 0), .place = sqlite3_column_int64(statement, 2) };
    key->len = text.len < KEY_BYTES ? text.len : KEY_BYTES;
    memcpy(key->key, text.len > 0 ? text.data : "", key->len);
  }
  *ret_n = n;
  return end_walk(self, statement, code, 0, error);
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

/* --- reading entries --- */

static void read_row(sqlite3_stmt *statement, journal_row *ret_row) {
  *ret_row = (journal_row){
    .place = sqlite3_column_int64(statement, 0),
    .accepted_ms = sqlite3_column_int64(statement, 1),
    .payload_bytes = (uint64_t)sqlite3_column_int64(statement, 2),
    .hash = (uint64_t)sqlite3_column_int64(statement, 3),
    .ordinal = (uint64_t)sqlite3_column_int64(statement, 4),
    .session = sqlite3_column_int64(statement, 5),
    .cookie = (uint64_t)sqlite3_column_int64(statement, 6),
    .watched = (uint32_t)sqlite3_column_int64(statement, 7),
    .crashes = (uint32_t)sqlite3_column_int64(statement, 8),
    .is_body = sqlite3_column_int64(statement, 9) != 0,
    .source = column_str(statement, 10),
    .id = column_str(statement, 11),
    .media_type = column_str(statement, 12),
    .key = column_str(statement, 13),
    .slug = column_str(statement, 14),
    .message = column_str(statement, 15),
    .confirmed = column_str(statement, 16),
    .fields = column_blob(statement, 17),
  };
}

int journal_rows_list(journal_rows *self, int64_t from, int64_t end, uint32_t n_max, size_t payload_bytes,
                      journal_rows_reader *read, void *arg, qn_error *error) {
  sqlite3_stmt *statement = ready(self, LIST_ENTRIES, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = 0;
  size_t left = payload_bytes;
  int code = sqlite3_bind_int64(statement, 1, from);
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 2, end) : code;
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 3, n_max) : code;
  while ((code == SQLITE_OK || code == SQLITE_ROW) && rc == 0) {
    journal_row row;
    code = sqlite3_step(statement);
    if (code != SQLITE_ROW) {
      break;
    }
    read_row(statement, &row);
    if (!row.is_body && row.payload_bytes <= left) {
      row.payload = column_blob(statement, 18);
      left -= row.payload_bytes;
    }
    rc = read(arg, &row);
  }
  return end_walk(self, statement, code, rc, error);
}

int journal_rows_payload(journal_rows *self, int64_t place, void *bytes, size_t n_bytes, qn_error *error) {
  sqlite3_stmt *statement = ready(self, READ_PAYLOAD, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, place);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  qn_str payload = code == SQLITE_ROW ? column_blob(statement, 0) : (qn_str){ NULL, 0 };
  int rc = 0;
  if (code == SQLITE_DONE || (code == SQLITE_ROW && payload.len != n_bytes)) {
    rc = error_set(error, -EBADMSG, "body-lost", "the payload of a document is gone from %s",
                   sqlite3_db_filename(self->database, "main"));
  } else if (code == SQLITE_ROW && n_bytes > 0) {
    memcpy(bytes, payload.data, n_bytes);
  }
  return end_walk(self, statement, code, rc, error);
}

int journal_rows_oldest(journal_rows *self, int64_t line, uint64_t *ret_ms, qn_error *error) {
  sqlite3_stmt *statement = ready(self, READ_OLDEST, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, journal_rows_place(line, 0));
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 2, journal_rows_place(line + 1, 0)) : code;
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  uint64_t found_ms = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
  int rc = end_walk(self, statement, code, 0, error);
  if (rc == 0) {
    *ret_ms = found_ms;
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

uint32_t journal_rows_log_pages(const journal_rows *self) {
  return self->n_log_pages;
}
