/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the installed stage that a stage of the file uses, and checks its configuration against that one's schema. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pipeline/condition.h"
#include "pipeline/draft.h"
#include "pipeline/keys.h"
#include "pipeline/typed_values.h"
#include "plugin/config.h"

enum { CANDIDATES_MAX = 1024 };

/* --- the stage --- */

/* The refusal of the plugin file that bears this name, or NULL. */
static const registry_refusal *refusal_of(const registry *installed, const char *name) {
  size_t len = strlen(name);
  for (uint32_t i = 0; i < registry_n_refusals(installed); i++) {
    const registry_refusal *refusal = registry_refusal_at(installed, i);
    const char *slash = strrchr(refusal->path, '/');
    const char *base = slash == NULL ? refusal->path : slash + 1;
    if (strncmp(base, name, len) == 0 && strcmp(base + len, ".so") == 0) {
      return refusal;
    }
  }
  return NULL;
}

static void fault_unknown(draft *self, const draft_stage *stage) {
  const char *names[CANDIDATES_MAX];
  unsigned n = 0;
  for (uint32_t i = 0; i < registry_n_stages(self->registry) && n < CANDIDATES_MAX; i++) {
    const stage_info *info = registry_stage_at(self->registry, i);
    if (info->role == stage->place) {
      names[n++] = info->name;
    }
  }
  const char *pointer = draft_pointer(self, stage, "use");
  const registry_refusal *refusal = refusal_of(self->registry, stage->use);
  const char *near = config_nearest(stage->use, names, n);
  uint32_t n_refusals = registry_n_refusals(self->registry);
  if (refusal != NULL) {
    pipeline_file_fault(self->file, pointer, false, "the plugin of \"%s\" was refused: %s", stage->use,
                        refusal->error.message);
  } else if (near != NULL) {
    pipeline_file_fault(self->file, pointer, false, "no installed stage is called \"%s\"; did you mean \"%s\"?",
                        stage->use, near);
  } else if (n_refusals > 0) {
    pipeline_file_fault(self->file, pointer, false,
                        "no installed stage is called \"%s\"; `qanat stages` lists them, and why %u plugin%s refused",
                        stage->use, n_refusals, n_refusals == 1 ? " was" : "s were");
  } else {
    pipeline_file_fault(self->file, pointer, false, "no installed stage is called \"%s\"; `qanat stages` lists them",
                        stage->use);
  }
}

static void fault_misplaced(draft *self, const draft_stage *stage, const stage_info *info) {
  static const char *const roles[] = { "source", "transform", "sink" };
  static const char *const places[] = { "\"source\"", "\"stages\"", "\"sink\"" };
  pipeline_file_fault(self->file, draft_pointer(self, stage, "use"), false, "\"%s\" is a %s: it belongs under %s",
                      stage->use, roles[info->role], places[info->role]);
}

/* --- its configuration --- */

typedef struct config_context {
  draft *draft;
  const draft_stage *stage;
} config_context;

static void report_config(void *arg, const char *pointer, int at_key, const char *message) {
  config_context *context = arg;
  draft *self = context->draft;
  const char *with = draft_pointer(self, context->stage, "with");
  char *full = NULL;
  if (with == NULL || asprintf(&full, "%s%s", with, pointer) < 0) {
    pipeline_file_fault(self->file, NULL, false, "%s", message);
    return;
  }
  const file_substitution *made = pipeline_file_substitution(self->file, full);
  if (made != NULL && made->secret != NULL) {
    pipeline_file_fault(self->file, full, at_key,
                        "the text of this secret does not fit: `qanat stages %s` says what does", context->stage->use);
  } else if (context->stage->with == NULL) {
    pipeline_file_fault(self->file, draft_pointer(self, context->stage, "use"), false, "its \"with\" %s", message);
  } else {
    pipeline_file_fault(self->file, full, at_key, "%s", message);
  }
  free(full);
}

/* The same within a setting that is a condition. */
static int convert_condition(void *arg, const cJSON *value, const char *pointer) {
  (void)value;
  condition_convert(arg, pointer);
  return 0;
}

/* Where the schema wants a number or truth value and the string was nothing but ${...}, makes it one. */
static void convert_substituted(draft *self, const draft_stage *stage, const stage_info *info, const char *with) {
  for (uint32_t i = 0; i < self->file->n_substitutions; i++) {
    const file_substitution *made = &self->file->substitutions[i];
    const cJSON *schema = NULL;
    const cJSON *value = NULL;
    bool here = made->whole && made->secret == NULL && pipeline_file_within(made->pointer, with);
    if (!here || config_at(info->config, stage->with, made->pointer + strlen(with), &schema, &value) != 0) {
      continue;
    }
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
    const char *wanted = cJSON_IsString(type) ? type->valuestring : "";
    cJSON *mine = pipeline_file_value(self->file->root, made->pointer);
    bool scalar = strcmp(wanted, "integer") == 0 || strcmp(wanted, "number") == 0 || strcmp(wanted, "boolean") == 0;
    if (scalar && cJSON_IsString(mine)) {
      keys_convert(mine);
    }
  }
}

/* Whether the run could map the file, or why not. */
static const char *file_fault(const char *path) {
  struct stat info;
  if (stat(path, &info) != 0 || access(path, R_OK) != 0) {
    return strerror(errno);
  }
  return S_ISREG(info.st_mode) ? NULL : "not a regular file";
}

/* Reports a value of type "file" that can't be read, as the run would, but before it. */
static int check_file(void *arg, const cJSON *value, const char *pointer) {
  pipeline_file *file = arg;
  const char *name = cJSON_IsString(value) ? value->valuestring : "";
  bool absolute = name[0] == '/';
  char *path = NULL;
  if (name[0] == '\0' || asprintf(&path, "%s%s%s", absolute ? "" : file->base_folder, absolute ? "" : "/", name) < 0) {
    return 0;
  }
  const char *wrong = file_fault(path);
  if (wrong != NULL) {
    pipeline_file_fault(file, pointer, false, "can't read %s: %s", path, wrong);
  }
  free(path);
  return 0;
}

static int take_secrets(draft *self, draft_stage *stage, const char *with) {
  const char **secrets = plan_memory_take(self->file->memory, self->file->n_substitutions, sizeof *secrets);
  if (secrets == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->file->n_substitutions; i++) {
    const file_substitution *made = &self->file->substitutions[i];
    if (made->secret != NULL && pipeline_file_within(made->pointer, with)) {
      secrets[stage->stage.n_secrets++] = made->pointer + strlen(with);
    }
  }
  stage->stage.secrets = secrets;
  return 0;
}

/* "layers" is the host's own key of stages that take layers from their configuration, unless their schema has it. */
static bool is_layers_apart(const draft_stage *stage, const stage_info *info) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(info->config, "properties");
  return info->layers_from_config && cJSON_GetObjectItemCaseSensitive(properties, "layers") == NULL &&
         cJSON_GetObjectItemCaseSensitive(stage->with, "layers") != NULL;
}

/* The checked configuration with its defaults, or NULL after faults; then ret_result is 0 or -ENOMEM. */
static cJSON *config_make(draft *self, const draft_stage *stage, const stage_info *info, int *ret_result) {
  config_context context = { self, stage };
  bool apart = is_layers_apart(stage, info);
  cJSON *given = stage->with == NULL ? cJSON_CreateObject() : cJSON_Duplicate(stage->with, 1);
  cJSON *layers = given != NULL && apart ? cJSON_DetachItemFromObjectCaseSensitive(given, "layers") : NULL;
  cJSON *config = NULL;
  *ret_result = given == NULL ? -ENOMEM : 0;
  bool good = given != NULL && config_check(info->config, given, report_config, &context, &config) == 0;
  if (good && layers != NULL) {
    good = cJSON_AddItemToObject(config, "layers", layers);
    *ret_result = good ? 0 : -ENOMEM;
    layers = good ? NULL : layers;
  }
  cJSON_Delete(layers);
  cJSON_Delete(given);
  if (!good) {
    cJSON_Delete(config);
  }
  return good ? config : NULL;
}

static int check_config(draft *self, draft_stage *stage, const stage_info *info) {
  const char *with = draft_pointer(self, stage, "with");
  if (with == NULL) {
    return -ENOMEM;
  }
  if (stage->with != NULL && !cJSON_IsObject(stage->with)) {
    return 0;
  }
  const typed_values conditions = { self->file, "predicate", convert_condition, self->file };
  const typed_values files = { self->file, "file", check_file, self->file };
  convert_substituted(self, stage, info, with);
  int result = typed_values_walk(&conditions, info->config, stage->with, with);
  if (result != 0) {
    return result;
  }
  cJSON *config = config_make(self, stage, info, &result);
  if (config == NULL) {
    return result;
  }
  if (plan_memory_adopt(self->file->memory, config) != 0) {
    return -ENOMEM;
  }
  stage->stage.config = config;
  result = typed_values_walk(&files, info->config, config, with);
  return result != 0 ? result : take_secrets(self, stage, with);
}

static void check_batch(draft *self, draft_stage *stage, const stage_info *info) {
  if (stage->has_batch && info->call != CALL_BATCH) {
    pipeline_file_fault(self->file, draft_pointer(self, stage, "batch"), true,
                        "\"%s\" takes one document at a time: remove \"batch\"", stage->use);
  }
  plan_stage *planned = &stage->stage;
  if (info->call == CALL_BATCH) {
    planned->batch_size = planned->batch_size != 0 ? planned->batch_size : info->batch_size;
    planned->batch_wait_ms = planned->batch_wait_ms != DRAFT_UNSET ? planned->batch_wait_ms : info->batch_wait_ms;
  }
}

int draft_stage_resolve(draft *self, draft_stage *stage) {
  if (stage->use == NULL) {
    return 0;
  }
  const stage_info *info = registry_find(self->registry, stage->use);
  if (info == NULL) {
    fault_unknown(self, stage);
    return 0;
  }
  if (info->role != stage->place) {
    fault_misplaced(self, stage, info);
  } else {
    stage->stage.info = info;
    check_batch(self, stage, info);
  }
  return check_config(self, stage, info);
}
