/* SPDX-License-Identifier: Apache-2.0 */

/* The stage keyphrases: provides keyphrase/1. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "keyphrases_manifest.h"
#include "phrases.h"
#include "qanat/layers.h"
#include "qanat/stage.h"
#include "text/lent.h"

typedef struct keyphrases {
  phrase_words words;
  double min_score;
} keyphrases;

static int keyphrases_create(qn_create *create, void **ret_instance) {
  keyphrases *self = calloc(1, sizeof(*self));
  if (self == NULL) {
    const char text[] = "no memory for the stage";
    return create->host->create_fail(create, text, sizeof(text) - 1);
  }
  phrase_words_fill(&self->words, (uint32_t)qn_config_i64(create, "/phrases", 10));
  self->min_score = qn_config_f64(create, "/min_score", 0);
  *ret_instance = self;
  return 0;
}

static void keyphrases_destroy(void *instance) {
  free(instance);
}

static int keyphrases_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  (void)instance;
  phrase_scratch *scratch = host->alloc(env, sizeof(*scratch));
  if (scratch == NULL) {
    return -ENOMEM;
  }
  phrase_scratch_init(scratch, host, env);
  *ret_context = scratch;
  return 0;
}

static void keyphrases_context_close(void *context) {
  phrase_scratch *scratch = context;
  if (scratch != NULL) {
    phrase_scratch_done(scratch);
    scratch->host->release(scratch->env, scratch);
  }
}

static int input_get(qn_call *call, phrase_input *input) {
  int error = call->host->view_get(call, &input->view);
  error = error != 0 ? error : call->host->layer_get(call, KEYPHRASES_LAYER_TOKEN, &input->tokens);
  error = error != 0 ? error : call->host->layer_get(call, KEYPHRASES_LAYER_SENTENCE, &input->sentences);
  error = error != 0 ? error : lent_layer_or_none(call, KEYPHRASES_LAYER_PART, &input->parts);
  error = error != 0 ? error : lent_layer_or_none(call, KEYPHRASES_LAYER_ENTITY, &input->entities);
  if (error == 0) {
    input->title = lent_title(call, &input->view);
  }
  return error;
}

/* Raw scores have no upper end; this brings them between 0 and 1, with a phrase of middling weight at a half, and four
 * decimals. */
static double score_shown(const phrase *p) {
  return round(1e4 * (double)p->score / ((double)p->score + 3)) / 1e4;
}

static int rows_write(qn_call *call, const keyphrases *self, const phrase_scratch *scratch, const phrase_input *input,
                      const uint32_t *picked, uint32_t n_picked) {
  qn_rows rows;
  uint32_t heap_bytes = 0;
  for (uint32_t i = 0; i < n_picked; i++) {
    qn_span text = scratch->phrases[picked[i]].text;
    heap_bytes += text.end - text.begin;
  }
  int error = call->host->layer_reserve(call, KEYPHRASES_LAYER_KEYPHRASE, n_picked, heap_bytes, &rows);
  if (error != 0) {
    return error;
  }
  uint32_t heap_used = 0;
  uint32_t n = 0;
  for (uint32_t i = 0; i < n_picked; i++) {
    const phrase *p = &scratch->phrases[picked[i]];
    qn_heap_str text = { rows.heap_base + heap_used, p->text.end - p->text.begin };
    if (score_shown(p) < self->min_score) {
      continue;
    }
    memcpy(rows.heap + heap_used, input->view.data + p->text.begin, text.len);
    heap_used += text.len;
    rows.begin[n] = p->begin;
    rows.end[n] = p->end;
    ((qn_heap_str *)rows.columns[QN_KEYPHRASE_TEXT])[n] = text;
    ((double *)rows.columns[QN_KEYPHRASE_SCORE])[n] = score_shown(p);
    n++;
  }
  return call->host->layer_commit(call, KEYPHRASES_LAYER_KEYPHRASE, n, heap_used);
}

static qn_status keyphrases_process(void *instance, void *context, qn_call *call) {
  const keyphrases *self = instance;
  phrase_scratch *scratch = context;
  phrase_input input;
  const uint32_t *picked = NULL;
  uint32_t n_picked = 0;
  int error = input_get(call, &input);
  error = error != 0 ? error : phrase_find(scratch, &self->words, &input, &picked, &n_picked);
  if (error == 0 && n_picked > 0) {
    error = rows_write(call, self, scratch, &input, picked, n_picked);
  }
  if (error == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the keyphrases of this document");
  }
  return error == 0 ? QN_STATUS_OK
                    : qn_fail(call, QN_STATUS_FATAL, "host-refused",
                              "the host refused a view or layer that keyphrases declares");
}

static const qn_transform keyphrases_table = {
  .size = sizeof(qn_transform),
  .create = keyphrases_create,
  .destroy = keyphrases_destroy,
  .context_open = keyphrases_context_open,
  .context_close = keyphrases_context_close,
  .process = keyphrases_process,
};

static const qn_stage keyphrases_stage = { .size = sizeof(qn_stage),
                                           .name = "keyphrases",
                                           .transform = &keyphrases_table };
static const qn_stage *const stages[] = { &keyphrases_stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
