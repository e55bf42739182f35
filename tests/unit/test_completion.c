/* SPDX-License-Identifier: Apache-2.0 */

/* Tickets, completions and bells: once each, on the loop, whoever comes late is ignored. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "runtime/completion.h"

#include <cmocka.h>

static void ticket_claimed_once_only(void **state) {
  (void)state;
  ticket_table table;
  int holder;
  assert_int_equal(ticket_table_init(&table, 3), 0);
  uint32_t slot = ticket_reserve(&table, 1);
  qn_ticket none = { 0, 0 };
  assert_null(ticket_claim(&table, none));
  qn_ticket first = ticket_open(&table, slot, &holder);
  assert_ptr_equal(ticket_claim(&table, first), &holder);
  assert_null(ticket_claim(&table, first));
  qn_ticket second = ticket_open(&table, slot, &holder);
  assert_null(ticket_claim(&table, first));
  assert_ptr_equal(ticket_claim(&table, second), &holder);
  qn_ticket alien = { 77, 1 };
  assert_null(ticket_claim(&table, alien));
  ticket_table_done(&table);
}

typedef struct race {
  loop loop;
  completions completions;
  completion completion;
  qn_ticket ticket;
  int n_done;
} race;

static void count_done(completion *ended) {
  race *r = ended->arg;
  r->n_done++;
}

static void *complete_twice(void *arg) {
  race *r = arg;
  completions_arrive(&r->completions, r->ticket, QN_STATUS_REJECT, "a-reason", "text", 4);
  completions_arrive(&r->completions, r->ticket, QN_STATUS_OK, NULL, NULL, 0);
  return NULL;
}

static void completion_raced_by_threads_runs_once(void **state) {
  (void)state;
  race r;
  memset((void *)&r, 0, sizeof r);
  assert_int_equal(loop_init(&r.loop), 0);
  assert_int_equal(completions_init(&r.completions, &r.loop, 1), 0);
  completion_init(&r.completions, &r.completion, count_done, &r);
  for (int round = 1; round <= 200; round++) {
    r.ticket = completion_open(&r.completions, &r.completion);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
      assert_int_equal(pthread_create(&threads[i], NULL, complete_twice, &r), 0);
    }
    while (r.n_done < round) {
      uv_run(&r.loop.uv, UV_RUN_ONCE);
    }
    for (int i = 0; i < 3; i++) {
      pthread_join(threads[i], NULL);
    }
    uv_run(&r.loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(r.n_done, round);
    assert_int_equal(r.completion.status, QN_STATUS_REJECT);
    assert_string_equal(r.completion.error.slug, "a-reason");
  }
  completions_done(&r.completions);
  loop_done(&r.loop);
}

static void completion_revoked_never_runs(void **state) {
  (void)state;
  race r;
  memset((void *)&r, 0, sizeof r);
  assert_int_equal(loop_init(&r.loop), 0);
  assert_int_equal(completions_init(&r.completions, &r.loop, 1), 0);
  completion_init(&r.completions, &r.completion, count_done, &r);
  r.ticket = completion_open(&r.completions, &r.completion);
  assert_int_equal(completion_revoke(&r.completions, r.ticket), 0);
  complete_twice(&r);
  uv_run(&r.loop.uv, UV_RUN_NOWAIT);
  assert_int_equal(r.n_done, 0);
  r.ticket = completion_open(&r.completions, &r.completion);
  complete_twice(&r);
  assert_int_equal(completion_revoke(&r.completions, r.ticket), -EALREADY);
  uv_run(&r.loop.uv, UV_RUN_NOWAIT);
  assert_int_equal(r.n_done, 1);
  completions_done(&r.completions);
  loop_done(&r.loop);
}

static void completion_failed_without_text_is_told(void **state) {
  (void)state;
  race r;
  memset((void *)&r, 0, sizeof r);
  assert_int_equal(loop_init(&r.loop), 0);
  assert_int_equal(completions_init(&r.completions, &r.loop, 1), 0);
  completion_init(&r.completions, &r.completion, count_done, &r);
  r.ticket = completion_open(&r.completions, &r.completion);
  completions_arrive(&r.completions, r.ticket, QN_STATUS_RETRY, "busy", NULL, 0);
  uv_run(&r.loop.uv, UV_RUN_NOWAIT);
  assert_int_equal(r.n_done, 1);
  assert_non_null(strstr(r.completion.error.message, "fault of the plugin"));
  completions_done(&r.completions);
  loop_done(&r.loop);
}

static void count_ring(void *arg) {
  ++*(int *)arg;
}

static void bell_rung_often_runs_once(void **state) {
  (void)state;
  loop l;
  bell b, other;
  int n_rings = 0, n_others = 0;
  assert_int_equal(loop_init(&l), 0);
  bell_init(&b, count_ring, &n_rings);
  bell_init(&other, count_ring, &n_others);
  for (int i = 0; i < 5; i++) {
    loop_ring(&l, &b);
  }
  loop_ring(&l, &other);
  uv_run(&l.uv, UV_RUN_NOWAIT);
  assert_int_equal(n_rings, 1);
  assert_int_equal(n_others, 1);
  loop_ring(&l, &b);
  uv_run(&l.uv, UV_RUN_NOWAIT);
  assert_int_equal(n_rings, 2);
  loop_done(&l);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(ticket_claimed_once_only),      cmocka_unit_test(completion_raced_by_threads_runs_once),
    cmocka_unit_test(completion_revoked_never_runs), cmocka_unit_test(completion_failed_without_text_is_told),
    cmocka_unit_test(bell_rung_often_runs_once),
  };
  return cmocka_run_group_tests_name("completion", tests, NULL, NULL);
}
