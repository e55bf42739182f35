/* SPDX-License-Identifier: Apache-2.0 */

/* The stage summarize: provides summary/1. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/layers.h"
#include "qanat/stage.h"
#include "rank.h"
#include "summarize_manifest.h"
#include "text/lent.h"
#include "text/letters.h"
#include "text/utf8.h"

enum { ZERO_WIDTH_NON_JOINER = 0x200C, ZERO_WIDTH_JOINER = 0x200D };

typedef struct summarize {
  pick_budget budget;
  rank_words words;
} summarize;

static int summarize_create(qn_create *create, void **ret_instance) {
  summarize *self = calloc(1, sizeof(*self));
  if (self == NULL) {
    const char text[] = "no memory for the stage";
    return create->host->create_fail(create, text, sizeof(text) - 1);
  }
  self->budget.sentences = (uint32_t)qn_config_i64(create, "/sentences", 3);
  self->budget.words = (uint32_t)qn_config_i64(create, "/words", 0);
  self->budget.ratio = qn_config_f64(create, "/ratio", 1);
  self->budget.voice = qn_config_i64(create, "/voice", 1) != 0;
  rank_words_fill(&self->words);
  *ret_instance = self;
  return 0;
}

static void summarize_destroy(void *instance) {
  free(instance);
}

static int summarize_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  (void)instance;
  rank_scratch *scratch = host->alloc(env, sizeof(*scratch));
  if (scratch == NULL) {
    return -ENOMEM;
  }
  rank_scratch_init(scratch, host, env);
  *ret_context = scratch;
  return 0;
}

static void summarize_context_close(void *context) {
  rank_scratch *scratch = context;
  if (scratch != NULL) {
    rank_scratch_done(scratch);
    scratch->host->release(scratch->env, scratch);
  }
}

static int input_get(qn_call *call, rank_input *input) {
  int error = call->host->view_get(call, &input->view);
  error = error != 0 ? error : call->host->layer_get(call, SUMMARIZE_LAYER_TOKEN, &input->tokens);
  error = error != 0 ? error : call->host->layer_get(call, SUMMARIZE_LAYER_SENTENCE, &input->sentences);
  error = error != 0 ? error : lent_layer_or_none(call, SUMMARIZE_LAYER_ENTITY, &input->entities);
  error = error != 0 ? error : lent_layer_or_none(call, SUMMARIZE_LAYER_QUOTE, &input->quotes);
  if (error == 0) {
    input->title = lent_title(call, &input->view);
  }
  return error;
}

/* Bidi controls, zero-width spaces and the like: they serve a page's layout. Joiners are part of the spelling. */
static int is_layout(uint32_t code) {
  return letters_kind(code) == LETTERS_FORMAT && code != ZERO_WIDTH_NON_JOINER && code != ZERO_WIDTH_JOINER;
}

static int is_space(uint32_t code) {
  return letters_kind(code) == LETTERS_SPACE || letters_kind(code) == LETTERS_CONTROL;
}

/* A comma or stop that belongs to the word before it, whatever space a page puts between. */
static int closes_up(const qn_view *view, uint32_t after, uint32_t end, uint32_t code) {
  int is_stop_mark = code == '.' || code == ',' || code == ':' || code == '!' || code == '?' || code == 0x60C ||
                     code == 0x61B || code == 0x61F;
  return is_stop_mark && (after >= end || is_space(utf8_peek(view->data, after)));
}

/* Copies a sentence as the text spells it, with any run of spaces as one and none before a stop. Returns its length, at most
 * that of the sentence. */
static uint32_t text_write(const qn_view *view, uint32_t begin, uint32_t end, char *out) {
  uint32_t len = 0;
  int wants_space = 0;
  while (begin < end) {
    uint32_t after = letters_arabic_run(view->data, begin, end);
    int is_run = after > begin; /* of nothing but letters: most of most texts */
    uint32_t code = is_run ? 0 : utf8_next(view->data, &after);
    if (!is_run && is_space(code)) {
      wants_space = len > 0;
    } else if (is_run || !is_layout(code)) {
      if (wants_space && (is_run || !closes_up(view, after, end, code))) {
        out[len++] = ' ';
      }
      wants_space = 0;
      memcpy(out + len, view->data + begin, after - begin);
      len += after - begin;
    }
    begin = after;
  }
  return len;
}

/* Raw scores have no ends; this brings them between 0 and 1, with four decimals. */
static double score_shown(float score) {
  return round(1e4 / (1 + exp(-((double)score - 4) / 2))) / 1e4;
}

static int rows_write(qn_call *call, const rank_scratch *scratch, const rank_input *input, const uint32_t *picked,
                      uint32_t n_picked) {
  qn_rows rows;
  uint32_t heap_bytes = 0;
  for (uint32_t i = 0; i < n_picked; i++) {
    heap_bytes += input->sentences.end[picked[i]] - input->sentences.begin[picked[i]];
  }
  int error = call->host->layer_reserve(call, SUMMARIZE_LAYER_SUMMARY, n_picked, heap_bytes, &rows);
  if (error != 0) {
    return error;
  }
  uint32_t heap_used = 0;
  for (uint32_t i = 0; i < n_picked; i++) {
    uint32_t row = picked[i];
    rows.begin[i] = input->sentences.begin[row];
    rows.end[i] = input->sentences.end[row];
    qn_heap_str text = { rows.heap_base + heap_used, 0 };
    text.len = text_write(&input->view, rows.begin[i], rows.end[i], rows.heap + heap_used);
    heap_used += text.len;
    ((uint32_t *)rows.columns[QN_SUMMARY_SENTENCE])[i] = row;
    ((qn_heap_str *)rows.columns[QN_SUMMARY_TEXT])[i] = text;
    ((double *)rows.columns[QN_SUMMARY_SCORE])[i] = score_shown(scratch->sentences[row].score);
  }
  return call->host->layer_commit(call, SUMMARIZE_LAYER_SUMMARY, n_picked, heap_used);
}

static qn_status summarize_process(void *instance, void *context, qn_call *call) {
  const summarize *self = instance;
  rank_scratch *scratch = context;
  rank_input input;
  const uint32_t *picked = NULL;
  uint32_t n_picked = 0;
  int error = input_get(call, &input);
  error = error != 0 ? error : rank_run(scratch, &self->words, &input, NULL, NULL);
  error = error != 0 ? error : pick_run(scratch, &input, &self->budget, &picked, &n_picked);
  if (error == 0 && n_picked > 0) {
    error = rows_write(call, scratch, &input, picked, n_picked);
  }
  if (error == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the summary of this document");
  }
  return error == 0 ? QN_STATUS_OK
                    : qn_fail(call, QN_STATUS_FATAL, "host-refused",
                              "the host refused a view or layer that summarize declares");
}

static const qn_transform summarize_table = {
  .size = sizeof(qn_transform),
  .create = summarize_create,
  .destroy = summarize_destroy,
  .context_open = summarize_context_open,
  .context_close = summarize_context_close,
  .process = summarize_process,
};

static const qn_stage summarize_stage = { .size = sizeof(qn_stage),
                                          .name = "summarize",
                                          .transform = &summarize_table };
static const qn_stage *const stages[] = { &summarize_stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
