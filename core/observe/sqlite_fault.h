/* SPDX-License-Identifier: Apache-2.0 */

/* What went wrong in SQLite, in words for people. Floor 1. */
#ifndef CORE_OBSERVE_SQLITE_FAULT_H
#define CORE_OBSERVE_SQLITE_FAULT_H

#include <sqlite3.h>
#include <stdint.h>

#include "document/error.h"

/* What a file is for, and what is to be done about it, where that differs from file to file. */
typedef struct sqlite_words {
  const char *slug;                           /* of errors */
  const char *unnamed;                        /* what it is called if it has no path: "the cache" */
  const char *full, *denied, *busy, *missing; /* what to do */
  const char *damaged, *foreign;
  int damaged_code, foreign_code; /* negative errnos: of damage, and of a file that is no database */
} sqlite_words;

/* The errno that SQLite's code and the system's stand for, and what to do about it. */
int sqlite_fault_meaning(const sqlite_words *words, int code, int system_errno, const char **ret_remedy);
/* Fills error with what the last failure on the connection was, "cannot DOING FILE: ...". Always a negative errno. */
int sqlite_fault(sqlite3 *database, const sqlite_words *words, const char *doing, qn_error *error);
/* Runs statements that give no rows; reads the number that a query gives. 0, or as sqlite_fault. */
int sqlite_fault_run(sqlite3 *database, const sqlite_words *words, const char *sql, const char *doing, qn_error *error);
int sqlite_fault_number(sqlite3 *database, const sqlite_words *words, const char *sql, const char *doing,
                        int64_t *ret_number, qn_error *error);

#endif
