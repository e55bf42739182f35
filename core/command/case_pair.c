/* SPDX-License-Identifier: Apache-2.0 */

/* Which expected row an actual one stands for, so that one row too many does not make all behind it differ. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/case_compare.h"

/* The table of common rows is as large as the product; beyond this rows are paired by their place. */
enum { CELLS_MAX = 4 * 1024 * 1024 };

typedef struct row_lists {
  const cJSON **expected, **actual;
  uint32_t n_expected, n_actual;
} row_lists;

static const cJSON **elements(const cJSON *array, uint32_t n) {
  const cJSON **made = malloc(((size_t)n + 1) * sizeof *made);
  const cJSON *each;
  uint32_t i = 0;
  if (made != NULL) {
    cJSON_ArrayForEach(each, array) {
      made[i++] = each;
    }
  }
  return made;
}

static const char *text_of(const cJSON *row) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row, "at"));
}

static bool same_text(const cJSON *a, const cJSON *b) {
  const char *left = text_of(a), *right = text_of(b);
  return left != NULL && right != NULL && strcmp(left, right) == 0;
}

/* Longest common run of rows that fit, by the usual table; pairs[i] is set for the actual rows in it. */
static int pair_fitting(const row_lists *rows, uint32_t *pairs) {
  size_t width = (size_t)rows->n_actual + 1;
  uint16_t *longest = calloc(((size_t)rows->n_expected + 1) * width, sizeof *longest);
  uint8_t *fits = calloc(((size_t)rows->n_expected + 1) * width, 1);
  if (longest == NULL || fits == NULL) {
    free(longest);
    free(fits);
    return -ENOMEM;
  }
  for (uint32_t e = rows->n_expected; e-- > 0;) {
    for (uint32_t a = rows->n_actual; a-- > 0;) {
      size_t at = e * width + a;
      fits[at] = case_fits(rows->expected[e], rows->actual[a]);
      uint16_t down = longest[at + width], right = longest[at + 1];
      uint16_t across = (uint16_t)(longest[at + width + 1] + 1);
      longest[at] = fits[at] ? across : down > right ? down : right;
    }
  }
  for (uint32_t e = 0, a = 0; e < rows->n_expected && a < rows->n_actual;) {
    size_t at = e * width + a;
    if (fits[at]) {
      pairs[a++] = e++;
    } else if (longest[at + width] >= longest[at + 1]) {
      e++;
    } else {
      a++;
    }
  }
  free(longest);
  free(fits);
  return 0;
}

/* Between two fitting pairs: rows on the same text, in order. */
static void pair_between(const row_lists *rows, uint32_t *pairs, uint32_t e_from, uint32_t e_to, uint32_t a_from,
                         uint32_t a_to) {
  uint32_t e_next = e_from;
  for (uint32_t a = a_from; a < a_to; a++) {
    for (uint32_t e = e_next; e < e_to; e++) {
      if (same_text(rows->expected[e], rows->actual[a])) {
        pairs[a] = e;
        e_next = e + 1;
        break;
      }
    }
  }
  /* Rows without a text of their own (in records) can only go by their place. */
  bool nameless = e_to - e_from == a_to - a_from && e_to > e_from && text_of(rows->expected[e_from]) == NULL;
  for (uint32_t i = 0; nameless && i < a_to - a_from; i++) {
    pairs[a_from + i] = e_from + i;
  }
}

static void pair_rest(const row_lists *rows, uint32_t *pairs) {
  uint32_t e_from = 0, a_from = 0;
  for (uint32_t a = 0; a <= rows->n_actual; a++) {
    bool end = a == rows->n_actual;
    if (end || pairs[a] != CASE_UNPAIRED) {
      uint32_t e = end ? rows->n_expected : pairs[a];
      pair_between(rows, pairs, e_from, e, a_from, a);
      e_from = e + 1;
      a_from = a + 1;
    }
  }
}

static int pair_all(const row_lists *rows, uint32_t *pairs) {
  for (uint32_t a = 0; a < rows->n_actual; a++) {
    pairs[a] = CASE_UNPAIRED;
  }
  if ((uint64_t)(rows->n_expected + 1) * (rows->n_actual + 1) > CELLS_MAX || rows->n_expected > UINT16_MAX) {
    for (uint32_t a = 0; a < rows->n_actual && a < rows->n_expected; a++) {
      pairs[a] = a;
    }
    return 0;
  }
  int rc = pair_fitting(rows, pairs);
  if (rc == 0) {
    pair_rest(rows, pairs);
  }
  return rc;
}

int case_pair_rows(const cJSON *expected, const cJSON *actual, uint32_t **ret_pairs) {
  row_lists rows = { .n_expected = (uint32_t)cJSON_GetArraySize(expected),
                     .n_actual = (uint32_t)cJSON_GetArraySize(actual) };
  rows.expected = elements(expected, rows.n_expected);
  rows.actual = elements(actual, rows.n_actual);
  uint32_t *pairs = malloc(((size_t)rows.n_actual + 1) * sizeof *pairs);
  int rc = rows.expected != NULL && rows.actual != NULL && pairs != NULL ? pair_all(&rows, pairs) : -ENOMEM;
  free(rows.expected);
  free(rows.actual);
  if (rc != 0) {
    free(pairs);
    return rc;
  }
  *ret_pairs = pairs;
  return 0;
}

/* --- showing rows --- */

static bool is_named(const cJSON *rows, const char *key) {
  const cJSON *row;
  bool any = false;
  cJSON_ArrayForEach(row, rows) {
    any = true;
    if (cJSON_GetObjectItemCaseSensitive(row, key) != NULL) {
      return true;
    }
  }
  return !any && strcmp(key, "begin") != 0 && strcmp(key, "end") != 0;
}

cJSON *case_row_shown(const cJSON *expected_rows, const cJSON *actual_row) {
  cJSON *shown = cJSON_CreateObject();
  const cJSON *each;
  cJSON_ArrayForEach(each, actual_row) {
    if (strcmp(each->string, "at") == 0 || is_named(expected_rows, each->string)) {
      cJSON *copy = cJSON_Duplicate(each, 1);
      if (copy == NULL || !cJSON_AddItemToObject(shown, each->string, copy)) {
        cJSON_Delete(copy);
        cJSON_Delete(shown);
        return NULL;
      }
    }
  }
  return shown;
}

const cJSON *case_row_like(const cJSON *expected, const cJSON *actual_rows) {
  const cJSON *row;
  cJSON_ArrayForEach(row, actual_rows) {
    if (same_text(expected, row)) {
      return row;
    }
  }
  return NULL;
}
