/* SPDX-License-Identifier: Apache-2.0 */

/* A configuration against its schema: first everything that is wrong, then, if nothing is, the defaults. */
#include "plugin/config.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "plugin/predicate_parts.h"

static const char *const articles[CONFIG_N_TYPES] = { "a", "an", "a", "a", "an", "an", "a", "a" };

/* What was found, short enough for a message. */
static void describe(const cJSON *value, char *ret_text, size_t capacity) {
  if (cJSON_IsString(value)) {
    size_t len = strlen(value->valuestring);
    size_t shown = len > 40 ? 40 : len;
    while (shown < len && ((unsigned char)value->valuestring[shown] & 0xC0) == 0x80) {
      shown--;
    }
    snprintf(ret_text, capacity, "\"%.*s%s\"", (int)shown, value->valuestring, shown < len ? "…" : "");
    for (char *c = ret_text; *c != '\0'; c++) {
      *c = (unsigned char)*c < 0x20 || *c == 0x7F ? '?' : *c; /* messages go to terminals */
    }
  } else if (cJSON_IsNumber(value)) {
    snprintf(ret_text, capacity, "%.15g", value->valuedouble);
  } else {
    const char *what = cJSON_IsTrue(value)    ? "true"
                       : cJSON_IsFalse(value) ? "false"
                       : cJSON_IsArray(value) ? "an array"
                       : cJSON_IsNull(value)  ? "null"
                                              : "an object";
    snprintf(ret_text, capacity, "%s", what);
  }
}

/* The bounds a schema sets, as people say them: " from 1 to 100", " of at least 1 element", or nothing. */
static void describe_bounds(const cJSON *schema, config_type type, char *ret_text, size_t capacity) {
  static const char *const keys[3][2] = { { "minimum", "maximum" },
                                          { "minLength", "maxLength" },
                                          { "minItems", "maxItems" } };
  bool number = type == CONFIG_INTEGER || type == CONFIG_NUMBER;
  int which = number ? 0 : type == CONFIG_ARRAY ? 2 : 1;
  static const char *const units[3][2] = { { "", "" }, { " character", " characters" }, { " element", " elements" } };
  const char *of = number ? "" : " of";
  double low = 0, high = 0;
  bool has_low = config_number(schema, keys[which][0], &low) == 0;
  bool has_high = config_number(schema, keys[which][1], &high) == 0;
  if (has_low && has_high) {
    snprintf(ret_text, capacity, number ? "%s from %.15g to %.15g%s" : "%s %.15g to %.15g%s", of, low, high,
             units[which][high != 1]);
  } else if (has_low) {
    snprintf(ret_text, capacity, "%s at least %.15g%s", of, low, units[which][low != 1]);
  } else if (has_high) {
    snprintf(ret_text, capacity, "%s at most %.15g%s", of, high, units[which][high != 1]);
  } else {
    ret_text[0] = '\0';
  }
}

static void wrong_value(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *value) {
  config_type type = config_type_of(schema);
  char found[96], bounds[96];
  describe(value, found, sizeof found);
  describe_bounds(schema, type, bounds, sizeof bounds);
  const char *name = type == CONFIG_BOOLEAN     ? "true or false"
                     : type == CONFIG_FILE      ? "file name"
                     : type == CONFIG_PREDICATE ? "condition like {\"field\": \"language\", \"is\": \"ar\"}"
                                                : config_type_name(type);
  config_fault(walk, place, 0, "must be %s%s%s%s, found %s", type == CONFIG_BOOLEAN ? "" : articles[type],
               type == CONFIG_BOOLEAN ? "" : " ", name, bounds, found);
}

static bool type_fits(config_type type, const cJSON *value) {
  switch (type) {
  case CONFIG_STRING:
  case CONFIG_FILE:
    return cJSON_IsString(value);
  case CONFIG_INTEGER:
    return cJSON_IsNumber(value) && fabs(value->valuedouble) <= CONFIG_INTEGER_MAX &&
           value->valuedouble == floor(value->valuedouble);
  case CONFIG_NUMBER:
    return cJSON_IsNumber(value) && isfinite(value->valuedouble);
  case CONFIG_BOOLEAN:
    return cJSON_IsBool(value);
  case CONFIG_ARRAY:
    return cJSON_IsArray(value);
  case CONFIG_OBJECT:
  case CONFIG_PREDICATE:
    return cJSON_IsObject(value);
  case CONFIG_N_TYPES:
    break;
  }
  return false;
}

static double code_points(const char *text) {
  size_t n = 0;
  for (; *text != '\0'; text++) {
    n += ((unsigned char)*text & 0xC0) != 0x80;
  }
  return (double)n;
}

static bool in_bounds(config_type type, const cJSON *schema, const cJSON *value) {
  double size = 0, bound = 0;
  const char *low = "minimum", *high = "maximum";
  if (type == CONFIG_STRING || type == CONFIG_FILE) {
    low = "minLength", high = "maxLength";
    size = code_points(value->valuestring);
  } else if (type == CONFIG_ARRAY) {
    low = "minItems", high = "maxItems";
    size = cJSON_GetArraySize(value);
  } else if (type == CONFIG_INTEGER || type == CONFIG_NUMBER) {
    size = value->valuedouble;
  } else {
    return true;
  }
  return !(config_number(schema, low, &bound) == 0 && size < bound) &&
         !(config_number(schema, high, &bound) == 0 && size > bound);
}

/* Writes the values of an enum, as far as they fit, and returns the length. */
static size_t list_choices(const cJSON *choices, char *ret_list, size_t capacity) {
  size_t len = 0;
  const cJSON *choice;
  ret_list[0] = '\0';
  cJSON_ArrayForEach(choice, choices) {
    char one[96];
    describe(choice, one, sizeof one);
    if (len + strlen(one) + 8 < capacity) {
      len += (size_t)snprintf(ret_list + len, capacity - len, "%s%s", len > 0 ? ", " : "", one);
    }
  }
  return len;
}

static void wrong_choice(config_walk *walk, const config_place *place, const cJSON *choices, const cJSON *value) {
  char found[96], list[400];
  const char *words[CONFIG_MEMBERS_MAX] = { NULL };
  unsigned n_words = 0;
  const cJSON *choice;
  cJSON_ArrayForEach(choice, choices) {
    if (cJSON_IsString(choice) && n_words < CONFIG_MEMBERS_MAX) {
      words[n_words++] = choice->valuestring;
    }
  }
  list_choices(choices, list, sizeof list);
  describe(value, found, sizeof found);
  const char *near = cJSON_IsString(value) ? config_nearest(value->valuestring, words, n_words) : NULL;
  config_fault(walk, place, 0, "must be one of %s, found %s%s%s%s", list, found,
               near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
}

/* " of " and what the members or elements are; nothing if there is no schema for them. */
static void describe_of(const cJSON *schema, char *ret_text, size_t capacity) {
  ret_text[0] = '\0';
  if (schema != NULL) {
    config_type type = config_type_of(schema);
    snprintf(ret_text, capacity, " of %ss", type == CONFIG_BOOLEAN ? "true and false value" : config_type_name(type));
  }
}

void config_describe(const cJSON *schema, char *ret_text, size_t capacity) {
  config_type type = config_type_of(schema);
  const cJSON *choices = cJSON_GetObjectItemCaseSensitive(schema, "enum");
  char bounds[96], list[400];
  if (choices != NULL) {
    list_choices(choices, list, sizeof list);
    snprintf(ret_text, capacity, "one of %s", list);
    return;
  }
  describe_bounds(schema, type, bounds, sizeof bounds);
  if (type != CONFIG_ARRAY) {
    const cJSON *others = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
    describe_of(others, list, sizeof list);
    snprintf(ret_text, capacity, "%s%s%s", config_type_name(type), list, bounds);
    return;
  }
  describe_of(cJSON_GetObjectItemCaseSensitive(schema, "items"), list, sizeof list);
  snprintf(ret_text, capacity, "array%s%s%s", list, bounds[0] != '\0' ? "," : "", bounds[0] != '\0' ? bounds + 3 : "");
}

static void choice_check(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *value) {
  const cJSON *choices = cJSON_GetObjectItemCaseSensitive(schema, "enum");
  const cJSON *choice;
  if (choices == NULL) {
    return;
  }
  cJSON_ArrayForEach(choice, choices) {
    if (cJSON_Compare(choice, value, 1)) {
      return;
    }
  }
  wrong_choice(walk, place, choices, value);
}

static bool is_repeated(const cJSON *object, const cJSON *member) {
  return cJSON_GetObjectItemCaseSensitive(object, member->string) != member;
}

static void members_check(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *object) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *others = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
  const cJSON *member;
  int n_members = 0;
  cJSON_ArrayForEach(member, object) {
    config_place here = { place, member->string, 0 };
    const cJSON *known = cJSON_GetObjectItemCaseSensitive(properties, member->string);
    char hint[400];
    if (++n_members > CONFIG_MEMBERS_MAX) {
      config_fault(walk, place, 0, "has more than %d keys", CONFIG_MEMBERS_MAX);
      return;
    }
    if (is_repeated(object, member)) {
      config_fault(walk, &here, 1, "\"%.64s\" is given twice; keep one", member->string);
    } else if (known != NULL || others != NULL) {
      config_value_check(walk, &here, known != NULL ? known : others, member);
    } else {
      config_hint(member->string, properties, hint, sizeof hint);
      config_fault(walk, &here, 1, "unknown key \"%.64s\"%s", member->string,
                   hint[0] != '\0' ? hint : "; nothing can be set here");
    }
  }
}

static void required_check(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *object) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *name;
  cJSON_ArrayForEach(name, cJSON_GetObjectItemCaseSensitive(schema, "required")) {
    const cJSON *property = cJSON_GetObjectItemCaseSensitive(properties, name->valuestring);
    if (cJSON_GetObjectItemCaseSensitive(object, name->valuestring) != NULL ||
        cJSON_GetObjectItemCaseSensitive(property, "default") != NULL) {
      continue;
    }
    const char *description = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(property, "description"));
    config_type type = config_type_of(property);
    config_fault(walk, place, 0, "lacks \"%s\" (%s)%s%.200s", name->valuestring, config_type_name(type),
                 description != NULL ? ": " : "", description != NULL ? description : "");
  }
}

/* "minProperties": keys of which none is required, but some are. */
static void count_check(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *object) {
  double least = 0;
  char list[400] = "";
  size_t len = 0;
  const cJSON *property;
  if (config_number(schema, "minProperties", &least) != 0 || cJSON_GetArraySize(object) >= least) {
    return;
  }
  cJSON_ArrayForEach(property, cJSON_GetObjectItemCaseSensitive(schema, "properties")) {
    int n = snprintf(list + len, sizeof list - len, "%s\"%.64s\"", len > 0 ? ", " : "", property->string);
    if (n < 0 || (size_t)n >= sizeof list - len) {
      break;
    }
    len += (size_t)n;
  }
  config_fault(walk, place, 0, "needs at least %.0f of %s", least, len > 0 ? list : "its keys");
}

static void elements_check(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *array) {
  const cJSON *items = cJSON_GetObjectItemCaseSensitive(schema, "items");
  const cJSON *element;
  unsigned index = 0;
  cJSON_ArrayForEach(element, array) {
    config_place here = { place, NULL, index++ };
    config_value_check(walk, &here, items, element);
  }
}

int config_value_check(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *value) {
  int before = walk->n_faults;
  config_type type = config_type_of(schema);
  if (type == CONFIG_N_TYPES) {
    return 0;
  }
  if (!type_fits(type, value) || !in_bounds(type, schema, value)) {
    wrong_value(walk, place, schema, value);
    return walk->n_faults - before;
  }
  choice_check(walk, place, schema, value);
  if (type == CONFIG_OBJECT) {
    members_check(walk, place, schema, value);
    required_check(walk, place, schema, value);
    count_check(walk, place, schema, value);
  } else if (type == CONFIG_ARRAY) {
    elements_check(walk, place, schema, value);
  } else if (type == CONFIG_PREDICATE) {
    predicate_check_at(walk, place, value);
  }
  return walk->n_faults - before;
}

/* Adds what the schema has defaults for, all the way down. False: no memory. */
static bool defaults_fill(const cJSON *schema, cJSON *value) {
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *property;
  if (cJSON_IsObject(value)) {
    cJSON_ArrayForEach(property, properties) {
      const cJSON *standard = cJSON_GetObjectItemCaseSensitive(property, "default");
      if (standard == NULL || cJSON_GetObjectItemCaseSensitive(value, property->string) != NULL) {
        continue;
      }
      cJSON *copy = cJSON_Duplicate(standard, 1);
      if (copy == NULL || !cJSON_AddItemToObject(value, property->string, copy)) {
        cJSON_Delete(copy);
        return false;
      }
    }
  }
  for (cJSON *child = cJSON_IsObject(value) || cJSON_IsArray(value) ? value->child : NULL; child != NULL;
       child = child->next) {
    const cJSON *own = cJSON_IsArray(value) ? cJSON_GetObjectItemCaseSensitive(schema, "items")
                                            : cJSON_GetObjectItemCaseSensitive(properties, child->string);
    if (own == NULL) {
      own = cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
    }
    if (!defaults_fill(own, child)) {
      return false;
    }
  }
  return true;
}

int config_check(const cJSON *schema, const cJSON *config, config_report *report, void *arg, cJSON **ret_config) {
  config_walk walk = { report, arg, 0 };
  config_place root = { NULL, NULL, 0 };
  cJSON *copy = config != NULL ? cJSON_Duplicate(config, 1) : cJSON_CreateObject();
  if (copy == NULL) {
    config_fault(&walk, &root, 0, "no memory to check the configuration");
    return walk.n_faults;
  }
  config_value_check(&walk, &root, schema, copy);
  if (walk.n_faults == 0 && !defaults_fill(schema, copy)) {
    config_fault(&walk, &root, 0, "no memory for the configuration's defaults");
  }
  if (walk.n_faults > 0) {
    cJSON_Delete(copy);
    return walk.n_faults;
  }
  *ret_config = copy;
  return 0;
}
