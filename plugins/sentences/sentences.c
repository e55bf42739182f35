/* SPDX-License-Identifier: Apache-2.0 */

/* The stage sentences: provides sentence/1. Cuts the view at its breaks and, where there are blocks, at their borders,
 * and gives what may hold sentences to the kernel. */
#include <errno.h>
#include <stdlib.h>

#include "qanat/layers.h"
#include "qanat/stage.h"
#include "sentences_manifest.h"
#include "split.h"

/* Rows asked for at a time. */
#define ROWS_AT_ONCE 512

typedef struct sentences {
  uint32_t max_words;
  int headings;
} sentences;

static int sentences_create(qn_create *create, void **ret_instance) {
  sentences *self = calloc(1, sizeof *self);
  if (self == NULL) {
    const char text[] = "no memory for the stage";
    return create->host->create_fail(create, text, sizeof text - 1);
  }
  self->max_words = (uint32_t)qn_config_i64(create, "/max_words", 120);
  self->headings = qn_config_i64(create, "/headings", 1) != 0;
  *ret_instance = self;
  return 0;
}

static void sentences_destroy(void *instance) {
  free(instance);
}

/* One document on its way: rows are written into lent room and committed when it is full. */
typedef struct cutting {
  const sentences *self;
  qn_call *call;
  qn_view view;
  qn_rows rows;
  uint32_t n_rows; /* written, not yet committed */
  uint32_t kind;   /* of the rows to come */
  uint32_t next_break;
} cutting;

static int commit_rows(cutting *c) {
  int error = c->n_rows > 0 ? c->call->host->layer_commit(c->call, SENTENCES_LAYER_SENTENCE, c->n_rows, 0) : 0;
  c->n_rows = 0;
  c->rows.capacity = 0;
  return error;
}

static int take_sentence(void *arg, qn_span span) {
  cutting *c = arg;
  if (c->n_rows == c->rows.capacity) {
    int error = commit_rows(c);
    if (error == 0) {
      error = c->call->host->layer_reserve(c->call, SENTENCES_LAYER_SENTENCE, ROWS_AT_ONCE, 0, &c->rows);
    }
    if (error != 0) {
      return error;
    }
  }
  c->rows.begin[c->n_rows] = span.begin;
  c->rows.end[c->n_rows] = span.end;
  ((uint32_t *)c->rows.columns[QN_SENTENCE_KIND])[c->n_rows] = c->kind;
  c->n_rows++;
  return 0;
}

/* Cuts a stretch of one kind, piece by piece between the breaks in it. Stretches come in ascending order. */
static int cut_stretch(cutting *c, uint32_t begin, uint32_t end, uint32_t kind) {
  c->kind = kind;
  while (begin < end) {
    while (c->next_break < c->view.n_breaks && c->view.breaks[c->next_break] <= begin) {
      c->next_break++;
    }
    uint32_t stop = c->next_break < c->view.n_breaks ? c->view.breaks[c->next_break] : end;
    qn_span piece = { begin, stop < end ? stop : end };
    int error = kind == QN_SENTENCE_KIND_HEADING
                    ? split_lines(c->view.data, piece, take_sentence, c)
                    : split_sentences(c->view.data, piece, c->self->max_words, take_sentence, c);
    if (error != 0) {
      return error;
    }
    begin = piece.end;
  }
  return 0;
}

static int cut_block(cutting *c, uint32_t begin, uint32_t end, uint32_t role) {
  switch (role) {
  case QN_BLOCK_ROLE_PARAGRAPH:
  case QN_BLOCK_ROLE_LIST:
    return cut_stretch(c, begin, end, QN_SENTENCE_KIND_SENTENCE);
  case QN_BLOCK_ROLE_HEADING:
    return c->self->headings ? cut_stretch(c, begin, end, QN_SENTENCE_KIND_HEADING) : 0;
  default:
    return 0;
  }
}

/* What no block covers is taken as a paragraph: better a sentence too many than text that no later stage sees. */
static int cut_blocks(cutting *c, const qn_layer *blocks) {
  uint32_t done = 0;
  int error = 0;
  for (uint32_t row = 0; row < blocks->n_rows && error == 0; row++) {
    uint32_t begin = blocks->begin[row] > done ? blocks->begin[row] : done;
    if (blocks->end[row] <= begin) {
      continue;
    }
    error = cut_stretch(c, done, begin, QN_SENTENCE_KIND_SENTENCE);
    if (error == 0) {
      error = cut_block(c, begin, blocks->end[row], qn_layer_u32(blocks, QN_BLOCK_ROLE, row));
    }
    done = blocks->end[row];
  }
  return error == 0 ? cut_stretch(c, done, c->view.len, QN_SENTENCE_KIND_SENTENCE) : error;
}

static qn_status sentences_process(void *instance, void *context, qn_call *call) {
  cutting c = { .self = instance, .call = call };
  qn_layer blocks;
  (void)context;
  int error = call->host->view_get(call, &c.view);
  if (error == 0) {
    error = call->host->layer_get(call, SENTENCES_LAYER_BLOCK, &blocks);
    error = error == 0         ? cut_blocks(&c, &blocks)
            : error == -ENOENT ? cut_stretch(&c, 0, c.view.len, QN_SENTENCE_KIND_SENTENCE)
                               : error;
  }
  if (error == 0) {
    error = commit_rows(&c);
  }
  if (error == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the sentences of this document");
  }
  return error == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_FATAL, "host-refused", "the host refused a layer that sentences declares");
}

static const qn_transform sentences_table = {
  .size = sizeof(qn_transform),
  .create = sentences_create,
  .destroy = sentences_destroy,
  .process = sentences_process,
};

static const qn_stage sentences_stage = {
  .size = sizeof(qn_stage),
  .name = "sentences",
  .transform = &sentences_table,
};

static const qn_stage *const stages[] = { &sentences_stage };

const qn_plugin qn_plugin_v1 = { sizeof(qn_plugin), 1, stages };
