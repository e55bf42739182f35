/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat test --update`: the result, in the words of the expectation it takes the place of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/case_expect.h"

static cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

static cJSON *updated(const cJSON *expected, const cJSON *actual);

/* Takes value, which may be NULL for want of memory. */
static bool put(cJSON *object, const char *key, cJSON *value) {
  bool good =
      value != NULL && (key != NULL ? cJSON_AddItemToObject(object, key, value) : cJSON_AddItemToArray(object, value));
  if (!good) {
    cJSON_Delete(value);
  }
  return good;
}

static cJSON *copy_or_null(const cJSON *actual) {
  return actual != NULL ? cJSON_Duplicate(actual, 1) : cJSON_CreateNull();
}

static cJSON *updated_object(const cJSON *expected, const cJSON *actual) {
  cJSON *made = cJSON_CreateObject();
  bool good = made != NULL;
  const cJSON *each;
  cJSON_ArrayForEach(each, expected) {
    good = good && put(made, each->string, updated(each, member(actual, each->string)));
  }
  if (!good) {
    cJSON_Delete(made);
    return NULL;
  }
  return made;
}

/* Every row that came out: those expected in their words, new ones with what the others name. */
static cJSON *updated_rows(const cJSON *expected, const cJSON *actual) {
  uint32_t *pairs = NULL;
  cJSON *made = case_pair_rows(expected, actual, &pairs) == 0 ? cJSON_CreateArray() : NULL;
  bool good = made != NULL;
  uint32_t index = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, actual) {
    if (good) {
      uint32_t pair = pairs[index++];
      good = put(made, NULL,
                 pair == CASE_UNPAIRED ? case_row_shown(expected, row)
                                       : updated(cJSON_GetArrayItem(expected, (int)pair), row));
    }
  }
  free(pairs);
  if (!good) {
    cJSON_Delete(made);
    return NULL;
  }
  return made;
}

static cJSON *updated(const cJSON *expected, const cJSON *actual) {
  if (case_fits(expected, actual)) {
    return cJSON_Duplicate(expected, 1);
  }
  if (cJSON_IsObject(expected) && cJSON_IsObject(actual) && !case_is_pattern(expected)) {
    return updated_object(expected, actual);
  }
  if (cJSON_IsArray(expected) && cJSON_IsArray(actual) && case_is_rows(expected) && case_is_rows(actual)) {
    return updated_rows(expected, actual);
  }
  return copy_or_null(actual);
}

/* Rows among others: those that changed on the same text; one that is not there at all cannot be put in words. */
static cJSON *updated_contained(const cJSON *expected, const cJSON *layers) {
  cJSON *made = cJSON_CreateObject();
  bool good = made != NULL;
  const cJSON *layer, *row;
  cJSON_ArrayForEach(layer, expected) {
    cJSON *rows = good ? cJSON_AddArrayToObject(made, layer->string) : NULL;
    cJSON_ArrayForEach(row, layer) {
      const cJSON *like = case_row_like(row, member(layers, layer->string));
      bool fits = like == NULL;
      const cJSON *other;
      cJSON_ArrayForEach(other, member(layers, layer->string)) {
        fits = fits || case_fits(row, other);
      }
      good = rows != NULL && put(rows, NULL, fits ? cJSON_Duplicate(row, 1) : updated(row, like));
    }
    good = good && rows != NULL;
  }
  if (!good) {
    cJSON_Delete(made);
    return NULL;
  }
  return made;
}

static cJSON *updated_member(const cJSON *each, const cJSON *actual) {
  static const char *const kept[] = { "id", "sink", "layers_lack" };
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
    if (strcmp(each->string, kept[i]) == 0) {
      return cJSON_Duplicate(each, 1);
    }
  }
  return strcmp(each->string, "layers_contain") == 0 ? updated_contained(each, member(actual, "layers"))
                                                     : updated(each, member(actual, each->string));
}

/* A new expectation in the place of the old one; what has nothing to stand for it goes. */
static cJSON *updated_expect(const cJSON *json, const cJSON *expect, const cJSON *result) {
  cJSON *actual = case_actual_of(expect, case_expected_id(json, expect), result);
  cJSON *made = actual != NULL ? cJSON_CreateObject() : NULL;
  bool good = made != NULL;
  const cJSON *each;
  cJSON_ArrayForEach(each, expect) {
    cJSON *value = good ? updated_member(each, actual) : NULL;
    if (cJSON_IsNull(value) && !cJSON_IsNull(each)) {
      cJSON_Delete(value);
    } else {
      good = good && put(made, each->string, value);
    }
  }
  cJSON_Delete(actual);
  if (!good) {
    cJSON_Delete(made);
    return NULL;
  }
  return made;
}

/* The first expectation of a case: how the document ended, and its fields. */
static int expect_first(cJSON *json, const cJSON *result) {
  static const char *const keys[] = { "outcome", "stage", "slug", "sinks", "fields" };
  cJSON *actual = case_actual_of(NULL, case_expected_id(json, NULL), result);
  cJSON *made = actual != NULL ? cJSON_AddObjectToObject(json, "expect") : NULL;
  bool good = made != NULL;
  for (size_t i = 0; good && i < sizeof keys / sizeof keys[0]; i++) {
    const cJSON *value = member(actual, keys[i]);
    good = value == NULL || put(made, keys[i], cJSON_Duplicate(value, 1));
  }
  cJSON_Delete(actual);
  return good ? 0 : -ENOMEM;
}

static int replace(cJSON *json, const char *key, cJSON *value) {
  if (value == NULL) {
    return -ENOMEM;
  }
  return cJSON_ReplaceItemInObjectCaseSensitive(json, key, value) ? 0 : (cJSON_Delete(value), -ENOMEM);
}

static int update_list(cJSON *json, const cJSON *result) {
  cJSON *list = member(json, "expects");
  int rc = 0;
  for (int i = 0, n = cJSON_GetArraySize(list); rc == 0 && i < n; i++) {
    cJSON *value = updated_expect(json, cJSON_GetArrayItem(list, i), result);
    rc = value != NULL && cJSON_ReplaceItemInArray(list, i, value) ? 0 : -ENOMEM;
  }
  return rc;
}

int case_update(cJSON *json, const cJSON *result) {
  static const char *const wholes[] = { "counts", "order", "stops" };
  int rc = 0;
  if (member(json, "expect") != NULL) {
    rc = replace(json, "expect", updated_expect(json, member(json, "expect"), result));
  } else if (member(json, "input") != NULL && member(json, "expects") == NULL) {
    rc = expect_first(json, result);
  }
  rc = rc == 0 ? update_list(json, result) : rc;
  for (size_t i = 0; rc == 0 && i < sizeof wholes / sizeof wholes[0]; i++) {
    const cJSON *expected = member(json, wholes[i]);
    if (expected != NULL) {
      rc = replace(json, wholes[i], updated(expected, member(result, wholes[i])));
    }
  }
  if (rc == 0 && member(json, "stops") == NULL && member(result, "stops") != NULL) {
    rc = put(json, "stops", cJSON_Duplicate(member(result, "stops"), 1)) ? 0 : -ENOMEM;
  }
  if (cJSON_IsNull(member(json, "stops"))) {
    cJSON_DeleteItemFromObjectCaseSensitive(json, "stops");
  }
  return rc;
}
