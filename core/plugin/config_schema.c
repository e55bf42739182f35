/* SPDX-License-Identifier: Apache-2.0 */

/* A config schema itself: known keys, types that go together, defaults that obey it. The rules of tools/qanat-manifest. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "plugin/config_place.h"

#define T(type) (1u << CONFIG_##type)
#define ALL_TYPES ((1u << CONFIG_N_TYPES) - 1)
#define VALUE_TYPES (ALL_TYPES & ~T(PREDICATE)) /* those that a manifest itself can give values of */

typedef enum key_form {
  FORM_WORD, /* a string */
  FORM_NUMBER,
  FORM_COUNT,   /* a whole number from 0 */
  FORM_SCHEMA,  /* a schema */
  FORM_SCHEMAS, /* an object of schemas */
  FORM_WORDS,   /* an array of strings */
  FORM_VALUES,  /* an array that is not empty */
  FORM_ANY
} key_form;

/* Every key of the language, with the types it goes with. */
static const struct schema_key {
  const char *name;
  unsigned types;
  key_form form;
} schema_keys[] = {
  { "type", ALL_TYPES, FORM_WORD },
  { "description", ALL_TYPES, FORM_WORD },
  { "default", VALUE_TYPES, FORM_ANY },
  { "enum", VALUE_TYPES, FORM_VALUES },
  { "minimum", T(INTEGER) | T(NUMBER), FORM_NUMBER },
  { "maximum", T(INTEGER) | T(NUMBER), FORM_NUMBER },
  { "minLength", T(STRING) | T(FILE), FORM_COUNT },
  { "maxLength", T(STRING) | T(FILE), FORM_COUNT },
  { "minItems", T(ARRAY), FORM_COUNT },
  { "maxItems", T(ARRAY), FORM_COUNT },
  { "items", T(ARRAY), FORM_SCHEMA },
  { "properties", T(OBJECT), FORM_SCHEMAS },
  { "additionalProperties", T(OBJECT), FORM_SCHEMA },
  { "required", T(OBJECT), FORM_WORDS },
  { "minProperties", T(OBJECT), FORM_COUNT },
};

enum { N_SCHEMA_KEYS = sizeof schema_keys / sizeof schema_keys[0] };

static void schema_check(config_walk *walk, const config_place *place, const cJSON *schema, int depth);

static const struct schema_key *key_find(const char *name) {
  for (unsigned i = 0; i < N_SCHEMA_KEYS; i++) {
    if (strcmp(schema_keys[i].name, name) == 0) {
      return &schema_keys[i];
    }
  }
  return NULL;
}

static bool all_strings(const cJSON *array) {
  const cJSON *element;
  cJSON_ArrayForEach(element, array) {
    if (!cJSON_IsString(element)) {
      return false;
    }
  }
  return cJSON_IsArray(array);
}

static bool form_fits(key_form form, const cJSON *value) {
  switch (form) {
  case FORM_WORD:
    return cJSON_IsString(value);
  case FORM_NUMBER:
    return cJSON_IsNumber(value) && isfinite(value->valuedouble);
  case FORM_COUNT:
    return cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble <= CONFIG_INTEGER_MAX &&
           value->valuedouble == floor(value->valuedouble);
  case FORM_SCHEMA:
  case FORM_SCHEMAS:
    return cJSON_IsObject(value);
  case FORM_WORDS:
    return all_strings(value);
  case FORM_VALUES:
    return cJSON_IsArray(value) && value->child != NULL;
  case FORM_ANY:
    break;
  }
  return true;
}

static const char *form_name(key_form form) {
  static const char *const names[] = { "a string",
                                       "a number",
                                       "a whole number from 0",
                                       "an object: a schema",
                                       "an object of schemas",
                                       "an array of strings",
                                       "an array of at least one value",
                                       "a value" };
  return names[form];
}

/* Keys of one schema: known, of the right form, and at home with its type. */
static void keys_check(config_walk *walk, const config_place *place, const cJSON *schema, config_type type) {
  const cJSON *member;
  cJSON_ArrayForEach(member, schema) {
    config_place here = { place, member->string, 0 };
    const struct schema_key *key = key_find(member->string);
    if (key == NULL) {
      const char *names[N_SCHEMA_KEYS];
      for (unsigned i = 0; i < N_SCHEMA_KEYS; i++) {
        names[i] = schema_keys[i].name;
      }
      const char *near = config_nearest(member->string, names, N_SCHEMA_KEYS);
      config_fault(walk, &here, 1, "the schema language has no key \"%.64s\"%s%s%s", member->string,
                   near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
    } else if ((key->types & (1u << type)) == 0) {
      config_fault(walk, &here, 1, "does not go with type \"%s\"", config_type_name(type));
    } else if (!form_fits(key->form, member)) {
      config_fault(walk, &here, 0, "must be %s", form_name(key->form));
    }
  }
}

static void bounds_check(config_walk *walk, const config_place *place, const cJSON *schema) {
  static const char *const pairs[][2] = { { "minimum", "maximum" },
                                          { "minLength", "maxLength" },
                                          { "minItems", "maxItems" } };
  for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
    double low = 0, high = 0;
    if (config_number(schema, pairs[i][0], &low) == 0 && config_number(schema, pairs[i][1], &high) == 0 && low > high) {
      config_fault(walk, place, 0, "\"%s\" %.15g is more than \"%s\" %.15g", pairs[i][0], low, pairs[i][1], high);
    }
  }
}

static void children_check(config_walk *walk, const config_place *place, const cJSON *schema, int depth) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *required = cJSON_GetObjectItemCaseSensitive(schema, "required");
  const cJSON *one;
  config_place in_properties = { place, "properties", 0 };
  cJSON_ArrayForEach(one, properties) {
    config_place here = { &in_properties, one->string, 0 };
    schema_check(walk, &here, one, depth + 1);
  }
  static const char *const single[] = { "items", "additionalProperties" };
  for (unsigned i = 0; i < 2; i++) {
    const cJSON *child = cJSON_GetObjectItemCaseSensitive(schema, single[i]);
    config_place here = { place, single[i], 0 };
    if (cJSON_IsObject(child)) {
      schema_check(walk, &here, child, depth + 1);
    }
  }
  cJSON_ArrayForEach(one, required) {
    if (cJSON_IsString(one) && cJSON_GetObjectItemCaseSensitive(properties, one->valuestring) == NULL) {
      char hint[400];
      config_hint(one->valuestring, properties, hint, sizeof hint);
      config_fault(walk, place, 0, "requires \"%.64s\", which is not among its properties%s", one->valuestring, hint);
    }
  }
}

static void missing_check(config_walk *walk, const config_place *place, const cJSON *schema, config_type type) {
  bool has_properties = cJSON_GetObjectItemCaseSensitive(schema, "properties") != NULL ||
                        cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties") != NULL;
  if (type == CONFIG_ARRAY && cJSON_GetObjectItemCaseSensitive(schema, "items") == NULL) {
    config_fault(walk, place, 0, "is of type \"array\" and lacks \"items\"");
  }
  if (type == CONFIG_OBJECT && place->parent != NULL && !has_properties) {
    config_fault(walk, place, 0, "is of type \"object\" and lacks \"properties\"");
  }
}

/* Runs only once the schema is otherwise sound, since it is then obeyed. */
static void values_check(config_walk *walk, const config_place *place, const cJSON *schema) {
  const cJSON *standard = cJSON_GetObjectItemCaseSensitive(schema, "default");
  const cJSON *choices = cJSON_GetObjectItemCaseSensitive(schema, "enum");
  config_place at_default = { place, "default", 0 };
  if (standard != NULL) {
    config_value_check(walk, &at_default, schema, standard);
  }
  const cJSON *choice;
  unsigned index = 0;
  config_place in_enum = { place, "enum", 0 };
  cJSON_ArrayForEach(choice, choices) {
    config_place here = { &in_enum, NULL, index++ };
    config_value_check(walk, &here, schema, choice);
  }
}

static void schema_check(config_walk *walk, const config_place *place, const cJSON *schema, int depth) {
  int before = walk->n_faults;
  if (depth > CONFIG_DEPTH_MAX) {
    config_fault(walk, place, 0, "is nested deeper than %d levels", CONFIG_DEPTH_MAX);
    return;
  }
  if (!cJSON_IsObject(schema)) {
    config_fault(walk, place, 0, "must be an object: a schema");
    return;
  }
  config_type type = config_type_of(schema);
  if (type == CONFIG_N_TYPES) {
    config_fault(walk, place, 0,
                 "needs a \"type\": string, integer, number, boolean, array, object, file or predicate");
    return;
  }
  keys_check(walk, place, schema, type);
  if (walk->n_faults > before) {
    return;
  }
  bounds_check(walk, place, schema);
  missing_check(walk, place, schema, type);
  children_check(walk, place, schema, depth);
  if (walk->n_faults == before) {
    values_check(walk, place, schema);
  }
}

int config_schema_check(const cJSON *schema, config_report *report, void *arg) {
  config_walk walk = { report, arg, 0 };
  config_place root = { NULL, NULL, 0 };
  schema_check(&walk, &root, schema, 0);
  if (walk.n_faults == 0 && config_type_of(schema) != CONFIG_OBJECT) {
    config_fault(&walk, &root, 0, "must be of type \"object\"");
  }
  return walk.n_faults;
}
