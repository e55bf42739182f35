/* SPDX-License-Identifier: Apache-2.0 */

/* What is in hand when a process ends, and files that are no such files. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "delivery/hands.h"

#include <cmocka.h>

typedef struct told {
  uint64_t numbers[64];
  uint32_t n, n_calls;
  int answer;
} told;

static int note(void *arg, const uint64_t *numbers, uint32_t n) {
  told *self = arg;
  self->n_calls++;
  for (uint32_t i = 0; i < n; i++) {
    assert_true(self->n < 64);
    self->numbers[self->n++] = numbers[i];
  }
  return self->answer;
}

static int enter_folder(void **state) {
  char *folder = strdup("/tmp/qanat-hands-XXXXXX");
  assert_non_null(mkdtemp(folder));
  assert_int_equal(chdir(folder), 0);
  *state = folder;
  return 0;
}

static int leave_folder(void **state) {
  unlink("hands");
  assert_int_equal(chdir("/"), 0);
  assert_int_equal(rmdir(*state), 0);
  free(*state);
  return 0;
}

static hands *open_hands(uint32_t n_slots, told *heard) {
  hands *opened = NULL;
  qn_error error = { 0 };
  if (hands_open("hands", n_slots, note, heard, &opened, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return opened;
}

/* Runs work in a process that is killed with what it has in hand. */
static void die_with(void (*work)(hands *mine)) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    told heard = { 0 };
    work(open_hands(16, &heard));
    kill(getpid(), SIGKILL);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void hold_several(hands *mine) {
  hand *idle = hands_take(mine, 3), *busy = hands_take(mine, 9), *twice = hands_take(mine, 5);
  hand *part = hands_take(mine, 9), *done = hands_take(mine, 11), *given = hands_take(mine, 13);
  hand_begin(busy);
  hand_begin(part);
  hand_begin(twice);
  hand_begin(twice);
  hand_end(twice);
  hand_begin(done);
  hand_end(done);
  hand_begin(given);
  hand_end(given);
  hands_give(mine, given);
  (void)idle;
}

static void hands_of_killed_process_are_told_once(void **state) {
  (void)state;
  die_with(hold_several);
  told heard = { 0 };
  hands *mine = open_hands(16, &heard);
  assert_int_equal(heard.n, 2);
  assert_int_equal(heard.numbers[0], 5);
  assert_int_equal(heard.numbers[1], 9);
  hands_close(mine);
  mine = open_hands(8, &heard);
  assert_int_equal(heard.n_calls, 1);
  hands_close(mine);
}

static void hands_not_noted_are_told_again(void **state) {
  (void)state;
  die_with(hold_several);
  told heard = { .answer = -EIO };
  hands *mine = NULL;
  qn_error error = { 0 };
  assert_int_equal(hands_open("hands", 16, note, &heard, &mine, &error), -EIO);
  assert_null(mine);
  heard.answer = 0;
  mine = open_hands(16, &heard);
  assert_int_equal(heard.n, 4);
  hands_close(mine);
}

static void slots_all_taken_gives_none(void **state) {
  (void)state;
  told heard = { 0 };
  hands *mine = open_hands(4, &heard);
  hand *slots[4];
  for (uint64_t i = 0; i < 4; i++) {
    slots[i] = hands_take(mine, i + 1);
    assert_non_null(slots[i]);
  }
  assert_null(hands_take(mine, 5));
  hand_begin(NULL);
  hand_end(NULL);
  hands_give(mine, NULL);
  hands_give(mine, slots[2]);
  assert_ptr_equal(hands_take(mine, 6), slots[2]);
  hands_close(mine);
}

static void file_of_rubbish_is_begun_anew(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t len;
  } rows[] = {
    { "", 0 }, { "QNHANDS", 8 }, { "QNHANDS\0\1\0\0\0\xff\xff\xff\xff", 16 }, { "rubbish rubbish rubbish", 23 }
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    FILE *file = fopen("hands", "w");
    assert_non_null(file);
    assert_int_equal(fwrite(rows[i].bytes, 1, rows[i].len, file), rows[i].len);
    fclose(file);
    told heard = { 0 };
    hands *mine = open_hands(16, &heard);
    assert_int_equal(heard.n_calls, 0);
    assert_non_null(hands_take(mine, 1));
    hands_close(mine);
  }
}

static void file_is_for_its_owner_only(void **state) {
  (void)state;
  told heard = { 0 };
  struct stat status;
  hands_close(open_hands(16, &heard));
  assert_int_equal(stat("hands", &status), 0);
  assert_int_equal(status.st_mode & 0777, 0600);
}

enum { TURNS = 20000 };

static void *take_and_give(void *arg) {
  for (uint64_t i = 1; i <= TURNS; i++) {
    hand *slot = hands_take(arg, i);
    assert_non_null(slot); /* as many threads as there are slots */
    hand_begin(slot);
    hand_end(slot);
    assert_int_equal(atomic_load(slot), i);
    hands_give(arg, slot);
  }
  return NULL;
}

static void slots_taken_by_threads_are_their_own(void **state) {
  (void)state;
  told heard = { 0 };
  hands *mine = open_hands(4, &heard);
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, take_and_give, mine), 0);
  }
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
  }
  hands_close(mine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(hands_of_killed_process_are_told_once, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(hands_not_noted_are_told_again, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(slots_all_taken_gives_none, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(file_of_rubbish_is_begun_anew, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(file_is_for_its_owner_only, enter_folder, leave_folder),
    cmocka_unit_test_setup_teardown(slots_taken_by_threads_are_their_own, enter_folder, leave_folder),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
