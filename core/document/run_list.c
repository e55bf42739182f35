/* SPDX-License-Identifier: Apache-2.0 */

/* Putting runs together: normal form, and the composition of two alignments into one. */
#include <errno.h>
#include <stdlib.h>

#include "document/alignment.h"

void run_list_done(run_list *list) {
  free(list->runs);
  *list = (run_list){ 0 };
}

static int grow(run_list *list) {
  if (list->n < list->capacity) {
    return 0;
  }
  uint32_t capacity = list->capacity < 64 ? 64 : list->capacity * 2;
  if (capacity <= list->capacity) {
    return -ENOMEM;
  }
  run *runs = realloc(list->runs, capacity * sizeof *runs);
  if (runs == NULL) {
    return -ENOMEM;
  }
  list->runs = runs;
  list->capacity = capacity;
  return 0;
}

static bool is_real(const run *r) {
  return r->base_end > r->base;
}

/* Index of the last real run, plus one. */
static uint32_t last_real(const run_list *list) {
  uint32_t at = list->n;
  while (at > 0 && !is_real(&list->runs[at - 1])) {
    at--;
  }
  return at;
}

/* True if the new piece went into a run that is there. */
static bool merge(run_list *list, uint32_t derived, uint32_t base, uint32_t base_end, bool copy) {
  if (base == base_end) {
    return list->n > 0 && !is_real(&list->runs[list->n - 1]);
  }
  uint32_t real = last_real(list);
  if (real == 0) {
    return false;
  }
  run *before = &list->runs[real - 1];
  if (base < before->base_end) { /* pieces of one unit: it stays whole, with what was put between them */
    before->copy = 0;
    before->base_end = base_end > before->base_end ? base_end : before->base_end;
    list->n = real;
    return true;
  }
  if (copy && before->copy && real == list->n && base == before->base_end &&
      derived - before->derived == base - before->base) {
    before->base_end = base_end;
    return true;
  }
  return false;
}

int run_list_push(run_list *list, uint32_t derived, uint32_t base, uint32_t base_end, bool copy) {
  if (merge(list, derived, base, base_end, copy)) {
    return 0;
  }
  int rc = grow(list);
  if (rc != 0) {
    return rc;
  }
  list->runs[list->n++] = (run){ derived, base, base_end, copy && base_end > base };
  return 0;
}

/* See the head of alignment.h. Insertions never touch each other, so their neighbours are real runs. */
static void settle_insertions(run_list *list) {
  for (uint32_t i = 0; i < list->n; i++) {
    run *r = &list->runs[i];
    if (is_real(r)) {
      continue;
    }
    bool first = i == 0;
    bool last = i + 1 == list->n;
    if (!first || !last) {
      uint32_t next = last ? r[-1].base_end : r[1].base;
      r->base_end = first ? next : r[-1].base_end;
      r->base = next;
    }
  }
}

int run_list_finish(run_list *list, uint32_t derived_len, uint32_t base_len) {
  int rc = grow(list);
  if (rc != 0) {
    return rc;
  }
  settle_insertions(list);
  list->runs[list->n] = (run){ derived_len, base_len, base_len, 0 };
  return 0;
}

bool run_list_is_identity(const run_list *list) {
  const run *sentinel = &list->runs[list->n];
  if (list->n == 0) {
    return sentinel->derived == 0 && sentinel->base == 0;
  }
  const run *only = &list->runs[0];
  return list->n == 1 && only->copy && only->base == 0 && only->base_end == sentinel->base &&
         sentinel->derived == sentinel->base;
}

/* A copied stretch of the base in between, cut along the runs below it. */
static int push_copy(run_list *target, const run *upper, const alignment *lower, uint32_t first) {
  for (uint32_t i = first; i < lower->n_runs && lower->runs[i].derived < upper->base_end; i++) {
    const run *below = &lower->runs[i];
    uint32_t from = below->derived > upper->base ? below->derived : upper->base;
    uint32_t to = below[1].derived < upper->base_end ? below[1].derived : upper->base_end;
    uint32_t derived = upper->derived + (from - upper->base);
    int rc;
    if (below->copy) {
      uint32_t base = below->base + (from - below->derived);
      rc = run_list_push(target, derived, base, base + (to - from), true);
    } else if (is_real(below)) {
      rc = run_list_push(target, derived, below->base, below->base_end, false);
    } else {
      rc = run_list_push(target, derived, below->base, below->base, false);
    }
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

int run_list_compose(run_list *target, const run_list *upper, const alignment *lower, uint32_t base_len) {
  target->n = 0;
  uint32_t below = 0; /* the lower run that the upper one begins in */
  for (uint32_t i = 0; i < upper->n; i++) {
    const run *r = &upper->runs[i];
    int rc;
    if (lower->identity) {
      rc = run_list_push(target, r->derived, r->base, is_real(r) ? r->base_end : r->base, r->copy);
    } else if (r->copy) {
      while (below + 1 < lower->n_runs && lower->runs[below + 1].derived <= r->base) {
        below++;
      }
      rc = push_copy(target, r, lower, below);
    } else {
      uint32_t end = is_real(r) ? r->base_end : r->base;
      qn_span at = alignment_map(lower, ALIGNMENT_TO_BASE, (qn_span){ r->base, end });
      rc = run_list_push(target, r->derived, at.begin, at.end, false);
    }
    if (rc != 0) {
      return rc;
    }
  }
  return run_list_finish(target, upper->runs[upper->n].derived, base_len);
}
