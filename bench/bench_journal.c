/* SPDX-License-Identifier: Apache-2.0 */

/* Question: what does the journal cost over the transactions that it is made of?
 *
 * Threads put documents of 2 KB, another takes and settles them. Then bare SQLite does the same with the same settings: as many
 * documents inserted and deleted in each transaction as the journal had in each of its own, in one thread that has nothing else to do.
 * Rounds of both alternate, since disks have moods. Then one document at a time: how long until it is accepted, and how long a bare
 * transaction takes. Last, a journal with many documents waiting is opened: how long until the first is taken.
 *
 * usage: bench_journal [FOLDER [N_WAITING]]; the folder is on the disk that it is about (/var/tmp). */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "delivery/journal.h"

enum {
  PAYLOAD_BYTES = 2048,
  N_PRODUCERS = 4,
  IN_FLIGHT = 256,
  WAKE_AT = IN_FLIGHT / 2,
  N_ROUNDS = 11,
  N_SINGLE = 1000,
  N_IN_TURN = 50,
  TAKEN_AT_ONCE = 64
};
static const double round_seconds = 0.5;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void must(int fine, const char *what) {
  if (!fine) {
    fprintf(stderr, "bench_journal: %s\n", what);
    exit(1);
  }
}

static uint8_t payload[PAYLOAD_BYTES];

/* --- the journal --- */

typedef struct load {
  journal *journal;
  journal_line *line;
  atomic_bool stop;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  atomic_uint in_flight; /* put, and not accepted yet */
  double accepted_at;    /* the last one */
} load;

static void accepted(void *arg, const journal_entry *entry) {
  load *self = arg;
  (void)entry;
  uint32_t before = atomic_fetch_sub(&self->in_flight, 1);
  if (before == 1 || before == WAKE_AT) {
    pthread_mutex_lock(&self->mutex);
    self->accepted_at = now();
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->mutex);
  }
}

static void put_one(load *self, uint64_t ordinal) {
  journal_entry *entry = NULL;
  char id[32];
  int len = snprintf(id, sizeof id, "document-%llu", (unsigned long long)ordinal);
  must(journal_reserve_wait(self->line, PAYLOAD_BYTES, &entry) == 0, "no room");
  memcpy(entry->payload, payload, PAYLOAD_BYTES);
  qn_emit emit = { .source = QN_LIT("bench"), .id = { id, (size_t)len }, .ordinal = ordinal };
  must(journal_describe(entry, &emit) == 0, "no memory");
  journal_put(entry, PAYLOAD_BYTES);
}

static void *produce(void *arg) {
  load *self = arg;
  for (uint64_t i = 0; !atomic_load(&self->stop); i++) {
    if (atomic_fetch_add(&self->in_flight, 1) >= IN_FLIGHT) {
      pthread_mutex_lock(&self->mutex);
      while (atomic_load(&self->in_flight) > IN_FLIGHT) {
        pthread_cond_wait(&self->changed, &self->mutex);
      }
      pthread_mutex_unlock(&self->mutex);
    }
    put_one(self, i);
  }
  return NULL;
}

static void *consume(void *arg) {
  load *self = arg;
  journal_entry *entry;
  qn_error error = { 0 };
  while (journal_take(self->line, TAKEN_AT_ONCE, &entry) == 0) {
    while (entry != NULL) {
      journal_entry *next = entry->next;
      must(journal_load(entry, &error) == 0, error.message);
      journal_settle(entry);
      entry = next;
    }
  }
  return NULL;
}

/* Documents a second through the journal, and how many were in a transaction. */
static double run_journal(load *self, double *ret_per_commit) {
  pthread_t producers[N_PRODUCERS], consumer;
  journal_counts before, after;
  atomic_store(&self->stop, false);
  journal_counts_get(self->journal, &before);
  double begin = now();
  pthread_create(&consumer, NULL, consume, self);
  for (int i = 0; i < N_PRODUCERS; i++) {
    pthread_create(&producers[i], NULL, produce, self);
  }
  while (now() - begin < round_seconds) {
    usleep(10000);
  }
  atomic_store(&self->stop, true);
  for (int i = 0; i < N_PRODUCERS; i++) {
    pthread_join(producers[i], NULL);
  }
  journal_counts counts;
  do {
    usleep(100);
    must(journal_sync(self->journal, 10000) == 0, "cannot write");
    journal_counts_get(self->journal, &counts);
  } while (counts.waiting + counts.taken > 0);
  double seconds = now() - begin;
  journal_interrupt_take(self->line, true);
  pthread_join(consumer, NULL);
  journal_interrupt_take(self->line, false);
  journal_counts_get(self->journal, &after);
  double n = (double)(after.settled - before.settled);
  *ret_per_commit = n / (double)(after.n_commits - before.n_commits);
  return n / seconds;
}

/* --- bare SQLite --- */

typedef struct bare {
  sqlite3 *database;
  sqlite3_stmt *insert, *delete, *begin, *commit;
  int64_t next, oldest;
} bare;

static void step(sqlite3_stmt *statement) {
  must(sqlite3_step(statement) == SQLITE_DONE, "bare SQLite failed");
  sqlite3_reset(statement);
}

static void prepare(bare *self, const char *sql, sqlite3_stmt **ret_statement) {
  must(sqlite3_prepare_v2(self->database, sql, -1, ret_statement, NULL) == SQLITE_OK, sqlite3_errmsg(self->database));
}

static void open_bare(bare *self, const char *path) {
  must(sqlite3_open(path, &self->database) == SQLITE_OK &&
           sqlite3_exec(self->database,
                        "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA secure_delete = OFF;"
                        "PRAGMA cache_size = -32000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA "
                        "wal_autocheckpoint = 4096;"
                        "CREATE TABLE documents (number INTEGER PRIMARY KEY, id TEXT, payload BLOB) STRICT",
                        NULL, NULL, NULL) == SQLITE_OK,
       "cannot make the bare database");
  prepare(self, "INSERT INTO documents VALUES (?1, ?2, ?3)", &self->insert);
  prepare(self, "DELETE FROM documents WHERE number = ?1", &self->delete);
  prepare(self, "BEGIN IMMEDIATE", &self->begin);
  prepare(self, "COMMIT", &self->commit);
  self->next = self->oldest = 1;
}

static void close_bare(bare *self) {
  sqlite3_finalize(self->insert);
  sqlite3_finalize(self->delete);
  sqlite3_finalize(self->begin);
  sqlite3_finalize(self->commit);
  sqlite3_close(self->database);
}

/* Inserts n documents, and deletes those of the transaction before. */
static void transact(bare *self, int64_t n) {
  char id[32];
  int64_t end = self->next;
  step(self->begin);
  for (int64_t i = 0; i < n; i++, self->next++) {
    int len = snprintf(id, sizeof id, "document-%lld", (long long)self->next);
    sqlite3_bind_int64(self->insert, 1, self->next);
    sqlite3_bind_text(self->insert, 2, id, len, SQLITE_STATIC);
    sqlite3_bind_blob(self->insert, 3, payload, PAYLOAD_BYTES, SQLITE_STATIC);
    step(self->insert);
  }
  for (; self->oldest < end; self->oldest++) {
    sqlite3_bind_int64(self->delete, 1, self->oldest);
    step(self->delete);
  }
  step(self->commit);
}

static double run_bare(bare *self, double per_commit) {
  double begin = now(), owed = 0;
  int64_t first = self->next;
  while (now() - begin < round_seconds) {
    owed += per_commit;
    int64_t n = (int64_t)owed;
    owed -= (double)n;
    transact(self, n);
  }
  return (double)(self->next - first) / (now() - begin);
}

/* --- one at a time --- */

static int compare(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

static double put_and_wait(load *self, uint64_t ordinal) {
  atomic_store(&self->in_flight, 1);
  double begin = now();
  put_one(self, ordinal);
  pthread_mutex_lock(&self->mutex);
  while (atomic_load(&self->in_flight) > 0) {
    pthread_cond_wait(&self->changed, &self->mutex);
  }
  double took = self->accepted_at - begin;
  pthread_mutex_unlock(&self->mutex);
  return took;
}

static void compare_single(load *self, bare *other) {
  static double journaled[N_SINGLE], direct[N_SINGLE];
  pthread_t consumer;
  pthread_create(&consumer, NULL, consume, self);
  for (int first = 0; first < N_SINGLE; first += N_IN_TURN) {
    for (int i = first; i < first + N_IN_TURN; i++) {
      journaled[i] = put_and_wait(self, (uint64_t)i);
    }
    must(journal_sync(self->journal, 10000) == 0,
         "cannot write"); /* the last settlements are not bare SQLite's to wait for */
    for (int i = first; i < first + N_IN_TURN; i++) {
      double begin = now();
      transact(other, 1);
      direct[i] = now() - begin;
    }
  }
  journal_interrupt_take(self->line, true);
  pthread_join(consumer, NULL);
  qsort(journaled, N_SINGLE, sizeof(double), compare);
  qsort(direct, N_SINGLE, sizeof(double), compare);
  int p50 = N_SINGLE / 2, p99 = N_SINGLE * 99 / 100;
  printf("one at a time, until accepted: journal %.2f ms (p50) %.2f ms (p99); bare transaction %.2f ms, %.2f ms; "
         "added %.2f ms, %.2f ms\n",
         1e3 * journaled[p50], 1e3 * journaled[p99], 1e3 * direct[p50], 1e3 * direct[p99],
         1e3 * (journaled[p50] - direct[p50]), 1e3 * (journaled[p99] - direct[p99]));
}

/* --- many waiting --- */

static long resident_kib(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long pages = 0, resident = 0;
  if (file != NULL) {
    must(fscanf(file, "%ld %ld", &pages, &resident) == 2, "no statm");
    fclose(file);
  }
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

static void open_store(load *self, uint64_t max_documents) {
  qn_error error = { 0 };
  journal_options options = { .folder = "state", .max_documents = max_documents, .commit_ms = UINT32_MAX };
  must(journal_open(&options, &self->journal, &error) == 0, error.message);
  must(journal_line_get(self->journal, "bench", "bench", &self->line, &error) == 0, error.message);
}

static void open_with_many(load *self, uint64_t n) {
  qn_error error = { 0 };
  journal_entry *entry = NULL;
  open_store(self, n + 1);
  for (uint64_t i = 0; i < n; i++) {
    put_one(self, i);
  }
  must(journal_sync(self->journal, 600000) == 0, "cannot write");
  journal_close(self->journal);
  long before = resident_kib();
  double begin = now();
  open_store(self, n + 1);
  double opened = now();
  must(journal_take(self->line, 1, &entry) == 0 && journal_load(entry, &error) == 0, error.message);
  double taken = now();
  printf("%llu waiting: opened in %.1f ms, the first one taken %.1f ms later, %ld KiB of memory\n",
         (unsigned long long)n, 1e3 * (opened - begin), 1e3 * (taken - opened), resident_kib() - before);
  journal_return(entry);
  journal_close(self->journal);
}

int main(int argc, char **argv) {
  char folder[] = "bench-journal-XXXXXX", path[64];
  load loaded = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
  bare other = { 0 };
  must(chdir(argc > 1 ? argv[1] : "/var/tmp") == 0 && mkdtemp(folder) != NULL && chdir(folder) == 0, "no folder");
  for (int i = 0; i < PAYLOAD_BYTES; i++) {
    payload[i] = (uint8_t)(i * 7);
  }
  open_store(&loaded, 0);
  journal_line_watch(loaded.line, &(journal_events){ .accepted = accepted }, &loaded);
  open_bare(&other, "bare.db");
  double ratios[N_ROUNDS];
  for (int i = 0; i < N_ROUNDS; i++) {
    double per_commit = 0;
    double journaled = run_journal(&loaded, &per_commit);
    double direct = run_bare(&other, per_commit);
    ratios[i] = journaled / direct;
    printf("round %d: journal %.0f documents/s, %.0f in a transaction; bare SQLite %.0f documents/s; ratio %.2f\n",
           i + 1, journaled, per_commit, direct, ratios[i]);
  }
  qsort(ratios, N_ROUNDS, sizeof(double), compare);
  printf("median ratio: %.2f\n", ratios[N_ROUNDS / 2]);
  compare_single(&loaded, &other);
  close_bare(&other);
  journal_close(loaded.journal);
  open_with_many(&loaded, argc > 2 ? strtoull(argv[2], NULL, 10) : 100000);
  snprintf(path, sizeof path, "rm -rf '../%s'", folder);
  return system(path) == 0 ? 0 : 1;
}
