/* SPDX-License-Identifier: Apache-2.0 */

/* Asks a compiled predicate of a document: from test to test until the way ends. */
#include "plugin/predicate.h"

#include <string.h>

#include "plugin/predicate_parts.h"

/* --- values --- */

static int bytes_compare(qn_str a, qn_str b) {
  size_t shorter = a.len < b.len ? a.len : b.len;
  int order = shorter > 0 ? memcmp(a.data, b.data, shorter) : 0;
  return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Exact, also where a double can't hold the integer. number is no NaN. */
static int integer_compare(int64_t integer, double number) {
  if (number >= 0x1p63) {
    return -1;
  }
  if (number < -0x1p63) {
    return 1;
  }
  int64_t whole = (int64_t)number;
  double rest = number - (double)whole;
  return integer != whole ? (integer > whole) - (integer < whole) : (rest < 0) - (rest > 0);
}

/* False if the two can't be compared: of different types, or not a number. */
static bool compare(const qn_value *found, const qn_value *wanted, int *ret_order) {
  if (found->type == QN_VALUE_STR && wanted->type == QN_VALUE_STR) {
    *ret_order = bytes_compare(found->as.str, wanted->as.str);
    return true;
  }
  if (found->type == QN_VALUE_BOOL && wanted->type == QN_VALUE_BOOL) {
    *ret_order = (int)(found->as.i64 - wanted->as.i64);
    return true;
  }
  if (wanted->type != QN_VALUE_F64) {
    return false;
  }
  double number = wanted->as.f64;
  if (found->type == QN_VALUE_I64) {
    *ret_order = integer_compare(found->as.i64, number);
    return true;
  }
  *ret_order = (found->as.f64 > number) - (found->as.f64 < number);
  return found->type == QN_VALUE_F64 && found->as.f64 == found->as.f64;
}

static bool is_any(const predicate_step *step, const qn_value *found) {
  for (uint32_t i = 0; i < step->n_values; i++) {
    int order = 0;
    if (compare(found, &step->values[i], &order) && order == 0) {
      return true;
    }
  }
  return false;
}

static bool is_within(const predicate_step *step, const qn_value *found) {
  int order = 0;
  if (!compare(found, &step->values[0], &order)) {
    return false;
  }
  switch (step->test) {
  case TEST_ABOVE:
    return order > 0;
  case TEST_AT_LEAST:
    return order >= 0;
  case TEST_BELOW:
    return order < 0;
  default:
    return order <= 0;
  }
}

/* --- fields and layers --- */

/* The field, a span replaced by the text it covers. False: absent. */
static bool field_find_value(const document *doc, qn_str name, qn_value *ret_value) {
  qn_view text;
  if (document_field_get(doc, name, ret_value) != 0 || ret_value->type == QN_VALUE_NONE) {
    return false;
  }
  if (ret_value->type != QN_VALUE_SPAN) {
    return true;
  }
  qn_span span = ret_value->as.span;
  if (document_view_get(doc, SCHEMA_VIEW_TEXT, &text) != 0 || span.begin > span.end || span.end > text.len) {
    return false;
  }
  ret_value->type = QN_VALUE_STR;
  ret_value->as.str = (qn_str){ (const char *)text.data + span.begin, span.end - span.begin };
  return true;
}

static int field_test(const predicate_step *step, const document *doc) {
  qn_value found;
  if (!field_find_value(doc, step->name, &found)) {
    return 0;
  }
  switch (step->test) {
  case TEST_PRESENT:
    return 1;
  case TEST_IS:
    return is_any(step, &found);
  case TEST_MATCHES:
    return found.type == QN_VALUE_STR ? pattern_matches(step->pattern, found.as.str) : 0;
  default:
    return is_within(step, &found);
  }
}

static int layer_test(const predicate_step *step, document *doc) {
  qn_layer layer = { 0 };
  uint32_t slot = step->slot < SCHEMA_LAYERS_MAX ? step->slot : schema_set_find(document_schema(doc), step->name.data);
  /* Offsets in the text are those that are stored: nothing is mapped, so nothing allocated. */
  bool present = slot < SCHEMA_LAYERS_MAX && document_layer_get(doc, slot, SCHEMA_VIEW_TEXT, &layer) == 0;
  if (step->test == TEST_LAYER_PRESENT) {
    return present;
  }
  uint32_t n_rows = present ? layer.n_rows : 0;
  return n_rows >= step->min && n_rows <= step->max;
}

int predicate_holds(const predicate *self, document *doc) {
  uint32_t at = self->first;
  while (at < STEP_NO) {
    const predicate_step *step = &self->steps[at];
    int holds = step->test >= TEST_LAYER_PRESENT ? layer_test(step, doc) : field_test(step, doc);
    if (holds < 0) {
      return holds;
    }
    at = holds ? step->if_yes : step->if_no;
  }
  return at == STEP_YES;
}
