/* SPDX-License-Identifier: Apache-2.0 */

/* Opens databases of documents. One is ours by its application id, and what it holds is known by its version. */
#include "sqlite/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { APPLICATION_ID = 0x514E4442 /* "QNDB" */, SCHEMA_VERSION = 1 };

/* What runs for every document, prepared once. */
enum { ENTER, LEAVE, N_STEPS };

struct store {
  sqlite3 *database;
  sqlite3_stmt *steps[N_STEPS];
  char *path;
  bool open; /* a transaction */
  bool lost; /* one was given up with documents in it: nothing that follows may count as written */
};

/* All offsets are bytes of documents.text:
 * CAST(substr(CAST(text AS BLOB), "begin" + 1, "end" - "begin") AS TEXT). */
static const char tables[] =
    "CREATE TABLE documents ("
    " document INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT, language TEXT, title TEXT, published TEXT,"
    " byline TEXT, url TEXT, media_type TEXT, text TEXT NOT NULL, forms TEXT) STRICT;"
    "CREATE INDEX documents_published ON documents (published) WHERE published IS NOT NULL;"
    "CREATE TABLE fields (document INTEGER NOT NULL, name TEXT NOT NULL, value ANY, PRIMARY KEY (document, name))"
    " STRICT, WITHOUT ROWID;"
    "CREATE TABLE sentences (document INTEGER NOT NULL, place INTEGER NOT NULL, \"begin\" INTEGER NOT NULL,"
    " \"end\" INTEGER NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (document, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE entities (document INTEGER NOT NULL, place INTEGER NOT NULL, \"begin\" INTEGER NOT NULL,"
    " \"end\" INTEGER NOT NULL, text TEXT NOT NULL, type TEXT NOT NULL, link TEXT, score REAL, amount REAL,"
    " amount_max REAL, unit TEXT, date TEXT, resolved TEXT, modifier TEXT, PRIMARY KEY (document, place))"
    " STRICT, WITHOUT ROWID;"
    "CREATE INDEX entities_link ON entities (link, type) WHERE link IS NOT NULL;"
    "CREATE INDEX entities_text ON entities (text, type);"
    "CREATE TABLE quotes (document INTEGER NOT NULL, place INTEGER NOT NULL, \"begin\" INTEGER NOT NULL,"
    " \"end\" INTEGER NOT NULL, text TEXT NOT NULL, speaker TEXT, PRIMARY KEY (document, place)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE keyphrases (document INTEGER NOT NULL, place INTEGER NOT NULL, \"begin\" INTEGER NOT NULL,"
    " \"end\" INTEGER NOT NULL, text TEXT NOT NULL, score REAL, PRIMARY KEY (document, place)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX keyphrases_text ON keyphrases (text);"
    "CREATE TABLE summaries (document INTEGER NOT NULL, place INTEGER NOT NULL, \"begin\" INTEGER NOT NULL,"
    " \"end\" INTEGER NOT NULL, sentence INTEGER, text TEXT NOT NULL, score REAL, PRIMARY KEY (document, place))"
    " STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 0x514E4442; PRAGMA user_version = 1;";

/* The index holds no text of its own, and so has to be told the old one when a document changes. */
static const char search[] =
    "CREATE VIRTUAL TABLE search USING fts5 (title, text, forms, content = 'documents', content_rowid = 'document',"
    " tokenize = 'unicode61 remove_diacritics 2');"
    "CREATE TRIGGER search_added AFTER INSERT ON documents BEGIN"
    " INSERT INTO search (rowid, title, text, forms) VALUES (new.document, new.title, new.text, new.forms); END;"
    "CREATE TRIGGER search_removed AFTER DELETE ON documents BEGIN"
    " INSERT INTO search (search, rowid, title, text, forms)"
    " VALUES ('delete', old.document, old.title, old.text, old.forms); END;"
    "CREATE TRIGGER search_changed AFTER UPDATE ON documents BEGIN"
    " INSERT INTO search (search, rowid, title, text, forms)"
    " VALUES ('delete', old.document, old.title, old.text, old.forms);"
    " INSERT INTO search (rowid, title, text, forms) VALUES (new.document, new.title, new.text, new.forms); END;"
    "INSERT INTO search (search) VALUES ('rebuild');";

static int say(store_fault *fault, qn_status status, const char *slug, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int say(store_fault *fault, qn_status status, const char *slug, const char *format, ...) {
  va_list args;
  fault->status = status;
  fault->slug = slug;
  va_start(args, format);
  vsnprintf(fault->text, sizeof fault->text, format, args);
  va_end(args);
  return -EIO;
}

/* --- errors --- */

typedef struct meaning {
  int code; /* SQLite's */
  qn_status status;
  const char *slug, *what_to_do;
} meaning;

static const meaning meanings[] = {
  { SQLITE_FULL, QN_STATUS_FATAL, "disk-full", "make room on its disk and run again" },
  { SQLITE_BUSY, QN_STATUS_RETRY, "database-busy",
    "another program is writing to it; wait for that, or raise busy_ms" },
  { SQLITE_LOCKED, QN_STATUS_RETRY, "database-busy", "another program is writing to it; wait for that" },
  { SQLITE_NOMEM, QN_STATUS_RETRY, "no-memory", "there is no memory; lower limits.bytes or limits.document_bytes" },
  { SQLITE_READONLY, QN_STATUS_FATAL, "read-only", "change its permissions and its folder's, or name another path" },
  { SQLITE_PERM, QN_STATUS_FATAL, "read-only", "change its permissions, or name another path" },
  { SQLITE_NOTADB, QN_STATUS_FATAL, "not-a-database", "it is no SQLite database; name another path" },
  { SQLITE_CORRUPT, QN_STATUS_FATAL, "damaged", "it is damaged: move it away and run again" },
  { SQLITE_CANTOPEN, QN_STATUS_FATAL, "cannot-open", "it must be a file in a folder that is there; name another path" },
  { SQLITE_TOOBIG, QN_STATUS_REJECT, "too-large", "the document is larger than what SQLite keeps" },
  { SQLITE_CONSTRAINT, QN_STATUS_REJECT, "not-kept", "the tables refuse the document" },
  { SQLITE_MISMATCH, QN_STATUS_REJECT, "not-kept", "the tables refuse the document" },
};

int store_failed(store *self, store_fault *fault) {
  static const meaning unknown = { 0, QN_STATUS_FATAL, "cannot-write", "look after its disk" };
  int code = sqlite3_extended_errcode(self->database) & 0xFF;
  int system_errno = sqlite3_system_errno(self->database);
  const meaning *found = &unknown;
  if (system_errno == ENOSPC || system_errno == EDQUOT) {
    code = SQLITE_FULL;
  }
  for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
    if (meanings[i].code == code) {
      found = &meanings[i];
    }
  }
  return say(fault, found->status, found->slug, "%s: %s; %s", self->path, sqlite3_errmsg(self->database),
             found->what_to_do);
}

static int run(store *self, const char *sql, store_fault *fault) {
  return sqlite3_exec(self->database, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_failed(self, fault);
}

static int number(store *self, const char *sql, int64_t *ret_number, store_fault *fault) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(self->database, sql, -1, &statement, NULL);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  int rc = code == SQLITE_ROW ? 0 : store_failed(self, fault);
  if (rc == 0) {
    *ret_number = sqlite3_column_int64(statement, 0);
  }
  sqlite3_finalize(statement);
  return rc;
}

/* --- opening --- */

/* A transaction of many documents touches pages all over the indexes: with SQLite's own 2 MB of cache each would be
 * written out several times over, and so would what is kept to undo one document if not in memory. */
static const char tuning[] = "PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 8192";

/* Whether the tables are there; a database of somebody else is left alone. */
static int look(store *self, bool *ret_empty, store_fault *fault) {
  int64_t owner = 0, version = 0, n_tables = 0;
  int rc = number(self, "PRAGMA application_id", &owner, fault);
  rc = rc == 0 ? number(self, "PRAGMA user_version", &version, fault) : rc;
  rc = rc == 0 ? number(self, "SELECT count(*) FROM sqlite_schema", &n_tables, fault) : rc;
  if (rc != 0) {
    return rc;
  }
  *ret_empty = owner == 0 && n_tables == 0;
  if (!*ret_empty && owner != APPLICATION_ID) {
    return say(fault, QN_STATUS_FATAL, "other-database",
               "%s is a database of another program, which is left as it is; name another path", self->path);
  }
  if (!*ret_empty && version != SCHEMA_VERSION) {
    return say(
        fault, QN_STATUS_FATAL, "other-version",
        "%s has tables of version %lld, but this plugin knows version %d; name another path, or use the plugin that "
        "wrote it",
        self->path, (long long)version, SCHEMA_VERSION);
  }
  return 0;
}

static int make_search(store *self, store_fault *fault) {
  int64_t there = 0;
  int rc = number(self, "SELECT count(*) FROM sqlite_schema WHERE name = 'search'", &there, fault);
  if (rc != 0 || there > 0) {
    return rc;
  }
  rc = run(self, search, fault);
  if (rc != 0 && strstr(fault->text, "fts5") != NULL) {
    return say(fault, QN_STATUS_FATAL, "no-search", "this SQLite has no full-text index (FTS5); set search to false");
  }
  return rc;
}

/* What is missing is made, under the lock: another program may be doing so at the same moment. */
static int make_tables(store *self, bool with_search, store_fault *fault) {
  bool empty = false;
  int rc = run(self, "BEGIN IMMEDIATE", fault);
  if (rc != 0) {
    return rc;
  }
  rc = look(self, &empty, fault);
  rc = rc == 0 && empty ? run(self, tables, fault) : rc;
  rc = rc == 0 && with_search ? make_search(self, fault) : rc;
  rc = rc == 0 ? run(self, "COMMIT", fault) : rc;
  if (rc != 0) {
    sqlite3_exec(self->database, "ROLLBACK", NULL, NULL, NULL);
  }
  return rc;
}

static int prepare_steps(store *self, store_fault *fault) {
  static const char *const texts[N_STEPS] = { [ENTER] = "SAVEPOINT document", [LEAVE] = "RELEASE document" };
  for (int i = 0; i < N_STEPS; i++) {
    if (sqlite3_prepare_v3(self->database, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &self->steps[i], NULL) !=
        SQLITE_OK) {
      return store_failed(self, fault);
    }
  }
  return 0;
}

static int step(store *self, int index, store_fault *fault) {
  int rc = sqlite3_step(self->steps[index]) == SQLITE_DONE ? 0 : store_failed(self, fault);
  sqlite3_reset(self->steps[index]);
  return rc;
}

static int prepare(store *self, const store_options *options, store_fault *fault) {
  bool empty = false;
  sqlite3_extended_result_codes(self->database, 1);
  sqlite3_busy_timeout(self->database, options->busy_ms);
  int rc = look(self, &empty, fault);
  rc = rc == 0 ? run(self, "PRAGMA journal_mode = WAL", fault) : rc;
  rc = rc == 0 ? run(self, options->full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", fault) : rc;
  rc = rc == 0 ? run(self, tuning, fault) : rc;
  rc = rc == 0 ? make_tables(self, options->search, fault) : rc;
  return rc == 0 ? prepare_steps(self, fault) : rc;
}

int store_open(const store_options *options, store **ret_store, store_fault *fault) {
  store *self = calloc(1, sizeof *self);
  int len = (int)(options->path_len < 4096 ? options->path_len : 4096);
  /* "./" so that ":memory:" is a file like any other. */
  if (self == NULL || asprintf(&self->path, "%s%.*s", options->path[0] == '/' ? "" : "./", len, options->path) < 0) {
    free(self);
    say(fault, QN_STATUS_FATAL, "no-memory", "no memory for the sink");
    return -EINVAL;
  }
  int code = sqlite3_open_v2(self->path, &self->database,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  int rc = 0;
  if (self->database == NULL) {
    rc = say(fault, QN_STATUS_FATAL, "no-memory", "no memory for the sink");
  } else if (code != SQLITE_OK) {
    rc = store_failed(self, fault);
  } else {
    rc = prepare(self, options, fault);
  }
  if (rc != 0) {
    store_close(self);
    return -EINVAL;
  }
  *ret_store = self;
  return 0;
}

void store_close(store *self) {
  if (self == NULL) {
    return;
  }
  for (int i = 0; i < N_STEPS; i++) {
    sqlite3_finalize(self->steps[i]);
  }
  sqlite3_close(self->database); /* undoes what is open */
  free(self->path);
  free(self);
}

sqlite3 *store_database(store *self) {
  return self->database;
}

/* --- transactions --- */

/* Whoever tries again after this would find nothing open, and take that for success. */
static int lose(store *self, store_fault *fault) {
  self->open = false;
  self->lost = true;
  fault->status = QN_STATUS_FATAL;
  return -EIO;
}

static int refuse_lost(const store *self, store_fault *fault) {
  return say(fault, QN_STATUS_FATAL, "undone", "%s: SQLite gave the transaction up; look after its disk and run again",
             self->path);
}

int store_begin(store *self, store_fault *fault) {
  if (self->lost) {
    return refuse_lost(self, fault);
  }
  if (self->open) {
    return 0;
  }
  int rc = run(self, "BEGIN IMMEDIATE", fault);
  self->open = rc == 0;
  return rc;
}

int store_commit(store *self, store_fault *fault) {
  if (self->lost) {
    return refuse_lost(self, fault);
  }
  if (!self->open) {
    return 0;
  }
  int rc = run(self, "COMMIT", fault);
  if (rc != 0 && sqlite3_get_autocommit(self->database) != 0) {
    return lose(self, fault);
  }
  self->open = rc != 0;
  return rc;
}

int store_enter(store *self, store_fault *fault) {
  return step(self, ENTER, fault);
}

int store_leave(store *self, bool success, store_fault *fault) {
  if (sqlite3_get_autocommit(self->database) != 0) {
    lose(self, fault);
    return refuse_lost(self, fault);
  }
  return success ? step(self, LEAVE, fault) : run(self, "ROLLBACK TO document; RELEASE document", fault);
}

int store_settle(store *self, store_fault *fault) {
  return run(self, "PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)", fault);
}
