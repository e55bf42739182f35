/* SPDX-License-Identifier: Apache-2.0 */

/* Opens and closes the journal, and counts. */
#include "delivery/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "delivery/journal_ballast.h"
#include "delivery/journal_body.h"
#include "delivery/journal_database.h"
#include "delivery/journal_inside.h"

enum { MAX_DOCUMENTS = 1000000, MEMORY_BYTES = 64 << 20, BODY_BYTES = 1 << 20, COMMIT_MS = 2, KEYS_HOURS = 72 };
enum { N_HANDS = 1 << 16, LOG_PAGES_MAX = 4096 };
#define MAX_BYTES (UINT64_C(4) << 30)

/* --- what all use --- */

void journal_say(journal *self, uint32_t level, const char *format, ...) {
  char text[2048];
  va_list values;
  if (self->options.say == NULL) {
    return;
  }
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  pthread_mutex_lock(&self->say_mutex);
  self->options.say(self->options.arg, level, text);
  pthread_mutex_unlock(&self->say_mutex);
}

int64_t journal_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t journal_time_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool journal_wait_until(pthread_cond_t *changed, pthread_mutex_t *mutex, int64_t deadline_ns) {
  struct timespec deadline = { .tv_sec = deadline_ns / 1000000000, .tv_nsec = deadline_ns % 1000000000 };
  return pthread_cond_timedwait(changed, mutex, &deadline) != ETIMEDOUT;
}

/* --- opening --- */

static void init_cond(pthread_cond_t *cond) {
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(cond, &clock);
  pthread_condattr_destroy(&clock);
}

static journal *make(const journal_options *options) {
  journal *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return NULL;
  }
  self->options = *options;
  journal_options *own = &self->options;
  own->max_documents = own->max_documents != 0 ? own->max_documents : MAX_DOCUMENTS;
  own->max_bytes = own->max_bytes != 0 ? own->max_bytes : MAX_BYTES;
  own->memory_bytes = own->memory_bytes != 0 ? own->memory_bytes : MEMORY_BYTES;
  own->body_bytes = own->body_bytes != 0 ? own->body_bytes : BODY_BYTES;
  own->commit_ms = own->commit_ms != UINT32_MAX ? own->commit_ms : COMMIT_MS;
  own->keys_kept_hours = own->keys_kept_hours != 0 ? own->keys_kept_hours : KEYS_HOURS;
  self->lock_file = -1;
  self->last = &self->first;
  self->oldest_commit = self->shrunken_commit = UINT64_MAX; /* what is there already is looked at as well */
  pthread_mutex_init(&self->writing_mutex, NULL);
  pthread_mutex_init(&self->reading_mutex, NULL);
  pthread_mutex_init(&self->say_mutex, NULL);
  pthread_mutex_init(&self->mutex, NULL);
  init_cond(&self->queued);
  init_cond(&self->eased);
  init_cond(&self->synced);
  self->folder = strdup(options->folder);
  if (self->folder == NULL) {
    journal_close(self);
    return NULL;
  }
  own->folder = self->folder;
  return self;
}

/* Who only asks whether somebody has it (`qanat journal status`) holds it for a moment. */
static int take_lock(int file) {
  const struct timespec pause = { .tv_nsec = 10000000 };
  for (int left = 10; flock(file, LOCK_EX | LOCK_NB) != 0; left--) {
    if (errno != EWOULDBLOCK || left == 0) {
      return -errno;
    }
    nanosleep(&pause, NULL);
  }
  return 0;
}

static int lock_folder(journal *self, qn_error *error) {
  if (mkdir(self->folder, 0700) != 0 && errno != EEXIST) {
    return error_set(error, -errno, "journal", "cannot make the folder %s: %s", self->folder, strerror(errno));
  }
  char *path = journal_database_path(self->folder, "lock");
  self->lock_file = path == NULL ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  int rc = path == NULL ? -ENOMEM : self->lock_file < 0 ? -errno : take_lock(self->lock_file);
  if (rc == -EWOULDBLOCK) {
    rc = error_set(error, -EBUSY, "journal",
                   "another worker has the journal in %s; stop it, or give this one a folder of its own with --state",
                   self->folder);
  } else if (rc != 0) {
    error_set(error, rc, "journal", "cannot open %s: %s", path != NULL ? path : self->folder, strerror(-rc));
  }
  free(path);
  return rc;
}

static int read_line(void *arg, int64_t id, qn_str pipeline, qn_str source, uint64_t documents, uint64_t bytes) {
  journal *self = arg;
  journal_line *line;
  if (id < 1 || id > JOURNAL_LINES_MAX) {
    return -EUCLEAN;
  }
  int rc = journal_line_add(self, id, pipeline, source, documents, bytes, &line);
  if (rc == 0) {
    line->disk_from = 1;
    line->disk_end = documents > 0 ? self->next_number : 1;
    self->charged_documents += documents;
    self->charged_bytes += bytes;
  }
  return rc;
}

static int read_kept(void *arg, qn_str pipeline, qn_str sink, const void *bytes, size_t n_bytes) {
  journal_kept_state *kept = journal_kept_add(arg, pipeline, sink);
  return kept == NULL ? -ENOMEM : journal_kept_set(kept, bytes, n_bytes);
}

static void clear(journal *self) {
  while (self->lines != NULL) {
    journal_line *next = self->lines->next;
    journal_line_free(self->lines);
    self->lines = next;
  }
  while (self->kept != NULL) {
    journal_kept_state *next = self->kept->next;
    free(self->kept->pipeline);
    free(self->kept->sink);
    free(self->kept->bytes);
    free(self->kept);
    self->kept = next;
  }
  journal_rows_free(self->reading);
  journal_rows_free(self->writing); /* the last one, which writes the log back */
  self->writing = self->reading = NULL;
  self->n_lines = 0;
  self->charged_documents = self->charged_bytes = 0;
}

/* What is small of the file, into memory. */
static int read_all(journal *self, qn_error *error) {
  int rc = journal_rows_state(self->writing, &self->next_number, &self->session, &self->n_keys, error);
  if (rc != 0) {
    return rc;
  }
  rc = journal_rows_lines(self->writing, read_line, self, error);
  rc = rc == 0 ? journal_rows_kept(self->writing, read_kept, self, error) : rc;
  if (rc == -EUCLEAN || self->next_number == 0 || self->next_number >> JOURNAL_NUMBER_BITS != 0) {
    return error_set(error, -EUCLEAN, "journal", "%s/journal.db is damaged: its numbers make no sense", self->folder);
  }
  return rc == -ENOMEM ? error_set(error, rc, "journal", "no memory to open the journal in %s", self->folder) : rc;
}

/* Another opening: cookies of the one before mean nothing any more. It is also the proof that the file can be written. */
static int begin_session(journal *self, qn_error *error) {
  self->session++;
  int rc = journal_rows_begin(self->writing, error);
  if (rc != 0) {
    return rc;
  }
  rc = journal_rows_set_state(self->writing, self->next_number, self->session, self->n_keys, error);
  if (rc != 0) {
    journal_rows_roll_back(self->writing);
    return rc;
  }
  return journal_rows_commit(self->writing, error);
}

static int open_database(journal *self, qn_error *error) {
  sqlite3 *database = NULL;
  int rc = journal_database_open(self->folder, &database, error);
  rc = rc == 0 ? journal_rows_new(database, &self->writing, error) : rc;
  rc = rc == 0 ? read_all(self, error) : rc;
  rc = rc == 0 ? begin_session(self, error) : rc;
  if (rc != 0) {
    return rc;
  }
  char *path = journal_database_path(self->folder, "journal.db");
  rc = path == NULL ? error_set(error, -ENOMEM, "journal", "no memory to open the journal")
                    : journal_database_open_reader(path, &database, error);
  free(path);
  return rc == 0 ? journal_rows_new(database, &self->reading, error) : rc;
}

/* A damaged file must not keep the worker from starting; what can be had out of it waits for people. */
static int open_or_begin_anew(journal *self, qn_error *error) {
  char *name = NULL;
  int rc = open_database(self, error);
  if (rc != -EUCLEAN) {
    return rc;
  }
  qn_error why = *error;
  clear(self);
  rc = journal_database_set_aside(self->folder, &name, error);
  if (rc != 0) {
    return rc;
  }
  journal_say(
      self, QN_LOG_ERROR,
      "the journal was damaged, and documents that waited in it have not been processed: %s. It is %s now and a new "
      "one is begun; get out what can be read with 'qanat journal export --file %s'",
      why.message, name, name);
  free(name);
  return open_database(self, error);
}

/* Documents that somebody was working on when the last process ended. Their lines are not known: the number is looked for in all. */
static int count_crashes(void *arg, const uint64_t *numbers, uint32_t n) {
  journal *self = arg;
  qn_error error = { 0 };
  int rc = journal_rows_begin(self->writing, &error);
  if (rc != 0) {
    return rc;
  }
  for (uint32_t i = 0; i < n && rc == 0; i++) {
    for (const journal_line *line = self->lines; line != NULL && rc == 0; line = line->next) {
      rc = journal_rows_crash(self->writing, journal_rows_place(line->id, numbers[i]), &error);
    }
  }
  if (rc != 0) {
    journal_rows_roll_back(self->writing);
    return rc;
  }
  return journal_rows_commit(self->writing, &error);
}

/* A disk that is full already lets nothing in, but what waits may be finished. */
static void take_ballast(journal *self) {
  qn_error error = { 0 };
  self->ballast_bytes = journal_ballast_size(self->folder);
  uint64_t pages = self->ballast_bytes / JOURNAL_PAGE_BYTES * 4 / 5;
  self->log_pages = pages < LOG_PAGES_MAX ? (uint32_t)pages : LOG_PAGES_MAX;
  self->log_pages_next = self->log_pages;
  if (journal_ballast_take(self->folder, self->ballast_bytes, &error) != 0) {
    journal_say(self, QN_LOG_ERROR,
                "the journal has no room: %s; nothing is accepted until it has, it is tried again every second",
                error.message);
    self->fails = true;
    self->error = error;
  }
}

static int open_hands(journal *self, qn_error *error) {
  char *path = journal_database_path(self->folder, "hands");
  int rc = path == NULL ? error_set(error, -ENOMEM, "journal", "no memory to open the journal")
                        : hands_open(path, N_HANDS, count_crashes, self, &self->hands, error);
  free(path);
  return rc;
}

static int is_body_kept(void *arg, int64_t place) {
  journal *self = arg;
  qn_error error = { 0 };
  return journal_rows_has_body(self->writing, place, &error);
}

/* Signals are for the threads that wait for them. */
static int start_thread(journal *self, qn_error *error) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = -pthread_create(&self->thread, NULL, journal_write_all, self);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  self->has_thread = rc == 0;
  if (rc == 0) {
    pthread_setname_np(self->thread, "journal");
  }
  return rc == 0 ? 0 : error_set(error, rc, "journal", "cannot start a thread for the journal: %s", strerror(-rc));
}

int journal_open(const journal_options *options, journal **ret_journal, qn_error *error) {
  journal *self = make(options);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "journal", "no memory to open the journal in %s", options->folder);
  }
  int rc = lock_folder(self, error);
  rc = rc == 0 ? open_or_begin_anew(self, error) : rc;
  rc = rc == 0 ? open_hands(self, error) : rc;
  rc = rc == 0 ? journal_body_open(self->folder, is_body_kept, self, error) : rc;
  if (rc == 0) {
    take_ballast(self);
    rc = start_thread(self, error);
  }
  if (rc != 0) {
    journal_close(self);
    return rc;
  }
  *ret_journal = self;
  return 0;
}

/* --- closing --- */

/* What could not be written to the last. It is in the file as it was before, and comes again. */
static void drop_queue(journal *self) {
  for (journal_op *op = self->first, *next; op != NULL; op = next) {
    next = op->next;
    if (op->kind == OP_CONFIRM) {
      journal_confirm_free((confirm_op *)op);
    } else {
      journal_entry_free(op->entry);
    }
  }
}

void journal_close(journal *self) {
  if (self == NULL) {
    return;
  }
  if (self->has_thread) {
    pthread_mutex_lock(&self->mutex);
    self->closing = true;
    pthread_cond_signal(&self->queued);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
  }
  drop_queue(self);
  clear(self);
  hands_close(self->hands);
  if (self->lock_file >= 0) {
    close(self->lock_file);
  }
  pthread_cond_destroy(&self->queued);
  pthread_cond_destroy(&self->eased);
  pthread_cond_destroy(&self->synced);
  pthread_mutex_destroy(&self->mutex);
  pthread_mutex_destroy(&self->say_mutex);
  pthread_mutex_destroy(&self->reading_mutex);
  pthread_mutex_destroy(&self->writing_mutex);
  free(self->folder);
  free(self);
}

/* --- waiting and counting --- */

int journal_sync(journal *self, uint32_t timeout_ms) {
  int64_t until = journal_now_ns() + (int64_t)timeout_ms * 1000000;
  int rc = 0;
  pthread_mutex_lock(&self->mutex);
  uint64_t wanted = self->n_pushed, failures = self->n_failures;
  self->n_syncing++;
  self->hurry = true;
  pthread_cond_signal(&self->queued);
  while ((self->n_done < wanted || self->fails) && rc == 0) {
    if (self->n_failures != failures) {
      rc = self->error.code;
    } else if (!journal_wait_until(&self->synced, &self->mutex, until)) {
      rc = self->n_done < wanted || self->fails ? -ETIMEDOUT : 0;
    }
  }
  self->n_syncing--;
  pthread_mutex_unlock(&self->mutex);
  return rc;
}

struct hands *journal_hands(journal *self) {
  return self->hands;
}

/* [locked] */
static void add_line(const journal_line *line, journal_counts *counts) {
  counts->accepted += line->accepted;
  counts->known += line->known;
  counts->refused += line->refused;
  counts->settled += line->settled;
  counts->quarantined += line->quarantined;
  counts->taken += line->taken;
  counts->waiting += line->documents - line->taken;
  counts->bytes += line->bytes;
  /* It is looked up now and then: until then it may be of one that is gone. */
  if (line->documents > 0 && line->oldest_ms != 0 && (counts->oldest_ms == 0 || line->oldest_ms < counts->oldest_ms)) {
    counts->oldest_ms = line->oldest_ms;
  }
}

static uint64_t size_of(const char *folder, const char *name) {
  struct stat status;
  char *path = journal_database_path(folder, name);
  uint64_t size = path != NULL && stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
  free(path);
  return size;
}

void journal_counts_get(journal *self, journal_counts *ret_counts) {
  journal_counts counts = { .max_documents = self->options.max_documents, .max_bytes = self->options.max_bytes };
  pthread_mutex_lock(&self->mutex);
  for (const journal_line *line = self->lines; line != NULL; line = line->next) {
    add_line(line, &counts);
  }
  bool is_full = !journal_has_bounds(self, 0);
  for (const journal_line *line = self->lines; line != NULL && !is_full; line = line->next) {
    is_full = line->wants_room && !journal_has_bounds(self, line->wanted_bytes);
  }
  counts.state = self->fails ? JOURNAL_FAILS : is_full ? JOURNAL_FULL : JOURNAL_WRITES;
  counts.error = self->error;
  counts.n_commits = self->n_commits;
  counts.commit_ns = self->commit_ns;
  pthread_mutex_unlock(&self->mutex);
  counts.file_bytes = size_of(self->folder, "journal.db") + size_of(self->folder, "journal.db-wal");
  *ret_counts = counts;
}

bool journal_fails(journal *self, qn_error *ret_error) {
  pthread_mutex_lock(&self->mutex);
  bool fails = self->fails;
  if (fails) {
    *ret_error = self->error;
  }
  pthread_mutex_unlock(&self->mutex);
  return fails;
}

void journal_line_counts_get(journal_line *line, journal_counts *ret_counts) {
  journal_counts counts = { 0 };
  pthread_mutex_lock(&line->journal->mutex);
  add_line(line, &counts);
  pthread_mutex_unlock(&line->journal->mutex);
  *ret_counts = counts;
}
