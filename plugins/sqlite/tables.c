/* SPDX-License-Identifier: Apache-2.0 */

/* A statement for each table, prepared once. */
#include "sqlite/tables.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "output/entity_types.h"

enum {
  PUT_DOCUMENT,
  PUT_FIELD,
  PUT_SENTENCE,
  PUT_ENTITY,
  PUT_QUOTE,
  PUT_KEYPHRASE,
  PUT_SUMMARY,
  CLEAR_FIELDS,
  CLEAR_SENTENCES,
  CLEAR_ENTITIES,
  CLEAR_QUOTES,
  CLEAR_KEYPHRASES,
  CLEAR_SUMMARIES,
  N_STATEMENTS
};

/* The columns of documents that are fields, in the order of the statement. */
static const char *const known[] = { "id", "source", "language", "title", "published", "byline", "url", "media_type" };

enum { N_KNOWN = sizeof known / sizeof known[0] };

static const char *const texts[N_STATEMENTS] = {
  [PUT_DOCUMENT] =
      "INSERT INTO documents (id, source, language, title, published, byline, url, media_type, text, forms)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET"
      " source = ?2, language = ?3, title = ?4, published = ?5, byline = ?6, url = ?7, media_type = ?8,"
      " text = ?9, forms = ?10 RETURNING document",
  [PUT_FIELD] = "INSERT OR REPLACE INTO fields VALUES (?1, ?2, ?3)",
  [PUT_SENTENCE] = "INSERT INTO sentences VALUES (?1, ?2, ?3, ?4, ?5)",
  [PUT_ENTITY] = "INSERT INTO entities VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
  [PUT_QUOTE] = "INSERT INTO quotes VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
  [PUT_KEYPHRASE] = "INSERT INTO keyphrases VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
  [PUT_SUMMARY] = "INSERT INTO summaries VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
  [CLEAR_FIELDS] = "DELETE FROM fields WHERE document = ?1",
  [CLEAR_SENTENCES] = "DELETE FROM sentences WHERE document = ?1",
  [CLEAR_ENTITIES] = "DELETE FROM entities WHERE document = ?1",
  [CLEAR_QUOTES] = "DELETE FROM quotes WHERE document = ?1",
  [CLEAR_KEYPHRASES] = "DELETE FROM keyphrases WHERE document = ?1",
  [CLEAR_SUMMARIES] = "DELETE FROM summaries WHERE document = ?1",
};

struct tables {
  store *store;
  sqlite3_stmt *statements[N_STATEMENTS];
};

int tables_new(store *kept, tables **ret_tables, store_fault *fault) {
  tables *self = calloc(1, sizeof *self);
  if (self == NULL) {
    fault->status = QN_STATUS_FATAL;
    fault->slug = "no-memory";
    strcpy(fault->text, "no memory for the sink");
    return -EIO;
  }
  self->store = kept;
  for (int i = 0; i < N_STATEMENTS; i++) {
    if (sqlite3_prepare_v3(store_database(kept), texts[i], -1, SQLITE_PREPARE_PERSISTENT, &self->statements[i], NULL) !=
        SQLITE_OK) {
      int rc = store_failed(kept, fault);
      tables_free(self);
      return rc;
    }
  }
  *ret_tables = self;
  return 0;
}

void tables_free(tables *self) {
  if (self == NULL) {
    return;
  }
  for (int i = 0; i < N_STATEMENTS; i++) {
    sqlite3_finalize(self->statements[i]);
  }
  free(self);
}

/* --- values; an error shows when the statement runs, with what is missing as NULL or refused --- */

typedef struct binding {
  sqlite3_stmt *statement;
  int code; /* SQLITE_OK, or the first that was not */
  int next; /* parameter */
} binding;

static void note(binding *to, int code) {
  to->code = to->code == SQLITE_OK ? code : to->code;
  to->next++;
}

static void bind_i64(binding *to, int64_t value) {
  note(to, sqlite3_bind_int64(to->statement, to->next, value));
}

/* NaN is absent, and so is NULL. */
static void bind_f64(binding *to, double value) {
  note(to, isnan(value) ? SQLITE_OK : sqlite3_bind_double(to->statement, to->next, value));
}

static void bind_str(binding *to, qn_str text) {
  note(to, sqlite3_bind_text64(to->statement, to->next, text.len > 0 ? text.data : "", text.len, SQLITE_STATIC,
                               SQLITE_UTF8));
}

static void bind_present(binding *to, qn_str text) {
  if (text.data == NULL) {
    note(to, SQLITE_OK);
  } else {
    bind_str(to, text);
  }
}

static void bind_span(binding *to, const qn_view *view, uint32_t begin, uint32_t end) {
  bind_str(to, (qn_str){ (const char *)view->data + begin, end - begin });
}

static void bind_value(binding *to, const qn_view *view, const qn_value *value) {
  switch (value->type) {
  case QN_VALUE_STR:
    bind_str(to, value->as.str);
    break;
  case QN_VALUE_SPAN:
    bind_span(to, view, value->as.span.begin, value->as.span.end);
    break;
  case QN_VALUE_F64:
    bind_f64(to, value->as.f64);
    break;
  case QN_VALUE_I64:
  case QN_VALUE_BOOL:
    bind_i64(to, value->as.i64);
    break;
  default:
    note(to, SQLITE_OK);
    break;
  }
}

/* A row of a layer: document, place, begin, end. */
static binding begin_row(const tables *self, int index, int64_t document, const qn_layer *layer, uint32_t row) {
  binding to = { self->statements[index], SQLITE_OK, 1 };
  bind_i64(&to, document);
  bind_i64(&to, row);
  bind_i64(&to, layer->begin[row]);
  bind_i64(&to, layer->end[row]);
  return to;
}

static int finish(tables *self, const binding *to, store_fault *fault) {
  int code = to->code == SQLITE_OK ? sqlite3_step(to->statement) : to->code;
  int rc = code == SQLITE_DONE ? 0 : store_failed(self->store, fault);
  sqlite3_reset(to->statement);
  sqlite3_clear_bindings(to->statement);
  return rc;
}

/* --- the tables --- */

/* Fields that are texts in documents are bound as texts, whatever the source gave. */
static void bind_known(binding *to, const table_document *from, const char *name) {
  qn_value value;
  qn_str field = { name, strlen(name) };
  if (from->call->host->field_get(from->call, field, &value) != 0 ||
      (value.type != QN_VALUE_STR && value.type != QN_VALUE_SPAN)) {
    note(to, SQLITE_OK);
  } else {
    bind_value(to, &from->view, &value);
  }
}

/* ret_is_new: nothing of the document is in the other tables yet. */
static int put_document(tables *self, const table_document *from, int64_t *ret_document, bool *ret_is_new,
                        store_fault *fault) {
  sqlite3 *database = store_database(self->store);
  binding to = { self->statements[PUT_DOCUMENT], SQLITE_OK, 1 };
  sqlite3_set_last_insert_rowid(database, 0); /* an update leaves it so */
  for (size_t i = 0; i < N_KNOWN; i++) {
    bind_known(&to, from, known[i]);
  }
  bind_span(&to, &from->view, 0, from->view.len);
  bind_present(&to, from->forms);
  int rc = 0;
  if (to.code != SQLITE_OK || sqlite3_step(to.statement) != SQLITE_ROW) {
    rc = store_failed(self->store, fault);
  } else {
    *ret_document = sqlite3_column_int64(to.statement, 0);
  }
  /* RETURNING gives its row before all is done: only the next step tells. */
  if (rc == 0 && sqlite3_step(to.statement) != SQLITE_DONE) {
    rc = store_failed(self->store, fault);
  }
  *ret_is_new = sqlite3_last_insert_rowid(database) != 0;
  sqlite3_reset(to.statement);
  sqlite3_clear_bindings(to.statement);
  return rc;
}

static int clear(tables *self, int64_t document, store_fault *fault) {
  int rc = 0;
  for (int i = CLEAR_FIELDS; rc == 0 && i <= CLEAR_SUMMARIES; i++) {
    binding to = { self->statements[i], SQLITE_OK, 1 };
    bind_i64(&to, document);
    rc = finish(self, &to, fault);
  }
  return rc;
}

static int put_fields(tables *self, const table_document *from, int64_t document, store_fault *fault) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < from->n_fields; i++) {
    binding to = { self->statements[PUT_FIELD], SQLITE_OK, 1 };
    qn_value value;
    if (from->call->host->field_get(from->call, from->fields[i], &value) != 0) {
      continue;
    }
    bind_i64(&to, document);
    bind_str(&to, from->fields[i]);
    bind_value(&to, &from->view, &value);
    rc = finish(self, &to, fault);
  }
  return rc;
}

static int put_entity(tables *self, const table_document *from, int64_t document, uint32_t row, store_fault *fault) {
  const qn_layer *layer = &from->entities;
  static const uint32_t strings[] = { QN_ENTITY_UNIT, QN_ENTITY_DATE, QN_ENTITY_RESOLVED, QN_ENTITY_MODIFIER };
  const char *type = entity_type_name(qn_layer_u32(layer, QN_ENTITY_TYPE, row));
  binding to = begin_row(self, PUT_ENTITY, document, layer, row);
  bind_span(&to, &from->view, layer->begin[row], layer->end[row]);
  bind_str(&to, (qn_str){ type, strlen(type) });
  bind_present(&to, qn_layer_str(layer, QN_ENTITY_LINK, row));
  bind_f64(&to, qn_layer_f64(layer, QN_ENTITY_SCORE, row));
  bind_f64(&to, qn_layer_f64(layer, QN_ENTITY_AMOUNT, row));
  bind_f64(&to, qn_layer_f64(layer, QN_ENTITY_AMOUNT_MAX, row));
  for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
    bind_present(&to, qn_layer_str(layer, strings[i], row));
  }
  return finish(self, &to, fault);
}

static int put_sentence(tables *self, const table_document *from, int64_t document, uint32_t row, store_fault *fault) {
  binding to = begin_row(self, PUT_SENTENCE, document, &from->sentences, row);
  bool heading = qn_layer_u32(&from->sentences, QN_SENTENCE_KIND, row) == QN_SENTENCE_KIND_HEADING;
  bind_str(&to, heading ? QN_LIT("heading") : QN_LIT("sentence"));
  return finish(self, &to, fault);
}

static int put_quote(tables *self, const table_document *from, int64_t document, uint32_t row, store_fault *fault) {
  binding to = begin_row(self, PUT_QUOTE, document, &from->quotes, row);
  bind_span(&to, &from->view, from->quotes.begin[row], from->quotes.end[row]);
  bind_present(&to, qn_layer_str(&from->quotes, QN_QUOTE_SPEAKER, row));
  return finish(self, &to, fault);
}

static int put_keyphrase(tables *self, const table_document *from, int64_t document, uint32_t row, store_fault *fault) {
  binding to = begin_row(self, PUT_KEYPHRASE, document, &from->keyphrases, row);
  bind_str(&to, qn_layer_str(&from->keyphrases, QN_KEYPHRASE_TEXT, row));
  bind_f64(&to, qn_layer_f64(&from->keyphrases, QN_KEYPHRASE_SCORE, row));
  return finish(self, &to, fault);
}

static int put_summary(tables *self, const table_document *from, int64_t document, uint32_t row, store_fault *fault) {
  binding to = begin_row(self, PUT_SUMMARY, document, &from->summary, row);
  uint32_t sentence = qn_layer_u32(&from->summary, QN_SUMMARY_SENTENCE, row);
  if (sentence == QN_NO_ROW) {
    note(&to, SQLITE_OK);
  } else {
    bind_i64(&to, sentence);
  }
  bind_str(&to, qn_layer_str(&from->summary, QN_SUMMARY_TEXT, row));
  bind_f64(&to, qn_layer_f64(&from->summary, QN_SUMMARY_SCORE, row));
  return finish(self, &to, fault);
}

int tables_put(tables *self, const table_document *from, store_fault *fault) {
  const struct {
    const qn_layer *layer;
    int (*put)(tables *, const table_document *, int64_t, uint32_t, store_fault *);
  } parts[] = {
    { &from->entities, put_entity },      { &from->sentences, put_sentence }, { &from->quotes, put_quote },
    { &from->keyphrases, put_keyphrase }, { &from->summary, put_summary },
  };
  int64_t document = 0;
  bool is_new = false;
  int rc = put_document(self, from, &document, &is_new, fault);
  rc = rc == 0 && !is_new ? clear(self, document, fault) : rc;
  rc = rc == 0 ? put_fields(self, from, document, fault) : rc;
  for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof parts[0]; i++) {
    for (uint32_t row = 0; rc == 0 && row < parts[i].layer->n_rows; row++) {
      rc = parts[i].put(self, from, document, row, fault);
    }
  }
  return rc;
}
