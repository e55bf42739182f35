/* SPDX-License-Identifier: Apache-2.0 */

/* JSON pointers and the small questions that both config checks ask of a schema. */
#include "plugin/config_place.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTER_MAX = 1024, MESSAGE_MAX = 800 };

static const char *const type_names[CONFIG_N_TYPES] = { "string", "integer", "number", "boolean",
                                                        "array",  "object",  "file",   "predicate" };

const char *config_type_name(config_type type) {
  return type < CONFIG_N_TYPES ? type_names[type] : "unknown";
}

config_type config_type_of(const cJSON *schema) {
  const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(schema, "type"));
  for (unsigned i = 0; name != NULL && i < CONFIG_N_TYPES; i++) {
    if (strcmp(name, type_names[i]) == 0) {
      return (config_type)i;
    }
  }
  return CONFIG_N_TYPES;
}

int config_number(const cJSON *schema, const char *key, double *ret_number) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(schema, key);
  if (!cJSON_IsNumber(item)) {
    return -ENOENT;
  }
  *ret_number = item->valuedouble;
  return 0;
}

/* Appends the pointer of place; too long a way is cut, which only makes the message vaguer. */
static size_t pointer_write(const config_place *place, char *pointer, size_t capacity) {
  if (place->parent == NULL) {
    return 0;
  }
  size_t len = pointer_write(place->parent, pointer, capacity);
  if (place->key == NULL) {
    int wrote = snprintf(pointer + len, capacity - len, "/%u", place->index);
    return len + (size_t)wrote < capacity ? len + (size_t)wrote : len;
  }
  if (len + 2 * strlen(place->key) + 2 > capacity) {
    return len;
  }
  pointer[len++] = '/';
  for (const char *c = place->key; *c != '\0'; c++) {
    if (*c == '~' || *c == '/') {
      pointer[len++] = '~';
      pointer[len++] = *c == '~' ? '0' : '1';
    } else {
      pointer[len++] = *c;
    }
  }
  pointer[len] = '\0';
  return len;
}

void config_place_pointer(const config_place *place, char *ret_pointer, size_t capacity) {
  ret_pointer[0] = '\0';
  pointer_write(place, ret_pointer, capacity);
}

void config_fault(config_walk *walk, const config_place *place, int at_key, const char *format, ...) {
  char pointer[POINTER_MAX] = "";
  qn_error error;
  char message[MESSAGE_MAX];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  error_set(&error, -EINVAL, "bad-config", "%s", message);
  config_place_pointer(place, pointer, sizeof pointer);
  walk->n_faults++;
  if (walk->report != NULL) {
    walk->report(walk->arg, pointer, at_key, error.message);
  }
}

void config_hint(const char *key, const cJSON *known, char *ret_hint, size_t capacity) {
  const char *names[CONFIG_MEMBERS_MAX] = { NULL };
  unsigned n_names = 0;
  const cJSON *item;
  cJSON_ArrayForEach(item, known) {
    if (n_names < CONFIG_MEMBERS_MAX) {
      names[n_names++] = item->string;
    }
  }
  const char *near = config_nearest(key, names, n_names);
  if (near != NULL) {
    snprintf(ret_hint, capacity, "; did you mean \"%s\"?", near);
    return;
  }
  size_t len = (size_t)snprintf(ret_hint, capacity, n_names > 0 ? "; known:" : "");
  for (unsigned i = 0; i < n_names && len + strlen(names[i]) + 8 < capacity; i++) {
    len += (size_t)snprintf(ret_hint + len, capacity - len, "%s %s", i > 0 ? "," : "", names[i]);
  }
}

/* The member or element that one part of a pointer names; NULL if there is none. */
static const cJSON *step_into(const cJSON *value, const char *part) {
  if (cJSON_IsObject(value)) {
    return cJSON_GetObjectItemCaseSensitive(value, part);
  }
  size_t digits = strspn(part, "0123456789");
  if (!cJSON_IsArray(value) || digits == 0 || digits > 9 || part[digits] != '\0' || (part[0] == '0' && digits > 1)) {
    return NULL;
  }
  return cJSON_GetArrayItem(value, atoi(part));
}

static const cJSON *schema_into(const cJSON *schema, const cJSON *value, const char *part) {
  if (cJSON_IsArray(value)) {
    return cJSON_GetObjectItemCaseSensitive(schema, "items");
  }
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *own = cJSON_GetObjectItemCaseSensitive(properties, part);
  return own != NULL ? own : cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
}

/* Unescapes the next part of a pointer that stands at its '/'. Returns what follows; NULL: not well-formed. */
static const char *part_next(const char *pointer, char *ret_part, size_t capacity) {
  size_t len = 0;
  for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
    char c = *pointer;
    if (c == '~') {
      pointer++;
      if (*pointer != '0' && *pointer != '1') {
        return NULL;
      }
      c = *pointer == '0' ? '~' : '/';
    }
    if (len + 1 == capacity) {
      return NULL;
    }
    ret_part[len++] = c;
  }
  ret_part[len] = '\0';
  return pointer;
}

int config_at(const cJSON *schema, const cJSON *config, const char *pointer, const cJSON **ret_schema,
              const cJSON **ret_value) {
  char part[256];
  while (config != NULL && *pointer == '/') {
    pointer = part_next(pointer, part, sizeof part);
    if (pointer == NULL) {
      return -ENOENT;
    }
    schema = schema_into(schema, config, part);
    config = step_into(config, part);
  }
  if (config == NULL || *pointer != '\0') {
    return -ENOENT;
  }
  *ret_schema = schema;
  *ret_value = config;
  return 0;
}
