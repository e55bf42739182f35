/* SPDX-License-Identifier: Apache-2.0 */

/* The store's thread and its queue. Whoever puts waits only while more waits to be written than memory should hold. */
#include "cache/cache_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_database.h"
#include "cache/cache_pack.h"
#include "cache/cache_rows.h"

enum { QUEUE_BYTES_MAX = 64 << 20, QUEUE_JOBS_MAX = 4096, BATCH_BYTES = 8 << 20, BATCH_JOBS = 512, SAID_MAX = 1200 };
static const uint64_t max_bytes_standard = (uint64_t)4 << 30;

/* One thing to write. */
typedef struct job {
  struct job *next;
  uint8_t key[CACHE_STORE_KEY_BYTES];
  bool use; /* only note that the entry was used */
  cache_entry entry;
  void *bytes; /* owned */
} job;

struct cache_store {
  cache_store_options options;
  char *folder;
  cache_rows rows; /* the thread's, after cache_store_open */
  cache_packer *packer;
  pthread_t thread;
  bool has_thread;

  pthread_mutex_t mutex; /* what follows */
  pthread_cond_t work, room, idle;
  job *first, **last;
  uint32_t n_jobs;
  size_t queued_bytes;
  bool closing, busy;
  bool off;     /* nothing more is written */
  bool damaged; /* to be set aside */
  bool said;
  uint64_t n_stored, n_lost;
};

struct cache_reader {
  cache_store *store;
  sqlite3 *database;
  sqlite3_stmt *get, *chain;
  cache_packer *packer;
  bool off;
};

static void free_jobs(job *each) {
  while (each != NULL) {
    job *next = each->next;
    free(each->bytes);
    free(each);
    each = next;
  }
}

/* --- trouble --- */

/* Says once that the store is off, and makes it so. */
static void turn_off(cache_store *self, const qn_error *why) {
  pthread_mutex_lock(&self->mutex);
  bool first = !self->said;
  self->said = true;
  self->off = true;
  self->damaged |= why->code == -EUCLEAN;
  pthread_cond_broadcast(&self->room);
  pthread_mutex_unlock(&self->mutex);
  if (first && self->options.say != NULL) {
    char text[SAID_MAX];
    snprintf(text, sizeof text, "the cache: %s; the run goes on without it", why->message);
    self->options.say(self->options.arg, text);
  }
}

/* --- writing --- */

static int write_entry(cache_store *self, const job *each, qn_error *error) {
  cache_entry entry = each->entry;
  if (!entry.dropped) {
    cache_pack(self->packer, entry.bytes, entry.len, &entry.bytes, &entry.len);
  }
  return cache_rows_put(&self->rows, each->key, &entry, error);
}

static int write_all(cache_store *self, const job *jobs, qn_error *error) {
  int rc = cache_rows_begin(&self->rows, error);
  for (const job *each = jobs; rc == 0 && each != NULL; each = each->next) {
    rc = each->use ? cache_rows_use(&self->rows, each->key, error) : write_entry(self, each, error);
  }
  rc = rc == 0 ? cache_rows_shrink(&self->rows, self->options.max_bytes, error) : rc;
  return cache_rows_end(&self->rows, rc, error);
}

static void write_batch(cache_store *self, const job *jobs) {
  qn_error error = { 0 };
  uint64_t n = 0;
  for (const job *each = jobs; each != NULL; each = each->next) {
    n += !each->use;
  }
  int rc = write_all(self, jobs, &error);
  if (rc != 0 && rc != -EBUSY) { /* another run that holds the file only costs this batch */
    turn_off(self, &error);
  }
  pthread_mutex_lock(&self->mutex);
  self->n_stored += rc == 0 ? n : 0;
  self->n_lost += rc == 0 ? 0 : n;
  pthread_mutex_unlock(&self->mutex);
}

/* Takes what makes a batch off the queue. Held: mutex. */
static job *take_batch(cache_store *self) {
  job *first = self->first;
  job **end = &first;
  size_t bytes = 0;
  for (uint32_t n = 0; *end != NULL && n < BATCH_JOBS && bytes < BATCH_BYTES; n++) {
    bytes += (*end)->entry.len;
    end = &(*end)->next;
    self->n_jobs--;
  }
  self->first = *end;
  self->last = self->first == NULL ? &self->first : self->last;
  *end = NULL;
  self->queued_bytes -= bytes;
  return first;
}

static void *store_main(void *arg) {
  cache_store *self = arg;
  pthread_mutex_lock(&self->mutex);
  while (!self->closing || self->first != NULL) {
    if (self->first == NULL) {
      pthread_cond_broadcast(&self->idle);
      pthread_cond_wait(&self->work, &self->mutex);
      continue;
    }
    self->busy = true;
    job *batch = take_batch(self);
    bool off = self->off;
    pthread_cond_broadcast(&self->room);
    pthread_mutex_unlock(&self->mutex);
    if (!off) {
      write_batch(self, batch);
    }
    free_jobs(batch);
    pthread_mutex_lock(&self->mutex);
    self->busy = false;
  }
  pthread_cond_broadcast(&self->idle);
  pthread_mutex_unlock(&self->mutex);
  return NULL;
}

/* Takes the job; NULL: there was no memory for it. */
static void queue(cache_store *self, job *made) {
  pthread_mutex_lock(&self->mutex);
  while (made != NULL && !self->off && (self->n_jobs >= QUEUE_JOBS_MAX || self->queued_bytes >= QUEUE_BYTES_MAX)) {
    pthread_cond_wait(&self->room, &self->mutex);
  }
  if (made == NULL || self->off) {
    self->n_lost += made == NULL || !made->use;
    pthread_mutex_unlock(&self->mutex);
    free_jobs(made);
    return;
  }
  *self->last = made;
  self->last = &made->next;
  self->n_jobs++;
  self->queued_bytes += made->entry.len;
  if (!self->busy) {
    pthread_cond_signal(&self->work);
  }
  pthread_mutex_unlock(&self->mutex);
}

void cache_store_put(cache_store *self, const uint8_t *key, const cache_entry *entry, void *bytes) {
  job *made = calloc(1, sizeof *made);
  if (made == NULL) {
    free(bytes);
  } else {
    memcpy(made->key, key, sizeof made->key);
    made->entry = *entry;
    made->entry.bytes = bytes;
    made->bytes = bytes;
  }
  queue(self, made);
}

static void note_use(cache_store *self, const uint8_t *key) {
  job *made = calloc(1, sizeof *made);
  if (made != NULL) {
    memcpy(made->key, key, sizeof made->key);
    made->use = true;
    queue(self, made);
  }
}

/* --- reading --- */

static int prepare(cache_reader *self, qn_error *error) {
  static const char get[] =
      "SELECT e.chain, e.dropped, e.used, b.bytes FROM entries e LEFT JOIN blocks b ON b.block = e.block"
      " WHERE e.key = ?1";
  bool good = sqlite3_prepare_v3(self->database, get, -1, SQLITE_PREPARE_PERSISTENT, &self->get, NULL) == SQLITE_OK &&
              sqlite3_prepare_v3(self->database, "SELECT text FROM chains WHERE chain = ?1", -1,
                                 SQLITE_PREPARE_PERSISTENT, &self->chain, NULL) == SQLITE_OK;
  return good ? 0 : cache_database_fault(self->database, "read", error);
}

int cache_reader_open(cache_store *store, cache_reader **ret_reader, qn_error *error) {
  cache_reader *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "cache", "no memory to read the cache");
  }
  self->store = store;
  int rc = cache_packer_new(&self->packer);
  if (rc != 0) {
    error_set(error, rc, "cache", "no memory to read the cache");
  }
  rc = rc == 0 ? cache_database_open_reader(store->folder, &self->database, error) : rc;
  rc = rc == 0 ? prepare(self, error) : rc;
  if (rc != 0) {
    cache_reader_close(self);
    return rc;
  }
  *ret_reader = self;
  return 0;
}

void cache_reader_close(cache_reader *self) {
  if (self == NULL) {
    return;
  }
  sqlite3_finalize(self->get);
  sqlite3_finalize(self->chain);
  sqlite3_close(self->database);
  cache_packer_free(self->packer);
  free(self);
}

static int unreadable(cache_reader *self) {
  qn_error error = { 0 };
  if (cache_database_fault(self->database, "read", &error) != -EBUSY) {
    self->off = true;
    turn_off(self->store, &error);
  }
  sqlite3_reset(self->get);
  return -ENOENT;
}

int cache_reader_get(cache_reader *self, const uint8_t *key, cache_entry *ret_entry) {
  if (self->off) {
    return -ENOENT;
  }
  sqlite3_bind_blob(self->get, 1, key, CACHE_STORE_KEY_BYTES, SQLITE_STATIC);
  int code = sqlite3_step(self->get);
  if (code == SQLITE_DONE) {
    sqlite3_reset(self->get);
    return -ENOENT;
  }
  if (code != SQLITE_ROW) {
    return unreadable(self);
  }
  cache_entry entry = { .chain = sqlite3_column_int64(self->get, 0),
                        .dropped = sqlite3_column_type(self->get, 1) != SQLITE_NULL,
                        .link = (uint32_t)sqlite3_column_int64(self->get, 1) };
  entry.bytes = sqlite3_column_blob(self->get, 3);
  entry.len = (size_t)sqlite3_column_bytes(self->get, 3);
  if (!entry.dropped && entry.bytes == NULL) {
    bool no_memory = sqlite3_errcode(self->database) == SQLITE_NOMEM;
    sqlite3_reset(self->get);
    return no_memory ? -ENOMEM : -ENOENT;
  }
  if (!entry.dropped) {
    cache_unpack(self->packer, entry.bytes, entry.len, &entry.bytes, &entry.len);
  }
  if (sqlite3_column_int64(self->get, 2) != self->store->rows.run) {
    note_use(self->store, key);
  }
  *ret_entry = entry;
  return 0;
}

void cache_reader_done(cache_reader *self) {
  sqlite3_reset(self->get);
}

char *cache_reader_chain(cache_reader *self, int64_t chain) {
  char *text = NULL;
  sqlite3_bind_int64(self->chain, 1, chain);
  if (sqlite3_step(self->chain) == SQLITE_ROW) {
    const unsigned char *found = sqlite3_column_text(self->chain, 0);
    text = found != NULL ? strdup((const char *)found) : NULL;
  }
  sqlite3_reset(self->chain);
  return text;
}

/* --- the whole --- */

/* Opens the file and finds the chain's number in it. */
static int open_rows(cache_store *self, const char *chain, int64_t *ret_chain, qn_error *error) {
  int rc = cache_rows_open(&self->rows, self->folder, error);
  if (rc == 0 && chain != NULL) {
    rc = cache_rows_chain(&self->rows, chain, ret_chain, error);
    if (rc != 0) {
      cache_rows_close(&self->rows);
    }
  }
  return rc;
}

static int start(cache_store *self, const char *chain, int64_t *ret_chain, qn_error *error) {
  int rc = open_rows(self, chain, ret_chain, error);
  if (rc == -EUCLEAN) {
    char text[SAID_MAX];
    snprintf(text, sizeof text, "the cache: %s; it is set aside as cache.db.damaged, and begun anew", error->message);
    cache_database_set_aside(self->folder);
    rc = open_rows(self, chain, ret_chain, error);
    if (rc == 0 && self->options.say != NULL) {
      self->options.say(self->options.arg, text);
    }
  }
  if (rc != 0) {
    return rc;
  }
  rc = -pthread_create(&self->thread, NULL, store_main, self);
  self->has_thread = rc == 0;
  return rc == 0 ? 0 : error_set(error, rc, "cache", "cannot start a thread for the cache: %s", strerror(-rc));
}

int cache_store_open(const cache_store_options *options, const char *chain, cache_store **ret_store, int64_t *ret_chain,
                     qn_error *error) {
  cache_store *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "cache", "no memory for the cache");
  }
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->work, NULL);
  pthread_cond_init(&self->room, NULL);
  pthread_cond_init(&self->idle, NULL);
  self->last = &self->first;
  self->options = *options;
  self->options.max_bytes = options->max_bytes != 0 ? options->max_bytes : max_bytes_standard;
  self->folder = strdup(options->folder);
  bool ready = self->folder != NULL && cache_packer_new(&self->packer) == 0;
  int rc = ready ? start(self, chain, ret_chain, error) : error_set(error, -ENOMEM, "cache", "no memory for the cache");
  if (rc != 0) {
    cache_store_close(self);
    return rc;
  }
  *ret_store = self;
  return 0;
}

void cache_store_close(cache_store *self) {
  if (self == NULL) {
    return;
  }
  if (self->has_thread) {
    pthread_mutex_lock(&self->mutex);
    self->closing = true;
    pthread_cond_signal(&self->work);
    pthread_mutex_unlock(&self->mutex);
    pthread_join(self->thread, NULL);
  }
  cache_rows_close(&self->rows);
  if (self->damaged) {
    cache_database_set_aside(self->folder);
  }
  pthread_cond_destroy(&self->work);
  pthread_cond_destroy(&self->room);
  pthread_cond_destroy(&self->idle);
  pthread_mutex_destroy(&self->mutex);
  cache_packer_free(self->packer);
  free(self->folder);
  free(self);
}

void cache_store_flush(cache_store *self) {
  pthread_mutex_lock(&self->mutex);
  while (self->first != NULL || self->busy) {
    pthread_cond_wait(&self->idle, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
}

void cache_store_counts_get(cache_store *self, cache_store_counts *ret_counts) {
  cache_store_counts counts = { 0 };
  cache_store_flush(self);
  pthread_mutex_lock(&self->mutex);
  counts.n_stored = self->n_stored;
  counts.n_lost = self->n_lost;
  bool off = self->off;
  pthread_mutex_unlock(&self->mutex);
  if (!off) { /* the thread waits for work: the connection is nobody's */
    cache_rows_totals(&self->rows, &counts.n_entries, &counts.bytes);
  }
  *ret_counts = counts;
}
