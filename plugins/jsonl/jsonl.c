/* SPDX-License-Identifier: Apache-2.0 */

/* The sink that writes records as JSON Lines. Encodes on the workers, writes on the lent thread. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jsonl/ids.h"
#include "output/keeper.h"
#include "qanat/stage.h"

enum { PARTS_MAX = 64, POINTER_MAX = 32 };

typedef struct jsonl_sink {
  const qn_host *host;
  qn_env *env;
  qn_record_options record;
  qn_str parts[PARTS_MAX]; /* their bytes are owned */
  out_keeper keeper;
  out_file *out;
  id_set seen;        /* read-only after create */
  uint64_t n_written; /* these two belong to the lent thread */
  uint64_t n_skipped;
} jsonl_sink;

static void jsonl_destroy(void *instance) {
  jsonl_sink *sink = instance;
  if (sink == NULL) {
    return;
  }
  for (uint32_t i = 0; i < sink->record.n_parts; i++) {
    free((void *)(uintptr_t)sink->parts[i].data);
  }
  out_close(sink->out);
  ids_done(&sink->seen);
  free(sink);
}

static int refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static uint32_t offsets_of(qn_str name) {
  if (name.len == 10 && memcmp(name.data, "codepoints", 10) == 0) {
    return QN_OFFSETS_CODEPOINTS;
  }
  return name.len == 5 && memcmp(name.data, "utf16", 5) == 0 ? QN_OFFSETS_UTF16 : QN_OFFSETS_BYTES;
}

/* Copies the list of parts: configuration strings end with create. */
static int read_parts(jsonl_sink *sink, qn_create *create) {
  for (uint32_t i = 0; i < PARTS_MAX; i++) {
    char pointer[POINTER_MAX];
    snprintf(pointer, sizeof pointer, "/parts/%" PRIu32, i);
    qn_str part = qn_config_str(create, pointer);
    if (part.data == NULL) {
      break;
    }
    char *copy = strndup(part.data, part.len);
    if (copy == NULL) {
      return -ENOMEM;
    }
    sink->parts[i] = (qn_str){ copy, part.len };
    sink->record.n_parts = i + 1;
  }
  return 0;
}

static int open_output(jsonl_sink *sink, qn_create *create) {
  out_fault fault;
  qn_str path = qn_config_str(create, "/path");
  out_options options = {
    .path = path.data == NULL ? "-" : path.data,
    .path_len = path.data == NULL ? 1 : path.len,
    .resume = qn_config_i64(create, "/resume", 0) != 0,
    .rotate_bytes = (uint64_t)qn_config_i64(create, "/rotate_bytes", 0),
    .kept = ids_add_record,
    .arg = &sink->seen,
  };
  int direct = options.path_len == 1 && options.path[0] == '-';
  if (direct && (options.resume || options.rotate_bytes > 0)) {
    return refuse(create, "resume and rotate_bytes need a file, but path is \"-\" (standard output); give a path");
  }
  int rc = keeper_init(&sink->keeper, create, &options);
  if (rc != 0) {
    return rc;
  }
  if (out_open(&options, &sink->out, &fault) != 0) {
    return refuse(create, fault.text);
  }
  return keeper_begin(&sink->keeper, sink->out, create);
}

static int jsonl_create(qn_create *create, void **ret_instance) {
  jsonl_sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) {
    return refuse(create, "no memory for the sink");
  }
  sink->host = create->host;
  sink->env = create->env;
  sink->record.size = sizeof sink->record;
  sink->record.offsets = offsets_of(qn_config_str(create, "/offsets"));
  sink->record.payload_offsets = qn_config_i64(create, "/payload_offsets", 0) != 0;
  sink->record.parts = sink->parts;
  int rc = read_parts(sink, create) == 0 ? open_output(sink, create) : refuse(create, "no memory for the sink");
  if (rc != 0) {
    jsonl_destroy(sink);
    return rc;
  }
  *ret_instance = sink;
  return 0;
}

static qn_status jsonl_prepare(void *instance, void *context, qn_call *call) {
  const jsonl_sink *sink = instance;
  qn_str json;
  (void)context;
  int rc = call->host->record_encode(call, &sink->record, &json);
  if (rc == 0) {
    rc = call->host->prepared_set(call, json.data, json.len);
  }
  if (rc != 0) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory",
                   "no memory to encode the record; lower limits.bytes or limits.document_bytes");
  }
  return QN_STATUS_OK;
}

/* A broken output stops the pipeline: what follows could not be written either. */
static qn_status fail(qn_call *call, const out_fault *fault) {
  return qn_fail(call, QN_STATUS_FATAL, fault->code == -EPIPE ? "closed-pipe" : "cannot-write", fault->text);
}

static int is_written(const jsonl_sink *sink, qn_str record) {
  size_t len;
  const char *id = sink->seen.n_used == 0 ? NULL : ids_of_record(record.data, record.len, &len);
  return id != NULL && ids_has(&sink->seen, id, len);
}

static void jsonl_write(void *instance, qn_item *const *items, uint32_t n_items) {
  jsonl_sink *sink = instance;
  out_fault fault;
  for (uint32_t i = 0; i < n_items; i++) {
    qn_str record = items[i]->prepared;
    items[i]->status = QN_STATUS_OK;
    if (is_written(sink, record)) {
      sink->n_skipped++;
    } else if (out_append(sink->out, record.data, record.len, &fault) != 0) {
      items[i]->status = fail(items[i]->call, &fault);
    } else {
      sink->n_written++;
    }
  }
}

static qn_status jsonl_flush(void *instance, qn_call *call) {
  jsonl_sink *sink = instance;
  out_fault fault;
  return out_flush(sink->out, &fault) == 0 ? keeper_store(&sink->keeper, sink->out, call) : fail(call, &fault);
}

static qn_status jsonl_finish(void *instance, qn_call *call, int success) {
  jsonl_sink *sink = instance;
  out_fault fault;
  if (out_finish(sink->out, success != 0, &fault) != 0) {
    return fail(call, &fault);
  }
  if (sink->n_skipped > 0) {
    char text[128];
    int len = snprintf(text, sizeof text, "resumed: %" PRIu64 " documents were there already, %" PRIu64 " written now",
                       sink->n_skipped, sink->n_written);
    call->host->log(sink->env, QN_LOG_INFO, text, (size_t)len);
  }
  return QN_STATUS_OK;
}

static const qn_sink jsonl_table = {
  .size = sizeof(qn_sink),
  .create = jsonl_create,
  .destroy = jsonl_destroy,
  .prepare = jsonl_prepare,
  .write = jsonl_write,
  .flush = jsonl_flush,
  .finish = jsonl_finish,
};

static const qn_stage jsonl_stage = { .size = sizeof(qn_stage), .name = "jsonl", .sink = &jsonl_table };
static const qn_stage *const stages[] = { &jsonl_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
