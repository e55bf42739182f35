/* SPDX-License-Identifier: Apache-2.0 */

/* Lays the pointers of predicates out in the file. */
#include "pipeline/condition.h"

#include <errno.h>
#include <string.h>

#include "pipeline/keys.h"

typedef struct condition_context {
  pipeline_file *file;
  const char *pointer;
  predicate_visit *visit;
  void *arg;
} condition_context;

static void report(void *arg, const char *pointer, int at_key, const char *message) {
  condition_context *context = arg;
  const char *full = plan_memory_format(context->file->memory, "%s%s", context->pointer, pointer);
  pipeline_file_fault(context->file, full, at_key, "%s", message);
}

int condition_check(pipeline_file *file, const cJSON *json, const char *pointer) {
  condition_context context = { .file = file, .pointer = pointer };
  condition_convert(file, pointer);
  predicate_check(json, report, &context);
  return 0;
}

/* What "is" compares with stays as it is written: there a string is as good as a number. */
static bool wants_value(const char *key) {
  static const char *const keys[] = { "above", "at_least", "below", "at_most", "present", "min", "max" };
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strcmp(key, keys[i]) == 0) {
      return true;
    }
  }
  return false;
}

void condition_convert(pipeline_file *file, const char *pointer) {
  for (uint32_t i = 0; i < file->n_substitutions; i++) {
    const file_substitution *made = &file->substitutions[i];
    const char *slash = strrchr(made->pointer, '/');
    if (!made->whole || made->secret != NULL || slash == NULL || !pipeline_file_within(made->pointer, pointer) ||
        !wants_value(slash + 1)) {
      continue;
    }
    cJSON *mine = pipeline_file_value(file->root, made->pointer);
    if (cJSON_IsString(mine)) {
      keys_convert(mine);
    }
  }
}

static int visit_layer(void *arg, const char *layer, const char *pointer) {
  condition_context *context = arg;
  const char *full = plan_memory_format(context->file->memory, "%s%s", context->pointer, pointer);
  return full == NULL ? -ENOMEM : context->visit(context->arg, layer, full);
}

int condition_layers(pipeline_file *file, const cJSON *json, const char *pointer, predicate_visit *visit, void *arg) {
  condition_context context = { file, pointer, visit, arg };
  return predicate_layers(json, visit_layer, &context);
}
