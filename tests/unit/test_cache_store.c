/* SPDX-License-Identifier: Apache-2.0 */

/* The cache's store: what is put comes back, in its bounds, from several threads and in spite of damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/cache_store.h"

typedef struct world {
  char folder[64];
  cache_store *store;
  int64_t chain;
  char said[1200];
} world;

static void on_say(void *arg, const char *text) {
  world *w = arg;
  snprintf(w->said, sizeof w->said, "%s", text);
}

static void open_store(world *w, uint64_t max_bytes) {
  const cache_store_options options = { .folder = w->folder, .max_bytes = max_bytes, .say = on_say, .arg = w };
  qn_error error = { 0 };
  assert_int_equal(cache_store_open(&options, "a chain", &w->store, &w->chain, &error), 0);
}

static void begin(world *w, uint64_t max_bytes) {
  *w = (world){ .folder = "/tmp/qanat-cache-XXXXXX" };
  assert_non_null(mkdtemp(w->folder));
  open_store(w, max_bytes);
}

static void reopen(world *w) {
  cache_store_close(w->store);
  open_store(w, 0);
}

static void end(world *w) {
  static const char *const names[] = { "cache.db",         "cache.db-wal",         "cache.db-shm",
                                       "cache.db.damaged", "cache.db.damaged-wal", "cache.db.damaged-shm" };
  cache_store_close(w->store);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[128];
    snprintf(path, sizeof path, "%s/%s", w->folder, names[i]);
    unlink(path);
  }
  assert_int_equal(rmdir(w->folder), 0);
}

static void key_of(uint32_t number, uint8_t *ret_key) {
  memset(ret_key, 0, CACHE_STORE_KEY_BYTES);
  memcpy(ret_key + 7, &number, sizeof number);
}

static void put(world *w, uint32_t number, size_t len, char letter) {
  uint8_t key[CACHE_STORE_KEY_BYTES];
  char *bytes = malloc(len);
  assert_non_null(bytes);
  uint64_t random = number + 1;
  for (size_t i = 0; i < len; i++) { /* nothing that could be packed */
    random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
    bytes[i] = (char)(random >> 56);
  }
  bytes[0] = letter;
  key_of(number, key);
  const cache_entry entry = { .chain = w->chain, .len = len };
  cache_store_put(w->store, key, &entry, bytes);
}

/* The letter that the key's bytes are of, '-' if there is nothing, 'D' for a drop. */
static char get(world *w, uint32_t number, size_t len) {
  uint8_t key[CACHE_STORE_KEY_BYTES];
  cache_reader *reader;
  cache_entry entry;
  qn_error error = { 0 };
  char found = '-';
  key_of(number, key);
  assert_int_equal(cache_reader_open(w->store, &reader, &error), 0);
  if (cache_reader_get(reader, key, &entry) == 0) {
    found = entry.dropped ? 'D' : ((const char *)entry.bytes)[0];
    assert_true(entry.dropped || entry.len == len);
    char *chain = cache_reader_chain(reader, entry.chain);
    assert_string_equal(chain, "a chain");
    free(chain);
    cache_reader_done(reader);
  }
  cache_reader_close(reader);
  return found;
}

static void what_is_put_comes_back_also_later(void **state) {
  (void)state;
  world w;
  begin(&w, 0);
  put(&w, 1, 100000, 'a');
  put(&w, 2, 1, 'b');
  uint8_t key[CACHE_STORE_KEY_BYTES];
  key_of(3, key);
  const cache_entry dropped = { .chain = w.chain, .dropped = true, .link = 4 };
  cache_store_put(w.store, key, &dropped, NULL);
  for (int i = 0; i < 2; i++) {
    cache_store_flush(w.store);
    assert_int_equal(get(&w, 1, 100000), 'a');
    assert_int_equal(get(&w, 2, 1), 'b');
    assert_int_equal(get(&w, 3, 0), 'D');
    assert_int_equal(get(&w, 4, 0), '-');
    reopen(&w);
  }
  put(&w, 1, 10, 'c'); /* in the place of the first */
  cache_store_counts counts;
  cache_store_counts_get(w.store, &counts);
  assert_int_equal(get(&w, 1, 10), 'c');
  assert_int_equal(counts.n_entries, 3);
  assert_int_equal(counts.n_stored, 1);
  end(&w);
}

static void least_lately_used_goes_first(void **state) {
  (void)state;
  world w;
  cache_store_counts counts;
  begin(&w, 0);
  for (uint32_t i = 0; i < 20; i++) {
    put(&w, i, 50000, 'a');
  }
  reopen(&w);
  assert_int_equal(get(&w, 0, 50000), 'a'); /* the oldest, but used by this run */
  cache_store_close(w.store);
  open_store(&w, 1 << 20);
  put(&w, 100, 50000, 'b');
  cache_store_counts_get(w.store, &counts);
  assert_true(counts.bytes <= 1 << 20);
  assert_int_equal(get(&w, 0, 50000), 'a');
  assert_int_equal(get(&w, 100, 50000), 'b');
  assert_int_equal(get(&w, 1, 50000), '-');
  end(&w);
}

typedef struct putter {
  world *w;
  uint32_t first;
} putter;

static void *put_many(void *arg) {
  const putter *self = arg;
  for (uint32_t i = 0; i < 200; i++) {
    put(self->w, self->first + i, 2000 + i, 'x');
  }
  return NULL;
}

static void many_threads_put_and_read(void **state) {
  (void)state;
  world w;
  pthread_t threads[4];
  putter putters[4];
  begin(&w, 0);
  for (uint32_t i = 0; i < 4; i++) {
    putters[i] = (putter){ &w, i * 1000 };
    assert_int_equal(pthread_create(&threads[i], NULL, put_many, &putters[i]), 0);
  }
  for (uint32_t i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
  }
  cache_store_counts counts;
  cache_store_counts_get(w.store, &counts);
  assert_int_equal(counts.n_entries, 800);
  assert_int_equal(counts.n_lost, 0);
  assert_int_equal(get(&w, 3199, 2199), 'x');
  end(&w);
}

static void damaged_file_is_set_aside_and_said(void **state) {
  (void)state;
  world w;
  char path[128];
  begin(&w, 0);
  put(&w, 1, 1000, 'a');
  cache_store_close(w.store);
  snprintf(path, sizeof path, "%s/cache.db", w.folder);
  FILE *file = fopen(path, "r+");
  assert_non_null(file);
  fputs("this was a database", file);
  fclose(file);
  open_store(&w, 0);
  assert_non_null(strstr(w.said, "set aside"));
  assert_int_equal(get(&w, 1, 1000), '-');
  put(&w, 1, 1000, 'b');
  cache_store_flush(w.store);
  assert_int_equal(get(&w, 1, 1000), 'b');
  snprintf(path, sizeof path, "%s/cache.db.damaged", w.folder);
  struct stat info;
  assert_int_equal(stat(path, &info), 0);
  end(&w);
}

static void what_can_be_packed_takes_less_and_comes_back(void **state) {
  (void)state;
  world w;
  cache_store_counts counts;
  cache_entry entry;
  cache_reader *reader;
  uint8_t key[CACHE_STORE_KEY_BYTES];
  qn_error error = { 0 };
  const size_t len = 1000000;
  begin(&w, 0);
  char *bytes = malloc(len);
  assert_non_null(bytes);
  for (size_t i = 0; i < len; i++) {
    bytes[i] = (char)(i / 1000);
  }
  key_of(1, key);
  entry = (cache_entry){ .chain = w.chain, .len = len };
  cache_store_put(w.store, key, &entry, bytes);
  cache_store_counts_get(w.store, &counts);
  assert_int_equal(cache_reader_open(w.store, &reader, &error), 0);
  assert_int_equal(cache_reader_get(reader, key, &entry), 0);
  assert_int_equal(entry.len, len);
  for (size_t i = 0; i < len; i++) {
    assert_int_equal(((const char *)entry.bytes)[i], (char)(i / 1000));
  }
  cache_reader_done(reader);
  cache_reader_close(reader);
  assert_true(counts.bytes <= len + 1000);
  end(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_is_put_comes_back_also_later),
    cmocka_unit_test(what_can_be_packed_takes_less_and_comes_back),
    cmocka_unit_test(least_lately_used_goes_first),
    cmocka_unit_test(many_threads_put_and_read),
    cmocka_unit_test(damaged_file_is_set_aside_and_said),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
