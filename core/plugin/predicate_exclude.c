/* SPDX-License-Identifier: Apache-2.0 */

/* Whether two conditions exclude each other for certain: of all that might be proved, what people write to divide
 * documents. A condition and its "not"; different values of one field; present and not; counts that do not overlap; and
 * "all" and "any" of such. */
#include <math.h>
#include <string.h>

#include "plugin/predicate.h"

static const cJSON *member(const cJSON *json, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(json, key);
}

static bool same_subject(const cJSON *a, const cJSON *b, const char *key) {
  const cJSON *x = member(a, key);
  const cJSON *y = member(b, key);
  return cJSON_IsString(x) && cJSON_IsString(y) && strcmp(x->valuestring, y->valuestring) == 0;
}

/* --- one field --- */

static bool is_among(const cJSON *value, const cJSON *choices) {
  if (!cJSON_IsArray(choices)) {
    return cJSON_Compare(value, choices, 1) != 0;
  }
  const cJSON *choice = NULL;
  cJSON_ArrayForEach(choice, choices) {
    if (cJSON_Compare(value, choice, 1) != 0) {
      return true;
    }
  }
  return false;
}

static bool share_no_choice(const cJSON *a, const cJSON *b) {
  if (a == NULL || b == NULL) {
    return false;
  }
  if (!cJSON_IsArray(a)) {
    return !is_among(a, b);
  }
  const cJSON *choice = NULL;
  cJSON_ArrayForEach(choice, a) {
    if (is_among(choice, b)) {
      return false;
    }
  }
  return true;
}

static bool says_absent(const cJSON *json) {
  return cJSON_IsFalse(member(json, "present"));
}

/* Every test of a field but "present": false wants the field to be there. */
static bool one_wants_absent(const cJSON *a, const cJSON *b) {
  return says_absent(a) != says_absent(b);
}

/* The numbers a condition leaves: [low, high], either end with or without itself. */
typedef struct range {
  double low, high;
  bool low_open, high_open;
} range;

static range range_of(const cJSON *json) {
  range found = { -INFINITY, INFINITY, false, false };
  const cJSON *above = member(json, "above");
  const cJSON *at_least = member(json, "at_least");
  const cJSON *below = member(json, "below");
  const cJSON *at_most = member(json, "at_most");
  if (cJSON_IsNumber(at_least)) {
    found.low = at_least->valuedouble;
  }
  if (cJSON_IsNumber(above) && above->valuedouble >= found.low) {
    found.low = above->valuedouble;
    found.low_open = true;
  }
  if (cJSON_IsNumber(at_most)) {
    found.high = at_most->valuedouble;
  }
  if (cJSON_IsNumber(below) && below->valuedouble <= found.high) {
    found.high = below->valuedouble;
    found.high_open = true;
  }
  return found;
}

static range count_of(const cJSON *json) {
  range found = { 0, INFINITY, false, false };
  const cJSON *count = member(json, "count");
  const cJSON *min = member(count, "min");
  const cJSON *max = member(count, "max");
  if (cJSON_IsNumber(count)) {
    found.low = found.high = count->valuedouble;
  }
  if (cJSON_IsNumber(min)) {
    found.low = min->valuedouble;
  }
  if (cJSON_IsNumber(max)) {
    found.high = max->valuedouble;
  }
  return found;
}

static bool ends_before(const range *a, const range *b) {
  return a->high < b->low || (a->high == b->low && (a->high_open || b->low_open));
}

static bool apart(range a, range b) {
  return ends_before(&a, &b) || ends_before(&b, &a);
}

static bool fields_exclude(const cJSON *a, const cJSON *b) {
  if (!same_subject(a, b, "field")) {
    return false;
  }
  return share_no_choice(member(a, "is"), member(b, "is")) || one_wants_absent(a, b) || apart(range_of(a), range_of(b));
}

static bool layers_exclude(const cJSON *a, const cJSON *b) {
  if (!same_subject(a, b, "layer")) {
    return false;
  }
  bool both_present = cJSON_IsBool(member(a, "present")) && cJSON_IsBool(member(b, "present"));
  return (both_present && one_wants_absent(a, b)) || apart(count_of(a), count_of(b));
}

/* --- combinations --- */

/* Two nested conditions can be taken apart in more ways than there is time for. Who runs out of steps has proved nothing. */
enum { STEPS_MAX = 4096 };

static bool excludes(const cJSON *a, const cJSON *b, uint32_t *steps);

static bool any_excludes(const cJSON *list, const cJSON *other, uint32_t *steps) {
  const cJSON *part = NULL;
  cJSON_ArrayForEach(part, list) {
    if (excludes(part, other, steps)) {
      return true;
    }
  }
  return false;
}

static bool all_exclude(const cJSON *list, const cJSON *other, uint32_t *steps) {
  const cJSON *part = NULL;
  cJSON_ArrayForEach(part, list) {
    if (!excludes(part, other, steps)) {
      return false;
    }
  }
  return true;
}

static bool taken_apart(const cJSON *a, const cJSON *b, uint32_t *steps) {
  const cJSON *all = member(a, "all");
  const cJSON *any = member(a, "any");
  const cJSON *negated = member(a, "not");
  return (all != NULL && any_excludes(all, b, steps)) || (any != NULL && all_exclude(any, b, steps)) ||
         (negated != NULL && cJSON_Compare(negated, b, 1) != 0);
}

static bool excludes(const cJSON *a, const cJSON *b, uint32_t *steps) {
  if (!cJSON_IsObject(a) || !cJSON_IsObject(b) || *steps == 0) {
    return false;
  }
  --*steps;
  return fields_exclude(a, b) || layers_exclude(a, b) || taken_apart(a, b, steps) || taken_apart(b, a, steps);
}

bool predicate_excludes(const cJSON *a, const cJSON *b) {
  uint32_t steps = STEPS_MAX;
  return excludes(a, b, &steps);
}
