/* SPDX-License-Identifier: Apache-2.0 */

#include "serve_world.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/listen.h"

enum { DEADLINE_S = 60, DRAIN_MS = 60000 };

/* --- the folder and what lies in it --- */

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw) {
  (void)status;
  (void)type;
  (void)ftw;
  return remove(path);
}

static void on_log(void *arg, const char *pipeline, const char *stage, uint32_t level, const char *text, size_t len) {
  serve_world *self = arg;
  (void)level;
  pthread_mutex_lock(&self->log_mutex);
  size_t used = strlen(self->log);
  snprintf(self->log + used, sizeof self->log - used, "%s/%s: %.*s\n", pipeline != NULL ? pipeline : "",
           stage != NULL ? stage : "", (int)len, text);
  pthread_mutex_unlock(&self->log_mutex);
}

static registry *open_registry(void) {
  char probe[4096], built[4096];
  const char *build_root = getenv("QANAT_BUILD_ROOT");
  build_root = build_root != NULL ? build_root : ".";
  snprintf(probe, sizeof probe, "%s/tests/support/plugins", build_root);
  snprintf(built, sizeof built, "%s/plugins", build_root);
  const char *folders[] = { probe, built };
  const registry_options options = { .folders = folders, .n_folders = 2, .only_folders = true, .allow_writable = true };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&options, &installed, &error) != 0) {
    fail_msg("%s", error.message);
  }
  return installed;
}

int serve_world_enter(void **state) {
  serve_world *self = calloc(1, sizeof *self);
  assert_non_null(self);
  self->registry = open_registry();
  pthread_mutex_init(&self->registry_mutex, NULL);
  pthread_mutex_init(&self->log_mutex, NULL);
  char folder[] = "/tmp/qanat-serve-XXXXXX";
  assert_non_null(mkdtemp(folder));
  assert_int_equal(chdir(folder), 0);
  assert_int_equal(mkdir("state", 0700), 0);
  self->options = (service_options){ .registry = self->registry,
                                     .state = "state",
                                     .n_workers = 2,
                                     .drain_ms = DRAIN_MS,
                                     .log = on_log,
                                     .arg = self,
                                     .journal = { .commit_ms = UINT32_MAX } };
  *state = self;
  return 0;
}

int serve_world_leave(void **state) {
  serve_world *self = *state;
  char folder[4096];
  assert_non_null(getcwd(folder, sizeof folder));
  assert_int_equal(chdir("/"), 0);
  nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  registry_free(self->registry);
  pthread_mutex_destroy(&self->registry_mutex);
  pthread_mutex_destroy(&self->log_mutex);
  free(self);
  return 0;
}

void serve_world_write(const char *path, const char *text) {
  char *copy = strdup(text);
  assert_non_null(copy);
  for (char *at = copy; (at = strchr(at, '\'')) != NULL;) {
    *at = '"';
  }
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(copy, file) >= 0);
  assert_int_equal(fclose(file), 0);
  free(copy);
}

char *serve_world_read(const char *path) {
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  assert_non_null(stream);
  FILE *file = fopen(path, "r");
  for (int byte; file != NULL && (byte = getc(file)) != EOF;) {
    putc(byte, stream);
  }
  if (file != NULL) {
    fclose(file);
  }
  assert_int_equal(fclose(stream), 0);
  return text;
}

edition *serve_world_edition(serve_world *self, const char *text) {
  faults *found = NULL;
  edition *made = NULL;
  serve_world_write("edition.json", text);
  assert_int_equal(faults_new(&found), 0);
  if (edition_new("edition.json", self->registry, NULL, 0, &made, found) != 0) {
    faults_print(found, stderr, false);
    fail_msg("it makes no plan");
  }
  faults_free(found);
  return made;
}

/* --- parts --- */

static void say(void *arg, uint32_t level, const char *text) {
  on_log(arg, NULL, "journal", level, text, strlen(text));
}

static void on_ended(void *arg, intake *of) {
  serve_world *self = arg;
  (void)of;
  self->n_ended++;
}

void serve_world_open(serve_world *self, const journal_options *given) {
  qn_error error = { 0 };
  journal_options options = given != NULL ? *given : (journal_options){ .commit_ms = UINT32_MAX };
  options.folder = "state";
  options.say = say;
  options.arg = self;
  if (journal_open(&options, &self->journal, &error) != 0) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(loop_init(&self->loop), 0);
  assert_int_equal(listeners_new(&self->listeners), 0);
  self->parts = (service_parts){ .options = &self->options,
                                 .journal = self->journal,
                                 .listeners = self->listeners,
                                 .letters_path = "state/dead-letters.db",
                                 .world = { .loop = &self->loop,
                                            .listeners = self->listeners,
                                            .journal = self->journal,
                                            .log = on_log,
                                            .ended = on_ended,
                                            .arg = self },
                                 .registry_mutex = &self->registry_mutex };
}

void serve_world_close(serve_world *self) {
  journal_close(self->journal);
  loop_done(&self->loop);
  listeners_free(self->listeners);
  self->journal = NULL;
}

/* --- a service --- */

static void tell_faults(void *arg, const char *path, const faults *found) {
  (void)arg, (void)path;
  faults_print(found, stderr, false);
}

static void *run(void *arg) {
  serve_world *self = arg;
  self->code = service_run(self->service, &self->error);
  return NULL;
}

static bool is_ready(void *arg) {
  serve_world *self = arg;
  service_report *report = NULL;
  assert_int_equal(service_report_new(self->service, &report), 0);
  bool ready = report->ready;
  service_report_free(report);
  return ready;
}

void serve_world_start(serve_world *self, const char *const *paths, uint32_t n_paths) {
  self->options.paths = paths;
  self->options.n_paths = n_paths;
  service_hold_signals();
  if (service_new(&self->options, tell_faults, &self->service, &self->error) != 0) {
    fail_msg("%s", self->error.message);
  }
  assert_int_equal(pthread_create(&self->thread, NULL, run, self), 0);
  serve_world_wait(is_ready, self, "the worker is not ready");
}

int serve_world_stop(serve_world *self) {
  service_stop(self->service);
  pthread_join(self->thread, NULL);
  service_free(self->service);
  self->service = NULL;
  return self->code;
}

/* --- documents --- */

void serve_world_put(journal *into, journal_line *line, uint64_t first, uint64_t n) {
  for (uint64_t i = first; i < first + n; i++) {
    char text[32];
    journal_entry *entry = NULL;
    size_t len = (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)i);
    const qn_emit emit = { .source = QN_LIT("probe"), .ordinal = i, .media_type = QN_LIT("text/plain") };
    assert_int_equal(journal_reserve_wait(line, len, &entry), 0);
    memcpy(entry->payload, text, len);
    assert_int_equal(journal_describe(entry, &emit), 0);
    journal_put(entry, len);
  }
  assert_int_equal(journal_sync(into, DEADLINE_S * 1000), 0);
}

uint32_t serve_world_logged(serve_world *self, const char *text) {
  uint32_t n = 0;
  pthread_mutex_lock(&self->log_mutex);
  for (const char *at = self->log; (at = strstr(at, text)) != NULL; at++) {
    n++;
  }
  pthread_mutex_unlock(&self->log_mutex);
  return n;
}

void serve_world_nap(uint32_t ms) {
  struct timespec nap = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
  nanosleep(&nap, NULL);
}

void serve_world_wait(bool (*holds)(void *arg), void *arg, const char *words) {
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    if (holds(arg)) {
      return;
    }
    serve_world_nap(2);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while (now.tv_sec - begin.tv_sec < DEADLINE_S);
  fail_msg("after %d s: %s", DEADLINE_S, words);
}
