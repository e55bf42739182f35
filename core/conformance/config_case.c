/* SPDX-License-Identifier: Apache-2.0 */

/* Walks config schemas. Their form was checked with the manifest, so what is missing here is absent, not wrong. */
#include "conformance/config_case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/config_place.h"

static const config_words plain_words = { "a", "a" };
enum { STRING_MAX = 300, ITEMS_MAX = 8, DEPTH_MAX = 8 };

static const cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static double bound(const cJSON *schema, const char *key, double otherwise) {
  double value = otherwise;
  return config_number(schema, key, &value) == 0 ? value : otherwise;
}

/* So many letters, none of them ASCII if arabic. */
static cJSON *string_of(size_t n, bool arabic) {
  char *text = malloc(n * 2 + 1);
  cJSON *made = NULL;
  if (text != NULL) {
    for (size_t i = 0; i < n; i++) {
      memcpy(text + (arabic ? 2 * i : i), arabic ? "س" : "a", arabic ? 2 : 1);
    }
    text[arabic ? 2 * n : n] = '\0';
    made = cJSON_CreateString(text);
  }
  free(text);
  return made;
}

/* --- the least --- */

static cJSON *least_at(const cJSON *schema, const config_words *words, unsigned depth);

static cJSON *least_object(const cJSON *schema, const config_words *words, unsigned depth) {
  cJSON *made = cJSON_CreateObject();
  const cJSON *name;
  cJSON_ArrayForEach(name, member(schema, "required")) {
    const cJSON *property = member(member(schema, "properties"), name->valuestring);
    if (property != NULL && member(property, "default") == NULL) {
      cJSON_AddItemToObject(made, name->valuestring, least_at(property, words, depth + 1));
    }
  }
  const cJSON *property;
  double n = bound(schema, "minProperties", 0);
  cJSON_ArrayForEach(property, member(schema, "properties")) {
    if (cJSON_GetArraySize(made) < n && member(made, property->string) == NULL) {
      cJSON_AddItemToObject(made, property->string, least_at(property, words, depth + 1));
    }
  }
  return made;
}

static cJSON *least_array(const cJSON *schema, const config_words *words, unsigned depth) {
  cJSON *made = cJSON_CreateArray();
  double n = bound(schema, "minItems", 0);
  for (double i = 0; i < n; i++) {
    cJSON_AddItemToArray(made, least_at(member(schema, "items"), words, depth + 1));
  }
  return made;
}

static cJSON *least_string(const cJSON *schema, const config_words *words) {
  const char *word = config_type_of(schema) == CONFIG_FILE ? words->file : words->string;
  size_t low = (size_t)bound(schema, "minLength", 0), high = (size_t)bound(schema, "maxLength", STRING_MAX);
  size_t len = strlen(word);
  return len >= low && len <= high ? cJSON_CreateString(word) : string_of(low, false);
}

static cJSON *condition_make(void) {
  return cJSON_Parse("{\"field\":\"language\",\"is\":\"ar\"}");
}

static cJSON *least_at(const cJSON *schema, const config_words *words, unsigned depth) {
  const cJSON *choices = member(schema, "enum");
  if (depth > DEPTH_MAX) {
    return cJSON_CreateNull();
  }
  if (choices != NULL) {
    return cJSON_Duplicate(cJSON_GetArrayItem(choices, 0), 1);
  }
  double low = bound(schema, "minimum", 0), high = bound(schema, "maximum", low > 1 ? low : 1);
  switch (config_type_of(schema)) {
  case CONFIG_STRING:
  case CONFIG_FILE:
    return least_string(schema, words);
  case CONFIG_INTEGER:
  case CONFIG_NUMBER:
    return cJSON_CreateNumber(low <= high ? low : high);
  case CONFIG_BOOLEAN:
    return cJSON_CreateFalse();
  case CONFIG_ARRAY:
    return least_array(schema, words, depth);
  case CONFIG_PREDICATE:
    return condition_make();
  default:
    return least_object(schema, words, depth);
  }
}

cJSON *config_least(const cJSON *schema, const config_words *words) {
  return least_at(schema, words, 0);
}

/* --- others --- */

static cJSON *other_at(const cJSON *schema, const cJSON *base, chance *luck, bool free_strings, unsigned depth);

static cJSON *other_number(const cJSON *schema, chance *luck, bool whole) {
  double low = bound(schema, "minimum", -1000), high = bound(schema, "maximum", 1e6);
  double span = high - low;
  double value;
  switch (chance_below(luck, 4)) {
  case 0:
    value = low;
    break;
  case 1:
    value = high;
    break;
  default:
    value = low + span * (chance_below(luck, 1000) / 1000.0);
    break;
  }
  value = whole ? (double)(int64_t)value : value;
  return cJSON_CreateNumber(value < low ? low : value > high ? high : value);
}

static cJSON *other_string(const cJSON *schema, chance *luck) {
  size_t low = (size_t)bound(schema, "minLength", 0), high = (size_t)bound(schema, "maxLength", STRING_MAX);
  high = high > STRING_MAX ? STRING_MAX : high;
  size_t n = chance_once_in(luck, 3) || high <= low ? low : low + chance_below(luck, (uint32_t)(high - low) + 1);
  return string_of(n, chance_once_in(luck, 2));
}

static cJSON *other_array(const cJSON *schema, chance *luck, bool free_strings, unsigned depth) {
  cJSON *made = cJSON_CreateArray();
  double low = bound(schema, "minItems", 0), high = bound(schema, "maxItems", ITEMS_MAX);
  uint32_t room = high - low > ITEMS_MAX ? ITEMS_MAX : (uint32_t)(high > low ? high - low : 0);
  uint32_t n = (uint32_t)low + chance_below(luck, room + 1);
  for (uint32_t i = 0; i < n; i++) {
    cJSON_AddItemToArray(made, other_at(member(schema, "items"), NULL, luck, free_strings, depth + 1));
  }
  return made;
}

static cJSON *other_object(const cJSON *schema, const cJSON *base, chance *luck, bool free_strings, unsigned depth) {
  cJSON *made = base != NULL ? cJSON_Duplicate(base, 1) : least_object(schema, &plain_words, depth);
  const cJSON *property;
  cJSON_ArrayForEach(property, member(schema, "properties")) {
    if (!chance_once_in(luck, 2)) {
      continue;
    }
    cJSON *value = other_at(property, member(base, property->string), luck, free_strings, depth + 1);
    if (value != NULL) {
      cJSON_DeleteItemFromObjectCaseSensitive(made, property->string);
      cJSON_AddItemToObject(made, property->string, value);
    }
  }
  return made;
}

/* Whether values for it would name things outside, or must agree with things that only their author knows. */
static bool is_free(const cJSON *schema) {
  config_type type = config_type_of(schema);
  if (type == CONFIG_ARRAY) {
    return member(schema, "items") == NULL || is_free(member(schema, "items"));
  }
  return type == CONFIG_FILE || type == CONFIG_PREDICATE || (type == CONFIG_STRING && member(schema, "enum") == NULL);
}

static cJSON *other_at(const cJSON *schema, const cJSON *base, chance *luck, bool free_strings, unsigned depth) {
  const cJSON *choices = member(schema, "enum");
  config_type type = config_type_of(schema);
  if (depth > DEPTH_MAX || type == CONFIG_FILE || (!free_strings && is_free(schema))) {
    return base != NULL ? cJSON_Duplicate(base, 1) : NULL;
  }
  if (choices != NULL) {
    return cJSON_Duplicate(cJSON_GetArrayItem(choices, (int)chance_below(luck, (uint32_t)cJSON_GetArraySize(choices))),
                           1);
  }
  switch (type) {
  case CONFIG_STRING:
    return other_string(schema, luck);
  case CONFIG_INTEGER:
  case CONFIG_NUMBER:
    return other_number(schema, luck, type == CONFIG_INTEGER);
  case CONFIG_BOOLEAN:
    return cJSON_CreateBool(chance_once_in(luck, 2));
  case CONFIG_ARRAY:
    return other_array(schema, luck, free_strings, depth);
  case CONFIG_PREDICATE:
    return condition_make();
  default:
    return other_object(schema, base, luck, free_strings, depth);
  }
}

cJSON *config_other(const cJSON *schema, const cJSON *base, chance *luck, bool free_strings) {
  return other_object(schema, base, luck, free_strings, 0);
}

/* --- forbidden ones --- */

/* How a bad value is put back into a whole configuration. */
typedef struct place {
  const struct place *parent;
  const cJSON *base; /* the object or array around it */
  const char *key;   /* NULL: an element of an array */
} place;

typedef struct bad_walk {
  config_bad_visit *visit;
  void *arg;
} bad_walk;

/* Gives bad, which it frees, in its place. */
static void give(const bad_walk *walk, const place *at, cJSON *bad, const char *what) {
  char text[200];
  const char *key = at != NULL && at->key != NULL ? at->key : "the configuration";
  snprintf(text, sizeof text, "%s %s", key, what);
  for (; at != NULL && bad != NULL; at = at->parent) {
    cJSON *around = at->base != NULL  ? cJSON_Duplicate(at->base, 1)
                    : at->key != NULL ? cJSON_CreateObject()
                                      : cJSON_CreateArray();
    if (at->key != NULL) {
      cJSON_DeleteItemFromObjectCaseSensitive(around, at->key);
      cJSON_AddItemToObject(around, at->key, bad);
    } else {
      cJSON_AddItemToArray(around, bad);
    }
    bad = around;
  }
  if (bad != NULL) {
    walk->visit(walk->arg, bad, text);
  }
  cJSON_Delete(bad);
}

static void bad_types(const bad_walk *walk, const place *at, const cJSON *schema, config_type type) {
  static const struct {
    const char *json, *what;
    unsigned fits; /* types it is of */
  } values[] = {
    { "\"x\"", "a string", 1u << CONFIG_STRING | 1u << CONFIG_FILE },
    { "7", "a number", 1u << CONFIG_INTEGER | 1u << CONFIG_NUMBER },
    { "true", "true", 1u << CONFIG_BOOLEAN },
    { "null", "null", 0 },
    { "[]", "an array", 1u << CONFIG_ARRAY },
    { "{\"no such key\":1}", "an object",
      0 }, /* where an object is right, the key is wrong, unless any may stand there */
    { "1e400", "a number that is too large", 0 },
  };
  bool is_map = member(schema, "additionalProperties") != NULL;
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    if ((values[i].fits >> type & 1) == 0 && !(is_map && values[i].json[0] == '{')) {
      give(walk, at, cJSON_Parse(values[i].json), values[i].what);
    }
  }
}

static void bad_numbers(const bad_walk *walk, const place *at, const cJSON *schema, config_type type) {
  double value;
  if (config_number(schema, "minimum", &value) == 0) {
    give(walk, at, cJSON_CreateNumber(value - 1), "below its minimum");
  }
  if (config_number(schema, "maximum", &value) == 0) {
    give(walk, at, cJSON_CreateNumber(value + 1), "above its maximum");
  }
  if (type == CONFIG_INTEGER) {
    give(walk, at, cJSON_CreateNumber(1.5), "not whole");
  }
}

static void bad_strings(const bad_walk *walk, const place *at, const cJSON *schema) {
  double value;
  if (config_number(schema, "minLength", &value) == 0 && value > 0) {
    give(walk, at, string_of((size_t)value - 1, false), "too short");
  }
  if (config_number(schema, "maxLength", &value) == 0 && value < 1 << 20) {
    give(walk, at, string_of((size_t)value + 1, true), "too long");
  }
}

static void bad_at(const bad_walk *walk, const place *at, const cJSON *schema, const cJSON *base, unsigned depth);

static void bad_arrays(const bad_walk *walk, const place *at, const cJSON *schema, const cJSON *base, unsigned depth) {
  const cJSON *items = member(schema, "items");
  double value;
  if (config_number(schema, "minItems", &value) == 0 && value > 0) {
    give(walk, at, cJSON_CreateArray(), "too few elements");
  }
  if (items != NULL) {
    place inside = { at, base, NULL };
    bad_at(walk, &inside, items, NULL, depth + 1);
  }
}

static void bad_objects(const bad_walk *walk, const place *at, const cJSON *schema, const cJSON *base, unsigned depth) {
  const cJSON *property, *name;
  cJSON *whole = base != NULL ? cJSON_Duplicate(base, 1) : config_least(schema, &plain_words);
  if (member(schema, "additionalProperties") == NULL) {
    cJSON *more = cJSON_Duplicate(whole, 1);
    cJSON_AddNumberToObject(more, "no such key", 1);
    give(walk, at, more, "with a key that is not in the schema");
  }
  cJSON_ArrayForEach(name, member(schema, "required")) {
    if (member(member(member(schema, "properties"), name->valuestring), "default") == NULL) {
      cJSON *less = cJSON_Duplicate(whole, 1);
      cJSON_DeleteItemFromObjectCaseSensitive(less, name->valuestring);
      give(walk, at, less, "without a key that is required");
    }
  }
  if (bound(schema, "minProperties", 0) > 0) {
    give(walk, at, cJSON_CreateObject(), "with too few keys");
  }
  cJSON_ArrayForEach(property, member(schema, "properties")) {
    place inside = { at, whole, property->string };
    bad_at(walk, &inside, property, member(whole, property->string), depth + 1);
  }
  cJSON_Delete(whole);
}

static void bad_at(const bad_walk *walk, const place *at, const cJSON *schema, const cJSON *base, unsigned depth) {
  config_type type = config_type_of(schema);
  if (depth > DEPTH_MAX || type == CONFIG_N_TYPES) {
    return;
  }
  bad_types(walk, at, schema, type);
  if (member(schema, "enum") != NULL && type == CONFIG_STRING) {
    give(walk, at, cJSON_CreateString("no such choice"), "none of its choices");
  }
  if (type == CONFIG_INTEGER || type == CONFIG_NUMBER) {
    bad_numbers(walk, at, schema, type);
  } else if (type == CONFIG_STRING || type == CONFIG_FILE) {
    bad_strings(walk, at, schema);
  } else if (type == CONFIG_ARRAY) {
    bad_arrays(walk, at, schema, base, depth);
  } else if (type == CONFIG_OBJECT) {
    bad_objects(walk, at, schema, base, depth);
  }
}

void config_bad_all(const cJSON *schema, const cJSON *base, config_bad_visit *visit, void *arg) {
  const bad_walk walk = { visit, arg };
  bad_at(&walk, NULL, schema, base, 0);
}
