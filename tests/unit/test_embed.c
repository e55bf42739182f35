/* SPDX-License-Identifier: Apache-2.0 */

/* A program that hosts pipelines, linked with the shared library alone. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "qanat/embed.h"

typedef struct program {
  char path[64];
  char folder[4096];
  const char *folders[1];
  qn_pipeline_options options;
  unsigned n_failed, n_logged;
  qn_pipeline *pipeline;
} program;

static void on_failed(void *arg, const qn_pipeline_failure *failure) {
  program *self = arg;
  self->n_failed++;
  assert_string_equal(failure->stage, "probe-step");
  assert_string_equal(failure->slug, "told-to");
  assert_string_equal(failure->source, "probe");
}

static void on_log(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  program *self = arg;
  (void)level;
  assert_true(strlen(stage) > 0 && len > 0 && text[0] != '\0');
  self->n_logged++;
}

static void write_program(program *self, const char *text) {
  *self = (program){ .path = "/tmp/qanat-embed-XXXXXX" };
  int fd = mkstemp(self->path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), strlen(text));
  close(fd);
  const char *build_root = getenv("QANAT_BUILD_ROOT");
  snprintf(self->folder, sizeof self->folder, "%s/tests/support/plugins", build_root != NULL ? build_root : ".");
  self->folders[0] = self->folder;
  self->options = (qn_pipeline_options){ .size = sizeof self->options,
                                         .n_workers = 2,
                                         .n_plugin_folders = 1,
                                         .plugin_folders = self->folders,
                                         .log = on_log,
                                         .failed = on_failed,
                                         .arg = self };
}

static const char good[] = "{\"name\":\"e\",\"source\":{\"use\":\"probe-source\",\"with\":{\"count\":90}},\n"
                           "\"stages\":[{\"use\":\"probe-step\",\"with\":{\"reject_every\":3}}],\n"
                           "\"sink\":{\"use\":\"probe-sink\"}}\n";

static void embed_run_gives_account(void **state) {
  (void)state;
  program p;
  char message[512] = "";
  write_program(&p, good);
  const char *sets[] = { "source.with.count=30" };
  p.options.sets = sets;
  p.options.n_sets = 1;
  int rc = qn_pipeline_open(p.path, &p.options, &p.pipeline, message, sizeof message);
  if (rc != 0) {
    fail_msg("%s", message);
  }
  assert_int_equal(qn_pipeline_run(p.pipeline, message, sizeof message), 0);
  qn_pipeline_counts counts = { .size = sizeof counts };
  assert_int_equal(qn_pipeline_counts_get(p.pipeline, &counts), 0);
  assert_int_equal(counts.admitted, 30);
  assert_int_equal(counts.delivered, 20);
  assert_int_equal(counts.dead_lettered, 10);
  assert_int_equal(counts.in_flight, 0);
  assert_int_equal(p.n_failed, 10);
  qn_pipeline_close(p.pipeline);
  assert_true(p.n_logged > 0);
  unlink(p.path);
}

static void embed_wrong_pipeline_tells_all_faults(void **state) {
  (void)state;
  program p;
  write_program(&p, "{\"name\":\"e\",\"source\":{\"use\":\"probe-sorce\"},\"sink\":{\"use\":\"probe-sink\"},\"x\":1}");
  char message[2048] = "";
  assert_int_equal(qn_pipeline_open(p.path, &p.options, &p.pipeline, message, sizeof message), -EINVAL);
  assert_non_null(strstr(message, "probe-sorce"));
  assert_non_null(strstr(message, "\"x\""));
  char small[20];
  memset(small, 'z', sizeof small);
  assert_int_equal(qn_pipeline_open(p.path, &p.options, &p.pipeline, small, sizeof small), -EINVAL);
  assert_true(strlen(small) < sizeof small);
  assert_int_equal(qn_pipeline_open(p.path, &p.options, &p.pipeline, NULL, 0), -EINVAL);
  unlink(p.path);
}

static void *stop_soon(void *arg) {
  program *self = arg;
  qn_pipeline_counts counts = { .size = sizeof counts };
  do {
    qn_pipeline_counts_get(self->pipeline, &counts);
  } while (counts.delivered < 10);
  qn_pipeline_stop(self->pipeline);
  return NULL;
}

static void *run_one(void *arg) {
  program *self = arg;
  char message[512];
  pthread_t stopper;
  assert_int_equal(pthread_create(&stopper, NULL, stop_soon, self), 0);
  assert_int_equal(qn_pipeline_run(self->pipeline, message, sizeof message), -EINTR);
  pthread_join(stopper, NULL);
  return NULL;
}

static void embed_two_pipelines_run_at_once_and_stop(void **state) {
  (void)state;
  program p[2];
  pthread_t threads[2];
  const char *sets[] = { "source.with.count=100000000" };
  for (int i = 0; i < 2; i++) {
    char message[512] = "";
    write_program(&p[i], good);
    p[i].options.sets = sets;
    p[i].options.n_sets = 1;
    assert_int_equal(qn_pipeline_open(p[i].path, &p[i].options, &p[i].pipeline, message, sizeof message), 0);
    assert_int_equal(pthread_create(&threads[i], NULL, run_one, &p[i]), 0);
  }
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
    qn_pipeline_close(p[i].pipeline);
    unlink(p[i].path);
  }
}

static void embed_older_program_is_served(void **state) {
  (void)state;
  program p;
  write_program(&p, good);
  setenv("QANAT_PLUGIN_PATH", p.folder, 1);
  /* Knows nothing behind now_ms, and of the counts only those up to delivered. */
  p.options.size = offsetof(qn_pipeline_options, n_sets);
  assert_int_equal(qn_pipeline_open(p.path, &p.options, &p.pipeline, NULL, 0), 0);
  assert_int_equal(qn_pipeline_run(p.pipeline, NULL, 0), 0);
  qn_pipeline_counts counts = { .size = offsetof(qn_pipeline_counts, dropped), .dropped = 4711 };
  assert_int_equal(qn_pipeline_counts_get(p.pipeline, &counts), 0);
  assert_int_equal(counts.delivered, 60);
  assert_int_equal(counts.dropped, 4711);
  assert_int_equal(p.n_failed, 0);
  qn_pipeline_close(p.pipeline);
  unlink(p.path);
  unsetenv("QANAT_PLUGIN_PATH");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(embed_run_gives_account),
    cmocka_unit_test(embed_wrong_pipeline_tells_all_faults),
    cmocka_unit_test(embed_two_pipelines_run_at_once_and_stop),
    cmocka_unit_test(embed_older_program_is_served),
  };
  return cmocka_run_group_tests_name("embed", tests, NULL, NULL);
}
