/* SPDX-License-Identifier: Apache-2.0 */

/* Sinks that have nothing to prepare: documents come to them without a worker, in order, each once. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/state.h"

#define SOURCE "{'use': 'probe-source', 'with': {'count': 3000}}"
#define SINK(with) "{'use': 'probe-sink', 'with': {'unprepared': true" with "}}"

typedef struct direct_row {
  const char *source, *stages;
  uint32_t sink;    /* its index in the plan */
  bool has_segment; /* its prepare has one of its own */
} direct_row;

static const direct_row rows[] = {
  { SOURCE, "[]", 1, true },
  { "{'use': 'probe-source-async', 'with': {'count': 3000}}", "[]", 1, true },
  { SOURCE, "[{'use': 'probe-step'}]", 2, false },        /* in one segment with the prepare that is not called */
  { SOURCE, "[{'use': 'probe-step-ordered'}]", 2, true }, /* in one of its own before it */
};

/* What was seen of the segments that do nothing but prepare for a sink. The row's during writes it, before rig_run returns. */
typedef struct sighting {
  uint32_t n_segments;
  uint64_t n_handed; /* documents, to workers */
} sighting;

static sighting seen;

/* When all is delivered, and the segments are still there. */
static void look_at_prepare_segments(rig *r) {
  const struct timespec nap = { .tv_nsec = 1000000 };
  runtime_counts counts;
  do {
    nanosleep(&nap, NULL);
    runtime_counts_get(r->runtime, &counts);
  } while (counts.delivered + counts.dead_lettered < 3000);
  seen = (sighting){ 0 };
  for (uint32_t i = 0; i < r->runtime->n_segments; i++) {
    const segment *at = &r->runtime->segments[i];
    const plan_stage *stage = &r->runtime->plan->stages[at->planned->stages[0]];
    if (at->planned->kind == SEGMENT_PARALLEL && stage->info->role == ROLE_SINK) {
      seen.n_segments++;
      seen.n_handed += atomic_load(&at->border.ring.tail);
    }
  }
}

static void run_unprepared_hands_workers_nothing(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 2; i++) {
    const direct_row *row = &rows[i / 2];
    bool prepares = i % 2 == 1;
    rig r;
    rig_init(&r);
    r.during = look_at_prepare_segments;
    rig_run(&r, row->source, row->stages, prepares ? "{'use': 'probe-sink'}" : SINK(""));
    assert_int_equal(r.code, 0);
    assert_int_equal(seen.n_segments, row->has_segment);
    assert_int_equal(seen.n_handed, prepares && row->has_segment ? 3000 : 0);
    rig_done(&r);
  }
}

static bool every_third(uint32_t number) {
  return number % 3 == 2;
}

static void run_unprepared_delivers_all_and_never_prepares(void **state) {
  (void)state;
  static const char *const limits[] = { "{'documents': 1}", "{'documents': 7}", NULL };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0] * 3 * 2; i++) {
    const direct_row *row = &rows[i / 6];
    rig r;
    rig_init(&r);
    r.limits = limits[i % 3];
    r.any_order = i / 3 % 2 == 1;
    rig_run(&r, row->source, row->stages, SINK(", 'prepare_reject_every': 2"));
    assert_int_equal(r.code, 0);
    assert_int_equal(r.counts.delivered, 3000);
    assert_int_equal(r.sums[row->sink].documents, 3000);
    assert_int_equal(rig_logged(&r, "probe-sink", "context opened"), 0);
    if (r.any_order) {
      rig_assert_output_set(&r, 3000, NULL);
    } else {
      rig_assert_output(&r, 3000, NULL);
    }
    rig_done(&r);
  }
}

static void run_unprepared_with_rejects_and_retries_settles_each_once(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    rig r;
    rig_init(&r);
    rig_run(&r, rows[i].source, rows[i].stages,
            "{'use': 'probe-sink', 'with': {'unprepared': true, 'reject_every': 3, 'retry_every': 50}, 'retry': "
            "{'attempts': 3, 'delay_ms': 1}}");
    assert_int_equal(r.code, 0);
    assert_int_equal(r.counts.delivered, 2000);
    assert_int_equal(r.counts.dead_lettered, 1000);
    rig_assert_output_set(&r, 3000, every_third);
    rig_done(&r);
  }
}

static void run_unprepared_stopped_halfway_conserves_all(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.during = rig_stop_after_some;
  rig_run(&r, "{'use': 'probe-source', 'with': {'count': 100000000}}", "[]", SINK(", 'delay_us': 100"));
  assert_int_equal(r.counts.admitted,
                   r.counts.delivered + r.counts.dropped + r.counts.dead_lettered + r.counts.unfinished);
  rig_assert_output(&r, (uint32_t)r.counts.delivered, NULL);
  rig_done(&r);
}

static void run_unprepared_broken_leaves_the_rest_unfinished(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE, "[]", SINK(", 'fatal_at': 1000"));
  assert_true(r.code < 0);
  assert_int_equal(r.counts.admitted, r.counts.delivered + r.counts.unfinished);
  assert_int_equal(r.counts.in_flight, 0);
  rig_done(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(run_unprepared_delivers_all_and_never_prepares),
    cmocka_unit_test(run_unprepared_hands_workers_nothing),
    cmocka_unit_test(run_unprepared_with_rejects_and_retries_settles_each_once),
    cmocka_unit_test(run_unprepared_stopped_halfway_conserves_all),
    cmocka_unit_test(run_unprepared_broken_leaves_the_rest_unfinished),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
