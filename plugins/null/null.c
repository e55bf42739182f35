/* SPDX-License-Identifier: Apache-2.0 */

/* The sink that keeps nothing: what a measured pipeline ends in. Counts what it was given. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/stage.h"

typedef struct null_sink {
  const qn_host *host;
  qn_env *env;
  int encode;
  uint64_t n_documents; /* only the lent thread writes it, in write and finish */
  uint64_t n_bytes;     /* of records, if they are encoded */
} null_sink;

static int null_create(qn_create *create, void **ret_instance) {
  null_sink *sink = calloc(1, sizeof *sink);
  if (sink == NULL) {
    const char text[] = "no memory for the sink";
    return create->host->create_fail(create, text, sizeof text - 1);
  }
  sink->host = create->host;
  sink->env = create->env;
  sink->encode = qn_config_i64(create, "/encode", 0) != 0;
  *ret_instance = sink;
  return 0;
}

static void null_destroy(void *instance) {
  free(instance);
}

static qn_status null_prepare(void *instance, void *context, qn_call *call) {
  const null_sink *sink = instance;
  (void)context;
  if (!sink->encode) {
    return QN_STATUS_OK;
  }
  qn_str json;
  int rc = call->host->record_encode(call, NULL, &json);
  if (rc == 0) {
    rc = call->host->prepared_set(call, &json.len, sizeof json.len);
  }
  return rc == 0 ? QN_STATUS_OK : qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory to encode the record");
}

static void null_write(void *instance, qn_item *const *items, uint32_t n_items) {
  null_sink *sink = instance;
  for (uint32_t i = 0; i < n_items; i++) {
    size_t len = 0;
    if (items[i]->prepared.len == sizeof len) {
      memcpy(&len, items[i]->prepared.data, sizeof len);
    }
    sink->n_bytes += len;
    items[i]->status = QN_STATUS_OK;
  }
  sink->n_documents += n_items;
}

static qn_status null_finish(void *instance, qn_call *call, int success) {
  const null_sink *sink = instance;
  char text[96];
  (void)success;
  int len = snprintf(text, sizeof text, "threw away %" PRIu64 " documents, %" PRIu64 " bytes of records",
                     sink->n_documents, sink->n_bytes);
  call->host->log(sink->env, QN_LOG_INFO, text, (size_t)len);
  return QN_STATUS_OK;
}

static const qn_sink null_table = {
  .size = sizeof(qn_sink),
  .create = null_create,
  .destroy = null_destroy,
  .prepare = null_prepare,
  .write = null_write,
  .finish = null_finish,
};

static const qn_stage null_stage = { .size = sizeof(qn_stage), .name = "null", .sink = &null_table };
static const qn_stage *const stages[] = { &null_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
