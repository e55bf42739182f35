/* SPDX-License-Identifier: Apache-2.0 */

/* The journal's file: made, opened, looked at and moved aside. Floor 3, private. */
#ifndef CORE_DELIVERY_JOURNAL_DATABASE_H
#define CORE_DELIVERY_JOURNAL_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>

#include "document/error.h"

enum { JOURNAL_PAGE_BYTES = 8192 };

/* FOLDER/name, owned by the caller; NULL: no memory. */
char *journal_database_path(const char *folder, const char *name);

/* Opens FOLDER/journal.db for the worker that holds the lock; makes it if it is not there. -EUCLEAN: it is damaged. */
int journal_database_open(const char *folder, sqlite3 **ret_database, qn_error *error);
/* Opens a journal's file to read it, beside a worker that may be writing. */
int journal_database_open_reader(const char *path, sqlite3 **ret_database, qn_error *error);
/* All of it is looked at. -EUCLEAN: it is damaged; error tells the first thing found. */
int journal_database_check(sqlite3 *database, qn_error *error);

/* Moves the file and bodies/ to names with .damaged-N; ret_name is the new name, owned by the caller. 0, -errno. */
int journal_database_set_aside(const char *folder, char **ret_name, qn_error *error);
/* Leaves word for the next opening that the file must be looked at in full. */
void journal_database_suspect(const char *folder);

/* What the last failure on the connection was. Always a negative errno: -EUCLEAN for damage, -ENOSPC for a full disk. */
int journal_database_fault(sqlite3 *database, const char *doing, qn_error *error);
int journal_database_run(sqlite3 *database, const char *sql, const char *doing, qn_error *error);

#endif
