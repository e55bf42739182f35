/* SPDX-License-Identifier: Apache-2.0 */

/* Random documents that keep every rule: texts of several scripts, views with cuts and replacements, rows of any shape. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/dice.h"
#include "harness/harness_body.h"

enum { ROWS_MAX = 64, HEAP_MAX = 32 };

static const char *const pieces[] = { " ",
                                      " ",
                                      "\n",
                                      ".",
                                      ",",
                                      "a",
                                      "e",
                                      "news",
                                      "1",
                                      "2026",
                                      "\xD8\xA7",
                                      "\xD9\x84",
                                      "\xD9\x85",
                                      "\xD9\x88",
                                      "\xD8\xA8",
                                      "\xD8\xA9",
                                      "\xD8\x8C",
                                      "\xD9\x8B",
                                      "\xD9\x80",
                                      "\xD9\xA3",
                                      "\xC3\xA9",
                                      "\xE2\x82\xAC",
                                      "\xE2\x80\x8F",
                                      "\xEF\xB7\xBA",
                                      "\xF0\x9F\x98\x80",
                                      "\"",
                                      "\xC2\xAB",
                                      "<",
                                      "&amp;",
                                      "https://example.com/" };

uint32_t dice_below(dice *self, uint32_t below) {
  self->state = self->state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(self->state >> 33) % below;
}

static size_t put_piece(dice *dice, char *to) {
  const char *piece = pieces[dice_below(dice, sizeof pieces / sizeof pieces[0])];
  size_t len = strlen(piece);
  memcpy(to, piece, len);
  return len;
}

char *dice_text(dice *dice, uint32_t about_bytes, size_t *ret_len) {
  char *text = malloc((size_t)about_bytes + 64);
  size_t len = 0;
  while (text != NULL && len < about_bytes) {
    len += put_piece(dice, text + len);
  }
  *ret_len = len;
  return text;
}

/* The next border of the view, at or behind at. */
static uint32_t border(const qn_view *view, uint32_t at) {
  while (at < view->len && (view->data[at] & 0xC0) == 0x80) {
    at++;
  }
  return at < view->len ? at : view->len;
}

/* --- rows --- */

/* Columns with room for ROWS_MAX rows. */
typedef struct random_rows {
  uint32_t begin[ROWS_MAX], end[ROWS_MAX];
  uint64_t cells[SCHEMA_COLUMNS_MAX][ROWS_MAX];
  const void *columns[SCHEMA_COLUMNS_MAX];
  char heap[HEAP_MAX];
} random_rows;

static void put_cell(dice *dice, const qn_harness_doc *doc, uint32_t slot, uint32_t column, uint32_t n_rows,
                     const qn_view *text, random_rows *to, uint32_t row) {
  const column_schema *schema = &schema_set_at(doc->harness->schemas, slot)->columns[column];
  void *cells = to->cells[column];
  uint32_t target;
  qn_layer other = { 0 };
  uint32_t at = border(text, dice_below(dice, text->len + 1));
  switch (schema->type) {
  case QN_COLUMN_I64:
    ((int64_t *)cells)[row] = (int64_t)dice_below(dice, 1000) - 500;
    return;
  case QN_COLUMN_F64:
    ((double *)cells)[row] = dice_below(dice, 1001) / 1000.0;
    return;
  case QN_COLUMN_STR:
    ((qn_heap_str *)cells)[row] = (qn_heap_str){ dice_below(dice, 8) == 0 ? QN_NO_ROW : 0, dice_below(dice, HEAP_MAX) };
    return;
  case QN_COLUMN_SPAN:
    ((qn_span *)cells)[row] = (qn_span){ at, border(text, at + dice_below(dice, 9)) };
    return;
  case QN_COLUMN_SYMBOL:
    ((uint32_t *)cells)[row] = dice_below(dice, schema->n_symbols);
    return;
  case QN_COLUMN_REF:
    target = schema_set_ref_slot(doc->harness->schemas, slot, column);
    if (target == slot) {
      other.n_rows = n_rows;
    } else if (target == SCHEMA_LAYERS_MAX || document_layer_get(doc->held, target, SCHEMA_VIEW_TEXT, &other) != 0) {
      other.n_rows = 0;
    }
    ((uint32_t *)cells)[row] =
        other.n_rows == 0 || dice_below(dice, 6) == 0 ? QN_NO_ROW : dice_below(dice, other.n_rows);
    return;
  default:
    ((uint32_t *)cells)[row] = dice_below(dice, 1000);
  }
}

/* Spans that ascend; some inside each other, some empty, none longer first but behind. */
static uint32_t put_spans(dice *dice, const qn_view *text, random_rows *to) {
  uint32_t n = 0;
  uint32_t at = 0;
  uint32_t style = dice_below(dice, 3); /* one after the other, with gaps, or anyhow */
  while (at < text->len && n < ROWS_MAX) {
    uint32_t begin = style == 0 ? at : border(text, at + dice_below(dice, 6));
    uint32_t end = border(text, begin + 1 + dice_below(dice, 24));
    if (style == 2 && dice_below(dice, 10) == 0) {
      end = begin;
    }
    if (n > 0 && begin == to->begin[n - 1] && end > to->end[n - 1]) {
      end = to->end[n - 1];
    }
    to->begin[n] = begin;
    to->end[n++] = end;
    at = style == 2 && end > begin ? border(text, begin + 1) : end > at ? end : border(text, at + 1);
  }
  return n;
}

static int add_rows(dice *dice, qn_harness_doc *doc, uint32_t slot) {
  const layer_schema *schema = schema_set_at(doc->harness->schemas, slot);
  qn_view text;
  random_rows rows;
  if (document_view_get(doc->held, SCHEMA_VIEW_TEXT, &text) != 0) {
    return 0; /* a decoder reads no layers */
  }
  memset(rows.heap, 'h', sizeof rows.heap);
  uint32_t n = put_spans(dice, &text, &rows);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    rows.columns[i] = rows.cells[i];
    for (uint32_t row = 0; row < n; row++) {
      put_cell(dice, doc, slot, i, n, &text, &rows, row);
    }
  }
  const qn_layer layer = { .n_rows = n,
                           .n_columns = schema->n_columns,
                           .begin = rows.begin,
                           .end = rows.end,
                           .columns = rows.columns,
                           .heap = rows.heap };
  return doc_layer_set(doc, slot, &layer, NULL);
}

/* The layer and, before it, those it points into. */
static int add_layer(dice *dice, qn_harness_doc *doc, uint32_t slot, uint32_t depth) {
  const schema_set *schemas = doc->harness->schemas;
  qn_layer there;
  if (depth > 4 || document_layer_get(doc->held, slot, SCHEMA_VIEW_TEXT, &there) == 0) {
    return 0;
  }
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < schema_set_at(schemas, slot)->n_columns; i++) {
    uint32_t target = schema_set_ref_slot(schemas, slot, i);
    if (target != SCHEMA_LAYERS_MAX && target != slot) {
      rc = add_layer(dice, doc, target, depth + 1);
    }
  }
  return rc == 0 ? add_rows(dice, doc, slot) : rc;
}

/* --- views --- */

/* A view of the text with pieces cut out, replaced and put in. */
static int add_view(dice *dice, qn_harness_doc *doc, const char *name) {
  enum { RUNS_MAX = 128 };
  uint32_t derived[RUNS_MAX], base[RUNS_MAX];
  uint8_t kind[RUNS_MAX];
  qn_view text;
  document_view_get(doc->held, SCHEMA_VIEW_TEXT, &text);
  uint8_t *data = malloc((size_t)text.len + 64 * RUNS_MAX);
  if (data == NULL) {
    return -ENOMEM;
  }
  uint32_t n = 0, len = 0, at = 0;
  bool cut = false;
  while (at < text.len && n < RUNS_MAX) {
    uint32_t next = n == RUNS_MAX - 1 ? text.len : border(&text, at + 1 + dice_below(dice, 40));
    uint32_t action = dice_below(dice, 6);
    if (action == 0 && n > 0 && (kind[n - 1] & QN_RUN_REPLACE) == 0) {
      at = next; /* cut out behind a copy */
      cut = true;
      continue;
    }
    derived[n] = len;
    base[n] = at;
    kind[n] = (uint8_t)((action < 2 ? QN_RUN_REPLACE : QN_RUN_COPY) | (cut ? QN_RUN_BREAK : 0));
    cut = false;
    if ((kind[n] & QN_RUN_REPLACE) == 0) {
      memcpy(data + len, text.data + at, next - at);
      len += next - at;
    } else {
      len += (uint32_t)put_piece(dice, (char *)data + len);
    }
    n++;
    at = next;
  }
  const view_draft view = { data, len, n, derived, base, kind };
  int rc = doc_view_set(doc, name, "text", &view, NULL);
  free(data);
  return rc;
}

static int add_view_read(dice *dice, qn_harness_doc *doc) {
  const stage_info *info = doc->harness->info;
  if (info->n_views_read == 0 || info->role == ROLE_SOURCE) {
    return 0;
  }
  const char *name = info->views_read[0];
  uint32_t slot = doc_view_slot(doc->harness, name);
  return slot == SCHEMA_VIEW_PAYLOAD || slot == SCHEMA_VIEW_TEXT ? 0 : add_view(dice, doc, name);
}

qn_harness_doc *qn_harness_doc_random(qn_harness *harness, uint64_t seed, uint32_t about_bytes) {
  dice dice = { seed * 0x9E3779B97F4A7C15u + 1 };
  size_t len = 0;
  char *text = dice_text(&dice, about_bytes, &len);
  qn_harness_doc *doc = text != NULL ? qn_harness_doc_text(harness, text, len) : NULL;
  free(text);
  const harness_settings *settings = &harness->settings;
  int rc = doc != NULL ? add_view_read(&dice, doc) : -ENOMEM;
  for (uint32_t i = 0; rc == 0 && i < settings->n_layers; i++) {
    uint32_t slot = schema_set_find(harness->schemas, settings->layers[i].name);
    bool read = settings->layers[i].access != LAYER_PROVIDES && slot != SCHEMA_LAYERS_MAX;
    bool leave_out = settings->layers[i].access == LAYER_MAY_READ && dice_below(&dice, 3) == 0;
    rc = read && !leave_out ? add_layer(&dice, doc, slot, 0) : 0;
  }
  if (rc != 0) {
    qn_harness_doc_free(doc);
    doc = NULL;
  }
  return doc;
}
