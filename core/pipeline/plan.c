/* SPDX-License-Identifier: Apache-2.0 */

/* From a pipeline file to a plan: read, override, substitute, check everything, and only then build. */
#include "pipeline/plan.h"

#include <errno.h>
#include <string.h>

#include "pipeline/draft.h"
#include "pipeline/faults.h"
#include "pipeline/memory.h"
#include "pipeline/overrides.h"
#include "pipeline/pipeline_file.h"
#include "pipeline/substitute.h"

/* --- checking --- */

/* Every check runs, whatever the ones before it found; only an order can't be followed if there is none. */
static int check(draft *drafted, schema_set *schemas, bool to_run, uint32_t **ret_order) {
  bool ordered = false;
  int result = draft_connect(drafted, ret_order, &ordered);
  if (result == 0 && ordered) {
    result = draft_wire(drafted, *ret_order, schemas);
  }
  if (result == 0) {
    draft_check_isolation(drafted);
  }
  if (result == 0 && to_run) {
    draft_check_support(drafted);
  }
  return result;
}

/* --- the whole --- */

static int make(pipeline_file *file, const registry *installed, const plan_options *options, plan *self) {
  static const plan_options none = { 0 };
  const plan_options *wanted = options == NULL ? &none : options;
  draft drafted = { 0 };
  uint32_t *order = NULL;
  int result = overrides_apply(file, installed, wanted);
  if (result == 0) {
    result = substitute_all(file);
  }
  if (result == 0) {
    result = draft_read(file, installed, &drafted);
  }
  if (result == 0) {
    result = check(&drafted, self->schemas, !wanted->to_look_at, &order);
  }
  if (result == 0 && faults_count(file->faults) > 0) {
    result = -EINVAL;
  }
  return result != 0 ? result : draft_build(&drafted, order, self);
}

/* Takes over what the plan's stages point into: names and conditions live in the file's tree. */
static int adopt(plan *self, pipeline_file *file) {
  cJSON *root = file->root;
  file->root = NULL;
  return plan_memory_adopt(self->memory, root);
}

static int plan_new(plan **ret_plan) {
  plan_memory *memory = NULL;
  int result = plan_memory_new(&memory);
  if (result != 0) {
    return result;
  }
  plan *made = plan_memory_take(memory, 1, sizeof *made);
  if (made == NULL) {
    plan_memory_free(memory);
    return -ENOMEM;
  }
  made->memory = memory;
  result = schema_set_new(&made->schemas);
  if (result != 0) {
    plan_memory_free(memory);
    return result;
  }
  *ret_plan = made;
  return 0;
}

/* text NULL: read path. */
static int plan_from(const char *path, const char *text, size_t len, const registry *installed,
                     const plan_options *options, plan **ret_plan, faults *found) {
  plan *made = NULL;
  int result = plan_new(&made);
  if (result != 0) {
    faults_add_file(found, path, "out of memory");
    return result;
  }
  pipeline_file file = { 0 };
  result = text == NULL ? pipeline_file_read(&file, path, made->memory, found)
                        : pipeline_file_parse(&file, path, text, len, made->memory, found);
  if (result == 0) {
    result = make(&file, installed, options, made);
  }
  if (result == 0) {
    result = adopt(made, &file);
  }
  pipeline_file_done(&file);
  if (result == 0) {
    *ret_plan = made;
    return 0;
  }
  if (faults_count(found) == 0) {
    faults_add_file(found, path, "can't be checked: %s", strerror(-result));
  }
  plan_free(made);
  return result == -E2BIG ? -EINVAL : result;
}

int plan_make(const char *path, const registry *installed, const plan_options *options, plan **ret_plan,
              faults *found) {
  return plan_from(path, NULL, 0, installed, options, ret_plan, found);
}

int plan_parse(const char *path, const char *text, size_t len, const registry *installed, const plan_options *options,
               plan **ret_plan, faults *found) {
  return plan_from(path, text, len, installed, options, ret_plan, found);
}

void plan_free(plan *self) {
  if (self == NULL) {
    return;
  }
  schema_set_free(self->schemas);
  plan_memory_free(self->memory); /* the plan itself lives in it */
}

/* --- showing a configuration --- */

cJSON *plan_config_shown(const plan_stage *stage) {
  cJSON *copy = cJSON_Duplicate(stage->config, 1);
  for (uint32_t i = 0; copy != NULL && i < stage->n_secrets; i++) {
    cJSON *secret = pipeline_file_value(copy, stage->secrets[i]);
    if (!cJSON_IsString(secret) || cJSON_SetValuestring(secret, "[secret]") == NULL) {
      cJSON_Delete(copy);
      return NULL; /* no memory to find or to mask it: rather nothing than a secret */
    }
  }
  return copy;
}
