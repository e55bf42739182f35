/* SPDX-License-Identifier: Apache-2.0 */

/* Comparing is one recursion for finding out and for telling: without a list of differences it only answers. */
#include "command/case_compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One comparison under way. list NULL: only whether there is a difference matters. */
typedef struct comparing {
  case_differences *list;
  bool differs;
} comparing;

static const cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* --- differences --- */

void case_differences_done(case_differences *self) {
  for (uint32_t i = 0; i < self->n_kept; i++) {
    free(self->kept[i].pointer);
    cJSON_Delete(self->kept[i].expected);
    cJSON_Delete(self->kept[i].actual);
  }
  *self = (case_differences){ 0 };
}

/* Writes the pointer, or only counts it if text is NULL. */
static size_t write_piece(char *text, size_t at, const char *piece) {
  size_t len = strlen(piece);
  if (text != NULL) {
    memcpy(text + at, piece, len);
  }
  return at + len;
}

static size_t write_place(const case_place *place, char *text) {
  if (place == NULL) {
    return 0;
  }
  char piece[16] = "/";
  size_t at = write_place(place->parent, text);
  if (place->key == NULL) {
    snprintf(piece, sizeof piece, "/%u", place->index);
    return write_piece(text, at, piece);
  }
  at = write_piece(text, at, piece);
  for (const char *letter = place->key; *letter != '\0'; letter++) {
    const char plain[] = { *letter, '\0' };
    at = write_piece(text, at, *letter == '~' ? "~0" : *letter == '/' ? "~1" : plain);
  }
  return at;
}

static char *pointer_of(const case_place *place) {
  size_t len = write_place(place, NULL);
  char *text = malloc(len + 1);
  if (text != NULL) {
    write_place(place, text);
    text[len] = '\0';
  }
  return text;
}

void case_differences_add(case_differences *self, const case_place *place, const cJSON *expected, const cJSON *actual,
                          const char *note) {
  self->n++;
  if (self->n_kept == CASE_DIFFERENCES_KEPT) {
    return;
  }
  case_difference made = { .pointer = pointer_of(place),
                           .expected = expected != NULL ? cJSON_Duplicate(expected, 1) : NULL,
                           .actual = actual != NULL ? cJSON_Duplicate(actual, 1) : NULL,
                           .note = note };
  self->no_memory |=
      made.pointer == NULL || (made.expected == NULL && expected != NULL) || (made.actual == NULL && actual != NULL);
  if (made.pointer == NULL) {
    cJSON_Delete(made.expected);
    cJSON_Delete(made.actual);
    return;
  }
  self->kept[self->n_kept++] = made;
}

static void tell(comparing *now, const case_place *place, const cJSON *expected, const cJSON *actual,
                 const char *note) {
  now->differs = true;
  if (now->list != NULL) {
    case_differences_add(now->list, place, expected, actual, note);
  }
}

/* --- single values --- */

static bool same_number(double a, double b) {
  double larger = fabs(a) > fabs(b) ? fabs(a) : fabs(b);
  return a == b || fabs(a - b) <= larger * 1e-9;
}

bool case_is_pattern(const cJSON *expected) {
  static const char *const words[] = { "contains", "lacks", "at_least", "at_most", "fill" };
  if (!cJSON_IsObject(expected) || expected->child == NULL) {
    return false;
  }
  const cJSON *each;
  cJSON_ArrayForEach(each, expected) {
    bool known = false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
      known = known || strcmp(words[i], each->string) == 0;
    }
    if (!known) {
      return false;
    }
  }
  return true;
}

static bool holds(const cJSON *condition, const cJSON *actual) {
  const char *text = cJSON_GetStringValue(actual);
  const char *wanted = cJSON_GetStringValue(condition);
  if (strcmp(condition->string, "contains") == 0) {
    return text != NULL && wanted != NULL && strstr(text, wanted) != NULL;
  }
  if (strcmp(condition->string, "lacks") == 0) {
    return wanted != NULL && (text == NULL || strstr(text, wanted) == NULL);
  }
  if (!cJSON_IsNumber(condition) || !cJSON_IsNumber(actual)) {
    return false; /* "fill" too */
  }
  bool least = strcmp(condition->string, "at_least") == 0;
  return same_number(condition->valuedouble, actual->valuedouble) ||
         (least ? actual->valuedouble > condition->valuedouble : actual->valuedouble < condition->valuedouble);
}

static bool pattern_fits(const cJSON *pattern, const cJSON *actual) {
  const cJSON *condition;
  cJSON_ArrayForEach(condition, pattern) {
    if (!holds(condition, actual)) {
      return false;
    }
  }
  return true;
}

static bool same_scalar(const cJSON *expected, const cJSON *actual) {
  if (cJSON_IsNumber(expected)) {
    return cJSON_IsNumber(actual) && same_number(expected->valuedouble, actual->valuedouble);
  }
  if (cJSON_IsString(expected)) {
    return cJSON_IsString(actual) && strcmp(expected->valuestring, actual->valuestring) == 0;
  }
  return cJSON_IsBool(expected) && cJSON_IsBool(actual) && cJSON_IsTrue(expected) == cJSON_IsTrue(actual);
}

static void compare(comparing *now, const case_place *place, const cJSON *expected, const cJSON *actual);

/* --- lists --- */

bool case_is_rows(const cJSON *list) {
  const cJSON *each;
  cJSON_ArrayForEach(each, list) {
    if (!cJSON_IsObject(each)) {
      return false;
    }
  }
  return true;
}

/* Rows that no expected one stands for, and expected ones that are not there. */
static void tell_unpaired(comparing *now, const case_place *place, const cJSON *expected, const cJSON *actual,
                          const uint32_t *pairs) {
  uint32_t index = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, expected) {
    bool found = false;
    for (int i = 0, n = cJSON_GetArraySize(actual); !found && i < n; i++) {
      found = pairs[i] == index;
    }
    if (!found) {
      tell(now, &(case_place){ place, NULL, index }, row, NULL, "this row is missing");
    }
    index++;
  }
  index = 0;
  cJSON_ArrayForEach(row, actual) {
    if (pairs[index++] == CASE_UNPAIRED) {
      cJSON *shown = case_row_shown(expected, row);
      tell(now, place, NULL, shown, "this row is not expected");
      cJSON_Delete(shown);
    }
  }
}

static void compare_rows(comparing *now, const case_place *place, const cJSON *expected, const cJSON *actual) {
  uint32_t *pairs = NULL;
  if (case_pair_rows(expected, actual, &pairs) != 0) {
    tell(now, place, expected, actual, "there is no memory to compare the rows");
    return;
  }
  uint32_t index = 0;
  const cJSON *row;
  cJSON_ArrayForEach(row, actual) {
    uint32_t pair = pairs[index++];
    if (pair != CASE_UNPAIRED) {
      compare(now, &(case_place){ place, NULL, pair }, cJSON_GetArrayItem(expected, (int)pair), row);
    }
  }
  tell_unpaired(now, place, expected, actual, pairs);
  free(pairs);
}

static bool same_list(const cJSON *expected, const cJSON *actual) {
  if (cJSON_GetArraySize(expected) != cJSON_GetArraySize(actual)) {
    return false;
  }
  const cJSON *other = actual->child;
  const cJSON *each;
  cJSON_ArrayForEach(each, expected) {
    if (!case_fits(each, other)) {
      return false;
    }
    other = other->next;
  }
  return true;
}

/* --- the whole --- */

static void compare(comparing *now, const case_place *place, const cJSON *expected, const cJSON *actual) {
  if (now->differs && now->list == NULL) {
    return;
  }
  if (case_is_pattern(expected)) {
    if (!pattern_fits(expected, actual)) {
      bool fills = member(expected, "fill") != NULL;
      tell(now, place, fills ? NULL : expected, actual, fills ? "nothing is expected yet; --update fills it in" : NULL);
    }
  } else if (cJSON_IsNull(expected)) {
    if (actual != NULL && !cJSON_IsNull(actual)) {
      tell(now, place, expected, actual, NULL);
    }
  } else if (cJSON_IsObject(expected) && cJSON_IsObject(actual)) {
    const cJSON *each;
    cJSON_ArrayForEach(each, expected) {
      compare(now, &(case_place){ place, each->string, 0 }, each, member(actual, each->string));
    }
  } else if (cJSON_IsArray(expected) && cJSON_IsArray(actual)) {
    if (case_is_rows(expected) && case_is_rows(actual)) {
      compare_rows(now, place, expected, actual);
    } else if (!same_list(expected, actual)) {
      tell(now, place, expected, actual, NULL);
    }
  } else if (actual == NULL || !same_scalar(expected, actual)) {
    tell(now, place, expected, actual, NULL);
  }
}

void case_compare(case_differences *list, const case_place *place, const cJSON *expected, const cJSON *actual) {
  comparing now = { list, false };
  compare(&now, place, expected, actual);
}

bool case_fits(const cJSON *expected, const cJSON *actual) {
  comparing now = { NULL, false };
  compare(&now, NULL, expected, actual);
  return !now.differs;
}
