/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat test-stage`: holds a plugin to the rules of plugins, and says which it breaks. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"
#include "conformance/conformance.h"
#include "conformance/reproducer.h"
#include "conformance/rule.h"
#include "conformance/teller.h"

enum { LIMIT_S = 10, LIMIT_LONG_S = 300, LIMIT_MOST_S = 86400, CONFIG_BYTES_MAX = 1 << 20 };

typedef struct test_stage_options {
  bool json, verbose, rules, is_long;
  uint64_t seed, limit_s; /* limit_s 0: the usual */
  const char *check, *config, *out, *reproduce;
} test_stage_options;

static void print_help(FILE *stream) {
  fputs(
      "usage: qanat test-stage [OPTION...] FILE.so [STAGE]\n"
      "       qanat test-stage [OPTION...] --reproduce FILE.json\n"
      "       qanat test-stage --rules\n\n"
      "Holds a plugin to the rules of plugins: its file, its manifest, and each of its stages with configurations and\n"
      "documents that are hard on it. Every check runs in a process of its own, so a crash is told like any other "
      "fault.\n"
      "What breaks a rule is told with the rule, what to do, and a file to see it again.\n\n"
      "      --config FILE      the configuration of the stage, as it stands under \"with\"; ${SCRATCH} is a folder "
      "that the\n"
      "                         stage may use, with files to read in ${SCRATCH}/in. Without it, one is made from the "
      "schema\n"
      "      --seed N           what chance begins from; the same seed finds the same (1)\n"
      "      --check NAME       only that check\n"
      "      --long             takes its time: twenty times as many documents, and minutes of fuzzing\n"
      "      --limit SECONDS    of each check, after which it counts as hung (10; 300 with --long)\n"
      "      --out FOLDER       where reproducers are written (NAME.findings); \"-\": none are\n"
      "      --reproduce FILE   does again what FILE of such a folder tells: that check, that document\n"
      "      --rules            prints all rules, as docs/rules.md has them\n"
      "      --json             for programs: one object\n"
      "  -v, --verbose          names every check, not only those with findings\n"
      "  -h, --help             this\n\n"
      "exit status: 0 nothing was found, 1 a rule is broken, 2 the command line is wrong or a stage could not be "
      "checked\n",
      stream);
}

static int refuse(const qn_error *error) {
  fprintf(stderr, "qanat test-stage: %s\n", error->message);
  return EXIT_USAGE;
}

/* --- the configuration --- */

static char *text_read(const char *path) {
  FILE *file = fopen(path, "rb");
  char *text = file != NULL ? malloc(CONFIG_BYTES_MAX + 1) : NULL;
  size_t len = text != NULL ? fread(text, 1, CONFIG_BYTES_MAX, file) : 0;
  if (file == NULL || text == NULL || ferror(file)) {
    fprintf(stderr, "qanat test-stage: %s: %s\n", path, strerror(errno));
    free(text);
    text = NULL;
  } else {
    text[len] = '\0';
  }
  if (file != NULL) {
    fclose(file);
  }
  return text;
}

static int config_read(const char *path, cJSON **ret_config) {
  char *text = text_read(path);
  if (text == NULL) {
    return EXIT_USAGE;
  }
  const char *end = NULL;
  cJSON *config = cJSON_ParseWithOpts(text, &end, true);
  int status = EXIT_DONE;
  if (!cJSON_IsObject(config)) {
    fprintf(stderr, "qanat test-stage: %s: not a JSON object from byte %td on\n", path,
            end != NULL ? end - text : (ptrdiff_t)0);
    cJSON_Delete(config);
    status = EXIT_USAGE;
  } else {
    *ret_config = config;
  }
  free(text);
  return status;
}

/* The folder of a file, to be freed; NULL: no memory. */
static char *folder_of(const char *path) {
  char absolute[PATH_MAX];
  if (realpath(path, absolute) == NULL) {
    return strdup(".");
  }
  char *slash = strrchr(absolute, '/');
  slash[slash == absolute ? 1 : 0] = '\0';
  return strdup(absolute);
}

/* --- the answer --- */

/* NAME.findings in the working directory. */
static void out_default(const char *path, char *ret_folder, size_t capacity) {
  const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
  const char *dot = strrchr(name, '.');
  int len = dot != NULL && dot != name ? (int)(dot - name) : (int)strlen(name);
  snprintf(ret_folder, capacity, "%.*s.findings", len < NAME_MAX - 16 ? len : NAME_MAX - 16, name);
}

/* A stage that cannot be created has broken no rule, and has not been checked either. */
static int unchecked(const report *found) {
  const check_result *one = report_unchecked(found);
  if (one == NULL) {
    return EXIT_DONE;
  }
  fprintf(stderr, "qanat test-stage: stage \"%s\" was not checked: %s; give it a configuration with --config FILE\n",
          one->stage, one->skipped);
  return EXIT_USAGE;
}

static int answer(const test_stage_options *options, const conformance_options *what, report *found) {
  char folder[NAME_MAX + 1];
  qn_error error = { 0 };
  int status = found->n_findings > 0 ? EXIT_FAILED : unchecked(found);
  out_default(what->path, folder, sizeof folder);
  const char *out = options->out != NULL ? options->out : folder;
  if (options->reproduce == NULL && strcmp(out, "-") != 0 &&
      reproducer_write_all(found, out, what->config, what->is_long, &error) != 0) {
    status = refuse(&error);
  }
  if (options->json) {
    int wrote = answer_json("test-stage", report_json(found));
    return wrote == EXIT_DONE ? status : wrote;
  }
  report_print(found, stdout, options->verbose);
  return answer_end("test-stage", status);
}

static int check(const test_stage_options *options, const conformance_options *what) {
  report found;
  manifest *read = NULL;
  qn_error error = { 0 };
  if (conformance_run(what, &found, &read, &error) != 0) {
    return refuse(&error);
  }
  int status = answer(options, what, &found);
  report_done(&found);
  manifest_free(read);
  return status;
}

static uint32_t limit_of(const test_stage_options *options, bool is_long) {
  uint64_t limit_s = options->limit_s > 0 ? options->limit_s : is_long ? LIMIT_LONG_S : LIMIT_S;
  return (uint32_t)(limit_s * 1000);
}

static int check_file(const test_stage_options *options, const argument_list *given) {
  cJSON *config = NULL;
  char *folder = NULL;
  int status = options->config != NULL ? config_read(options->config, &config) : EXIT_DONE;
  if (status == EXIT_DONE) {
    folder = options->config != NULL ? folder_of(options->config) : NULL;
    const conformance_options what = { .path = given->items[0],
                                       .stage = given->n > 1 ? given->items[1] : NULL,
                                       .check = options->check,
                                       .config = config,
                                       .base_folder = folder,
                                       .seed = options->seed,
                                       .is_long = options->is_long,
                                       .limit_ms = limit_of(options, options->is_long) };
    status = check(options, &what);
  }
  free(folder);
  cJSON_Delete(config);
  return status;
}

static int check_again(const test_stage_options *options, const argument_list *given) {
  reproducer from;
  qn_error error = { 0 };
  if (reproducer_read(options->reproduce, &from, &error) != 0) {
    return refuse(&error);
  }
  const sample only = { .number = from.document, .bytes = from.bytes, .len = from.len };
  char *folder = folder_of(options->reproduce);
  const conformance_options what = { .path = given->n > 0 ? given->items[0] : from.plugin,
                                     .stage = from.stage,
                                     .check = from.check != NULL && from.check[0] != '\0' ? from.check : NULL,
                                     .config = from.config,
                                     .base_folder = folder,
                                     .seed = from.seed,
                                     .is_long = from.is_long,
                                     .limit_ms = limit_of(options, from.is_long),
                                     .only = from.document != NO_DOCUMENT ? &only : NULL };
  int status = check(options, &what);
  free(folder);
  reproducer_done(&from);
  return status;
}

static int test_stage(const test_stage_options *options, const argument_list *given) {
  if (options->rules) {
    rule_print_all(stdout);
    return answer_end("test-stage", EXIT_DONE);
  }
  if (options->reproduce != NULL) {
    return check_again(options, given);
  }
  if (given->n == 0) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  if (options->config != NULL && given->n < 2) {
    return arguments_refuse("test-stage", "--config is of one stage: name it behind the file");
  }
  return check_file(options, given);
}

int command_test_stage(int argc, char **argv) {
  test_stage_options options = { .seed = 1 };
  const argument_option table[] = {
    { .name = "config", .string = &options.config },
    { .name = "seed", .number = &options.seed, .most = UINT64_MAX },
    { .name = "check", .string = &options.check },
    { .name = "long", .flag = &options.is_long },
    { .name = "limit", .number = &options.limit_s, .least = 1, .most = LIMIT_MOST_S },
    { .name = "out", .string = &options.out },
    { .name = "reproduce", .string = &options.reproduce },
    { .name = "rules", .flag = &options.rules },
    { .name = "json", .flag = &options.json },
    { .name = "verbose", .letter = 'v', .flag = &options.verbose },
  };
  arguments given = { .command = "test-stage",
                      .print_help = print_help,
                      .options = table,
                      .n_options = sizeof table / sizeof table[0],
                      .operand = "plugin and stage",
                      .most_operands = 2 };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    status = test_stage(&options, &given.operands);
  }
  arguments_done(&given);
  return status;
}
