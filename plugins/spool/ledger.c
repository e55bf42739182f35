/* SPDX-License-Identifier: Apache-2.0 */

/* Slots of files behind one lock, and a line of those that are finished. */
#include "spool/ledger.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

struct ledger {
  pthread_mutex_t mutex; /* all below */
  pthread_cond_t changed;
  ledger_file *files;
  uint32_t n_files;
  ledger_file *free;
  ledger_file *finished, **last_finished;
  bool is_closing;
  int room; /* an eventfd that holds the number of free slots */
};

int ledger_new(uint32_t n_files, ledger **ret_ledger) {
  ledger *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->changed, &monotonic);
  pthread_condattr_destroy(&monotonic);
  self->last_finished = &self->finished;
  self->n_files = n_files;
  self->files = calloc(n_files, sizeof *self->files);
  self->room = eventfd(n_files, EFD_NONBLOCK | EFD_CLOEXEC | EFD_SEMAPHORE);
  if (self->files == NULL || self->room < 0) {
    int rc = self->files == NULL ? -ENOMEM : -errno;
    ledger_free(self);
    return rc;
  }
  for (uint32_t i = n_files; i > 0; i--) {
    ledger_file *slot = &self->files[i - 1];
    *slot = (ledger_file){ .index = i - 1, .next = self->free };
    self->free = slot;
  }
  *ret_ledger = self;
  return 0;
}

void ledger_free(ledger *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; self->files != NULL && i < self->n_files; i++) {
    free(self->files[i].path);
    free(self->files[i].stretches);
  }
  free(self->files);
  if (self->room >= 0) {
    close(self->room);
  }
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

int ledger_descriptor(const ledger *self) {
  return self->room;
}

ledger_file *ledger_open(ledger *self, uint64_t claim, char *path) {
  uint64_t one;
  if (read(self->room, &one, sizeof one) < 0) {
    return NULL;
  }
  ledger_stretch *stretches = calloc(LEDGER_STRETCHES, sizeof *stretches);
  pthread_mutex_lock(&self->mutex);
  ledger_file *slot = self->free;
  self->free = slot->next;
  *slot = (ledger_file){ .claim = claim,
                         .path = path,
                         .stretches = stretches,
                         .index = slot->index,
                         .generation = slot->generation + 1,
                         .is_used = true };
  pthread_mutex_unlock(&self->mutex);
  return slot;
}

/* The stretch stands between the two. */
enum { INDEX_BITS = 20, STRETCH_BITS = 12 };

uint64_t ledger_cookie(const ledger_file *file) {
  return (uint64_t)file->generation << 32 | (uint64_t)(file->current % LEDGER_STRETCHES) << INDEX_BITS | file->index;
}

/* [locked] */
static void go_through(ledger_file *file) {
  while (file->first != file->current) {
    const ledger_stretch *at = &file->stretches[file->first % LEDGER_STRETCHES];
    if (!at->is_ended || at->n_settled != at->n_emitted || at->has_failed) {
      return;
    }
    file->n_lines_through = at->n_lines;
    file->first++;
  }
}

void ledger_stretch_end(ledger *self, ledger_file *file, uint64_t n_emitted, uint64_t n_lines) {
  pthread_mutex_lock(&self->mutex);
  if (file->stretches != NULL && file->current - file->first < LEDGER_STRETCHES - 1) { /* else this one grows */
    ledger_stretch *at = &file->stretches[file->current % LEDGER_STRETCHES];
    at->n_emitted = n_emitted - file->n_before;
    at->n_lines = n_lines;
    at->is_ended = true;
    file->n_before = n_emitted;
    file->current++;
    file->stretches[file->current % LEDGER_STRETCHES] = (ledger_stretch){ 0 };
    go_through(file);
  }
  pthread_mutex_unlock(&self->mutex);
}

uint64_t ledger_lines_through(ledger *self, const ledger_file *file) {
  pthread_mutex_lock(&self->mutex);
  uint64_t n_lines = file->n_lines_through;
  pthread_mutex_unlock(&self->mutex);
  return n_lines;
}

/* [locked] */
static void settle_in_stretch(ledger_file *file, uint64_t cookie, bool has_failed) {
  if (file->stretches == NULL) {
    return;
  }
  ledger_stretch *at = &file->stretches[((cookie >> INDEX_BITS) & ((1u << STRETCH_BITS) - 1)) % LEDGER_STRETCHES];
  at->n_settled++;
  at->has_failed |= has_failed;
  go_through(file);
}

/* [locked] */
static void finish_if_done(ledger *self, ledger_file *file) {
  if (file->is_read && !file->is_finished && file->n_settled == file->n_emitted) {
    file->is_finished = true;
    file->next = NULL;
    *self->last_finished = file;
    self->last_finished = &file->next;
    pthread_cond_signal(&self->changed);
  }
}

void ledger_read(ledger *self, ledger_file *file, uint64_t n_emitted, uint64_t n_rejected, const file_fault *fault) {
  pthread_mutex_lock(&self->mutex);
  file->n_emitted = n_emitted;
  file->n_rejected = n_rejected;
  if (n_rejected > 0) {
    snprintf(file->slug, sizeof file->slug, "%s", fault->slug);
    snprintf(file->message, sizeof file->message, "%s", fault->text);
  }
  file->is_read = true;
  finish_if_done(self, file);
  pthread_mutex_unlock(&self->mutex);
}

void ledger_settle(ledger *self, uint64_t cookie, bool has_failed) {
  uint32_t index = (uint32_t)cookie & ((1u << INDEX_BITS) - 1);
  pthread_mutex_lock(&self->mutex);
  ledger_file *file = index < self->n_files ? &self->files[index] : NULL;
  if (file != NULL && file->is_used && file->generation == cookie >> 32) {
    file->n_settled++;
    file->n_failed += has_failed;
    settle_in_stretch(file, cookie, has_failed);
    finish_if_done(self, file);
  }
  pthread_mutex_unlock(&self->mutex);
}

ledger_file *ledger_take_finished(ledger *self, uint32_t timeout_ms) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += timeout_ms / 1000;
  until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&self->mutex);
  while (self->finished == NULL && !self->is_closing &&
         pthread_cond_timedwait(&self->changed, &self->mutex, &until) == 0) {
  }
  ledger_file *file = self->finished;
  if (file != NULL) {
    self->finished = file->next;
    if (self->finished == NULL) {
      self->last_finished = &self->finished;
    }
  }
  pthread_mutex_unlock(&self->mutex);
  return file;
}

void ledger_close_file(ledger *self, ledger_file *file) {
  uint64_t one = 1;
  pthread_mutex_lock(&self->mutex);
  free(file->path);
  free(file->stretches);
  file->path = NULL;
  file->stretches = NULL;
  file->is_used = false;
  file->next = self->free;
  self->free = file;
  pthread_mutex_unlock(&self->mutex);
  ssize_t n = write(self->room, &one, sizeof one);
  (void)n; /* a counter of slots cannot be full */
}

void ledger_begin_closing(ledger *self) {
  pthread_mutex_lock(&self->mutex);
  self->is_closing = true;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

bool ledger_is_closing(ledger *self) {
  pthread_mutex_lock(&self->mutex);
  bool is_closing = self->is_closing;
  pthread_mutex_unlock(&self->mutex);
  return is_closing;
}

ledger_file *ledger_left(ledger *self, uint32_t *index) {
  while (*index < self->n_files) {
    ledger_file *file = &self->files[(*index)++];
    if (file->is_used) {
      return file;
    }
  }
  return NULL;
}
