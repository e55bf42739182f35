/* SPDX-License-Identifier: Apache-2.0 */

/* The statements over the journal's tables, prepared when they are first needed. Floor 3, private to journal_rows.c and
 * journal_read.c. */
#ifndef CORE_DELIVERY_JOURNAL_STATEMENTS_H
#define CORE_DELIVERY_JOURNAL_STATEMENTS_H

#include "delivery/journal_rows.h"

typedef enum statement_index {
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
  COUNT_PAGES,
  N_STATEMENTS
} statement_index;

struct journal_rows {
  sqlite3 *database;
  sqlite3_stmt *statements[N_STATEMENTS];
  uint32_t n_log_pages;
};

/* The statement, ready for its values. NULL with error filled. */
sqlite3_stmt *journal_statement(journal_rows *rows, statement_index index, qn_error *error);
/* Runs a statement that gives no rows, whose values bound to code. */
int journal_statement_finish(journal_rows *rows, sqlite3_stmt *statement, int code, qn_error *error);
/* Ends a walk over rows that stopped with code of SQLite and rc of whoever read them. */
int journal_statement_end(journal_rows *rows, sqlite3_stmt *statement, int code, int rc, qn_error *error);
/* Runs a statement whose values are all numbers. */
int journal_statement_run(journal_rows *rows, statement_index index, const int64_t *numbers, int n, qn_error *error);

/* What is empty is NULL, also if something was bound there before. SQLite's codes. */
int journal_bind_str(sqlite3_stmt *statement, int index, qn_str text);
qn_str journal_column_str(sqlite3_stmt *statement, int index);
qn_str journal_column_blob(sqlite3_stmt *statement, int index);

#endif
