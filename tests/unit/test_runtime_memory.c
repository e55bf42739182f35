/* SPDX-License-Identifier: Apache-2.0 */

/* Starting and running while memory runs out: each allocation fails in its turn, and the run either says so or goes on. In
 * no case is a document lost from the account, nothing hangs, and nothing leaks (leaks are the sanitizer's to find). */
#include "failing_alloc.h"
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { FAILURES_MAX = 5000 };

static unsigned failing_at;

static void begin_failing(rig *r) {
  (void)r;
  failing_alloc_set(failing_at);
}

static void begin_failing_for_good(rig *r) {
  (void)r;
  failing_alloc_set_for_good(failing_at);
}

static bool did_fail;

static void end_failing(rig *r) {
  (void)r;
  did_fail = failing_alloc_failed();
  failing_alloc_set(0);
}

static const char line_of_steps[] = "[{'use': 'probe-step', 'with': {'retry_every': 5, 'reject_every': 7}, 'retry': "
                                    "{'attempts': 2, 'delay_ms': 1}}]";

/* A fork and its join, a batch, something pending, and parts that stand in order. */
static const char graph_of_mazes[] =
    "[{'id': 'one', 'use': 'maze-one', 'with': {'salt': 1}},"
    "{'id': 'a', 'use': 'maze-batch', 'with': {'salt': 2, 'trouble': 50}, 'from': 'one'},"
    "{'id': 'b', 'use': 'maze-async', 'with': {'salt': 3}, 'from': 'one'},"
    "{'id': 'c', 'use': 'maze-ordered', 'with': {'salt': 4}, 'from': ['a', 'b']},"
    "{'id': 'd', 'use': 'maze-split', 'with': {'salt': 5}, 'from': 'c'},"
    "{'id': 'e', 'use': 'maze-serial', 'with': {'salt': 6}, 'from': 'd'}]";

static void sweep(void (*begin)(rig *), const char *source, const char *stages, const char *sink) {
  did_fail = true;
  for (failing_at = 1; did_fail; failing_at++) {
    assert_true(failing_at < FAILURES_MAX);
    rig r;
    rig_init(&r);
    r.before = begin;
    r.after = end_failing;
    r.options.n_workers = 2;
    r.limits = "{'documents': 8}";
    rig_run(&r, source, stages, sink);
    if (r.created != 0) {
      assert_true(r.created < 0);
      assert_true(strlen(r.error.message) > 0);
    } else {
      assert_int_equal(r.counts.admitted,
                       r.counts.delivered + r.counts.dropped + r.counts.dead_lettered + r.counts.unfinished);
    }
    rig_done(&r);
  }
  /* The last round had no failure in it: the sweep went through to the end. */
  assert_true(failing_at > 20);
}

static void run_each_allocation_failing_once_keeps_account(void **state) {
  (void)state;
  sweep(begin_failing, "{'use': 'probe-source', 'with': {'count': 20}}", line_of_steps, "{'use': 'probe-sink'}");
}

static void run_async_each_allocation_failing_once_keeps_account(void **state) {
  (void)state;
  sweep(begin_failing, "{'use': 'probe-source-async', 'with': {'count': 20}}", line_of_steps,
        "{'use': 'probe-sink-async', 'with': {'how': 'offload', 'flush_pends': true}}");
}

static void run_memory_ending_for_good_keeps_account(void **state) {
  (void)state;
  sweep(begin_failing_for_good, "{'use': 'probe-source', 'with': {'count': 20}}", line_of_steps,
        "{'use': 'probe-sink'}");
}

static void run_graph_each_allocation_failing_once_keeps_account(void **state) {
  (void)state;
  sweep(begin_failing, "{'use': 'maze-source', 'with': {'count': 10}}", graph_of_mazes, "{'use': 'probe-sink'}");
}

static void run_graph_memory_ending_for_good_keeps_account(void **state) {
  (void)state;
  sweep(begin_failing_for_good, "{'use': 'maze-source', 'with': {'count': 10}}", graph_of_mazes,
        "{'use': 'probe-sink'}");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(run_each_allocation_failing_once_keeps_account),
    cmocka_unit_test(run_async_each_allocation_failing_once_keeps_account),
    cmocka_unit_test(run_memory_ending_for_good_keeps_account),
    cmocka_unit_test(run_graph_each_allocation_failing_once_keeps_account),
    cmocka_unit_test(run_graph_memory_ending_for_good_keeps_account),
  };
  return cmocka_run_group_tests_name("runtime memory", tests, NULL, NULL);
}
