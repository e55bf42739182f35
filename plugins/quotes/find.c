/* SPDX-License-Identifier: Apache-2.0 */

/* Decides which quotations are speech, and whose. */
#include "find.h"

#include <string.h>

#include "qanat/layers.h"
#include "text/lent.h"

enum {
  NEAR_TOKENS = 14,      /* a verb of saying so near announces what follows it */
  FOLLOW_ON_BYTES = 600, /* a quotation so near to the last one may go on with it */
  FOLLOW_ON_WORDS = 4,
  SOURCED_WORDS = 4,
  NAME_WORDS = 4,
  OWN_SENTENCE_WORDS = 3 /* a sentence of its own behind somebody's words */
};

void quote_scratch_init(quote_scratch *scratch, const qn_host *host, qn_env *env) {
  memset(scratch, 0, sizeof(*scratch));
  scratch->host = host;
  scratch->env = env;
}

void quote_scratch_done(quote_scratch *scratch) {
  scratch->host->release(scratch->env, scratch->marks);
  scratch->host->release(scratch->env, scratch->rows);
}

/* --- is it speech? --- */

static uint32_t count_words(const quote_input *input, const quote_marks *marks) {
  uint32_t n = 0;
  uint32_t token = token_at(&input->tokens, marks->begin);
  for (; token < input->tokens.n_rows && input->tokens.begin[token] < marks->end; token++) {
    n += qn_layer_u32(&input->tokens, QN_TOKEN_KIND, token) == QN_TOKEN_KIND_WORD;
  }
  return n;
}

/* Is it the name of something, and nothing else? What is longer may be speech that was taken for a name. */
static int is_name(const quote_input *input, const quote_marks *marks, uint32_t n_words) {
  uint32_t mention = token_at(&input->entities, marks->begin);
  return n_words <= NAME_WORDS && mention < input->entities.n_rows && input->entities.begin[mention] == marks->begin &&
         input->entities.end[mention] == marks->end;
}

static int is_speech(const quote_finder *f, const quote_marks *marks, const quote_cue *cue) {
  uint32_t n_words = count_words(f->input, marks);
  uint32_t distance = cue->verb_before == QN_NO_ROW ? UINT32_MAX : cue->left - cue->verb_before;
  if (n_words == 0 || is_name(f->input, marks, n_words)) {
    return 0;
  }
  if (cue->is_titled && n_words < f->words->min_words && !cue->has_colon) {
    return 0;
  }
  if (cue->has_colon || cue->verb_after != QN_NO_ROW) {
    return n_words >= 2 || cue->verb_before != QN_NO_ROW;
  }
  if (distance != UINT32_MAX && cue->has_link) {
    return n_words >= 2;
  }
  if (cue->is_reported && distance != UINT32_MAX && (n_words >= 3 || (n_words == 2 && cue->is_last))) {
    return 1;
  }
  if (cue->has_source && n_words >= SOURCED_WORDS) {
    return 1;
  }
  if (cue->has_stop && cue->is_last && n_words >= OWN_SENTENCE_WORDS) {
    return 1;
  }
  if (distance <= NEAR_TOKENS) {
    return n_words >= 3 || (n_words == 2 && distance <= 6);
  }
  if (n_words >= f->words->min_words) {
    return 1;
  }
  return n_words >= FOLLOW_ON_WORDS && f->n_rows > 0 && marks->outer_begin - f->last_end < FOLLOW_ON_BYTES &&
         cue->clause == cue->left;
}

int quote_find(quote_scratch *scratch, const quote_words *words, const quote_input *input, const quote_row **ret_rows,
               uint32_t *ret_n_rows) {
  quote_finder f = { .words = words, .input = input, .last_speaker = QN_NO_ROW, .last_of = { QN_NO_ROW, QN_NO_ROW } };
  int fault = marks_find(scratch, &input->view);
  void *rows = scratch->rows;
  fault = fault != 0 ? fault
                     : lent_room(scratch->host, scratch->env, &rows, &scratch->rows_capacity, scratch->n_marks,
                                 sizeof(*scratch->rows));
  scratch->rows = rows;
  if (fault != 0) {
    return fault;
  }
  for (uint32_t i = 0; i < scratch->n_marks; i++) {
    const quote_marks *marks = &scratch->marks[i];
    quote_cue cue;
    cue_find(words, input, marks, &cue);
    if (!is_speech(&f, marks, &cue)) {
      continue;
    }
    quote_row row = { .begin = marks->begin, .end = marks->end };
    row.entity = speaker_find(&f, marks, &cue);
    if (row.entity != QN_NO_ROW) {
      row.speaker = fullname_of(words, input, row.entity);
      f.last_speaker = row.entity;
      uint32_t verb = cue.verb_after != QN_NO_ROW ? cue.verb_after : cue.verb_before;
      if (verb != QN_NO_ROW) {
        f.last_of[speaker_is_feminine(&f, verb)] = row.entity;
      }
    }
    f.last_end = marks->outer_end;
    scratch->rows[f.n_rows++] = row;
  }
  *ret_rows = scratch->rows;
  *ret_n_rows = f.n_rows;
  return 0;
}
