/* SPDX-License-Identifier: Apache-2.0 */

/* Checks a pipeline as `qanat check` does, with nothing installed but the plugins of one folder, so that the golden
 * cases do not change with what else is there.
 * Usage: check_pipeline FOLDER [--json] [--look] [--set X] [-o X] PIPELINE [INPUT...], or check_pipeline FOLDER --schema */
#include <stdio.h>
#include <string.h>

#include "pipeline/plan.h"
#include "plugin/registry.h"

enum { ARGUMENTS_MAX = 64 };

typedef struct arguments {
  bool json, schema;
  const char *pipeline;
  const char *sets[ARGUMENTS_MAX];
  const char *inputs[ARGUMENTS_MAX];
  plan_options options;
} arguments;

static void arguments_read(arguments *a, int argc, char **argv) {
  for (int i = 2; i < argc && a->options.n_sets < ARGUMENTS_MAX && a->options.n_inputs < ARGUMENTS_MAX; i++) {
    if (strcmp(argv[i], "--json") == 0) {
      a->json = true;
    } else if (strcmp(argv[i], "--look") == 0) {
      a->options.to_look_at = true;
    } else if (strcmp(argv[i], "--schema") == 0) {
      a->schema = true;
    } else if (strcmp(argv[i], "--set") == 0 && i + 1 < argc) {
      a->sets[a->options.n_sets++] = argv[++i];
    } else if (strcmp(argv[i], "-o") == 0 && i + 1 < argc) {
      a->options.output = argv[++i];
    } else if (a->pipeline == NULL) {
      a->pipeline = argv[i];
    } else {
      a->inputs[a->options.n_inputs++] = argv[i];
    }
  }
  a->options.sets = a->sets;
  a->options.inputs = a->inputs;
}

static void print_json(cJSON *json) {
  char *text = cJSON_Print(json);
  puts(text == NULL ? "no memory" : text);
  cJSON_free(text);
  cJSON_Delete(json);
}

static void print(const arguments *a, const plan *made, const faults *found) {
  if (a->json) {
    print_json(made != NULL ? plan_json(made) : faults_json(found));
  } else if (made != NULL) {
    plan_print(made, stdout);
  } else {
    faults_print(found, stdout, false);
  }
}

static int check(const arguments *a, const registry *installed) {
  faults *found = NULL;
  plan *made = NULL;
  if (a->schema) {
    print_json(plan_file_schema(installed));
    return 0;
  }
  if (a->pipeline == NULL || faults_new(&found) != 0) {
    fputs("check_pipeline: no pipeline given\n", stderr);
    return 1;
  }
  int result = plan_make(a->pipeline, installed, &a->options, &made, found);
  print(a, made, found);
  bool consistent = (result == 0) == (made != NULL) && (result == 0) == (faults_count(found) == 0);
  plan_free(made);
  faults_free(found);
  return !consistent ? 1 : result == 0 ? 0 : 2;
}

int main(int argc, char **argv) {
  arguments a = { 0 };
  registry *installed = NULL;
  qn_error error = { 0 };
  arguments_read(&a, argc, argv);
  const char *folders[] = { argc > 1 ? argv[1] : "." };
  const registry_options search = { .folders = folders, .n_folders = 1, .only_folders = true };
  if (registry_new(&search, &installed, &error) != 0) {
    fprintf(stderr, "check_pipeline: %s\n", error.message);
    return 1;
  }
  int status = check(&a, installed);
  registry_free(installed);
  return status;
}
