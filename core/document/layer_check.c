/* SPDX-License-Identifier: Apache-2.0 */

/* The rules of rows. Each is first tested over the whole column without branches, since nearly every layer keeps
 * them all; only a layer that does not is gone through again to name row and rule. */
#include <errno.h>
#include <inttypes.h>

#include "document/layer.h"
#include "document/utf8.h"

/* --- spans --- */

/* Bounds, and order: by begin, then longest first; empty rows stand anywhere among those that begin where they do.
 * Offsets above 2^31 are found by their top bit, so that the rest can be compared as signed numbers, which vectors do
 * in half the time. */
static bool bounds_and_order_hold(const layer_draft *draft, uint32_t len) {
  const uint32_t *begins = draft->begin;
  const uint32_t *ends = draft->end;
  uint32_t bad = draft->n_rows > 0 ? (uint32_t)(begins[0] > ends[0] || ends[0] > len) : 0;
  uint32_t seen = 0;
  for (uint32_t i = 1; i < draft->n_rows; i++) {
    int32_t begin = (int32_t)begins[i];
    int32_t end = (int32_t)ends[i];
    int32_t begin_before = (int32_t)begins[i - 1];
    int32_t end_before = (int32_t)ends[i - 1];
    seen |= begins[i] | ends[i];
    bad |= (uint32_t)(begin > end) | (uint32_t)(end > (int32_t)len) | (uint32_t)(begin_before > begin);
    bad |= (uint32_t)(begin_before == begin) & (uint32_t)(end > end_before) & (uint32_t)(end_before > begin_before);
  }
  return bad == 0 && seen <= INT32_MAX;
}

static bool at_border(const view *text, uint32_t offset) {
  return offset == text->len || utf8_is_border(text->data[offset]);
}

/* True if the byte is inside a code point; as a number, to be added up without a branch. */
static inline uint32_t is_inside(uint8_t byte) {
  return (uint32_t)((int8_t)byte < -64);
}

/* Only after the bounds hold. One byte behind the view may be read; where that is inside a code point (a piece of a
 * payload) the end of the view must be told apart. */
static bool borders_hold(const layer_draft *draft, const view *text) {
  const uint8_t *data = text->data;
  const uint32_t *begin = draft->begin;
  const uint32_t *end = draft->end;
  uint32_t bad = 0;
  if (is_inside(data[text->len])) {
    for (uint32_t i = 0; i < draft->n_rows; i++) {
      bad |= (uint32_t)(!at_border(text, begin[i]) || !at_border(text, end[i]));
    }
    return bad == 0;
  }
  for (uint32_t i = 0; i < draft->n_rows; i++) {
    bad |= is_inside(data[begin[i]]) | is_inside(data[end[i]]);
  }
  return bad == 0;
}

/* The first row that reaches across a break, or n_rows. */
static uint32_t crossing_row(const layer_draft *draft, const view *text) {
  uint32_t next = 0;
  for (uint32_t i = 0; i < draft->n_rows; i++) {
    while (next < text->n_breaks && text->breaks[next] <= draft->begin[i]) {
      next++;
    }
    if (next == text->n_breaks) {
      break;
    }
    if (text->breaks[next] < draft->end[i]) {
      return i;
    }
  }
  return draft->n_rows;
}

static int span_fault(const layer_draft *draft, uint32_t row, const char *rule, qn_error *error) {
  return error_set(error, -EINVAL, "bad-layer", "layer \"%s\", row %u (bytes %u to %u): %s", draft->schema->name, row,
                   draft->begin[row], draft->end[row], rule);
}

static int spans_explain(const layer_draft *draft, const layer_rules *rules, qn_error *error) {
  const view *text = rules->view;
  for (uint32_t i = 0; i < draft->n_rows; i++) {
    uint32_t begin = draft->begin[i];
    uint32_t end = draft->end[i];
    if (begin > end) {
      return span_fault(draft, i, "begin must not be past end", error);
    }
    if (end > text->len) {
      return span_fault(draft, i, "end is past the end of the view", error);
    }
    if (i > 0 && begin < draft->begin[i - 1]) {
      return span_fault(draft, i, "rows must be sorted by begin", error);
    }
    if (i > 0 && begin == draft->begin[i - 1] && end > draft->end[i - 1] && draft->end[i - 1] > begin) {
      return span_fault(draft, i, "of rows with the same begin the longest must come first", error);
    }
    if (!rules->any_bytes && (!at_border(text, begin) || !at_border(text, end))) {
      return span_fault(draft, i, "begin and end must not be inside a code point", error);
    }
  }
  return error_set(error, -EINVAL, "bad-layer", "layer \"%s\": a row breaks the rules of spans", draft->schema->name);
}

static int spans_check(const layer_draft *draft, const layer_rules *rules, qn_error *error) {
  if (!bounds_and_order_hold(draft, rules->view->len) || (!rules->any_bytes && !borders_hold(draft, rules->view))) {
    return spans_explain(draft, rules, error);
  }
  if (rules->breaks && rules->view->n_breaks > 0 && !draft->schema->crosses_breaks) {
    uint32_t row = crossing_row(draft, rules->view);
    if (row < draft->n_rows) {
      return span_fault(draft, row, "a span must not reach across a break of the view", error);
    }
  }
  return 0;
}

/* --- columns --- */

static int cell_fault(const layer_draft *draft, uint32_t column, uint32_t row, const char *rule, qn_error *error) {
  return error_set(error, -EINVAL, "bad-layer", "layer \"%s\", row %u, column \"%s\": %s", draft->schema->name, row,
                   draft->schema->columns[column].name, rule);
}

static int symbols_check(const layer_draft *draft, uint32_t column, qn_error *error) {
  const uint32_t *cells = draft->columns[column];
  uint32_t n_symbols = draft->schema->columns[column].n_symbols;
  uint32_t bad = 0;
  for (uint32_t i = 0; i < draft->n_rows; i++) {
    bad |= (uint32_t)(cells[i] >= n_symbols);
  }
  for (uint32_t i = 0; bad != 0 && i < draft->n_rows; i++) {
    if (cells[i] >= n_symbols) {
      return error_set(error, -EINVAL, "bad-layer",
                       "layer \"%s\", row %u, column \"%s\": %u is not a symbol; they go from 0 to %u",
                       draft->schema->name, i, draft->schema->columns[column].name, cells[i], n_symbols - 1);
    }
  }
  return 0;
}

static int refs_check(const layer_draft *draft, uint32_t column, qn_error *error) {
  const uint32_t *cells = draft->columns[column];
  uint32_t n_rows = draft->ref_rows[column];
  uint32_t bad = 0;
  for (uint32_t i = 0; i < draft->n_rows; i++) {
    bad |= (uint32_t)(cells[i] + 1u > n_rows); /* QN_NO_ROW + 1 is 0 */
  }
  for (uint32_t i = 0; bad != 0 && i < draft->n_rows; i++) {
    if (cells[i] != QN_NO_ROW && cells[i] >= n_rows) {
      const column_schema *schema = &draft->schema->columns[column];
      return error_set(error, -EINVAL, "bad-layer",
                       "layer \"%s\", row %u, column \"%s\": it refers to row %u of \"%s\", which has %u",
                       draft->schema->name, i, schema->name, cells[i], schema->layer, n_rows);
    }
  }
  return 0;
}

/* How a column of strings lies in its heap. */
typedef struct strings_state {
  uint32_t any;    /* not 0: there is a string */
  uint32_t beyond; /* not 0: one is not inside the heap */
} strings_state;

static strings_state strings_scan(const qn_heap_str *cells, uint32_t n_rows, uint32_t heap_len) {
  strings_state state = { 0, 0 };
  for (uint32_t i = 0; i < n_rows; i++) {
    uint32_t offset = cells[i].offset;
    uint32_t present = (uint32_t)(offset != QN_NO_ROW);
    state.any |= present;
    state.beyond |= present & ((uint32_t)(offset > heap_len) | (uint32_t)(cells[i].len > heap_len - offset));
  }
  return state;
}

/* Only when no string is beyond. */
static bool string_borders_hold(const qn_heap_str *cells, uint32_t n_rows, const uint8_t *heap) {
  uint32_t bad = 0;
  for (uint32_t i = 0; i < n_rows; i++) {
    uint32_t present = (uint32_t)(cells[i].offset != QN_NO_ROW);
    uint32_t begin = present != 0 ? cells[i].offset : 0;
    uint32_t end = present != 0 ? begin + cells[i].len : 0;
    bad |= present & (is_inside(heap[begin]) | is_inside(heap[end]));
  }
  return bad == 0;
}

static int strings_explain(const layer_draft *draft, uint32_t column, qn_error *error) {
  const qn_heap_str *cells = draft->columns[column];
  const uint8_t *heap = (const uint8_t *)draft->heap;
  for (uint32_t i = 0; i < draft->n_rows; i++) {
    if (cells[i].offset == QN_NO_ROW) {
      continue;
    }
    if ((uint64_t)cells[i].offset + cells[i].len > draft->heap_len) {
      return cell_fault(draft, column, i, "the string is not inside the heap", error);
    }
    if (!utf8_valid(heap + cells[i].offset, cells[i].len)) {
      return cell_fault(draft, column, i, "the string is not UTF-8 without NUL", error);
    }
  }
  return 0;
}

/* Whole heaps are checked at once; what lies between the strings counts only if that fails. */
static int strings_check(const layer_draft *draft, uint32_t column, bool heap_valid, qn_error *error) {
  const qn_heap_str *cells = draft->columns[column];
  strings_state state = strings_scan(cells, draft->n_rows, draft->heap_len);
  if (state.any == 0) {
    return 0;
  }
  bool hold =
      state.beyond == 0 && heap_valid && string_borders_hold(cells, draft->n_rows, (const uint8_t *)draft->heap);
  return hold ? 0 : strings_explain(draft, column, error);
}

static int span_cells_check(const layer_draft *draft, uint32_t column, const layer_rules *rules, qn_error *error) {
  const qn_span *cells = draft->columns[column];
  const view *text = rules->view;
  for (uint32_t i = 0; i < draft->n_rows; i++) {
    if (cells[i].begin == QN_NO_ROW) {
      continue;
    }
    if (cells[i].begin > cells[i].end || cells[i].end > text->len) {
      return cell_fault(draft, column, i, "the span is not inside the view", error);
    }
    if (!rules->any_bytes && (!at_border(text, cells[i].begin) || !at_border(text, cells[i].end))) {
      return cell_fault(draft, column, i, "the span begins or ends inside a code point", error);
    }
  }
  return 0;
}

int layer_check(const layer_draft *draft, const layer_rules *rules, qn_error *error) {
  int rc = spans_check(draft, rules, error);
  bool heap_valid = rc == 0 && utf8_valid((const uint8_t *)draft->heap, draft->heap_len);
  for (uint32_t i = 0; rc == 0 && i < draft->schema->n_columns; i++) {
    switch (draft->schema->columns[i].type) {
    case QN_COLUMN_SYMBOL:
      rc = symbols_check(draft, i, error);
      break;
    case QN_COLUMN_REF:
      rc = refs_check(draft, i, error);
      break;
    case QN_COLUMN_STR:
      rc = strings_check(draft, i, heap_valid, error);
      break;
    case QN_COLUMN_SPAN:
      rc = span_cells_check(draft, i, rules, error);
      break;
    default:
      break;
    }
  }
  return rc;
}
