/* SPDX-License-Identifier: Apache-2.0 */

/* A document as a fixture: everything it holds, in an order that depends on nothing but what it holds. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/document_body.h"
#include "document/json_writer.h"
#include "document/utf8.h"
#include "harness/harness_body.h"

/* The integers that JSON numbers hold exactly end here. */
static const int64_t exact_max = (int64_t)1 << 53;

static void write_i64(json_writer *out, int64_t value) {
  bool exact = value >= -exact_max && value <= exact_max;
  if (!exact) {
    json_char(out, '"');
  }
  json_i64(out, value);
  if (!exact) {
    json_char(out, '"');
  }
}

static void write_span(json_writer *out, qn_span span) {
  JSON_RAW(out, "{\"begin\":");
  json_u64(out, span.begin);
  JSON_RAW(out, ",\"end\":");
  json_u64(out, span.end);
  json_char(out, '}');
}

/* --- the payload and the views --- */

static void write_base64(json_writer *out, const uint8_t *data, size_t len) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  json_char(out, '"');
  for (size_t i = 0; i < len; i += 3) {
    uint32_t group = (uint32_t)data[i] << 16;
    group |= i + 1 < len ? (uint32_t)data[i + 1] << 8 : 0;
    group |= i + 2 < len ? data[i + 2] : 0;
    json_char(out, digits[group >> 18]);
    json_char(out, digits[group >> 12 & 63]);
    json_char(out, i + 1 < len ? digits[group >> 6 & 63] : '=');
    json_char(out, i + 2 < len ? digits[group & 63] : '=');
  }
  json_char(out, '"');
}

static bool is_text(const view *self) {
  return self->len == 0 || (utf8_valid(self->data, self->len) && memchr(self->data, 0, self->len) == NULL);
}

static void write_payload(json_writer *out, const view *payload) {
  if (is_text(payload)) {
    json_key(out, "payload");
    json_string(out, (const char *)payload->data, payload->len);
  } else {
    json_key(out, "payload_base64");
    write_base64(out, payload->data, payload->len);
  }
  json_char(out, ',');
}

/* Runs as a stage would write them, from the normal form that is kept. */
typedef struct run_writer {
  json_writer *out;
  const view *view;
  uint32_t next_break;
} run_writer;

static void write_run(run_writer *self, uint32_t derived, uint32_t base, bool copy) {
  const view *of = self->view;
  bool cut = self->next_break < of->n_breaks && of->breaks[self->next_break] == derived;
  self->next_break += cut;
  char text[80];
  int len =
      snprintf(text, sizeof text, "[%u,%u,\"%s%s\"],", derived, base, copy ? "copy" : "replace", cut ? "+break" : "");
  json_raw(self->out, text, (size_t)len);
}

/* A break inside a copied run divides it. */
static void write_copy(run_writer *self, const run *at, uint32_t derived_end) {
  const view *of = self->view;
  write_run(self, at->derived, at->base, true);
  while (self->next_break < of->n_breaks && of->breaks[self->next_break] < derived_end) {
    uint32_t cut = of->breaks[self->next_break];
    write_run(self, cut, at->base + (cut - at->derived), true);
  }
}

static void write_runs(json_writer *out, const view *self, uint32_t base_len) {
  run_writer writer = { out, self, 0 };
  const run whole[] = { { 0, 0, self->len, 1 }, { self->len, self->len, self->len, 0 } };
  const run *runs = self->alignment.identity ? whole : self->alignment.runs;
  uint32_t n_runs = !self->alignment.identity ? self->alignment.n_runs : self->len > 0 ? 1 : 0;
  uint32_t base_end = 0;
  bool gap_is_cut = true; /* in front, and behind a copy */
  JSON_RAW(out, "\"runs\":[");
  for (uint32_t i = 0; i < n_runs; i++) {
    const run *at = &runs[i];
    const run *next = at + 1;
    bool real = at->base < at->base_end;
    if (at->base > base_end && !gap_is_cut) {
      write_run(&writer, at->derived, base_end, false);
    }
    if (at->copy) {
      write_copy(&writer, at, next->derived);
    } else {
      write_run(&writer, at->derived, at->base, false);
    }
    gap_is_cut = at->copy != 0;
    base_end = real ? at->base_end : base_end > at->base ? base_end : at->base;
  }
  if (base_end < base_len && !gap_is_cut) {
    write_run(&writer, self->len, base_end, false);
  }
  json_drop_comma(out);
  json_char(out, ']');
}

static void write_view(json_writer *out, const char *name, const char *base, const view *self, uint32_t base_len) {
  json_key(out, name);
  JSON_RAW(out, "{\"of\":");
  json_string(out, base, strlen(base));
  JSON_RAW(out, ",\"text\":");
  json_string(out, (const char *)self->data, self->len);
  if (!self->alignment.identity || self->n_breaks > 0) {
    json_char(out, ',');
    write_runs(out, self, base_len);
  }
  JSON_RAW(out, "},");
}

static void write_views(json_writer *out, const qn_harness_doc *doc) {
  const schema_set *schemas = doc->harness->schemas;
  const view *payload = document_view_at(doc->held, SCHEMA_VIEW_PAYLOAD);
  const view *text = document_view_at(doc->held, SCHEMA_VIEW_TEXT);
  bool plain = text != NULL && text->alignment.identity && text->n_breaks == 0 && text->len == payload->len;
  if (plain) {
    json_key(out, "text");
    json_string(out, (const char *)text->data, text->len);
    json_char(out, ',');
  } else {
    write_payload(out, payload);
  }
  JSON_RAW(out, "\"views\":{");
  if (text != NULL && !plain) {
    write_view(out, "text", "payload", text, payload->len);
  }
  for (uint32_t i = SCHEMA_VIEW_TEXT + 1; i < schema_set_n_views(schemas); i++) {
    const view *other = document_view_at(doc->held, i);
    if (other != NULL) {
      write_view(out, schema_set_view_name(schemas, i), "text", other, text->len);
    }
  }
  json_drop_comma(out);
  JSON_RAW(out, "},");
}

/* --- fields --- */

/* A plain number that is whole stands for an i64. */
static void write_whole(json_writer *out, int64_t value) {
  if (value >= -exact_max && value <= exact_max) {
    json_i64(out, value);
    return;
  }
  JSON_RAW(out, "{\"i64\":");
  write_i64(out, value);
  json_char(out, '}');
}

static void write_number(json_writer *out, double value) {
  if (value != floor(value)) {
    json_f64(out, value);
    return;
  }
  JSON_RAW(out, "{\"f64\":");
  json_f64(out, value);
  json_char(out, '}');
}

static void write_value(json_writer *out, const qn_value *value) {
  switch (value->type) {
  case QN_VALUE_BOOL:
    json_raw(out, value->as.i64 != 0 ? "true" : "false", value->as.i64 != 0 ? 4 : 5);
    return;
  case QN_VALUE_I64:
    write_whole(out, value->as.i64);
    return;
  case QN_VALUE_F64:
    write_number(out, value->as.f64);
    return;
  case QN_VALUE_STR:
    json_string(out, value->as.str.data, value->as.str.len);
    return;
  case QN_VALUE_SPAN:
    write_span(out, value->as.span);
    return;
  default:
    JSON_RAW(out, "null");
  }
}

static int by_name(const void *a, const void *b) {
  const field *one = a;
  const field *other = b;
  size_t least = one->name.len < other->name.len ? one->name.len : other->name.len;
  int order = memcmp(one->name.data, other->name.data, least);
  return order != 0 ? order : (one->name.len > other->name.len) - (one->name.len < other->name.len);
}

static void write_fields(json_writer *out, const document *doc) {
  field fields[FIELDS_MAX];
  uint32_t n = document_n_fields(doc);
  for (uint32_t i = 0; i < n; i++) {
    document_field_at(doc, i, &fields[i].name, &fields[i].value);
  }
  qsort(fields, n, sizeof fields[0], by_name);
  JSON_RAW(out, "\"fields\":{");
  for (uint32_t i = 0; i < n; i++) {
    json_string(out, fields[i].name.data, fields[i].name.len);
    json_char(out, ':');
    write_value(out, &fields[i].value);
    json_char(out, ',');
  }
  json_drop_comma(out);
  JSON_RAW(out, "},");
}

/* --- layers --- */

/* An element as JSON; false if it is absent. The key is written before. */
static void write_cell(json_writer *out, const column_schema *column, const qn_layer *layer, uint32_t i, uint32_t row) {
  uint32_t number = 0;
  qn_str text;
  qn_span span;
  switch (column->type) {
  case QN_COLUMN_I64:
    write_i64(out, ((const int64_t *)layer->columns[i])[row]);
    return;
  case QN_COLUMN_F64:
    json_f64(out, qn_layer_f64(layer, i, row));
    return;
  case QN_COLUMN_STR:
    text = qn_layer_str(layer, i, row);
    if (((const qn_heap_str *)layer->columns[i])[row].offset == QN_NO_ROW) {
      JSON_RAW(out, "null");
    } else {
      json_string(out, text.data, text.len);
    }
    return;
  case QN_COLUMN_SPAN:
    span = ((const qn_span *)layer->columns[i])[row];
    if (span.begin == QN_NO_ROW) {
      JSON_RAW(out, "null");
    } else {
      write_span(out, span);
    }
    return;
  case QN_COLUMN_SYMBOL:
    number = qn_layer_u32(layer, i, row);
    json_string(out, column->symbols[number], strlen(column->symbols[number]));
    return;
  default:
    number = qn_layer_u32(layer, i, row);
    if (column->type == QN_COLUMN_REF && number == QN_NO_ROW) {
      JSON_RAW(out, "null");
    } else {
      json_u64(out, number);
    }
  }
}

static void write_row(json_writer *out, const layer_schema *schema, const qn_layer *layer, uint32_t row) {
  JSON_RAW(out, "{\"begin\":");
  json_u64(out, layer->begin[row]);
  JSON_RAW(out, ",\"end\":");
  json_u64(out, layer->end[row]);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    json_char(out, ',');
    json_key(out, schema->columns[i].name);
    write_cell(out, &schema->columns[i], layer, i, row);
  }
  JSON_RAW(out, "},");
}

static void write_layer(json_writer *out, const qn_harness_doc *doc, uint32_t slot) {
  const layer_schema *schema = schema_set_at(doc->harness->schemas, slot);
  qn_layer layer;
  if (document_layer_get(doc->held, slot, SCHEMA_VIEW_TEXT, &layer) != 0) {
    return;
  }
  json_key(out, schema->name);
  json_char(out, '[');
  for (uint32_t row = 0; row < layer.n_rows; row++) {
    write_row(out, schema, &layer, row);
  }
  json_drop_comma(out);
  JSON_RAW(out, "],");
}

/* Whether a layer that this one's rows point into, other than itself, is still to be written. */
static bool waits(const qn_harness_doc *doc, uint32_t slot, uint64_t written) {
  const schema_set *schemas = doc->harness->schemas;
  for (uint32_t i = 0; i < schema_set_at(schemas, slot)->n_columns; i++) {
    uint32_t target = schema_set_ref_slot(schemas, slot, i);
    if (target != SCHEMA_LAYERS_MAX && target != slot && (written >> target & 1) == 0) {
      return true;
    }
  }
  return false;
}

/* Those pointed into first, since a fixture is read in its order; layers that point into each other come last. */
static void write_layers(json_writer *out, const qn_harness_doc *doc) {
  uint32_t n = schema_set_count(doc->harness->schemas);
  uint64_t written = 0;
  JSON_RAW(out, "\"layers\":{");
  for (uint32_t pass = 0; pass <= n; pass++) {
    for (uint32_t slot = 0; slot < n; slot++) {
      if ((written >> slot & 1) == 0 && (pass == n || !waits(doc, slot, written))) {
        write_layer(out, doc, slot);
        written |= (uint64_t)1 << slot;
      }
    }
  }
  json_drop_comma(out);
  json_char(out, '}');
}

char *qn_harness_doc_dump(qn_harness_doc *doc) {
  json_writer out = { 0 };
  json_char(&out, '{');
  write_views(&out, doc);
  write_fields(&out, doc->held);
  write_layers(&out, doc);
  JSON_RAW(&out, "}");
  json_char(&out, '\0');
  if (out.failed) {
    json_writer_done(&out);
    return NULL;
  }
  return out.bytes;
}
