/* SPDX-License-Identifier: Apache-2.0 */

/* Two runs of one pipeline, one that drains and one that works, both keep dead letters: their desks must not meet in the file. The
 * file is the test's own, slow and sometimes broken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "delivery/letter_file.h"
#include "serve/letters.h"
#include "serve_world.h"

enum { ROUNDS = 40 };

static struct {
  _Atomic uint32_t n_inside, n_met, n_open, n_opened;
  _Atomic uint32_t n_flushes;
} file;

/* Stays a while, for another to come in. */
static void stay(void) {
  if (atomic_fetch_add(&file.n_inside, 1) > 0) {
    atomic_fetch_add(&file.n_met, 1);
  }
  serve_world_nap(1);
  atomic_fetch_sub(&file.n_inside, 1);
}

static int put(letter_store *store, const letter *of) {
  (void)store, (void)of;
  stay();
  return 0;
}

static int flush(letter_store *store) {
  (void)store;
  stay();
  return atomic_fetch_add(&file.n_flushes, 1) % 3 == 2 ? -EIO : 0; /* then it is closed, and opened anew */
}

static void close_file(letter_store *store) {
  stay();
  atomic_fetch_sub(&file.n_open, 1);
  free(store);
}

int __wrap_letter_file_new(const letter_file_options *options, letter_store **ret_store, qn_error *error);

int __wrap_letter_file_new(const letter_file_options *options, letter_store **ret_store, qn_error *error) {
  (void)options, (void)error;
  stay();
  letter_store *made = malloc(sizeof *made);
  assert_non_null(made);
  *made = (letter_store){ .put = put, .flush = flush, .close = close_file };
  atomic_fetch_add(&file.n_open, 1);
  atomic_fetch_add(&file.n_opened, 1);
  *ret_store = made;
  return 0;
}

static void *keep_letters(void *arg) {
  letter_store *store = letters_store(arg);
  const letter of = {
    .stage = "step", .slug = "told-to", .message = "told to", .source = QN_LIT("a"), .id = QN_LIT("b")
  };
  for (uint32_t i = 0; i < ROUNDS; i++) {
    if (store->put(store, &of) == 0) {
      store->flush(store);
    }
  }
  return NULL;
}

static void desks_of_two_runs_do_not_meet_in_the_file(void **state) {
  (void)state;
  letters *kept = NULL;
  qn_error error = { 0 };
  pthread_t threads[2];
  assert_int_equal(letters_new("letters.db", "test", &kept, &error), 0);
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, keep_letters, kept), 0);
  }
  for (size_t i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
  }
  assert_int_equal(letters_count(kept), 2 * ROUNDS);
  letters_free(kept);
  assert_int_equal(file.n_met, 0);
  assert_int_equal(file.n_open, 0);
  assert_true(file.n_opened > 1);
}

int main(void) {
  const struct CMUnitTest tests[] = { cmocka_unit_test(desks_of_two_runs_do_not_meet_in_the_file) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
