/* SPDX-License-Identifier: Apache-2.0 */

/* Weighted interval scheduling over words: one pass over the candidates in the order of their ends. */
#include "entities/choose.h"

#include <stdlib.h>

/* A longer name is worth more than the names it is made of. */
static double weight_of(const candidate *c) {
  double n = c->last - c->first;
  return ((double)c->score - (double)SCAN_THRESHOLD + 0.001) * (1.0 + 1.35 * (n - 1.0)) -
         1e-6 * c->entry / (double)SCAN_NONE;
}

static int by_end(const void *left, const void *right) {
  const candidate *a = left;
  const candidate *b = right;
  if (a->last != b->last) {
    return a->last < b->last ? -1 : 1;
  }
  if (a->first != b->first) {
    return a->first < b->first ? -1 : 1;
  }
  if (a->type != b->type) {
    return a->type < b->type ? -1 : 1;
  }
  if (a->begin != b->begin) {
    return a->begin < b->begin ? -1 : 1;
  }
  return a->entry < b->entry ? -1 : a->entry > b->entry;
}

int choose_best(chooser *plan, scan *s) {
  uint32_t n = s->n_words + 1;
  int r = scan_grow(s, (void **)&plan->best, &plan->best_capacity, n, sizeof(double));
  if (r == 0) {
    r = scan_grow(s, (void **)&plan->taken, &plan->taken_capacity, n, sizeof(uint32_t));
  }
  if (r != 0) {
    return r;
  }
  if (s->n_candidates > 1) {
    qsort(s->candidates, s->n_candidates, sizeof(candidate), by_end);
  }
  uint32_t at = 0;
  plan->best[0] = 0.0;
  for (uint32_t end = 0; end < n; end++) {
    if (end > 0) {
      plan->best[end] = plan->best[end - 1];
    }
    plan->taken[end] = SCAN_NONE;
    for (; at < s->n_candidates && s->candidates[at].last == end; at++) {
      candidate *c = &s->candidates[at];
      c->chosen = 0;
      double weight = plan->best[c->first] + weight_of(c);
      if (c->score >= SCAN_THRESHOLD && weight > plan->best[end]) {
        plan->best[end] = weight;
        plan->taken[end] = at;
      }
    }
  }
  for (uint32_t end = s->n_words; end > 0;) {
    uint32_t c = plan->taken[end];
    if (c == SCAN_NONE) {
      end--;
    } else {
      s->candidates[c].chosen = 1;
      end = s->candidates[c].first;
    }
  }
  return 0;
}

void choose_done(chooser *plan, const scan *s) {
  if (s->host != NULL) {
    s->host->release(s->env, plan->best);
    s->host->release(s->env, plan->taken);
  }
}
