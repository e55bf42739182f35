/* SPDX-License-Identifier: Apache-2.0 */

/* The arena: memory that does not move, marks, limits, and giving back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "document/arena.h"
#include "document_fixture.h"

static void memory_is_aligned_apart_and_does_not_move(void **state) {
  (void)state;
  enum { N = 400 };
  arena a;
  arena_init(&a, SIZE_MAX / 2, NULL);
  fixture_random random = { 3 };
  for (int life = 0; life < 5; life++) {
    uint8_t *pieces[N];
    size_t sizes[N];
    size_t sum = 0;
    for (uint32_t i = 0; i < N; i++) {
      sizes[i] = fixture_next(&random, i % 50 == 0 ? 100000 : 300);
      pieces[i] = arena_alloc(&a, sizes[i]);
      assert_non_null(pieces[i]);
      assert_int_equal((uintptr_t)pieces[i] % ARENA_ALIGN, 0);
      memset(pieces[i], (int)(i & 0xFF), sizes[i]);
      sum += sizes[i];
    }
    assert_true(arena_used(&a) >= sum);
    for (uint32_t i = 0; i < N; i++) {
      for (size_t k = 0; k < sizes[i]; k++) {
        assert_int_equal(pieces[i][k], i & 0xFF);
      }
    }
    arena_reset(&a);
    assert_int_equal(arena_used(&a), 0);
  }
  arena_done(&a);
}

static void rewind_goes_back_across_chunks(void **state) {
  (void)state;
  arena a;
  arena_init(&a, SIZE_MAX / 2, NULL);
  arena_mark empty = arena_mark_get(&a);
  void *first = arena_alloc(&a, 100);
  arena_mark mark = arena_mark_get(&a);
  size_t used = arena_used(&a);
  void *second = arena_alloc(&a, 50);
  for (int i = 0; i < 40; i++) {
    assert_non_null(arena_alloc(&a, 9000));
  }
  arena_rewind(&a, mark);
  assert_int_equal(arena_used(&a), used);
  assert_ptr_equal(arena_alloc(&a, 50), second);
  arena_rewind(&a, empty);
  assert_int_equal(arena_used(&a), 0);
  assert_ptr_equal(arena_alloc(&a, 100), first);
  arena_done(&a);
}

static void limit_bounds_use_whatever_the_sizes(void **state) {
  (void)state;
  static const size_t sizes[] = { 1, 16, 100, 4096, 100000 };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    arena a;
    arena_init(&a, 1000000, NULL);
    size_t taken = 0;
    while (arena_alloc(&a, sizes[i]) != NULL) {
      taken += sizes[i];
    }
    assert_true(taken <= 1000000 && taken + sizes[i] + 1000000 / sizes[i] * 32 >= 1000000);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 8));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, sizes[i]));
    arena_done(&a);
  }
}

static void shrink_gives_back_the_end_of_the_latest_only(void **state) {
  (void)state;
  arena a;
  arena_init(&a, SIZE_MAX / 2, NULL);
  char *first = arena_alloc(&a, 1000);
  arena_shrink(&a, first, 1000, 100);
  assert_true(arena_used(&a) < 200);
  char *second = arena_alloc(&a, 10);
  assert_true(second >= first + 100 && second < first + 200);
  size_t used = arena_used(&a);
  arena_shrink(&a, first, 100, 10);
  assert_int_equal(arena_used(&a), used);
  arena_done(&a);
}

static void idle_arena_keeps_little_after_a_huge_document(void **state) {
  (void)state;
  arena a;
  arena_init(&a, SIZE_MAX / 2, NULL);
  assert_non_null(arena_alloc(&a, 3 * (size_t)ARENA_KEEP_BYTES));
  arena_reset(&a);
  assert_true(a.capacity <= ARENA_KEEP_BYTES);
  assert_non_null(arena_alloc(&a, ARENA_KEEP_BYTES / 2));
  arena_reset(&a);
  size_t kept = a.capacity;
  for (int i = 0; i < 3 * ARENA_TRIM_LIVES; i++) {
    assert_non_null(arena_alloc(&a, 1000));
    arena_reset(&a);
  }
  assert_true(a.capacity < kept && a.capacity <= 4 * ARENA_FIRST_BYTES);
  arena_done(&a);
}

static void arenas_life_of_equal_documents_asks_for_no_new_memory(void **state) {
  (void)state;
  arena a;
  arena_init(&a, SIZE_MAX / 2, NULL);
  size_t capacity = 0;
  for (int life = 0; life < 1000; life++) {
    for (int i = 0; i < 100; i++) {
      assert_non_null(arena_alloc(&a, 3000));
    }
    assert_true(life == 0 || a.capacity == capacity);
    capacity = a.capacity;
    arena_reset(&a);
  }
  arena_done(&a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(memory_is_aligned_apart_and_does_not_move),
    cmocka_unit_test(rewind_goes_back_across_chunks),
    cmocka_unit_test(limit_bounds_use_whatever_the_sizes),
    cmocka_unit_test(shrink_gives_back_the_end_of_the_latest_only),
    cmocka_unit_test(idle_arena_keeps_little_after_a_huge_document),
    cmocka_unit_test(arenas_life_of_equal_documents_asks_for_no_new_memory),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
