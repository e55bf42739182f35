/* SPDX-License-Identifier: Apache-2.0 */

/* Whatever a stage does in its child, it costs the document it was doing it to and no other. The program is its own stage
 * host. QANAT_KILLS=1000 for the long form of the last test. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "hostile_world.h"
#include "isolation/sandbox.h"
#include "isolation/stage_host.h"

#include <cmocka.h>

enum { KILLS = 50 };

typedef struct harm_case {
  const char *what, *slug;
} harm_case;

static void harm_one(world *w, const char *stage, const harm_case *wanted) {
  child_item item;
  run_among_others(w, wanted->what, &item);
  if (item.status != QN_STATUS_REJECT || strcmp(item.error.slug, wanted->slug) != 0) {
    print_error("%s in %s: status %d, %s: %s\n", wanted->what, stage, (int)item.status, item.error.slug,
                item.error.message);
  }
  assert_int_equal(item.status, QN_STATUS_REJECT);
  assert_string_equal(item.error.slug, wanted->slug);
  assert_string_not_equal(item.error.message, "");
  assert_int_equal(answer_of(item.document), INT64_MIN);
  document_unref(item.document);
}

static void harm_in(const char *stage) {
  static const harm_case cases[] = { { "crash", "crashed" }, { "exit", "crashed" },       { "hang", "timed-out" },
                                     { "close", "crashed" }, { "garbage", "bad-answer" }, { "reject", "not-mine" } };
  static const harm_case memory = { "memory", "over-memory" };
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  assert_int_equal(world_start(&w, stage, &error), 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    harm_one(&w, stage, &cases[i]);
  }
  world_close(&w);
  if (SANDBOX_LIMITS_MEMORY) {
    world_open(&w, "");
    w.timeout_ms = 120000; /* a machine with much to do is slow to give so much memory */
    assert_int_equal(world_start(&w, stage, &error), 0);
    harm_one(&w, stage, &memory);
    world_close(&w);
  }
}

static void harm_costs_its_document_and_no_other(void **state) {
  (void)state;
  harm_in("hostile");
}

static void harm_in_a_batch_costs_its_document_and_no_other(void **state) {
  (void)state;
  harm_in("hostile-batch");
}

static void harm_in_a_thread_costs_its_document_and_no_other(void **state) {
  (void)state;
  harm_in("hostile-async");
}

static uint64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* All of a batch are pending at once: it takes as long as one, and not as all of them one after the other. */
static void asynchronous_documents_are_pending_together(void **state) {
  (void)state;
  enum { NAP_MS = 200, N = 24 };
  world w;
  qn_error error = { 0 };
  child_item items[N] = { 0 };
  world_open(&w, "");
  w.timeout_ms = 60000;
  w.isolation.memory_bytes = 0; /* as usual: threads take much address space */
  assert_int_equal(world_start(&w, "hostile-async", &error), 0);
  for (uint32_t i = 0; i < N; i++) {
    items[i] = (child_item){ .document = document_of(&w, "nap", 3), .attempt = 1 };
  }
  uint64_t begin_ms = now_ms();
  assert_int_equal(child_run_batch(w.child, items, N, &error), 0);
  assert_in_range(now_ms() - begin_ms, NAP_MS, NAP_MS * N / 4 * 3);
  for (uint32_t i = 0; i < N; i++) {
    assert_int_equal(items[i].status, QN_STATUS_OK);
    assert_int_equal(answer_of(items[i].document), 3);
    document_unref(items[i].document);
  }
  world_close(&w);
}

typedef struct try_case {
  const char *what;
  int code;
} try_case;

static void what_is_forbidden_fails_and_what_is_not_works(void **state) {
  (void)state;
  static const try_case cases[] = { { "fork", EPERM }, { "socket", EPERM }, { "file", EACCES }, { "write", EACCES },
                                    { "exec", EPERM }, { "kill", EPERM },   { "thread", 0 },    { "good", 4 } };
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    child_item item;
    run_among_others(&w, cases[i].what, &item);
    if (item.status != QN_STATUS_OK || answer_of(item.document) != cases[i].code) {
      print_error("%s: status %d, answer %d\n", cases[i].what, (int)item.status, (int)answer_of(item.document));
    }
    assert_int_equal(item.status, QN_STATUS_OK);
    assert_int_equal(answer_of(item.document), cases[i].code);
    document_unref(item.document);
  }
  child_counts counts;
  child_counts_get(w.child, &counts);
  assert_int_equal(counts.n_started, 1);
  world_close(&w);
}

static void dropped_document_is_dropped(void **state) {
  (void)state;
  world w;
  qn_error error = { 0 };
  child_item item;
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  run_among_others(&w, "drop", &item);
  assert_int_equal(item.status, QN_STATUS_DROP);
  document_unref(item.document);
  world_close(&w);
}

static void lines_of_the_child_are_logged_and_never_block_it(void **state) {
  (void)state;
  world w;
  qn_error error = { 0 };
  child_item item;
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  run_among_others(&w, "shout", &item);
  assert_int_equal(item.status, QN_STATUS_OK);
  assert_in_range(w.n_lines, 1000, 20000);
  document_unref(item.document);
  world_close(&w);
}

static void large_document_goes_through_memory(void **state) {
  (void)state;
  enum { LARGE = 5 << 20 };
  world w;
  qn_error error = { 0 };
  char *payload = malloc(LARGE);
  assert_non_null(payload);
  memset(payload, 'a', LARGE);
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  child_item items[2] = { { .document = document_of(&w, payload, LARGE), .attempt = 1 },
                          { .document = document_of(&w, payload, LARGE), .attempt = 1 } };
  assert_int_equal(child_run_batch(w.child, items, 2, &error), 0);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(items[i].status, QN_STATUS_OK);
    assert_int_equal(answer_of(items[i].document), LARGE);
    document_unref(items[i].document);
  }
  free(payload);
  world_close(&w);
}

static void stage_that_cannot_be_made_says_why(void **state) {
  (void)state;
  world w;
  qn_error error = { 0 };
  world_open(&w, "fail");
  assert_int_not_equal(world_start(&w, "hostile", &error), 0);
  assert_non_null(strstr(error.message, "create was told to fail"));
  world_close(&w);
  world_open(&w, "crash");
  assert_int_not_equal(world_start(&w, "hostile", &error), 0);
  assert_string_equal(error.slug, "crashed");
  world_close(&w);
}

/* Whoever ended it: no document is to blame. */
static void process_gone_between_batches_costs_no_document(void **state) {
  (void)state;
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  for (int i = 0; i < 3; i++) {
    child_item item = { .document = document_of(&w, "good", 4), .attempt = 1 };
    assert_int_equal(kill(child_pid(w.child), SIGKILL), 0);
    assert_int_equal(child_run_batch(w.child, &item, 1, &error), 0);
    assert_int_equal(item.status, QN_STATUS_OK);
    document_unref(item.document);
  }
  world_close(&w);
}

static void cancel_ends_what_hangs(void **state) {
  (void)state;
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  child_item item = { .document = document_of(&w, "hang", 4), .attempt = 1 };
  child_cancel(w.child);
  assert_int_equal(child_run_batch(w.child, &item, 1, &error), -ECANCELED);
  assert_int_equal(item.status, -1);
  document_unref(item.document);
  world_close(&w);
}

/* What a stage does at its end, it does in its process too. */
static void stage_is_destroyed_when_there_are_no_more_documents(void **state) {
  (void)state;
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  child_free(w.child);
  w.child = NULL;
  assert_int_equal(w.n_farewells, 1);
  assert_int_equal(w.n_lines, 1);
  world_close(&w);
}

/* --- kills from outside --- */

typedef struct killer {
  child *child;
  uint32_t n_kills;
  _Atomic uint32_t n_done;
  _Atomic bool stop;
} killer;

static void *kill_now_and_then(void *arg) {
  killer *self = arg;
  uint32_t random = 12345;
  while (atomic_load(&self->n_done) < self->n_kills && !atomic_load(&self->stop)) {
    random = random * 1664525 + 1013904223;
    struct timespec nap = { .tv_nsec = (long)(random >> 8) % 8000000 };
    nanosleep(&nap, NULL);
    pid_t pid = child_pid(self->child);
    if (pid > 0 && kill(pid, SIGKILL) == 0) {
      atomic_fetch_add(&self->n_done, 1);
    }
  }
  return NULL;
}

static void documents_survive_random_kills(void **state) {
  (void)state;
  const char *said = getenv("QANAT_KILLS");
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  killer other = { .child = w.child, .n_kills = said != NULL ? (uint32_t)atoi(said) : KILLS };
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, kill_now_and_then, &other), 0);
  uint64_t n_in = 0, n_ok = 0, n_rejected = 0;
  while (atomic_load(&other.n_done) < other.n_kills) {
    child_item items[BATCH] = { 0 };
    for (uint32_t i = 0; i < BATCH; i++) {
      items[i] = (child_item){ .document = document_of(&w, "good", 4), .attempt = 1 };
    }
    n_in += BATCH;
    assert_int_equal(child_run_batch(w.child, items, BATCH, &error), 0);
    for (uint32_t i = 0; i < BATCH; i++) {
      bool is_ok = items[i].status == QN_STATUS_OK;
      n_ok += is_ok && answer_of(items[i].document) == 4;
      n_rejected += items[i].status == QN_STATUS_REJECT && strcmp(items[i].error.slug, "crashed") == 0;
      assert_int_equal(answer_of(items[i].document), is_ok ? 4 : INT64_MIN);
      document_unref(items[i].document);
    }
  }
  atomic_store(&other.stop, true);
  pthread_join(thread, NULL);
  assert_int_equal(n_in, n_ok + n_rejected);
  assert_true(n_ok > 0);
  assert_true(n_rejected <= other.n_kills);
  world_close(&w);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], STAGE_HOST_ARGUMENT) == 0) {
    return stage_host_main();
  }
  if (argc < 2) {
    return 2;
  }
  world_folder_set(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(harm_costs_its_document_and_no_other),
    cmocka_unit_test(harm_in_a_batch_costs_its_document_and_no_other),
    cmocka_unit_test(harm_in_a_thread_costs_its_document_and_no_other),
    cmocka_unit_test(asynchronous_documents_are_pending_together),
    cmocka_unit_test(what_is_forbidden_fails_and_what_is_not_works),
    cmocka_unit_test(dropped_document_is_dropped),
    cmocka_unit_test(lines_of_the_child_are_logged_and_never_block_it),
    cmocka_unit_test(large_document_goes_through_memory),
    cmocka_unit_test(stage_that_cannot_be_made_says_why),
    cmocka_unit_test(process_gone_between_batches_costs_no_document),
    cmocka_unit_test(cancel_ends_what_hangs),
    cmocka_unit_test(stage_is_destroyed_when_there_are_no_more_documents),
    cmocka_unit_test(documents_survive_random_kills),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
