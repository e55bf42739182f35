/* SPDX-License-Identifier: Apache-2.0 */

/* Opens dead-letter files. A file is ours by its application id, and what it holds is known by its version. */
#include "delivery/letter_database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "observe/sqlite_fault.h"

enum { ASIDE_MAX = 1000, OWNERS_MODE = 0600 };
enum { APPLICATION_ID = 0x514E444C /* "QNDL" */, SCHEMA_VERSION = 2, BUSY_MS = 10000 };

static const char schema[] =
    "CREATE TABLE letters ("
    " letter INTEGER PRIMARY KEY AUTOINCREMENT," /* never given twice, so that a purged number stays gone */
    " pipeline TEXT NOT NULL, stage TEXT NOT NULL, slug TEXT NOT NULL, message TEXT NOT NULL,"
    " attempts INTEGER NOT NULL," /* of the stage, the last time */
    " failures INTEGER NOT NULL," /* how often the document has come here */
    " time_ms INTEGER NOT NULL, id TEXT NOT NULL, source TEXT NOT NULL, ordinal INTEGER, media_type TEXT,"
    " bytes INTEGER,"                   /* of payload; NULL: it could not be read */
    " origin TEXT NOT NULL,"            /* the source stage that brought it */
    " part INTEGER NOT NULL,"           /* 1: it came out of another document */
    " confirmed TEXT NOT NULL) STRICT;" /* ids of the sinks that have it all the same, one a line */
    "CREATE INDEX letters_document ON letters (pipeline, id);"
    "CREATE TABLE fields (letter INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL, type INTEGER NOT NULL,"
    " value ANY, PRIMARY KEY (letter, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE payloads (letter INTEGER NOT NULL, part INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX payloads_letter ON payloads (letter, part);"
    "CREATE TABLE totals (one INTEGER PRIMARY KEY CHECK (one = 1), letters INTEGER NOT NULL, bytes INTEGER NOT NULL)"
    " STRICT;"
    "INSERT INTO totals VALUES (1, 0, 0);"
    "CREATE TRIGGER letter_added AFTER INSERT ON letters BEGIN"
    " UPDATE totals SET letters = letters + 1, bytes = bytes + coalesce(new.bytes, 0); END;"
    "CREATE TRIGGER letter_removed AFTER DELETE ON letters BEGIN"
    " DELETE FROM payloads WHERE letter = old.letter;"
    " DELETE FROM fields WHERE letter = old.letter;"
    " UPDATE totals SET letters = letters - 1, bytes = bytes - coalesce(old.bytes, 0); END;"
    "PRAGMA application_id = 0x514E444C; PRAGMA user_version = 2;";

static const sqlite_words words = {
  .slug = "dead-letters",
  .unnamed = "the dead letters",
  .full = "make room on its disk",
  .denied = "change its permissions and its folder's, or name another file",
  .busy = "another program has held it for too long; try again when that has ended",
  .missing = "it must be a file in a folder that is there, with leave to write both",
  .damaged = "it is damaged: move it away, and get out what can be had with sqlite3 FILE .recover",
  .foreign = "it is no SQLite database; move it away, or name another file",
  .damaged_code = -EUCLEAN,
  .foreign_code = -EUCLEAN,
};

static const char *name_of(sqlite3 *database) {
  const char *path = sqlite3_db_filename(database, "main");
  return path != NULL && path[0] != '\0' ? path : words.unnamed;
}

int letter_database_fault(sqlite3 *database, const char *doing, qn_error *error) {
  return sqlite_fault(database, &words, doing, error);
}

int letter_database_run(sqlite3 *database, const char *sql, const char *doing, qn_error *error) {
  return sqlite_fault_run(database, &words, sql, doing, error);
}

int letter_database_number(sqlite3 *database, const char *sql, int64_t *ret_number, qn_error *error) {
  return sqlite_fault_number(database, &words, sql, "open", ret_number, error);
}

/* 0: the tables are there. 1: nothing at all is. */
static int check_owner(sqlite3 *database, qn_error *error) {
  int64_t owner = 0, version = 0, n_tables = 0;
  int rc = letter_database_number(database, "PRAGMA application_id", &owner, error);
  rc = rc == 0 ? letter_database_number(database, "PRAGMA user_version", &version, error) : rc;
  rc = rc == 0 ? letter_database_number(database, "SELECT count(*) FROM sqlite_schema", &n_tables, error) : rc;
  if (rc != 0) {
    return rc;
  }
  if (owner == 0 && n_tables == 0) {
    return 1;
  }
  if (owner != APPLICATION_ID) {
    return error_set(
        error, -EINVAL, "dead-letters",
        "%s is an SQLite database of another program, not of dead letters; move it away, or name another file",
        name_of(database));
  }
  if (version != SCHEMA_VERSION) {
    return error_set(
        error, -EINVAL, "dead-letters",
        "%s has dead letters of version %lld, but this qanat knows version %d; use the qanat that wrote it",
        name_of(database), (long long)version, SCHEMA_VERSION);
  }
  return 0;
}

/* Looks again under the lock: another run may be making the tables at the same moment. */
static int make_tables(sqlite3 *database, qn_error *error) {
  int rc = letter_database_run(database, "BEGIN IMMEDIATE", "write", error);
  if (rc != 0) {
    return rc;
  }
  rc = check_owner(database, error);
  if (rc == 1) {
    rc = letter_database_run(database, schema, "write", error);
  }
  if (rc == 0) {
    rc = letter_database_run(database, "COMMIT", "write", error);
  }
  if (rc != 0) {
    sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  }
  return rc;
}

static int prepare(sqlite3 *database, letter_access access, qn_error *error) {
  sqlite3_extended_result_codes(database, 1);
  sqlite3_busy_timeout(database, access == LETTERS_GLANCE ? 0 : BUSY_MS);
  if (access == LETTERS_CREATE) {
    /* Only heeded before the first table; purging gives pages back by it. */
    int rc = letter_database_run(database, "PRAGMA auto_vacuum = INCREMENTAL", "open", error);
    if (rc != 0) {
      return rc;
    }
  }
  int rc = check_owner(database, error);
  if (rc == 1 && access != LETTERS_CREATE) {
    return error_set(error, -EINVAL, "dead-letters", "%s is empty, there are no dead letters in it", name_of(database));
  }
  if (rc >= 0 && (access == LETTERS_CHANGE || access == LETTERS_CREATE)) {
    int wal = letter_database_run(database, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", "write", error);
    rc = wal != 0 ? wal : rc;
  }
  return rc == 1 ? make_tables(database, error) : rc;
}

/* SQLite would make it with the leave that the umask gives. One that is there is not touched: closing it would drop the locks that others
 * of this process have on it. */
static void make_private(const char *path) {
  int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, OWNERS_MODE);
  if (file >= 0) {
    close(file);
  }
}

int letter_database_open(const char *path, letter_access access, sqlite3 **ret_database, qn_error *error) {
  static const int flags[] = { SQLITE_OPEN_READONLY, SQLITE_OPEN_READWRITE, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                               SQLITE_OPEN_READONLY };
  char *plain = NULL;
  if (path[0] == '\0') {
    return error_set(error, -EINVAL, "dead-letters", "the file of dead letters has an empty name");
  }
  if (path[0] != '/' && asprintf(&plain, "./%s", path) < 0) { /* ":memory:" is a file like any other */
    return error_set(error, -ENOMEM, "dead-letters", "no memory to open %s", path);
  }
  sqlite3 *database = NULL;
  if (access == LETTERS_CREATE) {
    make_private(path);
  }
  int code = sqlite3_open_v2(plain != NULL ? plain : path, &database, flags[access] | SQLITE_OPEN_NOMUTEX, NULL);
  free(plain);
  int rc = 0;
  if (database == NULL) {
    rc = error_set(error, -ENOMEM, "dead-letters", "no memory to open %s", path);
  } else if (code != SQLITE_OK) {
    int system_errno = sqlite3_system_errno(database);
    const char *remedy;
    rc = sqlite_fault_meaning(&words, code, system_errno, &remedy);
    error_set(error, rc, "dead-letters", "cannot open %s: %s; %s", path,
              system_errno != 0 ? strerror(system_errno) : sqlite3_errmsg(database), remedy);
  } else {
    rc = prepare(database, access, error);
  }
  if (rc != 0) {
    sqlite3_close(database);
    return rc;
  }
  *ret_database = database;
  return 0;
}

void letter_database_close(sqlite3 *database) {
  sqlite3_close(database);
}

int letter_database_totals(sqlite3 *database, uint64_t *ret_letters, uint64_t *ret_bytes, qn_error *error) {
  int64_t n_letters = 0, n_bytes = 0;
  int rc = letter_database_number(database, "SELECT letters FROM totals", &n_letters, error);
  rc = rc == 0 ? letter_database_number(database, "SELECT bytes FROM totals", &n_bytes, error) : rc;
  if (rc == 0) {
    *ret_letters = (uint64_t)n_letters;
    *ret_bytes = (uint64_t)n_bytes;
  }
  return rc;
}

/* --- moving aside --- */

static int move(const char *path, const char *behind, int number) {
  char *from = NULL, *to = NULL;
  int rc = -ENOMEM;
  if (asprintf(&from, "%s%s", path, behind) >= 0 && asprintf(&to, "%s.damaged-%d%s", path, number, behind) >= 0) {
    rc = rename(from, to) == 0 || errno == ENOENT ? 0 : -errno;
  }
  free(from);
  free(to);
  return rc;
}

int letter_database_set_aside(const char *path, char **ret_name, qn_error *error) {
  char *name = NULL;
  int number = 0;
  do {
    free(name);
    name = NULL;
    number++;
    if (asprintf(&name, "%s.damaged-%d", path, number) < 0) {
      return error_set(error, -ENOMEM, "dead-letters", "no memory to move %s aside", path);
    }
  } while (access(name, F_OK) == 0 && number < ASIDE_MAX);
  /* The log first: it must not be taken for the new file's. */
  int rc = move(path, "-wal", number);
  rc = rc == 0 ? move(path, "-shm", number) : rc;
  rc = rc == 0 ? move(path, "", number) : rc;
  if (rc != 0) {
    error_set(error, rc, "dead-letters", "cannot move the damaged dead letters to %s: %s; move them away by hand", name,
              strerror(-rc));
    free(name);
    return rc;
  }
  *ret_name = name;
  return 0;
}
