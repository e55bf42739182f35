/* SPDX-License-Identifier: Apache-2.0 */

/* Opens cache files. synchronous=NORMAL: a crash of the machine may cost the latest entries and nothing else. */
#include "cache/cache_database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "observe/sqlite_fault.h"

enum { APPLICATION_ID = 0x514E4341 /* "QNCA" */, SCHEMA_VERSION = 1, BUSY_MS = 10000 };

static const char schema[] =
    "CREATE TABLE chains (chain INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"
    "CREATE TABLE blocks (block INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;"
    "CREATE TABLE entries (key BLOB NOT NULL PRIMARY KEY, chain INTEGER NOT NULL,"
    " dropped INTEGER," /* the link that dropped the document; NULL: none did */
    " block INTEGER, bytes INTEGER NOT NULL, used INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX entries_used ON entries (used);"
    "CREATE TABLE totals (one INTEGER PRIMARY KEY CHECK (one = 1), runs INTEGER NOT NULL, entries INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL) STRICT;"
    "INSERT INTO totals VALUES (1, 0, 0, 0);"
    "PRAGMA application_id = 0x514E4341; PRAGMA user_version = 1;";

char *cache_database_path(const char *folder) {
  char *path = NULL;
  return asprintf(&path, "%s/cache.db", folder) < 0 ? NULL : path;
}

/* --- faults --- */

static const sqlite_words words = {
  .slug = "cache",
  .unnamed = "the cache",
  .full = "make room on its disk, or bound it with --cache-size",
  .denied = "change its permissions and its folder's, or name another folder",
  .busy = "another run has held it for too long",
  .missing = "it must be in a folder that is there, with leave to write",
  .damaged = "it is damaged",
  .foreign = "it is damaged",
  .damaged_code = -EUCLEAN,
  .foreign_code = -EUCLEAN,
};

static const char *name_of(sqlite3 *database) {
  const char *path = sqlite3_db_filename(database, "main");
  return path != NULL && path[0] != '\0' ? path : words.unnamed;
}

int cache_database_fault(sqlite3 *database, const char *doing, qn_error *error) {
  return sqlite_fault(database, &words, doing, error);
}

int cache_database_run(sqlite3 *database, const char *sql, qn_error *error) {
  return sqlite_fault_run(database, &words, sql, "write", error);
}

int cache_database_number(sqlite3 *database, const char *sql, int64_t *ret_number, qn_error *error) {
  return sqlite_fault_number(database, &words, sql, "read", ret_number, error);
}

/* --- opening --- */

/* 0: the tables are there. 1: nothing at all is. -EUCLEAN: of another version. */
static int check_owner(sqlite3 *database, qn_error *error) {
  int64_t owner = 0, version = 0, n_tables = 0;
  int rc = cache_database_number(database, "PRAGMA application_id", &owner, error);
  rc = rc == 0 ? cache_database_number(database, "PRAGMA user_version", &version, error) : rc;
  rc = rc == 0 ? cache_database_number(database, "SELECT count(*) FROM sqlite_schema", &n_tables, error) : rc;
  if (rc != 0) {
    return rc;
  }
  if (owner == 0 && n_tables == 0) {
    return 1;
  }
  if (owner != APPLICATION_ID) {
    return error_set(error, -EINVAL, "cache", "%s is an SQLite database of another program; name another folder",
                     name_of(database));
  }
  return version == SCHEMA_VERSION
             ? 0
             : error_set(error, -EUCLEAN, "cache", "%s is of version %lld, this qanat knows version %d",
                         name_of(database), (long long)version, SCHEMA_VERSION);
}

/* Looks again under the lock: another run may be making the tables at the same moment. */
static int make_tables(sqlite3 *database, qn_error *error) {
  int rc = cache_database_run(database, "BEGIN IMMEDIATE", error);
  if (rc != 0) {
    return rc;
  }
  rc = check_owner(database, error);
  rc = rc == 1 ? cache_database_run(database, schema, error) : rc;
  rc = rc == 0 ? cache_database_run(database, "COMMIT", error) : rc;
  if (rc != 0) {
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  }
  return rc;
}

static int connect(const char *folder, int flags, sqlite3 **ret_database, qn_error *error) {
  char *path = cache_database_path(folder);
  sqlite3 *database = NULL;
  if (path == NULL) {
    return error_set(error, -ENOMEM, "cache", "no memory to open the cache");
  }
  int code = sqlite3_open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX, NULL);
  free(path);
  if (database == NULL) {
    return error_set(error, -ENOMEM, "cache", "no memory to open the cache");
  }
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, BUSY_MS);
  int rc = code == SQLITE_OK ? 0 : cache_database_fault(database, "open", error);
  if (rc != 0) {
    sqlite3_close(database);
    return rc;
  }
  *ret_database = database;
  return 0;
}

void cache_database_set_aside(const char *folder) {
  static const char *const behind[] = { "", "-wal", "-shm" };
  char *path = cache_database_path(folder);
  for (size_t i = 0; path != NULL && i < sizeof behind / sizeof behind[0]; i++) {
    char *from = NULL, *to = NULL;
    if (asprintf(&from, "%s%s", path, behind[i]) >= 0 && asprintf(&to, "%s.damaged%s", path, behind[i]) >= 0 &&
        rename(from, to) != 0) {
      unlink(to); /* what does not belong to the one set aside now */
    }
    free(from);
    free(to);
  }
  free(path);
}

int cache_database_open(const char *folder, sqlite3 **ret_database, qn_error *error) {
  if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
    return error_set(error, -errno, "cache", "cannot make the folder %s: %s", folder, strerror(errno));
  }
  sqlite3 *database = NULL;
  int rc = connect(folder, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &database, error);
  if (rc != 0) {
    return rc;
  }
  /* Both are only heeded before the first table. Large pages, for blocks are. */
  rc = cache_database_run(database, "PRAGMA page_size = 16384; PRAGMA auto_vacuum = INCREMENTAL", error);
  rc = rc == 0 ? check_owner(database, error) : rc;
  if (rc >= 0) {
    int wal = cache_database_run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", error);
    rc = wal != 0 ? wal : rc;
  }
  rc = rc == 1 ? make_tables(database, error) : rc;
  if (rc != 0) {
    sqlite3_close(database);
    return rc;
  }
  *ret_database = database;
  return 0;
}

int cache_database_open_reader(const char *folder, sqlite3 **ret_database, qn_error *error) {
  return connect(folder, SQLITE_OPEN_READONLY, ret_database, error);
}
