/* SPDX-License-Identifier: Apache-2.0 */

/* The record: what stands at its top level. Layers are in record_layers.c. */
#include "document/record.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document/record_body.h"

/* What an encoder may keep between documents. */
enum { KEEP_BYTES = 8 * 1024 * 1024 };

int record_encoder_new(record_encoder **ret_encoder) {
  record_encoder *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < RECORD_KNOWN_MAX && schema_known_at(i) != NULL; i++) {
    self->known[i] = schema_fingerprint(schema_known_at(i));
  }
  *ret_encoder = self;
  return 0;
}

void record_encoder_free(record_encoder *self) {
  if (self == NULL) {
    return;
  }
  json_writer_done(&self->out);
  offset_index_done(&self->offsets);
  free(self->links);
  free(self);
}

bool record_wants(const record_encoder *self, const char *part) {
  for (uint32_t i = 0; i < self->options.n_parts; i++) {
    const qn_str *wanted = &self->options.parts[i];
    if (wanted->len == strlen(part) && memcmp(wanted->data, part, wanted->len) == 0) {
      return true;
    }
  }
  return self->options.n_parts == 0;
}

/* --- spans and columns --- */

static char *put_offsets(const record_encoder *self, uint32_t begin, uint32_t end, char *out) {
  out = JSON_PUT(out, "\"begin\":");
  out = json_put_u64(out, offset_index_convert(&self->offsets, begin));
  out = JSON_PUT(out, ",\"end\":");
  return json_put_u64(out, offset_index_convert(&self->offsets, end));
}

static char *put_payload(uint32_t begin, uint32_t end, char *out) {
  out = JSON_PUT(out, ",\"payload\":[");
  out = json_put_u64(out, begin);
  *out++ = ',';
  out = json_put_u64(out, end);
  *out++ = ']';
  return out;
}

char *record_put_span(const record_encoder *self, const record_layer *from, uint32_t row, char *out) {
  out = put_offsets(self, from->rows.begin[row], from->rows.end[row], out);
  return self->with_payload ? put_payload(from->payload.begin[row], from->payload.end[row], out) : out;
}

void record_row_span(record_encoder *self, const record_layer *from, uint32_t row) {
  char *out = json_open(&self->out, RECORD_SPAN_BYTES);
  if (out != NULL) {
    json_close(&self->out, record_put_span(self, from, row, out));
  }
}

void record_span(record_encoder *self, qn_span span) {
  char *out = json_open(&self->out, RECORD_SPAN_BYTES + 2);
  if (out == NULL) {
    return;
  }
  *out++ = '{';
  out = put_offsets(self, span.begin, span.end, out);
  if (self->with_payload) {
    qn_span below = alignment_map(&self->text->alignment, ALIGNMENT_TO_BASE, span);
    out = put_payload(below.begin, below.end, out);
  }
  *out++ = '}';
  json_close(&self->out, out);
}

void record_row_text(record_encoder *self, const record_layer *from, uint32_t row) {
  uint32_t begin = from->rows.begin[row];
  json_string(&self->out, (const char *)self->text->data + begin, from->rows.end[row] - begin);
}

void record_str(record_encoder *self, const char *name, const record_layer *from, uint32_t column, uint32_t row) {
  qn_str text = qn_layer_str(&from->rows, column, row);
  if (text.data != NULL) {
    json_char(&self->out, ',');
    json_key(&self->out, name);
    json_string(&self->out, text.data, text.len);
  }
}

/* True if the cell holds a value. */
static bool cell_present(const record_layer *from, uint32_t column, uint32_t row) {
  const void *cells = from->rows.columns[column];
  switch (from->schema->columns[column].type) {
  case QN_COLUMN_F64:
    return !isnan(((const double *)cells)[row]);
  case QN_COLUMN_STR:
    return ((const qn_heap_str *)cells)[row].offset != QN_NO_ROW;
  case QN_COLUMN_REF:
    return ((const uint32_t *)cells)[row] != QN_NO_ROW;
  case QN_COLUMN_SPAN:
    return ((const qn_span *)cells)[row].begin != QN_NO_ROW;
  default:
    return true;
  }
}

static void cell_value(record_encoder *self, const record_layer *from, uint32_t column, uint32_t row) {
  const void *cells = from->rows.columns[column];
  const column_schema *schema = &from->schema->columns[column];
  qn_str text;
  switch (schema->type) {
  case QN_COLUMN_I64:
    json_i64(&self->out, ((const int64_t *)cells)[row]);
    break;
  case QN_COLUMN_F64:
    json_f64(&self->out, ((const double *)cells)[row]);
    break;
  case QN_COLUMN_STR:
    text = qn_layer_str(&from->rows, column, row);
    json_string(&self->out, text.data, text.len);
    break;
  case QN_COLUMN_SYMBOL:
    text.data = schema->symbols[((const uint32_t *)cells)[row]];
    json_string(&self->out, text.data, strlen(text.data));
    break;
  case QN_COLUMN_SPAN:
    record_span(self, ((const qn_span *)cells)[row]);
    break;
  default:
    json_u64(&self->out, ((const uint32_t *)cells)[row]);
    break;
  }
}

void record_columns(record_encoder *self, const record_layer *from, uint32_t row) {
  for (uint32_t i = 0; i < from->schema->n_columns; i++) {
    if (cell_present(from, i, row)) {
      json_char(&self->out, ',');
      json_key(&self->out, from->schema->columns[i].name);
      cell_value(self, from, i, row);
    }
  }
}

/* --- fields --- */

static void field_value(record_encoder *self, const qn_value *value) {
  switch (value->type) {
  case QN_VALUE_BOOL:
    value->as.i64 != 0 ? JSON_RAW(&self->out, "true") : JSON_RAW(&self->out, "false");
    break;
  case QN_VALUE_I64:
    json_i64(&self->out, value->as.i64);
    break;
  case QN_VALUE_F64:
    json_f64(&self->out, value->as.f64);
    break;
  case QN_VALUE_STR:
    json_string(&self->out, value->as.str.data, value->as.str.len);
    break;
  case QN_VALUE_SPAN:
    record_span(self, value->as.span);
    break;
  default:
    JSON_RAW(&self->out, "null");
    break;
  }
}

/* The fields that stand at the top; the title is an object there even if it is a string. */
static const char *const top_fields[] = { "id", "source", "language", "title", "published" };

static void top_field(record_encoder *self, const char *name) {
  qn_value value;
  if (document_field_get(self->doc, (qn_str){ name, strlen(name) }, &value) != 0) {
    return;
  }
  json_key(&self->out, name);
  if (value.type == QN_VALUE_STR && strcmp(name, "title") == 0) {
    JSON_RAW(&self->out, "{\"text\":");
    field_value(self, &value);
    json_char(&self->out, '}');
  } else {
    field_value(self, &value);
  }
  json_char(&self->out, ',');
}

static bool is_top_field(qn_str name) {
  for (size_t i = 0; i < sizeof top_fields / sizeof *top_fields; i++) {
    if (strlen(top_fields[i]) == name.len && memcmp(top_fields[i], name.data, name.len) == 0) {
      return true;
    }
  }
  return false;
}

static void other_fields(record_encoder *self) {
  bool any = false;
  for (uint32_t i = 0; i < document_n_fields(self->doc); i++) {
    qn_str name;
    qn_value value;
    document_field_at(self->doc, i, &name, &value);
    if (is_top_field(name)) {
      continue;
    }
    if (!any) {
      JSON_RAW(&self->out, "\"fields\":{");
      any = true;
    }
    json_string(&self->out, name.data, name.len);
    json_char(&self->out, ':');
    field_value(self, &value);
    json_char(&self->out, ',');
  }
  if (any) {
    json_drop_comma(&self->out);
    JSON_RAW(&self->out, "},");
  }
}

/* --- the whole --- */

/* Forgets what only a huge document needed. */
static void give_back(record_encoder *self) {
  if (self->out.capacity > KEEP_BYTES) {
    json_writer_done(&self->out);
  }
  if (self->offsets.capacity > KEEP_BYTES / sizeof *self->offsets.units) {
    offset_index_done(&self->offsets);
  }
  if (self->link_capacity > KEEP_BYTES / sizeof *self->links) {
    free(self->links);
    self->links = NULL;
    self->link_capacity = 0;
  }
}

static int begin(record_encoder *self, document *doc, const qn_record_options *options) {
  self->options = (qn_record_options){ 0 };
  if (options != NULL) { /* an older plugin's options may be shorter */
    size_t known = options->size < sizeof self->options ? options->size : sizeof self->options;
    memcpy(&self->options, options, known);
  }
  if (self->options.offsets > QN_OFFSETS_UTF16) {
    return -EINVAL;
  }
  give_back(self);
  self->out.len = 0;
  self->out.failed = false;
  self->doc = doc;
  self->text = doc->views[SCHEMA_VIEW_TEXT];
  self->with_payload = self->options.payload_offsets != 0 && self->text != NULL;
  const uint8_t *bytes = self->text != NULL ? self->text->data : NULL;
  return offset_index_build(&self->offsets, bytes, self->text != NULL ? self->text->len : 0, self->options.offsets);
}

static void write_text(record_encoder *self) {
  static const char *const units[] = { "bytes", "codepoints", "utf16" };
  if (self->text != NULL && record_wants(self, "text")) {
    JSON_RAW(&self->out, "\"text\":");
    json_string(&self->out, (const char *)self->text->data, self->text->len);
    json_char(&self->out, ',');
  }
  JSON_RAW(&self->out, "\"offsets\":");
  json_string(&self->out, units[self->options.offsets], strlen(units[self->options.offsets]));
  json_char(&self->out, ',');
}

int record_encode(record_encoder *self, document *doc, const qn_record_options *options, qn_str *ret_json) {
  int rc = begin(self, doc, options);
  if (rc != 0) {
    return rc;
  }
  json_char(&self->out, '{');
  top_field(self, "id");
  top_field(self, "source");
  write_text(self);
  for (size_t i = 2; i < sizeof top_fields / sizeof *top_fields; i++) {
    if (record_wants(self, top_fields[i])) {
      top_field(self, top_fields[i]);
    }
  }
  if (record_wants(self, "fields")) {
    other_fields(self);
  }
  rc = record_layers(self);
  json_drop_comma(&self->out);
  json_char(&self->out, '}');
  if (rc != 0 || self->out.failed) {
    return -ENOMEM;
  }
  *ret_json = (qn_str){ self->out.bytes, self->out.len };
  return 0;
}
