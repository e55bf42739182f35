/* SPDX-License-Identifier: Apache-2.0 */

/* The value grammars over hostile text, cut into tokens at spaces: mentions lie inside the text, in order and apart, and amounts
 * are numbers. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "entities/values.h"
#include "qanat/layers.h"
#include "text/fold.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT_BYTES_MAX = 1 << 14 };

static void *lend(qn_env *env, size_t size) {
  (void)env;
  return malloc(size > 0 ? size : 1);
}

static void *lend_again(qn_env *env, void *memory, size_t size) {
  (void)env;
  return realloc(memory, size);
}

static void take_back(qn_env *env, void *memory) {
  (void)env;
  free(memory);
}

/* The columns of a token layer. */
typedef struct cut {
  uint32_t begin[TEXT_BYTES_MAX];
  uint32_t end[TEXT_BYTES_MAX];
  uint32_t kind[TEXT_BYTES_MAX];
  uint32_t script[TEXT_BYTES_MAX];
  qn_heap_str form[TEXT_BYTES_MAX];
  uint8_t text[TEXT_BYTES_MAX];
  uint8_t heap[FOLD_BOUND(TEXT_BYTES_MAX) + TEXT_BYTES_MAX];
  uint32_t heap_len;
  uint32_t len;
  const void *columns[QN_TOKEN_N_COLUMNS];
} cut;

/* What is no UTF-8 is left out, as decode would have done. */
static void text_take(cut *c, const uint8_t *data, size_t size) {
  c->len = 0;
  for (size_t at = 0; at < size;) {
    uint32_t n;
    if (utf8_decode(data + at, size - at, &n) != UTF8_INVALID && data[at] != 0 && c->len + n <= TEXT_BYTES_MAX) {
      memcpy(c->text + c->len, data + at, n);
      c->len += n;
    }
    at += n;
  }
}

static qn_layer tokens_cut(cut *c) {
  qn_layer layer = { 0 };
  uint32_t at = 0;
  while (at < c->len) {
    uint32_t begin = at;
    while (at < c->len && c->text[at] != ' ' && c->text[at] != '\n') {
      at++;
    }
    if (at > begin) {
      uint32_t row = layer.n_rows++;
      c->begin[row] = begin;
      c->end[row] = at;
      c->kind[row] = row % 5 == 4 ? QN_TOKEN_KIND_ADDRESS : QN_TOKEN_KIND_WORD;
      c->script[row] = QN_TOKEN_SCRIPT_ARABIC;
      c->form[row] =
          (qn_heap_str){ c->heap_len, (uint32_t)fold_key(c->text + begin, at - begin, c->heap + c->heap_len) };
      c->heap_len += c->form[row].len;
    }
    at++;
  }
  c->columns[QN_TOKEN_FORM] = c->form;
  c->columns[QN_TOKEN_KIND] = c->kind;
  c->columns[QN_TOKEN_SCRIPT] = c->script;
  layer.n_columns = QN_TOKEN_N_COLUMNS;
  layer.begin = c->begin;
  layer.end = c->end;
  layer.columns = c->columns;
  layer.heap = (const char *)c->heap;
  return layer;
}

static void mentions_check(const cut *c, const value_mention *m, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    int is_inside = m[i].begin < m[i].end && m[i].end <= c->len && (i == 0 || m[i - 1].end <= m[i].begin);
    if (!is_inside || (m[i].type != VALUE_DATE && isnan(m[i].amount)) || m[i].date_len > VALUE_DATE_MAX) {
      abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const qn_str days[] = { { "2026-03-11", 10 }, { NULL, 0 } };
  qn_host host = { .size = sizeof(host), .alloc = lend, .resize = lend_again, .release = take_back };
  cut *c = calloc(1, sizeof(*c));
  value_scratch *scratch = NULL;
  if (c == NULL || value_scratch_open(&host, NULL, &scratch) != 0) {
    free(c);
    return 0;
  }
  text_take(c, data, size);
  qn_layer tokens = tokens_cut(c);
  uint32_t cuts[1] = { c->len / 2 };
  while (cuts[0] < c->len && (c->text[cuts[0]] & 0xC0) == 0x80) {
    cuts[0]++;
  }
  for (uint32_t i = 0; i < 2; i++) {
    const value_mention *mentions = NULL;
    uint32_t n = 0;
    qn_view view = { c->text, c->len, i, cuts };
    if (values_find(scratch, &view, &tokens, days[i], &mentions, &n) == 0) {
      mentions_check(c, mentions, n);
    }
  }
  value_scratch_close(scratch);
  free(c);
  return 0;
}
