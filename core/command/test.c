/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat test`: runs the cases of test files and says where they differ from what is expected. */
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/case_expect.h"
#include "command/case_report.h"
#include "command/case_run.h"
#include "command/case_write.h"
#include "command/command.h"
#include "observe/metrics.h"

typedef struct test_options {
  bool json, update, schema, verbose;
  const char *filter;
  plugin_arguments plugins;
} test_options;

/* All files together. */
typedef struct testing {
  const test_options *options;
  case_options running;
  bool terminal;
  uint32_t n[CASE_UPDATED + 1]; /* by case_status */
  cJSON *files;                 /* --json */
  cJSON *cases;                 /* of the file at hand */
  int status;
} testing;

static void print_help(FILE *stream) {
  fputs(
      "usage: qanat test [OPTION...] FILE...\n"
      "       qanat test --schema\n\n"
      "Runs the cases of test files (NAME.test.json): puts their inputs into a pipeline, without its sources and "
      "sinks, and\n"
      "holds what comes out against what they expect. See docs/testing-pipelines.md.\n\n"
      "      --filter WORDS     only cases whose name has these words, or fits them if they are a pattern with * or ?\n"
      "      --update           writes what came out into the files, in the place of what differs\n"
      "      --json             for programs: cases with their differences\n"
      "      --schema           prints the JSON Schema of test files, for editors\n"
      "  -v, --verbose          what stages log goes to standard error\n"
      "      --plugins FOLDER   looks there for plugins first; repeatable (also: QANAT_PLUGIN_PATH)\n"
      "      --allow-writable-plugins\n"
      "                         takes plugin files that others than their owner may write\n"
      "  -h, --help             this\n\n"
      "exit status: 0 everything is as expected; 1 some cases failed; 2 a file, its pipeline or the command line is "
      "wrong\n",
      stream);
}

static void worsen(testing *self, int status) {
  self->status = status > self->status ? status : self->status;
}

static bool is_wanted(const testing *self, const char *name) {
  const char *filter = self->options->filter;
  if (filter == NULL) {
    return true;
  }
  return strpbrk(filter, "*?") != NULL ? fnmatch(filter, name, 0) == 0 : strstr(name, filter) != NULL;
}

static void tell(testing *self, const case_report *report) {
  self->n[report->status]++;
  worsen(self, report->status == CASE_FAILED ? EXIT_FAILED : report->status == CASE_BROKEN ? EXIT_USAGE : EXIT_DONE);
  if (!self->options->json) {
    case_report_print(report, self->terminal, stdout);
    return;
  }
  cJSON *json = case_report_json(report);
  if (json == NULL || !cJSON_AddItemToArray(self->cases, json)) {
    cJSON_Delete(json);
    worsen(self, arguments_no_memory("test"));
  }
}

/* Takes the differences into the case. True if it is changed. */
static bool update(testing *self, cJSON *json, const cJSON *result, case_report *report) {
  bool nothing = cJSON_GetObjectItemCaseSensitive(json, "expect") == NULL &&
                 cJSON_GetObjectItemCaseSensitive(json, "expects") == NULL;
  if (!self->options->update || (report->differences->n == 0 && !nothing)) {
    return false;
  }
  if (case_update(json, result) != 0) {
    worsen(self, arguments_no_memory("test"));
    return false;
  }
  report->status = CASE_UPDATED;
  return true;
}

/* True if the file is to be written anew. */
static bool test_case(testing *self, case_file *file, cJSON *json, uint32_t index) {
  case_differences differences = { 0 };
  case_report report = { .file = file,
                         .name = cJSON_GetObjectItemCaseSensitive(json, "name")->valuestring,
                         .differences = &differences };
  cJSON *result = NULL;
  char *why = NULL;
  bool changed = false;
  uint64_t begin_ns = metrics_now_ns();
  if (case_run(&self->running, file, json, &result, &why) != 0) {
    report.status = CASE_BROKEN;
    report.why = why;
  } else {
    case_expect(json, index, result, &differences);
    report.status = differences.n > 0 || differences.no_memory ? CASE_FAILED : CASE_PASSED;
    changed = update(self, json, result, &report);
  }
  report.seconds = (double)(metrics_now_ns() - begin_ns) / 1e9;
  tell(self, &report);
  case_differences_done(&differences);
  cJSON_Delete(result);
  free(why);
  return changed;
}

/* The list that the file's cases go to. */
static bool begin_file(testing *self, const char *path) {
  if (!self->options->json) {
    printf("%s\n", path);
    return true;
  }
  cJSON *one = cJSON_CreateObject();
  cJSON_AddStringToObject(one, "file", path);
  self->cases = cJSON_AddArrayToObject(one, "cases");
  if (self->cases == NULL || !cJSON_AddItemToArray(self->files, one)) {
    cJSON_Delete(one);
    worsen(self, arguments_no_memory("test"));
    return false;
  }
  return true;
}

static void test_cases(testing *self, case_file *file) {
  bool changed = false;
  uint32_t index = 0;
  cJSON *json;
  cJSON_ArrayForEach(json, cJSON_GetObjectItemCaseSensitive(file->root, "cases")) {
    if (is_wanted(self, cJSON_GetObjectItemCaseSensitive(json, "name")->valuestring)) {
      changed |= test_case(self, file, json, index);
    }
    index++;
  }
  int rc = changed ? case_json_save(file->root, file->path) : 0;
  if (rc != 0) {
    fprintf(stderr, "qanat test: cannot write %s: %s\n", file->path, strerror(-rc));
    worsen(self, EXIT_FAILED);
  }
}

static void test_file(testing *self, const char *path) {
  case_file file;
  int rc = case_file_read(&file, path);
  if (rc == 0 && begin_file(self, path)) {
    test_cases(self, &file);
  } else if (rc != 0) {
    if (file.faults != NULL && rc != -ENOMEM) {
      answer_faults(path, file.faults);
    } else {
      arguments_no_memory("test");
    }
    worsen(self, EXIT_USAGE);
  }
  case_file_done(&file);
}

static void conclude(testing *self) {
  const uint32_t *n = self->n;
  uint32_t n_all = n[CASE_PASSED] + n[CASE_FAILED] + n[CASE_BROKEN] + n[CASE_UPDATED];
  if (n_all == 0 && self->status == EXIT_DONE) {
    worsen(self, arguments_refuse("test", "no case is named like '%.60s'", self->options->filter));
  }
  if (n_all == 0 && !self->options->json) {
    return;
  }
  if (!self->options->json) {
    printf("%u passed, %u failed", n[CASE_PASSED], n[CASE_FAILED]);
    if (n[CASE_BROKEN] > 0) {
      printf(", %u broken", n[CASE_BROKEN]);
    }
    if (n[CASE_UPDATED] > 0) {
      printf(", %u updated", n[CASE_UPDATED]);
    }
    putchar('\n');
    return;
  }
  cJSON *json = cJSON_CreateObject();
  static const char *const words[] = { "passed", "failed", "broken", "updated" };
  bool good = true;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    good = good && cJSON_AddNumberToObject(json, words[i], n[i]) != NULL;
  }
  if (good && cJSON_AddItemToObject(json, "files", self->files)) {
    self->files = NULL;
  } else {
    cJSON_Delete(json);
    json = NULL;
  }
  worsen(self, answer_json("test", json));
}

static int test_all(const test_options *options, const argument_list *paths) {
  testing self = { .options = options,
                   .running = { .verbose = options->verbose },
                   .terminal = isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == NULL };
  self.status = arguments_open_registry("test", &options->plugins, &self.running.registry);
  if (self.status == EXIT_DONE && options->json) {
    self.files = cJSON_CreateArray();
    self.status = self.files != NULL ? EXIT_DONE : arguments_no_memory("test");
  }
  if (self.status == EXIT_DONE) {
    for (uint32_t i = 0; i < paths->n; i++) {
      test_file(&self, paths->items[i]);
    }
    conclude(&self);
  }
  cJSON_Delete(self.files);
  registry_free(self.running.registry);
  return answer_end("test", self.status);
}

static int test_given(const test_options *options, const argument_list *paths) {
  if (options->schema) {
    return answer_end("test", answer_json("test", case_file_schema()));
  }
  if (paths->n == 0) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  return test_all(options, paths);
}

int command_test(int argc, char **argv) {
  test_options options = { 0 };
  const argument_option table[] = {
    { .name = "filter", .string = &options.filter },
    { .name = "update", .flag = &options.update },
    { .name = "json", .flag = &options.json },
    { .name = "schema", .flag = &options.schema },
    { .name = "verbose", .letter = 'v', .flag = &options.verbose },
    { .name = "plugins", .list = &options.plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "allow-writable-plugins", .flag = &options.plugins.allow_writable },
  };
  arguments given = {
    .command = "test", .print_help = print_help, .options = table, .n_options = sizeof table / sizeof table[0]
  };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    status = test_given(&options, &given.operands);
  }
  argument_list_done(&options.plugins.folders);
  arguments_done(&given);
  return status;
}
