/* SPDX-License-Identifier: Apache-2.0 */

/* A case is a run of its own, of one worker and at a time that stands still, so that it comes out the same every time. */
#include "command/case_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/case_inputs.h"
#include "command/case_result.h"
#include "command/case_stub.h"
#include "command/time_text.h"
#include "observe/log.h"
#include "runtime/runtime.h"

enum { SETS_MAX = 512 };
static const int64_t standard_now_ms = INT64_C(1767225600000); /* 2026-01-01 */

/* What a case needs from its beginning to its end. */
typedef struct world {
  const case_options *options;
  const case_file *file;
  const cJSON *json;
  plan *plan;
  case_inputs inputs;
  case_letters letters;
  const qn_stage *tables[PLAN_STAGES_MAX];
  case_source sources[PLAN_STAGES_MAX]; /* by stage, as the next two */
  case_sink sinks[PLAN_STAGES_MAX];
  case_stub stubs[PLAN_STAGES_MAX];
  runtime *runtime;
} world;

static const cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static void say(char **why, const char *text) {
  free(*why);
  *why = strdup(text);
}

/* --- the plan --- */

/* Adds "path=value" for each of the object's members. */
static int add_sets(const cJSON *object, char **sets, uint32_t *n) {
  const cJSON *each;
  cJSON_ArrayForEach(each, object) {
    char *value = *n < SETS_MAX ? cJSON_PrintUnformatted(each) : NULL;
    int rc = value != NULL ? asprintf(&sets[*n], "%s=%s", each->string, value) : -1;
    cJSON_free(value);
    if (rc < 0) {
      return *n < SETS_MAX ? -ENOMEM : -E2BIG;
    }
    (*n)++;
  }
  return 0;
}

static void tell_faults(const faults *found, char **why) {
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  if (stream != NULL) {
    faults_print(found, stream, false);
    fclose(stream);
  }
  free(*why);
  *why = text;
}

static int plan_with(world *self, const char *const *sets, uint32_t n_sets, char **why) {
  char *path = case_file_path(self->file, member(self->file->root, "pipeline")->valuestring);
  faults *found = NULL;
  int rc = path != NULL ? faults_new(&found) : -ENOMEM;
  if (rc == 0) {
    const plan_options changes = { .sets = sets, .n_sets = n_sets };
    rc = plan_make(path, self->options->registry, &changes, &self->plan, found);
  }
  if (rc != 0 && found != NULL) {
    tell_faults(found, why);
  }
  faults_free(found);
  free(path);
  return rc;
}

static int make_plan(world *self, char **why) {
  char *sets[SETS_MAX];
  uint32_t n = 0;
  int rc = add_sets(member(self->file->root, "set"), sets, &n);
  rc = rc == 0 ? add_sets(member(self->json, "set"), sets, &n) : rc;
  if (rc == 0) {
    rc = plan_with(self, (const char *const *)sets, n, why);
  } else if (rc == -E2BIG) {
    say(why, "more than 512 values to set");
  }
  for (uint32_t i = 0; i < n; i++) {
    free(sets[i]);
  }
  return rc;
}

/* --- stages --- */

static bool has_stub(const world *self, const plan_stage *stage) {
  const cJSON *stub;
  cJSON_ArrayForEach(stub, member(self->json, "stubs")) {
    if (strcmp(member(stub, "stage")->valuestring, stage->id) == 0) {
      return true;
    }
  }
  return false;
}

/* A test must come out the same without the world around it. */
static int check_needs(const plan_stage *stage, qn_error *error) {
  for (uint32_t i = 0; i < stage->info->n_needs; i++) {
    if (strcmp(stage->info->needs[i], "network") == 0) {
      return error_set(error, -EINVAL, "needs-network",
                       "stage \"%s\" needs the network, which tests do not use; give it a stub", stage->id);
    }
  }
  return 0;
}

static int put_stage(world *self, uint32_t index, qn_error *error) {
  plan_stage *stage = &self->plan->stages[index];
  stage->retry.delay_ms = stage->retry.delay_ms > 0; /* nobody waits for a service that is a stub */
  stage->retry.delay_max_ms = stage->retry.delay_ms;
  switch (stage->info->role) {
  case ROLE_SOURCE:
    case_source_init(&self->sources[index], self->plan, index, self->inputs.all, self->inputs.n);
    self->tables[index] = &case_source_table;
    return 0;
  case ROLE_SINK:
    self->tables[index] = &case_sink_table;
    return case_sink_init(&self->sinks[index], self->plan, index);
  case ROLE_TRANSFORM:
    break;
  }
  if (has_stub(self, stage)) {
    case_stub_init(&self->stubs[index], self->plan, stage, member(self->json, "stubs"));
    self->tables[index] = &case_stub_table;
    return 0;
  }
  int rc = check_needs(stage, error);
  return rc == 0 ? registry_load(self->options->registry, stage->info, &self->tables[index], error) : rc;
}

static int check_stubs(const world *self, qn_error *error) {
  const cJSON *stub;
  cJSON_ArrayForEach(stub, member(self->json, "stubs")) {
    const char *id = member(stub, "stage")->valuestring;
    bool found = false;
    for (uint32_t i = 0; i < self->plan->n_stages; i++) {
      const plan_stage *stage = &self->plan->stages[i];
      found = found || (stage->info->role == ROLE_TRANSFORM && strcmp(stage->id, id) == 0);
    }
    if (!found) {
      return error_set(error, -EINVAL, "stub",
                       "there is a stub for \"%.100s\", which is no stage of the pipeline between "
                       "its sources and its sinks",
                       id);
    }
  }
  return 0;
}

static int put_stages(world *self, qn_error *error) {
  int rc = check_stubs(self, error);
  for (uint32_t i = 0; rc == 0 && i < self->plan->n_stages; i++) {
    rc = put_stage(self, i, error);
  }
  return rc;
}

/* --- the run --- */

static void on_log(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  const world *self = arg;
  if (self->options->verbose) {
    log_target target = log_target_standard();
    log_write(&target, level, stage, text, len);
  }
}

static int64_t now_of(const world *self) {
  const cJSON *now = member(self->json, "now");
  now = now != NULL ? now : member(self->file->root, "now");
  int64_t ms = standard_now_ms;
  if (now != NULL) {
    time_text_read(now->valuestring, &ms);
  }
  return ms;
}

static int run(world *self, cJSON **ret_result, qn_error *error) {
  const runtime_options options = { .n_workers = 1,
                                    .frozen = true,
                                    .now_ms = now_of(self),
                                    .log = on_log,
                                    .arg = self,
                                    .letters = &self->letters.store,
                                    .unisolated = true };
  int rc = runtime_new(self->plan, self->tables, &options, &self->runtime, error);
  if (rc != 0) {
    return rc;
  }
  qn_error stop = { 0 };
  int ended = runtime_run(self->runtime, &stop);
  const case_outcome outcome = { .plan = self->plan,
                                 .runtime = self->runtime,
                                 .inputs = self->inputs.all,
                                 .n_inputs = self->inputs.n,
                                 .sinks = self->sinks,
                                 .letters = &self->letters,
                                 .stop = ended != 0 ? &stop : NULL };
  cJSON *result = case_result_json(&outcome);
  if (result == NULL) {
    return -ENOMEM;
  }
  *ret_result = result;
  return 0;
}

static void world_free(world *self) {
  if (self == NULL) {
    return;
  }
  runtime_free(self->runtime);
  for (uint32_t i = 0; i < PLAN_STAGES_MAX; i++) {
    case_sink_done(&self->sinks[i]);
  }
  case_letters_done(&self->letters);
  case_inputs_done(&self->inputs);
  plan_free(self->plan);
  free(self);
}

int case_run(const case_options *options, const case_file *file, const cJSON *json, cJSON **ret_result,
             char **ret_why) {
  world *self = calloc(1, sizeof *self);
  char *why = NULL;
  qn_error error = { 0 };
  int rc = -ENOMEM;
  if (self != NULL) {
    self->options = options;
    self->file = file;
    self->json = json;
    rc = case_letters_init(&self->letters);
    rc = rc == 0 ? make_plan(self, &why) : rc;
    rc = rc == 0 ? case_inputs_read(file, self->plan, json, &self->inputs, &error) : rc;
    rc = rc == 0 ? put_stages(self, &error) : rc;
    rc = rc == 0 ? run(self, ret_result, &error) : rc;
  }
  if (rc != 0 && why == NULL) {
    say(&why, error.message[0] != '\0' ? error.message : strerror(-rc));
  }
  *ret_why = why;
  world_free(self);
  return rc;
}
