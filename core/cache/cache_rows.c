/* SPDX-License-Identifier: Apache-2.0 */

/* Every change is one of a few prepared statements; sums are kept in the transaction and written at its end. */
#include "cache/cache_rows.h"

#include <errno.h>
#include <string.h>

#include "cache/cache_database.h"

enum { FIND, REMOVE_BLOCK, REMOVE, ADD_BLOCK, ADD, USE, OLDEST, READ_TOTALS, WRITE_TOTALS, N_STATEMENTS };

static const char *const statements[N_STATEMENTS] = {
  [FIND] = "SELECT block, bytes FROM entries WHERE key = ?1",
  [REMOVE_BLOCK] = "DELETE FROM blocks WHERE block = ?1",
  [REMOVE] = "DELETE FROM entries WHERE key = ?1",
  [ADD_BLOCK] = "INSERT INTO blocks (bytes) VALUES (?1)",
  [ADD] = "INSERT INTO entries (key, chain, dropped, block, bytes, used) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
  [USE] = "UPDATE entries SET used = ?2 WHERE key = ?1",
  [OLDEST] = "SELECT key FROM entries ORDER BY used LIMIT 1",
  [READ_TOTALS] = "SELECT entries, bytes FROM totals",
  [WRITE_TOTALS] = "UPDATE totals SET entries = ?1, bytes = ?2",
};

/* What an entry takes beside its block. */
enum { ENTRY_BYTES = 160 };

/* Runs a statement that gives no row. */
static int run(cache_rows *self, int which, qn_error *error) {
  int code = sqlite3_step(self->all[which]);
  int rc = code == SQLITE_DONE || code == SQLITE_ROW ? 0 : cache_database_fault(self->database, "write", error);
  sqlite3_reset(self->all[which]);
  sqlite3_clear_bindings(self->all[which]);
  return rc;
}

/* --- opening --- */

static int prepare(cache_rows *self, qn_error *error) {
  for (int i = 0; i < N_STATEMENTS; i++) {
    if (sqlite3_prepare_v3(self->database, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &self->all[i], NULL) !=
        SQLITE_OK) {
      return cache_database_fault(self->database, "read", error);
    }
  }
  return 0;
}

int cache_rows_open(cache_rows *self, const char *folder, qn_error *error) {
  *self = (cache_rows){ 0 };
  int rc = cache_database_open(folder, &self->database, error);
  rc = rc == 0 ? prepare(self, error) : rc;
  rc = rc == 0 ? cache_database_number(self->database, "UPDATE totals SET runs = runs + 1 RETURNING runs", &self->run,
                                       error)
               : rc;
  if (rc != 0) {
    cache_rows_close(self);
  }
  return rc;
}

void cache_rows_close(cache_rows *self) {
  for (int i = 0; i < N_STATEMENTS; i++) {
    sqlite3_finalize(self->all[i]);
  }
  sqlite3_close(self->database);
  *self = (cache_rows){ 0 };
}

int cache_rows_chain(cache_rows *self, const char *text, int64_t *ret_chain, qn_error *error) {
  sqlite3_stmt *add = NULL;
  int64_t chain = 0;
  /* The update of nothing makes it return the row that is there. */
  int code = sqlite3_prepare_v2(self->database,
                                "INSERT INTO chains (text) VALUES (?1) ON CONFLICT (text) DO UPDATE SET text = text"
                                " RETURNING chain",
                                -1, &add, NULL);
  code = code == SQLITE_OK ? sqlite3_bind_text(add, 1, text, -1, SQLITE_STATIC) : code;
  code = code == SQLITE_OK ? sqlite3_step(add) : code;
  if (code == SQLITE_ROW) {
    chain = sqlite3_column_int64(add, 0);
    code = sqlite3_step(add);
  }
  int rc = code == SQLITE_DONE ? 0 : cache_database_fault(self->database, "write", error);
  sqlite3_finalize(add);
  if (rc == 0) {
    *ret_chain = chain;
  }
  return rc;
}

/* --- batches --- */

static int read_totals(cache_rows *self, qn_error *error) {
  sqlite3_stmt *totals = self->all[READ_TOTALS];
  int rc = sqlite3_step(totals) == SQLITE_ROW ? 0 : cache_database_fault(self->database, "read", error);
  if (rc == 0) {
    self->entries = sqlite3_column_int64(totals, 0);
    self->bytes = sqlite3_column_int64(totals, 1);
  }
  sqlite3_reset(totals);
  return rc;
}

int cache_rows_begin(cache_rows *self, qn_error *error) {
  int rc = cache_database_run(self->database, "BEGIN IMMEDIATE", error);
  return rc == 0 ? read_totals(self, error) : rc;
}

int cache_rows_end(cache_rows *self, int rc, qn_error *error) {
  if (rc == 0) {
    sqlite3_bind_int64(self->all[WRITE_TOTALS], 1, self->entries);
    sqlite3_bind_int64(self->all[WRITE_TOTALS], 2, self->bytes);
    rc = run(self, WRITE_TOTALS, error);
  }
  rc = rc == 0 ? cache_database_run(self->database, "COMMIT", error) : rc;
  if (rc != 0) {
    sqlite3_exec(self->database, "ROLLBACK", NULL, NULL, NULL);
  }
  return rc;
}

/* Takes out what the key has, if anything. */
static int remove_entry(cache_rows *self, const uint8_t *key, qn_error *error) {
  sqlite3_stmt *find = self->all[FIND];
  sqlite3_bind_blob(find, 1, key, CACHE_STORE_KEY_BYTES, SQLITE_STATIC);
  int code = sqlite3_step(find);
  int rc = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : cache_database_fault(self->database, "read", error);
  bool has_block = code == SQLITE_ROW && sqlite3_column_type(find, 0) != SQLITE_NULL;
  int64_t block = has_block ? sqlite3_column_int64(find, 0) : 0;
  int64_t bytes = code == SQLITE_ROW ? sqlite3_column_int64(find, 1) : 0;
  sqlite3_reset(find);
  if (rc != 0 || code == SQLITE_DONE) {
    return rc;
  }
  if (has_block) {
    sqlite3_bind_int64(self->all[REMOVE_BLOCK], 1, block);
    rc = run(self, REMOVE_BLOCK, error);
  }
  if (rc == 0) {
    sqlite3_bind_blob(self->all[REMOVE], 1, key, CACHE_STORE_KEY_BYTES, SQLITE_STATIC);
    rc = run(self, REMOVE, error);
  }
  self->entries--;
  self->bytes -= bytes;
  return rc;
}

int cache_rows_put(cache_rows *self, const uint8_t *key, const cache_entry *entry, qn_error *error) {
  sqlite3_stmt *add = self->all[ADD];
  int64_t bytes = (int64_t)entry->len + ENTRY_BYTES;
  int rc = remove_entry(self, key, error);
  if (rc == 0 && !entry->dropped) {
    sqlite3_bind_blob64(self->all[ADD_BLOCK], 1, entry->bytes, entry->len, SQLITE_STATIC);
    rc = run(self, ADD_BLOCK, error);
    sqlite3_bind_int64(add, 4, sqlite3_last_insert_rowid(self->database));
  } else {
    sqlite3_bind_int64(add, 3, entry->link);
  }
  if (rc == 0) {
    sqlite3_bind_blob(add, 1, key, CACHE_STORE_KEY_BYTES, SQLITE_STATIC);
    sqlite3_bind_int64(add, 2, entry->chain);
    sqlite3_bind_int64(add, 5, bytes);
    sqlite3_bind_int64(add, 6, self->run);
    rc = run(self, ADD, error);
  }
  self->entries++;
  self->bytes += bytes;
  return rc;
}

int cache_rows_use(cache_rows *self, const uint8_t *key, qn_error *error) {
  sqlite3_bind_blob(self->all[USE], 1, key, CACHE_STORE_KEY_BYTES, SQLITE_STATIC);
  sqlite3_bind_int64(self->all[USE], 2, self->run);
  return run(self, USE, error);
}

static int remove_oldest(cache_rows *self, qn_error *error) {
  uint8_t key[CACHE_STORE_KEY_BYTES];
  sqlite3_stmt *oldest = self->all[OLDEST];
  int code = sqlite3_step(oldest);
  bool good = code == SQLITE_ROW && sqlite3_column_bytes(oldest, 0) == CACHE_STORE_KEY_BYTES;
  if (good) {
    memcpy(key, sqlite3_column_blob(oldest, 0), sizeof key);
  }
  sqlite3_reset(oldest);
  if (!good) {
    return code == SQLITE_ROW || code == SQLITE_DONE
               ? error_set(error, -EUCLEAN, "cache", "the sums of the cache do not fit its entries")
               : cache_database_fault(self->database, "read", error);
  }
  return remove_entry(self, key, error);
}

int cache_rows_shrink(cache_rows *self, uint64_t max_bytes, qn_error *error) {
  int64_t most = max_bytes > INT64_MAX ? INT64_MAX : (int64_t)max_bytes;
  int rc = 0;
  if (self->bytes > most) {
    while (rc == 0 && self->entries > 0 && self->bytes > most - most / 10) {
      rc = remove_oldest(self, error);
    }
  }
  return rc;
}

/* --- the rest --- */

void cache_rows_totals(cache_rows *self, uint64_t *ret_entries, uint64_t *ret_bytes) {
  bool known = read_totals(self, NULL) == 0;
  *ret_entries = known ? (uint64_t)self->entries : 0;
  *ret_bytes = known ? (uint64_t)self->bytes : 0;
}
