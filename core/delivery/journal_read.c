/* SPDX-License-Identifier: Apache-2.0 */

/* What is read of the journal's tables. Payloads are only when they are asked for. */
#include "delivery/journal_rows.h"

#include <errno.h>
#include <string.h>

#include "delivery/journal_database.h"
#include "delivery/journal_statements.h"

int journal_rows_state(journal_rows *self, uint64_t *ret_next_number, int64_t *ret_session, uint64_t *ret_n_keys,
                       qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, READ_STATE, error);
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
  return journal_statement_end(self, statement, code, rc, error);
}

int journal_rows_lines(journal_rows *self, journal_rows_line_reader *read, void *arg, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, READ_LINES, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = 0, code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW && rc == 0) {
    rc = read(arg, sqlite3_column_int64(statement, 0), journal_column_str(statement, 1),
              journal_column_str(statement, 2), (uint64_t)sqlite3_column_int64(statement, 3),
              (uint64_t)sqlite3_column_int64(statement, 4));
  }
  return journal_statement_end(self, statement, code, rc, error);
}

int journal_rows_kept(journal_rows *self, journal_rows_kept_reader *read, void *arg, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, READ_KEPT, error);
  if (statement == NULL) {
    return error->code;
  }
  int rc = 0, code;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW && rc == 0) {
    qn_str bytes = journal_column_blob(statement, 2);
    rc = read(arg, journal_column_str(statement, 0), journal_column_str(statement, 1), bytes.data, bytes.len);
  }
  return journal_statement_end(self, statement, code, rc, error);
}

int journal_rows_has(journal_rows *self, int64_t place, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, HAS_ENTRY, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, place);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int found = code != SQLITE_ROW ? 0 : sqlite3_column_int64(statement, 0) != 0 ? 2 : 1;
  int rc = journal_statement_end(self, statement, code, 0, error);
  return rc != 0 ? rc : found;
}

int journal_rows_has_body(journal_rows *self, int64_t place, qn_error *error) {
  int found = journal_rows_has(self, place, error);
  return found < 0 ? found : found == 2;
}

/* --- entries --- */

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
    .source = journal_column_str(statement, 10),
    .id = journal_column_str(statement, 11),
    .media_type = journal_column_str(statement, 12),
    .key = journal_column_str(statement, 13),
    .slug = journal_column_str(statement, 14),
    .message = journal_column_str(statement, 15),
    .confirmed = journal_column_str(statement, 16),
    .fields = journal_column_blob(statement, 17),
  };
}

int journal_rows_list(journal_rows *self, int64_t from, int64_t end, uint32_t n_max, size_t payload_bytes,
                      journal_rows_reader *read, void *arg, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, LIST_ENTRIES, error);
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
      row.payload = journal_column_blob(statement, 18);
      left -= row.payload_bytes;
    }
    rc = read(arg, &row);
  }
  return journal_statement_end(self, statement, code, rc, error);
}

int journal_rows_payload(journal_rows *self, int64_t place, void *bytes, size_t n_bytes, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, READ_PAYLOAD, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, place);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  qn_str payload = code == SQLITE_ROW ? journal_column_blob(statement, 0) : (qn_str){ NULL, 0 };
  int rc = 0;
  if (code == SQLITE_DONE || (code == SQLITE_ROW && payload.len != n_bytes)) {
    rc = error_set(error, -EBADMSG, "body-lost", "the payload of a document is gone from %s",
                   sqlite3_db_filename(self->database, "main"));
  } else if (code == SQLITE_ROW && n_bytes > 0) {
    memcpy(bytes, payload.data, n_bytes);
  }
  return journal_statement_end(self, statement, code, rc, error);
}

int journal_rows_oldest(journal_rows *self, int64_t line, uint64_t *ret_ms, qn_error *error) {
  sqlite3_stmt *statement = journal_statement(self, READ_OLDEST, error);
  if (statement == NULL) {
    return error->code;
  }
  int code = sqlite3_bind_int64(statement, 1, journal_rows_place(line, 0));
  code = code == SQLITE_OK ? sqlite3_bind_int64(statement, 2, journal_rows_place(line + 1, 0)) : code;
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  uint64_t found_ms = code == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
  int rc = journal_statement_end(self, statement, code, 0, error);
  if (rc == 0) {
    *ret_ms = found_ms;
  }
  return rc;
}
