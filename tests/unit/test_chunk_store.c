/* SPDX-License-Identifier: Apache-2.0 */

/* The store of chunks: sizes, what comes back, what is not kept, many threads at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "document/chunk_store.h"
#include "document/poison.h"
#include "failing_alloc.h"

static void store_lends_at_least_what_is_asked_for(void **state) {
  (void)state;
  static const size_t sizes[] = { 1,      ARENA_FIRST_BYTES, ARENA_FIRST_BYTES + 1,
                                  300000, ARENA_KEEP_BYTES,  ARENA_KEEP_BYTES + 1 };
  chunk_store *store;
  assert_int_equal(chunk_store_new(&store), 0);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    arena_chunk *lent = chunk_store_take(store, sizes[i]);
    arena_chunk *own = chunk_store_take(NULL, sizes[i]);
    assert_true(lent->bytes >= sizes[i] && lent->bytes <= 2 * sizes[i] + ARENA_FIRST_BYTES);
    assert_int_equal(own->bytes, sizes[i]);
    lent->next = NULL;
    own->next = NULL;
    chunk_store_give(store, lent);
    chunk_store_give(NULL, own);
  }
  chunk_store_free(store);
}

static void arenas_of_one_store_use_the_same_memory(void **state) {
  (void)state;
  chunk_store *store;
  assert_int_equal(chunk_store_new(&store), 0);
  arena first, second;
  arena_init(&first, SIZE_MAX / 2, store);
  arena_init(&second, SIZE_MAX / 2, store);
  assert_non_null(arena_alloc(&first, 100));
  void *memory = arena_alloc(&first, 100000);
  assert_true(first.capacity > 100000);
  arena_reset(&first);
  assert_true(first.capacity <= ARENA_FIRST_BYTES);
  assert_non_null(arena_alloc(&second, 100));
  assert_ptr_equal(arena_alloc(&second, 100000), memory);
  arena_done(&first);
  arena_done(&second);
  chunk_store_free(store);
}

#ifdef POISON_ENABLED
/* Whoever still reads what a document had is found out, as long as nobody else has it. */
static void chunks_of_the_store_are_nobodys_to_read(void **state) {
  (void)state;
  chunk_store *store;
  assert_int_equal(chunk_store_new(&store), 0);
  arena a;
  arena_init(&a, SIZE_MAX / 2, store);
  assert_non_null(arena_alloc(&a, 100));
  const char *memory = arena_alloc(&a, 100000);
  assert_false(__asan_address_is_poisoned(memory + 99999));
  arena_reset(&a);
  assert_true(__asan_address_is_poisoned(memory) && __asan_address_is_poisoned(memory + 99999));
  assert_non_null(arena_alloc(&a, 100));
  assert_ptr_equal(arena_alloc(&a, 90000), memory);
  assert_false(__asan_address_is_poisoned(memory + 89999));
  assert_true(__asan_address_is_poisoned(memory + 99999));
  arena_done(&a);
  chunk_store_free(store);
}
#endif

static void arena_after_a_huge_document_keeps_no_more_than_another(void **state) {
  (void)state;
  chunk_store *store;
  assert_int_equal(chunk_store_new(&store), 0);
  arena a;
  arena_init(&a, SIZE_MAX / 2, store);
  for (int life = 0; life < 3; life++) {
    assert_non_null(arena_alloc(&a, 3 * (size_t)ARENA_KEEP_BYTES));
    assert_non_null(arena_alloc(&a, 100));
    arena_reset(&a);
    assert_true(a.capacity <= ARENA_FIRST_BYTES);
    assert_int_equal(arena_used(&a), 0);
  }
  arena_done(&a);
  chunk_store_free(store);
}

enum { THREADS = 4, LIVES = 400 };

static void *live(void *arg) {
  arena a;
  arena_init(&a, SIZE_MAX / 2, arg);
  uintptr_t wrong = 0;
  for (uint32_t life = 0; life < LIVES; life++) {
    uint32_t *pieces[8];
    for (uint32_t i = 0; i < 8; i++) {
      pieces[i] = arena_alloc(&a, 20000u << (i % 4));
      *pieces[i] = life * 8 + i;
    }
    for (uint32_t i = 0; i < 8; i++) {
      wrong += *pieces[i] != life * 8 + i;
    }
    arena_reset(&a);
  }
  arena_done(&a);
  return (void *)wrong;
}

static void threads_never_share_a_chunk(void **state) {
  (void)state;
  chunk_store *store;
  assert_int_equal(chunk_store_new(&store), 0);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, live, store), 0);
  }
  for (int i = 0; i < THREADS; i++) {
    void *wrong;
    assert_int_equal(pthread_join(threads[i], &wrong), 0);
    assert_null(wrong);
  }
  chunk_store_free(store);
}

/* Without malloc only what the store kept can be lent. */
static size_t kept_bytes(chunk_store *store, size_t bytes) {
  size_t kept = 0;
  arena_chunk *all = NULL;
  failing_alloc_set_for_good(1);
  for (arena_chunk *lent; (lent = chunk_store_take(store, bytes)) != NULL;) {
    kept += lent->bytes;
    lent->next = all;
    all = lent;
  }
  failing_alloc_set(0);
  chunk_store_give(NULL, all);
  return kept;
}

static void store_keeps_no_more_than_its_bound(void **state) {
  (void)state;
  static const size_t sizes[] = { ARENA_FIRST_BYTES, ARENA_KEEP_BYTES / 16, 2 * ARENA_KEEP_BYTES };
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    chunk_store *store;
    assert_int_equal(chunk_store_new(&store), 0);
    arena_chunk *all = NULL;
    for (size_t lent = 0; lent < 3 * (size_t)CHUNK_STORE_BYTES_MAX; lent += sizes[i]) {
      arena_chunk *chunk = chunk_store_take(store, sizes[i]);
      assert_non_null(chunk);
      chunk->next = all;
      all = chunk;
    }
    chunk_store_give(store, all);
    size_t kept = kept_bytes(store, sizes[i]);
    assert_true(kept <= CHUNK_STORE_BYTES_MAX);
    assert_int_equal(kept > 0, sizes[i] <= ARENA_KEEP_BYTES);
    chunk_store_free(store);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(store_lends_at_least_what_is_asked_for),
    cmocka_unit_test(arenas_of_one_store_use_the_same_memory),
#ifdef POISON_ENABLED
    cmocka_unit_test(chunks_of_the_store_are_nobodys_to_read),
#endif
    cmocka_unit_test(arena_after_a_huge_document_keeps_no_more_than_another),
    cmocka_unit_test(store_keeps_no_more_than_its_bound),
    cmocka_unit_test(threads_never_share_a_chunk),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
