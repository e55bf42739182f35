/* SPDX-License-Identifier: Apache-2.0 */

/* The rig: a pipeline file made of the parts a test gives, run, and its traces collected. */
#include "rig.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LETTERS_KEPT = 100000 };

typedef struct log_text {
  char *text;
  size_t len;
  FILE *stream;
} log_text;

static void on_log(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  log_text *log = arg;
  (void)level;
  fprintf(log->stream, "%s: %.*s\n", stage, (int)len, text);
}

void rig_init(rig *self) {
  memset(self, 0, sizeof *self);
  self->options.n_workers = 2;
}

static char *pipeline_text(const rig *self, const char *source, const char *stages, const char *sink, size_t *ret_len) {
  char *text = NULL;
  FILE *stream = open_memstream(&text, ret_len);
  assert_non_null(stream);
  fprintf(stream, "{'name': 'rig', 'source': %s,\n'stages': %s,\n'sink': %s", source, stages, sink);
  if (self->limits != NULL) {
    fprintf(stream, ",\n'limits': %s", self->limits);
  }
  fprintf(stream, ",\n'order': '%s'}\n", self->any_order ? "any" : "source");
  assert_int_equal(fclose(stream), 0);
  for (size_t i = 0; i < *ret_len; i++) {
    text[i] = text[i] == '\'' ? '"' : text[i];
  }
  return text;
}

static registry *open_probe(void) {
  char folder[4096];
  const char *build_root = getenv("QANAT_BUILD_ROOT");
  snprintf(folder, sizeof folder, "%s/tests/support/plugins", build_root != NULL ? build_root : ".");
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&options, &installed, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return installed;
}

static plan *make_plan(const registry *installed, const char *text, size_t len, const char *path) {
  const plan_options options = { .output = path };
  faults *found = NULL;
  plan *made = NULL;
  assert_int_equal(faults_new(&found), 0);
  if (plan_parse("rig.json", text, len, installed, &options, &made, found) != 0) {
    faults_print(found, stderr, false);
    fail_msg("the rig makes no plan");
  }
  faults_free(found);
  return made;
}

static char *read_all(const char *path) {
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  int byte;
  while ((byte = getc(file)) != EOF) {
    putc(byte, stream);
  }
  fclose(file);
  assert_int_equal(fclose(stream), 0);
  return text;
}

static void *run_during(void *arg) {
  rig *self = arg;
  self->during(self);
  return NULL;
}

static void run_created(rig *self, const plan *made) {
  pthread_t thread;
  if (self->during != NULL) {
    assert_int_equal(pthread_create(&thread, NULL, run_during, self), 0);
  }
  self->code = runtime_run(self->runtime, &self->error);
  if (self->during != NULL) {
    pthread_join(thread, NULL);
  }
  runtime_counts_get(self->runtime, &self->counts);
  for (uint32_t i = 0; i < made->n_stages && i < sizeof self->sums / sizeof self->sums[0]; i++) {
    runtime_stage_get(self->runtime, i, &self->sums[i]);
  }
}

void rig_run(rig *self, const char *source, const char *stages, const char *sink) {
  char path[] = "/tmp/qanat-rig-XXXXXX";
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  close(fd);
  size_t len = 0;
  char *text = pipeline_text(self, source, stages, sink, &len);
  registry *installed = open_probe();
  plan *made = make_plan(installed, text, len, path);
  log_text log = { 0 };
  log.stream = open_memstream(&log.text, &log.len);
  assert_non_null(log.stream);
  assert_int_equal(letter_memory_new(LETTERS_KEPT, &self->letters), 0);
  self->options.log = on_log;
  self->options.arg = &log;
  self->options.letters = self->letters;
  if (self->before != NULL) {
    self->before(self);
  }
  self->created = runtime_load(made, installed, &self->options, &self->runtime, &self->error);
  if (self->created == 0) {
    run_created(self, made);
  }
  runtime_free(self->runtime);
  self->runtime = NULL;
  if (self->after != NULL) {
    self->after(self);
  }
  assert_int_equal(fclose(log.stream), 0);
  self->log = log.text;
  self->output = read_all(path);
  plan_free(made);
  registry_free(installed);
  free(text);
  unlink(path);
}

void rig_done(rig *self) {
  if (self->letters != NULL) {
    self->letters->close(self->letters);
  }
  free(self->output);
  free(self->log);
}

void rig_stop_after_some(rig *self) {
  runtime_counts counts;
  do {
    runtime_counts_get(self->runtime, &counts);
  } while (counts.delivered < RIG_SOME);
  runtime_stop(self->runtime);
}

uint32_t rig_logged(const rig *self, const char *stage, const char *text) {
  char line[512];
  int len = snprintf(line, sizeof line, "%s: %s\n", stage, text);
  uint32_t n = 0;
  for (const char *at = self->log; (at = strstr(at, line)) != NULL; at += len) {
    n += at == self->log || at[-1] == '\n';
  }
  return n;
}

void rig_assert_output(const rig *self, uint32_t n, bool (*left_out)(uint32_t number)) {
  const char *at = self->output;
  for (uint32_t i = 0; i < n; i++) {
    if (left_out != NULL && left_out(i)) {
      continue;
    }
    char *end;
    if (*at == '\0') {
      fail_msg("the output ends before %u", i);
    }
    assert_int_equal(strtoul(at, &end, 10), i);
    assert_int_equal(*end, '\n');
    at = end + 1;
  }
  assert_string_equal(at, "");
}

void rig_assert_output_set(const rig *self, uint32_t n, bool (*left_out)(uint32_t number)) {
  uint8_t *seen = calloc(n, 1);
  assert_non_null(seen);
  for (const char *at = self->output; *at != '\0';) {
    char *end;
    unsigned long number = strtoul(at, &end, 10);
    assert_true(number < n && *end == '\n');
    seen[number]++;
    at = end + 1;
  }
  for (uint32_t i = 0; i < n; i++) {
    assert_int_equal(seen[i], left_out == NULL || !left_out(i));
  }
  free(seen);
}
