/* SPDX-License-Identifier: Apache-2.0 */

/* The journal: what was accepted is there again after a restart, in order and as it was; bounds, keys, returns, damage. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delivery/hands.h"
#include "delivery/journal.h"

#include <cmocka.h>

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static int enter_folder(void **state) {
  char *folder = strdup("/tmp/qanat-journal-XXXXXX");
  assert_non_null(mkdtemp(folder));
  assert_int_equal(chdir(folder), 0);
  *state = folder;
  return 0;
}

static int leave_folder(void **state) {
  assert_int_equal(chdir("/"), 0);
  nftw(*state, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  free(*state);
  return 0;
}

/* --- a journal and what its source is told --- */

typedef struct world {
  journal *journal;
  journal_line *line;
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  uint64_t n_accepted, n_known, n_refused, n_room;
  uint64_t last_number;
  char known_id[300];
  qn_error refusal;
  char said[4096];
} world;

static void say(void *arg, uint32_t level, const char *text) {
  world *self = arg;
  (void)level;
  pthread_mutex_lock(&self->mutex);
  snprintf(self->said + strlen(self->said), sizeof self->said - strlen(self->said), "%s\n", text);
  pthread_mutex_unlock(&self->mutex);
}

static void on_accepted(void *arg, const journal_entry *entry) {
  world *self = arg;
  pthread_mutex_lock(&self->mutex);
  assert_true(entry->number > self->last_number);
  self->last_number = entry->number;
  self->n_accepted++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static void on_known(void *arg, const journal_entry *entry, qn_str id) {
  world *self = arg;
  (void)entry;
  pthread_mutex_lock(&self->mutex);
  snprintf(self->known_id, sizeof self->known_id, "%.*s", (int)id.len, id.data);
  self->n_known++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static void on_refused(void *arg, const journal_entry *entry, const qn_error *error) {
  world *self = arg;
  (void)entry;
  pthread_mutex_lock(&self->mutex);
  self->refusal = *error;
  self->n_refused++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static void on_room(void *arg) {
  world *self = arg;
  pthread_mutex_lock(&self->mutex);
  self->n_room++;
  pthread_cond_broadcast(&self->changed);
  pthread_mutex_unlock(&self->mutex);
}

static const journal_events events = {
  .accepted = on_accepted, .known = on_known, .refused = on_refused, .room = on_room
};

static world *open_world(const journal_options *given) {
  world *self = calloc(1, sizeof *self);
  qn_error error = { 0 };
  journal_options options = given != NULL ? *given : (journal_options){ .commit_ms = UINT32_MAX };
  options.folder = "state";
  options.say = say;
  options.arg = self;
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->changed, NULL);
  if (journal_open(&options, &self->journal, &error) != 0 ||
      journal_line_get(self->journal, "news", "http", &self->line, &error) != 0) {
    fail_msg("%s", error.message);
  }
  journal_line_watch(self->line, &events, self);
  return self;
}

static void close_world(world *self) {
  journal_close(self->journal);
  pthread_cond_destroy(&self->changed);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

static journal_entry *reserve(world *self, size_t n_bytes) {
  journal_entry *entry = NULL;
  assert_int_equal(journal_reserve(self->line, n_bytes, &entry), 0);
  return entry;
}

static void fill(uint8_t *bytes, size_t n, uint64_t seed) {
  for (size_t i = 0; i < n; i++) {
    bytes[i] = (uint8_t)(seed + i * 31 + i / 251);
  }
}

/* Puts document i with a payload of n bytes. */
static void put(world *self, uint64_t i, size_t n, const char *key) {
  char id[32];
  snprintf(id, sizeof id, "doc-%llu", (unsigned long long)i);
  journal_entry *entry = reserve(self, n + 100);
  qn_emit emit = { .source = QN_LIT("http"),
                   .id = { id, strlen(id) },
                   .media_type = QN_LIT("text/plain"),
                   .ordinal = i,
                   .cookie = 1000 + i };
  qn_value number = { .type = QN_VALUE_I64, .as.i64 = (int64_t)i };
  qn_value text = { .type = QN_VALUE_STR, .as.str = { id, strlen(id) } };
  assert_int_equal(journal_describe(entry, &emit), 0);
  assert_int_equal(journal_set_field(entry, QN_LIT("place"), &number), 0);
  assert_int_equal(journal_set_field(entry, QN_LIT("name"), &text), 0);
  if (key != NULL) {
    assert_int_equal(journal_name_key(entry, (qn_str){ key, strlen(key) }), 0);
  }
  fill(entry->payload, n, i);
  journal_put(entry, n);
}

static void flush(world *self) {
  assert_int_equal(journal_sync(self->journal, 10000), 0);
}

static bool is(qn_str text, const char *wanted) {
  return text.len == strlen(wanted) && (text.len == 0 || memcmp(text.data, wanted, text.len) == 0);
}

/* Is document i as put has it, with its payload. */
static void check(journal_entry *entry, uint64_t i, size_t n) {
  char id[32];
  qn_error error = { 0 };
  snprintf(id, sizeof id, "doc-%llu", (unsigned long long)i);
  assert_true(is(entry->id, id));
  assert_true(is(entry->source, "http"));
  assert_true(is(entry->media_type, "text/plain"));
  assert_int_equal(entry->ordinal, i);
  assert_int_equal(entry->payload_bytes, n);
  assert_int_equal(entry->n_fields, 2);
  assert_true(is(entry->fields[0].name, "place"));
  assert_int_equal(entry->fields[0].value.as.i64, i);
  assert_true(is(entry->fields[1].value.as.str, id));
  if (journal_load(entry, &error) != 0) {
    fail_msg("%s", error.message);
  }
  uint8_t *wanted = malloc(n + 1);
  fill(wanted, n, i);
  assert_true(n == 0 || memcmp(wanted, entry->payload, n) == 0);
  free(wanted);
}

/* Takes one, which must be there. */
static journal_entry *take(world *self) {
  journal_entry *entry = NULL;
  assert_int_equal(journal_take(self->line, 1, &entry), 0);
  assert_non_null(entry);
  assert_null(entry->next);
  return entry;
}

static journal_counts count(world *self) {
  journal_counts counts;
  journal_counts_get(self->journal, &counts);
  return counts;
}

/* --- what is kept --- */

static void document_put_comes_out_as_it_was(void **state) {
  (void)state;
  world *self = open_world(NULL);
  static const size_t sizes[] = { 0, 1, 5000, 100000, (1 << 20) + 1, 3 << 20 };
  for (uint64_t i = 0; i < 6; i++) {
    put(self, i, sizes[i], NULL);
  }
  flush(self);
  assert_int_equal(self->n_accepted, 6);
  for (uint64_t i = 0; i < 6; i++) {
    journal_entry *entry = take(self);
    check(entry, i, sizes[i]);
    assert_int_equal(entry->cookie, 1000 + i);
    assert_int_equal(entry->number, i + 1);
    journal_settle(entry);
  }
  flush(self);
  journal_counts counts = count(self);
  assert_int_equal(counts.settled, 6);
  assert_int_equal(counts.waiting + counts.taken + counts.bytes, 0);
  close_world(self);
}

static void documents_left_are_there_after_restart(void **state) {
  (void)state;
  world *self = open_world(NULL);
  for (uint64_t i = 0; i < 500; i++) {
    put(self, i, i % 7 == 0 ? (1 << 20) + i : 10 * i, NULL);
  }
  flush(self);
  for (uint64_t i = 0; i < 100; i++) {
    journal_entry *entry = take(self);
    if (i % 2 == 0) {
      journal_settle(entry);
    } else {
      journal_unload(entry);
      journal_return(entry);
      entry = take(self);
      assert_int_equal(entry->number, i + 1);
      journal_settle(entry);
    }
  }
  close_world(self);
  self = open_world(NULL);
  assert_int_equal(count(self).waiting, 400);
  for (uint64_t i = 100; i < 500; i++) {
    journal_entry *entry = take(self);
    check(entry, i, i % 7 == 0 ? (1 << 20) + i : 10 * i);
    assert_int_equal(entry->cookie, 0);
    assert_int_equal(entry->number, i + 1);
    journal_settle(entry);
  }
  put(self, 500, 10, NULL);
  flush(self);
  assert_int_equal(self->last_number, 501);
  close_world(self);
}

static void backlog_beyond_memory_comes_in_order(void **state) {
  (void)state;
  const journal_options options = { .memory_bytes = 64 << 10, .commit_ms = 1 };
  world *self = open_world(&options);
  uint64_t n_put = 0, n_taken = 0;
  for (int round = 0; round < 20; round++) {
    for (int i = 0; i < 200; i++) {
      put(self, n_put++, 200, NULL);
      if (i % 50 == 0) {
        flush(self);
      }
    }
    flush(self);
    for (int i = 0; i < 150 + 10 * round && n_taken < n_put; i++) {
      journal_entry *entry = take(self);
      check(entry, n_taken, 200);
      assert_int_equal(entry->cookie, 1000 + n_taken);
      n_taken++;
      journal_settle(entry);
    }
  }
  while (n_taken < n_put) {
    journal_entry *entry = take(self);
    check(entry, n_taken++, 200);
    journal_settle(entry);
  }
  flush(self);
  assert_int_equal(count(self).waiting + count(self).taken, 0);
  close_world(self);
}

static void documents_returned_keep_their_place(void **state) {
  (void)state;
  const journal_options options = { .memory_bytes = 8 << 10, .commit_ms = 0 };
  world *self = open_world(&options);
  journal_entry *taken[40];
  for (uint64_t i = 0; i < 100; i++) {
    put(self, i, 300, NULL);
    flush(self);
  }
  for (int i = 0; i < 40; i++) {
    taken[i] = take(self);
  }
  for (int i = 0; i < 40; i++) {
    journal_return(taken[(i * 7) % 40]);
  }
  for (uint64_t i = 0; i < 100; i++) {
    journal_entry *entry = take(self);
    check(entry, i, 300);
    journal_settle(entry);
  }
  close_world(self);
}

/* --- keys --- */

static void key_accepted_before_is_known(void **state) {
  (void)state;
  world *self = open_world(NULL);
  put(self, 1, 10, "a");
  put(self, 2, 10, "a"); /* the same batch, most likely */
  flush(self);
  assert_int_equal(self->n_accepted, 1);
  assert_int_equal(self->n_known, 1);
  assert_string_equal(self->known_id, "doc-1");
  journal_settle(take(self));
  close_world(self);
  self = open_world(NULL);
  put(self, 3, 10, "a");
  put(self, 4, 10, "b");
  flush(self);
  assert_int_equal(self->n_accepted, 1);
  assert_int_equal(self->n_known, 1);
  assert_string_equal(self->known_id, "doc-1");
  assert_int_equal(count(self).waiting, 1);
  close_world(self);
}

/* --- bounds --- */

static void bound_reached_gives_again_and_tells_of_room(void **state) {
  (void)state;
  const journal_options options = { .max_documents = 3, .max_bytes = 1000, .commit_ms = 0 };
  world *self = open_world(&options);
  journal_entry *entry = NULL, *kept[3];
  assert_int_equal(journal_reserve(self->line, 1001, &entry), -EFBIG);
  for (int i = 0; i < 3; i++) {
    kept[i] = reserve(self, 300);
  }
  assert_int_equal(journal_reserve(self->line, 1, &entry), -EAGAIN);
  assert_int_equal(count(self).state, JOURNAL_FULL);
  journal_cancel(kept[0]);
  pthread_mutex_lock(&self->mutex);
  while (self->n_room == 0) {
    pthread_cond_wait(&self->changed, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
  assert_int_equal(journal_reserve(self->line, 401, &entry), -EAGAIN); /* of bytes */
  journal_put(kept[1], 100);
  journal_put(kept[2], 100);
  flush(self);
  entry = reserve(self, 800);
  journal_cancel(entry);
  close_world(self);
}

static void *reserve_waiting(void *arg) {
  world *self = arg;
  journal_entry *entry = NULL;
  int rc = journal_reserve_wait(self->line, 10, &entry);
  journal_cancel(entry);
  return rc == 0 ? "came" : rc == -ECANCELED ? "interrupted" : "failed";
}

static void waiting_for_room_ends_with_room_or_interruption(void **state) {
  (void)state;
  const journal_options options = { .max_documents = 1, .commit_ms = 0 };
  world *self = open_world(&options);
  pthread_t thread;
  void *answer;
  journal_entry *entry = reserve(self, 10);
  pthread_create(&thread, NULL, reserve_waiting, self);
  journal_cancel(entry);
  pthread_join(thread, &answer);
  assert_string_equal(answer, "came");
  entry = reserve(self, 10);
  pthread_create(&thread, NULL, reserve_waiting, self);
  journal_interrupt_intake(self->line, true);
  pthread_join(thread, &answer);
  assert_string_equal(answer, "interrupted");
  journal_cancel(entry);
  close_world(self);
}

static void *take_waiting(void *arg) {
  world *self = arg;
  journal_entry *entry = NULL;
  return journal_take(self->line, 10, &entry) == -ECANCELED ? "interrupted" : "took";
}

static void taking_ends_with_interruption(void **state) {
  (void)state;
  world *self = open_world(NULL);
  pthread_t thread;
  void *answer;
  pthread_create(&thread, NULL, take_waiting, self);
  journal_interrupt_take(self->line, true);
  pthread_join(thread, &answer);
  assert_string_equal(answer, "interrupted");
  journal_interrupt_take(self->line, false);
  put(self, 1, 1, NULL);
  journal_entry *entry = take(self);
  check(entry, 1, 1);
  journal_return(entry);
  close_world(self);
}

/* --- confirming --- */

static void confirmation_is_known_after_return_and_restart(void **state) {
  (void)state;
  world *self = open_world(NULL);
  void *bytes = NULL;
  size_t n = 0;
  for (uint64_t i = 0; i < 3; i++) {
    put(self, i, 10, NULL);
  }
  flush(self);
  assert_int_equal(journal_kept(self->journal, "news", "out", &bytes, &n), -ENOENT);
  journal_entry *entries[3] = { take(self), take(self), take(self) };
  assert_int_equal(journal_confirm(self->journal, "news", "out", entries, 3, "offset 7", 8), 0);
  assert_int_equal(journal_confirm(self->journal, "news", "copy", &entries[1], 1, NULL, 0), 0);
  assert_int_equal(journal_confirm(self->journal, "news", "out", &entries[1], 1, "offset 9", 8), 0);
  journal_settle(entries[0]);
  journal_return(entries[1]);
  entries[1] = take(self);
  assert_true(is(entries[1]->confirmed, "out\ncopy\n"));
  journal_return(entries[1]);
  journal_return(entries[2]);
  close_world(self);
  self = open_world(NULL);
  entries[1] = take(self);
  assert_int_equal(entries[1]->number, 2);
  assert_true(is(entries[1]->confirmed, "out\ncopy\n"));
  entries[2] = take(self);
  assert_true(is(entries[2]->confirmed, "out\n"));
  assert_int_equal(journal_kept(self->journal, "news", "out", &bytes, &n), 0);
  assert_int_equal(n, 8);
  assert_memory_equal(bytes, "offset 9", 8);
  free(bytes);
  journal_return(entries[1]);
  journal_return(entries[2]);
  close_world(self);
}

/* --- lines --- */

static void lines_are_the_same_ever_after(void **state) {
  (void)state;
  world *self = open_world(NULL);
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
  put(self, 1, 10, NULL);
  flush(self);
  const char *const sources[] = { "http" };
  assert_int_equal(journal_orphans(self->journal, "news", sources, 1), 1);
  assert_int_equal(journal_orphans(self->journal, "olds", sources, 1), 0);
  close_world(self);
  self = open_world(NULL);
  assert_int_equal(journal_orphans(self->journal, "news", sources, 1), 1);
  assert_int_equal(journal_line_get(self->journal, "news", "spool", &other, &error), 0);
  assert_int_equal(journal_take(other, 5, &entry), 0);
  assert_true(is(entry->slug, "bad-encoding"));
  assert_true(is(entry->message, "it is none"));
  assert_int_equal(entry->payload_bytes, 0);
  journal_settle(entry);
  entry = take(self);
  check(entry, 1, 10);
  journal_settle(entry);
  close_world(self);
}

/* --- who else is there --- */

static void second_worker_is_refused(void **state) {
  (void)state;
  world *self = open_world(NULL);
  journal *second = NULL;
  qn_error error = { 0 };
  assert_int_equal(journal_open(&(journal_options){ .folder = "state" }, &second, &error), -EBUSY);
  assert_non_null(strstr(error.message, "another worker"));
  close_world(self);
}

static void files_are_for_their_owner_only(void **state) {
  (void)state;
  world *self = open_world(NULL);
  static const char *const names[] = { "state/journal.db", "state/journal.db-wal", "state/hands", "state/lock" };
  struct stat status;
  put(self, 1, 2 << 20, NULL);
  flush(self);
  assert_int_equal(stat("state", &status), 0);
  assert_int_equal(status.st_mode & 0777, 0700);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_int_equal(stat(names[i], &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
  }
  close_world(self);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(document_put_comes_out_as_it_was, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(documents_left_are_there_after_restart, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(backlog_beyond_memory_comes_in_order, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(documents_returned_keep_their_place, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(key_accepted_before_is_known, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(bound_reached_gives_again_and_tells_of_room, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(waiting_for_room_ends_with_room_or_interruption, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(taking_ends_with_interruption, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(confirmation_is_known_after_return_and_restart, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(lines_are_the_same_ever_after, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(second_worker_is_refused, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(files_are_for_their_owner_only, enter_folder, leave_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
