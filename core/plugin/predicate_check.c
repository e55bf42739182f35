/* SPDX-License-Identifier: Apache-2.0 */

/* The form of predicates: what may stand in one, and what of it makes one condition. Everything wrong is told at once. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/predicate_parts.h"

enum { NAME_BYTES_MAX = 256, CHOICES_MAX = 10000 };

/* What one predicate object has been seen to hold. */
typedef struct predicate_seen {
  bool field, layer, count, present;
  uint32_t n_tests; /* is, above, ..., count, present */
  uint32_t n_combinations;
} predicate_seen;

typedef struct check {
  config_walk *walk;
  int depth;
} check;

typedef void member_check(check *c, const config_place *place, const cJSON *value, predicate_seen *seen);

typedef struct member_rule {
  const char *key;
  member_check *check;
} member_rule;

static void condition_check(check *c, const config_place *place, const cJSON *json);

static const char *found(const cJSON *value) {
  return cJSON_IsBool(value)     ? "true or false"
         : cJSON_IsNull(value)   ? "null"
         : cJSON_IsNumber(value) ? "a number"
         : cJSON_IsString(value) ? "a string"
         : cJSON_IsArray(value)  ? "a list"
                                 : "an object";
}

/* --- objects --- */

static void unknown_key(check *c, const config_place *place, const char *what, const char *key,
                        const member_rule *rules, unsigned n_rules) {
  const char *names[16];
  char list[200] = "";
  size_t len = 0;
  for (unsigned i = 0; i < n_rules; i++) {
    names[i] = rules[i].key;
    len += (size_t)snprintf(list + len, sizeof list - len, "%s%s", i > 0 ? ", " : "", rules[i].key);
  }
  const char *near = config_nearest(key, names, n_rules);
  if (near != NULL) {
    config_fault(c->walk, place, 1, "%s has no key \"%.100s\"; did you mean \"%s\"?", what, key, near);
  } else {
    config_fault(c->walk, place, 1, "%s has no key \"%.100s\"; it may have: %s", what, key, list);
  }
}

static void members_check(check *c, const config_place *place, const cJSON *object, const char *what,
                          const member_rule *rules, unsigned n_rules, predicate_seen *seen) {
  const cJSON *member;
  if (!cJSON_IsObject(object)) {
    config_fault(c->walk, place, 0, "%s must be an object { ... }, found %s", what, found(object));
    return;
  }
  cJSON_ArrayForEach(member, object) {
    config_place here = { place, member->string, 0 };
    unsigned i = 0;
    while (i < n_rules && strcmp(rules[i].key, member->string) != 0) {
      i++;
    }
    if (i == n_rules) {
      unknown_key(c, &here, what, member->string, rules, n_rules);
    } else if (cJSON_GetObjectItemCaseSensitive(object, member->string) != member) {
      config_fault(c->walk, &here, 1, "\"%s\" is given twice; keep one", member->string);
    } else {
      rules[i].check(c, &here, member, seen);
    }
  }
}

/* --- members --- */

static void name_check(check *c, const config_place *place, const cJSON *value) {
  if (!cJSON_IsString(value)) {
    config_fault(c->walk, place, 0, "must be a string, found %s", found(value));
  } else if (value->valuestring[0] == '\0' || strlen(value->valuestring) > NAME_BYTES_MAX) {
    config_fault(c->walk, place, 0, "must be a string of 1 to %d bytes", NAME_BYTES_MAX);
  }
}

static void check_field(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  seen->field = true;
  name_check(c, place, value);
}

static void check_layer(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  seen->layer = true;
  name_check(c, place, value);
}

static bool is_scalar(const cJSON *value) {
  return cJSON_IsString(value) || (cJSON_IsNumber(value) && isfinite(value->valuedouble)) || cJSON_IsBool(value);
}

static void check_is(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  bool good = is_scalar(value) || (cJSON_IsArray(value) && value->child != NULL);
  const cJSON *choice = cJSON_IsArray(value) ? value->child : NULL;
  seen->n_tests++;
  for (; choice != NULL; choice = choice->next) {
    good = good && is_scalar(choice);
  }
  if (!good) {
    config_fault(c->walk, place, 0, "must be a string, a number, true, false, or a list of these");
  } else if (cJSON_IsArray(value) && cJSON_GetArraySize(value) > CHOICES_MAX) {
    config_fault(c->walk, place, 0, "must be a list of at most %d", CHOICES_MAX);
  }
}

static void check_bound(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  seen->n_tests++;
  /* A string compares too: dates in ISO 8601 sort as text. */
  if (!is_scalar(value) || cJSON_IsBool(value)) {
    config_fault(c->walk, place, 0, "must be a number, or a string such as a date, found %s", found(value));
  }
}

static void check_present(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  seen->n_tests++;
  seen->present = true;
  if (!cJSON_IsBool(value)) {
    config_fault(c->walk, place, 0, "must be true or false, found %s", found(value));
  }
}

static void check_matches(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  pattern *made = NULL;
  qn_error error = { 0 };
  seen->n_tests++;
  if (!cJSON_IsString(value)) {
    config_fault(c->walk, place, 0, "must be a string with a regular expression, found %s", found(value));
    return;
  }
  int result = pattern_compile(value->valuestring, &made, &error);
  if (result != 0) {
    config_fault(c->walk, place, 0, "%s",
                 error.message[0] != '\0' ? error.message : "no memory for the regular expression");
  }
  pattern_free(made);
}

static void check_count_bound(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  (void)seen;
  double n = cJSON_IsNumber(value) ? value->valuedouble : -1;
  if (!(n >= 0 && n < UINT32_MAX && n == floor(n))) {
    config_fault(c->walk, place, 0, "must be a whole number from 0 to %u", UINT32_MAX - 1);
  }
}

static void check_count(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  static const member_rule rules[] = { { "min", check_count_bound }, { "max", check_count_bound } };
  int before = c->walk->n_faults;
  seen->n_tests++;
  seen->count = true;
  members_check(c, place, value, "a count", rules, 2, seen);
  const cJSON *min = cJSON_GetObjectItemCaseSensitive(value, "min");
  const cJSON *max = cJSON_GetObjectItemCaseSensitive(value, "max");
  if (c->walk->n_faults != before) {
    return;
  }
  if (min == NULL && max == NULL) {
    config_fault(c->walk, place, 0, "a count needs \"min\", \"max\" or both");
  } else if (min != NULL && max != NULL && min->valuedouble > max->valuedouble) {
    config_fault(c->walk, place, 0, "\"min\" is more than \"max\": no document can have such a count");
  }
}

static void check_list(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  const cJSON *part;
  unsigned index = 0;
  seen->n_combinations++;
  if (!cJSON_IsArray(value) || value->child == NULL) {
    config_fault(c->walk, place, 0, "must be a list of conditions, at least one");
    return;
  }
  if (cJSON_GetArraySize(value) > PREDICATE_PARTS_MAX) {
    config_fault(c->walk, place, 0, "has more than %d conditions; a list under \"is\" may be longer",
                 PREDICATE_PARTS_MAX);
    return;
  }
  cJSON_ArrayForEach(part, value) {
    config_place here = { place, NULL, index++ };
    condition_check(c, &here, part);
  }
}

static void check_not(check *c, const config_place *place, const cJSON *value, predicate_seen *seen) {
  seen->n_combinations++;
  condition_check(c, place, value);
}

/* --- conditions --- */

/* The members are right one by one; is it one condition? */
static const char *shape_fault(const predicate_seen *seen) {
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
  if (seen->layer && seen->n_tests != (uint32_t)seen->count + seen->present) {
    return "of a layer only \"count\" and \"present\" can be asked";
  }
  if (seen->field && seen->count) {
    return "\"count\" is asked of a \"layer\", not of a field";
  }
  if (seen->n_combinations == 0 && seen->n_tests == 0) {
    return seen->layer ? "what of the layer? Add \"count\": {\"min\": 1} or \"present\": true"
                       : "what of the field? Add \"is\", \"above\", \"at_least\", \"below\", \"at_most\", \"matches\" "
                         "or \"present\"";
  }
  return NULL;
}

static void condition_check(check *c, const config_place *place, const cJSON *json) {
  static const member_rule rules[] = {
    { "field", check_field },     { "layer", check_layer }, { "is", check_is },         { "above", check_bound },
    { "at_least", check_bound },  { "below", check_bound }, { "at_most", check_bound }, { "present", check_present },
    { "matches", check_matches }, { "count", check_count }, { "any", check_list },      { "all", check_list },
    { "not", check_not }
  };
  predicate_seen seen = { 0 };
  int before = c->walk->n_faults;
  if (c->depth == PREDICATE_DEPTH_MAX) {
    config_fault(c->walk, place, 0, "conditions are nested deeper than %d levels", PREDICATE_DEPTH_MAX);
    return;
  }
  c->depth++;
  members_check(c, place, json, "a condition", rules, sizeof rules / sizeof *rules, &seen);
  c->depth--;
  const char *wrong = c->walk->n_faults == before ? shape_fault(&seen) : NULL;
  if (wrong != NULL) {
    config_fault(c->walk, place, 0, "%s", wrong);
  }
}

void predicate_check_at(config_walk *walk, const config_place *place, const cJSON *json) {
  check c = { walk, 0 };
  condition_check(&c, place, json);
}

int predicate_check(const cJSON *json, config_report *report, void *arg) {
  config_walk walk = { report, arg, 0 };
  config_place root = { NULL, NULL, 0 };
  predicate_check_at(&walk, &root, json);
  return walk.n_faults;
}
