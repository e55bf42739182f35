/* SPDX-License-Identifier: Apache-2.0 */

/* The journal's file. A file that another program or a newer qanat made is refused; one that is damaged is the caller's to move
 * aside. */
#include "delivery/journal_database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "observe/sqlite_fault.h"

enum {
  APPLICATION_ID = 0x514E4A4C, /* "QNJL" */
  SCHEMA_VERSION = 1,
  BUSY_MS = 10000,
  ASIDE_MAX = 10000,
  CHECKED_BYTES = 32 << 20 /* files up to this are looked at in full at every opening */
};

static const char file_name[] = "journal.db", suspect_name[] = "journal.db.suspect";

static const char schema[] =
    "CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), next INTEGER NOT NULL, session INTEGER NOT NULL,"
    " keys INTEGER NOT NULL) STRICT;"
    "INSERT INTO state VALUES (1, 1, 0, 0);"
    "CREATE TABLE lines (line INTEGER PRIMARY KEY, pipeline TEXT NOT NULL, source TEXT NOT NULL,"
    " documents INTEGER NOT NULL, bytes INTEGER NOT NULL, UNIQUE (pipeline, source)) STRICT;"
    /* A place is the line's number in the bits above 48 and the entry's below, so that a line is read in order without an
     * index. What is empty is NULL. The payload is last: whoever does not ask for it does not read it. */
    "CREATE TABLE entries (place INTEGER PRIMARY KEY, accepted_ms INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " hash INTEGER NOT NULL, ordinal INTEGER, session INTEGER, cookie INTEGER, watched INTEGER, crashes INTEGER,"
    " body INTEGER, source TEXT, id TEXT, media_type TEXT, key TEXT, slug TEXT, message TEXT, confirmed TEXT,"
    " fields BLOB, payload BLOB) STRICT;"
    "CREATE TABLE keys (line INTEGER NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, place INTEGER NOT NULL,"
    " time_ms INTEGER NOT NULL, PRIMARY KEY (line, key)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX keys_time ON keys (time_ms, place);"
    "CREATE TABLE kept (pipeline TEXT NOT NULL, sink TEXT NOT NULL, bytes BLOB NOT NULL,"
    " PRIMARY KEY (pipeline, sink)) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 0x514E4A4C; PRAGMA user_version = 1;";

char *journal_database_path(const char *folder, const char *name) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* --- faults --- */

static const sqlite_words words = {
  .slug = "journal",
  .unnamed = "the journal",
  .full = "make room on its disk",
  .denied = "change its permissions and its folder's, or name another folder",
  .busy = "another program has held it for too long; end that",
  .missing = "it must be a file in a folder that is there, with leave to write both",
  .damaged = "it is damaged",
  .foreign = "it is damaged",
  .damaged_code = -EUCLEAN,
  .foreign_code = -EUCLEAN,
};

int journal_database_fault(sqlite3 *database, const char *doing, qn_error *error) {
  return sqlite_fault(database, &words, doing, error);
}

int journal_database_run(sqlite3 *database, const char *sql, const char *doing, qn_error *error) {
  return sqlite_fault_run(database, &words, sql, doing, error);
}

static int read_number(sqlite3 *database, const char *sql, int64_t *ret_number, qn_error *error) {
  return sqlite_fault_number(database, &words, sql, "read", ret_number, error);
}

/* --- looking --- */

/* 0: the tables are there. 1: nothing at all is. */
static int check_owner(sqlite3 *database, qn_error *error) {
  const char *path = sqlite3_db_filename(database, "main");
  int64_t owner = 0, version = 0, n_tables = 0;
  int rc = read_number(database, "PRAGMA application_id", &owner, error);
  rc = rc == 0 ? read_number(database, "PRAGMA user_version", &version, error) : rc;
  rc = rc == 0 ? read_number(database, "SELECT count(*) FROM sqlite_schema", &n_tables, error) : rc;
  if (rc != 0) {
    return rc;
  }
  if (owner == 0 && version == 0 && n_tables == 0) {
    return 1;
  }
  if (owner != APPLICATION_ID) {
    return error_set(error, -EINVAL, "journal",
                     "%s is an SQLite database of another program, not a journal; name another folder", path);
  }
  return version == SCHEMA_VERSION
             ? 0
             : error_set(
                   error, -EINVAL, "journal",
                   "%s is a journal of version %lld, but this qanat knows version %d; use the qanat that wrote it",
                   path, (long long)version, SCHEMA_VERSION);
}

int journal_database_check(sqlite3 *database, qn_error *error) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(database, "PRAGMA quick_check(1)", -1, &statement, NULL);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int rc = 0;
  if (code != SQLITE_ROW) {
    rc = journal_database_fault(database, "check", error);
  } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
    rc = error_set(error, -EUCLEAN, "journal", "%s is damaged: %s", sqlite3_db_filename(database, "main"),
                   (const char *)sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  return rc;
}

/* --- opening --- */

static int connect(const char *path, int flags, sqlite3 **ret_database, qn_error *error) {
  sqlite3 *database = NULL;
  int code = sqlite3_open_v2(path, &database, flags | SQLITE_OPEN_NOMUTEX, NULL);
  if (database == NULL) {
    return error_set(error, -ENOMEM, "journal", "no memory to open %s", path);
  }
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, BUSY_MS);
  if (code != SQLITE_OK) {
    int rc = journal_database_fault(database, "open", error);
    sqlite3_close(database);
    return rc;
  }
  *ret_database = database;
  return 0;
}

/* Looks again under the lock: a reader may have found it half made. */
static int make_tables(sqlite3 *database, qn_error *error) {
  int rc = journal_database_run(database, "BEGIN IMMEDIATE", "write", error);
  if (rc != 0) {
    return rc;
  }
  rc = journal_database_run(database, schema, "write", error);
  rc = rc == 0 ? journal_database_run(database, "COMMIT", "write", error) : rc;
  if (rc != 0) {
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  }
  return rc;
}

/* The first few are only heeded before the first table. Deleted pages are not wiped: a document stays on the disk until its pages are
 * used again anyway. */
static const char settings[] = "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = OFF;"
                               "PRAGMA cache_size = -4000; PRAGMA cache_spill = OFF";

static int prepare(sqlite3 *database, bool look_at_all, qn_error *error) {
  int rc = journal_database_run(database, settings, "open", error);
  rc = rc == 0 ? check_owner(database, error) : rc;
  if (rc >= 0) {
    int wal = journal_database_run(database,
                                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 33554432",
                                   "write", error);
    rc = wal != 0 ? wal : rc;
  }
  if (rc == 1) {
    return make_tables(database, error);
  }
  return rc == 0 && look_at_all ? journal_database_check(database, error) : rc;
}

/* SQLite would make the file with the leave that the umask gives. */
static int make_file(const char *path, int64_t *ret_bytes, qn_error *error) {
  struct stat status;
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || fstat(file, &status) != 0) {
    int rc = error_set(error, -errno, "journal", "cannot open %s: %s", path, strerror(errno));
    if (file >= 0) {
      close(file);
    }
    return rc;
  }
  close(file);
  *ret_bytes = status.st_size;
  return 0;
}

static int open_path(const char *path, const char *suspect, sqlite3 **ret_database, qn_error *error) {
  sqlite3 *database = NULL;
  int64_t n_bytes = 0;
  int rc = make_file(path, &n_bytes, error);
  rc = rc == 0 ? connect(path, SQLITE_OPEN_READWRITE, &database, error) : rc;
  if (rc != 0) {
    return rc;
  }
  bool suspected = access(suspect, F_OK) == 0;
  rc = prepare(database, suspected || n_bytes <= CHECKED_BYTES, error);
  if (rc != 0) {
    sqlite3_close(database);
    return rc;
  }
  if (suspected) {
    unlink(suspect); /* it is sound after all */
  }
  *ret_database = database;
  return 0;
}

int journal_database_open(const char *folder, sqlite3 **ret_database, qn_error *error) {
  char *path = journal_database_path(folder, file_name);
  char *suspect = journal_database_path(folder, suspect_name);
  int rc = path == NULL || suspect == NULL ? error_set(error, -ENOMEM, "journal", "no memory to open the journal")
                                           : open_path(path, suspect, ret_database, error);
  free(path);
  free(suspect);
  return rc;
}

int journal_database_open_reader(const char *path, sqlite3 **ret_database, qn_error *error) {
  sqlite3 *database = NULL;
  int rc = connect(path, SQLITE_OPEN_READONLY, &database, error);
  rc = rc == 0 ? check_owner(database, error) : rc;
  if (rc == 1) {
    rc = error_set(error, -EINVAL, "journal", "%s is empty, there is no journal in it", path);
  }
  if (rc != 0) {
    sqlite3_close(database);
    return rc;
  }
  *ret_database = database;
  return 0;
}

void journal_database_suspect(const char *folder) {
  char *path = journal_database_path(folder, suspect_name);
  int file = path == NULL ? -1 : open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) {
    fsync(file);
    close(file);
  }
  free(path);
}

/* --- moving aside --- */

static int move(const char *folder, const char *name, const char *behind, int number) {
  char *from = NULL, *to = NULL;
  int rc = -ENOMEM;
  if (asprintf(&from, "%s/%s%s", folder, name, behind) >= 0 &&
      asprintf(&to, "%s/%s.damaged-%d%s", folder, name, number, behind) >= 0) {
    rc = rename(from, to) == 0 || errno == ENOENT ? 0 : -errno;
  }
  free(from);
  free(to);
  return rc;
}

int journal_database_set_aside(const char *folder, char **ret_name, qn_error *error) {
  char *name = NULL;
  int number = 0;
  do {
    free(name);
    name = NULL;
    number++;
    if (asprintf(&name, "%s/%s.damaged-%d", folder, file_name, number) < 0) {
      return error_set(error, -ENOMEM, "journal", "no memory to move the journal aside");
    }
  } while (access(name, F_OK) == 0 && number < ASIDE_MAX);
  /* The log first: it must not be taken for the new file's. */
  int rc = move(folder, file_name, "-wal", number);
  rc = rc == 0 ? move(folder, file_name, "-shm", number) : rc;
  rc = rc == 0 ? move(folder, "bodies", "", number) : rc;
  rc = rc == 0 ? move(folder, file_name, "", number) : rc;
  if (rc != 0) {
    error_set(error, rc, "journal", "cannot move the damaged journal to %s: %s; move it away by hand", name,
              strerror(-rc));
    free(name);
    return rc;
  }
  char *suspect = journal_database_path(folder, suspect_name);
  if (suspect != NULL) {
    unlink(suspect);
  }
  free(suspect);
  *ret_name = name;
  return 0;
}
