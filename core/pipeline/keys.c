/* SPDX-License-Identifier: Apache-2.0 */

/* Values of the pipeline file itself: counts, sizes, choices. The configuration of stages is the plugins' schemas'
 * business (plugin/config.h), not this file's. */
#include "pipeline/keys.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/config.h"

enum { RULES_MAX = 32 };

const char *keys_found(const cJSON *value) {
  switch (value->type & 0xFF) {
  case cJSON_False:
  case cJSON_True:
    return "true or false";
  case cJSON_NULL:
    return "null";
  case cJSON_Number:
    return "a number";
  case cJSON_String:
    return "a string";
  case cJSON_Array:
    return "a list";
  default:
    return "an object";
  }
}

static const key_rule *rule_find(const key_rule *rules, uint32_t n_rules, const char *name) {
  for (uint32_t i = 0; i < n_rules; i++) {
    if (strcmp(rules[i].name, name) == 0) {
      return &rules[i];
    }
  }
  return NULL;
}

static void fault_unknown(pipeline_file *file, const char *key, const char *pointer, const char *what,
                          const key_rule *rules, uint32_t n_rules) {
  const char *names[RULES_MAX];
  char list[512] = "";
  size_t len = 0;
  unsigned n = 0;
  for (uint32_t i = 0; i < n_rules && n < RULES_MAX; i++) {
    if (rules[i].read != NULL && rules[i].name[0] != '$') {
      names[n++] = rules[i].name;
      len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", n > 1 ? ", " : "", rules[i].name);
      len = len < sizeof list ? len : sizeof list - 1;
    }
  }
  const char *near = config_nearest(key, names, n);
  if (near != NULL) {
    pipeline_file_fault(file, pointer, true, "%s has no key \"%.100s\"; did you mean \"%s\"?", what, key, near);
  } else {
    pipeline_file_fault(file, pointer, true, "%s has no key \"%.100s\"; it may have: %s", what, key, list);
  }
}

int keys_read(pipeline_file *file, const cJSON *object, const char *pointer, const char *what, const key_rule *rules,
              uint32_t n_rules, void *target) {
  if (!cJSON_IsObject(object)) {
    pipeline_file_fault(file, pointer, false, "%s must be an object { ... }, found %s", what, keys_found(object));
    return 0;
  }
  const cJSON *value = NULL;
  cJSON_ArrayForEach(value, object) {
    const key_rule *rule = rule_find(rules, n_rules, value->string);
    const char *here = pipeline_file_child(file, pointer, value->string);
    if (here == NULL) {
      return -ENOMEM;
    }
    if (rule == NULL) {
      fault_unknown(file, value->string, here, what, rules, n_rules);
    } else if (rule->read == NULL) {
      pipeline_file_fault(file, here, true, "%s has no key \"%s\": %s", what, rule->name, rule->misplaced);
    } else {
      int result = rule->read(file, target, value, here);
      if (result != 0) {
        return result;
      }
    }
  }
  return 0;
}

/* --- values --- */

bool keys_text(pipeline_file *file, const cJSON *value, const char *pointer, size_t max, const char **ret_text) {
  if (!cJSON_IsString(value)) {
    pipeline_file_fault(file, pointer, false, "must be a string, found %s", keys_found(value));
    return false;
  }
  if (value->valuestring[0] == '\0' || strlen(value->valuestring) > max) {
    pipeline_file_fault(file, pointer, false, "must be a string of 1 to %zu bytes", max);
    return false;
  }
  *ret_text = value->valuestring;
  return true;
}

static bool number_parse(const char *text, double *ret_number) {
  char *end = NULL;
  bool plain = text[0] != '\0' && strspn(text, "0123456789.eE+-") == strlen(text);
  double number = plain ? strtod(text, &end) : 0;
  if (!plain || *end != '\0' || !isfinite(number)) {
    return false;
  }
  *ret_number = number;
  return true;
}

static bool is_whole(const pipeline_file *file, const cJSON *value, const char *pointer) {
  const file_substitution *made = cJSON_IsString(value) ? pipeline_file_substitution(file, pointer) : NULL;
  return made != NULL && made->whole && made->secret == NULL;
}

bool keys_convert(cJSON *value) {
  double number = 0;
  bool truth = strcmp(value->valuestring, "true") == 0;
  if (!truth && strcmp(value->valuestring, "false") != 0 && !number_parse(value->valuestring, &number)) {
    return false;
  }
  int type = truth ? cJSON_True : number_parse(value->valuestring, &number) ? cJSON_Number : cJSON_False;
  cJSON_free(value->valuestring);
  value->valuestring = NULL;
  value->type = type;
  if (type == cJSON_Number) {
    cJSON_SetNumberValue(value, number);
  }
  return true;
}

bool keys_count(pipeline_file *file, const cJSON *value, const char *pointer, uint32_t min, uint32_t max,
                uint32_t *ret_count) {
  double number = NAN;
  if (cJSON_IsNumber(value)) {
    number = value->valuedouble;
  } else if (is_whole(file, value, pointer)) {
    number_parse(value->valuestring, &number);
  }
  if (!(number >= min && number <= max) || floor(number) != number) {
    pipeline_file_fault(file, pointer, false, "must be a whole number from %" PRIu32 " to %" PRIu32, min, max);
    return false;
  }
  *ret_count = (uint32_t)number;
  return true;
}

bool keys_truth(pipeline_file *file, const cJSON *value, const char *pointer, bool *ret_truth) {
  if (cJSON_IsBool(value)) {
    *ret_truth = cJSON_IsTrue(value);
    return true;
  }
  bool whole = is_whole(file, value, pointer);
  if (whole && (strcmp(value->valuestring, "true") == 0 || strcmp(value->valuestring, "false") == 0)) {
    *ret_truth = value->valuestring[0] == 't';
    return true;
  }
  pipeline_file_fault(file, pointer, false, "must be true or false, found %s", keys_found(value));
  return false;
}

bool keys_choice(pipeline_file *file, const cJSON *value, const char *pointer, const char *const *choices,
                 uint32_t n_choices, uint32_t *ret_choice) {
  char list[160] = "";
  size_t len = 0;
  for (uint32_t i = 0; i < n_choices; i++) {
    if (cJSON_IsString(value) && strcmp(value->valuestring, choices[i]) == 0) {
      *ret_choice = i;
      return true;
    }
    len += (size_t)snprintf(list + len, sizeof list - len, "%s\"%s\"", i == 0 ? "" : ", ", choices[i]);
    len = len < sizeof list ? len : sizeof list - 1;
  }
  const char *near = cJSON_IsString(value) ? config_nearest(value->valuestring, choices, n_choices) : NULL;
  pipeline_file_fault(file, pointer, false, "must be one of %s%s%s%s", list, near == NULL ? "" : "; did you mean \"",
                      near == NULL ? "" : near, near == NULL ? "" : "\"?");
  return false;
}

static bool size_parse(const char *text, double *ret_bytes) {
  static const struct {
    const char *name;
    double bytes;
  } units[] = { { "", 1 },     { "B", 1 },       { "KiB", 1024 },     { "MiB", 1048576 }, { "GiB", 1073741824 },
                { "K", 1024 }, { "M", 1048576 }, { "G", 1073741824 }, { "kB", 1e3 },      { "KB", 1e3 },
                { "MB", 1e6 }, { "GB", 1e9 } };
  size_t digits = strspn(text, "0123456789.");
  char *end = NULL;
  double number = digits == 0 ? 0 : strtod(text, &end);
  if (digits == 0 || end != text + digits) {
    return false;
  }
  end += *end == ' ';
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].name) == 0) {
      *ret_bytes = floor(number * units[i].bytes);
      return true;
    }
  }
  return false;
}

void keys_size_text(uint64_t bytes, char *ret_text, size_t capacity) {
  static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < sizeof units / sizeof *units) {
    size /= 1024;
    unit++;
  }
  bool whole = floor(size) == size;
  snprintf(ret_text, capacity, whole ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

bool keys_size(pipeline_file *file, const cJSON *value, const char *pointer, uint64_t min, uint64_t max,
               uint64_t *ret_size) {
  double bytes = NAN;
  if (cJSON_IsNumber(value)) {
    bytes = value->valuedouble;
  } else if (cJSON_IsString(value) && !size_parse(value->valuestring, &bytes)) {
    bytes = NAN;
  }
  if (!(bytes >= (double)min && bytes <= (double)max) || floor(bytes) != bytes) {
    char low[32];
    char high[32];
    keys_size_text(min, low, sizeof low);
    keys_size_text(max, high, sizeof high);
    pipeline_file_fault(file, pointer, false, "must be a size from %s to %s: bytes as a number, or like \"64MiB\"", low,
                        high);
    return false;
  }
  *ret_size = (uint64_t)bytes;
  return true;
}
