/* SPDX-License-Identifier: Apache-2.0 */

/* The stage tokenize: provides token/1 with match keys, and part/1 for words with clitics. */
#include <errno.h>
#include <stdlib.h>

#include "cut.h"
#include "memo.h"
#include "qanat/layers.h"
#include "qanat/stage.h"
#include "text/fold.h"
#include "tokenize_manifest.h"

#define MODEL_FILE "clitics.qclt"

typedef struct tokenize {
  clitics_model model;
  int divides;
} tokenize;

static int create_failed(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, qn_cstr_len(text));
}

static int tokenize_create(qn_create *create, void **ret_instance) {
  qn_str bytes;
  tokenize *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return create_failed(create, "no memory for the stage");
  }
  self->divides = qn_config_i64(create, "/parts", 1) != 0;
  int error = self->divides ? create->host->data_open(create, MODEL_FILE, &bytes) : 0;
  if (error == 0 && self->divides) {
    error = clitics_open(&self->model, bytes.data, bytes.len);
  }
  if (error != 0) {
    free(self);
    return create_failed(create, error == -EINVAL
                                     ? "its data file " MODEL_FILE " is damaged or of another version; install it again"
                                     : "its data file " MODEL_FILE " cannot be read; install it beside the plugin");
  }
  *ret_instance = self;
  return 0;
}

static void tokenize_destroy(void *instance) {
  free(instance);
}

typedef struct context {
  const qn_host *host;
  qn_env *env;
  memo memo;
} context;

static int tokenize_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  const tokenize *self = instance;
  context *own = host->alloc(env, sizeof *own);
  if (own == NULL) {
    return -ENOMEM;
  }
  memset(own, 0, sizeof *own);
  own->host = host;
  own->env = env;
  own->memo.model = &self->model;
  *ret_context = own;
  return 0;
}

static void tokenize_context_close(void *memory) {
  context *own = memory;
  if (own != NULL) {
    own->host->release(own->env, own);
  }
}

/* --- rows --- */

/* A layer being written: lent room, committed when it is full. */
typedef struct writer {
  qn_call *call;
  uint32_t layer;
  uint32_t n_rows; /* in the room */
  uint32_t n_heap;
  uint32_t n_committed;
  qn_rows rows;
} writer;

static int writer_commit(writer *w) {
  int error = w->n_rows > 0 ? w->call->host->layer_commit(w->call, w->layer, w->n_rows, w->n_heap) : 0;
  w->n_committed += w->n_rows;
  w->n_rows = 0;
  w->n_heap = 0;
  w->rows.capacity = 0;
  w->rows.heap_capacity = 0;
  return error;
}

/* Makes sure of room for some rows and bytes; what is left of the document says how much more to ask for. */
static int writer_room(writer *w, uint32_t n_rows, uint64_t heap_bytes, uint32_t text_left) {
  if (w->n_rows + n_rows <= w->rows.capacity && w->n_heap + heap_bytes <= w->rows.heap_capacity) {
    return 0;
  }
  int error = writer_commit(w);
  if (error != 0) {
    return error;
  }
  uint64_t heap = heap_bytes > 0 ? heap_bytes + text_left : 0;
  if (heap > UINT32_MAX) {
    return -ENOMEM;
  }
  return w->call->host->layer_reserve(w->call, w->layer, n_rows + text_left / 8 + 16, (uint32_t)heap, &w->rows);
}

typedef struct tokenizing {
  const tokenize *self;
  context *context;
  qn_view view;
  writer tokens;
  writer parts;
} tokenizing;

static int write_token(tokenizing *t, const cut_token *token) {
  writer *w = &t->tokens;
  uint32_t len = token->end - token->begin;
  int error = writer_room(w, 1, FOLD_BOUND(len), t->view.len - token->begin);
  if (error != 0) {
    return error;
  }
  uint32_t row = w->n_rows++;
  uint8_t *form = (uint8_t *)w->rows.heap + w->n_heap;
  uint32_t form_len = (uint32_t)fold_key(t->view.data + token->begin, len, form);
  w->rows.begin[row] = token->begin;
  w->rows.end[row] = token->end;
  ((uint32_t *)w->rows.columns[QN_TOKEN_KIND])[row] = token->kind;
  ((uint32_t *)w->rows.columns[QN_TOKEN_SCRIPT])[row] = token->script;
  ((qn_heap_str *)w->rows.columns[QN_TOKEN_FORM])[row] = (qn_heap_str){ w->rows.heap_base + w->n_heap, form_len };
  w->n_heap += form_len;
  return 0;
}

static int write_parts(tokenizing *t, const cut_token *token) {
  writer *w = &t->parts;
  clitics_division division;
  memo_divide(&t->context->memo, t->view.data + token->begin, token->end - token->begin, &division);
  if (division.n == 0) {
    return 0;
  }
  int error = writer_room(w, division.n, 0, (t->view.len - token->begin) / 8);
  if (error != 0) {
    return error;
  }
  uint32_t begin = token->begin;
  for (uint32_t i = 0; i < division.n; i++) {
    uint32_t row = w->n_rows++;
    int is_before = i < division.stem && !(division.stem == CLITICS_PARTS_MAX && i + 1 == division.n);
    w->rows.begin[row] = begin;
    w->rows.end[row] = begin = token->begin + division.end[i];
    ((uint32_t *)w->rows.columns[QN_PART_TOKEN])[row] = t->tokens.n_committed + t->tokens.n_rows - 1;
    ((uint32_t *)w->rows.columns[QN_PART_KIND])[row] = i == division.stem ? QN_PART_KIND_STEM
                                                       : is_before        ? QN_PART_KIND_PROCLITIC
                                                                          : QN_PART_KIND_ENCLITIC;
  }
  return 0;
}

/* Cuts what lies between two breaks. */
static int cut_piece(tokenizing *t, uint32_t pos, uint32_t end) {
  cut_token token;
  int error = 0;
  while (error == 0 && cut_next(t->view.data, pos, end, &token)) {
    error = write_token(t, &token);
    if (error == 0 && t->self->divides && token.kind == QN_TOKEN_KIND_WORD && token.script == QN_TOKEN_SCRIPT_ARABIC) {
      error = write_parts(t, &token);
    }
    pos = token.end;
  }
  return error;
}

static int cut_view(tokenizing *t) {
  uint32_t begin = 0;
  int error = 0;
  for (uint32_t i = 0; i <= t->view.n_breaks && error == 0; i++) {
    uint32_t end = i < t->view.n_breaks ? t->view.breaks[i] : t->view.len;
    error = cut_piece(t, begin, end);
    begin = end;
  }
  return error;
}

static qn_status tokenize_process(void *instance, void *memory, qn_call *call) {
  tokenizing t = {
    .self = instance,
    .context = memory,
    .tokens = { .call = call, .layer = TOKENIZE_LAYER_TOKEN },
    .parts = { .call = call, .layer = TOKENIZE_LAYER_PART },
  };
  int error = call->host->view_get(call, &t.view);
  if (error == 0) {
    error = cut_view(&t);
  }
  if (error == 0) {
    error = writer_commit(&t.tokens);
  }
  if (error == 0) {
    error = writer_commit(&t.parts);
  }
  if (error == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the tokens of this document");
  }
  return error == 0 ? QN_STATUS_OK
                    : qn_fail(call, QN_STATUS_FATAL, "host-refused", "the host refused a layer that tokenize declares");
}

static const qn_transform tokenize_table = {
  .size = sizeof(qn_transform),
  .create = tokenize_create,
  .destroy = tokenize_destroy,
  .context_open = tokenize_context_open,
  .context_close = tokenize_context_close,
  .process = tokenize_process,
};

static const qn_stage tokenize_stage = {
  .size = sizeof(qn_stage),
  .name = "tokenize",
  .transform = &tokenize_table,
};

static const qn_stage *const stages[] = { &tokenize_stage };

const qn_plugin qn_plugin_v1 = { sizeof(qn_plugin), 1, stages };
