/* SPDX-License-Identifier: Apache-2.0 */

/* Made-up rows. Known layers are shaped as their makers shape them (tokens are words, blocks are lines), so that a stage gets
 * to its real work; cells hold whatever their type allows. Layers of others get words here and there. */
#include "conformance/giving.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/chance.h"
#include "document/utf8.h"

typedef struct span_list {
  qn_span *spans;
  uint32_t *of; /* parts: row of the token */
  uint32_t n, capacity;
} span_list;

typedef struct giving {
  world *world;
  document *doc;
  qn_view view;
  chance luck;
  span_list rows;
  const layer_schema *schema;
  uint32_t slot;
} giving;

static int span_add(span_list *list, uint32_t begin, uint32_t end, uint32_t of) {
  if (list->n == list->capacity) {
    uint32_t capacity = list->capacity * 2 + 64;
    qn_span *spans = realloc(list->spans, capacity * sizeof *spans);
    list->spans = spans != NULL ? spans : list->spans;
    uint32_t *ofs = realloc(list->of, capacity * sizeof *ofs);
    list->of = ofs != NULL ? ofs : list->of;
    if (spans == NULL || ofs == NULL) {
      return -ENOMEM;
    }
    list->capacity = capacity;
  }
  list->of[list->n] = of;
  list->spans[list->n++] = (qn_span){ begin, end };
  return 0;
}

/* --- spans --- */

typedef enum shape { SHAPE_WORDS, SHAPE_LINES, SHAPE_SENTENCES, SHAPE_PARTS, SHAPE_SOME } shape;

static shape shape_of(const char *layer) {
  return strcmp(layer, "token/1") == 0                                         ? SHAPE_WORDS
         : strcmp(layer, "block/1") == 0                                       ? SHAPE_LINES
         : strcmp(layer, "sentence/1") == 0 || strcmp(layer, "summary/1") == 0 ? SHAPE_SENTENCES
         : strcmp(layer, "part/1") == 0                                        ? SHAPE_PARTS
                                                                               : SHAPE_SOME;
}

static bool ends_unit(shape of, uint8_t byte) {
  if (byte == '\n') {
    return true;
  }
  if (of == SHAPE_LINES) {
    return false;
  }
  if (of == SHAPE_SENTENCES) {
    return byte == '.' || byte == '!' || byte == '?';
  }
  return byte <= ' ';
}

static bool is_mark(uint8_t byte) {
  return byte < 0x80 && strchr(".,:;!?\"'()[]{}<>/@#%", byte) != NULL && byte != '\0';
}

/* Cuts the view into units that no break runs through. Marks are words of their own. */
static int cut(giving *self, shape of) {
  const qn_view *view = &self->view;
  uint32_t begin = 0, next_break = 0;
  int rc = 0;
  for (uint32_t at = 0; at <= view->len && rc == 0; at++) {
    while (next_break < view->n_breaks && view->breaks[next_break] < at) {
      next_break++;
    }
    bool end = at == view->len || (next_break < view->n_breaks && view->breaks[next_break] == at);
    bool mark = !end && of == SHAPE_WORDS && is_mark(view->data[at]);
    if (end || mark || ends_unit(of, view->data[at])) {
      bool with = !end && of == SHAPE_SENTENCES && view->data[at] != '\n';
      uint32_t stop = with ? at + 1 : at;
      rc = stop > begin ? span_add(&self->rows, begin, stop, QN_NO_ROW) : 0;
      if (mark && rc == 0) {
        rc = span_add(&self->rows, at, at + 1, QN_NO_ROW);
      }
      bool keeps = end || (at < view->len && !(ends_unit(of, view->data[at]) || mark));
      begin = keeps ? at : at + 1;
    }
  }
  return rc;
}

/* A few of the words, now and then two or three together, now and then an empty one. */
static int cut_some(giving *self) {
  span_list words = { 0 }, kept = self->rows;
  self->rows = words;
  int rc = cut(self, SHAPE_WORDS);
  words = self->rows;
  self->rows = kept;
  for (uint32_t i = 0; i < words.n && rc == 0; i++) {
    if (!chance_once_in(&self->luck, 6)) {
      continue;
    }
    uint32_t last = i + chance_below(&self->luck, 3);
    last = last < words.n ? last : words.n - 1;
    uint32_t end = words.spans[last].end;
    for (uint32_t k = 0; k < self->view.n_breaks; k++) {
      if (self->view.breaks[k] > words.spans[i].begin && self->view.breaks[k] < end) {
        end = words.spans[i].end;
      }
    }
    rc = span_add(&self->rows, words.spans[i].begin, chance_once_in(&self->luck, 20) ? words.spans[i].begin : end,
                  QN_NO_ROW);
    i = last;
  }
  free(words.spans);
  free(words.of);
  return rc;
}

/* Some tokens in two pieces, cut at a code point. */
static int cut_parts(giving *self) {
  uint32_t slot = schema_set_find(self->world->schemas, "token/1");
  qn_layer tokens;
  if (slot == SCHEMA_LAYERS_MAX || document_layer_get(self->doc, slot, self->world->layout.view_reads, &tokens) != 0) {
    return 0;
  }
  uint32_t done = 0;
  int rc = 0;
  for (uint32_t i = 0; i < tokens.n_rows && rc == 0; i++) {
    uint32_t begin = tokens.begin[i], end = tokens.end[i], middle = begin + 1;
    while (middle < end && !utf8_is_border(self->view.data[middle])) {
      middle++;
    }
    if (begin < done || middle >= end || !chance_once_in(&self->luck, 4)) {
      continue;
    }
    done = end;
    rc = span_add(&self->rows, begin, middle, i);
    rc = rc == 0 ? span_add(&self->rows, middle, end, i) : rc;
  }
  return rc;
}

static int spans_make(giving *self) {
  shape of = shape_of(self->schema->name);
  self->rows.n = 0;
  return of == SHAPE_PARTS ? cut_parts(self) : of == SHAPE_SOME ? cut_some(self) : cut(self, of);
}

/* --- cells --- */

static uint32_t ref_make(giving *self, uint32_t column, uint32_t row) {
  uint32_t target = schema_set_ref_slot(self->world->schemas, self->slot, column);
  qn_layer to;
  if (self->rows.of[row] != QN_NO_ROW) {
    return self->rows.of[row];
  }
  if (target == self->slot || target == SCHEMA_LAYERS_MAX ||
      document_layer_get(self->doc, target, SCHEMA_VIEW_TEXT, &to) != 0 || to.n_rows == 0) {
    return QN_NO_ROW;
  }
  return chance_once_in(&self->luck, 8) ? QN_NO_ROW : chance_below(&self->luck, to.n_rows);
}

/* The row's own words, at times none. */
static qn_heap_str string_make(giving *self, const qn_rows *room, uint32_t row, uint32_t *heap_len) {
  qn_span span = self->rows.spans[row];
  uint32_t len = span.end - span.begin;
  if (chance_once_in(&self->luck, 10) && shape_of(self->schema->name) != SHAPE_WORDS) {
    return (qn_heap_str){ QN_NO_ROW, 0 };
  }
  qn_heap_str made = { room->heap_base + *heap_len, len };
  memcpy(room->heap + *heap_len, self->view.data + span.begin, len);
  *heap_len += len;
  return made;
}

static double number_make(giving *self) {
  uint32_t kind = chance_below(&self->luck, 12);
  return kind == 0 ? (double)NAN : kind == 1 ? 1e300 : kind == 2 ? -1 : chance_below(&self->luck, 1000) / 1000.0;
}

static void cell_make(giving *self, const qn_rows *room, uint32_t column, uint32_t row, uint32_t *heap_len) {
  const column_schema *schema = &self->schema->columns[column];
  void *cells = room->columns[column];
  switch (schema->type) {
  case QN_COLUMN_U32:
    ((uint32_t *)cells)[row] = (uint32_t)chance_next(&self->luck);
    break;
  case QN_COLUMN_I64:
    ((int64_t *)cells)[row] = (int64_t)chance_next(&self->luck);
    break;
  case QN_COLUMN_F64:
    ((double *)cells)[row] = number_make(self);
    break;
  case QN_COLUMN_STR:
    ((qn_heap_str *)cells)[row] = string_make(self, room, row, heap_len);
    break;
  case QN_COLUMN_REF:
    ((uint32_t *)cells)[row] = ref_make(self, column, row);
    break;
  case QN_COLUMN_SPAN:
    ((qn_span *)cells)[row] = self->rows.spans[chance_below(&self->luck, self->rows.n)];
    break;
  default:
    ((uint32_t *)cells)[row] = chance_once_in(&self->luck, 3) ? chance_below(&self->luck, schema->n_symbols) : 0;
    break;
  }
}

static uint32_t heap_wanted(const giving *self) {
  uint64_t bytes = 0, n_strings = 0;
  for (uint32_t i = 0; i < self->rows.n; i++) {
    bytes += self->rows.spans[i].end - self->rows.spans[i].begin;
  }
  for (uint32_t i = 0; i < self->schema->n_columns; i++) {
    n_strings += self->schema->columns[i].type == QN_COLUMN_STR;
  }
  return bytes * n_strings < UINT32_MAX ? (uint32_t)(bytes * n_strings) : UINT32_MAX;
}

static int rows_write(giving *self, qn_error *error) {
  const stage_layout provide = { .n_layers = 1,
                                 .layer_slot = { (uint8_t)self->slot },
                                 .layer_access = { LAYER_PROVIDES },
                                 .view_reads = self->world->layout.view_reads == SCHEMA_VIEW_PAYLOAD
                                                   ? SCHEMA_VIEW_TEXT
                                                   : self->world->layout.view_reads,
                                 .view_provides = SCHEMA_VIEW_NONE };
  builder *to = self->world->building;
  qn_rows room;
  uint32_t heap_len = 0;
  builder_begin(to, self->doc, &provide);
  int rc = builder_layer_reserve(to, 0, self->rows.n, heap_wanted(self), &room);
  if (rc != 0) {
    return rc;
  }
  for (uint32_t row = 0; row < self->rows.n; row++) {
    room.begin[row] = self->rows.spans[row].begin;
    room.end[row] = self->rows.spans[row].end;
    for (uint32_t column = 0; column < self->schema->n_columns; column++) {
      cell_make(self, &room, column, row, &heap_len);
    }
  }
  rc = builder_layer_commit(to, 0, self->rows.n, heap_len);
  return rc == 0 ? builder_seal(to, error) : rc;
}

/* --- layers --- */

static bool is_given(const world *self, uint32_t index) {
  return self->layout.layer_slot[index] != UINT8_MAX && self->layout.layer_access[index] != LAYER_PROVIDES;
}

static int layer_give(giving *self, uint32_t index, qn_error *error) {
  self->slot = self->world->layout.layer_slot[index];
  self->schema = schema_set_at(self->world->schemas, self->slot);
  int rc = spans_make(self);
  return rc == 0 ? rows_write(self, error) : rc;
}

/* What others refer to comes first: the known layers stand in such an order, and those of others behind them. */
static int layers_give(giving *self, qn_error *error) {
  const world *in = self->world;
  int rc = 0;
  for (uint32_t known = 0; schema_known_at(known) != NULL; known++) {
    for (uint32_t i = 0; i < in->layout.n_layers && rc == 0; i++) {
      if (is_given(in, i) && strcmp(in->info->layers[i].name, schema_known_at(known)->name) == 0) {
        rc = layer_give(self, i, error);
      }
    }
  }
  for (uint32_t i = 0; i < in->layout.n_layers && rc == 0; i++) {
    if (is_given(in, i) && schema_known(in->info->layers[i].name) == NULL) {
      rc = layer_give(self, i, error);
    }
  }
  return rc;
}

int giving_layers(world *in, document *doc, const sample *from, qn_error *error) {
  giving self = { .world = in, .doc = doc, .luck = chance_for(from->seed, 3) };
  uint32_t slot = in->layout.view_reads == SCHEMA_VIEW_PAYLOAD ? SCHEMA_VIEW_TEXT : in->layout.view_reads;
  if (document_view_get(doc, slot, &self.view) != 0) {
    return 0; /* a stage that makes the text reads no layers */
  }
  int rc = layers_give(&self, error);
  free(self.rows.spans);
  free(self.rows.of);
  return rc;
}
