/* SPDX-License-Identifier: Apache-2.0 */

/* Credits: both budgets hold, one document always passes, whoever waits is woken or told. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/admission.h"

static void count_credit(void *arg) {
  atomic_fetch_add((_Atomic int *)arg, 1);
}

static void admission_documents_stop_at_the_limit(void **state) {
  (void)state;
  admission a;
  admission_init(&a, 3, 1000, count_credit, NULL);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(admission_try(&a, 10), 0);
  }
  assert_int_equal(admission_try(&a, 10), -EAGAIN);
  assert_int_equal(admission_documents(&a), 3);
  assert_int_equal(admission_bytes(&a), 30);
  admission_release(&a, 1, 10);
  assert_int_equal(admission_try(&a, 0), 0);
}

static void admission_bytes_stop_at_the_limit(void **state) {
  (void)state;
  admission a;
  admission_init(&a, 100, 1000, count_credit, NULL);
  assert_int_equal(admission_try(&a, 600), 0);
  assert_int_equal(admission_try(&a, 401), -EAGAIN);
  assert_int_equal(admission_try(&a, 400), 0);
  admission_charge(&a, 5000);
  assert_int_equal(admission_bytes(&a), 6000);
  admission_charge(&a, -5000);
  admission_release(&a, 2, 1000);
  assert_int_equal(admission_bytes(&a), 0);
}

static void admission_oversized_document_passes_alone(void **state) {
  (void)state;
  admission a;
  admission_init(&a, 100, 1000, count_credit, NULL);
  assert_int_equal(admission_try(&a, 1 << 30), 0);
  assert_int_equal(admission_try(&a, 1), -EAGAIN);
  admission_release(&a, 1, 1 << 30);
  assert_int_equal(admission_try(&a, 1), 0);
  assert_int_equal(admission_try(&a, 1 << 30), -EAGAIN);
}

static void admission_starved_caller_is_told(void **state) {
  (void)state;
  _Atomic int n_told = 0;
  admission a;
  admission_init(&a, 1, 1000, count_credit, &n_told);
  assert_int_equal(admission_try(&a, 1), 0);
  admission_starve(&a);
  admission_release(&a, 1, 1);
  assert_int_equal(n_told, 1);
  admission_sated(&a);
  assert_int_equal(admission_try(&a, 1), 0);
  admission_release(&a, 1, 1);
  assert_int_equal(n_told, 1);
}

static void admission_closed_refuses(void **state) {
  (void)state;
  admission a;
  admission_init(&a, 4, 1000, count_credit, NULL);
  admission_close(&a);
  assert_int_equal(admission_try(&a, 1), -ECANCELED);
  assert_int_equal(admission_wait(&a, 1), -ECANCELED);
}

static void *wait_for_credit(void *arg) {
  return admission_wait(arg, 1) == -ECANCELED ? arg : NULL;
}

static void admission_close_wakes_a_waiter(void **state) {
  (void)state;
  admission a;
  admission_init(&a, 1, 1000, count_credit, NULL);
  assert_int_equal(admission_try(&a, 1), 0);
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, wait_for_credit, &a), 0);
  while (atomic_load(&a.park.n_waiting) == 0) {
    sched_yield();
  }
  admission_close(&a);
  void *canceled;
  pthread_join(thread, &canceled);
  assert_ptr_equal(canceled, &a);
}

/* A taker and a giver with a budget of a few documents: neither may ever hang, the budget is never exceeded. */
typedef struct pair {
  admission admission;
  _Atomic uint32_t n_taken, n_given, n_most;
  uint32_t n_all;
} pair;

static void *take_all(void *arg) {
  pair *p = arg;
  for (uint32_t i = 0; i < p->n_all; i++) {
    if (admission_wait(&p->admission, 100) != 0) {
      return p;
    }
    uint32_t inside = admission_documents(&p->admission);
    if (inside > atomic_load(&p->n_most)) {
      atomic_store(&p->n_most, inside);
    }
    atomic_fetch_add(&p->n_taken, 1);
  }
  return NULL;
}

static void *give_all(void *arg) {
  pair *p = arg;
  while (atomic_load(&p->n_given) < p->n_all * 2) {
    uint32_t given = atomic_load(&p->n_given);
    if (atomic_load(&p->n_taken) > given && atomic_compare_exchange_strong(&p->n_given, &given, given + 1)) {
      admission_release(&p->admission, 1, 100);
    } else {
      sched_yield();
    }
  }
  return NULL;
}

static void admission_takers_and_givers_all_get_through(void **state) {
  (void)state;
  static const uint32_t budgets[] = { 1, 2, 7, 64 };
  for (size_t i = 0; i < sizeof budgets / sizeof budgets[0]; i++) {
    static pair p;
    admission_init(&p.admission, budgets[i], budgets[i] * 100, count_credit, NULL);
    p.n_all = 20000;
    p.n_taken = p.n_given = p.n_most = 0;
    pthread_t threads[3];
    assert_int_equal(pthread_create(&threads[0], NULL, take_all, &p), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, take_all, &p), 0);
    assert_int_equal(pthread_create(&threads[2], NULL, give_all, &p), 0);
    for (int t = 0; t < 3; t++) {
      void *failed;
      pthread_join(threads[t], &failed);
      assert_null(failed);
    }
    assert_true(p.n_most <= budgets[i]);
    assert_int_equal(admission_documents(&p.admission), 0);
    assert_int_equal(admission_bytes(&p.admission), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(admission_documents_stop_at_the_limit),
    cmocka_unit_test(admission_bytes_stop_at_the_limit),
    cmocka_unit_test(admission_oversized_document_passes_alone),
    cmocka_unit_test(admission_starved_caller_is_told),
    cmocka_unit_test(admission_closed_refuses),
    cmocka_unit_test(admission_close_wakes_a_waiter),
    cmocka_unit_test(admission_takers_and_givers_all_get_through),
  };
  return cmocka_run_group_tests_name("admission", tests, NULL, NULL);
}
