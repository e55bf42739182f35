/* SPDX-License-Identifier: Apache-2.0 */

/* Journaled sources without a service: what they are told and when, how they end, and what becomes of them around the worker's own
 * end. The sources are the test's; their manifests are the probe's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qanat/intake.h"
#include "serve/sources.h"
#include "serve_world.h"

#define PIPELINE(use, with)                                                                                            \
  "{'name': 'test', 'source': {'use': '" use "', 'with': {" with "}}, 'stages': [], 'sink': {'use': 'probe-sink'}}"

/* --- what stands between the source and the journal --- */

static struct {
  journal_events real;
  void *arg;
  _Atomic uint32_t n_accepted, n_room;
  void (*after_full)(void); /* once, between the journal's word that it is full and whoever asked */
  const qn_stage *table;    /* what the registry gives, if not NULL */
} between;

static void pass_accepted(void *arg, const journal_entry *entry) {
  between.real.accepted(arg, entry);
  atomic_fetch_add(&between.n_accepted, 1);
}

static void pass_room(void *arg) {
  between.real.room(arg);
  atomic_fetch_add(&between.n_room, 1);
}

void __real_journal_line_watch(journal_line *line, const journal_events *events, void *arg);
void __wrap_journal_line_watch(journal_line *line, const journal_events *events, void *arg);

void __wrap_journal_line_watch(journal_line *line, const journal_events *events, void *arg) {
  if (events == NULL) {
    __real_journal_line_watch(line, NULL, NULL);
    return;
  }
  between.real = *events;
  const journal_events passing = {
    .accepted = pass_accepted, .known = events->known, .refused = events->refused, .room = pass_room
  };
  __real_journal_line_watch(line, &passing, arg);
}

int __real_journal_reserve(journal_line *line, size_t payload_bytes, journal_entry **ret_entry);
int __wrap_journal_reserve(journal_line *line, size_t payload_bytes, journal_entry **ret_entry);

int __wrap_journal_reserve(journal_line *line, size_t payload_bytes, journal_entry **ret_entry) {
  int rc = __real_journal_reserve(line, payload_bytes, ret_entry);
  if (rc == -EAGAIN && between.after_full != NULL) {
    void (*after)(void) = between.after_full;
    between.after_full = NULL;
    after();
  }
  return rc;
}

int __real_registry_load(registry *from, const stage_info *info, const qn_stage **ret_table, qn_error *error);
int __wrap_registry_load(registry *from, const stage_info *info, const qn_stage **ret_table, qn_error *error);

int __wrap_registry_load(registry *from, const stage_info *info, const qn_stage **ret_table, qn_error *error) {
  if (between.table == NULL) {
    return __real_registry_load(from, info, ret_table, error);
  }
  *ret_table = between.table;
  return 0;
}

/* --- the test's sources --- */

typedef struct teller {
  qn_call *call; /* of start() */
  const qn_host *host;
  qn_env *env;
  char told_id[64]; /* the last */
  uint32_t n_told, n_told_late, n_credits, n_made;
  bool is_there;
  _Atomic bool blocks, entered, may_go;
} teller;

static teller the;

static void on_accepted(void *instance, const qn_acceptance *const *all, uint32_t n) {
  teller *self = instance;
  for (uint32_t i = 0; i < n; i++) {
    snprintf(self->told_id, sizeof self->told_id, "%.*s", (int)all[i]->id.len, all[i]->id.data);
  }
  self->n_told += n;
  self->n_told_late += self->is_there ? 0 : n;
}

static const qn_intake_events teller_events = { .size = sizeof teller_events, .accepted = on_accepted };

static int teller_create(qn_create *create, void **ret_instance) {
  const qn_intake *intake = create->host->extension(create->env, QN_INTAKE_1);
  the.host = create->host;
  the.env = create->env;
  the.is_there = true;
  the.n_made++;
  *ret_instance = &the;
  return intake != NULL ? intake->listen(create->env, &teller_events, &the) : 0;
}

static void teller_destroy(void *instance) {
  teller *self = instance;
  self->is_there = false;
}

static qn_status teller_start(void *instance, qn_call *call) {
  teller *self = instance;
  self->call = call;
  return QN_STATUS_PENDING;
}

static void teller_credit(void *instance, qn_call *call) {
  teller *self = instance;
  (void)call;
  self->n_credits++;
}

static void teller_stop(void *instance, qn_call *call) {
  teller *self = instance;
  self->host->complete(self->env, call->ticket, QN_STATUS_OK, "", "", 0);
}

static const qn_source teller_source = { .size = sizeof teller_source,
                                         .create = teller_create,
                                         .destroy = teller_destroy,
                                         .start = teller_start,
                                         .credit = teller_credit,
                                         .stop = teller_stop };
static const qn_stage teller_table = { .size = sizeof teller_table,
                                       .name = "probe-source-async",
                                       .source = &teller_source };

/* Does not return from next() before it may, whoever asks. */
static qn_status deaf_next(void *instance, qn_call *call) {
  teller *self = instance;
  (void)call;
  atomic_store(&self->entered, true);
  while (atomic_load(&self->blocks) && !atomic_load(&self->may_go)) {
    serve_world_nap(1);
  }
  return QN_STATUS_OK;
}

static const qn_source deaf_source = {
  .size = sizeof deaf_source, .create = teller_create, .destroy = teller_destroy, .next = deaf_next
};
static const qn_stage deaf_table = { .size = sizeof deaf_table, .name = "probe-source", .source = &deaf_source };

/* --- the test's world --- */

static int enter(void **state) {
  memset(&between, 0, sizeof between);
  memset(&the, 0, sizeof the);
  return serve_world_enter(state);
}

static serve_world *world_of_test; /* for what is called between */
static journal_line *line_of_test;

static int emit(const char *text) {
  uint8_t *room;
  size_t len = strlen(text);
  int rc = the.host->emit_reserve(the.call, len, &room);
  if (rc != 0) {
    return rc;
  }
  memcpy(room, text, len);
  const qn_emit emit = { .source = QN_LIT("test"), .cookie = 1 };
  return the.host->emit_commit(the.call, len, &emit);
}

static bool has_accepted(void *arg) {
  (void)arg;
  return atomic_load(&between.n_accepted) > 0;
}

static void source_hears_all_news_before_it_is_gone(void **state) {
  serve_world *world = *state;
  qn_error error = { 0 };
  intake_port *port = NULL;
  intake *made = NULL;
  serve_world_open(world, NULL);
  edition *of = serve_world_edition(world, PIPELINE("probe-source-async", ""));
  assert_int_equal(intake_port_new(&world->parts.world, "test", "source", &port, &error), 0);
  assert_int_equal(intake_new(port, of, &of->journaled[0], &teller_table, &made, &error), 0);
  assert_int_equal(emit("a"), 0);
  serve_world_wait(has_accepted, NULL, "the journal has accepted nothing"); /* the loop has not turned */
  assert_int_equal(the.n_told, 0);
  assert_true(intake_free(made));
  assert_int_equal(the.n_told, 1);
  assert_int_equal(the.n_told_late, 0);
  assert_string_equal(the.told_id, "test#0"); /* it gave none, and is told the one that the record will have */
  intake_port_free(port);
  edition_unref(of);
  serve_world_close(world);
}

static bool has_room(void *arg) {
  (void)arg;
  return atomic_load(&between.n_room) > 0;
}

/* The one document that is kept goes, and the journal has told of room, before the source hears that there was none. */
static void make_room_at_once(void) {
  journal_entry *taken = NULL;
  assert_int_equal(journal_take(line_of_test, 1, &taken), 0);
  journal_settle(taken);
  assert_int_equal(journal_sync(world_of_test->journal, 60000), 0);
  serve_world_wait(has_room, NULL, "the journal does not tell of room");
}

static bool has_credit(void *arg) {
  serve_world *world = arg;
  uv_run(&world->loop.uv, UV_RUN_NOWAIT);
  return the.n_credits > 0;
}

static void room_that_comes_at_once_is_told(void **state) {
  serve_world *world = world_of_test = *state;
  qn_error error = { 0 };
  intake_port *port = NULL;
  intake *made = NULL;
  serve_world_open(world, &(journal_options){ .max_documents = 1, .commit_ms = UINT32_MAX });
  edition *of = serve_world_edition(world, PIPELINE("probe-source-async", ""));
  assert_int_equal(intake_port_new(&world->parts.world, "test", "source", &port, &error), 0);
  assert_int_equal(intake_new(port, of, &of->journaled[0], &teller_table, &made, &error), 0);
  line_of_test = intake_port_line(port);
  assert_int_equal(emit("a"), 0);
  between.after_full = make_room_at_once;
  assert_int_equal(emit("b"), -EAGAIN);
  serve_world_wait(has_credit, world, "the source is not told that there is room again");
  assert_true(intake_free(made));
  intake_port_free(port);
  edition_unref(of);
  serve_world_close(world);
}

/* --- the worker's end --- */

static sources *new_sources(serve_world *world) {
  sources *made = NULL;
  assert_int_equal(sources_new(&world->parts, &world->parts.world, "test", &made), 0);
  return made;
}

static void source_is_not_made_once_the_worker_ends(void **state) {
  serve_world *world = *state;
  qn_error error = { 0 };
  serve_world_open(world, NULL);
  between.table = &teller_table;
  edition *of = serve_world_edition(world, PIPELINE("probe-source-async", ""));
  sources *all = new_sources(world);
  sources_stop(all);
  assert_int_equal(sources_prepare(all, of, &error), -ESHUTDOWN);
  assert_int_equal(the.n_made, 0);
  assert_true(sources_free(all));
  edition_unref(of);
  serve_world_close(world);
}

static bool none_runs(void *arg) {
  sources *all = arg;
  uv_run(&world_of_test->loop.uv, UV_RUN_NOWAIT);
  sources_reap(all, 0);
  return sources_n_running(all) == 0;
}

static void reload_that_meets_the_end_leaves_no_source(void **state) {
  serve_world *world = world_of_test = *state;
  qn_error error = { 0 };
  serve_world_open(world, NULL);
  between.table = &teller_table;
  edition *of = serve_world_edition(world, PIPELINE("probe-source-async", ""));
  sources *all = new_sources(world);
  assert_int_equal(sources_prepare(all, of, &error), 0);
  sources_stop(all); /* between the two steps of a reload */
  sources_commit(all);
  serve_world_wait(none_runs, all, "a source goes on in a worker that ends");
  assert_false(the.is_there);
  assert_true(sources_free(all));
  edition_unref(of);
  serve_world_close(world);
}

static bool is_inside(void *arg) {
  (void)arg;
  return atomic_load(&the.entered);
}

static void thread_that_does_not_end_keeps_all_it_uses(void **state) {
  serve_world *world = *state;
  qn_error error = { 0 };
  serve_world_open(world, NULL);
  between.table = &deaf_table;
  atomic_store(&the.blocks, true);
  edition *of = serve_world_edition(world, PIPELINE("probe-source", ""));
  sources *all = new_sources(world);
  assert_int_equal(sources_prepare(all, of, &error), 0);
  sources_commit(all);
  serve_world_wait(is_inside, NULL, "the source does not run");
  sources_stop(all);
  assert_false(sources_free(all));
  assert_true(the.is_there);
  assert_int_equal(serve_world_logged(world, "its thread is left behind"), 1);
  atomic_store(&the.may_go, true);
  world_of_test = world;
  serve_world_wait(none_runs, all, "the thread does not end");
  assert_true(sources_free(all));
  assert_false(the.is_there);
  edition_unref(of);
  serve_world_close(world);
}

/* --- sources that break --- */

static void break_it(serve_world *world) {
  const qn_ticket ticket = the.call->ticket;
  the.host->complete(the.env, ticket, QN_STATUS_FATAL, "told-to", "told to break", 13);
  uv_run(&world->loop.uv, UV_RUN_NOWAIT);
}

static void source_that_breaks_again_and_again_waits_longer_each_time(void **state) {
  static const struct {
    uint64_t ran_ms; /* before it broke */
    uint64_t waits_ms;
  } rows[] = { { 10, 1000 }, { 10, 2000 }, { 10, 4000 }, { 61000, 1000 }, { 10, 2000 } };
  serve_world *world = *state;
  qn_error error = { 0 };
  serve_world_open(world, NULL);
  between.table = &teller_table;
  edition *of = serve_world_edition(world, PIPELINE("probe-source-async", ""));
  sources *all = new_sources(world);
  assert_int_equal(sources_prepare(all, of, &error), 0);
  sources_commit(all);
  uint64_t now_ms = 1000000;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    break_it(world);
    now_ms += rows[i].ran_ms;
    sources_reap(all, now_ms);
    assert_int_equal(sources_due_ms(all) - now_ms, i == 0 ? 1000 : rows[i].waits_ms);
    now_ms = sources_due_ms(all);
    sources_reap(all, now_ms);
    assert_int_equal(the.n_made, i + 2);
  }
  sources_stop(all);
  world_of_test = world;
  serve_world_wait(none_runs, all, "the source does not end");
  assert_true(sources_free(all));
  edition_unref(of);
  serve_world_close(world);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(source_hears_all_news_before_it_is_gone, enter, serve_world_leave),
    cmocka_unit_test_setup_teardown(room_that_comes_at_once_is_told, enter, serve_world_leave),
    cmocka_unit_test_setup_teardown(source_is_not_made_once_the_worker_ends, enter, serve_world_leave),
    cmocka_unit_test_setup_teardown(reload_that_meets_the_end_leaves_no_source, enter, serve_world_leave),
    cmocka_unit_test_setup_teardown(thread_that_does_not_end_keeps_all_it_uses, enter, serve_world_leave),
    cmocka_unit_test_setup_teardown(source_that_breaks_again_and_again_waits_longer_each_time, enter,
                                    serve_world_leave),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
