/* SPDX-License-Identifier: Apache-2.0 */

/* What a stage's process may use and reach, as the pipeline and the manifest agreed. The program is its own stage host. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hostile_world.h"
#include "isolation/sandbox.h"
#include "isolation/stage_host.h"

#include <cmocka.h>

static char room[4096]; /* a folder of the test's own */

typedef struct try_case {
  const char *what; /* with %s for the room */
  int64_t answer;
} try_case;

static void try_all(world *w, const try_case *cases, size_t n_cases) {
  for (size_t i = 0; i < n_cases; i++) {
    char what[4200];
    child_item item;
    snprintf(what, sizeof what, cases[i].what, room);
    run_among_others(w, what, &item);
    if (item.status != QN_STATUS_OK || answer_of(item.document) != cases[i].answer) {
      print_error("%s: status %d, answer %d: %s\n", what, (int)item.status, (int)answer_of(item.document),
                  item.error.message);
    }
    assert_int_equal(item.status, QN_STATUS_OK);
    assert_int_equal(answer_of(item.document), cases[i].answer);
    document_unref(item.document);
  }
}

#define TRY_ALL(w, cases) try_all(w, cases, sizeof(cases) / sizeof((cases)[0]))

static void put_file(const char *name, const char *text) {
  char path[5000];
  snprintf(path, sizeof path, "%s/%s", room, name);
  FILE *file = fopen(path, "we");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static int setup_room(void **state) {
  (void)state;
  const char *base = getenv("TMPDIR");
  snprintf(room, sizeof room, "%s/qanat-fences.XXXXXX", base != NULL ? base : "/tmp");
  if (mkdtemp(room) == NULL) {
    return -1;
  }
  char path[5000];
  snprintf(path, sizeof path, "%s/in", room);
  mkdir(path, 0700);
  snprintf(path, sizeof path, "%s/out", room);
  mkdir(path, 0700);
  put_file("list", "one\ntwo\n");
  put_file("in/read-me", "1234567");
  put_file("out/write-me", "1234567");
  return 0;
}

static int remove_room(void **state) {
  (void)state;
  static const char *const names[] = { "list", "in/read-me", "in/made", "out/write-me", "out/made", "in", "out", "." };
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    char path[5000];
    snprintf(path, sizeof path, "%s/%s", room, names[i]);
    remove(path);
  }
  return rmdir(room);
}

/* Files are handed over open; not even create opens one by its name. */
static void files_are_lent_and_not_opened(void **state) {
  (void)state;
  static const try_case cases[] = { { "early", EACCES },        { "data", 12 },      { "list", 8 },
                                    { "read %s/list", EACCES }, { "limits", EPERM }, { "good", 4 } };
  world w;
  qn_error error = { 0 };
  char list[5000];
  world_open(&w, "");
  snprintf(list, sizeof list, "%s/list", room);
  cJSON_AddStringToObject(w.config, "list", list);
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  TRY_ALL(&w, cases);
  world_close(&w);
}

static void file_that_is_not_there_is_told_by_its_errno(void **state) {
  (void)state;
  static const try_case cases[] = { { "list", -1 }, { "data", 12 } };
  world w;
  qn_error error = { 0 };
  char list[5000];
  world_open(&w, "");
  snprintf(list, sizeof list, "%s/absent", room);
  cJSON_AddStringToObject(w.config, "list", list);
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  TRY_ALL(&w, cases);
  world_close(&w);
}

static bool has_landlock(void) {
  /* Whoever has none says so when a stage that was granted files is to start. */
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  w.isolation.network = true;
  int rc = world_start(&w, "hostile-reach", &error);
  if (rc != 0) {
    assert_string_equal(error.slug, "no-sandbox");
  }
  world_close(&w);
  return rc == 0;
}

static void files_that_were_agreed_are_reached_and_no_others(void **state) {
  (void)state;
  static const try_case cases[] = { { "read %s/in/read-me", 0 },
                                    { "write %s/in/read-me", EACCES },
                                    { "empty %s/in/read-me", EACCES },
                                    { "truncate %s/in/read-me", EACCES },
                                    { "make %s/in/made", EACCES },
                                    { "chmod %s/in/read-me", EACCES },
                                    { "read %s/out/write-me", 0 },
                                    { "write %s/out/write-me", 0 },
                                    { "make %s/out/made", 0 },
                                    { "chmod %s/out/write-me", EACCES },
                                    { "read %s/list", EACCES },
                                    { "early", EACCES },
                                    { "file", EACCES },
                                    { "write", EACCES },
                                    { "socket", EPERM },
                                    { "fork", EPERM } };
  world w;
  qn_error error = { 0 };
  char in[5000], out[5000];
  snprintf(in, sizeof in, "%s/in", room);
  snprintf(out, sizeof out, "%s/out", room);
  const char *read[] = { in }, *write[] = { out };
  world_open(&w, "");
  w.isolation.n_read = w.isolation.n_write = 1;
  w.isolation.read = read;
  w.isolation.write = write;
  assert_int_equal(world_start(&w, "hostile-reach", &error), 0);
  TRY_ALL(&w, cases);
  world_close(&w);
}

static void network_that_was_agreed_is_the_internet_alone(void **state) {
  (void)state;
  static const try_case cases[] = { { "socket", 0 },          { "unix", EAFNOSUPPORT }, { "raw", EAFNOSUPPORT },
                                    { "read /etc/hosts", 0 }, { "file", EACCES },       { "write", EACCES },
                                    { "exec", EPERM } };
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  w.isolation.network = true;
  assert_int_equal(world_start(&w, "hostile-reach", &error), 0);
  TRY_ALL(&w, cases);
  world_close(&w);
}

/* The manifest's word alone opens nothing. */
static void needs_without_agreement_reach_nothing(void **state) {
  (void)state;
  static const try_case cases[] = { { "socket", EPERM }, { "file", EACCES }, { "write", EACCES } };
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  assert_int_equal(world_start(&w, "hostile-reach", &error), 0);
  TRY_ALL(&w, cases);
  world_close(&w);
}

static void descriptors_end_at_their_limit(void **state) {
  (void)state;
  enum { LIMIT = 40 };
  world w;
  qn_error error = { 0 };
  child_item item;
  world_open(&w, "");
  w.isolation.open_files = LIMIT;
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  run_among_others(&w, "descriptors", &item);
  assert_int_equal(item.status, QN_STATUS_OK);
  assert_in_range(answer_of(item.document), 1, LIMIT);
  document_unref(item.document);
  world_close(&w);
}

/* Two threads spin: the time of both counts, and the clock on the wall does not. */
static void processor_time_over_one_document_ends_it(void **state) {
  (void)state;
  enum { CPU_MS = 400 };
  world w;
  qn_error error = { 0 };
  child_item item;
  world_open(&w, "");
  w.isolation.cpu_ms = CPU_MS;
  w.timeout_ms = 120000; /* a machine with much to do may be slow about it */
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  run_among_others(&w, "spin", &item);
  assert_int_equal(item.status, QN_STATUS_REJECT);
  assert_string_equal(item.error.slug, "over-cpu");
  document_unref(item.document);
  child_counts counts;
  child_counts_get(w.child, &counts);
  assert_in_range(counts.n_over_cpu, 1, 2);
  assert_int_equal(counts.n_timed_out, 0);
  world_close(&w);
}

/* All of them together take several times what one may: a process that lives long and does well is not ended. */
static void processor_time_of_many_documents_is_not_added_up(void **state) {
  (void)state;
  enum { CPU_MS = 200, ROUNDS = 6 };
  world w;
  qn_error error = { 0 };
  world_open(&w, "");
  w.isolation.cpu_ms = CPU_MS;
  assert_int_equal(world_start(&w, "hostile", &error), 0);
  for (uint32_t i = 0; i < ROUNDS; i++) {
    child_item items[2] = { { .document = document_of(&w, "work", 4), .attempt = 1 },
                            { .document = document_of(&w, "work", 4), .attempt = 1 } };
    assert_int_equal(child_run_batch(w.child, items, 2, &error), 0);
    for (uint32_t k = 0; k < 2; k++) {
      assert_int_equal(items[k].status, QN_STATUS_OK);
      document_unref(items[k].document);
    }
  }
  child_counts counts;
  child_counts_get(w.child, &counts);
  assert_int_equal(counts.n_started, 1);
  world_close(&w);
}

/* A run of their own, which counts as skipped where the kernel lacks it. */
static int fence_with_landlock(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(files_that_were_agreed_are_reached_and_no_others),
    cmocka_unit_test(network_that_was_agreed_is_the_internet_alone),
  };
  if (!has_landlock()) {
    puts("1..0 # SKIP this kernel has no Landlock");
    return 0;
  }
  return cmocka_run_group_tests_name("fences_landlock", tests, setup_room, remove_room);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], STAGE_HOST_ARGUMENT) == 0) {
    return stage_host_main();
  }
  if (argc < 2) {
    return 2;
  }
  world_folder_set(argv[1]);
  if (argc > 2 && strcmp(argv[2], "landlock") == 0) {
    return fence_with_landlock();
  }
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(files_are_lent_and_not_opened),
    cmocka_unit_test(file_that_is_not_there_is_told_by_its_errno),
    cmocka_unit_test(needs_without_agreement_reach_nothing),
    cmocka_unit_test(descriptors_end_at_their_limit),
    cmocka_unit_test(processor_time_over_one_document_ends_it),
    cmocka_unit_test(processor_time_of_many_documents_is_not_added_up),
  };
  return cmocka_run_group_tests(tests, setup_room, remove_room);
}
