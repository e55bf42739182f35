/* SPDX-License-Identifier: Apache-2.0 */

/* The sink that writes tables. Rows are made on the workers and written on the lent thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv/columns.h"
#include "csv_manifest.h"
#include "output/keeper.h"
#include "text/lent.h"

enum { POINTER_MAX = 32, NAMES_MAX = 512, TEXT_MAX = 1024 };

typedef struct csv_sink {
  const qn_host *host;
  qn_env *env;
  row_kind rows;
  char delimiter;
  bool guard;
  uint32_t n_columns;
  column columns[COLUMNS_MAX]; /* names of fields are owned */
  cells head;                  /* what the file begins with: byte-order mark and header line */
  out_keeper keeper;
  out_file *out; /* borrows head */
} csv_sink;

/* Scratch space of a worker. */
typedef struct csv_context {
  cells cells;
  distinct distinct;
} csv_context;

static void csv_destroy(void *instance) {
  csv_sink *sink = instance;
  if (sink == NULL) {
    return;
  }
  for (uint32_t i = 0; i < sink->n_columns; i++) {
    free((void *)(uintptr_t)sink->columns[i].name.data);
  }
  out_close(sink->out);
  cells_done(&sink->head);
  free(sink);
}

/* --- configuration --- */

static int refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static qn_str item_at(qn_create *create, const char *list, uint32_t index) {
  char pointer[POINTER_MAX];
  snprintf(pointer, sizeof pointer, "/%s/%" PRIu32, list, index);
  return qn_config_str(create, pointer);
}

static qn_str column_name(const csv_sink *sink, qn_create *create, uint32_t index) {
  const char *const *usual = column_defaults(sink->rows);
  if (item_at(create, "columns", 0).data != NULL) {
    return item_at(create, "columns", index);
  }
  uint32_t n = 0;
  while (n < index && usual[n] != NULL) {
    n++;
  }
  return usual[n] == NULL ? (qn_str){ NULL, 0 } : (qn_str){ usual[n], strlen(usual[n]) };
}

static int add_column(csv_sink *sink, qn_create *create, qn_str name) {
  static const char *const rows[] = { "mentions", "entities", "documents" };
  column *added = &sink->columns[sink->n_columns];
  if (!column_find(sink->rows, name, added)) {
    char names[NAMES_MAX], text[TEXT_MAX];
    column_names(sink->rows, names, sizeof names);
    snprintf(text, sizeof text, "rows of %s have no column \"%.*s\"; there are: %s", rows[sink->rows],
             (int)(name.len < 128 ? name.len : 128), name.data, names);
    return refuse(create, text);
  }
  if (added->name.len > 0) {
    char *copy = strndup(added->name.data, added->name.len);
    if (copy == NULL) {
      return refuse(create, "no memory for the sink");
    }
    added->name.data = copy;
  }
  sink->n_columns++;
  return 0;
}

/* The columns, and the heading of each. */
static int read_columns(csv_sink *sink, qn_create *create) {
  bool has_header = qn_config_i64(create, "/header", 1) != 0;
  bool has_headings = item_at(create, "headings", 0).data != NULL;
  for (uint32_t i = 0; i < COLUMNS_MAX; i++) {
    qn_str name = column_name(sink, create, i);
    if (name.data == NULL) {
      break;
    }
    int rc = add_column(sink, create, name);
    if (rc != 0) {
      return rc;
    }
    qn_str heading = has_headings                    ? item_at(create, "headings", i)
                     : sink->columns[i].name.len > 0 ? sink->columns[i].name
                                                     : name;
    if (has_headings && heading.data == NULL) {
      return refuse(create, "there are fewer headings than columns; give one for each column, or none");
    }
    if (has_header) {
      cells_text(&sink->head, heading.data, heading.len);
    }
  }
  if (has_headings && item_at(create, "headings", sink->n_columns).data != NULL) {
    return refuse(create, "there are more headings than columns; give one for each column, or none");
  }
  if (has_header) {
    cells_end_row(&sink->head);
  }
  return sink->head.failed ? refuse(create, "no memory for the sink") : 0;
}

static int open_output(csv_sink *sink, qn_create *create) {
  out_fault fault;
  qn_str path = qn_config_str(create, "/path");
  out_options options = {
    .path = path.data == NULL ? "-" : path.data,
    .path_len = path.data == NULL ? 1 : path.len,
    .form = OUT_TABLE,
    .head = sink->head.bytes,
    .head_len = sink->head.len,
  };
  int rc = keeper_init(&sink->keeper, create, &options);
  if (rc != 0) {
    return rc;
  }
  rc = out_open(&options, &sink->out, &fault) == 0 ? 0 : refuse(create, fault.text);
  return rc == 0 ? keeper_begin(&sink->keeper, sink->out, create) : rc;
}

static row_kind rows_of(qn_str name) {
  if (name.len == 8) {
    return name.data[0] == 'e' ? ROWS_ENTITIES : ROWS_MENTIONS;
  }
  return name.len == 9 ? ROWS_DOCUMENTS : ROWS_MENTIONS;
}

static char delimiter_of(qn_str name) {
  return name.len == 9 ? ';' : name.len == 3 ? '\t' : ',';
}

static int csv_create(qn_create *create, void **ret_instance) {
  csv_sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) {
    return refuse(create, "no memory for the sink");
  }
  sink->host = create->host;
  sink->env = create->env;
  sink->rows = rows_of(qn_config_str(create, "/rows"));
  sink->delimiter = delimiter_of(qn_config_str(create, "/delimiter"));
  sink->guard = qn_config_i64(create, "/guard_formulas", 0) != 0;
  cells_init(&sink->head, create->host, create->env, sink->delimiter, false);
  if (qn_config_i64(create, "/bom", 0) != 0) {
    cells_mark(&sink->head);
  }
  int rc = read_columns(sink, create);
  rc = rc == 0 ? open_output(sink, create) : rc;
  if (rc != 0) {
    csv_destroy(sink);
    return rc;
  }
  *ret_instance = sink;
  return 0;
}

static int csv_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  const csv_sink *sink = instance;
  csv_context *context = host->alloc(env, sizeof *context);
  if (context == NULL) {
    return -ENOMEM;
  }
  cells_init(&context->cells, host, env, sink->delimiter, sink->guard);
  distinct_init(&context->distinct, host, env);
  *ret_context = context;
  return 0;
}

static void csv_context_close(void *self) {
  csv_context *context = self;
  if (context == NULL) {
    return;
  }
  const qn_host *host = context->cells.host;
  qn_env *env = context->cells.env;
  cells_done(&context->cells);
  distinct_done(&context->distinct);
  host->release(env, context);
}

/* --- rows --- */

static int read_document(const csv_sink *sink, csv_context *context, row_source *from) {
  qn_call *call = from->call;
  int rc = call->host->view_get(call, &from->view);
  rc = rc == 0 && sink->rows != ROWS_DOCUMENTS ? call->host->layer_get(call, CSV_LAYER_ENTITY, &from->entities) : rc;
  rc = rc == 0 && sink->rows == ROWS_DOCUMENTS ? lent_layer_or_none(call, CSV_LAYER_ENTITY, &from->entities) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, CSV_LAYER_SENTENCE, &from->sentences) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, CSV_LAYER_TOKEN, &from->tokens) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, CSV_LAYER_KEYPHRASE, &from->keyphrases) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, CSV_LAYER_SUMMARY, &from->summary) : rc;
  if (rc == 0 && sink->rows != ROWS_MENTIONS) {
    rc = distinct_find(&context->distinct, &from->view, &from->entities);
    from->distinct = &context->distinct;
  }
  return rc;
}

static uint32_t count_rows(const csv_sink *sink, const row_source *from) {
  switch (sink->rows) {
  case ROWS_MENTIONS:
    return from->entities.n_rows;
  case ROWS_ENTITIES:
    return from->distinct->n_entities;
  default:
    return 1;
  }
}

static qn_status csv_prepare(void *instance, void *self, qn_call *call) {
  const csv_sink *sink = instance;
  csv_context *context = self;
  row_source from = { .call = call };
  cells *to = &context->cells;
  cells_clear(to);
  int rc = read_document(sink, context, &from);
  uint32_t n_rows = rc == 0 ? count_rows(sink, &from) : 0;
  for (from.row = 0; from.row < n_rows && !to->failed; from.row++) {
    for (uint32_t i = 0; i < sink->n_columns; i++) {
      column_write(&sink->columns[i], &from, to);
    }
    cells_end_row(to);
  }
  if (rc == 0) {
    rc = to->failed ? -ENOMEM : call->host->prepared_set(call, to->bytes, to->len);
  }
  if (rc == -ENOENT) {
    return qn_fail(call, QN_STATUS_FATAL, "no-entities",
                   "no stage of this pipeline marks entities, which the rows are made of; add \"entities\" before this "
                   "sink, or set rows to \"documents\"");
  }
  if (rc != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory",
                   "no memory for the document's rows; lower limits.bytes or limits.document_bytes");
  }
  return QN_STATUS_OK;
}

/* --- the file --- */

/* A broken output stops the pipeline: what follows could not be written either. */
static qn_status fail(qn_call *call, const out_fault *fault) {
  return qn_fail(call, QN_STATUS_FATAL, fault->code == -EPIPE ? "closed-pipe" : "cannot-write", fault->text);
}

static void csv_write(void *instance, qn_item *const *items, uint32_t n_items) {
  csv_sink *sink = instance;
  out_fault fault;
  for (uint32_t i = 0; i < n_items; i++) {
    qn_str rows = items[i]->prepared;
    int rc = out_write(sink->out, rows.data, rows.len, &fault);
    items[i]->status = rc == 0 ? QN_STATUS_OK : fail(items[i]->call, &fault);
  }
}

static qn_status csv_flush(void *instance, qn_call *call) {
  csv_sink *sink = instance;
  out_fault fault;
  return out_flush(sink->out, &fault) == 0 ? keeper_store(&sink->keeper, sink->out, call) : fail(call, &fault);
}

static qn_status csv_finish(void *instance, qn_call *call, int success) {
  csv_sink *sink = instance;
  out_fault fault;
  int rc = out_finish(sink->out, success != 0, &fault);
  return rc == 0 ? QN_STATUS_OK : fail(call, &fault);
}

static const qn_sink csv_table = {
  .size = sizeof(qn_sink),
  .create = csv_create,
  .destroy = csv_destroy,
  .context_open = csv_context_open,
  .context_close = csv_context_close,
  .prepare = csv_prepare,
  .write = csv_write,
  .flush = csv_flush,
  .finish = csv_finish,
};

static const qn_stage csv_stage = { .size = sizeof(qn_stage), .name = "csv", .sink = &csv_table };
static const qn_stage *const stages[] = { &csv_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
