/* SPDX-License-Identifier: Apache-2.0 */

#include "delivery/journal_statements.h"

#include "delivery/journal_database.h"

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
  [COUNT_PAGES] = "SELECT freelist_count, page_count FROM pragma_freelist_count, pragma_page_count",
  [HAS_ENTRY] = "SELECT body FROM entries WHERE place = ?1",
};

sqlite3_stmt *journal_statement(journal_rows *self, statement_index index, qn_error *error) {
  sqlite3_stmt **statement = &self->statements[index];
  if (*statement == NULL &&
      sqlite3_prepare_v3(self->database, texts[index], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
    journal_database_fault(self->database, "read", error);
    return NULL;
  }
  return *statement;
}

int journal_statement_finish(journal_rows *self, sqlite3_stmt *statement, int code, qn_error *error) {
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int rc = code == SQLITE_DONE ? 0 : journal_database_fault(self->database, "write", error);
  sqlite3_reset(statement);
  return rc;
}

int journal_statement_end(journal_rows *self, sqlite3_stmt *statement, int code, int rc, qn_error *error) {
  if (rc == 0 && code != SQLITE_ROW && code != SQLITE_DONE) {
    rc = journal_database_fault(self->database, "read", error);
  }
  sqlite3_reset(statement);
  return rc;
}

int journal_statement_run(journal_rows *self, statement_index index, const int64_t *numbers, int n, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, index, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = SQLITE_OK;
  for (int i = 0; i < n && code == SQLITE_OK; i++) {
    code = sqlite3_bind_int64(statement, i + 1, numbers[i]);
  }
  return journal_statement_finish(self, statement, code, error);
}

int journal_bind_str(sqlite3_stmt *statement, int index, qn_str text) {
  return text.len == 0 ? sqlite3_bind_null(statement, index)
                       : sqlite3_bind_text64(statement, index, text.data, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

qn_str journal_column_str(sqlite3_stmt *statement, int index) {
  const char *data = (const char *)sqlite3_column_text(statement, index);
  return (qn_str){ data, (size_t)sqlite3_column_bytes(statement, index) };
}

qn_str journal_column_blob(sqlite3_stmt *statement, int index) {
  const char *data = sqlite3_column_blob(statement, index);
  return (qn_str){ data, (size_t)sqlite3_column_bytes(statement, index) };
}
