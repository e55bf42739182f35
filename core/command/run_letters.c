/* SPDX-License-Identifier: Apache-2.0 */

/* The stores of a run behind one. */
#include "command/run_letters.h"

#include <errno.h>
#include <string.h>

static int put(letter_store *store, const letter *note) {
  run_letters *self = (run_letters *)store;
  if (self->name != NULL) {
    self->name(self->arg, note);
  }
  int rc = self->memory->put(self->memory, note);
  int kept = self->file != NULL ? self->file->put(self->file, note) : 0;
  return kept != 0 ? kept : rc;
}

static int flush(letter_store *store) {
  const run_letters *self = (const run_letters *)store;
  return self->file != NULL ? self->file->flush(self->file) : 0;
}

/* The file can keep no more: what would fail next would be lost, so nothing more comes in. */
static void on_trouble(void *arg, const qn_error *error) {
  run_letters *self = arg;
  pthread_mutex_lock(&self->mutex);
  if (self->trouble.code == 0) {
    self->trouble = *error;
  }
  if (self->running != NULL) {
    runtime_stop(self->running);
  }
  pthread_mutex_unlock(&self->mutex);
}

int run_letters_init(run_letters *self, const run_letters_options *options, qn_error *error) {
  self->store = (letter_store){ .put = put, .flush = flush };
  self->path = options->path;
  self->name = options->name;
  self->arg = options->arg;
  pthread_mutex_init(&self->mutex, NULL);
  int rc = letter_memory_new(options->n_kept, &self->memory);
  if (rc != 0) {
    return error_set(error, rc, "no-memory", "no memory for failed documents");
  }
  if (options->path == NULL) {
    return 0;
  }
  const letter_file_options file = { .path = options->path,
                                     .pipeline = options->pipeline,
                                     .max_bytes = options->max_bytes,
                                     .trouble = on_trouble,
                                     .arg = self };
  return letter_file_new(&file, &self->file, error);
}

void run_letters_done(run_letters *self) {
  if (self->store.put == NULL) {
    return;
  }
  if (self->file != NULL) {
    self->file->close(self->file);
  }
  if (self->memory != NULL) {
    self->memory->close(self->memory);
  }
  pthread_mutex_destroy(&self->mutex);
}

void run_letters_watch(run_letters *self, runtime *running) {
  pthread_mutex_lock(&self->mutex);
  self->running = running;
  pthread_mutex_unlock(&self->mutex);
}

int run_letters_flush(run_letters *self, letter_file_counts *ret_counts, qn_error *error) {
  *ret_counts = (letter_file_counts){ 0, 0 };
  return self->file != NULL ? letter_file_flush(self->file, ret_counts, error) : 0;
}
