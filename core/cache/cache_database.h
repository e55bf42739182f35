/* SPDX-License-Identifier: Apache-2.0 */

/* The SQLite file of a run cache: opening it, its tables, and what its errors mean. Floor 3, private to core/cache.
 *
 * entries holds what is kept by key, blocks its bytes (apart, so that noting a use does not write them anew), chains what the
 * results of entries depend on, totals one row with the sums. A file that is damaged, or of another version, is set aside:
 * nothing in it is worth more than making it again. */
#ifndef CORE_CACHE_CACHE_DATABASE_H
#define CORE_CACHE_CACHE_DATABASE_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "document/error.h"

/* The file in the folder; the caller frees it. NULL: no memory. */
char *cache_database_path(const char *folder);

/* Opens the file for writing, made if need be. 0, or a negative errno with error filled: -EINVAL is another program's file,
 * -EUCLEAN one that is damaged or of another version. */
int cache_database_open(const char *folder, sqlite3 **ret_database, qn_error *error);

/* A further connection that only reads. */
int cache_database_open_reader(const char *folder, sqlite3 **ret_database, qn_error *error);

/* Moves the file out of the way, to be looked at. */
void cache_database_set_aside(const char *folder);

/* What the last failed call means, and what to do. Returns the negative errno: -EUCLEAN if the file is damaged. */
int cache_database_fault(sqlite3 *database, const char *doing, qn_error *error);

int cache_database_run(sqlite3 *database, const char *sql, qn_error *error);
int cache_database_number(sqlite3 *database, const char *sql, int64_t *ret_number, qn_error *error);

#endif
