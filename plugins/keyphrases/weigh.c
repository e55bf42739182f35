/* SPDX-License-Identifier: Apache-2.0 */

/* Weighs phrases by how often and where they stand, by the title, and by their make; keeps the best that do not repeat
 * each other. */
#include <math.h>
#include <stdlib.h>

#include "phrases.h"
#include "qanat/layers.h"

/* Looked at when repeats are taken out; what ranks below is not missed. */
enum { FINALISTS_MIN = 48, FINALISTS_PER_PHRASE = 8 };

/* How likely a phrase of so many words is a good one; a name may be of any length. */
static const float WEIGHT_WORDS[PHRASE_WORDS_MAX + 1] = { 0, 0.25F, 1.0F, 0.9F, 0.5F };
static const float WEIGHT_NAME[] = {
  [QN_ENTITY_TYPE_PERSON] = 0.5F,  [QN_ENTITY_TYPE_ORGANIZATION] = 1.7F, [QN_ENTITY_TYPE_LOCATION] = 0.9F,
  [QN_ENTITY_TYPE_PRODUCT] = 1.6F, [QN_ENTITY_TYPE_EVENT] = 1.8F,
};
static const float WEIGHT_TITLE = 1.2F;
static const float WEIGHT_EARLY = 0.8F;
static const float WEIGHT_OPEN = 0.85F; /* every mention of it may go on: سعر الفائدة of سعر الفائدة الرئيسي */
static const float WEIGHT_CUT = 0.85F;   /* every mention of it may begin before: الفائدة الرئيسي */
static const float WEIGHT_CLOSED = 1.3F; /* ends with a definite word, and so is whole */

static float in_title(const phrase_scratch *scratch, const phrase *p) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < p->n_tokens; i++) {
    n += (scratch->tokens[p->token + i].traits & TRAIT_TITLE) != 0;
  }
  return (float)n / (float)p->n_tokens;
}

static float make_of(const phrase_scratch *scratch, const phrase *p) {
  if (p->entity != 0) {
    return WEIGHT_NAME[p->entity - 1];
  }
  const phrase_token *last = &scratch->tokens[p->token + p->n_tokens - 1];
  float open = (p->n_open == p->count ? WEIGHT_OPEN : 1) * (p->n_cut == p->count ? WEIGHT_CUT : 1);
  float make = open * WEIGHT_WORDS[p->n_tokens < PHRASE_WORDS_MAX ? p->n_tokens : PHRASE_WORDS_MAX];
  return (last->traits & TRAIT_DEFINITE) != 0 && p->n_tokens > 1 ? make * WEIGHT_CLOSED : make;
}

/* Of a count from 1 on; most are 1, whose logarithms need no call. */
static float log2_of(uint32_t n) {
  return n <= 2 ? (float)n - 1 : log2f((float)n);
}

static float score_of(const phrase_scratch *scratch, const phrase *p) {
  float score = log2_of(1 + p->count) * make_of(scratch, p);
  score *= 1 + WEIGHT_TITLE * in_title(scratch, p);
  score *= 1 + WEIGHT_EARLY / (1 + (float)p->sentence);
  return score * (1 + 0.2F * log2_of(p->n_sentences > 0 ? p->n_sentences : 1));
}

static int is_better(const phrase_scratch *scratch, uint32_t a, uint32_t b) {
  const phrase *p = &scratch->phrases[a];
  const phrase *q = &scratch->phrases[b];
  if (p->score != q->score) {
    return p->score > q->score;
  }
  return p->begin != q->begin ? p->begin < q->begin : p->n_tokens > q->n_tokens;
}

static void sink(const phrase_scratch *scratch, uint32_t *heap, uint32_t n, uint32_t at) {
  for (;;) {
    uint32_t top = at;
    for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++) {
      if (is_better(scratch, heap[child], heap[top])) {
        top = child;
      }
    }
    if (top == at) {
      return;
    }
    uint32_t sunk = heap[at];
    heap[at] = heap[top];
    heap[top] = sunk;
    at = top;
  }
}

/* True if the terms of the shorter phrase stand in a row in the longer one. */
static int contains(const phrase_scratch *scratch, const phrase *longer, const phrase *shorter) {
  for (uint32_t from = 0; from + shorter->n_tokens <= longer->n_tokens; from++) {
    uint32_t n = 0;
    while (n < shorter->n_tokens &&
           scratch->tokens[longer->token + from + n].term == scratch->tokens[shorter->token + n].term) {
      n++;
    }
    if (n == shorter->n_tokens) {
      return 1;
    }
  }
  return 0;
}

static int is_repeat(const phrase_scratch *scratch, const phrase *a, const phrase *b) {
  if (a->begin < b->end && b->begin < a->end) {
    return 1;
  }
  return a->n_tokens >= b->n_tokens ? contains(scratch, a, b) : contains(scratch, b, a);
}

uint32_t phrase_rank(phrase_scratch *scratch, uint32_t *ranking, uint32_t n, uint32_t limit) {
  for (uint32_t i = 0; i < n; i++) {
    phrase *p = &scratch->phrases[ranking[i]];
    p->score = score_of(scratch, p);
  }
  for (uint32_t i = n / 2; i > 0; i--) {
    sink(scratch, ranking, n, i - 1);
  }
  /* The best comes off the top; what is kept is parked behind the heap, which shrinks by one each time. */
  uint32_t n_finalists = FINALISTS_MIN + FINALISTS_PER_PHRASE * limit;
  uint32_t n_kept = 0;
  uint32_t n_heap = n;
  for (uint32_t seen = 0; seen < n_finalists && n_heap > 0 && n_kept < limit; seen++) {
    uint32_t best = ranking[0];
    ranking[0] = ranking[--n_heap];
    sink(scratch, ranking, n_heap, 0);
    uint32_t i = 0;
    while (i < n_kept && !is_repeat(scratch, &scratch->phrases[ranking[n - 1 - i]], &scratch->phrases[best])) {
      i++;
    }
    if (i == n_kept) {
      ranking[n - 1 - n_kept++] = best;
    }
  }
  for (uint32_t i = 0; i < n_kept; i++) { /* to the front; the heap is not needed any more */
    uint32_t best = ranking[n - 1 - i];
    ranking[n - 1 - i] = ranking[i];
    ranking[i] = best;
  }
  return n_kept;
}
