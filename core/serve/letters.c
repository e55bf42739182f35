/* SPDX-License-Identifier: Apache-2.0 */

/* A store before a store: whoever puts letters tries again when they could not be kept, and each try finds a file that is opened
 * anew. */
#include "serve/letters.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/letter_file.h"
#include "serve/thread.h"

struct letters {
  letter_store store; /* must be first */
  char *path, *pipeline;
  pthread_mutex_t file_mutex; /* what follows: while one run drains and another works, both have a desk */
  letter_store *file;         /* NULL: to be opened */

  pthread_mutex_t mutex; /* what follows */
  uint64_t n_put;
  uint64_t n_troubles;
  service_trouble troubles[SERVICE_TROUBLES]; /* a ring */
};

static int open_file(letters *self, qn_error *error) {
  const letter_file_options options = { .path = self->path, .pipeline = self->pipeline };
  return letter_file_new(&options, &self->file, error);
}

static void copy(char *to, size_t size, const char *text, size_t len) {
  len = len < size ? len : size - 1;
  while (len > 0 && len == size - 1 && ((unsigned char)text[len] & 0xC0) == 0x80) {
    len--; /* not within a code point */
  }
  memcpy(to, text, len);
  to[len] = '\0';
}

static void note(letters *self, const char *stage, const char *slug, const char *message, qn_str id, qn_str source) {
  pthread_mutex_lock(&self->mutex);
  service_trouble *made = &self->troubles[self->n_troubles++ % SERVICE_TROUBLES];
  made->time_ms = thread_now_ms();
  copy(made->stage, sizeof made->stage, stage, strlen(stage));
  copy(made->slug, sizeof made->slug, slug, strlen(slug));
  copy(made->message, sizeof made->message, message, strlen(message));
  copy(made->id, sizeof made->id, id.len > 0 ? id.data : "", id.len);
  copy(made->source, sizeof made->source, source.len > 0 ? source.data : "", source.len);
  pthread_mutex_unlock(&self->mutex);
}

static void forget_file(letters *self) {
  if (self->file != NULL) {
    self->file->close(self->file);
    self->file = NULL;
  }
}

static int put(letter_store *store, const letter *of) {
  letters *self = (letters *)store;
  qn_error error = { 0 };
  pthread_mutex_lock(&self->file_mutex);
  int rc = self->file == NULL ? open_file(self, &error) : 0;
  rc = rc == 0 ? self->file->put(self->file, of) : rc;
  pthread_mutex_unlock(&self->file_mutex);
  if (rc == 0) {
    note(self, of->stage, of->slug, of->message, of->id, of->source);
    pthread_mutex_lock(&self->mutex);
    self->n_put++;
    pthread_mutex_unlock(&self->mutex);
  }
  return rc;
}

static int flush(letter_store *store) {
  letters *self = (letters *)store;
  pthread_mutex_lock(&self->file_mutex);
  int rc = self->file != NULL ? self->file->flush(self->file) : -EIO;
  if (rc != 0) {
    forget_file(self);
  }
  pthread_mutex_unlock(&self->file_mutex);
  return rc;
}

int letters_new(const char *path, const char *pipeline, letters **ret_letters, qn_error *error) {
  letters *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for dead letters");
  }
  made->store = (letter_store){ .put = put, .flush = flush };
  pthread_mutex_init(&made->file_mutex, NULL);
  pthread_mutex_init(&made->mutex, NULL);
  made->path = strdup(path);
  made->pipeline = strdup(pipeline);
  int rc = made->path != NULL && made->pipeline != NULL
               ? open_file(made, error)
               : error_set(error, -ENOMEM, "no-memory", "no memory for dead letters");
  if (rc != 0) {
    letters_free(made);
    return rc;
  }
  *ret_letters = made;
  return 0;
}

void letters_free(letters *self) {
  if (self == NULL) {
    return;
  }
  forget_file(self);
  pthread_mutex_destroy(&self->file_mutex);
  pthread_mutex_destroy(&self->mutex);
  free(self->path);
  free(self->pipeline);
  free(self);
}

letter_store *letters_store(letters *self) {
  return &self->store;
}

void letters_note(letters *self, const char *stage, const char *slug, const char *message) {
  const qn_str none = { "", 0 };
  note(self, stage, slug, message, none, none);
}

uint32_t letters_troubles(letters *self, service_trouble *ret_troubles) {
  pthread_mutex_lock(&self->mutex);
  uint32_t n = self->n_troubles < SERVICE_TROUBLES ? (uint32_t)self->n_troubles : SERVICE_TROUBLES;
  for (uint32_t i = 0; i < n; i++) {
    ret_troubles[i] = self->troubles[(self->n_troubles - 1 - i) % SERVICE_TROUBLES];
  }
  pthread_mutex_unlock(&self->mutex);
  return n;
}

uint64_t letters_count(letters *self) {
  pthread_mutex_lock(&self->mutex);
  uint64_t n = self->n_put;
  pthread_mutex_unlock(&self->mutex);
  return n;
}
