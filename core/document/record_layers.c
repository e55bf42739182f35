/* SPDX-License-Identifier: Apache-2.0 */

/* The record: layers. Those that every pipeline knows have parts and shapes of their own; any other layer is written
 * as its schema says, under "layers". */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document/record_body.h"
#include "qanat/layers.h"

/* More than kinds or scripts of tokens there are, and longer than any with its name. */
enum { TOKEN_SYMBOLS_MAX = 16, SYMBOL_TEXT_BYTES = 32 };

/* Finds a layer of the document by the schema that all pipelines know. False if it is not there. */
static int layer_open(record_encoder *self, uint32_t slot, record_layer *ret_layer) {
  record_layer found = { .schema = schema_set_at(self->doc->pool->set, slot), .slot = slot };
  int rc = document_layer_get(self->doc, slot, SCHEMA_VIEW_TEXT, &found.rows);
  if (rc == 0 && self->with_payload) {
    rc = document_layer_get(self->doc, slot, SCHEMA_VIEW_PAYLOAD, &found.payload);
  }
  if (rc == 0) {
    *ret_layer = found;
  }
  return rc;
}

static uint64_t fingerprint_of(const record_encoder *self, const char *name) {
  for (uint32_t i = 0; i < RECORD_KNOWN_MAX && schema_known_at(i) != NULL; i++) {
    if (strcmp(schema_known_at(i)->name, name) == 0) {
      return self->known[i];
    }
  }
  return 0;
}

/* The slot of a known layer; SCHEMA_LAYERS_MAX if the pipeline has none with exactly its columns. */
static uint32_t known_slot(const record_encoder *self, const char *name) {
  const schema_set *set = self->doc->pool->set;
  uint32_t slot = schema_set_find(set, name);
  if (slot < self->doc->pool->n_layers && schema_set_fingerprint(set, slot) == fingerprint_of(self, name)) {
    return slot;
  }
  return SCHEMA_LAYERS_MAX;
}

/* --- tokens and their parts --- */

/* For each token its first part, for each part the next of the same token; UINT32_MAX ends. */
typedef struct part_links {
  record_layer parts;
  uint32_t *first; /* NULL: no parts */
  uint32_t *next;
} part_links;

static int link_parts(record_encoder *self, uint32_t n_tokens, part_links *ret_links) {
  uint32_t slot = known_slot(self, QN_LAYER_PART);
  part_links links = { .first = NULL };
  int rc = slot < SCHEMA_LAYERS_MAX ? layer_open(self, slot, &links.parts) : -ENOENT;
  if (rc != 0 || links.parts.rows.n_rows == 0) {
    *ret_links = links;
    return rc == -ENOMEM ? rc : 0;
  }
  uint32_t n_parts = links.parts.rows.n_rows;
  size_t wanted = (size_t)n_tokens + n_parts;
  if (wanted > self->link_capacity) {
    uint32_t *grown = realloc(self->links, wanted * sizeof *grown);
    if (grown == NULL) {
      return -ENOMEM;
    }
    self->links = grown;
    self->link_capacity = wanted;
  }
  links.first = self->links;
  links.next = self->links + n_tokens;
  memset(links.first, 0xFF, n_tokens * sizeof *links.first);
  const uint32_t *tokens = links.parts.rows.columns[QN_PART_TOKEN];
  for (uint32_t i = n_parts; i-- > 0;) { /* from the back, so that each chain runs forwards */
    if (tokens[i] < n_tokens) {
      links.next[i] = links.first[tokens[i]];
      links.first[tokens[i]] = i;
    }
  }
  *ret_links = links;
  return 0;
}

static void write_parts(record_encoder *self, const part_links *links, uint32_t token) {
  const qn_layer *parts = &links->parts.rows;
  if (links->first == NULL || links->first[token] == UINT32_MAX) {
    return;
  }
  JSON_RAW(&self->out, ",\"parts\":[");
  for (uint32_t i = links->first[token]; i != UINT32_MAX; i = links->next[i]) {
    json_char(&self->out, '[');
    json_u64(&self->out, offset_index_convert(&self->offsets, parts->begin[i]));
    json_char(&self->out, ',');
    json_u64(&self->out, offset_index_convert(&self->offsets, parts->end[i]));
    JSON_RAW(&self->out, "],");
  }
  json_drop_comma(&self->out);
  json_char(&self->out, ']');
}

static void write_symbol(record_encoder *self, const char *name, const record_layer *from, uint32_t column,
                         uint32_t row) {
  const char *symbol = from->schema->columns[column].symbols[qn_layer_u32(&from->rows, column, row)];
  json_char(&self->out, ',');
  json_key(&self->out, name);
  json_string(&self->out, symbol, strlen(symbol));
}

/* ,"kind":"word" of a layer whose names are known and need no escapes. All have one size, so that putting one takes no call. */
typedef struct symbol_text {
  char bytes[SYMBOL_TEXT_BYTES];
  size_t len;
} symbol_text;

/* What a column adds to a row, by the symbol that stands there. */
typedef struct symbol_texts {
  symbol_text texts[TOKEN_SYMBOLS_MAX];
  const uint32_t *cells;
} symbol_texts;

static symbol_text symbol_text_of(const char *column, const char *symbol) {
  symbol_text made = { .len = 0 };
  assert(strlen(column) + strlen(symbol) + strlen(",\"\":\"\"") <= SYMBOL_TEXT_BYTES);
  char *out = JSON_PUT(made.bytes, ",\"");
  out = json_put(out, column, strlen(column));
  out = JSON_PUT(out, "\":\"");
  out = json_put(out, symbol, strlen(symbol));
  *out++ = '"';
  made.len = (size_t)(out - made.bytes);
  return made;
}

static void symbol_texts_fill(const record_layer *from, uint32_t column, symbol_texts *ret_texts) {
  const column_schema *schema = &from->schema->columns[column];
  ret_texts->cells = from->rows.columns[column];
  for (uint32_t i = 0; i < schema->n_symbols && i < TOKEN_SYMBOLS_MAX; i++) {
    ret_texts->texts[i] = symbol_text_of(schema->name, schema->symbols[i]);
  }
}

/* Takes SYMBOL_TEXT_BYTES of room. */
static inline char *put_symbol(const symbol_texts *symbols, uint32_t row, char *out) {
  const symbol_text *text = &symbols->texts[symbols->cells[row]];
  memcpy(out, text->bytes, SYMBOL_TEXT_BYTES);
  return out + text->len;
}

/* What is the same in all tokens, made once: they are most of a record. */
typedef struct token_texts {
  symbol_texts kinds, scripts;
} token_texts;

/* Of a token without its form and its parts. */
enum { TOKEN_BYTES_MAX = RECORD_SPAN_BYTES + 2 * SYMBOL_TEXT_BYTES + 16 };

/* False: no memory. */
static bool write_token(record_encoder *self, const record_layer *from, const token_texts *texts, uint32_t row) {
  qn_str form = qn_layer_str(&from->rows, QN_TOKEN_FORM, row);
  bool in_place = form.len <= JSON_PUT_MAX;
  char *out = json_open(&self->out, TOKEN_BYTES_MAX + (in_place ? JSON_STRING_BYTES(form.len) : 0));
  if (out == NULL) {
    return false;
  }
  *out++ = '{';
  out = record_put_span(self, from, row, out);
  if (form.data != NULL) {
    out = JSON_PUT(out, ",\"form\":");
  }
  if (form.data != NULL && in_place) {
    out = json_put_string(out, form.data, form.len);
  } else if (form.data != NULL) {
    json_close(&self->out, out);
    json_string(&self->out, form.data, form.len);
    out = json_open(&self->out, TOKEN_BYTES_MAX);
    if (out == NULL) {
      return false;
    }
  }
  out = put_symbol(&texts->kinds, row, out);
  out = put_symbol(&texts->scripts, row, out);
  json_close(&self->out, out);
  return true;
}

static int write_tokens(record_encoder *self, const record_layer *from) {
  part_links links;
  int rc = link_parts(self, from->rows.n_rows, &links);
  if (rc != 0) {
    return rc;
  }
  token_texts texts;
  symbol_texts_fill(from, QN_TOKEN_KIND, &texts.kinds);
  symbol_texts_fill(from, QN_TOKEN_SCRIPT, &texts.scripts);
  for (uint32_t row = 0; row < from->rows.n_rows && write_token(self, from, &texts, row); row++) {
    write_parts(self, &links, row);
    JSON_RAW(&self->out, "},");
  }
  return 0;
}

/* --- entities --- */

static void write_number(record_encoder *self, const char *name, double value) {
  if (!isnan(value)) {
    json_key(&self->out, name);
    json_f64(&self->out, value);
    json_char(&self->out, ',');
  }
}

/* What an entity is worth: a date as a string, amounts as an object. */
static void write_value(record_encoder *self, const record_layer *from, uint32_t row) {
  uint32_t type = qn_layer_u32(&from->rows, QN_ENTITY_TYPE, row);
  double amount = qn_layer_f64(&from->rows, QN_ENTITY_AMOUNT, row);
  if (type == QN_ENTITY_TYPE_DATE) {
    record_str(self, "value", from, QN_ENTITY_DATE, row);
    record_str(self, "resolved", from, QN_ENTITY_RESOLVED, row);
    return;
  }
  if (isnan(amount)) {
    return;
  }
  JSON_RAW(&self->out, ",\"value\":{");
  write_number(self, "amount", amount);
  write_number(self, "amount_max", qn_layer_f64(&from->rows, QN_ENTITY_AMOUNT_MAX, row));
  qn_str unit = qn_layer_str(&from->rows, QN_ENTITY_UNIT, row);
  if (unit.data != NULL) {
    json_key(&self->out, type == QN_ENTITY_TYPE_MONEY ? "currency" : "unit");
    json_string(&self->out, unit.data, unit.len);
  }
  json_drop_comma(&self->out);
  json_char(&self->out, '}');
}

static int write_entities(record_encoder *self, const record_layer *from) {
  for (uint32_t row = 0; row < from->rows.n_rows; row++) {
    json_char(&self->out, '{');
    record_row_span(self, from, row);
    JSON_RAW(&self->out, ",\"text\":");
    record_row_text(self, from, row);
    write_symbol(self, "type", from, QN_ENTITY_TYPE, row);
    record_str(self, "link", from, QN_ENTITY_LINK, row);
    double score = qn_layer_f64(&from->rows, QN_ENTITY_SCORE, row);
    if (!isnan(score)) {
      JSON_RAW(&self->out, ",\"score\":");
      json_f64(&self->out, score);
    }
    write_value(self, from, row);
    record_str(self, "modifier", from, QN_ENTITY_MODIFIER, row);
    JSON_RAW(&self->out, "},");
  }
  return 0;
}

/* --- the other parts --- */

static int write_quotes(record_encoder *self, const record_layer *from) {
  for (uint32_t row = 0; row < from->rows.n_rows; row++) {
    json_char(&self->out, '{');
    record_row_span(self, from, row);
    JSON_RAW(&self->out, ",\"text\":");
    record_row_text(self, from, row);
    record_columns(self, from, row);
    JSON_RAW(&self->out, "},");
  }
  return 0;
}

/* As the schema says: blocks, sentences, keyphrases and the layers of third parties. */
static int write_rows(record_encoder *self, const record_layer *from) {
  for (uint32_t row = 0; row < from->rows.n_rows; row++) {
    json_char(&self->out, '{');
    record_row_span(self, from, row);
    record_columns(self, from, row);
    JSON_RAW(&self->out, "},");
  }
  return 0;
}

static bool only_space(const view *text, uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; i++) {
    if (text->data[i] != ' ' && text->data[i] != '\t' && text->data[i] != '\r' && text->data[i] != '\n') {
      return false;
    }
  }
  return true;
}

/* Furniture blocks, run together where nothing but space is between them. */
static int write_boilerplate(record_encoder *self, const record_layer *from) {
  const qn_layer *rows = &from->rows;
  qn_span open = { 0, 0 };
  bool any = false;
  for (uint32_t i = 0; i < rows->n_rows; i++) {
    if (qn_layer_u32(rows, QN_BLOCK_ROLE, i) != QN_BLOCK_ROLE_FURNITURE) {
      continue;
    }
    if (any && (rows->begin[i] <= open.end || only_space(self->text, open.end, rows->begin[i]))) {
      open.end = rows->end[i] > open.end ? rows->end[i] : open.end;
      continue;
    }
    if (any) {
      record_span(self, open);
      json_char(&self->out, ',');
    }
    open = (qn_span){ rows->begin[i], rows->end[i] };
    any = true;
  }
  if (any) {
    record_span(self, open);
    json_char(&self->out, ',');
  }
  return 0;
}

static int write_duplicates(record_encoder *self, const record_layer *from) {
  for (uint32_t row = 0; row < from->rows.n_rows; row++) {
    uint32_t of = qn_layer_u32(&from->rows, QN_BLOCK_OF, row);
    if (qn_layer_u32(&from->rows, QN_BLOCK_ROLE, row) != QN_BLOCK_ROLE_DUPLICATE) {
      continue;
    }
    json_char(&self->out, '{');
    record_row_span(self, from, row);
    if (of != QN_NO_ROW) {
      JSON_RAW(&self->out, ",\"of\":{");
      record_row_span(self, from, of);
      json_char(&self->out, '}');
    }
    JSON_RAW(&self->out, "},");
  }
  return 0;
}

/* An object, unlike the others: the text as a whole, and the sentences it was taken from. */
static void write_summary(record_encoder *self, const record_layer *from) {
  JSON_RAW(&self->out, "\"summary\":{\"text\":");
  size_t start = self->out.len;
  JSON_RAW(&self->out, "\"\"");
  for (uint32_t row = 0; row < from->rows.n_rows; row++) {
    qn_str text = qn_layer_str(&from->rows, QN_SUMMARY_TEXT, row);
    if (self->out.failed || text.len == 0) {
      continue;
    }
    bool empty = self->out.len == start + 2;
    self->out.len--; /* the closing quote */
    size_t join = self->out.len;
    json_string(&self->out, text.data, text.len);
    if (!self->out.failed) { /* its opening quote becomes the space between, or goes */
      self->out.bytes[join] = ' ';
      if (empty) {
        memmove(self->out.bytes + join, self->out.bytes + join + 1, self->out.len - join - 1);
        self->out.len--;
      }
    }
  }
  JSON_RAW(&self->out, ",\"sentences\":[");
  for (uint32_t row = 0; row < from->rows.n_rows; row++) {
    uint32_t sentence = qn_layer_u32(&from->rows, QN_SUMMARY_SENTENCE, row);
    if (sentence != QN_NO_ROW) {
      json_u64(&self->out, sentence);
      json_char(&self->out, ',');
    }
  }
  json_drop_comma(&self->out);
  JSON_RAW(&self->out, "]},");
}

/* --- all of them --- */

/* The parts that are arrays, in the order of the record. */
static const struct {
  const char *part;
  const char *layer;
  int (*write)(record_encoder *self, const record_layer *from);
} parts[] = {
  { "blocks", QN_LAYER_BLOCK, write_rows },
  { "sentences", QN_LAYER_SENTENCE, write_rows },
  { "tokens", QN_LAYER_TOKEN, write_tokens },
  { "entities", QN_LAYER_ENTITY, write_entities },
  { "quotes", QN_LAYER_QUOTE, write_quotes },
  { "keyphrases", QN_LAYER_KEYPHRASE, write_rows },
  { "boilerplate", QN_LAYER_BLOCK, write_boilerplate },
  { "summary", QN_LAYER_SUMMARY, NULL },
  { "duplicates", QN_LAYER_BLOCK, write_duplicates },
};

static int write_part(record_encoder *self, size_t index) {
  uint32_t slot = known_slot(self, parts[index].layer);
  record_layer from;
  int rc = slot < SCHEMA_LAYERS_MAX ? layer_open(self, slot, &from) : -ENOENT;
  if (rc != 0) {
    return rc == -ENOENT ? 0 : rc;
  }
  if (parts[index].write == NULL) {
    write_summary(self, &from);
    return 0;
  }
  json_key(&self->out, parts[index].part);
  json_char(&self->out, '[');
  rc = parts[index].write(self, &from);
  json_drop_comma(&self->out);
  JSON_RAW(&self->out, "],");
  return rc;
}

/* True if the layer has a part of its own, or is part of another's. */
static bool has_part(const record_encoder *self, uint32_t slot) {
  uint64_t fingerprint = schema_set_fingerprint(self->doc->pool->set, slot);
  for (uint32_t i = 0; i < RECORD_KNOWN_MAX; i++) {
    if (self->known[i] == fingerprint) {
      return true;
    }
  }
  return false;
}

static int write_others(record_encoder *self) {
  bool any = false;
  for (uint32_t slot = 0; slot < self->doc->pool->n_layers; slot++) {
    const char *name = schema_set_at(self->doc->pool->set, slot)->name;
    if (self->doc->layers[slot].layer == NULL || has_part(self, slot) ||
        !(record_wants(self, "layers") || record_wants(self, name))) {
      continue;
    }
    record_layer from;
    int rc = layer_open(self, slot, &from);
    if (rc != 0) {
      return rc;
    }
    if (!any) {
      JSON_RAW(&self->out, "\"layers\":{");
      any = true;
    }
    json_key(&self->out, name);
    json_char(&self->out, '[');
    write_rows(self, &from);
    json_drop_comma(&self->out);
    JSON_RAW(&self->out, "],");
  }
  if (any) {
    json_drop_comma(&self->out);
    JSON_RAW(&self->out, "},");
  }
  return 0;
}

int record_layers(record_encoder *self) {
  if (self->text == NULL) { /* layers are there only empty */
    return 0;
  }
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    int rc = record_wants(self, parts[i].part) ? write_part(self, i) : 0;
    if (rc != 0) {
      return rc;
    }
  }
  return write_others(self);
}
