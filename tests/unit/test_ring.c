/* SPDX-License-Identifier: Apache-2.0 */

/* Rings and windows: nothing lost, nothing twice, order where it is promised, under many threads. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/ring.h"
#include "runtime/window.h"

enum { N_WRITERS = 3, N_READERS = 2, N_ITEMS = 60000, ROOM = 64 };

static void ring_pushed_items_come_out_in_order(void **state) {
  (void)state;
  ring r;
  assert_int_equal(ring_init(&r, ROOM), 0);
  int items[ROOM];
  void *out[ROOM];
  for (int round = 0; round < 5; round++) {
    for (int i = 0; i < ROOM; i++) {
      ring_push(&r, &items[i]);
    }
    assert_int_equal(ring_count(&r), ROOM);
    assert_int_equal(ring_pull(&r, out, 10), 10);
    assert_int_equal(ring_pull(&r, out + 10, ROOM), ROOM - 10);
    for (int i = 0; i < ROOM; i++) {
      assert_ptr_equal(out[i], &items[i]);
    }
    assert_int_equal(ring_pull(&r, out, ROOM), 0);
  }
  ring_done(&r);
}

/* What the threads of a test share. At most ROOM items are in the ring, as admission sees to in a run. */
typedef struct crowd {
  ring ring;
  window window;
  _Atomic uint32_t n_inside;
  _Atomic uint32_t next;
  _Atomic uint32_t n_pulled;
  _Atomic uint8_t seen[N_ITEMS];
} crowd;

static void enter(crowd *all) {
  while (atomic_fetch_add(&all->n_inside, 1) >= ROOM) {
    atomic_fetch_sub(&all->n_inside, 1);
    sched_yield();
  }
}

static void *push_some(void *arg) {
  crowd *all = arg;
  uint32_t number;
  while ((number = atomic_fetch_add(&all->next, 1)) < N_ITEMS) {
    enter(all);
    ring_push(&all->ring, (void *)(uintptr_t)(number + 1));
  }
  return NULL;
}

static void *pull_some(void *arg) {
  crowd *all = arg;
  void *items[7];
  while (atomic_load(&all->n_pulled) < N_ITEMS) {
    uint32_t n = ring_pull(&all->ring, items, 7);
    for (uint32_t i = 0; i < n; i++) {
      atomic_fetch_add(&all->seen[(uintptr_t)items[i] - 1], 1);
    }
    atomic_fetch_sub(&all->n_inside, n);
    atomic_fetch_add(&all->n_pulled, n);
    if (n == 0) {
      sched_yield();
    }
  }
  return NULL;
}

static void ring_many_threads_each_item_once(void **state) {
  (void)state;
  crowd *all = aligned_alloc(64, (sizeof(crowd) + 63) / 64 * 64);
  assert_non_null(all);
  memset((void *)all, 0, sizeof *all);
  assert_int_equal(ring_init(&all->ring, ROOM), 0);
  pthread_t threads[N_WRITERS + N_READERS];
  for (int i = 0; i < N_WRITERS + N_READERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, i < N_WRITERS ? push_some : pull_some, all), 0);
  }
  for (int i = 0; i < N_WRITERS + N_READERS; i++) {
    pthread_join(threads[i], NULL);
  }
  for (uint32_t i = 0; i < N_ITEMS; i++) {
    assert_int_equal(all->seen[i], 1);
  }
  assert_int_equal(ring_count(&all->ring), 0);
  ring_done(&all->ring);
  free(all);
}

static void window_items_put_backwards_come_out_forwards(void **state) {
  (void)state;
  window w;
  assert_int_equal(window_init(&w, 5), 0);
  int items[5];
  void *out[5];
  for (uint64_t base = 0; base < 50; base += 5) {
    for (int i = 4; i > 0; i--) {
      window_put(&w, base + (uint64_t)i, &items[i]);
      assert_false(window_ready(&w));
      assert_int_equal(window_take(&w, out, 5), 0);
    }
    window_put(&w, base, &items[0]);
    assert_true(window_ready(&w));
    assert_int_equal(window_take(&w, out, 2), 2);
    assert_int_equal(window_take(&w, out + 2, 5), 3);
    for (int i = 0; i < 5; i++) {
      assert_ptr_equal(out[i], &items[i]);
    }
  }
  window_done(&w);
}

/* Numbers are taken in order but put in whatever order the threads get to it. */
static void *put_some(void *arg) {
  crowd *all = arg;
  for (;;) {
    enter(all);
    uint32_t number = atomic_fetch_add(&all->next, 1);
    if (number >= N_ITEMS) {
      atomic_fetch_sub(&all->n_inside, 1);
      return NULL;
    }
    if (number % 5 == 0) {
      sched_yield();
    }
    window_put(&all->window, number, (void *)(uintptr_t)(number + 1));
  }
}

static void window_many_writers_reader_sees_order(void **state) {
  (void)state;
  crowd *all = aligned_alloc(64, (sizeof(crowd) + 63) / 64 * 64);
  assert_non_null(all);
  memset((void *)all, 0, sizeof *all);
  assert_int_equal(window_init(&all->window, ROOM), 0);
  pthread_t threads[N_WRITERS];
  for (int i = 0; i < N_WRITERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, put_some, all), 0);
  }
  uint32_t expected = 0;
  while (expected < N_ITEMS) {
    void *items[16];
    uint32_t n = window_take(&all->window, items, 16);
    for (uint32_t i = 0; i < n; i++) {
      assert_int_equal((uintptr_t)items[i], ++expected);
    }
    atomic_fetch_sub(&all->n_inside, n);
    if (n == 0) {
      sched_yield();
    }
  }
  for (int i = 0; i < N_WRITERS; i++) {
    pthread_join(threads[i], NULL);
  }
  window_done(&all->window);
  free(all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ring_pushed_items_come_out_in_order),
    cmocka_unit_test(ring_many_threads_each_item_once),
    cmocka_unit_test(window_items_put_backwards_come_out_forwards),
    cmocka_unit_test(window_many_writers_reader_sees_order),
  };
  return cmocka_run_group_tests_name("ring and window", tests, NULL, NULL);
}
