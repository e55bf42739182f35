/* SPDX-License-Identifier: Apache-2.0 */

/* The SQLite file that dead letters are kept in: opening it, its tables, and what its errors mean. Floor 3, private.
 *
 * letters holds a row for each failure, fields what the source knew of the document, payloads its bytes in parts (a
 * document may be larger than a value of SQLite), totals one row with the sums, kept by triggers. */
#ifndef CORE_DELIVERY_LETTER_DATABASE_H
#define CORE_DELIVERY_LETTER_DATABASE_H

#include <stdint.h>

#include <sqlite3.h>

#include "document/error.h"

typedef enum letter_access {
  LETTERS_READ = 0,   /* the file must be there */
  LETTERS_CHANGE = 1, /* the same, to be written */
  LETTERS_CREATE = 2, /* made if it is not there */
  LETTERS_GLANCE = 3  /* as LETTERS_READ, and nobody who writes is waited for: -EBUSY */
} letter_access;

/* Bytes of a part of a payload. */
enum { LETTER_PART_BYTES = 4 << 20 };

/* 0; -ENOENT, -EACCES, -EINVAL (another's database), -EUCLEAN (damaged, or no database), -EBUSY, -ENOSPC, ... with error filled. */
int letter_database_open(const char *path, letter_access access, sqlite3 **ret_database, qn_error *error);
void letter_database_close(sqlite3 *database); /* NULL is fine */

/* Renames a damaged file, with its log, to PATH.damaged-N, which nobody else may have open. The name is the caller's. */
int letter_database_set_aside(const char *path, char **ret_name, qn_error *error);

/* Says in error what the last failed call on the database means, and what to do. Returns the negative errno. */
int letter_database_fault(sqlite3 *database, const char *doing, qn_error *error);

/* Runs statements that give no rows. 0, or as letter_database_fault. */
int letter_database_run(sqlite3 *database, const char *sql, const char *doing, qn_error *error);

/* The one number that a statement gives. */
int letter_database_number(sqlite3 *database, const char *sql, int64_t *ret_number, qn_error *error);

/* The sums over all letters. */
int letter_database_totals(sqlite3 *database, uint64_t *ret_letters, uint64_t *ret_bytes, qn_error *error);

#endif
