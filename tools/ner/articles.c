/* SPDX-License-Identifier: Apache-2.0 */

/* Reads articles and makes tokens, parts and sentences of them. */
#include "ner/articles.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "entities/model.h"
#include "ner/ground.h"
#include "sentences/split.h"
#include "text/fold.h"
#include "tokenize/cut.h"

static void cut_parts(article *a, const clitics_model *clitics, const cut_token *token) {
  clitics_division division = { 0 };
  const uint8_t *word = a->view.data + token->begin;
  uint32_t len = token->end - token->begin;
  if (token->kind != QN_TOKEN_KIND_WORD || token->script != QN_TOKEN_SCRIPT_ARABIC || !clitics_may_divide(word, len)) {
    return;
  }
  clitics_divide(clitics, word, len, &division);
  uint32_t begin = token->begin;
  for (uint32_t i = 0; i < division.n; i++) {
    uint32_t row = a->n_parts++;
    bool before = i < division.stem && !(division.stem == CLITICS_PARTS_MAX && i + 1 == division.n);
    a->part[0][row] = begin;
    a->part[1][row] = begin = token->begin + division.end[i];
    a->part[2][row] = a->n_tokens;
    a->part[3][row] = i == division.stem ? QN_PART_KIND_STEM : before ? QN_PART_KIND_PROCLITIC : QN_PART_KIND_ENCLITIC;
  }
}

static int take_sentence(void *arg, qn_span span) {
  article *a = arg;
  a->sentence[0][a->n_sentences] = span.begin;
  a->sentence[1][a->n_sentences++] = span.end;
  return 0;
}

/* Makes the layers that the stages before would make. */
static void cut_article(article *a, const clitics_model *clitics) {
  uint32_t n = a->view.len + 1;
  for (uint32_t i = 0; i < 4; i++) {
    a->token[i] = ground_get(n, sizeof(uint32_t));
    a->part[i] = ground_get(n, sizeof(uint32_t));
  }
  a->sentence[0] = ground_get(n, sizeof(uint32_t));
  a->sentence[1] = ground_get(n, sizeof(uint32_t));
  a->forms = ground_get(n, sizeof(qn_heap_str));
  a->heap = ground_get(FOLD_BOUND(n) + 64, 1);
  uint32_t used = 0;
  cut_token token;
  for (uint32_t pos = 0; cut_next(a->view.data, pos, a->view.len, &token); pos = token.end) {
    uint32_t row = a->n_tokens;
    uint32_t len = (uint32_t)fold_key(a->view.data + token.begin, token.end - token.begin, (uint8_t *)a->heap + used);
    a->token[0][row] = token.begin;
    a->token[1][row] = token.end;
    a->token[2][row] = token.kind;
    a->token[3][row] = token.script;
    a->forms[row] = (qn_heap_str){ used, len };
    used += len;
    cut_parts(a, clitics, &token);
    a->n_tokens++;
  }
  split_sentences(a->view.data, (qn_span){ 0, a->view.len }, 0, take_sentence, a);
}

scan_input articles_input(const article *a) {
  /* The columns belong to the article, wherever its array has moved meanwhile. */
  return (scan_input){
    .view = a->view,
    .tokens = { a->n_tokens, QN_TOKEN_N_COLUMNS, a->token[0], a->token[1], a->token_columns, a->heap },
    .parts = { a->n_parts, QN_PART_N_COLUMNS, a->part[0], a->part[1], a->part_columns, NULL },
    .sentences = { a->n_sentences, 0, a->sentence[0], a->sentence[1], NULL, NULL },
  };
}

static const char *read_mark(const char *at, const char *end, marked *ret_mark, const char *path) {
  marked m;
  const char *line_end = memchr(at, '\n', (size_t)(end - at));
  if (line_end == NULL || sscanf(at, "%u %u %u %u", &m.begin, &m.end, &m.type, &m.optional) != 4 ||
      m.type >= MODEL_TYPES || m.begin >= m.end) {
    ground_die("a mention cannot be read", path);
  }
  *ret_mark = m;
  return line_end + 1;
}

void articles_read(articles *all, const char *path, uint32_t set, int numbered, const clitics_model *clitics) {
  size_t len = 0;
  const char *text = ground_read(path, &len);
  const char *text_end = text + len;
  for (const char *at = text; at < text_end;) {
    unsigned long size = 0;
    unsigned long n_marks = 0;
    const char *line_end = strchr(at, '\n');
    if (line_end == NULL || sscanf(at, "D %lu %lu", &size, &n_marks) != 2 || n_marks > size ||
        size >= (size_t)(text_end - line_end - 1)) {
      ground_die("not what corpus-to-training writes", path);
    }
    all->list = ground_grow(all->list, &all->capacity, all->n + 1, sizeof(article));
    article *a = &all->list[all->n++];
    *a = (article){ .view = { (const uint8_t *)line_end + 1, (uint32_t)size, 0, NULL } };
    a->set = set;
    a->number = numbered ? all->n_numbered++ : SCAN_NONE;
    a->marks = ground_get(n_marks, sizeof(marked));
    at = line_end + 1 + size + 1;
    for (; a->n_marks < n_marks; a->n_marks++) {
      at = read_mark(at, text_end, &a->marks[a->n_marks], path);
    }
    cut_article(a, clitics);
    a->token_columns[QN_TOKEN_KIND] = a->token[2];
    a->token_columns[QN_TOKEN_SCRIPT] = a->token[3];
    a->token_columns[QN_TOKEN_FORM] = a->forms;
    a->part_columns[QN_PART_TOKEN] = a->part[2];
    a->part_columns[QN_PART_KIND] = a->part[3];
  }
}
