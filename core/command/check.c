/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat check`: everything that is wrong with a pipeline, or its plan. Nothing runs, no plugin is loaded. */
#include <stdbool.h>
#include <stdio.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"
#include "pipeline/plan.h"

typedef struct check_options {
  bool json, schema;
  plugin_arguments plugins;
  argument_list sets;
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
  return answer_json("check", json);
}

static int check_one(const check_options *options, const registry *installed, const char *path) {
  const plan_options changes = { .sets = options->sets.items, .n_sets = options->sets.n };
  faults *found = NULL;
  plan *made = NULL;
  if (faults_new(&found) != 0) {
    return arguments_no_memory("check");
  }
  int status = plan_make(path, installed, &changes, &made, found) == 0 ? EXIT_DONE : EXIT_USAGE;
  if (options->json) {
    status = report_json(path, made, found) == EXIT_DONE ? status : EXIT_FAILED;
  } else if (made != NULL) {
    plan_print(made, stdout);
  } else {
    answer_faults(path, found);
  }
  plan_free(made);
  faults_free(found);
  return status;
}

static int check_all(const check_options *options, const argument_list *paths, const registry *installed) {
  int status = EXIT_DONE;
  if (options->schema) {
    return answer_json("check", plan_file_schema(installed));
  }
  for (uint32_t i = 0; i < paths->n; i++) {
    if (i > 0 && !options->json) {
      putchar('\n');
    }
    int one = check_one(options, installed, paths->items[i]);
    status = one > status ? one : status;
  }
  return status;
}

static int check_installed(const check_options *options, const argument_list *paths) {
  registry *installed = NULL;
  if (paths->n == 0 && !options->schema) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  int status = arguments_open_registry("check", &options->plugins, &installed);
  if (status == EXIT_DONE) {
    status = answer_end("check", check_all(options, paths, installed));
  }
  registry_free(installed);
  return status;
}

int command_check(int argc, char **argv) {
  check_options options = { 0 };
  const argument_option table[] = {
    { .name = "set", .list = &options.sets },
    { .name = "plugins", .list = &options.plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "allow-writable-plugins", .flag = &options.plugins.allow_writable },
    { .name = "json", .flag = &options.json },
    { .name = "schema", .flag = &options.schema },
  };
  arguments given = {
    .command = "check", .print_help = print_help, .options = table, .n_options = sizeof table / sizeof table[0]
  };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    status = check_installed(&options, &given.operands);
  }
  argument_list_done(&options.sets);
  argument_list_done(&options.plugins.folders);
  arguments_done(&given);
  return status;
}
