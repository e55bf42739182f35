/* SPDX-License-Identifier: Apache-2.0 */

/* The journal: what was accepted is there again after a restart, in order and as it was; bounds, keys, returns, lines. */
#include <errno.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_world.h"

#include <cmocka.h>

/* --- what is kept --- */

static void document_put_comes_out_as_it_was(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  static const size_t sizes[] = { 0, 1, 5000, 100000, (1 << 20) + 1, 3 << 20 };
  for (uint64_t i = 0; i < 6; i++) {
    world_put(self, i, sizes[i], NULL);
  }
  world_flush(self);
  assert_int_equal(self->n_accepted, 6);
  for (uint64_t i = 0; i < 6; i++) {
    journal_entry *entry = world_take(self);
    world_check(entry, i, sizes[i]);
    assert_int_equal(entry->cookie, 1000 + i);
    assert_int_equal(entry->number, i + 1);
    journal_settle(entry);
  }
  world_flush(self);
  journal_counts counts = world_count(self);
  assert_int_equal(counts.settled, 6);
  assert_int_equal(counts.waiting + counts.taken + counts.bytes, 0);
  world_close(self);
}

static void documents_left_are_there_after_restart(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  for (uint64_t i = 0; i < 500; i++) {
    world_put(self, i, i % 7 == 0 ? (1 << 20) + i : 10 * i, NULL);
  }
  world_flush(self);
  for (uint64_t i = 0; i < 100; i++) {
    journal_entry *entry = world_take(self);
    if (i % 2 == 0) {
      journal_settle(entry);
    } else {
      journal_unload(entry);
      journal_return(entry);
      entry = world_take(self);
      assert_int_equal(entry->number, i + 1);
      journal_settle(entry);
    }
  }
  world_close(self);
  self = world_open(NULL);
  assert_int_equal(world_count(self).waiting, 400);
  for (uint64_t i = 100; i < 500; i++) {
    journal_entry *entry = world_take(self);
    world_check(entry, i, i % 7 == 0 ? (1 << 20) + i : 10 * i);
    assert_int_equal(entry->cookie, 0);
    assert_int_equal(entry->number, i + 1);
    journal_settle(entry);
  }
  world_put(self, 500, 10, NULL);
  world_flush(self);
  assert_int_equal(self->last_number, 501);
  world_close(self);
}

static void backlog_beyond_memory_comes_in_order(void **state) {
  (void)state;
  const journal_options options = { .memory_bytes = 64 << 10, .commit_ms = 1 };
  journal_world *self = world_open(&options);
  uint64_t n_put = 0, n_taken = 0;
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 200; i++) {
      world_put(self, n_put++, 200, NULL);
      if (i % 50 == 0) {
        world_flush(self);
      }
    }
    world_flush(self);
    for (int i = 0; i < 150 + 10 * round && n_taken < n_put; i++) {
      journal_entry *entry = world_take(self);
      world_check(entry, n_taken, 200);
      assert_int_equal(entry->cookie, 1000 + n_taken);
      n_taken++;
      journal_settle(entry);
    }
  }
  while (n_taken < n_put) {
    journal_entry *entry = world_take(self);
    world_check(entry, n_taken++, 200);
    journal_settle(entry);
  }
  world_flush(self);
  assert_int_equal(world_count(self).waiting + world_count(self).taken, 0);
  world_close(self);
}

static void documents_returned_keep_their_place(void **state) {
  (void)state;
  const journal_options options = { .memory_bytes = 8 << 10, .commit_ms = 0 };
  journal_world *self = world_open(&options);
  journal_entry *taken[40];
  for (uint64_t i = 0; i < 100; i++) {
    world_put(self, i, 300, NULL);
    world_flush(self);
  }
  for (int i = 0; i < 40; i++) {
    taken[i] = world_take(self);
  }
  for (int i = 0; i < 40; i++) {
    journal_return(taken[(i * 7) % 40]);
  }
  for (uint64_t i = 0; i < 100; i++) {
    journal_entry *entry = world_take(self);
    world_check(entry, i, 300);
    journal_settle(entry);
  }
  world_close(self);
}

/* --- keys --- */

static void put_keyed(journal_world *self, uint64_t first, uint64_t n) {
  for (uint64_t i = first; i < first + n; i++) {
    char key[16];
    snprintf(key, sizeof key, "key-%d", (int)i);
    world_put(self, i, 10, key);
  }
}

static void key_accepted_before_is_known(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  world_put(self, 1, 10, "a");
  world_put(self, 2, 10, "a"); /* the same batch, most likely */
  world_flush(self);
  assert_int_equal(self->n_accepted, 1);
  assert_int_equal(self->n_known, 1);
  assert_string_equal(self->known_id, "doc-1");
  journal_settle(world_take(self));
  world_close(self);
  self = world_open(NULL);
  world_put(self, 3, 10, "a");
  world_put(self, 4, 10, "b");
  world_flush(self);
  assert_int_equal(self->n_accepted, 1);
  assert_int_equal(self->n_known, 1);
  assert_string_equal(self->known_id, "doc-1");
  assert_int_equal(world_count(self).waiting, 1);
  world_close(self);
}

static void run_sql(const char *sql) {
  sqlite3 *database;
  assert_int_equal(sqlite3_open("state/journal.db", &database), SQLITE_OK);
  assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_close(database), SQLITE_OK);
}

/* Keys that have grown old are forgotten as others come, but not of documents that still wait. */
static void key_is_forgotten_after_its_time(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  put_keyed(self, 0, 20);
  world_flush(self);
  for (int i = 0; i < 10; i++) {
    journal_settle(world_take(self));
  }
  world_close(self);
  run_sql("UPDATE keys SET time_ms = 1000");
  self = world_open(NULL);
  put_keyed(self, 100, 10);
  world_flush(self);
  put_keyed(self, 0, 20);
  world_flush(self);
  assert_int_equal(self->n_accepted, 10 + 10);
  assert_int_equal(self->n_known, 10);
  world_close(self);
}

/* --- bounds --- */

/* Nothing is kept any more. */
static void close_and_count(journal_world *self) {
  world_flush(self);
  journal_counts counts = world_count(self);
  assert_int_equal(counts.waiting + counts.taken + counts.bytes, 0);
  world_close(self);
}

static void bound_reached_gives_again_and_tells_of_room(void **state) {
  (void)state;
  const journal_options options = { .max_documents = 3, .max_bytes = 1000, .commit_ms = 0 };
  journal_world *self = world_open(&options);
  journal_entry *entry = NULL, *kept[3];
  assert_int_equal(journal_reserve(self->line, 1001, &entry), -EFBIG);
  for (int i = 0; i < 3; i++) {
    kept[i] = world_reserve(self, 300);
  }
  assert_int_equal(journal_reserve(self->line, 1, &entry), -EAGAIN);
  assert_int_equal(world_count(self).state, JOURNAL_FULL);
  journal_cancel(kept[0]);
  pthread_mutex_lock(&self->mutex);
  while (self->n_room == 0) {
    pthread_cond_wait(&self->changed, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  assert_int_equal(journal_reserve(self->line, 401, &entry), -EAGAIN); /* of bytes */
  journal_put(kept[1], 100);
  journal_put(kept[2], 100);
  world_flush(self);
  entry = world_reserve(self, 800);
  journal_cancel(entry);
  world_close(self);
}

static void large_document_passes_among_small_ones(void **state) {
  (void)state;
  const journal_options options = { .memory_bytes = 10000, .commit_ms = 0 };
  journal_world *self = world_open(&options);
  journal_entry *small = world_reserve(self, 100), *large = NULL, *another = NULL;
  assert_int_equal(journal_reserve(self->line, 1000000, &large), 0);
  assert_int_equal(journal_reserve(self->line, 1000000, &another), -EAGAIN);
  assert_int_equal(journal_reserve(self->line, 2000, &another), 0);
  journal_cancel(another);
  journal_put(large, 900000);
  world_flush(self);
  journal_cancel(small);
  large = world_reserve(self, 1000000);
  journal_cancel(large);
  journal_settle(world_take(self));
  close_and_count(self);
}

static void *reserve_waiting(void *arg) {
  journal_world *self = arg;
  journal_entry *entry = NULL;
  int rc = journal_reserve_wait(self->line, 10, &entry);
  journal_cancel(entry);
  return (void *)(uintptr_t)(rc == 0 ? "came" : rc == -ECANCELED ? "interrupted" : "failed");
}

static void waiting_for_room_ends_with_room_or_interruption(void **state) {
  (void)state;
  const journal_options options = { .max_documents = 1, .commit_ms = 0 };
  journal_world *self = world_open(&options);
  pthread_t thread;
  void *answer;
  journal_entry *entry = world_reserve(self, 10);
  pthread_create(&thread, NULL, reserve_waiting, self);
  journal_cancel(entry);
  pthread_join(thread, &answer);
  assert_string_equal(answer, "came");
  entry = world_reserve(self, 10);
  pthread_create(&thread, NULL, reserve_waiting, self);
  journal_interrupt_intake(self->line, true);
  pthread_join(thread, &answer);
  assert_string_equal(answer, "interrupted");
  journal_cancel(entry);
  world_close(self);
}

static void *take_waiting(void *arg) {
  journal_world *self = arg;
  journal_entry *entry = NULL;
  return (void *)(uintptr_t)(journal_take(self->line, 10, &entry) == -ECANCELED ? "interrupted" : "took");
}

static void taking_ends_with_interruption(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  pthread_t thread;
  void *answer;
  pthread_create(&thread, NULL, take_waiting, self);
  journal_interrupt_take(self->line, true);
  pthread_join(thread, &answer);
  assert_string_equal(answer, "interrupted");
  journal_interrupt_take(self->line, false);
  world_put(self, 1, 1, NULL);
  journal_entry *entry = world_take(self);
  world_check(entry, 1, 1);
  journal_return(entry);
  world_close(self);
}

static uint64_t wait_for_oldest(journal_world *self, bool is_some) {
  uint64_t oldest_ms = world_count(self).oldest_ms;
  for (int i = 0; i < 2000 && (oldest_ms != 0) != is_some; i++) {
    usleep(5000);
    oldest_ms = world_count(self).oldest_ms;
  }
  assert_int_equal(oldest_ms != 0, is_some);
  return oldest_ms;
}

static void oldest_is_told_and_after_a_restart(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  world_put(self, 1, 10, NULL);
  world_put(self, 2, 10, NULL);
  world_flush(self);
  uint64_t oldest_ms = wait_for_oldest(self, true);
  world_close(self);
  self = world_open(NULL);
  assert_int_equal(wait_for_oldest(self, true), oldest_ms);
  journal_settle(world_take(self));
  journal_settle(world_take(self));
  world_flush(self);
  assert_int_equal(world_count(self).waiting + world_count(self).taken, 0);
  assert_int_equal(world_count(self).oldest_ms,
                   0); /* what is not kept has no age, however long ago that was looked up */
  close_and_count(self);
}

/* --- confirming --- */

static void confirmation_is_known_after_return_and_restart(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  void *bytes = NULL;
  size_t n = 0;
  for (uint64_t i = 0; i < 3; i++) {
    world_put(self, i, 10, NULL);
  }
  world_flush(self);
  assert_int_equal(journal_kept(self->journal, "news", "out", &bytes, &n), -ENOENT);
  journal_entry *entries[3] = { world_take(self), world_take(self), world_take(self) };
  assert_int_equal(journal_confirm(self->journal, "news", "out", entries, 3, "offset 7", 8), 0);
  assert_int_equal(journal_confirm(self->journal, "news", "copy", &entries[1], 1, NULL, 0), 0);
  assert_int_equal(journal_confirm(self->journal, "news", "out", &entries[1], 1, "offset 9", 8), 0);
  journal_settle(entries[0]);
  journal_return(entries[1]);
  entries[1] = world_take(self);
  assert_true(world_is(entries[1]->confirmed, "out\ncopy\n"));
  journal_return(entries[1]);
  journal_return(entries[2]);
  world_close(self);
  self = world_open(NULL);
  entries[1] = world_take(self);
  assert_int_equal(entries[1]->number, 2);
  assert_true(world_is(entries[1]->confirmed, "out\ncopy\n"));
  entries[2] = world_take(self);
  assert_true(world_is(entries[2]->confirmed, "out\n"));
  assert_int_equal(journal_kept(self->journal, "news", "out", &bytes, &n), 0);
  assert_int_equal(n, 8);
  assert_memory_equal(bytes, "offset 9", 8);
  free(bytes);
  journal_return(entries[1]);
  journal_return(entries[2]);
  world_close(self);
}

/* --- lines --- */

static void lines_are_the_same_ever_after(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  journal_line *other = NULL, *again = NULL;
  qn_error error = { 0 };
  journal_entry *entry = NULL;
  assert_int_equal(journal_line_get(self->journal, "news", "spool", &other, &error), 0);
  assert_int_equal(journal_line_get(self->journal, "news", "http", &again, &error), 0);
  assert_ptr_equal(again, self->line);
  assert_ptr_not_equal(other, self->line);
  assert_int_equal(journal_reserve(other, 0, &entry), 0);
  journal_reject(entry, "bad-encoding", "it is none", 10);
  journal_put(entry, 0);
  world_put(self, 1, 10, NULL);
  world_flush(self);
  const char *const sources[] = { "http" };
  assert_int_equal(journal_orphans(self->journal, "news", sources, 1), 1);
  assert_int_equal(journal_orphans(self->journal, "olds", sources, 1), 0);
  world_close(self);
  self = world_open(NULL);
  assert_int_equal(journal_orphans(self->journal, "news", sources, 1), 1);
  assert_int_equal(journal_line_get(self->journal, "news", "spool", &other, &error), 0);
  assert_int_equal(journal_take(other, 5, &entry), 0);
  assert_true(world_is(entry->slug, "bad-encoding"));
  assert_true(world_is(entry->message, "it is none"));
  assert_int_equal(entry->payload_bytes, 0);
  journal_settle(entry);
  entry = world_take(self);
  world_check(entry, 1, 10);
  journal_settle(entry);
  world_close(self);
}

/* --- the file --- */

static uint64_t file_bytes(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static void file_shrinks_after_a_backlog(void **state) {
  (void)state;
  enum { N = 50, BYTES = 900000 };
  journal_world *self = world_open(NULL);
  for (uint64_t i = 0; i < N; i++) {
    world_put(self, i, BYTES, NULL);
  }
  world_flush(self);
  assert_true(world_count(self).file_bytes > (uint64_t)N * BYTES);
  for (uint64_t i = 0; i < N; i++) {
    journal_entry *entry = world_take(self);
    world_check(entry, i, BYTES);
    journal_settle(entry);
  }
  world_flush(self);
  for (int i = 0; i < 3000 && world_count(self).file_bytes > (uint64_t)N * BYTES; i++) {
    usleep(10000);
  }
  world_close(self); /* the log is written back */
  assert_true(file_bytes("state/journal.db") < (uint64_t)N * BYTES / 2);
}

/* Much more passes through than the file may ever hold. */
static void file_stays_small_under_load(void **state) {
  (void)state;
  enum { N = 25000, BYTES = 3000, BEHIND = 50 };
  journal_world *self = world_open(NULL);
  for (uint64_t i = 0; i < N; i++) {
    world_put(self, i, BYTES, NULL);
    if (i >= BEHIND) {
      journal_settle(world_take(self));
    }
  }
  for (uint64_t i = 0; i < BEHIND; i++) {
    journal_settle(world_take(self));
  }
  world_flush(self);
  assert_true(world_count(self).file_bytes < (uint64_t)N * BYTES * 2 / 3);
  assert_int_equal(world_count(self).settled, N);
  world_close(self);
}

/* --- who else is there --- */

static void second_worker_is_refused(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  journal *second = NULL;
  qn_error error = { 0 };
  assert_int_equal(journal_open(&(journal_options){ .folder = "state" }, &second, &error), -EBUSY);
  assert_non_null(strstr(error.message, "another worker"));
  world_close(self);
}

static void files_are_for_their_owner_only(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  static const char *const names[] = { "state/journal.db", "state/journal.db-wal", "state/hands", "state/lock" };
  struct stat status;
  world_put(self, 1, 2 << 20, NULL);
  world_flush(self);
  assert_int_equal(stat("state", &status), 0);
  assert_int_equal(status.st_mode & 0777, 0700);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_int_equal(stat(names[i], &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
  }
  world_close(self);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(document_put_comes_out_as_it_was, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(documents_left_are_there_after_restart, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(backlog_beyond_memory_comes_in_order, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(documents_returned_keep_their_place, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(key_accepted_before_is_known, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(key_is_forgotten_after_its_time, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(bound_reached_gives_again_and_tells_of_room, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(large_document_passes_among_small_ones, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(oldest_is_told_and_after_a_restart, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(waiting_for_room_ends_with_room_or_interruption, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(taking_ends_with_interruption, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(confirmation_is_known_after_return_and_restart, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(lines_are_the_same_ever_after, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(file_shrinks_after_a_backlog, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(file_stays_small_under_load, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(second_worker_is_refused, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(files_are_for_their_owner_only, world_enter, world_leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
