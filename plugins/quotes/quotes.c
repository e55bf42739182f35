/* SPDX-License-Identifier: Apache-2.0 */

/* The stage quotes: provides quote/1. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "find.h"
#include "qanat/layers.h"
#include "qanat/stage.h"
#include "quotes_manifest.h"
#include "text/lent.h"

static int quotes_create(qn_create *create, void **ret_instance) {
  quote_words *words = calloc(1, sizeof(*words));
  if (words == NULL) {
    const char text[] = "no memory for the stage";
    return create->host->create_fail(create, text, sizeof(text) - 1);
  }
  quote_words_fill(words, (uint32_t)qn_config_i64(create, "/min_words", 7));
  *ret_instance = words;
  return 0;
}

static void quotes_destroy(void *instance) {
  free(instance);
}

static int quotes_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  (void)instance;
  quote_scratch *scratch = host->alloc(env, sizeof(*scratch));
  if (scratch == NULL) {
    return -ENOMEM;
  }
  quote_scratch_init(scratch, host, env);
  *ret_context = scratch;
  return 0;
}

static void quotes_context_close(void *context) {
  quote_scratch *scratch = context;
  if (scratch != NULL) {
    quote_scratch_done(scratch);
    scratch->host->release(scratch->env, scratch);
  }
}

static int input_get(qn_call *call, quote_input *input) {
  int error = call->host->view_get(call, &input->view);
  error = error != 0 ? error : call->host->layer_get(call, QUOTES_LAYER_TOKEN, &input->tokens);
  error = error != 0 ? error : call->host->layer_get(call, QUOTES_LAYER_SENTENCE, &input->sentences);
  return error != 0 ? error : lent_layer_or_none(call, QUOTES_LAYER_ENTITY, &input->entities);
}

static int rows_write(qn_call *call, const quote_row *found, uint32_t n_found) {
  qn_rows rows;
  size_t heap_bytes = 0;
  for (uint32_t i = 0; i < n_found; i++) {
    heap_bytes += found[i].speaker.len;
  }
  if (heap_bytes > UINT32_MAX) {
    return -ENOMEM;
  }
  int error = call->host->layer_reserve(call, QUOTES_LAYER_QUOTE, n_found, (uint32_t)heap_bytes, &rows);
  if (error != 0) {
    return error;
  }
  uint32_t heap_used = 0;
  for (uint32_t i = 0; i < n_found; i++) {
    qn_heap_str speaker = { QN_NO_ROW, 0 };
    if (found[i].speaker.len > 0) {
      speaker = (qn_heap_str){ rows.heap_base + heap_used, (uint32_t)found[i].speaker.len };
      memcpy(rows.heap + heap_used, found[i].speaker.data, speaker.len);
      heap_used += speaker.len;
    }
    rows.begin[i] = found[i].begin;
    rows.end[i] = found[i].end;
    ((qn_heap_str *)rows.columns[QN_QUOTE_SPEAKER])[i] = speaker;
    ((uint32_t *)rows.columns[QN_QUOTE_ENTITY])[i] = found[i].entity;
  }
  return call->host->layer_commit(call, QUOTES_LAYER_QUOTE, n_found, heap_used);
}

static qn_status quotes_process(void *instance, void *context, qn_call *call) {
  quote_input input;
  const quote_row *found = NULL;
  uint32_t n_found = 0;
  int error = input_get(call, &input);
  error = error != 0 ? error : quote_find(context, instance, &input, &found, &n_found);
  if (error == 0 && n_found > 0) {
    error = rows_write(call, found, n_found);
  }
  if (error == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the quotes of this document");
  }
  return error == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_FATAL, "host-refused", "the host refused a view or layer that quotes declares");
}

static const qn_transform quotes_table = {
  .size = sizeof(qn_transform),
  .create = quotes_create,
  .destroy = quotes_destroy,
  .context_open = quotes_context_open,
  .context_close = quotes_context_close,
  .process = quotes_process,
};

static const qn_stage quotes_stage = { .size = sizeof(qn_stage), .name = "quotes", .transform = &quotes_table };
static const qn_stage *const stages[] = { &quotes_stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
