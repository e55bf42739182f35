/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat run`: plans a pipeline, runs it, and gives account. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/answer.h"
#include "command/command.h"
#include "command/retry.h"
#include "command/run_letters.h"
#include "command/run_options.h"
#include "command/run_summary.h"
#include "observe/log.h"
#include "observe/progress.h"
#include "runtime/run_cache.h"

enum { LETTERS_KEPT = 1000, LETTERS_NAMED = 20, TICK_MS = 200, EXIT_INTERRUPTED = 130 };

/* What a run needs from its beginning to its end. */
typedef struct run {
  run_options options;
  registry *registry;
  plan *plan;
  runtime *runtime;
  run_letters letters;
  retry *retry;
  int64_t *numbers; /* of the letters to be tried again */
  run_cache *cache;
  pthread_mutex_t terminal; /* the progress line: the loop draws it, and whoever logs clears it */
  progress progress;
  bool has_progress;
  log_target log;
  uint64_t begin_ns;
} run;

/* --- what the runtime tells while it runs --- */

static void on_tick(void *arg, const runtime_counts *counts) {
  run *self = arg;
  progress_state state = {
    .documents = counts->delivered + counts->dropped + counts->dead_lettered,
    .failed = counts->dead_lettered,
    .bytes = counts->bytes_settled,
    .input_done = counts->input_done,
    .input_total = counts->input_total,
    .elapsed_ns = metrics_now_ns() - self->begin_ns,
  };
  pthread_mutex_lock(&self->terminal);
  progress_draw(&self->progress, &state);
  pthread_mutex_unlock(&self->terminal);
}

static void make_way(run *self) {
  if (self->has_progress) {
    pthread_mutex_lock(&self->terminal);
    progress_clear(&self->progress);
    pthread_mutex_unlock(&self->terminal);
  }
}

static void on_log(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  run *self = arg;
  make_way(self);
  log_write(&self->log, level, stage, text, len);
}

static void on_interrupted(void *arg, int number) {
  run *self = arg;
  runtime_counts counts;
  runtime_counts_get(self->runtime, &counts);
  make_way(self);
  fprintf(stderr, "qanat: %s: finishing the %u documents in flight; once more stops at once\n",
          number == SIGTERM ? "told to end" : "interrupted", counts.in_flight);
}

static void name_letter(void *arg, const letter *note) {
  make_way(arg);
  run_letter_print(note, stderr);
}

static void name_failed(const run *self) {
  uint32_t n_kept = letter_memory_kept(self->letters.memory);
  uint64_t n_all = letter_memory_count(self->letters.memory);
  if (self->options.verbose) {
    return; /* each was named when it failed */
  }
  uint32_t n_named = n_kept < LETTERS_NAMED ? n_kept : LETTERS_NAMED;
  for (uint32_t i = 0; i < n_named; i++) {
    run_letter_print(letter_memory_at(self->letters.memory, i), stderr);
  }
  if (n_all > n_named) {
    fprintf(stderr, "qanat: ... and %" PRIu64 " more failed; --verbose names them all\n", n_all - n_named);
  }
}

/* --- from the arguments to a plan --- */

static int make_plan(run *self) {
  uint32_t n_inputs = self->options.retry ? 0 : self->options.n_inputs;
  const plan_options options = { .sets = self->options.sets.items,
                                 .n_sets = self->options.sets.n,
                                 .inputs = n_inputs > 0 ? self->options.inputs : NULL,
                                 .n_inputs = n_inputs,
                                 .output = self->options.output };
  faults *found = NULL;
  if (faults_new(&found) != 0) {
    return arguments_no_memory("run");
  }
  int rc = plan_make(self->options.pipeline, self->registry, &options, &self->plan, found);
  if (rc != 0) {
    answer_faults(self->options.pipeline, found);
  }
  faults_free(found);
  return rc == 0 ? EXIT_DONE : EXIT_USAGE;
}

static bool can_resume(const plan_stage *stage) {
  const cJSON *keys = cJSON_GetObjectItemCaseSensitive(stage->info->config, "properties");
  return stage->info->role == ROLE_SINK && cJSON_GetObjectItemCaseSensitive(keys, "resume") != NULL;
}

/* Plans once more, with "resume" set in every sink that knows the word. */
static int plan_resumed(run *self) {
  char *sets[16];
  uint32_t n = 0;
  int rc = EXIT_DONE;
  for (uint32_t i = 0; rc == EXIT_DONE && i < self->plan->n_stages && n < sizeof sets / sizeof sets[0]; i++) {
    const plan_stage *stage = &self->plan->stages[i];
    if (can_resume(stage) && asprintf(&sets[n], "%s/with/resume=true", stage->pointer) > 0) {
      rc = argument_list_add(&self->options.sets, "run", sets[n++]);
    }
  }
  if (rc == EXIT_DONE && n == 0) {
    fputs("qanat run: --resume: no sink of this pipeline can go on where an earlier run stopped\n", stderr);
    rc = EXIT_USAGE;
  } else if (rc == EXIT_DONE) {
    plan_free(self->plan);
    self->plan = NULL;
    rc = make_plan(self);
  }
  for (uint32_t i = 0; i < n; i++) {
    free(sets[i]);
  }
  return rc;
}

/* --- what earlier runs did --- */

static void on_cache(void *arg, const char *text) {
  make_way(arg);
  fprintf(stderr, "qanat: %s\n", text);
}

/* A cache that cannot be had for the moment only costs time; one that can never be had was not meant. */
static bool can_do_without(int code) {
  return code == -ENOSPC || code == -EBUSY || code == -EIO || code == -ENOMEM;
}

static void tell_not_kept(const run *self) {
  const char *why = NULL;
  const char *stage = run_cache_stage_not_kept(self->cache, &why);
  if (stage != NULL && !self->options.quiet) {
    fprintf(stderr,
            stage[0] != '\0' ? "qanat: the cache keeps nothing from stage \"%s\" on: %s\n"
                             : "qanat: the cache keeps nothing%s: %s\n",
            stage, why);
  }
}

/* Keys are of plugins as they are loaded. Those that cannot be are told of where the run starts. */
static int open_cache(run *self) {
  qn_error error = { 0 };
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    const qn_stage *table;
    const stage_info *info = self->plan->stages[i].info;
    if (info->role == ROLE_TRANSFORM && registry_load(self->registry, info, &table, &error) != 0) {
      return EXIT_DONE;
    }
  }
  const run_cache_options options = { .folder = self->options.cache,
                                      .max_bytes = self->options.cache_bytes,
                                      .frozen = self->options.frozen,
                                      .now_ms = self->options.now_ms,
                                      .say = on_cache,
                                      .arg = self };
  int rc = run_cache_new(self->plan, &options, &self->cache, &error);
  if (rc == 0) {
    tell_not_kept(self);
    return EXIT_DONE;
  }
  bool goes_on = can_do_without(rc);
  fprintf(stderr, "qanat run: %s%s\n", error.message, goes_on ? "; the run goes on without a cache" : "");
  return goes_on ? EXIT_DONE : EXIT_USAGE;
}

/* --- the run --- */

static int start(run *self) {
  const runtime_options options = {
    .n_workers = self->options.n_workers,
    .limit_documents = self->options.limit,
    .frozen = self->options.frozen,
    .now_ms = self->options.now_ms,
    .signals = true,
    .tick_ms = self->has_progress ? TICK_MS : 0,
    .tick = on_tick,
    .log = on_log,
    .interrupted = on_interrupted,
    .arg = self,
    .letters = &self->letters.store,
    .cache = self->cache,
    .stage_host = "/proc/self/exe",
  };
  qn_error error = { 0 };
  const qn_stage *tables[PLAN_STAGES_MAX];
  int rc = self->retry != NULL ? retry_tables(self->retry, self->registry, tables, &error) : 0;
  if (rc == 0 && self->retry != NULL) {
    rc = runtime_new(self->plan, tables, &options, &self->runtime, &error);
  } else if (rc == 0) {
    rc = runtime_load(self->plan, self->registry, &options, &self->runtime, &error);
  }
  if (rc != 0) {
    fprintf(stderr, "qanat run: %s: %s\n", self->options.pipeline, error.message);
    return EXIT_USAGE;
  }
  return EXIT_DONE;
}

static bool reader_left(const run_summary *summary) {
  return summary->code != 0 && strcmp(summary->error->slug, "closed-pipe") == 0;
}

/* Says how the run ended, and returns the exit status. */
static int conclude(const run *self, const run_summary *summary) {
  if (summary->code == -EINTR) {
    fprintf(stderr, "qanat: interrupted before the end of the input\n");
    return EXIT_INTERRUPTED;
  }
  if (reader_left(summary)) {
    if (!self->options.quiet) {
      fprintf(stderr, "qanat: %s\n", summary->error->message);
    }
    return EXIT_FAILED;
  }
  if (summary->code != 0) {
    fprintf(stderr, "qanat: stopped: %s\n", summary->error->message);
    return EXIT_FAILED;
  }
  return summary->counts.dead_lettered > 0 ? EXIT_FAILED : EXIT_DONE;
}

static int account(run *self, int code, const qn_error *error) {
  run_summary summary = { .plan = self->plan,
                          .runtime = self->runtime,
                          .cache = self->cache,
                          .seconds = (double)(metrics_now_ns() - self->begin_ns) / 1e9,
                          .code = code,
                          .error = error,
                          .letters = self->letters.memory };
  run_summary_take(&summary);
  make_way(self);
  name_failed(self);
  if (!self->options.quiet && !reader_left(&summary)) {
    run_summary_print(&summary, stderr);
  }
  if (self->options.stage_stats) {
    run_summary_print_costs(&summary, stderr);
  }
  int status = conclude(self, &summary);
  int rc = self->options.summary_json != NULL ? run_summary_write(&summary, self->options.summary_json) : 0;
  if (rc != 0) {
    fprintf(stderr, "qanat run: cannot write the summary to %s: %s\n", self->options.summary_json, strerror(-rc));
    status = status == EXIT_DONE ? EXIT_FAILED : status;
  }
  return status;
}

/* --- failed documents --- */

/* What a retry delivers must not take the place of what was delivered before. */
static int check_output(const run *self) {
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    const plan_stage *stage = &self->plan->stages[i];
    const char *key = stage->info->role == ROLE_SINK ? stage->info->exclusive : NULL;
    const cJSON *path = key == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(stage->config, key);
    struct stat status;
    if (cJSON_IsString(path) && self->options.output == NULL && stat(path->valuestring, &status) == 0 &&
        S_ISREG(status.st_mode)) {
      fprintf(stderr,
              "qanat run: %s is there, and what is tried again might replace it; name another output with -o, or this "
              "one if that is meant\n",
              path->valuestring);
      return EXIT_USAGE;
    }
  }
  return EXIT_DONE;
}

static int open_letters(run *self) {
  qn_error error = { 0 };
  const run_letters_options options = { .path = self->options.dead_letters,
                                        .pipeline = self->plan->name,
                                        .max_bytes =
                                            self->options.retry ? UINT64_MAX : self->options.dead_letters_bytes,
                                        .n_kept = LETTERS_KEPT,
                                        .name = self->options.verbose ? name_letter : NULL,
                                        .arg = self };
  int status = EXIT_DONE;
  if (self->options.retry) {
    status = arguments_letter_numbers("run", self->options.inputs, self->options.n_inputs, &self->numbers);
  }
  status = status == EXIT_DONE && self->options.retry ? check_output(self) : status;
  if (status != EXIT_DONE) {
    return status;
  }
  int rc = self->options.retry ? retry_new(self->options.dead_letters, self->plan, self->numbers,
                                           self->options.n_inputs, &self->retry, &error)
                               : 0;
  rc = rc == 0 ? run_letters_init(&self->letters, &options, &error) : rc;
  if (rc != 0) {
    fprintf(stderr, "qanat run: %s\n", error.message);
  }
  return rc == 0 ? EXIT_DONE : EXIT_USAGE;
}

/* Waits until the failed documents are on the disk. False, having said so: not all of them are. */
static bool keep_letters(run *self) {
  letter_file_counts counts;
  qn_error error = { 0 };
  int rc = run_letters_flush(&self->letters, &counts, &error);
  make_way(self);
  if (rc != 0) {
    fprintf(stderr, "qanat run: %" PRIu64 " failed documents are not kept: %s\n", counts.n_lost, error.message);
  } else if (counts.n_kept > 0 && !self->options.quiet) {
    fprintf(stderr, "qanat: %" PRIu64 " failed document%s kept; see 'qanat deadletter list --file %s'\n", counts.n_kept,
            counts.n_kept == 1 ? " is" : "s are", self->options.dead_letters);
  }
  return rc == 0;
}

static int conclude_retry(const run *self, bool failures_kept, int status) {
  retry_counts counts;
  qn_error error = { 0 };
  int rc = retry_conclude(self->retry, failures_kept, &counts, &error);
  if (rc != 0) {
    fprintf(stderr, "qanat run: some dead letters that came out are still there: %s\n", error.message);
  }
  if (!self->options.quiet || counts.n_unreadable + counts.n_too_large > 0) {
    fprintf(stderr,
            "qanat: dead letters: %" PRIu64 " tried again: %" PRIu64 " delivered, %" PRIu64 " dropped, %" PRIu64
            " failed again\n",
            counts.n_tried, counts.n_delivered, counts.n_dropped, counts.n_failed);
  }
  if (counts.n_unreadable > 0) {
    fprintf(stderr, "qanat: %" PRIu64 " could not be tried, for their source had not read them; run it again\n",
            counts.n_unreadable);
  }
  if (counts.n_too_large > 0) {
    fprintf(stderr, "qanat: %" PRIu64 " could not be tried, for they are larger than limits.document_bytes\n",
            counts.n_too_large);
  }
  if (counts.n_parts > 0) {
    fprintf(stderr,
            "qanat: %" PRIu64 " could not be tried, for they came out of other documents; export them and run them as "
            "documents\n",
            counts.n_parts);
  }
  uint64_t n_untried = counts.n_unreadable + counts.n_too_large + counts.n_parts;
  return status == EXIT_DONE && (rc != 0 || n_untried > 0) ? EXIT_FAILED : status;
}

/* A stage that does not return holds on to everything, so nothing can be taken down. */
static void leave_if_stuck(const run *self, int code, int status) {
  if (!runtime_is_stuck(self->runtime)) {
    return;
  }
  fprintf(stderr, "qanat: leaving with a stage that has not returned from a document\n");
  fflush(NULL);
  _exit(code == -ETIMEDOUT ? EXIT_STUCK : status);
}

static int execute(run *self) {
  int status = arguments_open_registry("run", &self->options.plugins, &self->registry);
  if (status == EXIT_DONE) {
    status = make_plan(self);
  }
  if (status == EXIT_DONE && self->options.resume) {
    status = plan_resumed(self);
  }
  if (status == EXIT_DONE) {
    status = open_letters(self);
  }
  if (status == EXIT_DONE && self->options.cache != NULL) {
    status = open_cache(self);
  }
  if (status == EXIT_DONE) {
    status = start(self);
  }
  if (status != EXIT_DONE) {
    return status;
  }
  qn_error error = { 0 };
  run_letters_watch(&self->letters, self->runtime);
  int code = runtime_run(self->runtime, &error);
  run_letters_watch(&self->letters, NULL);
  bool kept = keep_letters(self);
  if (code == -EINTR && self->letters.trouble.code != 0) { /* not by anybody's interrupt */
    code = self->letters.trouble.code;
    error = self->letters.trouble;
  }
  status = account(self, code, &error);
  status = self->retry != NULL ? conclude_retry(self, kept, status) : status;
  status = kept || status != EXIT_DONE ? status : EXIT_FAILED;
  leave_if_stuck(self, code, status);
  return status;
}

int command_run(int argc, char **argv) {
  run self = { .terminal = PTHREAD_MUTEX_INITIALIZER };
  int status;
  if (!run_options_parse(argc, argv, &self.options, &status)) {
    run_options_done(&self.options);
    return status;
  }
  /* A reader that goes away is an error of writing like any other, and ends the run in order. */
  signal(SIGPIPE, SIG_IGN);
  self.begin_ns = metrics_now_ns();
  self.log = log_target_standard();
  self.has_progress = !self.options.quiet && !self.options.no_progress && isatty(STDERR_FILENO) == 1;
  progress_init(&self.progress, STDERR_FILENO);
  status = execute(&self);
  runtime_free(self.runtime);
  run_cache_free(self.cache);
  run_letters_done(&self.letters);
  retry_free(self.retry);
  free(self.numbers);
  plan_free(self.plan);
  registry_free(self.registry);
  run_options_done(&self.options);
  return status;
}
