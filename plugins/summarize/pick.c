/* SPDX-License-Identifier: Apache-2.0 */

/* Picks sentences one by one: each time the best of those left, after taking off what it repeats of those picked. For the
 * third somebody's words weigh more, if neither of the first two has any: some readers keep the news and a fact of a story,
 * others the news and a voice. Only the
 * best few hundred are compared, so that long documents cost no more than a look at each sentence. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "rank.h"
#include "text/lent.h"

enum { CANDIDATES_MIN = 24, CANDIDATES_PER_SENTENCE = 4, TERMS_PER_CANDIDATE = 48, VOICE_TURN = 2 };

static const float WEIGHT_REPEATS = 3.0F;

/* How much better a sentence of plain news must be than somebody's words, to be the third. Without it those who keep a fact
 * are served best and those who keep a voice not at all; much more of it, and it is the other way round (docs/quality.md). */
static const float VOICE_PREMIUM = 4.0F;

/* The candidates of one document, in arrays of the scratch. */
typedef struct picking {
  rank_scratch *scratch;
  uint32_t *rows;    /* sentences; a heap while they are chosen, then in any order */
  uint32_t *n_terms; /* of each candidate */
  float *repeats;    /* the most that it shares with one picked */
  uint32_t *terms;   /* TERMS_PER_CANDIDATE each */
  uint32_t n_rows;
} picking;

/* Worse: lower score, and of equals the later. */
static int is_worse(const rank_scratch *scratch, uint32_t a, uint32_t b) {
  const rank_sentence *x = &scratch->sentences[a];
  const rank_sentence *y = &scratch->sentences[b];
  return x->score != y->score ? x->score < y->score : a > b;
}

/* Keeps the worst candidate on top of the heap. */
static void heap_sink(picking *p, uint32_t at) {
  for (;;) {
    uint32_t worst = at;
    for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < p->n_rows; child++) {
      if (is_worse(p->scratch, p->rows[child], p->rows[worst])) {
        worst = child;
      }
    }
    if (worst == at) {
      return;
    }
    uint32_t row = p->rows[at];
    p->rows[at] = p->rows[worst];
    p->rows[worst] = row;
    at = worst;
  }
}

static void heap_rise(picking *p, uint32_t at) {
  while (at > 0 && is_worse(p->scratch, p->rows[at], p->rows[(at - 1) / 2])) {
    uint32_t up = (at - 1) / 2;
    uint32_t row = p->rows[at];
    p->rows[at] = p->rows[up];
    p->rows[up] = row;
    at = up;
  }
}

static void candidates_choose(picking *p, uint32_t n_sentences, uint32_t n_max, uint32_t eligible) {
  for (uint32_t row = 0; row < n_sentences; row++) {
    if (p->scratch->sentences[row].eligible < eligible) {
      continue;
    }
    if (p->n_rows < n_max) {
      p->rows[p->n_rows] = row;
      heap_rise(p, p->n_rows++);
    } else if (is_worse(p->scratch, p->rows[0], row)) {
      p->rows[0] = row;
      heap_sink(p, 0);
    }
  }
}

/* Sees to it that the best voice is among the candidates, however low its score is. The heap is one no more after this. */
static void candidates_add_voice(picking *p, uint32_t n_sentences, uint32_t eligible) {
  const rank_sentence *sentences = p->scratch->sentences;
  uint32_t best = n_sentences;
  for (uint32_t row = 0; row < n_sentences; row++) {
    if (sentences[row].eligible >= eligible && isfinite(sentences[row].voice) &&
        (best == n_sentences || sentences[row].voice > sentences[best].voice)) {
      best = row;
    }
  }
  for (uint32_t i = 0; i < p->n_rows && best < n_sentences; i++) {
    best = p->rows[i] == best ? n_sentences : best;
  }
  if (best < n_sentences) {
    p->rows[p->n_rows++] = best;
  }
}

static int compare_u32(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a;
  uint32_t y = *(const uint32_t *)b;
  return x < y ? -1 : x > y;
}

static void candidate_terms(picking *p, uint32_t candidate) {
  const rank_sentence *sentence = &p->scratch->sentences[p->rows[candidate]];
  uint32_t *terms = p->terms + (size_t)candidate * TERMS_PER_CANDIDATE;
  uint32_t n = 0;
  for (uint32_t i = 0; i < sentence->n_tokens && n < TERMS_PER_CANDIDATE; i++) {
    uint32_t slot = p->scratch->token_terms[sentence->first_token + i];
    if (slot != 0) {
      terms[n++] = slot;
    }
  }
  p->n_terms[candidate] = n;
  p->repeats[candidate] = 0;
}

/* Marks the terms of a candidate; a mark is past all rows, and of one candidate only. */
static void mark_terms(picking *p, uint32_t candidate, uint32_t mark) {
  const uint32_t *terms = p->terms + (size_t)candidate * TERMS_PER_CANDIDATE;
  for (uint32_t i = 0; i < p->n_terms[candidate]; i++) {
    p->scratch->terms[terms[i] - 1].last_row = mark;
  }
}

/* The cosine of two sentences' terms, those of a marked. token_terms has each term once a sentence, so the lists have no
 * repeats. */
static float likeness(const picking *p, uint32_t a, uint32_t b, uint32_t mark) {
  const uint32_t *terms = p->terms + (size_t)b * TERMS_PER_CANDIDATE;
  uint32_t n_shared = 0;
  for (uint32_t i = 0; i < p->n_terms[b]; i++) {
    n_shared += p->scratch->terms[terms[i] - 1].last_row == mark;
  }
  return n_shared == 0 ? 0 : (float)n_shared / sqrtf((float)p->n_terms[a] * (float)p->n_terms[b]);
}

/* Keeps of each candidate that is left how much it repeats the one just picked. */
static void compare_with(picking *p, uint32_t picked, const uint8_t *taken, uint32_t mark) {
  mark_terms(p, picked, mark);
  for (uint32_t i = 0; i < p->n_rows; i++) {
    float alike = taken[i] ? 0 : likeness(p, picked, i, mark);
    p->repeats[i] = alike > p->repeats[i] ? alike : p->repeats[i];
  }
}

/* The best candidate that is left and fits; p->n_rows if there is none. */
static uint32_t best_left(const picking *p, const uint8_t *taken, uint64_t words_left, int wants_voice) {
  uint32_t best = p->n_rows;
  float best_value = 0;
  for (uint32_t i = 0; i < p->n_rows; i++) {
    const rank_sentence *sentence = &p->scratch->sentences[p->rows[i]];
    float worth = wants_voice ? fmaxf(sentence->score, sentence->voice + VOICE_PREMIUM) : sentence->score;
    float value = worth - WEIGHT_REPEATS * p->repeats[i];
    if (taken[i] || sentence->n_words > words_left || p->repeats[i] > 0.95F) {
      continue;
    }
    if (best == p->n_rows || value > best_value || (value == best_value && p->rows[i] < p->rows[best])) {
      best = i;
      best_value = value;
    }
  }
  return best;
}

static uint32_t limit_of(const pick_budget *budget, uint32_t n_fit) {
  double by_ratio = ceil(budget->ratio * n_fit);
  uint32_t limit = budget->sentences < n_fit ? budget->sentences : n_fit;
  limit = by_ratio < limit ? (uint32_t)by_ratio : limit;
  return limit > 0 || n_fit == 0 ? limit : 1;
}

/* Picks up to limit candidates of a document of n_sentences; their sentences go to picked. Returns how many. */
static uint32_t pick_candidates(picking *p, const pick_budget *budget, uint32_t n_sentences, uint32_t limit,
                                uint8_t *taken, uint32_t *picked) {
  uint64_t words_left = budget->words > 0 ? budget->words : UINT64_MAX;
  int has_voice = !budget->voice;
  uint32_t n = 0;
  for (; n < limit; n++) {
    uint32_t best = best_left(p, taken, n == 0 ? UINT64_MAX : words_left, n == VOICE_TURN && !has_voice);
    if (best == p->n_rows) {
      break;
    }
    const rank_sentence *sentence = &p->scratch->sentences[p->rows[best]];
    uint32_t n_words = sentence->n_words;
    has_voice |= isfinite(sentence->voice) != 0;
    words_left -= n_words < words_left ? n_words : words_left;
    taken[best] = 1;
    picked[n] = p->rows[best];
    if (n + 1 < limit) { /* nothing is compared with the last */
      compare_with(p, best, taken, n_sentences + 1 + n);
    }
  }
  return n;
}

int pick_run(rank_scratch *scratch, const rank_input *input, const pick_budget *budget, const uint32_t **ret_rows,
             uint32_t *ret_n_rows) {
  uint32_t n_fit[3] = { 0, 0, 0 };
  for (uint32_t row = 0; row < input->sentences.n_rows; row++) {
    n_fit[scratch->sentences[row].eligible]++;
  }
  uint32_t level = n_fit[2] > 0 ? 2 : 1;
  uint32_t limit = limit_of(budget, n_fit[level]);
  uint32_t n_best = limit * CANDIDATES_PER_SENTENCE + CANDIDATES_MIN;
  uint32_t n_max = n_best + 1; /* and the voice */
  /* In one piece: rows, n_terms, repeats, taken, picked, then the terms. */
  void *marks = scratch->marks;
  int fault = lent_room(scratch->host, scratch->env, &marks, &scratch->marks_capacity,
                        n_max * (5 + TERMS_PER_CANDIDATE), sizeof(*scratch->marks));
  scratch->marks = marks;
  void *picked = scratch->picked;
  if (fault == 0) {
    fault =
        lent_room(scratch->host, scratch->env, &picked, &scratch->picked_capacity, limit + 1, sizeof(*scratch->picked));
    scratch->picked = picked;
  }
  if (fault != 0) {
    return fault;
  }
  picking p = { .scratch = scratch,
                .rows = scratch->marks,
                .n_terms = scratch->marks + n_max,
                .repeats = (float *)(void *)(scratch->marks + (size_t)2 * n_max),
                .terms = scratch->marks + (size_t)4 * n_max };
  uint8_t *taken = (uint8_t *)(scratch->marks + (size_t)3 * n_max);
  candidates_choose(&p, input->sentences.n_rows, n_best, level);
  candidates_add_voice(&p, input->sentences.n_rows, level);
  for (uint32_t i = 0; i < p.n_rows; i++) {
    candidate_terms(&p, i);
    taken[i] = 0;
  }
  uint32_t n = pick_candidates(&p, budget, input->sentences.n_rows, limit, taken, scratch->picked);
  qsort(scratch->picked, n, sizeof(*scratch->picked), compare_u32);
  *ret_rows = scratch->picked;
  *ret_n_rows = n;
  return 0;
}
