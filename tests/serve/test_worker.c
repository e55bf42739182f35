/* SPDX-License-Identifier: Apache-2.0 */

/* A whole worker in this process: reloads while documents are in flight, ends, failures of what it is made of. Its clock goes forward
 * when a test says so. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "observe/metrics.h"
#include "serve/service_body.h"
#include "serve/supervisor_body.h"
#include "serve/thread.h"
#include "serve_world.h"

#define SOURCE                                                                                                         \
  "'name': 'test', 'source': {'use': 'probe-source', 'with': {'count': 4000, 'per_call': 100, 'hang_at': 4000}}, "
#define MINUTE_NS UINT64_C(61000000000)

/* --- what stands between the worker's parts --- */

enum { RUNS_MAX = 16 };

static struct {
  _Atomic uint64_t ahead_ns; /* of the clock */
  _Atomic bool no_pipeline_thread, no_letter_word, ends_if_abandoned, was_abandoned;
  _Atomic uint32_t n_refused_reads;
  pthread_mutex_t mutex; /* what follows */
  runtime *alive[RUNS_MAX];
  bool owns[RUNS_MAX]; /* the file out.jsonl */
  uint32_t n_alive, most_owners;
} between = { .mutex = PTHREAD_MUTEX_INITIALIZER };

uint64_t __real_metrics_now_ns(void);
uint64_t __wrap_metrics_now_ns(void);

uint64_t __wrap_metrics_now_ns(void) {
  return __real_metrics_now_ns() + atomic_load(&between.ahead_ns);
}

int __real_thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name);
int __wrap_thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name);

int __wrap_thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name) {
  if (strcmp(name, "pipeline") == 0 && atomic_exchange(&between.no_pipeline_thread, false)) {
    return -EAGAIN;
  }
  return __real_thread_start(ret_thread, run, arg, name);
}

static bool owns_the_file(const plan *of) {
  for (uint32_t i = 0; i < of->n_stages; i++) {
    const cJSON *path = cJSON_GetObjectItemCaseSensitive(of->stages[i].config, "path");
    if (path != NULL && strcmp(of->stages[i].info->name, "jsonl") == 0 && strcmp(path->valuestring, "out.jsonl") == 0) {
      return true;
    }
  }
  return false;
}

int __real_runtime_new(const plan *of, const qn_stage *const *tables, const runtime_options *options,
                       runtime **ret_runtime, qn_error *error);
int __wrap_runtime_new(const plan *of, const qn_stage *const *tables, const runtime_options *options,
                       runtime **ret_runtime, qn_error *error);

int __wrap_runtime_new(const plan *of, const qn_stage *const *tables, const runtime_options *options,
                       runtime **ret_runtime, qn_error *error) {
  runtime *made = NULL;
  uint32_t n_owners = 0;
  int rc = __real_runtime_new(of, tables, options, &made, error);
  pthread_mutex_lock(&between.mutex);
  if (rc == 0 && between.n_alive < RUNS_MAX) {
    between.alive[between.n_alive] = made;
    between.owns[between.n_alive++] = owns_the_file(of);
  }
  for (uint32_t i = 0; i < between.n_alive; i++) {
    n_owners += between.owns[i];
  }
  between.most_owners = n_owners > between.most_owners ? n_owners : between.most_owners;
  pthread_mutex_unlock(&between.mutex);
  if (rc == 0) {
    *ret_runtime = made;
  }
  return rc;
}

void __real_runtime_free(runtime *self);
void __wrap_runtime_free(runtime *self);

void __wrap_runtime_free(runtime *self) {
  __real_runtime_free(self);
  pthread_mutex_lock(&between.mutex);
  for (uint32_t i = 0; self != NULL && i < between.n_alive; i++) {
    if (between.alive[i] == self) {
      between.n_alive--;
      between.alive[i] = between.alive[between.n_alive];
      between.owns[i] = between.owns[between.n_alive];
      break;
    }
  }
  pthread_mutex_unlock(&between.mutex);
}

bool __real_runtime_sources_ended(const runtime *self);
bool __wrap_runtime_sources_ended(const runtime *self);

bool __wrap_runtime_sources_ended(const runtime *self) {
  return (!atomic_load(&between.ends_if_abandoned) || atomic_load(&between.was_abandoned)) &&
         __real_runtime_sources_ended(self);
}

void __real_runtime_abandon(runtime *self);
void __wrap_runtime_abandon(runtime *self);

void __wrap_runtime_abandon(runtime *self) {
  pthread_mutex_lock(&between.mutex);
  atomic_store(&between.was_abandoned, true);
  pthread_mutex_unlock(&between.mutex);
  __real_runtime_abandon(self);
}

void __real_journal_counts_get(journal *self, journal_counts *ret_counts);
void __wrap_journal_counts_get(journal *self, journal_counts *ret_counts);

/* Each look sees one refusal more, if the test says so. */
void __wrap_journal_counts_get(journal *self, journal_counts *ret_counts) {
  __real_journal_counts_get(self, ret_counts);
  if (atomic_load(&between.no_letter_word)) {
    ret_counts->refused += atomic_fetch_add(&between.n_refused_reads, 1);
  }
}

/* --- the test's world --- */

static int enter(void **state) {
  atomic_store(&between.ahead_ns, 0);
  atomic_store(&between.ends_if_abandoned, false);
  atomic_store(&between.was_abandoned, false);
  between.most_owners = 0;
  return serve_world_enter(state);
}

static void start(serve_world *world, const char *pipeline) {
  static const char *const paths[] = { "test.json" };
  serve_world_write("test.json", pipeline);
  serve_world_start(world, paths, 1);
}

/* The clock goes forward, and whoever waits for it looks. */
static void jump(serve_world *world, uint64_t ns) {
  supervisor *of = world->service->supervisors[0];
  atomic_fetch_add(&between.ahead_ns, ns);
  pthread_mutex_lock(&of->mutex);
  pthread_cond_broadcast(&of->changed);
  pthread_mutex_unlock(&of->mutex);
}

/* What service_reload_wait says of the new text. */
static int reload(serve_world *world, const char *pipeline, char *message, size_t size) {
  serve_world_write("test.json.new", pipeline);
  assert_int_equal(rename("test.json.new", "test.json"), 0);
  return service_reload_wait(world->service, "test", message, size);
}

static void assert_reloads(serve_world *world, const char *pipeline) {
  char message[1024];
  if (reload(world, pipeline, message, sizeof message) != 0) {
    fail_msg("%s", message);
  }
}

static service_pipeline look(serve_world *world) {
  service_report *report = NULL;
  assert_int_equal(service_report_new(world->service, &report), 0);
  service_pipeline picture = report->pipelines[0];
  service_report_free(report);
  return picture; /* its figures, not what it points to */
}

static bool some_came_out(void *arg) {
  return look(arg).counts.delivered > 0;
}

static bool some_in_flight(void *arg) {
  return look(arg).counts.in_flight > 0;
}

static bool all_came_out(void *arg) {
  return look(arg).counts.delivered == 4000;
}

static uint32_t numbers_of(const char *path, int64_t *ret_first, int64_t *ret_last) {
  char *text = serve_world_read(path);
  uint32_t n = 0;
  for (char *at = text; *at != '\0'; at = strchr(at, '\n') + 1) {
    int64_t number = strtoll(at, NULL, 10);
    if (n > 0) {
      assert_int_equal(number, *ret_last + 1); /* in order, none left out */
    }
    *ret_first = n == 0 ? number : *ret_first;
    *ret_last = number;
    n++;
  }
  free(text);
  return n;
}

/* --- reloads --- */

static void order_holds_over_a_reload_beside_what_drains(void **state) {
  serve_world *world = *state;
  int64_t first[2], last[2];
  start(world, "{" SOURCE "'stages': [], 'limits': {'documents': 2}, "
               "'sink': {'use': 'probe-sink', 'with': {'path': 'one', 'hang_every': 2, 'hang_ms': 700}}}");
  serve_world_wait(some_in_flight, world, "nothing begins");
  assert_reloads(world, "{" SOURCE "'stages': [], 'sink': {'use': 'probe-sink', 'with': {'path': 'two'}}}");
  serve_world_wait(all_came_out, world, "not all comes out");
  assert_int_equal(serve_world_stop(world), 0);
  uint32_t n_one = numbers_of("one", &first[0], &last[0]), n_two = numbers_of("two", &first[1], &last[1]);
  assert_int_equal(n_one + n_two, 4000);
  assert_int_equal(first[1], n_one == 0 ? 0 : last[0] + 1);
  assert_true(n_two > 0);
}

static void output_is_not_opened_while_a_draining_run_has_it(void **state) {
#define OWNER(steps)                                                                                                   \
  "{" SOURCE "'stages': [{'use': 'decode'}" steps "], 'limits': {'documents': 2}, "                                    \
  "'sink': {'id': 'out', 'use': 'jsonl', 'with': {'path': 'out.jsonl'}}}"
  serve_world *world = *state;
  start(world, OWNER(", {'use': 'probe-step', 'with': {'hang_every': 2, 'hang_ms': 500}}"));
  serve_world_wait(some_in_flight, world, "nothing begins");
  assert_reloads(world, "{" SOURCE "'stages': [], 'limits': {'documents': 2}, "
                        "'sink': {'id': 'other', 'use': 'probe-sink', 'with': {'path': 'other', 'delay_us': 2000}}}");
  assert_reloads(world, OWNER(""));
  serve_world_wait(all_came_out, world, "not all comes out");
  assert_int_equal(serve_world_stop(world), 0);
  assert_int_equal(between.most_owners, 1);
#undef OWNER
}

#define LINGERING(name)                                                                                                \
  "{" SOURCE "'stages': [{'use': 'probe-step', 'with': {'linger': true}}], 'limits': {'documents': 1}, "               \
  "'sink': {'use': 'probe-sink', 'with': {'path': '" name "'}}}"

static bool none_runs(void *arg) {
  serve_world *world = arg;
  return supervisor_has_ended(world->service->supervisors[0]);
}

static uint32_t wanted_lingering;

static bool so_many_linger(void *arg) {
  return serve_world_logged(arg, "probe-step: lingering") >= wanted_lingering;
}

/* Each look is a minute later, since nobody knows when the deadline was set. */
static bool first_is_abandoned(void *arg) {
  pthread_mutex_lock(&between.mutex); /* what is abandoned has some time left, which must not pass at once */
  uint64_t ahead_ns = atomic_load(&between.was_abandoned) ? 0 : MINUTE_NS;
  atomic_fetch_add(&between.ahead_ns, ahead_ns);
  pthread_mutex_unlock(&between.mutex);
  jump(arg, 0);
  return atomic_load(&between.was_abandoned);
}

static bool drains(void *arg) {
  return look(arg).state == PIPELINE_DRAINING;
}

static void runs_that_drain_at_the_end_share_one_deadline(void **state) {
  serve_world *world = *state;
  world->options.n_workers = 1;
  start(world, LINGERING("one"));
  for (wanted_lingering = 1; wanted_lingering <= 3; wanted_lingering++) {
    serve_world_wait(so_many_linger, world, "not all three work");
    if (wanted_lingering < 3) {
      assert_reloads(world, wanted_lingering == 1 ? LINGERING("two") : LINGERING("three"));
    }
  }
  service_stop(world->service);
  serve_world_wait(drains, world, "it does not drain");
  serve_world_wait(first_is_abandoned, world, "no deadline passes");
  serve_world_wait(none_runs, world, "each run has a deadline of its own");
  assert_int_equal(serve_world_stop(world), 0);
}

typedef struct reloading {
  serve_world *world;
  const char *pipeline;
  int code;
  char message[1024];
} reloading;

static void *reload_beside(void *arg) {
  reloading *self = arg;
  self->code = reload(self->world, self->pipeline, self->message, sizeof self->message);
  return NULL;
}

static bool is_told_to_end(void *arg) {
  serve_world *world = arg;
  supervisor *of = world->service->supervisors[0];
  pthread_mutex_lock(&of->mutex);
  bool is_told = of->stopping;
  pthread_mutex_unlock(&of->mutex);
  return is_told;
}

static bool has_swapped(void *arg) {
  return look(arg).state == PIPELINE_SWAPPING;
}

static bool runs_again(void *arg) {
  jump(arg, UINT64_C(100000000));
  return look(arg).state == PIPELINE_RUNNING;
}

static void run_whose_sources_do_not_end_is_abandoned(void **state) {
  serve_world *world = *state;
  reloading other = { .world = world, .pipeline = LINGERING("two") };
  pthread_t thread;
  start(world, LINGERING("one"));
  wanted_lingering = 1;
  serve_world_wait(so_many_linger, world, "nothing begins");
  atomic_store(&between.ends_if_abandoned, true);
  assert_int_equal(pthread_create(&thread, NULL, reload_beside, &other), 0);
  serve_world_wait(has_swapped, world, "the reload does not begin");
  serve_world_wait(first_is_abandoned, world, "a source that does not end holds up the reload for ever");
  pthread_join(thread, NULL);
  assert_int_equal(other.code, 0);
  atomic_store(&between.ends_if_abandoned, false);
  wanted_lingering = 2;
  serve_world_wait(so_many_linger, world, "the other run does nothing");
  atomic_store(&between.was_abandoned, false);
  service_stop(world->service);
  serve_world_wait(first_is_abandoned, world, "the other run is not abandoned");
  serve_world_wait(none_runs, world, "the run does not end");
  assert_int_equal(serve_world_stop(world), 0);
}

static void end_during_a_reload_has_one_deadline(void **state) {
#define OWNER                                                                                                          \
  "{" SOURCE "'stages': [{'use': 'decode'}, {'use': 'probe-step', 'with': {'linger': true}}], "                        \
  "'limits': {'documents': 1}, 'sink': {'use': 'jsonl', 'with': {'path': 'out.jsonl'}}}"
  serve_world *world = *state;
  reloading other = { .world = world, .pipeline = OWNER };
  pthread_t thread;
  start(world, OWNER);
  wanted_lingering = 1;
  serve_world_wait(so_many_linger, world, "nothing begins");
  assert_int_equal(pthread_create(&thread, NULL, reload_beside, &other), 0);
  serve_world_wait(has_swapped, world, "the reload does not begin"); /* and waits for the old one to drain */
  service_stop(world->service);
  serve_world_wait(is_told_to_end, world, "it is not told to end");
  serve_world_wait(first_is_abandoned, world, "no deadline passes");
  serve_world_wait(none_runs, world, "what the reload starts has a deadline of its own");
  pthread_join(thread, NULL);
  assert_int_equal(serve_world_stop(world), 0);
#undef OWNER
}

static void pipeline_that_cannot_be_launched_is_tried_again(void **state) {
  serve_world *world = *state;
  char message[1024];
  start(world, "{" SOURCE "'stages': [], 'sink': {'use': 'probe-sink', 'with': {'path': 'one', 'delay_us': 100}}}");
  serve_world_wait(some_came_out, world, "nothing comes out");
  atomic_store(&between.no_pipeline_thread, true);
  assert_int_not_equal(reload(world, "{" SOURCE "'stages': [], 'sink': {'use': 'probe-sink', 'with': {'path': 'two'}}}",
                              message, sizeof message),
                       0);
  assert_non_null(strstr(message, "cannot start a thread for the pipeline"));
  serve_world_wait(runs_again, world, "the pipeline that was goes on no more");
  serve_world_wait(all_came_out, world, "not all comes out");
  assert_int_equal(serve_world_stop(world), 0);
}

/* --- failures --- */

static uint32_t wanted_failures;

static bool has_failed_so_often(void *arg) {
  jump(arg, UINT64_C(1000000000)); /* whatever it waits for is soon due */
  return look(arg).n_failures >= wanted_failures;
}

static void only_a_run_that_went_well_is_forgiven(void **state) {
  serve_world *world = *state;
  assert_int_equal(mkdir("there", 0700), 0);
  start(world, "{" SOURCE "'stages': [{'use': 'probe-step', 'with': {'fatal_at': 1}}], "
               "'sink': {'use': 'probe-sink', 'with': {'path': 'there/out'}}}");
  wanted_failures = 2;
  serve_world_wait(has_failed_so_often, world, "it does not fail again");
  assert_int_equal(unlink("there/out"), 0);
  assert_int_equal(rmdir("there"), 0);
  jump(world, MINUTE_NS * 5); /* the last run that went at all is long ago */
  wanted_failures = 4;        /* runs that cannot even be built are not */
  serve_world_wait(has_failed_so_often, world, "failures to build are forgiven, so it is tried every second for ever");
  assert_int_equal(serve_world_stop(world), 0);
}

/* --- dead letters --- */

static uint64_t n_waiting_letters;

static bool letters_wait(void *arg) {
  return look(arg).counts.dead_lettered >= n_waiting_letters;
}

static void assert_letters(serve_world *world, uint64_t n_kept, uint64_t n_since) {
  service_report *report = NULL;
  assert_int_equal(service_report_new(world->service, &report), 0);
  assert_int_equal(report->n_dead_letters, n_kept);
  assert_int_equal(report->n_dead_lettered, n_since);
  service_report_free(report);
}

static void letters_stay_if_the_journal_refused_somebody(void **state) {
  serve_world *world = *state;
  const int64_t numbers[] = { 1, 2, 3 };
  uint32_t n_done = 0;
  qn_error error = { 0 };
  start(world, "{'name': 'test', 'source': {'use': 'probe-source', 'with': {'count': 8}}, "
               "'stages': [{'use': 'probe-step', 'with': {'reject_every': 2}}], 'sink': {'use': 'probe-sink'}}");
  n_waiting_letters = 4;
  serve_world_wait(letters_wait, world, "no dead letters");
  atomic_store(&between.no_letter_word, true);
  assert_int_equal(service_letters_retry(world->service, numbers, 3, &n_done, &error), -EIO);
  atomic_store(&between.no_letter_word, false);
  assert_int_equal(n_done, 0); /* their letters stay */
  n_waiting_letters = 7;       /* they were tried, and failed again; those before are there still */
  serve_world_wait(letters_wait, world, "they are not tried");
  assert_int_equal(service_letters_retry(world->service, numbers, 3, &n_done, &error), 0);
  assert_int_equal(n_done, 3);
  assert_int_equal(service_letters_retry(world->service, numbers, 1, &n_done, &error), -ENOENT);
  assert_int_equal(serve_world_stop(world), 0);
}

static void letters_kept_are_told_from_those_that_failed_since(void **state) {
  static const char *const paths[] = { "test.json" };
  serve_world *world = *state;
  const int64_t number = 1;
  uint32_t n_done = 0;
  qn_error error = { 0 };
  start(world, "{'name': 'test', 'source': {'use': 'probe-source', 'with': {'count': 8, 'hang_at': 8}}, "
               "'stages': [{'use': 'probe-step', 'with': {'reject_every': 2}}], 'sink': {'use': 'probe-sink'}}");
  n_waiting_letters = 4;
  serve_world_wait(letters_wait, world, "no dead letters");
  assert_letters(world, 4, 4);
  serve_world_write("test.json",
                    "{'name': 'test', 'source': {'use': 'probe-source', 'with': {'count': 0}}, 'stages': [], "
                    "'sink': {'use': 'probe-sink'}}");
  assert_int_equal(serve_world_stop(world), 0);
  serve_world_start(world, paths, 1);
  assert_letters(world, 4, 0);
  assert_int_equal(service_letters_retry(world->service, &number, 1, &n_done, &error), 0);
  assert_letters(world, 3, 0);
  assert_int_equal(serve_world_stop(world), 0);
}

static void letter_that_no_journal_could_hold_says_so(void **state) {
  serve_world *world = *state;
  static const char *const paths[] = { "test.json" };
  const int64_t number = 1;
  uint32_t n_done = 0;
  qn_error error = { 0 };
  start(world, "{'name': 'test', 'source': {'use': 'probe-source', 'with': {'count': 2, 'bytes': 5000}}, "
               "'stages': [{'use': 'probe-step', 'with': {'reject_every': 2}}], 'sink': {'use': 'probe-sink'}}");
  n_waiting_letters = 1;
  serve_world_wait(letters_wait, world, "no dead letter");
  assert_int_equal(serve_world_stop(world), 0);
  serve_world_write("test.json",
                    "{'name': 'test', 'source': {'use': 'probe-source', 'with': {'count': 0}}, 'stages': [], "
                    "'sink': {'use': 'probe-sink'}}");
  world->options.journal.max_bytes = 4000;
  serve_world_start(world, paths, 1);
  assert_int_equal(service_letters_retry(world->service, &number, 1, &n_done, &error), -EFBIG);
  assert_non_null(strstr(error.message, "dead letter 1 does not come into the journal: it is larger"));
  assert_int_equal(n_done, 0);
  assert_int_equal(serve_world_stop(world), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter, serve_world_leave)

int main(void) {
  const struct CMUnitTest tests[] = {
    IN_FOLDER(order_holds_over_a_reload_beside_what_drains),
    IN_FOLDER(output_is_not_opened_while_a_draining_run_has_it),
    IN_FOLDER(runs_that_drain_at_the_end_share_one_deadline),
    IN_FOLDER(run_whose_sources_do_not_end_is_abandoned),
    IN_FOLDER(end_during_a_reload_has_one_deadline),
    IN_FOLDER(pipeline_that_cannot_be_launched_is_tried_again),
    IN_FOLDER(only_a_run_that_went_well_is_forgiven),
    IN_FOLDER(letters_stay_if_the_journal_refused_somebody),
    IN_FOLDER(letter_that_no_journal_could_hold_says_so),
    IN_FOLDER(letters_kept_are_told_from_those_that_failed_since),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
