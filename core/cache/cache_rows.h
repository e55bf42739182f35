/* SPDX-License-Identifier: Apache-2.0 */

/* The statements of a run cache's file. One thread. Floor 3, private to core/cache. */
#ifndef CORE_CACHE_CACHE_ROWS_H
#define CORE_CACHE_CACHE_ROWS_H

#include <sqlite3.h>

#include "cache/cache_store.h"

typedef struct cache_rows {
  sqlite3 *database;
  int64_t run;            /* which one this is: what entries were last used by says how old they are */
  int64_t entries, bytes; /* within a transaction: the sums */
  sqlite3_stmt *all[10];  /* by cache_rows.c's own numbers */
} cache_rows;

/* As cache_database_open; begins a new run. */
int cache_rows_open(cache_rows *rows, const char *folder, qn_error *error);
void cache_rows_close(cache_rows *rows); /* also half-opened, or zeroed */

int cache_rows_chain(cache_rows *rows, const char *text, int64_t *ret_chain, qn_error *error);

/* A batch: begin, any number of changes, shrink, end. */
int cache_rows_begin(cache_rows *rows, qn_error *error);
int cache_rows_put(cache_rows *rows, const uint8_t *key, const cache_entry *entry, qn_error *error);
int cache_rows_use(cache_rows *rows, const uint8_t *key, qn_error *error);
/* Takes the least lately used out until a tenth of max_bytes is free, if there is more than that. */
int cache_rows_shrink(cache_rows *rows, uint64_t max_bytes, qn_error *error);
/* Commits if rc is 0, else gives up the batch; returns rc, or what committing came to. */
int cache_rows_end(cache_rows *rows, int rc, qn_error *error);

/* Zeros if they cannot be read. */
void cache_rows_totals(cache_rows *rows, uint64_t *ret_entries, uint64_t *ret_bytes);

#endif
