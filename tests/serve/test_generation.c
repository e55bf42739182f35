/* SPDX-License-Identifier: Apache-2.0 */

/* One run of a pipeline over the journal: what its sinks have is taken down as a whole or not at all, what it took and did not begin
 * goes back, and building it holds up nobody. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "serve/generation.h"
#include "serve_world.h"

#define PIPELINE(limits, sink)                                                                                         \
  "{'name': 'test', 'source': {'use': 'probe-source'}, 'stages': [{'use': 'probe-step'}], "                            \
  "'sink': {'use': 'probe-sink', 'with': {" sink "}}, 'limits': {" limits "}}"

enum { SINK = 2 };

typedef struct run_of_test {
  serve_world *world;
  intake_port *port;
  generation *running;
} run_of_test;

/* --- what stands between the runs and the journal --- */

static struct {
  uint32_t n_calls, n_entries, most, fails_at;
  run_of_test *holds; /* the first flush waits for the others to stand before the sink */
  uint32_t held_for;  /* documents */
  pthread_mutex_t *free_while_built;
  _Atomic bool was_free;
} between;

int __real_journal_confirm(journal *self, const char *pipeline, const char *sink, journal_entry *const *entries,
                           uint32_t n, const void *state, size_t state_bytes);
int __wrap_journal_confirm(journal *self, const char *pipeline, const char *sink, journal_entry *const *entries,
                           uint32_t n, const void *state, size_t state_bytes);

static bool all_stand_before_the_sink(void *arg) {
  const run_of_test *self = arg;
  return runtime_queue_get(generation_runtime(self->running), SINK) >= between.held_for;
}

int __wrap_journal_confirm(journal *self, const char *pipeline, const char *sink, journal_entry *const *entries,
                           uint32_t n, const void *state, size_t state_bytes) {
  between.n_calls++;
  between.n_entries += n;
  between.most = n > between.most ? n : between.most;
  if (between.n_calls == 1 && between.holds != NULL) {
    between.held_for -= n;
    serve_world_wait(all_stand_before_the_sink, between.holds, "not all come to the sink");
  }
  return between.n_calls == between.fails_at
             ? -ENOMEM
             : __real_journal_confirm(self, pipeline, sink, entries, n, state, state_bytes);
}

int __real_runtime_new(const plan *of, const qn_stage *const *tables, const runtime_options *options,
                       runtime **ret_runtime, qn_error *error);
int __wrap_runtime_new(const plan *of, const qn_stage *const *tables, const runtime_options *options,
                       runtime **ret_runtime, qn_error *error);

int __wrap_runtime_new(const plan *of, const qn_stage *const *tables, const runtime_options *options,
                       runtime **ret_runtime, qn_error *error) {
  if (pthread_mutex_trylock(between.free_while_built) == 0) {
    pthread_mutex_unlock(between.free_while_built);
    atomic_store(&between.was_free, true);
  }
  return __real_runtime_new(of, tables, options, ret_runtime, error);
}

/* --- runs --- */

static void on_log(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  serve_world *world = arg;
  world->options.log(world, "test", stage, level, text, len);
}

static void on_ended(void *arg) {
  (void)arg; /* the tests look */
}

static void begin(run_of_test *self, serve_world *world, const char *pipeline) {
  qn_error error = { 0 };
  memset(&between, 0, sizeof between);
  between.free_while_built = &world->registry_mutex;
  self->world = world;
  serve_world_open(world, NULL);
  assert_int_equal(intake_port_new(&world->parts.world, "test", "probe-source", &self->port, &error), 0);
  edition *of = serve_world_edition(world, pipeline);
  const generation_options options = { .edition = of,
                                       .number = 1,
                                       .registry = world->registry,
                                       .registry_mutex = &world->registry_mutex,
                                       .journal = world->journal,
                                       .ports = &self->port,
                                       .listeners = world->listeners,
                                       .n_workers = 2,
                                       .log = on_log,
                                       .ended = on_ended,
                                       .arg = world };
  if (generation_new(&options, &self->running, &error) != 0) {
    fail_msg("%s", error.message);
  }
  edition_unref(of);
}

static bool has_ended(void *arg) {
  const run_of_test *self = arg;
  return generation_has_ended(self->running);
}

static void end(run_of_test *self) {
  intake_port_free(self->port);
  serve_world_close(self->world);
}

static void flush_of_many_is_taken_down_as_a_whole(void **state) {
  enum { N = 700 };
  run_of_test self = { 0 };
  qn_error error = { 0 };
  begin(&self, *state, PIPELINE("'documents': 1000", ""));
  serve_world_put(self.world->journal, intake_port_line(self.port), 0, N);
  between.holds = &self;
  between.held_for = N;
  assert_int_equal(generation_start(self.running, &error), 0);
  journal_counts counts;
  do {
    serve_world_nap(2);
    journal_line_counts_get(intake_port_line(self.port), &counts);
  } while (counts.settled < N && !generation_has_ended(self.running));
  generation_stop(self.running);
  serve_world_wait(has_ended, &self, "the run does not end");
  assert_true(generation_free(self.running));
  assert_int_equal(between.n_entries, N);
  assert_true(between.most >= N / 2);
  end(&self);
}

static void what_the_journal_cannot_take_down_is_not_settled(void **state) {
  enum { N = 50 };
  run_of_test self = { 0 };
  qn_error error = { 0 };
  const qn_error *why;
  journal_counts counts;
  begin(&self, *state, PIPELINE("", ""));
  serve_world_put(self.world->journal, intake_port_line(self.port), 0, N);
  between.fails_at = 1;
  assert_int_equal(generation_start(self.running, &error), 0);
  serve_world_wait(has_ended, &self, "the run goes on without a word in the journal");
  assert_int_equal(generation_code(self.running, &why), -ENOMEM);
  assert_non_null(strstr(why->message, "the journal cannot take down what was written"));
  assert_true(generation_free(self.running));
  assert_int_equal(journal_sync(self.world->journal, 60000), 0);
  journal_line_counts_get(intake_port_line(self.port), &counts);
  assert_int_equal(counts.settled, 0);
  assert_int_equal(counts.waiting, N);
  end(&self);
}

static bool has_delivered(void *arg) {
  const run_of_test *self = arg;
  runtime_counts counts;
  runtime_counts_get(generation_runtime(self->running), &counts);
  return counts.delivered > 0;
}

static bool takes_no_more(void *arg) {
  const run_of_test *self = arg;
  return generation_has_ended(self->running) || runtime_sources_ended(generation_runtime(self->running));
}

static void what_was_taken_and_not_begun_goes_back(void **state) {
  enum { N = 100 };
  run_of_test self = { 0 };
  qn_error error = { 0 };
  runtime_counts counts;
  journal_counts line;
  begin(&self, *state, PIPELINE("'documents': 1", "'delay_us': 1000"));
  serve_world_put(self.world->journal, intake_port_line(self.port), 0, N);
  assert_int_equal(generation_start(self.running, &error), 0);
  serve_world_wait(has_delivered, &self, "nothing comes out");
  generation_stop(self.running);
  serve_world_wait(takes_no_more, &self, "the feed does not end");
  generation_return_taken(self.running);
  runtime_counts_get(generation_runtime(self.running), &counts);
  journal_line_counts_get(intake_port_line(self.port), &line);
  assert_int_equal(line.waiting,
                   N - counts.admitted); /* while the run still lives, for the next one to take in order */
  serve_world_wait(has_ended, &self, "the run does not end");
  assert_true(generation_free(self.running));
  end(&self);
}

static void stages_are_loaded_without_the_lock_of_the_registry(void **state) {
  run_of_test self = { 0 };
  begin(&self, *state, PIPELINE("", ""));
  assert_true(atomic_load(&between.was_free));
  assert_true(generation_free(self.running));
  end(&self);
}

/* --- editions --- */

static void editions_that_would_own_one_output_exclude_each_other(void **state) {
  static const struct {
    const char *one, *other;
    bool excludes;
  } rows[] = {
    { "'sink': {'use': 'jsonl', 'with': {'path': 'a'}}", "'sink': {'use': 'jsonl', 'with': {'path': 'a'}}", true },
    { "'sink': {'id': 'x', 'use': 'jsonl', 'with': {'path': 'a'}}",
      "'sink': {'id': 'y', 'use': 'jsonl', 'with': {'path': 'a'}}", true },
    { "'sink': {'id': 'x', 'use': 'jsonl', 'with': {'path': 'a'}}",
      "'sink': {'id': 'x', 'use': 'jsonl', 'with': {'path': 'b'}}", true }, /* what it keeps goes by its name */
    { "'sink': {'id': 'x', 'use': 'jsonl', 'with': {'path': 'a'}}",
      "'sink': {'id': 'y', 'use': 'jsonl', 'with': {'path': 'b'}}", false },
    { "'sink': {'use': 'probe-sink', 'with': {'path': 'a'}}", "'sink': {'use': 'probe-sink', 'with': {'path': 'a'}}",
      false }, /* it says nothing of owning it */
  };
  serve_world *world = *state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    static const char head[] = "{'name': 'test', 'source': {'use': 'probe-source'}, "
                               "'stages': [{'use': 'decode'}], ";
    char text[512];
    snprintf(text, sizeof text, "%s%s}", head, rows[i].one);
    edition *one = serve_world_edition(world, text);
    snprintf(text, sizeof text, "%s%s}", head, rows[i].other);
    edition *other = serve_world_edition(world, text);
    if (edition_excludes(one, other) != rows[i].excludes || edition_excludes(other, one) != rows[i].excludes) {
      fail_msg("row %zu", i);
    }
    edition_unref(one);
    edition_unref(other);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(flush_of_many_is_taken_down_as_a_whole, serve_world_enter, serve_world_leave),
    cmocka_unit_test_setup_teardown(what_the_journal_cannot_take_down_is_not_settled, serve_world_enter,
                                    serve_world_leave),
    cmocka_unit_test_setup_teardown(what_was_taken_and_not_begun_goes_back, serve_world_enter, serve_world_leave),
    cmocka_unit_test_setup_teardown(stages_are_loaded_without_the_lock_of_the_registry, serve_world_enter,
                                    serve_world_leave),
    cmocka_unit_test_setup_teardown(editions_that_would_own_one_output_exclude_each_other, serve_world_enter,
                                    serve_world_leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
