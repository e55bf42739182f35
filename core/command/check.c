/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat check`: everything that is wrong with a pipeline, or its plan. Nothing runs, no plugin is loaded. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "pipeline/plan.h"
#include "plugin/config.h"
#include "plugin/registry.h"

enum { OPTION_HELP = 'h', OPTION_SET = 256, OPTION_PLUGINS, OPTION_JSON, OPTION_SCHEMA, OPTION_WRITABLE };

static const struct option long_options[] = {
  { "set", required_argument, NULL, OPTION_SET },
  { "plugins", required_argument, NULL, OPTION_PLUGINS },
  { "json", no_argument, NULL, OPTION_JSON },
  { "schema", no_argument, NULL, OPTION_SCHEMA },
  { "allow-writable-plugins", no_argument, NULL, OPTION_WRITABLE },
  { "help", no_argument, NULL, OPTION_HELP },
  { NULL, 0, NULL, 0 },
};

enum { N_LONG_OPTIONS = sizeof long_options / sizeof long_options[0] - 1 };

typedef struct check_options {
  bool json, help, schema, allow_writable;
  uint32_t n_folders, n_sets, n_paths;
  const char **folders, **sets; /* owned; room for all arguments each */
  char **paths;
} check_options;

static void print_help(FILE *stream) {
  fputs("usage: qanat check [OPTION...] PIPELINE...\n"
        "       qanat check --schema\n\n"
        "Says everything that is wrong with a pipeline file, all at once, or prints its plan.\n"
        "Reads the manifests of plugins and runs none of their code.\n\n"
        "      --set PATH=VALUE   changes a value first, as 'qanat run' does: stages.summarize.with.sentences=5; "
        "repeatable\n"
        "      --json             for programs: an object for each pipeline, with \"faults\" or \"plan\"\n"
        "      --schema           prints the JSON Schema of pipeline files, with the installed stages, for editors\n"
        "      --plugins FOLDER   looks there for plugins first; repeatable (also: QANAT_PLUGIN_PATH)\n"
        "      --allow-writable-plugins\n"
        "                         takes plugin files that others than their owner may write\n"
        "  -h, --help             this\n\n"
        "exit status: 0 all is well, 2 something is wrong with a pipeline or the command line\n",
        stream);
}

static int refuse_option(const char *argument) {
  const char *names[N_LONG_OPTIONS];
  for (int i = 0; i < N_LONG_OPTIONS; i++) {
    names[i] = long_options[i].name;
  }
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
  const char *near = strncmp(name, "--", 2) == 0 ? config_nearest(name + 2, names, N_LONG_OPTIONS) : NULL;
  fprintf(stderr, "qanat check: there is no option '%s'", name);
  if (near != NULL) {
    fprintf(stderr, "; did you mean '--%s'?", near);
  }
  fputs("\n'qanat check --help' lists the options.\n", stderr);
  return EXIT_USAGE;
}

static void take(check_options *options, int option, const char *value) {
  switch (option) {
  case OPTION_SET:
    options->sets[options->n_sets++] = value;
    break;
  case OPTION_PLUGINS:
    options->folders[options->n_folders++] = value;
    break;
  case OPTION_JSON:
    options->json = true;
    break;
  case OPTION_SCHEMA:
    options->schema = true;
    break;
  case OPTION_WRITABLE:
    options->allow_writable = true;
    break;
  default:
    options->help = true;
    break;
  }
}

/* EXIT_DONE, or EXIT_USAGE after saying why. */
static int options_parse(int argc, char **argv, check_options *options) {
  int option;
  optind = 0; /* glibc: starts afresh */
  opterr = 0;
  while ((option = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
    if (option == ':') {
      fprintf(stderr, "qanat check: %s needs a value; see 'qanat check --help'\n", argv[optind - 1]);
      return EXIT_USAGE;
    }
    if (option == '?') {
      return refuse_option(argv[optind - 1]);
    }
    take(options, option, optarg);
  }
  options->paths = argv + optind;
  options->n_paths = (uint32_t)(argc - optind);
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

static int obey(int argc, char **argv, check_options *options) {
  int status = options_parse(argc, argv, options);
  if (status != EXIT_DONE) {
    return status;
  }
  if (options->help) {
    print_help(stdout);
    return EXIT_DONE;
  }
  if (options->n_paths == 0 && !options->schema) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  return check_installed(options);
}

int command_check(int argc, char **argv) {
  check_options options = { .folders = calloc((size_t)argc, sizeof *options.folders),
                            .sets = calloc((size_t)argc, sizeof *options.sets) };
  int status = EXIT_FAILED;
  if (options.folders != NULL && options.sets != NULL) {
    status = obey(argc, argv, &options);
  } else {
    fputs("qanat check: no memory\n", stderr);
  }
  free(options.folders);
  free(options.sets);
  return status;
}
