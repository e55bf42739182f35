/* SPDX-License-Identifier: Apache-2.0 */

/* The journal when things go wrong: the worker is killed, the disk is full, the file is damaged or not ours. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "journal_world.h"

#include <cmocka.h>

/* --- killed --- */

static void take_in_hand_and_die(void) {
  journal_world *self = world_open(NULL);
  for (int i = 0; i < 2; i++) {
    journal_entry *entry = world_take(self);
    hand *slot = hands_take(journal_hands(self->journal), entry->number);
    if (i == 1) {
      hand_begin(slot);
    }
  }
  kill(getpid(), SIGKILL);
}

static void run_child(void (*work)(void)) {
  int status;
  fflush(stdout);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    work();
    _exit(0);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void crash_is_counted_for_what_was_worked_on(void **state) {
  (void)state;
  journal_world *self = world_open(NULL);
  for (uint64_t i = 0; i < 3; i++) {
    world_put(self, i, 100, NULL);
  }
  world_flush(self);
  world_close(self);
  for (uint32_t n_crashes = 0; n_crashes < 3; n_crashes++) {
    self = world_open(NULL);
    journal_entry *entries[3];
    for (uint64_t i = 0; i < 3; i++) {
      entries[i] = world_take(self);
      world_check(entries[i], i, 100);
      assert_int_equal(entries[i]->crashes, i == 1 ? n_crashes : 0);
    }
    for (int i = 0; i < 3; i++) {
      journal_return(entries[i]);
    }
    world_close(self);
    run_child(take_in_hand_and_die);
  }
  self = world_open(NULL);
  for (uint64_t i = 0; i < 3; i++) {
    journal_settle(world_take(self));
  }
  world_flush(self);
  assert_int_equal(world_count(self).quarantined, 1);
  world_close(self);
}

/* A child that puts and settles until it is killed, and tells what it knows over a pipe. */

typedef struct note {
  uint32_t what; /* 'a': accepted, 's': about to settle, 'd': the settlements before are on the disk */
  uint32_t unused;
  uint64_t document;
} note;

static int notes_to;

static void tell(uint32_t what, uint64_t document) {
  note told = { .what = what, .document = document };
  if (write(notes_to, &told, sizeof told) != sizeof told) {
    _exit(1);
  }
}

static void tell_accepted(void *arg, const journal_entry *entry) {
  (void)arg;
  tell('a', entry->ordinal);
}

static size_t size_of(uint64_t document) {
  return document % 11 == 0 ? 20000 + document % 1000 : document % 700;
}

static const journal_options crash_options = { .memory_bytes = 20000, .body_bytes = 10000, .commit_ms = 1 };

static void put_and_settle(uint64_t first) {
  journal_world *self = world_open(&crash_options);
  journal_line_watch(self->line, &(journal_events){ .accepted = tell_accepted }, NULL);
  for (uint64_t next = first;;) {
    for (int i = 0; i < 20; i++) {
      journal_entry *entry = NULL;
      world_put(self, next, size_of(next), NULL);
      next++;
      if (next % 5 == 0 && journal_take(self->line, 1, &entry) == 0) {
        tell('s', entry->ordinal);
        journal_settle(entry);
      }
    }
    if (next % 60 == 0) {
      world_flush(self);
      tell('d', 0);
    }
  }
}

enum { CRASH_DOCUMENTS = 1 << 20 };

enum { SETTLING = 1, ACCEPTED = 2, GONE = 4 };

/* Reads notes until the child is gone, which is killed after some of them. */
static uint64_t listen(int from, pid_t child, int n_notes, uint8_t *documents) {
  uint64_t last = 0, settling[4096];
  uint32_t n_settling = 0;
  note told;
  for (int n = 0; read(from, &told, sizeof told) == sizeof told; n++) {
    if (n == n_notes) {
      kill(child, SIGKILL);
    }
    assert_true(told.document < CRASH_DOCUMENTS);
    if (told.what == 'a') {
      documents[told.document] |= ACCEPTED;
      last = told.document;
    } else if (told.what == 's') {
      documents[told.document] |= SETTLING;
      assert_true(n_settling < 4096);
      settling[n_settling++] = told.document;
    } else {
      while (n_settling > 0) {
        documents[settling[--n_settling]] |= GONE;
      }
    }
  }
  return last;
}

/* What waits is all that was accepted and not settled; what was being settled may be there or not. */
static uint64_t compare(uint8_t *documents) {
  journal_world *self = world_open(&crash_options);
  journal_counts counts = world_count(self);
  journal_entry *entries[512];
  uint64_t last = 0;
  uint8_t *seen = calloc(1, CRASH_DOCUMENTS);
  for (uint64_t left = counts.waiting; left > 0;) {
    uint32_t n = 0;
    for (; n < 512 && left > 0; n++, left--) {
      entries[n] = world_take(self);
      uint64_t document = entries[n]->ordinal;
      world_check(entries[n], document, size_of(document));
      assert_int_equal(seen[document], 0);
      seen[document] = 1;
      last = document;
    }
    for (uint32_t i = 0; i < n; i++) {
      assert_true((documents[entries[i]->ordinal] & GONE) == 0);
      documents[entries[i]->ordinal] |= ACCEPTED | GONE;
      journal_settle(entries[i]);
    }
  }
  for (uint64_t i = 0; i < CRASH_DOCUMENTS; i++) {
    if ((documents[i] & ACCEPTED) != 0 && (documents[i] & SETTLING) == 0) {
      assert_true((documents[i] & GONE) != 0); /* it was there, just now or in a round before */
    }
  }
  free(seen);
  world_flush(self);
  assert_int_equal(world_count(self).bytes, 0);
  world_close(self);
  return last;
}

static uint32_t count_files(const char *folder) {
  DIR *entries = opendir(folder);
  uint32_t n = 0;
  assert_non_null(entries);
  for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    n += entry->d_name[0] != '.';
  }
  closedir(entries);
  return n;
}

static void worker_killed_at_random_loses_nothing(void **state) {
  (void)state;
  const char *rounds_given = getenv("QANAT_JOURNAL_ROUNDS");
  int n_rounds = rounds_given != NULL ? atoi(rounds_given) : 8;
  uint8_t *documents = calloc(1, CRASH_DOCUMENTS);
  uint64_t next = 1;
  unsigned seed = 7;
  for (int round = 0; round < n_rounds && next + 50000 < CRASH_DOCUMENTS; round++) {
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      notes_to = ends[1];
      put_and_settle(next);
    }
    close(ends[1]);
    uint64_t last = listen(ends[0], child, rand_r(&seed) % 2000, documents);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    uint64_t found = compare(documents);
    next = (last > found ? last : found) + 4000; /* some may have been put that nobody heard of */
    assert_int_equal(count_files("state/bodies"), 0);
  }
  free(documents);
}

/* --- the disk --- */

static void limit_file_size(rlim_t bytes) {
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
  limit.rlim_cur = bytes;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void wait_for_room(journal_world *self) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 20;
  pthread_mutex_lock(&self->mutex);
  while (self->n_room == 0) {
    assert_int_equal(pthread_cond_timedwait(&self->changed, &self->mutex, &until), 0);
  }
  pthread_mutex_unlock(&self->mutex);
}

/* With body: the payload is what does not fit, else the log. */
static void disk_that_is_full_refuses_and_recovers(size_t payload_bytes) {
  const journal_options options = { .commit_ms = 0, .body_bytes = 50000 };
  journal_world *self = world_open(&options);
  journal_entry *entry = NULL, *taken[2];
  signal(SIGXFSZ, SIG_IGN);
  for (uint64_t i = 0; i < 4; i++) {
    world_put(self, i, 1000, NULL);
  }
  world_flush(self);
  taken[0] = world_take(self);
  taken[1] = world_take(self);
  limit_file_size(100);
  world_put(self, 4, payload_bytes, NULL);
  journal_sync(self->journal, 10000);
  journal_confirm(self->journal, "news", "out", &taken[1], 1, "kept", 4);
  journal_settle(taken[0]);
  journal_return(taken[1]);
  assert_true(journal_sync(self->journal, 10000) < 0);
  assert_int_equal(self->n_refused, 1);
  assert_true(self->refusal.code < 0);
  assert_int_equal(world_count(self).state, JOURNAL_FAILS);
  assert_non_null(strstr(self->said, "cannot be written"));
  assert_int_equal(journal_reserve(self->line, 10, &entry), -EAGAIN);
  limit_file_size(RLIM_INFINITY);
  wait_for_room(self);
  assert_non_null(strstr(self->said, "can be written again"));
  world_put(self, 5, payload_bytes, NULL);
  world_flush(self);
  assert_int_equal(world_count(self).state, JOURNAL_WRITES);
  world_close(self);
  self = world_open(&options);
  static const uint64_t left[] = { 1, 2, 3, 5 };
  assert_int_equal(world_count(self).waiting, 4);
  for (int i = 0; i < 4; i++) {
    entry = world_take(self);
    assert_true(world_is(entry->confirmed, left[i] == 1 ? "out\n" : ""));
    world_check(entry, left[i], left[i] < 4 ? 1000 : payload_bytes);
    journal_settle(entry);
  }
  world_close(self);
  assert_int_equal(count_files("state/bodies"), 0);
}

static void log_that_cannot_grow_refuses_and_recovers(void **state) {
  (void)state;
  disk_that_is_full_refuses_and_recovers(40000);
}

static void body_that_cannot_be_written_refuses_and_recovers(void **state) {
  (void)state;
  disk_that_is_full_refuses_and_recovers(900000);
}

/* A disk that nobody makes room on is emptied by the documents' own way out. */
static void disk_filled_by_itself_is_emptied_by_settling(void **state) {
  (void)state;
  const journal_options options = { .commit_ms = 1 };
  assert_int_equal(mkdir("state", 0700), 0);
  assert_int_equal(mount("none", "state", "tmpfs", 0, "size=8m"), 0);
  journal_world *self = world_open(&options);
  uint64_t n_put = 0, n_left = 0;
  bool fails = false;
  journal_entry *entry = NULL;
  while (!fails && n_put < 10000) {
    if (journal_reserve(self->line, 1, &entry) == 0) {
      journal_cancel(entry);
      world_put(self, n_put++, 3000, NULL);
    }
    journal_sync(self->journal, 10000);
    fails = world_count(self).state == JOURNAL_FAILS;
  }
  assert_true(fails);
  assert_int_equal(self->n_refused, 1);
  assert_int_equal(self->refusal.code, -ENOSPC);
  n_left = n_put - 1;
  assert_true(n_left > 1000);
  assert_int_equal(journal_reserve(self->line, 3000, &entry), -EAGAIN);
  for (uint64_t i = 0; i < n_left - 10; i++) {
    entry = world_take(self);
    world_check(entry, i, 3000);
    journal_settle(entry);
  }
  wait_for_room(self);
  world_put(self, 20000, 3000, NULL);
  world_flush(self);
  world_close(self);
  self = world_open(&options);
  assert_int_equal(world_count(self).waiting, 11);
  world_close(self);
  assert_int_equal(umount("state"), 0);
}

/* --- damage --- */

static void write_rubbish(const char *path, off_t at, size_t n) {
  int file = open(path, O_WRONLY);
  assert_true(file >= 0);
  for (size_t i = 0; i < n; i++) {
    uint8_t byte = (uint8_t)(i * 37 + 11);
    assert_int_equal(pwrite(file, &byte, 1, at + (off_t)i), 1);
  }
  close(file);
}

static void leave_some(const journal_options *options) {
  journal_world *self = world_open(options);
  for (uint64_t i = 0; i < 200; i++) {
    world_put(self, i, i == 7 ? 3 << 20 : 5000, NULL);
  }
  world_flush(self);
  world_close(self);
}

static void file_that_is_damaged_is_moved_aside(void **state) {
  (void)state;
  static const struct {
    off_t at;
    size_t n;
  } rows[] = { { 0, 100 }, { 16, 2 }, { 100, 9000 }, { 8192 * 5, 8192 * 20 } };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char name[64];
    leave_some(NULL);
    write_rubbish("state/journal.db", rows[i].at, rows[i].n);
    journal_world *self = world_open(NULL);
    if (strstr(self->said, "was damaged") == NULL) {
      fail_msg("row %zu: '%s'", i, self->said);
    }
    snprintf(name, sizeof name, "state/journal.db.damaged-%zu", i + 1);
    assert_int_equal(access(name, F_OK), 0);
    assert_non_null(strstr(self->said, name));
    snprintf(name, sizeof name, "state/bodies.damaged-%zu", i + 1);
    assert_int_equal(count_files(name), 1);
    assert_int_equal(world_count(self).waiting, 0);
    world_put(self, 1, 10, NULL);
    world_flush(self);
    journal_settle(world_take(self));
    world_close(self);
  }
}

static void file_cut_off_is_moved_aside(void **state) {
  (void)state;
  leave_some(NULL);
  assert_int_equal(truncate("state/journal.db", 8192 * 10), 0);
  journal_world *self = world_open(NULL);
  assert_non_null(strstr(self->said, "was damaged"));
  world_close(self);
}

static void body_lost_or_changed_is_told_when_loaded(void **state) {
  (void)state;
  const journal_options options = { .commit_ms = 0, .body_bytes = 100 };
  qn_error error = { 0 };
  journal_world *self = world_open(&options);
  for (uint64_t i = 0; i < 3; i++) {
    world_put(self, i, 500, NULL);
  }
  world_flush(self);
  world_close(self);
  assert_int_equal(unlink("state/bodies/0001000000000001"), 0);
  write_rubbish("state/bodies/0001000000000002", 100, 3);
  self = world_open(&options);
  for (uint64_t i = 0; i < 3; i++) {
    journal_entry *entry = world_take(self);
    assert_int_equal(journal_load(entry, &error), i < 2 ? -EBADMSG : 0);
    journal_settle(entry);
  }
  world_close(self);
}

static void body_without_document_is_removed_at_opening(void **state) {
  (void)state;
  world_close(world_open(NULL));
  close(open("state/bodies/0001000000000009", O_WRONLY | O_CREAT, 0600));
  close(open("state/bodies/notes.txt", O_WRONLY | O_CREAT, 0600)); /* not ours to remove */
  world_close(world_open(NULL));
  assert_int_equal(access("state/bodies/0001000000000009", F_OK), -1);
  assert_int_equal(access("state/bodies/notes.txt", F_OK), 0);
}

/* --- not ours --- */

static void file_of_another_kind_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *sql, *words;
  } rows[] = {
    { "PRAGMA user_version = 99", "of version 99" },
    { "PRAGMA application_id = 7", "of another program" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    sqlite3 *database;
    journal *opened = NULL;
    qn_error error = { 0 };
    world_close(world_open(NULL));
    assert_int_equal(sqlite3_open("state/journal.db", &database), SQLITE_OK);
    assert_int_equal(sqlite3_exec(database, rows[i].sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(database);
    assert_int_equal(journal_open(&(journal_options){ .folder = "state" }, &opened, &error), -EINVAL);
    assert_non_null(strstr(error.message, rows[i].words));
    assert_int_equal(unlink("state/journal.db"), 0);
  }
}

static void folder_that_cannot_be_made_is_an_error(void **state) {
  (void)state;
  journal *opened = NULL;
  qn_error error = { 0 };
  assert_int_equal(journal_open(&(journal_options){ .folder = "no/state" }, &opened, &error), -ENOENT);
  assert_non_null(strstr(error.message, "no/state"));
}

static int leave_disk(void **state) {
  umount("state"); /* if the test ended before it could */
  return world_leave(state);
}

static bool can_mount(void) {
  void *folder = NULL;
  world_enter(&folder);
  bool can = mkdir("state", 0700) == 0 && mount("none", "state", "tmpfs", 0, "size=8m") == 0;
  leave_disk(&folder);
  return can;
}

/* A run of its own, which counts as skipped without the privileges that it takes. */
static int fill_a_disk(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(disk_filled_by_itself_is_emptied_by_settling, world_enter, leave_disk),
  };
  if (!can_mount()) {
    puts("1..0 # SKIP mounting a small disk takes privileges");
    return 0;
  }
  return cmocka_run_group_tests_name("journal_disk", tests, NULL, NULL);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "disk") == 0) {
    return fill_a_disk();
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(crash_is_counted_for_what_was_worked_on, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(worker_killed_at_random_loses_nothing, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(log_that_cannot_grow_refuses_and_recovers, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(body_that_cannot_be_written_refuses_and_recovers, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(file_that_is_damaged_is_moved_aside, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(file_cut_off_is_moved_aside, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(body_lost_or_changed_is_told_when_loaded, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(body_without_document_is_removed_at_opening, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(file_of_another_kind_is_refused, world_enter, world_leave),
    cmocka_unit_test_setup_teardown(folder_that_cannot_be_made_is_an_error, world_enter, world_leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
