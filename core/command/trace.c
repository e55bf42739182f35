/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat trace`: one document through a pipeline, stage by stage, with what each added or changed. No source and no sink runs. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/time_text.h"
#include "command/trace_step.h"
#include "harness/trunk.h"

enum { ROWS_USUAL = 3, ROWS_MAX = 100000, LOG_MAX = 200, PARTS_USUAL = 100, PARTS_MOST = 1000000, NAME_MAX_LEN = 200 };

typedef struct trace_options {
  const char *pipeline, *file;
  uint64_t n_rows, n_parts;
  int64_t now_ms;
  bool json;
  plugin_arguments plugins;
  argument_list sets;
} trace_options;

/* A trace in the making. */
typedef struct trace {
  const trace_options *options;
  trunk *trunk;
  trace_before before;
  cJSON *steps;
  cJSON *parts;            /* what became of each part; by its name */
  char name[NAME_MAX_LEN]; /* of the part that is on its way: "2", "2.1"; empty: the document itself */
  bool failed;
  pthread_mutex_t lock; /* guards: */
  cJSON *log;           /* lines since the last step */
} trace;

static void print_help(FILE *stream) {
  fputs("usage: qanat trace [OPTION...] PIPELINE [FILE]\n\n"
        "Takes one file (- or nothing: standard input) through the transforms of a pipeline and shows, stage by stage, "
        "what each\n"
        "added or changed, with its time and memory. Sources and sinks do not run; batches are of one.\n\n"
        "      --rows N           shows so many rows of each layer (default 3)\n"
        "      --parts N          follows so many parts of each document that is split (default 100)\n"
        "      --json             for programs\n"
        "      --now TIME         the time that stages see, such as 2026-01-16\n"
        "      --set PATH=VALUE   changes a value first, as 'qanat run' does; repeatable\n"
        "      --plugins FOLDER   looks there for plugins first; repeatable (also: QANAT_PLUGIN_PATH)\n"
        "      --allow-writable-plugins\n"
        "                         takes plugin files that others than their owner may write\n"
        "  -h, --help             this\n\n"
        "exit status: 0 it came through or was dropped, 1 a stage failed on it or it can't be read, 2 something is "
        "wrong with the\n"
        "pipeline or the command line\n",
        stream);
}

/* --- the document --- */

/* All that can be read, up to a limit. 0, -EFBIG, -ENOMEM, another negative errno. */
static int read_stream(FILE *stream, size_t limit, char **ret_bytes, size_t *ret_len) {
  char *bytes = NULL;
  size_t len = 0, capacity = 0;
  for (;;) {
    if (len == capacity) {
      capacity = capacity > 0 ? 2 * capacity : 65536;
      char *larger = realloc(bytes, capacity);
      if (larger == NULL) {
        free(bytes);
        return -ENOMEM;
      }
      bytes = larger;
    }
    size_t got = fread(bytes + len, 1, capacity - len, stream);
    len += got;
    if (got == 0 || len > limit) {
      break;
    }
  }
  int rc = ferror(stream) ? -EIO : len > limit ? -EFBIG : 0;
  if (rc != 0) {
    free(bytes);
    return rc;
  }
  *ret_bytes = bytes;
  *ret_len = len;
  return 0;
}

static int read_input(const char *path, size_t limit, char **ret_bytes, size_t *ret_len) {
  if (strcmp(path, "-") == 0) {
    return read_stream(stdin, limit, ret_bytes, ret_len);
  }
  FILE *stream = fopen(path, "re");
  if (stream == NULL) {
    return -errno;
  }
  int rc = read_stream(stream, limit, ret_bytes, ret_len);
  fclose(stream);
  return rc;
}

static const char *media_type_of(const char *path) {
  static const struct {
    const char *end, *type;
  } known[] = { { ".html", "text/html" }, { ".htm", "text/html" }, { ".txt", "text/plain" } };
  size_t len = strlen(path);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    size_t end_len = strlen(known[i].end);
    if (len > end_len && strcmp(path + len - end_len, known[i].end) == 0) {
      return known[i].type;
    }
  }
  return NULL;
}

/* The document as the source "files" would name it. NULL after saying why. */
static qn_harness_doc *open_document(trace *self, const plan *planned) {
  const char *path = self->options->file;
  char *bytes = NULL;
  size_t len = 0;
  int rc = read_input(path, planned->limits.document_bytes, &bytes, &len);
  if (rc != 0) {
    fprintf(stderr, "qanat trace: can't read %s: %s\n", strcmp(path, "-") == 0 ? "standard input" : path,
            strerror(-rc));
    return NULL;
  }
  qn_harness_doc *doc = trunk_document(self->trunk, bytes, len);
  free(bytes);
  const char *type = media_type_of(path);
  if (doc == NULL || qn_harness_field_set_str(doc, "id", path) != 0 ||
      qn_harness_field_set_str(doc, "source", path) != 0 ||
      (type != NULL && qn_harness_field_set_str(doc, "media_type", type) != 0)) {
    arguments_no_memory("trace");
    qn_harness_doc_free(doc);
    return NULL;
  }
  return doc;
}

/* --- the steps --- */

static void on_log(void *arg, uint32_t level, const char *text, size_t len) {
  trace *self = arg;
  char line[1024];
  (void)level;
  snprintf(line, sizeof line, "%.*s", (int)len, text);
  pthread_mutex_lock(&self->lock);
  if (cJSON_GetArraySize(self->log) < LOG_MAX) {
    cJSON_AddItemToArray(self->log, cJSON_CreateString(line));
  }
  pthread_mutex_unlock(&self->lock);
}

static void attach_log(trace *self, cJSON *step) {
  pthread_mutex_lock(&self->lock);
  if (cJSON_GetArraySize(self->log) > 0) {
    cJSON_AddItemToObject(step, "log", self->log);
    self->log = cJSON_CreateArray();
  }
  pthread_mutex_unlock(&self->lock);
}

static const char *status_name(qn_status status) {
  static const char *const names[] = { "ok", "more", "dropped", "pending", "retry", "rejected", "fatal" };
  return status >= QN_STATUS_OK && status <= QN_STATUS_FATAL ? names[status] : "unknown";
}

static void tell_outcome(cJSON *step, const qn_harness_outcome *outcome) {
  cJSON_AddStringToObject(step, "status", status_name(outcome->status));
  cJSON_AddNumberToObject(step, "time_us", (double)outcome->elapsed_us);
  if (outcome->message[0] != '\0') {
    cJSON_AddStringToObject(step, "slug", outcome->slug);
    cJSON_AddStringToObject(step, "message", outcome->message);
  }
}

static void add_step(trace *self, cJSON *step) {
  attach_log(self, step);
  if (self->options->json) {
    cJSON_AddItemToArray(self->steps, step);
  } else {
    trace_step_print(step, stdout);
    cJSON_Delete(step);
  }
}

/* How a document, or a part of one, ended. */
typedef enum ending { CAME_THROUGH, DROPPED, NOT_TAKEN, SPLIT_INTO_NOTHING, FAILED, ENDING_N } ending;

static const char *const endings[ENDING_N] = { "came through", "dropped", "dropped: no stage takes it",
                                               "split into nothing", "failed" };

static qn_status run_stage(trace *self, uint32_t index, qn_harness_doc *doc, cJSON *step) {
  trace_before *before = &self->before;
  qn_harness_outcome outcome;
  trace_before_take(before, trunk_held(doc));
  qn_status status = trunk_step(self->trunk, index, doc, &outcome);
  tell_outcome(step, &outcome);
  trace_step_compare(step, before, trunk_held(doc), (uint32_t)self->options->n_rows);
  cJSON_AddNumberToObject(step, "stage_bytes", (double)trunk_stage_memory(self->trunk, index));
  uint32_t n_parts = qn_harness_n_parts(doc);
  if (n_parts > 0) {
    cJSON_AddNumberToObject(step, "parts", n_parts);
  }
  self->failed = self->failed || status >= QN_STATUS_PENDING;
  return status;
}

static cJSON *step_new(const trace *self, const plan_stage *stage) {
  cJSON *step = cJSON_CreateObject();
  cJSON_AddStringToObject(step, "stage", stage->id);
  cJSON_AddStringToObject(step, "use", stage->info->name);
  if (self->name[0] != '\0') {
    cJSON_AddStringToObject(step, "part", self->name);
  }
  return step;
}

static ending follow(trace *self, qn_harness_doc *doc, trunk_way *way, uint32_t first);

static void tell_part(trace *self, uint32_t n_parts, ending how) {
  if (self->options->json) {
    cJSON_AddStringToObject(self->parts, self->name, endings[how]);
  } else if (how != CAME_THROUGH) {
    printf("part %s of %u %s%s\n", self->name, n_parts, how == FAILED ? "" : "was ", endings[how]);
  }
}

/* Each part in turn, through all that comes behind the stage. What the document as a whole has come to: the best of it, unless
 * a part failed. */
static ending follow_parts(trace *self, qn_harness_doc *doc, uint32_t index) {
  uint32_t n_parts = qn_harness_n_parts(doc);
  size_t len = strlen(self->name);
  ending all = n_parts > 0 ? DROPPED : SPLIT_INTO_NOTHING;
  for (uint32_t i = 0; i < n_parts && i < self->options->n_parts; i++) {
    trunk_way way = trunk_way_of_part(self->trunk, index);
    snprintf(self->name + len, sizeof self->name - len, "%s%u", len > 0 ? "." : "", i + 1);
    if (!self->options->json) {
      printf("\npart %s of %u\n", self->name, n_parts);
    }
    ending how = follow(self, qn_harness_part(doc, i), &way, index + 1);
    tell_part(self, n_parts, how);
    all = how == FAILED || all == FAILED ? FAILED : how == CAME_THROUGH ? CAME_THROUGH : all;
    self->name[len] = '\0';
  }
  if (n_parts > self->options->n_parts && !self->options->json) {
    printf("\n%u more parts are not followed: --parts\n", (uint32_t)(n_parts - self->options->n_parts));
  }
  return n_parts > 0 && self->options->n_parts == 0 ? CAME_THROUGH : all;
}

/* The document through the stages from first on. Of a part, stages that it does not come to are not told. */
static ending follow(trace *self, qn_harness_doc *doc, trunk_way *way, uint32_t first) {
  bool is_split = self->name[0] != '\0';
  ending so_far = ENDING_N; /* of its parts, if it is split */
  for (uint32_t i = first; i < trunk_n_stages(self->trunk); i++) {
    const plan_stage *stage = trunk_stage(self->trunk, i);
    if (trunk_reaches(self->trunk, way, i, doc) <= 0) {
      if (!is_split) {
        cJSON *step = step_new(self, stage);
        cJSON_AddStringToObject(step, "status", "not-reached");
        add_step(self, step);
      }
      continue;
    }
    cJSON *step = step_new(self, stage);
    qn_status status = run_stage(self, i, doc, step);
    add_step(self, step);
    if (status != QN_STATUS_OK) {
      return status >= QN_STATUS_PENDING ? FAILED : so_far == FAILED ? FAILED : DROPPED;
    }
    if (stage->info->splits) {
      ending parts = follow_parts(self, doc, i);
      so_far = so_far == FAILED ? FAILED : parts;
      trunk_way_end(self->trunk, way, i);
      is_split = true;
    }
  }
  return so_far < ENDING_N ? so_far : trunk_arrives(self->trunk, way, doc) > 0 ? CAME_THROUGH : NOT_TAKEN;
}

/* --- the whole --- */

static int tell_all(trace *self, const plan *planned, ending how) {
  if (!self->options->json) {
    printf("%s\n", endings[how]);
    return answer_end("trace", self->failed ? EXIT_FAILED : EXIT_DONE);
  }
  cJSON *root = cJSON_CreateObject();
  cJSON_AddStringToObject(root, "pipeline", planned->name);
  cJSON_AddStringToObject(root, "file", self->options->file);
  cJSON_AddStringToObject(root, "outcome", endings[how]);
  cJSON_AddItemToObject(root, "steps", self->steps);
  self->steps = NULL;
  if (self->parts->child != NULL) {
    cJSON_AddItemToObject(root, "parts", self->parts);
    self->parts = NULL;
  }
  int status = answer_json("trace", root);
  return status == EXIT_DONE && self->failed ? EXIT_FAILED : status;
}

static int trace_plan(const trace_options *options, const plan *planned, registry *installed) {
  qn_error error = { 0 };
  trace self = {
    .options = options, .steps = cJSON_CreateArray(), .parts = cJSON_CreateObject(), .log = cJSON_CreateArray()
  };
  pthread_mutex_init(&self.lock, NULL);
  const trunk_options wanted = { .now_ms = options->now_ms, .log = on_log, .arg = &self };
  int status = EXIT_USAGE;
  if (trunk_open(planned, installed, &wanted, &self.trunk, &error) != 0) {
    fprintf(stderr, "qanat trace: %s: %s\n", options->pipeline, error.message);
  } else {
    qn_harness_doc *doc = open_document(&self, planned);
    status = EXIT_FAILED;
    if (doc != NULL) {
      trunk_way way = { { false } };
      status = tell_all(&self, planned, follow(&self, doc, &way, 0));
      qn_harness_doc_free(doc);
    }
    if (trunk_close(self.trunk, &error) != 0) {
      fprintf(stderr, "qanat trace: %s\n", error.message);
    }
  }
  cJSON_Delete(self.steps);
  cJSON_Delete(self.parts);
  cJSON_Delete(self.log);
  pthread_mutex_destroy(&self.lock);
  return status;
}

static int trace_pipeline(const trace_options *options, registry *installed) {
  const plan_options changes = { .sets = options->sets.items, .n_sets = options->sets.n, .to_look_at = true };
  faults *found = NULL;
  plan *made = NULL;
  if (faults_new(&found) != 0) {
    return arguments_no_memory("trace");
  }
  int status = EXIT_USAGE;
  if (plan_make(options->pipeline, installed, &changes, &made, found) == 0) {
    status = trace_plan(options, made, installed);
  } else {
    answer_faults(options->pipeline, found);
  }
  plan_free(made);
  faults_free(found);
  return status;
}

static int read_now(void *arg, const char *value) {
  int64_t *now_ms = arg;
  return time_text_read(value, now_ms) ? EXIT_DONE
                                       : arguments_refuse("trace", "'%s' is no time: write it as 2026-01-16", value);
}

static int obey(trace_options *options, const arguments *given) {
  registry *installed = NULL;
  if (given->operands.n == 0) {
    return arguments_refuse("trace", "which pipeline?");
  }
  options->pipeline = given->operands.items[0];
  options->file = given->operands.n > 1 ? given->operands.items[1] : "-";
  int status = arguments_open_registry("trace", &options->plugins, &installed);
  if (status == EXIT_DONE) {
    status = trace_pipeline(options, installed);
  }
  registry_free(installed);
  return status;
}

int command_trace(int argc, char **argv) {
  trace_options options = { .n_rows = ROWS_USUAL, .n_parts = PARTS_USUAL };
  const argument_option rows[] = {
    { .name = "rows", .number = &options.n_rows, .least = 0, .most = ROWS_MAX },
    { .name = "parts", .number = &options.n_parts, .least = 0, .most = PARTS_MOST },
    { .name = "json", .flag = &options.json },
    { .name = "now", .read = read_now, .arg = &options.now_ms },
    { .name = "set", .list = &options.sets },
    { .name = "plugins", .list = &options.plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "allow-writable-plugins", .flag = &options.plugins.allow_writable },
  };
  arguments given = { .command = "trace",
                      .print_help = print_help,
                      .options = rows,
                      .n_options = sizeof rows / sizeof rows[0],
                      .operand = "file",
                      .most_operands = 2 };
  int status = EXIT_DONE;
  if (arguments_read(&given, argc, argv, &status)) {
    status = obey(&options, &given);
  }
  arguments_done(&given);
  argument_list_done(&options.sets);
  argument_list_done(&options.plugins.folders);
  return status;
}
