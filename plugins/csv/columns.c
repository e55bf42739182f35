/* SPDX-License-Identifier: Apache-2.0 */

/* The columns: a table of names and the functions that write their cells. */
#include "csv/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "output/entity_types.h"

typedef struct column_kind {
  const char *name;
  uint32_t rows; /* bits, 1u << row_kind */
  void (*write)(const column *self, row_source *from, cells *to);
} column_kind;

enum {
  OF_MENTIONS = 1u << ROWS_MENTIONS,
  OF_ENTITIES = 1u << ROWS_ENTITIES,
  OF_DOCUMENTS = 1u << ROWS_DOCUMENTS,
  OF_ALL = OF_MENTIONS | OF_ENTITIES | OF_DOCUMENTS
};

static const char field_prefix[] = "field:";

/* --- fields --- */

static void write_span(const row_source *from, qn_span span, cells *to) {
  if (span.begin <= span.end && span.end <= from->view.len) {
    cells_text(to, (const char *)from->view.data + span.begin, span.end - span.begin);
  } else {
    cells_empty(to);
  }
}

static void write_field(const column *self, row_source *from, cells *to) {
  qn_str name = self->name.len > 0 ? self->name : (qn_str){ self->kind->name, strlen(self->kind->name) };
  qn_value value;
  if (from->call->host->field_get(from->call, name, &value) != 0) {
    cells_empty(to);
    return;
  }
  switch (value.type) {
  case QN_VALUE_STR:
    cells_text(to, value.as.str.data, value.as.str.len);
    break;
  case QN_VALUE_SPAN:
    write_span(from, value.as.span, to);
    break;
  case QN_VALUE_I64:
    cells_i64(to, value.as.i64);
    break;
  case QN_VALUE_F64:
    cells_f64(to, value.as.f64);
    break;
  case QN_VALUE_BOOL:
    cells_text(to, value.as.i64 != 0 ? "true" : "false", value.as.i64 != 0 ? 4 : 5);
    break;
  default:
    cells_empty(to);
    break;
  }
}

/* --- mentions, and entities by their first mention --- */

static uint32_t mention_of(const row_source *from) {
  return from->distinct == NULL ? from->row : from->distinct->entities[from->row].first;
}

static void write_mention_text(const column *self, row_source *from, cells *to) {
  uint32_t row = mention_of(from);
  (void)self;
  write_span(from, (qn_span){ from->entities.begin[row], from->entities.end[row] }, to);
}

static void write_type(const column *self, row_source *from, cells *to) {
  const char *name = entity_type_name(qn_layer_u32(&from->entities, QN_ENTITY_TYPE, mention_of(from)));
  (void)self;
  cells_text(to, name, strlen(name));
}

static void write_begin(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_u64(to, from->entities.begin[mention_of(from)]);
}

static void write_end(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_u64(to, from->entities.end[mention_of(from)]);
}

static void write_str(const row_source *from, uint32_t index, cells *to) {
  qn_str text = qn_layer_str(&from->entities, index, mention_of(from));
  cells_text(to, text.data, text.len);
}

static void write_link(const column *self, row_source *from, cells *to) {
  (void)self;
  write_str(from, QN_ENTITY_LINK, to);
}

static void write_unit(const column *self, row_source *from, cells *to) {
  (void)self;
  write_str(from, QN_ENTITY_UNIT, to);
}

static void write_date(const column *self, row_source *from, cells *to) {
  (void)self;
  write_str(from, QN_ENTITY_DATE, to);
}

static void write_resolved(const column *self, row_source *from, cells *to) {
  (void)self;
  write_str(from, QN_ENTITY_RESOLVED, to);
}

static void write_modifier(const column *self, row_source *from, cells *to) {
  (void)self;
  write_str(from, QN_ENTITY_MODIFIER, to);
}

static void write_amount(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_f64(to, qn_layer_f64(&from->entities, QN_ENTITY_AMOUNT, from->row));
}

static void write_amount_max(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_f64(to, qn_layer_f64(&from->entities, QN_ENTITY_AMOUNT_MAX, from->row));
}

/* To four places: scores are measured to fewer, and kept as floats by some stages. */
static void write_score(const column *self, row_source *from, cells *to) {
  double score = from->distinct != NULL ? from->distinct->entities[from->row].score
                                        : qn_layer_f64(&from->entities, QN_ENTITY_SCORE, from->row);
  (void)self;
  cells_f64(to, floor(score * 10000 + 0.5) / 10000);
}

static void write_sentence(const column *self, row_source *from, cells *to) {
  const qn_layer *sentences = &from->sentences;
  uint32_t begin = from->entities.begin[from->row];
  (void)self;
  while (from->sentence < sentences->n_rows && sentences->end[from->sentence] <= begin) {
    from->sentence++;
  }
  if (from->sentence < sentences->n_rows && sentences->begin[from->sentence] <= begin) {
    write_span(from, (qn_span){ sentences->begin[from->sentence], sentences->end[from->sentence] }, to);
  } else {
    cells_empty(to);
  }
}

static void write_n_mentions(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_u64(to, from->distinct->entities[from->row].n_mentions);
}

/* --- documents --- */

static void write_text(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_text(to, (const char *)from->view.data, from->view.len);
}

/* The strings of a column, with a separator between. */
static void write_joined(const qn_layer *layer, uint32_t index, const char *separator, cells *to) {
  if (layer->n_rows == 0) {
    cells_empty(to);
    return;
  }
  cells_open(to);
  for (uint32_t row = 0; row < layer->n_rows; row++) {
    qn_str text = qn_layer_str(layer, index, row);
    if (row > 0) {
      cells_append(to, separator, strlen(separator));
    }
    cells_append(to, text.data, text.len);
  }
  cells_close(to);
}

static void write_summary(const column *self, row_source *from, cells *to) {
  (void)self;
  write_joined(&from->summary, QN_SUMMARY_TEXT, " ", to);
}

static void write_keyphrases(const column *self, row_source *from, cells *to) {
  (void)self;
  write_joined(&from->keyphrases, QN_KEYPHRASE_TEXT, "; ", to);
}

static void count_mentions(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_u64(to, from->entities.n_rows);
}

static void count_entities(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_u64(to, from->distinct->n_entities);
}

static void count_sentences(const column *self, row_source *from, cells *to) {
  (void)self;
  cells_u64(to, from->sentences.n_rows);
}

static void count_words(const column *self, row_source *from, cells *to) {
  uint64_t n = 0;
  (void)self;
  for (uint32_t row = 0; row < from->tokens.n_rows; row++) {
    n += qn_layer_u32(&from->tokens, QN_TOKEN_KIND, row) == QN_TOKEN_KIND_WORD;
  }
  cells_u64(to, n);
}

/* --- by name --- */

static const column_kind kinds[] = {
  { "id", OF_ALL, write_field },
  { "source", OF_ALL, write_field },
  { "language", OF_ALL, write_field },
  { "title", OF_ALL, write_field },
  { "published", OF_ALL, write_field },
  { "byline", OF_ALL, write_field },
  { "url", OF_ALL, write_field },
  { "media_type", OF_ALL, write_field },
  { "type", OF_MENTIONS | OF_ENTITIES, write_type },
  { "text", OF_MENTIONS | OF_ENTITIES, write_mention_text },
  { "link", OF_MENTIONS | OF_ENTITIES, write_link },
  { "score", OF_MENTIONS | OF_ENTITIES, write_score },
  { "begin", OF_MENTIONS | OF_ENTITIES, write_begin },
  { "end", OF_MENTIONS | OF_ENTITIES, write_end },
  { "mentions", OF_ENTITIES, write_n_mentions },
  { "sentence", OF_MENTIONS, write_sentence },
  { "amount", OF_MENTIONS, write_amount },
  { "amount_max", OF_MENTIONS, write_amount_max },
  { "unit", OF_MENTIONS, write_unit },
  { "date", OF_MENTIONS, write_date },
  { "resolved", OF_MENTIONS, write_resolved },
  { "modifier", OF_MENTIONS, write_modifier },
  { "text", OF_DOCUMENTS, write_text },
  { "summary", OF_DOCUMENTS, write_summary },
  { "keyphrases", OF_DOCUMENTS, write_keyphrases },
  { "mentions", OF_DOCUMENTS, count_mentions },
  { "entities", OF_DOCUMENTS, count_entities },
  { "sentences", OF_DOCUMENTS, count_sentences },
  { "words", OF_DOCUMENTS, count_words },
};

static const column_kind named_field = { field_prefix, OF_ALL, write_field };

bool column_find(row_kind rows, qn_str name, column *ret_column) {
  size_t prefix = sizeof field_prefix - 1;
  if (name.len > prefix && memcmp(name.data, field_prefix, prefix) == 0) {
    *ret_column = (column){ &named_field, { name.data + prefix, name.len - prefix } };
    return true;
  }
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if ((kinds[i].rows & 1u << rows) != 0 && strlen(kinds[i].name) == name.len &&
        memcmp(kinds[i].name, name.data, name.len) == 0) {
      *ret_column = (column){ .kind = &kinds[i] };
      return true;
    }
  }
  return false;
}

void column_names(row_kind rows, char *ret_text, size_t size) {
  size_t len = 0;
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    if ((kinds[i].rows & 1u << rows) != 0 && len < size) {
      len += (size_t)snprintf(ret_text + len, size - len, "%s, ", kinds[i].name);
    }
  }
  if (len < size) {
    snprintf(ret_text + len, size - len, "%sNAME", field_prefix);
  }
}

const char *const *column_defaults(row_kind rows) {
  static const char *const of_mentions[] = { "id",  "type",   "text", "link", "score", "begin",
                                             "end", "amount", "unit", "date", NULL };
  static const char *const of_entities[] = { "id", "type", "text", "link", "mentions", "score", NULL };
  static const char *const of_documents[] = { "id",      "source",     "language", "published", "title",
                                              "summary", "keyphrases", "entities", "words",     NULL };
  return rows == ROWS_MENTIONS ? of_mentions : rows == ROWS_ENTITIES ? of_entities : of_documents;
}

void column_write(const column *self, row_source *source, cells *to) {
  self->kind->write(self, source, to);
}
