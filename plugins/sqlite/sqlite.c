/* SPDX-License-Identifier: Apache-2.0 */

/* The sink that writes a database. Match keys are made on the workers; rows are written on the lent thread, in one
 * transaction from flush to flush. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite/forms.h"
#include "sqlite/tables.h"
#include "sqlite_manifest.h"
#include "text/lent.h"

enum { FIELDS_MAX = 32, POINTER_MAX = 32 };

typedef struct sqlite_sink {
  bool search, sentences;
  uint32_t n_fields;
  qn_str fields[FIELDS_MAX]; /* their bytes are owned */
  store *store;              /* the rest belongs to the lent thread */
  tables *tables;
} sqlite_sink;

static int refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static void sqlite_destroy(void *instance) {
  sqlite_sink *sink = instance;
  if (sink == NULL) {
    return;
  }
  for (uint32_t i = 0; i < sink->n_fields; i++) {
    free((void *)(uintptr_t)sink->fields[i].data);
  }
  tables_free(sink->tables);
  store_close(sink->store);
  free(sink);
}

static int read_fields(sqlite_sink *sink, qn_create *create) {
  for (uint32_t i = 0; i < FIELDS_MAX; i++) {
    char pointer[POINTER_MAX];
    snprintf(pointer, sizeof pointer, "/fields/%" PRIu32, i);
    qn_str name = qn_config_str(create, pointer);
    if (name.data == NULL) {
      break;
    }
    char *copy = strndup(name.data, name.len);
    if (copy == NULL) {
      return refuse(create, "no memory for the sink");
    }
    sink->fields[sink->n_fields++] = (qn_str){ copy, name.len };
  }
  return 0;
}

static int open_store(sqlite_sink *sink, qn_create *create) {
  store_fault fault;
  qn_str path = qn_config_str(create, "/path");
  const store_options options = {
    .path = path.data,
    .path_len = path.len,
    .search = sink->search,
    .full = qn_config_str(create, "/synchronous").len != strlen("normal"),
    .busy_ms = (int)qn_config_i64(create, "/busy_ms", 10000),
  };
  int rc = store_open(&options, &sink->store, &fault);
  rc = rc == 0 ? tables_new(sink->store, &sink->tables, &fault) : rc;
  return rc == 0 ? 0 : refuse(create, fault.text);
}

static int sqlite_create(qn_create *create, void **ret_instance) {
  sqlite_sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) {
    return refuse(create, "no memory for the sink");
  }
  sink->search = qn_config_i64(create, "/search", 1) != 0;
  sink->sentences = qn_config_i64(create, "/sentences", 1) != 0;
  int rc = read_fields(sink, create);
  rc = rc == 0 ? open_store(sink, create) : rc;
  if (rc != 0) {
    sqlite_destroy(sink);
    return rc;
  }
  *ret_instance = sink;
  return 0;
}

/* --- on the workers --- */

static int sqlite_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  forms *context = host->alloc(env, sizeof *context);
  (void)instance;
  if (context == NULL) {
    return -ENOMEM;
  }
  forms_init(context, host, env);
  *ret_context = context;
  return 0;
}

static void sqlite_context_close(void *self) {
  forms *context = self;
  if (context != NULL) {
    const qn_host *host = context->host;
    qn_env *env = context->env;
    forms_done(context);
    host->release(env, context);
  }
}

static qn_status sqlite_prepare(void *instance, void *context, qn_call *call) {
  const sqlite_sink *sink = instance;
  forms *made = context;
  qn_view view;
  qn_layer tokens, parts;
  if (!sink->search) {
    return QN_STATUS_OK;
  }
  int rc = call->host->view_get(call, &view);
  rc = rc == 0 ? lent_layer_or_none(call, SQLITE_LAYER_TOKEN, &tokens) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, SQLITE_LAYER_PART, &parts) : rc;
  rc = rc == 0 ? forms_make(made, &view, &tokens, &parts) : rc;
  rc = rc == 0 ? call->host->prepared_set(call, made->text, made->len) : rc;
  return rc == 0 ? QN_STATUS_OK
                 : qn_fail(call, QN_STATUS_RETRY, "no-memory",
                           "no memory for the document's words; lower limits.bytes or limits.document_bytes");
}

/* --- on the lent thread --- */

static int read_document(const sqlite_sink *sink, const qn_item *item, table_document *ret_document) {
  qn_call *call = item->call;
  static const qn_layer none = { 0, 0, NULL, NULL, NULL, NULL };
  *ret_document = (table_document){ .call = call, .n_fields = sink->n_fields, .fields = sink->fields };
  if (sink->search) {
    ret_document->forms = item->prepared.data != NULL ? item->prepared : QN_LIT("");
  }
  int rc = call->host->view_get(call, &ret_document->view);
  rc = rc == 0 ? lent_layer_or_none(call, SQLITE_LAYER_ENTITY, &ret_document->entities) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, SQLITE_LAYER_SENTENCE, &ret_document->sentences) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, SQLITE_LAYER_SUMMARY, &ret_document->summary) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, SQLITE_LAYER_KEYPHRASE, &ret_document->keyphrases) : rc;
  rc = rc == 0 ? lent_layer_or_none(call, SQLITE_LAYER_QUOTE, &ret_document->quotes) : rc;
  if (!sink->sentences) {
    ret_document->sentences = none;
  }
  return rc;
}

static qn_status write_item(sqlite_sink *sink, qn_item *item) {
  table_document document;
  store_fault fault, second;
  if (read_document(sink, item, &document) != 0) {
    return qn_fail(item->call, QN_STATUS_RETRY, "no-memory", "no memory to read the document");
  }
  int rc = store_begin(sink->store, &fault);
  rc = rc == 0 ? store_enter(sink->store, &fault) : rc;
  if (rc == 0) {
    rc = tables_put(sink->tables, &document, &fault);
    int left = store_leave(sink->store, rc == 0, rc == 0 ? &fault : &second);
    if (left != 0 && rc != 0) {
      fault.status = QN_STATUS_FATAL; /* not even undone: nothing can follow */
    }
    rc = rc != 0 ? rc : left;
  }
  return rc == 0 ? QN_STATUS_OK : qn_fail(item->call, fault.status, fault.slug, fault.text);
}

static void sqlite_write(void *instance, qn_item *const *items, uint32_t n_items) {
  sqlite_sink *sink = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = write_item(sink, items[i]);
  }
}

static qn_status sqlite_flush(void *instance, qn_call *call) {
  sqlite_sink *sink = instance;
  store_fault fault;
  if (store_commit(sink->store, &fault) != 0) {
    return qn_fail(call, fault.status == QN_STATUS_RETRY ? QN_STATUS_RETRY : QN_STATUS_FATAL, fault.slug, fault.text);
  }
  return QN_STATUS_OK;
}

static qn_status sqlite_finish(void *instance, qn_call *call, int success) {
  sqlite_sink *sink = instance;
  store_fault fault;
  (void)success; /* what was delivered is kept: the rest can come another time */
  if (store_settle(sink->store, &fault) != 0 && fault.status == QN_STATUS_FATAL) {
    return qn_fail(call, QN_STATUS_FATAL, fault.slug, fault.text);
  }
  return QN_STATUS_OK;
}

static const qn_sink sqlite_table = {
  .size = sizeof(qn_sink),
  .create = sqlite_create,
  .destroy = sqlite_destroy,
  .context_open = sqlite_context_open,
  .context_close = sqlite_context_close,
  .prepare = sqlite_prepare,
  .write = sqlite_write,
  .flush = sqlite_flush,
  .finish = sqlite_finish,
};

static const qn_stage sqlite_stage = { .size = sizeof(qn_stage), .name = "sqlite", .sink = &sqlite_table };
static const qn_stage *const stages[] = { &sqlite_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
