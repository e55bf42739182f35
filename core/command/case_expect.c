/* SPDX-License-Identifier: Apache-2.0 */

/* An expectation is compared with an object of the same keys, made from the result; only rows that are to be among others,
 * or not at all, need more than that. */
#include "command/case_expect.h"

#include <string.h>

static cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* --- the actual side --- */

static cJSON *find_document(const cJSON *result, const char *id) {
  cJSON *document;
  cJSON_ArrayForEach(document, member(result, "documents")) {
    if (strcmp(member(document, "id")->valuestring, id) == 0) {
      return document;
    }
  }
  return NULL;
}

/* The document as the sink asked for got it, or the first that did. NULL: none. */
static const cJSON *document_at(const cJSON *document, const cJSON *expect) {
  const char *sink = cJSON_GetStringValue(member(expect, "sink"));
  const cJSON *at = member(document, "at");
  return sink != NULL ? member(at, sink) : at != NULL ? at->child : NULL;
}

static bool add_copy(cJSON *object, const char *key, const cJSON *value) {
  if (value == NULL) {
    return true;
  }
  cJSON *copy = cJSON_Duplicate(value, 1);
  if (copy == NULL || !cJSON_AddItemToObject(object, key, copy)) {
    cJSON_Delete(copy);
    return false;
  }
  return true;
}

static bool add_row_counts(cJSON *actual, const cJSON *layers) {
  if (layers == NULL) {
    return true;
  }
  cJSON *counts = cJSON_AddObjectToObject(actual, "layer_rows");
  const cJSON *layer;
  cJSON_ArrayForEach(layer, layers) {
    if (cJSON_AddNumberToObject(counts, layer->string, cJSON_GetArraySize(layer)) == NULL) {
      return false;
    }
  }
  return counts != NULL;
}

cJSON *case_actual_of(const cJSON *expect, const char *id, const cJSON *result) {
  static const char *const endings[] = { "outcome", "stage", "slug", "message", "attempts", "sinks" };
  static const char *const contents[] = { "fields", "views", "summary", "record", "layers" };
  const cJSON *document = find_document(result, id);
  const cJSON *at = document_at(document, expect);
  cJSON *actual = cJSON_CreateObject();
  bool good = actual != NULL;
  for (size_t i = 0; good && i < sizeof endings / sizeof endings[0]; i++) {
    good = add_copy(actual, endings[i], member(document, endings[i]));
  }
  for (size_t i = 0; good && i < sizeof contents / sizeof contents[0]; i++) {
    good = add_copy(actual, contents[i], member(at, contents[i]));
  }
  if (!good || !add_row_counts(actual, member(at, "layers"))) {
    cJSON_Delete(actual);
    return NULL;
  }
  return actual;
}

const char *case_expected_id(const cJSON *json, const cJSON *expect) {
  const char *id = cJSON_GetStringValue(member(expect, "id"));
  id = id != NULL ? id : cJSON_GetStringValue(member(member(json, "input"), "id"));
  return id != NULL ? id : "document";
}

/* --- rows among others --- */

static bool any_fits(const cJSON *expected, const cJSON *rows) {
  const cJSON *row;
  cJSON_ArrayForEach(row, rows) {
    if (case_fits(expected, row)) {
      return true;
    }
  }
  return false;
}

/* A row that stands on the same text is the one that was meant; else there is nothing to show. */
static void compare_contained(case_differences *list, const case_place *place, const cJSON *expected,
                              const cJSON *rows) {
  if (any_fits(expected, rows)) {
    return;
  }
  const cJSON *like = case_row_like(expected, rows);
  if (like != NULL) {
    case_compare(list, place, expected, like);
  } else {
    case_differences_add(list, place, expected, NULL, "there is no such row");
  }
}

static void compare_lacking(case_differences *list, const case_place *place, const cJSON *expected, const cJSON *rows) {
  const cJSON *row;
  cJSON_ArrayForEach(row, rows) {
    if (case_fits(expected, row)) {
      cJSON *shown = case_row_shown(NULL, row);
      case_differences_add(list, place, NULL, shown, "this row must not be there");
      cJSON_Delete(shown);
      return;
    }
  }
}

typedef void compare_row(case_differences *list, const case_place *place, const cJSON *expected, const cJSON *rows);

static void compare_each(case_differences *list, const case_place *place, const cJSON *expected, const cJSON *layers,
                         compare_row *compare) {
  const cJSON *layer;
  cJSON_ArrayForEach(layer, expected) {
    const case_place layer_place = { place, layer->string, 0 };
    uint32_t index = 0;
    const cJSON *row;
    cJSON_ArrayForEach(row, layer) {
      compare(list, &(case_place){ &layer_place, NULL, index++ }, row, member(layers, layer->string));
    }
  }
}

/* --- the whole --- */

static void compare_member(case_differences *list, const case_place *place, const cJSON *expected,
                           const cJSON *actual) {
  const char *key = expected->string;
  if (strcmp(key, "id") == 0 || strcmp(key, "sink") == 0) {
    return;
  }
  const case_place here = { place, key, 0 };
  if (strcmp(key, "layers_contain") == 0) {
    compare_each(list, &here, expected, member(actual, "layers"), compare_contained);
  } else if (strcmp(key, "layers_lack") == 0) {
    compare_each(list, &here, expected, member(actual, "layers"), compare_lacking);
  } else if (member(actual, key) == NULL && !cJSON_IsNull(expected) && !case_is_pattern(expected)) {
    case_differences_add(list, &here, expected, NULL,
                         "there is nothing to compare this with: no sink got the document");
  } else {
    case_compare(list, &here, expected, member(actual, key));
  }
}

static void compare_one(case_differences *list, const case_place *place, const cJSON *json, const cJSON *expect,
                        const cJSON *result) {
  const char *id = case_expected_id(json, expect);
  cJSON *actual = case_actual_of(expect, id, result);
  if (find_document(result, id) == NULL) {
    case_differences_add(list, place, expect, NULL, "no document of this id came in or out");
  } else if (actual == NULL) {
    list->no_memory = true;
  } else {
    const cJSON *each;
    cJSON_ArrayForEach(each, expect) {
      compare_member(list, place, each, actual);
    }
  }
  cJSON_Delete(actual);
}

/* A pipeline that stops without being expected to is a difference, whatever else is. */
static void compare_stop(case_differences *list, const case_place *root, const cJSON *json, const cJSON *result) {
  const case_place place = { root, "stops", 0 };
  const cJSON *expected = member(json, "stops");
  const cJSON *actual = member(result, "stops");
  if (expected != NULL) {
    case_compare(list, &place, expected, actual);
  } else if (actual != NULL) {
    case_differences_add(list, &place, NULL, actual, "the pipeline stopped");
  }
}

void case_expect(const cJSON *json, uint32_t index, const cJSON *result, case_differences *list) {
  const case_place cases = { NULL, "cases", 0 };
  const case_place root = { &cases, NULL, index };
  compare_stop(list, &root, json, result);
  const cJSON *one = member(json, "expect");
  if (one != NULL) {
    compare_one(list, &(case_place){ &root, "expect", 0 }, json, one, result);
  }
  const case_place several = { &root, "expects", 0 };
  uint32_t n = 0;
  const cJSON *each;
  cJSON_ArrayForEach(each, member(json, "expects")) {
    compare_one(list, &(case_place){ &several, NULL, n++ }, json, each, result);
  }
  static const char *const wholes[] = { "counts", "order" };
  for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++) {
    const cJSON *expected = member(json, wholes[i]);
    if (expected != NULL) {
      case_compare(list, &(case_place){ &root, wholes[i], 0 }, expected, member(result, wholes[i]));
    }
  }
}
