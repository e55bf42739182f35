/* SPDX-License-Identifier: Apache-2.0 */

/* Runs of lines: order, credits, outcomes, stops. Every run also holds the conservation law, which runtime_run asserts. */
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define SOURCE(with) "{'use': 'probe-source', 'with': {" with "}}"
#define STEP(with) "{'use': 'probe-step', 'with': {" with "}}"
#define SINK(with) "{'use': 'probe-sink', 'with': {" with "}}"

static bool every_third(uint32_t number) {
  return number % 3 == 2;
}

static bool every_seventh(uint32_t number) {
  return number % 7 == 6;
}

static bool every_third_or_seventh(uint32_t number) {
  return every_third(number) || every_seventh(number);
}

static void assert_all_settled(const rig *r) {
  assert_int_equal(r->counts.admitted,
                   r->counts.delivered + r->counts.dropped + r->counts.dead_lettered + r->counts.unfinished);
  assert_int_equal(r->counts.in_flight, 0);
}

/* --- order and workers --- */

static void run_any_number_of_workers_output_in_order(void **state) {
  (void)state;
  static const uint32_t workers[] = { 1, 2, 3, 8 };
  for (size_t i = 0; i < sizeof workers / sizeof workers[0]; i++) {
    rig r;
    rig_init(&r);
    r.options.n_workers = workers[i];
    rig_run(&r, SOURCE("'count': 2000"), "[" STEP("'spin_us': 20") "," STEP("'drop_every': 7") "]", SINK(""));
    assert_int_equal(r.code, 0);
    rig_assert_output(&r, 2000, every_seventh);
    assert_int_equal(r.counts.dropped, 2000 / 7);
    assert_all_settled(&r);
    rig_done(&r);
  }
}

static void run_any_order_delivers_all(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.any_order = true;
  r.options.n_workers = 3;
  rig_run(&r, SOURCE("'count': 3000"), "[" STEP("'spin_us': 20, 'reject_every': 3") "]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output_set(&r, 3000, every_third);
  assert_int_equal(r.counts.dead_lettered, 1000);
  rig_done(&r);
}

static void run_without_stages_passes_all(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 1000, 'per_call': 37"), "[]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 1000, NULL);
  rig_done(&r);
}

static void run_empty_source_ends_with_success(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 0"), "[" STEP("") "]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.admitted, 0);
  assert_int_equal(rig_logged(&r, "probe-sink", "finished with success"), 1);
  rig_done(&r);
}

/* --- credits --- */

static void run_credit_of_one_goes_through(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 1}";
  rig_run(&r, SOURCE("'count': 500, 'abandon_every': 11"), "[" STEP("'drop_every': 3") "]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 500, every_third);
  rig_done(&r);
}

/* Looks at the run until it ends by itself, and keeps the most it saw in flight. */
static uint32_t most_in_flight;

static void watch_in_flight(rig *r) {
  runtime_counts counts;
  do {
    runtime_counts_get(r->runtime, &counts);
    if (counts.in_flight > most_in_flight) {
      most_in_flight = counts.in_flight;
    }
  } while (counts.delivered < 300);
}

static void run_slow_sink_stops_the_source(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 8}";
  r.during = watch_in_flight;
  most_in_flight = 0;
  rig_run(&r, SOURCE("'count': 300"), "[" STEP("") "]", SINK("'delay_us': 100"));
  assert_int_equal(r.code, 0);
  assert_true(most_in_flight <= 8);
  assert_true(most_in_flight > 1);
  rig_assert_output(&r, 300, NULL);
  rig_done(&r);
}

static void run_byte_budget_bounds_documents(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  /* Each document takes over 64 KiB, so at most four fit, whatever the budget of documents. */
  r.limits = "{'documents': 100, 'bytes': 300000}";
  r.during = watch_in_flight;
  most_in_flight = 0;
  rig_run(&r, SOURCE("'count': 300, 'bytes': 65536"), "[" STEP("") "]", SINK("'delay_us': 100"));
  assert_int_equal(r.code, 0);
  assert_true(most_in_flight <= 4);
  rig_assert_output(&r, 300, NULL);
  rig_done(&r);
}

static void run_document_over_the_budget_passes_alone(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 100, 'bytes': 70000, 'document_bytes': 65536}";
  rig_run(&r, SOURCE("'count': 50, 'bytes': 65536"), "[" STEP("") "]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 50, NULL);
  rig_done(&r);
}

/* --- outcomes --- */

static void run_failing_documents_are_named_and_counted(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 210"), "[" STEP("'reject_every': 3, 'drop_every': 7") "]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 210, every_third_or_seventh);
  assert_int_equal(r.counts.dropped, 30);
  assert_int_equal(r.counts.dead_lettered, 60);
  assert_int_equal(letter_memory_count(r.letters), 60);
  const letter *first = letter_memory_at(r.letters, 0);
  assert_string_equal(first->stage, "probe-step");
  assert_string_equal(first->slug, "told-to");
  assert_string_equal(first->message, "told to reject");
  assert_string_equal(first->source.data, "probe");
  assert_string_equal(first->id.data, "probe#2");
  assert_int_equal(rig_logged(&r, "probe-source", "settled 120 delivered, 30 dropped, 60 dead-lettered"), 1);
  assert_int_equal(rig_logged(&r, "probe-sink", "finished without success"), 1);
  assert_int_equal(r.sums[1].documents, 210);
  assert_int_equal(r.sums[1].failed, 60);
  assert_int_equal(r.sums[2].documents, 120);
  rig_done(&r);
}

static void run_source_rejects_are_dead_letters(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 100, 'reject_every': 7"), "[" STEP("'spin_us': 50") "]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 100, every_seventh);
  assert_int_equal(r.counts.dead_lettered, 14);
  assert_string_equal(letter_memory_at(r.letters, 0)->stage, "probe-source");
  assert_string_equal(letter_memory_at(r.letters, 0)->slug, "unreadable");
  rig_done(&r);
}

static void run_sink_rejects_are_dead_letters(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 210"), "[]", SINK("'reject_every': 3, 'prepare_reject_every': 7"));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 210, every_third_or_seventh);
  assert_int_equal(r.counts.dead_lettered, 90);
  rig_done(&r);
}

static void run_on_error_drop_counts_as_dropped(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 99"), "[{'use': 'probe-step', 'with': {'reject_every': 3}, 'on_error': 'drop'}]",
          SINK(""));
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.dropped, 33);
  assert_int_equal(r.counts.dead_lettered, 0);
  assert_int_equal(letter_memory_count(r.letters), 0);
  rig_done(&r);
}

static void run_on_error_stop_stops(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 1000000"), "[{'use': 'probe-step', 'with': {'reject_every': 100}, 'on_error': 'stop'}]",
          SINK(""));
  assert_true(r.code < 0);
  assert_string_equal(r.error.message, "stage \"probe-step\": told to reject");
  assert_true(r.counts.dead_lettered >= 1);
  assert_true(r.counts.admitted < 1000000);
  assert_all_settled(&r);
  rig_done(&r);
}

static void run_retries_succeed_in_order(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 200"),
          "[{'use': 'probe-step', 'with': {'retry_every': 5, 'retry_times': 2}, 'retry': {'attempts': 3, 'delay_ms': "
          "2}}]",
          SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 200, NULL);
  assert_int_equal(r.sums[1].retried, 80);
  assert_int_equal(r.sums[1].documents, 200);
  rig_done(&r);
}

static void run_retries_exhausted_are_dead_letters(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 2}";
  rig_run(&r, SOURCE("'count': 70"),
          "[{'use': 'probe-step', 'with': {'retry_every': 7, 'retry_times': 9}, 'retry': {'attempts': 2, 'delay_ms': "
          "1}}]",
          SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 70, every_seventh);
  assert_int_equal(r.counts.dead_lettered, 10);
  assert_int_equal(letter_memory_at(r.letters, 0)->attempts, 2);
  rig_done(&r);
}

static void run_without_retry_policy_retry_fails(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 30"), "[" STEP("'retry_every': 3") "]", SINK(""));
  assert_int_equal(r.counts.dead_lettered, 10);
  rig_done(&r);
}

static void run_sink_retries_succeed(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 100"), "[]",
          "{'use': 'probe-sink', 'with': {'retry_every': 3, 'flush_retries': 2}, 'retry': {'attempts': 4, 'delay_ms': "
          "1}}");
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.delivered, 100);
  rig_assert_output_set(&r, 100, NULL);
  rig_done(&r);
}

/* --- stops --- */

typedef struct fatal_row {
  const char *source, *stages, *sink;
  const char *message;
} fatal_row;

static void run_fatal_anywhere_stops_with_its_message(void **state) {
  (void)state;
  static const fatal_row rows[] = {
    { SOURCE("'count': 100000, 'fatal_at': 500"), "[]", SINK(""),
      "stage \"probe-source\": the source was told to break" },
    { SOURCE("'count': 100000"), "[" STEP("'fatal_at': 500") "]", SINK(""), "stage \"probe-step\": told to break" },
    { SOURCE("'count': 100000"), "[]", SINK("'fatal_at': 500"), "stage \"probe-sink\": the sink was told to break" },
    { SOURCE("'count': 100000"), "[]", SINK("'flush_fatal': true"), "stage \"probe-sink\": flush was told to break" },
    { SOURCE("'count': 10"), "[]", SINK("'finish_fatal': true"), "stage \"probe-sink\": finish was told to break" },
    { "{'use': 'probe-source-async', 'with': {'fatal_at': 500, 'count': 100000}}", "[]", SINK(""),
      "stage \"probe-source-async\": the source was told to break" },
    { SOURCE("'count': 100000"), "[]", "{'use': 'probe-sink-async', 'with': {'fatal_at': 500}}",
      "stage \"probe-sink-async\": the sink was told to break" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    rig r;
    rig_init(&r);
    rig_run(&r, rows[i].source, rows[i].stages, rows[i].sink);
    assert_true(r.code < 0);
    assert_string_equal(r.error.message, rows[i].message);
    assert_true(r.counts.admitted < 100000);
    assert_int_equal(r.counts.dead_lettered, 0);
    assert_all_settled(&r);
    rig_done(&r);
  }
}

/* A sink may well take what stands behind the document at which it broke. Its flush is asked once, and what it says then holds. */
static void run_broken_within_a_batch_delivers_nothing_that_was_not_flushed(void **state) {
  (void)state;
  static const char *const sinks[] = { SINK("'fatal_at': 20, 'delay_us': 500, 'flush_fatal': true"),
                                       SINK("'fatal_at': 20, 'delay_us': 500, 'flush_fatals': 1") };
  for (size_t i = 0; i < sizeof sinks / sizeof sinks[0]; i++) {
    rig r;
    rig_init(&r);
    r.limits = "{'documents': 256}";
    rig_run(&r, SOURCE("'count': 100000, 'per_call': 100"), "[]", sinks[i]);
    assert_true(r.code < 0);
    assert_int_equal(r.counts.delivered, 0);
    assert_true(r.counts.admitted < 100000);
    assert_all_settled(&r);
    rig_done(&r);
  }
}

static void run_impossible_status_is_the_plugins_fault(void **state) {
  (void)state;
  static const int statuses[] = { 1, 3, 77, -4 };
  for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
    char stages[128];
    snprintf(stages, sizeof stages, "[{'use': 'probe-step', 'with': {'status_at': 5, 'status': %d}}]", statuses[i]);
    rig r;
    rig_init(&r);
    rig_run(&r, SOURCE("'count': 10"), stages, SINK(""));
    assert_int_equal(letter_memory_count(r.letters), 1);
    assert_non_null(strstr(letter_memory_at(r.letters, 0)->message, "fault of the plugin"));
    assert_int_equal(r.counts.delivered, 9);
    rig_done(&r);
  }
}

static void run_create_failure_names_the_stage(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE(""), "[" STEP("") ", {'use': 'probe-step', 'id': 'bad', 'with': {'create_fails': true}}]",
          SINK(""));
  assert_true(r.created < 0);
  assert_non_null(strstr(r.error.message, "\"bad\""));
  assert_non_null(strstr(r.error.message, "take create_fails away"));
  /* What was created before is destroyed. */
  assert_int_equal(rig_logged(&r, "probe-step", "created"), 1);
  assert_int_equal(rig_logged(&r, "probe-step", "destroyed"), 1);
  rig_done(&r);
}

static void run_context_failure_names_the_stage(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE(""), "[" STEP("") ", {'use': 'probe-step', 'id': 'bad', 'with': {'context_fails': true}}]",
          SINK(""));
  assert_true(r.created < 0);
  assert_non_null(strstr(r.error.message, "bad"));
  assert_int_equal(rig_logged(&r, "probe-step", "context opened"), rig_logged(&r, "probe-step", "context closed"));
  assert_int_equal(rig_logged(&r, "bad", "destroyed"), 1);
  rig_done(&r);
}

static void run_lives_are_balanced(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.options.n_workers = 3;
  rig_run(&r, SOURCE("'count': 5"), "[" STEP("") "]", SINK(""));
  assert_int_equal(rig_logged(&r, "probe-step", "context opened"), 3);
  assert_int_equal(rig_logged(&r, "probe-step", "context closed"), 3);
  assert_int_equal(rig_logged(&r, "probe-sink", "context opened"), 3);
  assert_int_equal(rig_logged(&r, "probe-sink", "context closed"), 3);
  assert_int_equal(rig_logged(&r, "probe-sink", "finished with success"), 1);
  assert_int_equal(rig_logged(&r, "probe-sink", "destroyed"), 1);
  assert_int_equal(rig_logged(&r, "probe-source", "destroyed"), 1);
  rig_done(&r);
}

static void run_limit_takes_no_more(void **state) {
  (void)state;
  static const char *const sources[] = {
    SOURCE("'count': 1000, 'per_call': 10"),
    "{'use': 'probe-source-async', 'with': {'endless': true}}",
  };
  for (size_t i = 0; i < 2; i++) {
    rig r;
    rig_init(&r);
    r.options.limit_documents = 37;
    rig_run(&r, sources[i], "[]", SINK(""));
    assert_int_equal(r.code, 0);
    rig_assert_output(&r, 37, NULL);
    assert_int_equal(rig_logged(&r, "probe-sink", "finished with success"), 1);
    rig_done(&r);
  }
}

static void run_stopped_finishes_what_is_in_flight(void **state) {
  (void)state;
  static const char *const sources[] = {
    SOURCE("'count': 100000000"),
    SOURCE("'count': 50, 'hang_at': 30"),
    "{'use': 'probe-source-async', 'with': {'endless': true}}",
  };
  for (size_t i = 0; i < 3; i++) {
    rig r;
    rig_init(&r);
    r.during = rig_stop_after_some;
    rig_run(&r, sources[i], "[" STEP("'spin_us': 5") "]", SINK(""));
    assert_int_equal(r.code, -EINTR);
    assert_int_equal(r.counts.delivered, r.counts.admitted);
    assert_true(r.counts.admitted >= RIG_SOME);
    rig_assert_output(&r, (uint32_t)r.counts.admitted, NULL);
    assert_int_equal(rig_logged(&r, "probe-sink", "finished without success"), 1);
    rig_done(&r);
  }
}

static void run_stopped_does_not_wait_for_retries(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.during = rig_stop_after_some;
  rig_run(&r, SOURCE("'count': 100000000"),
          "[{'use': 'probe-step', 'with': {'retry_every': 50, 'retry_times': 99}, 'retry': {'attempts': 50, "
          "'delay_ms': 600000, 'delay_max_ms': 600000}}]",
          SINK(""));
  assert_int_equal(r.code, -EINTR);
  assert_all_settled(&r);
  assert_true(r.counts.dead_lettered >= 1);
  rig_done(&r);
}

static void run_fatal_cancels_what_lingers(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.options.n_workers = 2;
  rig_run(&r, SOURCE("'count': 100, 'fatal_at': 5"), "[" STEP("'linger': true") "]", SINK(""));
  assert_true(r.code < 0);
  assert_all_settled(&r);
  rig_done(&r);
}

static void run_source_retry_is_called_again(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, "{'use': 'probe-source', 'with': {'count': 20, 'retry_at': 10}, 'retry': {'attempts': 2, 'delay_ms': 1}}",
          "[]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 20, NULL);
  rig_done(&r);
}

/* --- async forms --- */

static void run_async_source_emits_within_its_credit(void **state) {
  (void)state;
  static const char *const limits[] = { NULL, "{'documents': 1}", "{'documents': 7, 'bytes': 65536}" };
  for (size_t i = 0; i < 3; i++) {
    rig r;
    rig_init(&r);
    r.limits = limits[i];
    rig_run(&r, "{'use': 'probe-source-async', 'with': {'count': 400, 'bytes': 9000}}", "[" STEP("'drop_every': 7") "]",
            SINK(""));
    assert_int_equal(r.code, 0);
    rig_assert_output(&r, 400, every_seventh);
    assert_int_equal(rig_logged(&r, "probe-source-async", "settled 343 delivered, 57 dropped, 0 dead-lettered"), 1);
    rig_done(&r);
  }
}

static void run_async_sink_completes_every_way(void **state) {
  (void)state;
  static const char *const ways[] = { "'how': 'now'",
                                      "'how': 'before', 'twice': true",
                                      "'how': 'timer', 'twice': true",
                                      "'how': 'offload', 'twice': true",
                                      "'how': 'timer', 'flush_pends': true",
                                      "'how': 'offload', 'flush_pends': true",
                                      "'how': 'before', 'flush_pends': true" };
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    char sink[160];
    snprintf(sink, sizeof sink, "{'use': 'probe-sink-async', 'with': {%s, 'reject_every': 3}}", ways[i]);
    rig r;
    rig_init(&r);
    r.limits = i % 2 == 0 ? "{'documents': 3}" : NULL;
    rig_run(&r, SOURCE("'count': 300"), "[" STEP("'drop_every': 7") "]", sink);
    assert_int_equal(r.code, 0);
    rig_assert_output(&r, 300, every_third_or_seventh);
    assert_int_equal(r.counts.dropped, 42);
    assert_int_equal(r.counts.dead_lettered + r.counts.delivered, 258);
    rig_done(&r);
  }
}

static void run_async_sink_retries_later(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 100"), "[]",
          "{'use': 'probe-sink-async', 'with': {'retry_every': 3}, 'retry': {'attempts': 2, 'delay_ms': 3}}");
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.delivered, 100);
  rig_assert_output_set(&r, 100, NULL);
  assert_int_equal(r.sums[1].retried, 33);
  rig_done(&r);
}

/* What wants another try of a sink that broke meanwhile has not failed: it was accepted, and comes again. */
static void run_async_sink_broken_leaves_retries_unfinished(void **state) {
  (void)state;
  for (uint32_t serves = 0; serves < 2; serves++) {
    rig r;
    rig_init(&r);
    r.options.serves = serves == 1;
    rig_run(&r, SOURCE("'count': 1000, 'per_call': 100"), "[]",
            "{'use': 'probe-sink-async', 'with': {'retry_every': 1, 'fatal_at': 20}, 'retry': {'attempts': 3, "
            "'delay_ms': 1}}");
    assert_true(r.code < 0);
    assert_int_equal(r.counts.dead_lettered, 0);
    assert_int_equal(r.counts.admitted, r.counts.delivered + r.counts.unfinished);
    rig_done(&r);
  }
}

static void run_forgotten_timer_is_closed_and_told(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, "{'use': 'probe-source-async', 'with': {'leave_timer': true}}", "[]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_int_equal(rig_logged(&r, "probe-source-async", "left a timer open after destroy, a fault of the plugin"), 1);
  rig_done(&r);
}

/* --- time limits --- */

static void run_cancelled_stage_has_failed_on_its_document(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 3"), "[{'use': 'probe-step', 'with': {'linger': true}, 'timeout_ms': 20}]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.dead_lettered, 3);
  assert_string_equal(letter_memory_at(r.letters, 0)->slug, "timed-out");
  assert_all_settled(&r);
  rig_done(&r);
}

static bool every_fortieth(uint32_t number) {
  return number % 40 == 39;
}

static void run_thread_that_does_not_return_is_replaced(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 79"),
          "[{'use': 'probe-step', 'with': {'hang_every': 40, 'hang_ms': 1700}, 'timeout_ms': 50}]", SINK(""));
  assert_int_equal(r.code, 0);
  rig_assert_output(&r, 79, every_fortieth);
  assert_int_equal(r.counts.dead_lettered, 1);
  assert_string_equal(letter_memory_at(r.letters, 0)->slug, "timed-out");
  assert_int_equal(rig_logged(&r, "probe-step", "context opened"), rig_logged(&r, "probe-step", "context closed"));
  assert_all_settled(&r);
  rig_done(&r);
}

static void run_late_answer_counts_as_none(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 4"),
          "[{'use': 'probe-step-ordered', 'with': {'hang_every': 2, 'hang_ms': 60}, 'timeout_ms': 20}]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_string_equal(r.output, "0\n2\n");
  assert_int_equal(r.counts.dead_lettered, 2);
  rig_done(&r);
}

static void run_late_batch_has_failed_as_a_whole(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 8"), "[{'use': 'maze-batch', 'with': {'spin_us': 200000}, 'timeout_ms': 1}]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_true(r.counts.dead_lettered >= 4);
  assert_string_equal(letter_memory_at(r.letters, 0)->slug, "timed-out");
  assert_all_settled(&r);
  rig_done(&r);
}

static void run_late_split_has_failed_and_its_parts_stand(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 6"), "[{'use': 'maze-split', 'with': {'spin_us': 100000, 'parts': 2}, 'timeout_ms': 1}]",
          SINK(""));
  assert_int_equal(r.code, 0);
  assert_true(r.counts.dead_lettered > 0 && r.counts.parts > 0);
  assert_string_equal(letter_memory_at(r.letters, 0)->slug, "timed-out");
  assert_all_settled(&r);
  rig_done(&r);
}

/* --- asynchronous transforms --- */

static void run_async_time_outs_are_dead_letters(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 40"), "[{'use': 'maze-async', 'with': {'forget': 1000}, 'timeout_ms': 30}]", SINK(""));
  assert_int_equal(r.code, 0);
  assert_true(r.counts.dead_lettered > 0 && r.counts.delivered > 0);
  assert_string_equal(letter_memory_at(r.letters, 0)->slug, "timed-out");
  assert_all_settled(&r);
  rig_done(&r);
}

static void run_async_stage_that_never_completes_fails(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 8}";
  rig_run(&r, SOURCE("'count': 100"),
          "[{'use': 'maze-async', 'with': {'forget': 1000, 'deaf': true}, 'timeout_ms': 30}]", SINK(""));
  assert_true(r.code != 0);
  assert_string_equal(r.error.slug, "never-completes");
  assert_all_settled(&r);
  rig_done(&r);
}

static void stop_soon(rig *r) {
  struct timespec nap = { .tv_nsec = 50 * 1000000 };
  nanosleep(&nap, NULL);
  runtime_stop(r->runtime);
}

static void run_stopped_waits_for_what_is_pending(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.during = stop_soon;
  rig_run(&r, SOURCE("'count': 1000000"), "[{'use': 'maze-async', 'with': {'spin_us': 3000}}]", SINK(""));
  assert_int_equal(r.code, -EINTR);
  assert_int_equal(r.counts.admitted, r.counts.delivered);
  rig_done(&r);
}

/* --- splits --- */

static uint64_t most_at_once;

static void note_at_once(void *arg, const runtime_counts *counts) {
  (void)arg;
  if (counts->in_flight > most_at_once) {
    most_at_once = counts->in_flight;
  }
}

/* If each document's only part were the one that nothing else would ever give credit for, it were twice the budget. Some
 * more than one are seen, since what has settled gives its credit back in batches. */
static void run_split_keeps_about_to_the_budget(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  most_at_once = 0;
  r.limits = "{'documents': 20}";
  r.options.tick = note_at_once;
  r.options.tick_ms = 1;
  rig_run(&r, SOURCE("'count': 60"), "[{'use': 'maze-split', 'with': {'parts': 1}}]", SINK("'delay_us': 1000"));
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.parts, 60);
  assert_true(most_at_once >= 10);
  assert_true(most_at_once <= 26);
  assert_all_settled(&r);
  rig_done(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(run_any_number_of_workers_output_in_order),
    cmocka_unit_test(run_any_order_delivers_all),
    cmocka_unit_test(run_without_stages_passes_all),
    cmocka_unit_test(run_empty_source_ends_with_success),
    cmocka_unit_test(run_credit_of_one_goes_through),
    cmocka_unit_test(run_slow_sink_stops_the_source),
    cmocka_unit_test(run_byte_budget_bounds_documents),
    cmocka_unit_test(run_document_over_the_budget_passes_alone),
    cmocka_unit_test(run_failing_documents_are_named_and_counted),
    cmocka_unit_test(run_source_rejects_are_dead_letters),
    cmocka_unit_test(run_sink_rejects_are_dead_letters),
    cmocka_unit_test(run_on_error_drop_counts_as_dropped),
    cmocka_unit_test(run_on_error_stop_stops),
    cmocka_unit_test(run_retries_succeed_in_order),
    cmocka_unit_test(run_retries_exhausted_are_dead_letters),
    cmocka_unit_test(run_without_retry_policy_retry_fails),
    cmocka_unit_test(run_sink_retries_succeed),
    cmocka_unit_test(run_fatal_anywhere_stops_with_its_message),
    cmocka_unit_test(run_broken_within_a_batch_delivers_nothing_that_was_not_flushed),
    cmocka_unit_test(run_impossible_status_is_the_plugins_fault),
    cmocka_unit_test(run_create_failure_names_the_stage),
    cmocka_unit_test(run_context_failure_names_the_stage),
    cmocka_unit_test(run_lives_are_balanced),
    cmocka_unit_test(run_limit_takes_no_more),
    cmocka_unit_test(run_stopped_finishes_what_is_in_flight),
    cmocka_unit_test(run_stopped_does_not_wait_for_retries),
    cmocka_unit_test(run_fatal_cancels_what_lingers),
    cmocka_unit_test(run_source_retry_is_called_again),
    cmocka_unit_test(run_async_source_emits_within_its_credit),
    cmocka_unit_test(run_async_sink_completes_every_way),
    cmocka_unit_test(run_async_sink_retries_later),
    cmocka_unit_test(run_async_sink_broken_leaves_retries_unfinished),
    cmocka_unit_test(run_forgotten_timer_is_closed_and_told),
    cmocka_unit_test(run_cancelled_stage_has_failed_on_its_document),
    cmocka_unit_test(run_thread_that_does_not_return_is_replaced),
    cmocka_unit_test(run_late_answer_counts_as_none),
    cmocka_unit_test(run_late_batch_has_failed_as_a_whole),
    cmocka_unit_test(run_late_split_has_failed_and_its_parts_stand),
    cmocka_unit_test(run_async_time_outs_are_dead_letters),
    cmocka_unit_test(run_async_stage_that_never_completes_fails),
    cmocka_unit_test(run_stopped_waits_for_what_is_pending),
    cmocka_unit_test(run_split_keeps_about_to_the_budget),
  };
  return cmocka_run_group_tests_name("runtime", tests, NULL, NULL);
}
