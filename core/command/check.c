/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat check`: everything that is wrong with a pipeline, or its plan. Nothing runs, no plugin is loaded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "pipeline/plan.h"
#include "plugin/registry.h"

enum { FOLDERS_MAX = 64, SETS_MAX = 256 };

typedef struct check_options {
  bool json, help, schema, allow_writable;
  uint32_t n_folders, n_sets, n_paths;
  const char *folders[FOLDERS_MAX];
  const char *sets[SETS_MAX];
  const char **paths;
} check_options;

static void print_help(FILE *stream) {
  fputs("usage: qanat check [--json] [--set PATH=VALUE]... [--plugins FOLDER]... PIPELINE...\n"
        "       qanat check --schema\n\n"
        "Says everything that is wrong with a pipeline file, all at once, or prints its plan.\n"
        "Reads the manifests of plugins and runs none of their code.\n\n"
        "  --set PATH=VALUE   changes a value first, as with 'qanat run': stages.summarize.with.sentences=5\n"
        "  --json             for programs: an object for each pipeline, with \"faults\" or \"plan\"\n"
        "  --schema           prints the JSON Schema of pipeline files, with the installed stages, for editors\n"
        "  --plugins FOLDER   looks there first; may be repeated (also: QANAT_PLUGIN_PATH)\n"
        "  --allow-writable-plugins\n"
        "                     takes plugin files that others than their owner may write\n\n"
        "exit status: 0 all is well, 2 something is wrong with a pipeline or the command line\n",
        stream);
}

/* Takes the value of an option at *at into list; EXIT_DONE or EXIT_USAGE. */
static int value_take(int argc, char **argv, int *at, const char **list, uint32_t *n_list, uint32_t capacity) {
  if (*at + 1 == argc || *n_list == capacity) {
    fprintf(stderr, "qanat check: %s needs a value, and at most %u can be given\n", argv[*at], capacity);
    return EXIT_USAGE;
  }
  list[(*n_list)++] = argv[++*at];
  return EXIT_DONE;
}

/* Takes the argument at *at in; EXIT_DONE or EXIT_USAGE. */
static int argument_take(check_options *options, int argc, char **argv, int *at) {
  const char *argument = argv[*at];
  if (strcmp(argument, "--set") == 0) {
    return value_take(argc, argv, at, options->sets, &options->n_sets, SETS_MAX);
  }
  if (strcmp(argument, "--plugins") == 0) {
    return value_take(argc, argv, at, options->folders, &options->n_folders, FOLDERS_MAX);
  }
  if (strcmp(argument, "--json") == 0) {
    options->json = true;
  } else if (strcmp(argument, "--schema") == 0) {
    options->schema = true;
  } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
    options->help = true;
  } else if (strcmp(argument, "--allow-writable-plugins") == 0) {
    options->allow_writable = true;
  } else if (argument[0] == '-' && argument[1] != '\0') {
    fprintf(stderr, "qanat check: there is no option '%s'; see 'qanat check --help'\n", argument);
    return EXIT_USAGE;
  } else {
    options->paths[options->n_paths++] = argument;
  }
  return EXIT_DONE;
}

static int print_json(cJSON *json) {
  char *text = json != NULL ? cJSON_Print(json) : NULL;
  cJSON_Delete(json);
  if (text == NULL) {
    fputs("qanat check: no memory\n", stderr);
    return EXIT_FAILED;
  }
  puts(text);
  cJSON_free(text);
  return EXIT_DONE;
}

/* {"file": ..., "plan": {...}} or {"file": ..., "faults": [...]} */
static int report_json(const char *path, const plan *made, const faults *found) {
  cJSON *json = cJSON_CreateObject();
  cJSON *part = made != NULL ? plan_json(made) : faults_json(found);
  if (json == NULL || part == NULL || cJSON_AddStringToObject(json, "file", path) == NULL ||
      !cJSON_AddItemToObject(json, made != NULL ? "plan" : "faults", part)) {
    cJSON_Delete(part);
    cJSON_Delete(json);
    json = NULL;
  }
  return print_json(json);
}

static void report_text(const char *path, const plan *made, const faults *found) {
  if (made != NULL) {
    plan_print(made, stdout);
    return;
  }
  uint32_t n = faults_count(found);
  faults_print(found, stderr, isatty(STDERR_FILENO) == 1);
  fprintf(stderr, "%s: %u fault%s\n", path, n, n == 1 ? "" : "s");
}

static int check_one(const check_options *options, const registry *installed, const char *path) {
  const plan_options changes = { .sets = options->sets, .n_sets = options->n_sets };
  faults *found = NULL;
  plan *made = NULL;
  if (faults_new(&found) != 0) {
    fputs("qanat check: no memory\n", stderr);
    return EXIT_FAILED;
  }
  int status = plan_make(path, installed, &changes, &made, found) == 0 ? EXIT_DONE : EXIT_USAGE;
  if (!options->json) {
    report_text(path, made, found);
  } else if (report_json(path, made, found) != EXIT_DONE) {
    status = EXIT_FAILED;
  }
  plan_free(made);
  faults_free(found);
  return status;
}

static int check_all(const check_options *options, const registry *installed) {
  int status = EXIT_DONE;
  if (options->schema) {
    return print_json(plan_file_schema(installed));
  }
  for (uint32_t i = 0; i < options->n_paths; i++) {
    if (i > 0 && !options->json) {
      putchar('\n');
    }
    int one = check_one(options, installed, options->paths[i]);
    status = one > status ? one : status;
  }
  return status;
}

static int check_installed(const check_options *options) {
  const registry_options search = { .folders = options->folders,
                                    .n_folders = options->n_folders,
                                    .allow_writable = options->allow_writable };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&search, &installed, &error) != 0) {
    fprintf(stderr, "qanat check: %s\n", error.message);
    return EXIT_FAILED;
  }
  int status = check_all(options, installed);
  registry_free(installed);
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    fputs("qanat check: cannot write to standard output\n", stderr);
    return EXIT_FAILED;
  }
  return status;
}

int command_check(int argc, char **argv) {
  check_options options = { .paths = calloc((size_t)argc + 1, sizeof *options.paths) };
  int status = options.paths != NULL ? EXIT_DONE : EXIT_FAILED;
  for (int at = 1; at < argc && status == EXIT_DONE; at++) {
    status = argument_take(&options, argc, argv, &at);
  }
  if (status == EXIT_DONE && options.help) {
    print_help(stdout);
  } else if (status == EXIT_DONE && options.n_paths == 0 && !options.schema) {
    print_help(stderr);
    status = EXIT_USAGE;
  } else if (status == EXIT_DONE) {
    status = check_installed(&options);
  }
  free(options.paths);
  return status;
}
