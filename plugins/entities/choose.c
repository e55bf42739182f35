/* SPDX-License-Identifier: Apache-2.0 */

/* Weighted interval scheduling over words: one pass over the candidates in the order of their ends. */
#include "entities/choose.h"

#include <string.h>

/* A longer name is worth more than the names it is made of. */
static double weight_of(const candidate *c) {
  double n = c->last - c->first;
  return ((double)c->score - (double)SCAN_THRESHOLD + 0.001) * (1.0 + 1.35 * (n - 1.0)) -
         1e-6 * c->entry / (double)SCAN_NONE;
}

/* Counts candidates into the order of their ends; among those that end together the first proposed stands first. taken
 * serves as the counters. */
static void sort_by_end(chooser *plan, scan *s) {
  uint32_t *place = plan->taken;
  uint32_t sum = 0;
  memset(place, 0, (size_t)(s->n_words + 1) * sizeof *place);
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    place[s->candidates[i].last]++;
  }
  for (uint32_t end = 0; end <= s->n_words; end++) {
    uint32_t n = place[end];
    place[end] = sum;
    sum += n;
  }
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    plan->sorted[place[s->candidates[i].last]++] = s->candidates[i];
  }
  candidate *kept = s->candidates;
  uint32_t kept_capacity = s->candidate_capacity;
  s->candidates = plan->sorted;
  s->candidate_capacity = plan->sorted_capacity;
  plan->sorted = kept;
  plan->sorted_capacity = kept_capacity;
}

/* The same mention as candidate c with what it is linked to, if the document knows that from elsewhere; else c. Those
 * that end together lie together. */
static uint32_t linked_twin(const scan *s, uint32_t c) {
  const candidate *chosen = &s->candidates[c];
  uint32_t at = c;
  if (chosen->entry != SCAN_NONE || chosen->from != FROM_PATTERN) {
    return c;
  }
  while (at > 0 && s->candidates[at - 1].last == chosen->last) {
    at--;
  }
  for (; at < s->n_candidates && s->candidates[at].last == chosen->last; at++) {
    const candidate *other = &s->candidates[at];
    if (other->from == FROM_DOCUMENT && other->entry != SCAN_NONE && other->first == chosen->first &&
        other->begin == chosen->begin && other->type == chosen->type) {
      return at;
    }
  }
  return c;
}

int choose_best(chooser *plan, scan *s) {
  uint32_t n = s->n_words + 1;
  int r = scan_grow(s, (void **)&plan->best, &plan->best_capacity, n, sizeof(double));
  if (r == 0) {
    r = scan_grow(s, (void **)&plan->taken, &plan->taken_capacity, n, sizeof(uint32_t));
  }
  if (r == 0) {
    r = scan_grow(s, (void **)&plan->sorted, &plan->sorted_capacity, s->n_candidates, sizeof(candidate));
  }
  if (r != 0) {
    return r;
  }
  sort_by_end(plan, s);
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
      end = s->candidates[c].first;
      s->candidates[linked_twin(s, c)].chosen = 1;
    }
  }
  return 0;
}

void choose_done(chooser *plan, const scan *s) {
  if (s->host != NULL) {
    s->host->release(s->env, plan->sorted);
    s->host->release(s->env, plan->best);
    s->host->release(s->env, plan->taken);
  }
}
