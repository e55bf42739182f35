/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as a pipeline file: a plan or faults, and both can be printed.
 *
 * The first line may be arguments of the command line: "--set PATH=VALUE" or "-o NAME", separated by tabs. What is
 * installed are the planner's test plugins, if QANAT_BUILD_ROOT or the build says where they are, else nothing. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/plan.h"
#include "plugin/registry.h"

enum { SETS_MAX = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static registry *installed;
static FILE *nowhere;

static void world_open(void) {
  const char *root = getenv("QANAT_BUILD_ROOT");
#ifdef FUZZ_BUILD_ROOT
  root = root == NULL ? FUZZ_BUILD_ROOT : root;
#endif
  char folder[4096];
  snprintf(folder, sizeof folder, "%s/tests/golden/plugins", root == NULL ? "." : root);
  const char *folders[] = { folder };
  const registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true };
  const registry_options empty = { .only_folders = true };
  qn_error error = { 0 };
  if (registry_new(&options, &installed, &error) != 0 && registry_new(&empty, &installed, &error) != 0) {
    abort();
  }
  nowhere = fopen("/dev/null", "w");
  /* Substitution must find the same wherever the fuzzer runs. */
  clearenv();
  setenv("SET", "7", 1);
  setenv("EMPTY", "", 1);
}

/* Takes the arguments off the first line, which ends in a newline and begins with a dash; they are cut apart in place. */
static char *arguments_take(char *text, const char **sets, plan_options *options) {
  char *end = text[0] == '-' ? strchr(text, '\n') : NULL;
  if (end == NULL) {
    return text;
  }
  *end = '\0';
  char *rest = NULL;
  for (char *word = strtok_r(text, "\t", &rest); word != NULL; word = strtok_r(NULL, "\t", &rest)) {
    if (strncmp(word, "--set ", 6) == 0 && options->n_sets < SETS_MAX) {
      sets[options->n_sets++] = word + 6;
    } else if (strncmp(word, "-o ", 3) == 0) {
      options->output = word + 3;
    }
  }
  options->sets = sets;
  return end + 1;
}

static void check_plan(const plan *made) {
  assert(made->n_stages >= 2 && made->n_segments >= 3 && made->n_sinks >= 1);
  for (uint32_t i = 0; i < made->n_stages; i++) {
    const plan_stage *stage = &made->stages[i];
    assert(stage->id != NULL && stage->info != NULL && stage->config != NULL && stage->segment < made->n_segments);
    for (uint32_t k = 0; k < stage->layout.n_layers; k++) {
      assert(stage->layout.layer_slot[k] == 255 || stage->layout.layer_slot[k] < schema_set_count(made->schemas));
    }
    for (uint32_t k = 0; k < stage->n_from; k++) {
      assert(stage->from[k] < i);
    }
  }
  plan_print(made, nowhere);
  cJSON_Delete(plan_json(made));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  if (installed == NULL) {
    world_open();
  }
  char *text = malloc(len + 1);
  faults *found = NULL;
  plan *made = NULL;
  if (text == NULL || faults_new(&found) != 0) {
    abort();
  }
  memcpy(text, data, len);
  text[len] = '\0';
  const char *sets[SETS_MAX];
  plan_options options = { 0 };
  char *json = arguments_take(text, sets, &options);
  int result = plan_parse("fuzz.json", json, len - (size_t)(json - text), installed, &options, &made, found);
  assert((result == 0) == (made != NULL));
  assert((result == 0) == (faults_count(found) == 0));
  if (made != NULL) {
    check_plan(made);
  } else {
    assert(result == -EINVAL);
    faults_print(found, nowhere, true);
    cJSON_Delete(faults_json(found));
  }
  plan_free(made);
  faults_free(found);
  free(text);
  return 0;
}
