/* SPDX-License-Identifier: Apache-2.0 */

/* What a run shows of itself while it goes on: how long documents take, what is oldest, what waits where, why they fail. */
#include "rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SOURCE(with) "{'use': 'probe-source', 'with': {" with "}}"
#define STEP(with) "{'use': 'probe-step', 'with': {" with "}}"
#define SINK(with) "{'use': 'probe-sink', 'with': {" with "}}"

static runtime_passage seen, last;
static uint32_t most_queued, most_elsewhere;

/* Looks until everything has come out; keeps the look at which the oldest was oldest. */
static void watch_passage(rig *r) {
  runtime_counts counts;
  do {
    runtime_passage now;
    runtime_passage_get(r->runtime, &now);
    seen = now.oldest_ms >= seen.oldest_ms ? now : seen;
    last = now;
    for (uint32_t stage = 0; stage < 3; stage++) {
      uint32_t queued = runtime_queue_get(r->runtime, stage);
      uint32_t *most = stage == 2 ? &most_queued : &most_elsewhere;
      *most = queued > *most ? queued : *most;
      assert_int_equal(runtime_restarts_get(r->runtime, stage), 0);
    }
    runtime_counts_get(r->runtime, &counts);
    struct timespec nap = { .tv_nsec = 200000 };
    nanosleep(&nap, NULL);
  } while (counts.delivered + counts.dead_lettered < 200);
}

static void reset(void) {
  memset(&seen, 0, sizeof seen);
  memset(&last, 0, sizeof last);
  most_queued = most_elsewhere = 0;
}

static void passage_of_a_slow_sink_shows_what_waits(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  reset();
  r.limits = "{'documents': 16}";
  r.during = watch_passage;
  rig_run(&r, SOURCE("'count': 200"), "[" STEP("") "]", SINK("'delay_us': 1000"));
  assert_int_equal(r.code, 0);
  assert_true(seen.oldest_ms >= 4 && seen.oldest_ms < 60000); /* a coarse clock, of four milliseconds */
  assert_true(seen.bytes_in_flight > 0);
  assert_true(most_queued > 0 && most_queued <= 16);
  assert_int_equal(r.sums[2].took.count, 200);
  assert_true(histogram_quantile_ns(&r.sums[2].took, 0.5) > 500000);
  rig_done(&r);
}

static void passage_counts_stand_for_all_documents(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  reset();
  r.options.n_workers = 1;
  r.during = watch_passage;
  rig_run(&r, SOURCE("'count': 200"), "[" STEP("'spin_us': 200") "]", SINK(""));
  assert_int_equal(r.code, 0);
  /* The first 64, and every 17th of the other 136, which weighs as many. */
  assert_int_equal(r.sums[1].took.count, 64 + 8 * 17);
  assert_true(histogram_quantile_ns(&r.sums[1].took, 0.5) > 60000);
  assert_true(last.took.count >= 64 && last.took.count <= 64 + 8 * 17);
  assert_true(histogram_quantile_ns(&last.took, 0.5) >= histogram_quantile_ns(&r.sums[1].took, 0.1));
  rig_done(&r);
}

static uint64_t reason_of(const metrics_sum *sum, const char *slug) {
  for (uint32_t i = 0; i < sum->reasons.n; i++) {
    if (strcmp(sum->reasons.all[i].slug, slug) == 0) {
      return sum->reasons.all[i].n;
    }
  }
  return 0;
}

static void failures_are_counted_by_reason(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 210, 'reject_every': 10"), "[" STEP("'reject_every': 3") "]", SINK("'reject_every': 7"));
  assert_int_equal(r.code, 0);
  for (uint32_t i = 0; i < 3; i++) {
    uint64_t n = 0;
    for (uint32_t k = 0; k < r.sums[i].reasons.n; k++) {
      n += r.sums[i].reasons.all[k].n;
    }
    assert_int_equal(n, r.sums[i].failed);
    assert_true(n > 0);
  }
  assert_int_equal(reason_of(&r.sums[0], "unreadable"), r.sums[0].failed);
  assert_int_equal(reason_of(&r.sums[1], "told-to"), r.sums[1].failed);
  rig_done(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(passage_of_a_slow_sink_shows_what_waits),
    cmocka_unit_test(passage_counts_stand_for_all_documents),
    cmocka_unit_test(failures_are_counted_by_reason),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
