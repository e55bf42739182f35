/* SPDX-License-Identifier: Apache-2.0 */

/* Sinks that hear later what is durable: documents settle as they are confirmed, in order, and what is lent holds still until then. */
#include "rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SOURCE(with) "{'use': 'probe-source', 'with': {" with "}}"
#define SINK(with) "{'use': 'probe-sink-confirm', 'with': {" with "}}"
#define ENDLESS SOURCE("'count': 100000000")

static bool every_third(uint32_t number) {
  return number % 3 == 2;
}

static uint32_t n_lines(const rig *r) {
  uint32_t n = 0;
  for (const char *at = r->output; at != NULL && *at != '\0'; at++) {
    n += *at == '\n';
  }
  return n;
}

/* What the sink has confirmed is delivered, and nothing else is. */
static void assert_delivered_is_confirmed(const rig *r) {
  assert_int_equal(r->counts.in_flight, 0);
  assert_int_equal(r->counts.delivered, n_lines(r));
  rig_assert_output(r, n_lines(r), NULL);
  assert_int_equal(rig_logged(r, "probe-sink-confirm", "what was lent has changed"), 0);
}

static void run_confirmed_by_pieces_delivers_all_in_order(void **state) {
  (void)state;
  static const char *const limits[] = { "{'documents': 1}", "{'documents': 7}", "{'documents': 300}", NULL };
  static const char *const sinks[] = { SINK(""), SINK("'step': 3"), SINK("'step': 100000"), SINK("'in_write': 1"),
                                       SINK("'in_write': 2, 'step': 2") };
  for (size_t i = 0; i < 4 * 5; i++) {
    rig r;
    rig_init(&r);
    r.limits = limits[i % 4];
    rig_run(&r, SOURCE("'count': 1000"), "[]", sinks[i / 4]);
    assert_int_equal(r.code, 0);
    assert_int_equal(r.counts.delivered, 1000);
    assert_delivered_is_confirmed(&r);
    assert_int_equal(rig_logged(&r, "probe-sink-confirm", "finished with success"), 1);
    rig_done(&r);
  }
}

/* The sink lets go of its newest four only when nothing more comes. Credit for more has to come back before that. */
static void run_confirmed_in_part_gives_credit_back(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 8}";
  rig_run(&r, SOURCE("'count': 2000"), "[]", SINK("'keep': 4"));
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.delivered, 2000);
  assert_delivered_is_confirmed(&r);
  rig_done(&r);
}

static void run_confirmed_with_rejects_and_retries_counts_taken_ones(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  rig_run(&r, SOURCE("'count': 600"), "[]",
          "{'use': 'probe-sink-confirm', 'with': {'reject_every': 3, 'retry_every': 5, 'in_write': 1}, 'retry': "
          "{'attempts': 3, "
          "'delay_ms': 1}}");
  assert_int_equal(r.code, 0);
  assert_int_equal(r.counts.delivered, 400);
  assert_int_equal(r.counts.dead_lettered, 200);
  rig_assert_output_set(&r, 600, every_third);
  rig_done(&r);
}

typedef struct break_row {
  const char *sink;
  const char *message;
} break_row;

static void run_broken_delivers_what_was_confirmed(void **state) {
  (void)state;
  static const break_row rows[] = {
    { SINK("'fatal_at': 500, 'keep': 5"), "stage \"probe-sink-confirm\": the sink was told to break" },
    { SINK("'fatal_at': 500, 'in_write': 1"), "stage \"probe-sink-confirm\": the sink was told to break" },
    { SINK("'flush_fatal_at': 100, 'keep': 5"), "stage \"probe-sink-confirm\": flush was told to break" },
    { SINK("'flush_fatal_at': 0"), "stage \"probe-sink-confirm\": flush was told to break" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    rig r;
    rig_init(&r);
    r.limits = "{'documents': 32}";
    rig_run(&r, ENDLESS, "[]", rows[i].sink);
    assert_true(r.code < 0);
    assert_string_equal(r.error.message, rows[i].message);
    assert_int_equal(r.counts.admitted, r.counts.delivered + r.counts.unfinished);
    assert_delivered_is_confirmed(&r);
    assert_int_equal(rig_logged(&r, "probe-sink-confirm", "finished without success"), 1);
    rig_done(&r);
  }
}

static void run_confirmed_beyond_what_was_taken_is_the_plugins_fault(void **state) {
  (void)state;
  static const break_row rows[] = {
    { SINK("'too_many': 1"),
      "stage \"probe-sink-confirm\": confirmed more documents than it had taken; a fault of the plugin" },
    { SINK("'too_many': 2"),
      "stage \"probe-sink-confirm\": confirmed more documents than it had taken; a fault of the plugin" },
    { SINK("'asks': false, 'keep': 1"),
      "stage \"probe-sink-confirm\": gave status 3, which a sink may not; a fault of the plugin" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    rig r;
    rig_init(&r);
    rig_run(&r, ENDLESS, "[]", rows[i].sink);
    assert_true(r.code < 0);
    assert_string_equal(r.error.message, rows[i].message);
    assert_int_equal(r.counts.delivered, 0);
    rig_done(&r);
  }
}

/* Many short flushes without word take no longer than one that is long: after timeout_ms the flag is raised. */
static void run_without_word_is_told_that_its_time_is_up(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 32}";
  rig_run(&r, ENDLESS, "[]", "{'use': 'probe-sink-confirm', 'with': {'mute_at': 100}, 'timeout_ms': 200}");
  assert_true(r.code < 0);
  assert_string_equal(r.error.message, "stage \"probe-sink-confirm\": nobody waits any more");
  assert_int_equal(r.counts.delivered, 100);
  assert_delivered_is_confirmed(&r);
  rig_done(&r);
}

static void run_stopped_with_unconfirmed_documents_waits_for_them(void **state) {
  (void)state;
  rig r;
  rig_init(&r);
  r.limits = "{'documents': 32}";
  r.during = rig_stop_after_some;
  rig_run(&r, ENDLESS, "[]", SINK("'keep': 16"));
  assert_int_equal(r.code, -EINTR);
  assert_true(r.counts.delivered >= RIG_SOME);
  assert_int_equal(r.counts.delivered, r.counts.admitted);
  assert_delivered_is_confirmed(&r);
  rig_done(&r);
}

/* --- with a journal --- */

typedef struct journal {
  uint64_t n, next; /* documents in order, from 0 */
  uint64_t fails_at;
  bool is_out_of_order;
} journal;

static int load_nothing(void *arg, uint32_t stage, void **ret_bytes, size_t *ret_size) {
  (void)arg;
  (void)stage;
  (void)ret_bytes;
  (void)ret_size;
  return -ENOENT;
}

static int take_down(void *arg, uint32_t stage, const uint64_t *cookies, uint32_t n, const void *state, size_t size) {
  journal *self = arg;
  (void)stage;
  (void)state;
  (void)size;
  if (self->n + n > self->fails_at) {
    return -EIO;
  }
  for (uint32_t i = 0; i < n; i++) {
    self->is_out_of_order |= cookies[i] != self->next++;
  }
  self->n += n;
  return 0;
}

static void run_confirmed_tells_the_journal_of_each_once(void **state) {
  (void)state;
  static const uint64_t fails_at[] = { UINT64_MAX, 250, 0 };
  for (size_t i = 0; i < 3; i++) {
    journal kept = { .fails_at = fails_at[i] };
    const runtime_keeper keeper = { .load = load_nothing, .flushed = take_down, .arg = &kept };
    rig r;
    rig_init(&r);
    r.limits = "{'documents': 32}";
    r.options.keeper = &keeper;
    rig_run(&r, SOURCE("'count': 1000"), "[]", SINK("'step': 3, 'keep': 5"));
    assert_false(kept.is_out_of_order);
    assert_int_equal(r.counts.delivered, kept.n);
    assert_int_equal(r.counts.delivered + r.counts.unfinished, r.counts.admitted);
    assert_int_equal(r.code == 0, i == 0);
    assert_int_equal(rig_logged(&r, "probe-sink-confirm", "what was lent has changed"), 0);
    assert_int_equal(
        rig_logged(&r, "probe-sink-confirm", i == 0 ? "finished with success" : "finished without success"), 1);
    rig_done(&r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(run_confirmed_by_pieces_delivers_all_in_order),
    cmocka_unit_test(run_confirmed_in_part_gives_credit_back),
    cmocka_unit_test(run_confirmed_with_rejects_and_retries_counts_taken_ones),
    cmocka_unit_test(run_broken_delivers_what_was_confirmed),
    cmocka_unit_test(run_confirmed_beyond_what_was_taken_is_the_plugins_fault),
    cmocka_unit_test(run_without_word_is_told_that_its_time_is_up),
    cmocka_unit_test(run_stopped_with_unconfirmed_documents_waits_for_them),
    cmocka_unit_test(run_confirmed_tells_the_journal_of_each_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
