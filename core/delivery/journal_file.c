/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a journal beside its worker. */
#include "delivery/journal_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "delivery/journal_body.h"
#include "delivery/journal_database.h"

enum { WALK_ENTRIES = 64, WALK_BYTES = 4 << 20, SKIPPED_PLACES = 8 };

struct journal_file {
  journal_rows *rows;
  char *path, *folder, *bodies;
  journal_file_line *lines;
  uint32_t n_lines;
};

static int no_memory(qn_error *error) {
  return error_set(error, -ENOMEM, "journal", "no memory to read the journal");
}

/* The folder, and where its bodies are: bodies, or what they were moved to with the file. */
static int name_parts(journal_file *self) {
  const char *slash = strrchr(self->path, '/');
  const char *name = slash != NULL ? slash + 1 : self->path;
  const char *aside = strstr(name, ".damaged-");
  self->folder =
      slash == NULL ? strdup(".") : strndup(self->path, (size_t)(slash - self->path) + (slash == self->path));
  if (self->folder == NULL || asprintf(&self->bodies, "%s/bodies%s", self->folder, aside != NULL ? aside : "") < 0) {
    self->bodies = NULL;
    return -ENOMEM;
  }
  return 0;
}

int journal_file_open(const char *path, journal_file **ret_file, qn_error *error) {
  sqlite3 *database = NULL;
  journal_file *self = calloc(1, sizeof *self);
  if (self == NULL || (self->path = strdup(path)) == NULL || name_parts(self) != 0) {
    journal_file_close(self);
    return no_memory(error);
  }
  int rc = journal_database_open_reader(path, &database, error);
  rc = rc == 0 ? journal_rows_new(database, &self->rows, error) : rc;
  if (rc != 0) {
    journal_file_close(self);
    return rc;
  }
  *ret_file = self;
  return 0;
}

static void free_lines(journal_file *self) {
  for (uint32_t i = 0; i < self->n_lines; i++) {
    free(self->lines[i].name);
  }
  free(self->lines);
  self->lines = NULL;
  self->n_lines = 0;
}

void journal_file_close(journal_file *self) {
  if (self == NULL) {
    return;
  }
  free_lines(self);
  journal_rows_free(self->rows);
  free(self->path);
  free(self->folder);
  free(self->bodies);
  free(self);
}

/* --- what there is --- */

static int add_line(void *arg, int64_t id, qn_str pipeline, qn_str source, uint64_t documents, uint64_t bytes) {
  journal_file *self = arg;
  if ((self->n_lines & (self->n_lines - 1)) == 0) {
    size_t n = self->n_lines == 0 ? 1 : 2 * (size_t)self->n_lines;
    journal_file_line *lines = realloc(self->lines, n * sizeof *lines);
    if (lines == NULL) {
      return -ENOMEM;
    }
    self->lines = lines;
  }
  journal_file_line *line = &self->lines[self->n_lines];
  *line = (journal_file_line){ .id = id, .documents = documents, .bytes = bytes };
  if (asprintf(&line->name, "%.*s/%.*s", (int)pipeline.len, pipeline.len > 0 ? pipeline.data : "", (int)source.len,
               source.len > 0 ? source.data : "") < 0) {
    return -ENOMEM;
  }
  self->n_lines++;
  return 0;
}

int journal_file_lines(journal_file *self, const journal_file_line **ret_lines, uint32_t *ret_n, qn_error *error) {
  free_lines(self);
  int rc = journal_rows_lines(self->rows, add_line, self, error);
  for (uint32_t i = 0; i < self->n_lines && rc == 0; i++) {
    rc = journal_rows_oldest(self->rows, self->lines[i].id, &self->lines[i].oldest_ms, error);
  }
  if (rc == -ENOMEM) {
    return no_memory(error);
  }
  if (rc == 0) {
    *ret_lines = self->lines;
    *ret_n = self->n_lines;
  }
  return rc;
}

static uint64_t size_of(const char *path, const char *behind) {
  struct stat status;
  char *name = NULL;
  uint64_t size = 0;
  if (asprintf(&name, "%s%s", path, behind) >= 0) {
    size = stat(name, &status) == 0 ? (uint64_t)status.st_size : 0;
    free(name);
  }
  return size;
}

void journal_file_sizes(const journal_file *self, uint64_t *ret_file_bytes, uint64_t *ret_body_bytes) {
  DIR *entries = opendir(self->bodies);
  uint64_t body_bytes = 0;
  for (struct dirent *entry; entries != NULL && (entry = readdir(entries)) != NULL;) {
    struct stat status;
    if (fstatat(dirfd(entries), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)) {
      body_bytes += (uint64_t)status.st_size;
    }
  }
  if (entries != NULL) {
    closedir(entries);
  }
  *ret_file_bytes = size_of(self->path, "") + size_of(self->path, "-wal");
  *ret_body_bytes = body_bytes;
}

bool journal_file_is_held(const journal_file *self) {
  char *path = journal_database_path(self->folder, "lock");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  bool is_held = file >= 0 && flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (file >= 0) {
    close(file);
  }
  free(path);
  return is_held;
}

/* --- walking --- */

typedef struct walk {
  journal_rows_reader *read;
  void *arg;
  int64_t last;
  uint32_t n;
} walk;

static int read_row(void *arg, const journal_row *row) {
  walk *self = arg;
  self->last = row->place;
  self->n++;
  return self->read(self->arg, row);
}

/* How far numbers go; a file that has lost it is looked through as far as it may be worth it. */
static int64_t end_of(journal_file *self, int64_t line) {
  uint64_t next_number = 0, n_keys;
  int64_t session;
  qn_error ignored = { 0 };
  if (journal_rows_state(self->rows, &next_number, &session, &n_keys, &ignored) != 0 ||
      next_number >> JOURNAL_NUMBER_BITS != 0) {
    next_number = 1 << 24;
  }
  return journal_rows_place(line, next_number);
}

int journal_file_walk(journal_file *self, int64_t line, int64_t from, journal_rows_reader *read, void *arg,
                      int64_t *ret_next, uint32_t *ret_n_damaged, qn_error *error) {
  int64_t end = end_of(self, line), at = from;
  uint32_t n_damaged = 0;
  for (;;) {
    walk now = { .read = read, .arg = arg, .last = at - 1 };
    int rc = journal_rows_list(self->rows, at, end, WALK_ENTRIES, WALK_BYTES, read_row, &now, error);
    if (rc == 0 || (rc == -EUCLEAN && now.n > 0)) {
      *ret_next = rc == 0 && now.n < WALK_ENTRIES ? 0 : now.last + 1;
      *ret_n_damaged = n_damaged;
      return 0;
    }
    if (rc != -EUCLEAN) {
      return rc;
    }
    n_damaged++;
    at += SKIPPED_PLACES;
    if (at >= end) {
      *ret_next = 0;
      *ret_n_damaged = n_damaged;
      return 0;
    }
  }
}

int journal_file_payload(journal_file *self, const journal_row *row, void *bytes, qn_error *error) {
  size_t n_bytes = row->payload_bytes;
  int rc = 0;
  if (row->is_body) {
    rc = journal_body_read_in(self->bodies, row->place, bytes, n_bytes, error);
  } else if (row->payload.data != NULL && row->payload.len == n_bytes) {
    memcpy(bytes, row->payload.data, n_bytes);
  } else if (n_bytes > 0) {
    rc = journal_rows_payload(self->rows, row->place, bytes, n_bytes, error);
  }
  if (rc == 0 && journal_body_hash(bytes, n_bytes) != row->hash) {
    rc = error_set(error, -EBADMSG, "body-lost", "the payload of a document has changed since it was written");
  }
  return rc;
}

/* --- verifying --- */

typedef struct verification {
  journal_file *file;
  void (*wrong)(void *arg, const char *text);
  void *arg;
  uint64_t n_entries, n_wrong;
  uint64_t documents, bytes; /* of the line */
} verification;

__attribute__((format(printf, 2, 3))) static void tell(verification *self, const char *format, ...) {
  char text[1200];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  self->n_wrong++;
  self->wrong(self->arg, text);
}

static int verify_row(void *arg, const journal_row *row) {
  verification *self = arg;
  qn_error error = { 0 };
  uint64_t number = (uint64_t)row->place & ((UINT64_C(1) << JOURNAL_NUMBER_BITS) - 1);
  uint8_t *bytes = malloc(row->payload_bytes + 1);
  if (bytes == NULL) {
    return -ENOMEM;
  }
  self->documents++;
  self->bytes += row->payload_bytes;
  self->n_entries++;
  int rc = journal_file_payload(self->file, row, bytes, &error);
  free(bytes);
  /* A worker may have settled it meanwhile, and then its body is gone before the row is for us. */
  if (rc != 0 && !(rc == -EBADMSG && row->is_body && journal_file_is_held(self->file))) {
    tell(self, "document %" PRIu64 ": %s", number, error.message);
  }
  return rc == -ENOMEM ? rc : 0;
}

static int verify_line(verification *self, const journal_file_line *line, qn_error *error) {
  int64_t at = journal_rows_place(line->id, 0);
  uint32_t n_damaged = 0;
  int rc = 0;
  self->documents = self->bytes = 0;
  while (at != 0 && rc == 0) {
    rc = journal_file_walk(self->file, line->id, at, verify_row, self, &at, &n_damaged, error);
    if (rc == 0 && n_damaged > 0) {
      tell(self, "line %s: some documents cannot be read", line->name);
    }
  }
  if (rc == 0 && (self->documents != line->documents || self->bytes != line->bytes)) {
    tell(self,
         "line %s: %" PRIu64 " documents with %" PRIu64 " bytes are there, but %" PRIu64 " with %" PRIu64
         " have been counted",
         line->name, self->documents, self->bytes, line->documents, line->bytes);
  }
  return rc;
}

int journal_file_verify(journal_file *self, void (*wrong)(void *arg, const char *text), void *arg,
                        uint64_t *ret_n_entries, uint64_t *ret_n_wrong, qn_error *error) {
  verification now = { .file = self, .wrong = wrong, .arg = arg };
  const journal_file_line *lines = NULL;
  uint32_t n_lines = 0;
  int rc = journal_rows_check(self->rows, error);
  if (rc == -EUCLEAN) {
    tell(&now, "%s", error->message);
    rc = 0;
  }
  /* As it is at one moment, whatever a worker does meanwhile. */
  rc = rc == 0 ? journal_rows_begin_reading(self->rows, error) : rc;
  rc = rc == 0 ? journal_file_lines(self, &lines, &n_lines, error) : rc;
  for (uint32_t i = 0; i < n_lines && rc == 0; i++) {
    rc = verify_line(&now, &lines[i], error);
  }
  journal_rows_roll_back(self->rows);
  if (rc == -EUCLEAN) {
    tell(&now, "%s", error->message);
    rc = 0;
  }
  if (rc == -ENOMEM) {
    no_memory(error);
  }
  if (rc == 0) {
    *ret_n_entries = now.n_entries;
    *ret_n_wrong = now.n_wrong;
  }
  return rc;
}
