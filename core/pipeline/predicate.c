/* SPDX-License-Identifier: Apache-2.0 */

/* Checks predicates. They stay JSON here; the runtime makes its own form of them. */
#include "pipeline/predicate.h"

#include <errno.h>
#include <string.h>

#include "pipeline/keys.h"

enum { NAME_BYTES_MAX = 256, PATTERN_BYTES_MAX = 4096 };

/* What one predicate object has been seen to hold. */
typedef struct predicate_seen {
  bool field, layer;
  uint32_t n_tests; /* is, above, ..., count, present */
  uint32_t n_combinations;
} predicate_seen;

static int read_field(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  const char *name = NULL;
  seen->field = true;
  keys_text(file, value, pointer, NAME_BYTES_MAX, &name);
  return 0;
}

static int read_layer(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  const char *name = NULL;
  seen->layer = true;
  keys_text(file, value, pointer, NAME_BYTES_MAX, &name);
  return 0;
}

static bool is_scalar(const cJSON *value) {
  return cJSON_IsString(value) || cJSON_IsNumber(value) || cJSON_IsBool(value);
}

static int read_is(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  seen->n_tests++;
  bool good = is_scalar(value) || (cJSON_IsArray(value) && value->child != NULL);
  const cJSON *choice = cJSON_IsArray(value) ? value->child : NULL;
  for (; choice != NULL; choice = choice->next) {
    good = good && is_scalar(choice);
  }
  if (!good) {
    pipeline_file_fault(file, pointer, false, "must be a string, a number, true, false, or a list of these");
  }
  return 0;
}

static int read_bound(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  seen->n_tests++;
  /* A string compares too: dates in ISO 8601 sort as text. */
  if (!cJSON_IsNumber(value) && !cJSON_IsString(value)) {
    pipeline_file_fault(file, pointer, false, "must be a number, or a string such as a date, found %s",
                        keys_found(value));
  }
  return 0;
}

static int read_present(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  bool truth = false;
  seen->n_tests++;
  keys_truth(file, value, pointer, &truth);
  return 0;
}

static int read_matches(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  const char *pattern = NULL;
  seen->n_tests++;
  keys_text(file, value, pointer, PATTERN_BYTES_MAX, &pattern);
  return 0;
}

static int read_count_bound(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  uint32_t count = 0;
  (void)target;
  keys_count(file, value, pointer, 0, UINT32_MAX - 1, &count);
  return 0;
}

static int read_count(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  static const key_rule rules[] = { { "min", read_count_bound, NULL, NULL }, { "max", read_count_bound, NULL, NULL } };
  predicate_seen *seen = target;
  seen->n_tests++;
  if (cJSON_IsObject(value) && value->child == NULL) {
    pipeline_file_fault(file, pointer, false, "a count needs \"min\", \"max\" or both");
  }
  return keys_read(file, value, pointer, "a count", rules, 2, NULL);
}

static int read_list(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  seen->n_combinations++;
  if (!cJSON_IsArray(value) || value->child == NULL) {
    pipeline_file_fault(file, pointer, false, "must be a list of conditions, at least one");
    return 0;
  }
  uint32_t index = 0;
  for (const cJSON *part = value->child; part != NULL; part = part->next) {
    const char *here = pipeline_file_item(file, pointer, index++);
    int result = here == NULL ? -ENOMEM : predicate_check(file, part, here);
    if (result != 0) {
      return result;
    }
  }
  return 0;
}

static int read_not(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  predicate_seen *seen = target;
  seen->n_combinations++;
  return predicate_check(file, value, pointer);
}

static const key_rule predicate_rules[] = {
  { "field", read_field, NULL, NULL },     { "layer", read_layer, NULL, NULL },
  { "is", read_is, NULL, NULL },           { "above", read_bound, NULL, NULL },
  { "at_least", read_bound, NULL, NULL },  { "below", read_bound, NULL, NULL },
  { "at_most", read_bound, NULL, NULL },   { "present", read_present, NULL, NULL },
  { "matches", read_matches, NULL, NULL }, { "count", read_count, NULL, NULL },
  { "any", read_list, NULL, NULL },        { "all", read_list, NULL, NULL },
  { "not", read_not, NULL, NULL }
};

/* The members are right one by one; is it one condition? */
static const char *shape_fault(const cJSON *predicate, const predicate_seen *seen) {
  bool has_count = cJSON_GetObjectItemCaseSensitive(predicate, "count") != NULL;
  bool has_present = cJSON_GetObjectItemCaseSensitive(predicate, "present") != NULL;
  uint32_t n_subjects = seen->field + seen->layer + seen->n_combinations;
  if (n_subjects == 0) {
    return "a condition needs \"field\" or \"layer\" with a test, or one of \"any\", \"all\", \"not\"";
  }
  if (n_subjects > 1) {
    return "one condition at a time: combine several with {\"all\": [...]} or {\"any\": [...]}";
  }
  if (seen->n_combinations == 1 && seen->n_tests > 0) {
    return "a test needs a \"field\" or a \"layer\" beside it";
  }
  if (seen->layer && seen->n_tests != (uint32_t)has_count + has_present) {
    return "of a layer only \"count\" and \"present\" can be asked";
  }
  if (seen->field && has_count) {
    return "\"count\" is asked of a \"layer\", not of a field";
  }
  if (seen->n_combinations == 0 && seen->n_tests == 0) {
    return seen->layer ? "what of the layer? Add \"count\": {\"min\": 1} or \"present\": true"
                       : "what of the field? Add \"is\", \"above\", \"at_least\", \"below\", \"at_most\", \"matches\" "
                         "or \"present\"";
  }
  return NULL;
}

int predicate_check(pipeline_file *file, const cJSON *predicate, const char *pointer) {
  predicate_seen seen = { 0 };
  uint32_t n_rules = sizeof predicate_rules / sizeof *predicate_rules;
  uint32_t before = faults_count(file->faults);
  int result = keys_read(file, predicate, pointer, "a condition", predicate_rules, n_rules, &seen);
  if (result != 0 || faults_count(file->faults) != before) {
    return result;
  }
  const char *wrong = shape_fault(predicate, &seen);
  if (wrong != NULL) {
    pipeline_file_fault(file, pointer, false, "%s", wrong);
  }
  return 0;
}

int predicate_layers(pipeline_file *file, const cJSON *predicate, const char *pointer, predicate_visit *visit,
                     void *arg) {
  const cJSON *layer = cJSON_GetObjectItemCaseSensitive(predicate, "layer");
  int result = 0;
  if (cJSON_IsObject(predicate) && cJSON_IsString(layer)) {
    result = visit(arg, layer->valuestring, pipeline_file_child(file, pointer, "layer"));
  }
  uint32_t index = 0;
  for (const cJSON *part = predicate == NULL ? NULL : predicate->child; part != NULL && result == 0;
       part = part->next) {
    bool within = cJSON_IsArray(part) || cJSON_IsObject(part);
    if (within) {
      const char *here = part->string != NULL ? pipeline_file_child(file, pointer, part->string)
                                              : pipeline_file_item(file, pointer, index);
      result = here == NULL ? -ENOMEM : predicate_layers(file, part, here, visit, arg);
    }
    index++;
  }
  return result;
}
