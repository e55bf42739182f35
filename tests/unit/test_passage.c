/* SPDX-License-Identifier: Apache-2.0 */

/* What a run shows of itself while it goes on: how long documents take, what is oldest, what waits where, why they fail. */
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "runtime/trace.h"

#define SOURCE(with) "{'use': 'probe-source', 'with': {" with "}}"
#define STEP(with) "{'use': 'probe-step', 'with': {" with "}}"
#define SINK(with) "{'use': 'probe-sink', 'with': {" with "}}"

static runtime_passage seen, last;
static uint32_t most_queued, most_elsewhere;

/* One look; keeps the one at which the oldest was oldest. Returns how many documents have come out. */
static uint64_t look(rig *r) {
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
  runtime_counts counts;
  runtime_counts_get(r->runtime, &counts);
  struct timespec nap = { .tv_nsec = 200000 };
  nanosleep(&nap, NULL);
  return counts.delivered + counts.dead_lettered;
}

static void watch_passage(rig *r) {
  while (look(r) < 200) {
  }
}

/* A sink takes all there is, so something waits before it only for a moment now and then: a busy machine may have to look for long. */
static void watch_until_something_waits(rig *r) {
  uint64_t n_out;
  do {
    n_out = look(r);
  } while (n_out < 200 || ((most_queued == 0 || seen.oldest_ms < 4) && n_out < 20000));
  runtime_stop(r->runtime);
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
  r.during = watch_until_something_waits;
  rig_run(&r, SOURCE("'count': 1000000"), "[" STEP("") "]", SINK("'delay_us': 1000"));
  assert_int_equal(r.code, -EINTR);
  assert_true(seen.oldest_ms >= 4 && seen.oldest_ms < 60000); /* a coarse clock, of four milliseconds */
  assert_true(seen.bytes_in_flight > 0);
  assert_true(most_queued > 0 && most_queued <= 16);
  assert_int_equal(r.sums[2].took.count, r.counts.delivered);
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

/* --- traces --- */

enum { TRACES = 300 };

typedef struct collected {
  _Atomic uint32_t n;
  trace *all[TRACES];
} collected;

static void collect(void *arg, trace *taken) {
  collected *self = arg;
  uint32_t at = atomic_fetch_add(&self->n, 1);
  assert_true(at < TRACES);
  self->all[at] = taken;
}

static void free_collected(collected *self) {
  for (uint32_t i = 0; i < self->n; i++) {
    free(self->all[i]);
  }
}

/* Spans lie within the document's time, in the order of its stages; each ends before the next begins, in a line of stages. */
static void assert_in_order(const trace *it, const uint32_t *stages, uint32_t n_stages) {
  assert_int_equal(it->n_spans, n_stages);
  uint64_t last_ns = it->begin_ns;
  for (uint32_t i = 0; i < n_stages; i++) {
    assert_int_equal(it->spans[i].stage, stages[i]);
    assert_true(it->spans[i].begin_ns >= last_ns);
    assert_true(it->spans[i].end_ns >= it->spans[i].begin_ns);
    last_ns = it->spans[i].end_ns;
  }
  assert_true(it->end_ns >= last_ns);
}

static void traces_tell_of_every_stage(void **state) {
  (void)state;
  collected taken = { 0 };
  const tracer by = { .share = UINT32_MAX, .done = collect, .arg = &taken };
  rig r;
  rig_init(&r);
  r.options.tracer = &by;
  rig_run(&r, SOURCE("'count': 210"), "[" STEP("") "," STEP("'reject_every': 3, 'drop_every': 7") "]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_int_equal(taken.n, 210);
  uint32_t n_of[LEAF_UNFINISHED + 1] = { 0 };
  static const uint32_t whole[] = { 1, 2, 3, 3 }; /* prepared, then written */
  for (uint32_t i = 0; i < taken.n; i++) {
    const trace *it = taken.all[i];
    n_of[it->outcome]++;
    assert_int_equal(strncmp(it->id, "probe#", 6), 0);
    assert_string_equal(it->source, "probe");
    assert_string_equal(it->parent, "");
    assert_in_order(it, whole, it->outcome == LEAF_DELIVERED ? 4 : 2);
    assert_int_equal(it->spans[1].status, it->outcome == LEAF_DELIVERED ? QN_STATUS_OK
                                          : it->outcome == LEAF_FAILED  ? QN_STATUS_REJECT
                                                                        : QN_STATUS_DROP);
  }
  assert_int_equal(n_of[LEAF_DELIVERED], 120);
  assert_int_equal(n_of[LEAF_FAILED], 60);
  assert_int_equal(n_of[LEAF_DROPPED], 30);
  free_collected(&taken);
  rig_done(&r);
}

static void traces_are_of_a_share_of_documents(void **state) {
  (void)state;
  collected taken = { 0 };
  const tracer by = { .share = UINT32_MAX / 20, .done = collect, .arg = &taken };
  rig r;
  rig_init(&r);
  r.options.tracer = &by;
  rig_run(&r, SOURCE("'count': 2000"), "[" STEP("") "]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_true(taken.n > 60 && taken.n < 150); /* a hundred, by a fixed scatter */
  assert_int_equal(r.sums[1].documents, 2000);
  assert_true(r.sums[1].took.count >= 1900 && r.sums[1].took.count <= 2100);
  free_collected(&taken);
  rig_done(&r);
}

static void parents_are_told_from_other_texts(void **state) {
  (void)state;
  static const char good[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  assert_true(trace_is_parent(good, sizeof good - 1));
  for (size_t i = 0; i < sizeof good - 1; i++) {
    char bad[sizeof good];
    memcpy(bad, good, sizeof good);
    bad[i] = 'X';
    assert_false(trace_is_parent(bad, sizeof good - 1));
    assert_false(trace_is_parent(good, i));
  }
  static const char *const others[] = { "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                                        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01" };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
    assert_false(trace_is_parent(others[i], strlen(others[i])));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(passage_of_a_slow_sink_shows_what_waits), cmocka_unit_test(passage_counts_stand_for_all_documents),
    cmocka_unit_test(failures_are_counted_by_reason),          cmocka_unit_test(traces_tell_of_every_stage),
    cmocka_unit_test(traces_are_of_a_share_of_documents),      cmocka_unit_test(parents_are_told_from_other_texts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
