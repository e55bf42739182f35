/* SPDX-License-Identifier: Apache-2.0 */

/* Letters in memory: copies of the first, a count of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "delivery/letter.h"

#include <cmocka.h>

static void letters_keep_the_first_and_count_all(void **state) {
  (void)state;
  letter_store *store = NULL;
  assert_int_equal(letter_memory_new(3, &store), 0);
  for (int i = 0; i < 10; i++) {
    char message[32];
    snprintf(message, sizeof message, "reason %d", i);
    letter note = { .stage = "s", .slug = "bad", .message = message, .attempts = 2, .source = { "file", 4 } };
    assert_int_equal(store->put(store, &note), 0);
    memset(message, 'x', sizeof message - 1);
  }
  assert_int_equal(letter_memory_count(store), 10);
  assert_int_equal(letter_memory_kept(store), 3);
  assert_string_equal(letter_memory_at(store, 0)->message, "reason 0");
  assert_string_equal(letter_memory_at(store, 2)->message, "reason 2");
  assert_int_equal(letter_memory_at(store, 2)->source.len, 4);
  assert_int_equal(letter_memory_at(store, 2)->id.len, 0);
  assert_int_equal(letter_memory_at(store, 2)->attempts, 2);
  assert_null(letter_memory_at(store, 3));
  store->close(store);
}

static void letters_none_kept_still_counts(void **state) {
  (void)state;
  letter_store *store = NULL;
  assert_int_equal(letter_memory_new(0, &store), 0);
  letter note = { .stage = "s", .slug = "bad", .message = "m" };
  assert_int_equal(store->put(store, &note), 0);
  assert_int_equal(letter_memory_count(store), 1);
  assert_int_equal(letter_memory_kept(store), 0);
  store->close(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(letters_keep_the_first_and_count_all),
    cmocka_unit_test(letters_none_kept_still_counts),
  };
  return cmocka_run_group_tests_name("letter memory", tests, NULL, NULL);
}
