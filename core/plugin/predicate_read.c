/* SPDX-License-Identifier: Apache-2.0 */

/* Predicates as they stand in a file: the layers they name, and how they read to people. Nothing is taken for checked. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin/predicate_parts.h"

enum { POINTER_BYTES_MAX = 1024 };

/* --- layers --- */

typedef struct layer_walk {
  predicate_visit *visit;
  void *arg;
  int depth;
} layer_walk;

static int layers_at(layer_walk *walk, const cJSON *json, const config_place *place);

static int layers_of_list(layer_walk *walk, const cJSON *list, const config_place *place) {
  unsigned index = 0;
  const cJSON *part;
  cJSON_ArrayForEach(part, list) {
    config_place here = { place, NULL, index++ };
    int result = layers_at(walk, part, &here);
    if (result != 0) {
      return result;
    }
  }
  return 0;
}

static int layers_at(layer_walk *walk, const cJSON *json, const config_place *place) {
  const cJSON *member;
  int result = 0;
  if (!cJSON_IsObject(json) || walk->depth == PREDICATE_DEPTH_MAX) {
    return 0;
  }
  walk->depth++;
  cJSON_ArrayForEach(member, json) {
    config_place here = { place, member->string, 0 };
    if (strcmp(member->string, "layer") == 0 && cJSON_IsString(member)) {
      char pointer[POINTER_BYTES_MAX] = "";
      config_place_pointer(&here, pointer, sizeof pointer);
      result = walk->visit(walk->arg, member->valuestring, pointer);
    } else if (strcmp(member->string, "any") == 0 || strcmp(member->string, "all") == 0) {
      result = layers_of_list(walk, member, &here);
    } else if (strcmp(member->string, "not") == 0) {
      result = layers_at(walk, member, &here);
    }
    if (result != 0) {
      break;
    }
  }
  walk->depth--;
  return result;
}

int predicate_layers(const cJSON *json, predicate_visit *visit, void *arg) {
  layer_walk walk = { visit, arg, 0 };
  config_place root = { NULL, NULL, 0 };
  return layers_at(&walk, json, &root);
}

/* --- words --- */

typedef struct words {
  char *text;
  size_t len, capacity;
  bool full;
} words;

/* Appends, and cuts at a code point where it does not fit. */
__attribute__((format(printf, 2, 3))) static void say(words *w, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int len = w->full ? -1 : vsnprintf(w->text + w->len, w->capacity - w->len, format, arguments);
  va_end(arguments);
  if (len < 0) {
    return;
  }
  w->len += (size_t)len;
  if (w->len >= w->capacity) {
    w->full = true;
    w->len = w->capacity - 1;
    size_t lead = w->len;
    while (lead > 0 && ((unsigned char)w->text[lead - 1] & 0xC0) == 0x80) {
      lead--;
    }
    if (lead > 0 && (unsigned char)w->text[lead - 1] >= 0xC0) {
      w->len = lead - 1;
      w->text[w->len] = '\0';
    }
  }
}

static void say_value(words *w, const cJSON *value) {
  if (cJSON_IsString(value)) {
    say(w, "\"%s\"", value->valuestring);
  } else if (cJSON_IsNumber(value)) {
    say(w, "%.15g", value->valuedouble);
  } else {
    say(w, "%s", cJSON_IsTrue(value) ? "true" : "false");
  }
}

static void say_values(words *w, const cJSON *values) {
  const cJSON *value;
  if (!cJSON_IsArray(values)) {
    say_value(w, values);
    return;
  }
  cJSON_ArrayForEach(value, values) {
    if (value != values->child) {
      say(w, value->next != NULL ? ", " : " or ");
    }
    say_value(w, value);
  }
}

static void say_count(words *w, const cJSON *count) {
  const cJSON *min = cJSON_GetObjectItemCaseSensitive(count, "min");
  const cJSON *max = cJSON_GetObjectItemCaseSensitive(count, "max");
  if (min != NULL && max != NULL) {
    say(w, "has %.0f to %.0f rows", min->valuedouble, max->valuedouble);
  } else if (min != NULL || max != NULL) {
    const cJSON *one = min != NULL ? min : max;
    say(w, "has at %s %.0f row%s", min != NULL ? "least" : "most", one->valuedouble, one->valuedouble == 1 ? "" : "s");
  }
}

static void say_test(words *w, const cJSON *test) {
  static const char *const plain[][2] = { { "is", "is" },   { "above", ">" },   { "at_least", "≥" },
                                          { "below", "<" }, { "at_most", "≤" }, { "matches", "matches" } };
  for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
    if (strcmp(test->string, plain[i][0]) == 0) {
      say(w, "%s ", plain[i][1]);
      say_values(w, test);
    }
  }
  if (strcmp(test->string, "present") == 0) {
    say(w, cJSON_IsTrue(test) ? "is present" : "is absent");
  } else if (strcmp(test->string, "count") == 0) {
    say_count(w, test);
  }
}

static void say_condition(words *w, const cJSON *json, bool within, int depth);

static void say_list(words *w, const cJSON *list, const char *between, bool within, int depth) {
  const cJSON *part;
  bool several = list->child != NULL && list->child->next != NULL;
  say(w, within && several ? "(" : "");
  cJSON_ArrayForEach(part, list) {
    say(w, "%s", part == list->child ? "" : between);
    say_condition(w, part, several || within, depth + 1);
  }
  say(w, within && several ? ")" : "");
}

static void say_condition(words *w, const cJSON *json, bool within, int depth) {
  const cJSON *all = cJSON_GetObjectItemCaseSensitive(json, "all");
  const cJSON *any = cJSON_GetObjectItemCaseSensitive(json, "any");
  const cJSON *not = cJSON_GetObjectItemCaseSensitive(json, "not");
  const cJSON *field = cJSON_GetObjectItemCaseSensitive(json, "field");
  const cJSON *subject = field != NULL ? field : cJSON_GetObjectItemCaseSensitive(json, "layer");
  if (depth == PREDICATE_DEPTH_MAX) {
    say(w, "…");
  } else if (all != NULL || any != NULL) {
    say_list(w, all != NULL ? all : any, all != NULL ? " and " : " or ", within, depth);
  } else if (not != NULL) {
    bool is_test = cJSON_GetObjectItemCaseSensitive(not, "field") != NULL ||
                   cJSON_GetObjectItemCaseSensitive(not, "layer") != NULL;
    say(w, is_test ? "not (" : "not ");
    say_condition(w, not, true, depth + 1);
    say(w, is_test ? ")" : "");
  } else if (cJSON_IsString(subject)) {
    const cJSON *test;
    bool first = true;
    say(w, "%s ", subject->valuestring);
    cJSON_ArrayForEach(test, json) {
      if (test != subject) {
        say(w, first ? "" : " and ");
        say_test(w, test);
        first = false;
      }
    }
  }
}

void predicate_text(const cJSON *json, char *ret_text, size_t capacity) {
  words w = { .text = ret_text, .capacity = capacity };
  ret_text[0] = '\0';
  if (cJSON_IsString(json)) {
    say(&w, "%s", json->valuestring);
  } else {
    say_condition(&w, json, false, 0);
  }
}
