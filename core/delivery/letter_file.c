/* SPDX-License-Identifier: Apache-2.0 */

/* The store on disk: a queue of copies, and a thread that writes them in transactions. */
#include "delivery/letter_file.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "delivery/letter_rows.h"

enum { BATCH_LETTERS = 256, BATCH_BYTES = 16 << 20, QUEUE_BYTES = 64 << 20, MAX_LETTERS = 1000000 };
#define MAX_BYTES (UINT64_C(4) << 30)

typedef struct letter_file {
  letter_store store; /* must be first */
  letter_file_options options;
  char *path, *pipeline;

  pthread_mutex_t mutex; /* all that follows */
  pthread_cond_t filled; /* the queue, or closing */
  pthread_cond_t eased;  /* there is room in the queue, or it is all written */
  letter_copy *first, **last;
  size_t queued_bytes; /* in memory, with the batch that is being written */
  uint32_t n_queued;
  uint64_t n_letters, n_bytes; /* in the file and the queue */
  letter_file_counts counts;
  bool full; /* said so */
  bool closing;
  qn_error error; /* why nothing more is written; code 0: it is */

  letter_rows *rows; /* the thread's, once it runs */
  pthread_t thread;
  bool has_thread;
} letter_file;

static void free_copies(letter_copy *copy) {
  while (copy != NULL) {
    letter_copy *next = copy->next;
    free(copy);
    copy = next;
  }
}

static void tell(const letter_file *self, const qn_error *error) {
  if (self->options.trouble != NULL) {
    self->options.trouble(self->options.arg, error);
  }
}

/* --- the writing thread --- */

/* Takes a batch from the queue's front. [locked] */
static letter_copy *take_batch(letter_file *self, uint32_t *ret_n, size_t *ret_bytes) {
  letter_copy *first = self->first;
  letter_copy **end = &self->first;
  uint32_t n = 0;
  size_t bytes = 0;
  while (*end != NULL && n < BATCH_LETTERS && (n == 0 || bytes + (*end)->bytes <= BATCH_BYTES)) {
    bytes += (*end)->bytes;
    n++;
    end = &(*end)->next;
  }
  self->first = *end;
  if (self->first == NULL) {
    self->last = &self->first;
  }
  *end = NULL;
  *ret_n = n;
  *ret_bytes = bytes;
  return first;
}

/* One transaction with the copies from first up to, not including, end. */
static int write_range(letter_file *self, const letter_copy *first, const letter_copy *end, qn_error *error) {
  int rc = letter_rows_begin(self->rows, error);
  if (rc != 0) {
    return rc;
  }
  for (const letter_copy *copy = first; rc == 0 && copy != end; copy = copy->next) {
    rc = letter_rows_add(self->rows, self->pipeline, copy, error);
  }
  int ended = letter_rows_end(self->rows, rc == 0, rc == 0 ? error : NULL);
  return rc != 0 ? rc : ended;
}

/* Writes a batch; one by one if it cannot be written as a whole, so that a disk is filled to its end. Returns how many
 * were written; fewer than n with error filled. */
static uint32_t write_batch(letter_file *self, const letter_copy *batch, uint32_t n, qn_error *error) {
  uint32_t n_written = 0;
  if (write_range(self, batch, NULL, error) == 0) {
    return n;
  }
  for (const letter_copy *copy = batch; copy != NULL && write_range(self, copy, copy->next, error) == 0;
       copy = copy->next) {
    n_written++;
  }
  return n_written;
}

/* Writes one batch, with the lock given away meanwhile. [locked] */
static void write_some(letter_file *self) {
  uint32_t n, n_written = 0;
  size_t bytes;
  qn_error error = self->error;
  letter_copy *batch = take_batch(self, &n, &bytes);
  pthread_mutex_unlock(&self->mutex);
  if (error.code == 0) {
    n_written = write_batch(self, batch, n, &error);
    if (n_written < n) {
      tell(self, &error);
    }
  }
  free_copies(batch);
  pthread_mutex_lock(&self->mutex);
  if (n_written < n) {
    self->error = error;
  }
  self->counts.n_kept += n_written;
  self->counts.n_lost += n - n_written;
  self->n_queued -= n;
  self->queued_bytes -= bytes;
  pthread_cond_broadcast(&self->eased);
}

static void *write_all(void *arg) {
  letter_file *self = arg;
  pthread_mutex_lock(&self->mutex);
  while (self->first != NULL || !self->closing) {
    if (self->first == NULL) {
      pthread_cond_wait(&self->filled, &self->mutex);
      continue;
    }
    if (self->options.hold_ms > 0) {
      struct timespec nap = { .tv_sec = self->options.hold_ms / 1000,
                              .tv_nsec = (long)(self->options.hold_ms % 1000) * 1000000 };
      pthread_mutex_unlock(&self->mutex);
      nanosleep(&nap, NULL);
      pthread_mutex_lock(&self->mutex);
    }
    write_some(self);
  }
  pthread_mutex_unlock(&self->mutex);
  return NULL;
}

/* --- the store --- */

static bool is_full(const letter_file *self) {
  return self->n_letters >= self->options.max_letters || self->n_bytes >= self->options.max_bytes;
}

static int describe_full(const letter_file *self, qn_error *error) {
  return error_set(
      error, -ENOSPC, "dead-letters-full",
      "%s is full: it holds %llu dead letters with %llu bytes, of at most %llu with %llu; look at them with "
      "'qanat deadletter list', then retry, export or purge them",
      self->path, (unsigned long long)self->n_letters, (unsigned long long)self->n_bytes,
      (unsigned long long)self->options.max_letters, (unsigned long long)self->options.max_bytes);
}

static int put(letter_store *store, const letter *given) {
  letter_file *self = (letter_file *)store;
  qn_error error = { 0 };
  letter_copy *copy = letter_copy_new(given);
  pthread_mutex_lock(&self->mutex);
  while (self->n_queued > 0 && copy != NULL && self->queued_bytes + copy->bytes > QUEUE_BYTES) {
    pthread_cond_wait(&self->eased, &self->mutex);
  }
  int rc = copy == NULL ? -ENOMEM : self->error.code;
  if (rc != 0) {
    self->counts.n_lost++;
    pthread_mutex_unlock(&self->mutex);
    free(copy);
    return rc;
  }
  *self->last = copy;
  self->last = &copy->next;
  self->queued_bytes += copy->bytes;
  self->n_queued++;
  self->n_letters++;
  self->n_bytes += copy->payload.len;
  bool reached = !self->full && is_full(self);
  if (reached) {
    self->full = true;
    describe_full(self, &error);
  }
  pthread_cond_signal(&self->filled);
  pthread_mutex_unlock(&self->mutex);
  if (reached) {
    tell(self, &error);
  }
  return 0;
}

int letter_file_flush(letter_store *store, letter_file_counts *ret_counts, qn_error *error) {
  letter_file *self = (letter_file *)store;
  pthread_mutex_lock(&self->mutex);
  while (self->n_queued > 0) {
    pthread_cond_wait(&self->eased, &self->mutex);
  }
  int rc = self->error.code;
  if (rc != 0) {
    *error = self->error;
  } else if (self->counts.n_lost > 0) {
    rc = error_set(error, -ENOMEM, "dead-letters", "there was no memory to keep all dead letters in %s", self->path);
  }
  *ret_counts = self->counts;
  pthread_mutex_unlock(&self->mutex);
  return rc;
}

static int flush(letter_store *store) {
  letter_file_counts counts;
  qn_error error = { 0 };
  return letter_file_flush(store, &counts, &error);
}

static void close_file(letter_store *store) {
  letter_file *self = (letter_file *)store;
  if (self == NULL) {
    return;
  }
  if (self->has_thread) {
    pthread_mutex_lock(&self->mutex);
    self->closing = true;
    pthread_cond_signal(&self->filled);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
  }
  letter_rows_close(self->rows);
  pthread_cond_destroy(&self->filled);
  pthread_cond_destroy(&self->eased);
  pthread_mutex_destroy(&self->mutex);
  free(self->path);
  free(self->pipeline);
  free(self);
}

/* Signals are for the threads that wait for them. */
static int start_thread(letter_file *self, qn_error *error) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = -pthread_create(&self->thread, NULL, write_all, self);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  self->has_thread = rc == 0;
  return rc == 0
             ? 0
             : error_set(error, rc, "dead-letters", "cannot start a thread for the dead letters: %s", strerror(-rc));
}

static int open_file(letter_file *self, qn_error *error) {
  self->path = strdup(self->options.path);
  self->pipeline = strdup(self->options.pipeline);
  if (self->path == NULL || self->pipeline == NULL) {
    return error_set(error, -ENOMEM, "dead-letters", "no memory to open %s", self->options.path);
  }
  int rc = letter_rows_open(self->path, LETTERS_CREATE, &self->rows, error);
  rc = rc == 0 ? letter_rows_totals(self->rows, &self->n_letters, &self->n_bytes, error) : rc;
  if (rc == 0 && is_full(self)) {
    rc = describe_full(self, error);
  }
  return rc == 0 ? start_thread(self, error) : rc;
}

int letter_file_new(const letter_file_options *options, letter_store **ret_store, qn_error *error) {
  letter_file *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "dead-letters", "no memory to open %s", options->path);
  }
  self->store = (letter_store){ .put = put, .flush = flush, .close = close_file };
  self->options = *options;
  self->options.max_letters = options->max_letters != 0 ? options->max_letters : MAX_LETTERS;
  self->options.max_bytes = options->max_bytes != 0 ? options->max_bytes : MAX_BYTES;
  self->last = &self->first;
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->filled, NULL);
  pthread_cond_init(&self->eased, NULL);
  int rc = open_file(self, error);
  if (rc != 0) {
    close_file(&self->store);
    return rc;
  }
  *ret_store = &self->store;
  return 0;
}
