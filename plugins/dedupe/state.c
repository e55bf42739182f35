/* SPDX-License-Identifier: Apache-2.0 */

/* The state file: a row for each document, by its number. The lock is held as long as it is open, since two windows that
 * know nothing of each other cannot share one file. */
#include "dedupe/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dedupe/packed.h"

enum {
  APPLICATION_ID = 0x514E4444, /* "QNDD" */
  SCHEMA_VERSION = 1,
  HEADER_BYTES = 100,
  HEADER_APPLICATION_ID = 68, /* its place in SQLite's header, big-endian */
  ASIDE_MAX = 1000,
  BUSY_MS = 2000,
  FORGOTTEN_MAX = 1024,
  NOT_OURS = SQLITE_AUTH /* which SQLite gives only on request */
};

struct state {
  char *path;
  sqlite3 *database;
  sqlite3_stmt *insert, *remove; /* remove: numbers from the first parameter to before the second */
  window *window;
  shingle_form form;
  uint64_t saved; /* numbers below are in the file, from the window's first on */
  uint32_t n_forgotten;
  uint64_t forgotten[FORGOTTEN_MAX]; /* rows to be removed */
  bool renumber;                     /* the file's numbers are not the window's: the next save writes all anew */
};

static void say(state_message *message, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(state_message *message, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(message->text, sizeof message->text, format, args);
  va_end(args);
}

/* --- whose file it is --- */

/* By the header alone, so that nothing is written to a file of somebody else. A database without an application id may be
 * ours, with the id still in its log. Nothing but zeros is what a crash of the machine leaves of a file: taken for ours. */
static bool may_be_ours(const char *path) {
  static const char magic[16] = "SQLite format 3";
  uint8_t header[HEADER_BYTES] = { 0 };
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t len = fd < 0 ? 0 : read(fd, header, sizeof header);
  if (fd >= 0) {
    close(fd);
  }
  if (len <= 0) {
    return len == 0;
  }
  bool zeros = true;
  for (size_t i = 0; i < sizeof header; i++) {
    zeros = zeros && header[i] == 0;
  }
  const uint8_t *id = header + HEADER_APPLICATION_ID;
  uint32_t application = (uint32_t)id[0] << 24 | (uint32_t)id[1] << 16 | (uint32_t)id[2] << 8 | id[3];
  bool ours = memcmp(header, magic, sizeof magic) == 0 && (application == APPLICATION_ID || application == 0);
  return ours || zeros;
}

/* Renames a file to PATH.damaged, or with a number behind it if that is taken; its log goes with it. */
static int set_aside(const char *path, char **ret_aside) {
  for (int i = 1; i <= ASIDE_MAX; i++) {
    char *aside = NULL, *log = NULL, *log_aside = NULL;
    int len = i == 1 ? asprintf(&aside, "%s.damaged", path) : asprintf(&aside, "%s.damaged-%d", path, i);
    if (len < 0 || asprintf(&log, "%s-wal", path) < 0 || asprintf(&log_aside, "%s-wal", aside) < 0) {
      return -ENOMEM;
    }
    bool is_free = access(aside, F_OK) != 0;
    int rc = is_free && rename(path, aside) != 0 ? -errno : 0;
    if (is_free && rc == 0) {
      (void)rename(log, log_aside); /* there may be none */
      *ret_aside = aside;
      aside = NULL;
    }
    free(aside);
    free(log);
    free(log_aside);
    if (is_free) {
      return rc;
    }
  }
  return -EEXIST;
}

/* --- the database --- */

static void close_database(state *self) {
  sqlite3_finalize(self->insert);
  sqlite3_finalize(self->remove);
  sqlite3_close(self->database);
  self->insert = NULL;
  self->remove = NULL;
  self->database = NULL;
}

static int run(state *self, const char *sql) {
  int code = sqlite3_exec(self->database, sql, NULL, NULL, NULL);
  return code == SQLITE_OK ? 0 : code;
}

static int number(state *self, const char *sql, int64_t *ret_number) {
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(self->database, sql, -1, &statement, NULL);
  code = code == SQLITE_OK ? sqlite3_step(statement) : code;
  if (code == SQLITE_ROW) {
    *ret_number = sqlite3_column_int64(statement, 0);
  }
  sqlite3_finalize(statement);
  return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : code;
}

static const char schema[] = "BEGIN;"
                             "CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT NOT NULL,"
                             " n INTEGER NOT NULL, bound INTEGER NOT NULL, shingles BLOB NOT NULL) STRICT;"
                             "CREATE TABLE form (unit TEXT NOT NULL, size INTEGER NOT NULL) STRICT;"
                             "PRAGMA application_id = 0x514E4444; PRAGMA user_version = 1; COMMIT";

static const char *unit_of(const state *self) {
  return self->form.letters ? "letters" : "words";
}

static int write_form(state *self) {
  char sql[128];
  snprintf(sql, sizeof sql, "DELETE FROM documents; DELETE FROM form; INSERT INTO form VALUES ('%s', %u)",
           unit_of(self), self->form.size);
  return run(self, sql);
}

/* A file of ours: makes the tables of a new one, and empties one whose shingles are others. */
static int settle_form(state *self, state_message *message) {
  int64_t n_tables = 0, same = 0, had = 0;
  char sql[128];
  int rc = number(self, "SELECT count(*) FROM sqlite_schema", &n_tables);
  if (rc == 0 && n_tables == 0) {
    rc = run(self, schema);
    return rc == 0 ? write_form(self) : rc;
  }
  snprintf(sql, sizeof sql, "SELECT count(*) FROM form WHERE unit = '%s' AND size = %u", unit_of(self),
           self->form.size);
  rc = rc == 0 ? number(self, sql, &same) : rc;
  rc = rc == 0 ? number(self, "SELECT count(*) FROM documents", &had) : rc;
  if (rc == 0 && same != 1) {
    rc = write_form(self);
    say(message,
        "%s: its documents were cut into other shingles than \"unit\" and \"shingle\" say now; all %lld are "
        "forgotten",
        self->path, (long long)had);
  }
  return rc;
}

/* SQLite's code; SQLITE_CORRUPT also for a file that is none of its. */
static int open_database(state *self, state_message *message) {
  int64_t version = 0, application = 0, n_tables = 0;
  int code = sqlite3_open_v2(self->path, &self->database,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
  if (code != SQLITE_OK) {
    return code;
  }
  sqlite3_busy_timeout(self->database, BUSY_MS);
  code = run(self, "PRAGMA locking_mode = EXCLUSIVE");
  code = code == 0 ? number(self, "PRAGMA application_id", &application) : code;
  code = code == 0 ? number(self, "SELECT count(*) FROM sqlite_schema", &n_tables) : code;
  if (code == 0 && application != APPLICATION_ID && n_tables > 0) {
    return NOT_OURS;
  }
  code =
      code == 0 ? run(self, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; COMMIT") : code;
  code = code == 0 ? number(self, "PRAGMA user_version", &version) : code;
  if (code == 0 && version != 0 && version != SCHEMA_VERSION) {
    return SQLITE_CORRUPT; /* nothing that can be read */
  }
  code = code == 0 ? settle_form(self, message) : code;
  code = code == 0 ? sqlite3_prepare_v3(self->database, "INSERT OR REPLACE INTO documents VALUES (?1, ?2, ?3, ?4, ?5)",
                                        -1, SQLITE_PREPARE_PERSISTENT, &self->insert, NULL)
                   : code;
  return code == 0 ? sqlite3_prepare_v3(self->database, "DELETE FROM documents WHERE number >= ?1 AND number < ?2", -1,
                                        SQLITE_PREPARE_PERSISTENT, &self->remove, NULL)
                   : code;
}

/* --- loading --- */

/* A row is believed only as far as it can be read. */
static int load_row(state *self, sqlite3_stmt *rows, print *scratch) {
  int64_t n = sqlite3_column_int64(rows, 2), limit = sqlite3_column_int64(rows, 3);
  const uint8_t *shingles = sqlite3_column_blob(rows, 4);
  qn_str id = { (const char *)sqlite3_column_text(rows, 1), (size_t)sqlite3_column_bytes(rows, 1) };
  if (n < 1 || n > PRINT_MAX || limit < 1 || limit > PRINT_ALL ||
      packed_read(shingles, (size_t)sqlite3_column_bytes(rows, 4), (uint32_t)n, (uint32_t)limit, scratch) != 0) {
    return SQLITE_CORRUPT;
  }
  print_derive(scratch);
  return window_add(self->window, scratch, id) == 0 ? SQLITE_OK : SQLITE_NOMEM;
}

/* Rows are missing where a newer one took a document's place. The window's numbers have no gaps, so such a file is written
 * anew. */
static int load_rows(state *self, print *scratch) {
  sqlite3_stmt *rows = NULL;
  bool gaps = false, any = false;
  int code = sqlite3_prepare_v2(self->database, "SELECT number, id, n, bound, shingles FROM documents ORDER BY number",
                                -1, &rows, NULL);
  while (code == SQLITE_OK && (code = sqlite3_step(rows)) == SQLITE_ROW) {
    int64_t row = sqlite3_column_int64(rows, 0);
    if (row < 1) {
      code = SQLITE_CORRUPT;
      break;
    }
    if (!any) {
      window_number_from(self->window, (uint64_t)row);
    }
    any = true;
    gaps = gaps || (uint64_t)row != window_next(self->window);
    code = load_row(self, rows, scratch);
  }
  sqlite3_finalize(rows);
  if (code == SQLITE_DONE) {
    self->saved = gaps ? window_first(self->window) : window_next(self->window);
    self->renumber = gaps;
    code = SQLITE_OK;
  }
  return code;
}

static bool is_damage(int code) {
  int kind = code & 0xFF;
  return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || kind == SQLITE_ERROR || kind == SQLITE_MISMATCH;
}

static int open_and_load(state *self, print *scratch, state_message *message) {
  int code = open_database(self, message);
  return code == 0 ? load_rows(self, scratch) : code;
}

static int refuse(state *self, int code, state_message *message) {
  switch (code & 0xFF) {
  case NOT_OURS:
    say(message, "%s: it is no state of this stage and is left as it is; name another \"state\"", self->path);
    break;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    say(message, "%s: another run remembers its documents there; wait for that, or name another \"state\"", self->path);
    break;
  case SQLITE_CANTOPEN:
  case SQLITE_READONLY:
  case SQLITE_PERM:
    say(message,
        "%s: it cannot be written; \"state\" must name a file in a folder that is there, with permission to write",
        self->path);
    break;
  case SQLITE_NOMEM:
    say(message, "%s: no memory for its documents; lower memory_mib", self->path);
    break;
  default:
    say(message, "%s: %s; look after its disk", self->path,
        self->database != NULL ? sqlite3_errmsg(self->database) : sqlite3_errstr(code));
  }
  return -EINVAL;
}

/* Damage is no reason to stop, but one to be loud. */
static int begin_anew(state *self, print *scratch, state_message *message) {
  char *aside = NULL;
  state_message second = { "" };
  close_database(self);
  int rc = set_aside(self->path, &aside);
  if (rc != 0) {
    say(message, "%s: it is damaged and cannot be set aside (%s); move it away", self->path, strerror(-rc));
    return -EINVAL;
  }
  uint64_t n_read = window_next(self->window) - window_first(self->window);
  int code = open_and_load(self, scratch, &second);
  if (code != 0) {
    free(aside);
    return refuse(self, code, message);
  }
  self->saved = window_first(self->window);
  say(message,
      "%s: it was damaged and is now %s; %llu of its documents could be read, all others are forgotten, and copies of "
      "them will pass",
      self->path, aside, (unsigned long long)n_read);
  free(aside);
  return 0;
}

int state_open(qn_str path, const shingle_form *form, window *window, print *scratch, state **ret_state,
               state_message *ret_message) {
  state *self = calloc(1, sizeof *self);
  int len = (int)(path.len < 4000 ? path.len : 4000);
  ret_message->text[0] = '\0';
  /* "./" so that ":memory:" is a file like any other. */
  if (self == NULL || asprintf(&self->path, "%s%.*s", path.data[0] == '/' ? "" : "./", len, path.data) < 0) {
    free(self);
    say(ret_message, "no memory for the state file");
    return -EINVAL;
  }
  self->window = window;
  self->form = *form;
  self->saved = window_first(window);
  int code = may_be_ours(self->path) ? open_and_load(self, scratch, ret_message) : NOT_OURS;
  int rc = code == 0 ? 0 : is_damage(code) ? begin_anew(self, scratch, ret_message) : refuse(self, code, ret_message);
  if (rc != 0) {
    state_close(self);
    return rc;
  }
  *ret_state = self;
  return 0;
}

/* --- saving --- */

void state_forget(state *self, uint64_t number) {
  if (number >= self->saved) {
    return; /* it was never written, and never will be */
  }
  if (self->n_forgotten == FORGOTTEN_MAX) {
    self->renumber = true; /* nothing could be saved for long: write all anew when it can */
    self->saved = window_first(self->window);
    return;
  }
  self->forgotten[self->n_forgotten++] = number;
}

uint64_t state_behind(const state *self) {
  uint64_t first = window_first(self->window);
  return window_next(self->window) - (self->saved > first ? self->saved : first);
}

static int save_document(state *self, uint64_t at) {
  window_document document;
  if (!window_get(self->window, at, &document)) {
    return 0;
  }
  sqlite3_bind_int64(self->insert, 1, (int64_t)at);
  sqlite3_bind_text(self->insert, 2, document.id.len > 0 ? document.id.data : "", (int)document.id.len, SQLITE_STATIC);
  sqlite3_bind_int64(self->insert, 3, document.n);
  sqlite3_bind_int64(self->insert, 4, document.limit);
  sqlite3_bind_blob(self->insert, 5, document.packed, (int)document.packed_len, SQLITE_STATIC);
  int code = sqlite3_step(self->insert);
  sqlite3_reset(self->insert);
  sqlite3_clear_bindings(self->insert);
  return code == SQLITE_DONE ? 0 : code;
}

static int remove_rows(state *self, uint64_t begin, uint64_t end) {
  sqlite3_bind_int64(self->remove, 1, (int64_t)begin);
  sqlite3_bind_int64(self->remove, 2, (int64_t)end);
  int code = sqlite3_step(self->remove);
  sqlite3_reset(self->remove);
  return code == SQLITE_DONE ? 0 : code;
}

static int save_rows(state *self) {
  uint64_t first = window_first(self->window), next = window_next(self->window);
  int code = remove_rows(self, 0, self->renumber ? INT64_MAX : first);
  for (uint32_t i = 0; code == 0 && i < self->n_forgotten; i++) {
    code = remove_rows(self, self->forgotten[i], self->forgotten[i] + 1);
  }
  for (uint64_t at = self->saved > first ? self->saved : first; code == 0 && at < next; at++) {
    code = save_document(self, at);
  }
  return code;
}

int state_save(state *self, state_message *ret_message) {
  ret_message->text[0] = '\0';
  int code = run(self, "BEGIN IMMEDIATE");
  code = code == 0 ? save_rows(self) : code;
  code = code == 0 ? run(self, "COMMIT") : code;
  if (code != 0) {
    say(ret_message, "%s: %s; documents are remembered until the end of this run, and writing them is tried again",
        self->path, sqlite3_errmsg(self->database));
    if (sqlite3_get_autocommit(self->database) == 0) {
      (void)run(self, "ROLLBACK");
    }
    return -EIO;
  }
  self->saved = window_next(self->window);
  self->renumber = false;
  self->n_forgotten = 0;
  return 0;
}

void state_close(state *self) {
  if (self == NULL) {
    return;
  }
  close_database(self);
  free(self->path);
  free(self);
}
