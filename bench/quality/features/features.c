/* SPDX-License-Identifier: Apache-2.0 */

/* The stage summary-features: what summarize sees of each sentence, written into the record for train-weights. Part of no
 * shipped pipeline. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/layers.h"
#include "qanat/stage.h"
#include "summarize/evidence.h"
#include "summary_features_manifest.h"
#include "text/lent.h"

enum { ROW_BYTES = 32 * N_FEATURES };

static const char *const names[] = {
#define FEATURE_NAME(name) #name,
  SENTENCE_FEATURES(FEATURE_NAME)
#undef FEATURE_NAME
};

static int features_create(qn_create *create, void **ret_instance) {
  rank_words *words = calloc(1, sizeof(*words));
  if (words == NULL) {
    const char text[] = "no memory for the stage";
    return create->host->create_fail(create, text, sizeof(text) - 1);
  }
  rank_words_fill(words);
  *ret_instance = words;
  return 0;
}

static void features_destroy(void *instance) {
  free(instance);
}

static int features_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  (void)instance;
  rank_scratch *scratch = host->alloc(env, sizeof(*scratch));
  if (scratch == NULL) {
    return -ENOMEM;
  }
  rank_scratch_init(scratch, host, env);
  *ret_context = scratch;
  return 0;
}

static void features_context_close(void *context) {
  rank_scratch *scratch = context;
  if (scratch != NULL) {
    rank_scratch_done(scratch);
    scratch->host->release(scratch->env, scratch);
  }
}

/* The layer being written, while the sentences are weighed. */
typedef struct writing {
  const qn_layer *sentences;
  qn_rows rows;
  uint32_t heap_used;
} writing;

static void row_write(void *watcher, uint32_t row, uint32_t eligible, const float *features) {
  writing *w = watcher;
  char *out = w->rows.heap + w->heap_used;
  uint32_t len = 0;
  for (uint32_t i = 0; i < N_FEATURES && len < ROW_BYTES; i++) {
    int n = snprintf(out + len, ROW_BYTES - len, "%s%s=%.4g", i > 0 ? " " : "", names[i], (double)features[i]);
    len += n > 0 ? (uint32_t)n : 0;
  }
  len = len < ROW_BYTES ? len : ROW_BYTES - 1;
  w->rows.begin[row] = w->sentences->begin[row];
  w->rows.end[row] = w->sentences->end[row];
  ((uint32_t *)w->rows.columns[QUALITY_FEATURES_ELIGIBLE])[row] = eligible;
  ((qn_heap_str *)w->rows.columns[QUALITY_FEATURES_FEATURES])[row] =
      (qn_heap_str){ w->rows.heap_base + w->heap_used, len };
  w->heap_used += len;
}

static int layers_run(const rank_words *words, rank_scratch *scratch, qn_call *call) {
  rank_input input;
  int error = call->host->view_get(call, &input.view);
  error = error != 0 ? error : call->host->layer_get(call, SUMMARY_FEATURES_LAYER_TOKEN, &input.tokens);
  error = error != 0 ? error : call->host->layer_get(call, SUMMARY_FEATURES_LAYER_SENTENCE, &input.sentences);
  error = error != 0 ? error : lent_layer_or_none(call, SUMMARY_FEATURES_LAYER_ENTITY, &input.entities);
  error = error != 0 ? error : lent_layer_or_none(call, SUMMARY_FEATURES_LAYER_QUOTE, &input.quotes);
  if (error != 0 || input.sentences.n_rows == 0) {
    return error;
  }
  if (input.sentences.n_rows > UINT32_MAX / ROW_BYTES) {
    return -ENOMEM;
  }
  input.title = lent_title(call, &input.view);
  writing w = { .sentences = &input.sentences };
  error = call->host->layer_reserve(call, SUMMARY_FEATURES_LAYER_QUALITY_FEATURES, input.sentences.n_rows,
                                    input.sentences.n_rows * ROW_BYTES, &w.rows);
  error = error != 0 ? error : rank_run(scratch, words, &input, row_write, &w);
  return error != 0 ? error
                    : call->host->layer_commit(call, SUMMARY_FEATURES_LAYER_QUALITY_FEATURES, input.sentences.n_rows,
                                               w.heap_used);
}

static qn_status features_process(void *instance, void *context, qn_call *call) {
  return layers_run(instance, context, call) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_FATAL, "host-refused", "a layer could not be read or written");
}

static const qn_transform features_table = {
  .size = sizeof(qn_transform),
  .create = features_create,
  .destroy = features_destroy,
  .context_open = features_context_open,
  .context_close = features_context_close,
  .process = features_process,
};

static const qn_stage features_stage = { .size = sizeof(qn_stage),
                                         .name = "summary-features",
                                         .transform = &features_table };
static const qn_stage *const stages[] = { &features_stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
