/* SPDX-License-Identifier: Apache-2.0 */

/* Mapping spans over runs: singly by binary search, in bulk by a merge. */
#include "document/alignment.h"

#include <string.h>

/* The two sides of a mapping, so that one search serves both ways. */
static inline uint32_t run_start(const run *runs, uint32_t index, alignment_way way) {
  return way == ALIGNMENT_TO_BASE ? runs[index].derived : runs[index].base;
}

/* Offsets are looked for by the byte they stand before (begins) or behind (ends). Index of the last run that starts at
 * or before the byte, plus one; 0 if there is none. */
static uint32_t find(const alignment *self, alignment_way way, uint32_t byte) {
  uint32_t low = 0;
  uint32_t high = self->n_runs;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (run_start(self->runs, middle, way) <= byte) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/* The same, starting from a place at or before the answer: a few steps, then by halves. */
static inline uint32_t find_from(const alignment *self, alignment_way way, uint32_t byte, uint32_t from) {
  uint32_t at = from;
  for (uint32_t steps = 0; at < self->n_runs && run_start(self->runs, at, way) <= byte; at++) {
    if (++steps > 8) {
      return find(self, way, byte);
    }
  }
  return at;
}

/* Where a begin goes. `found` is what find() gave for it. */
static inline uint32_t begin_at(const alignment *self, alignment_way way, uint32_t found, uint32_t begin) {
  const run *r = &self->runs[found - (found > 0)];
  if (way == ALIGNMENT_TO_BASE) {
    if (found == 0 || begin >= self->runs[self->n_runs].derived) {
      return found == 0 ? 0 : self->runs[self->n_runs - 1].base_end;
    }
    return r->copy ? r->base + (begin - r->derived) : r->base;
  }
  if (found > 0 && begin < r->base_end) {
    return r->copy ? r->derived + (begin - r->base) : r->derived;
  }
  /* Cut out: what follows the cut, without what was put in its place. */
  bool insertion = found < self->n_runs && self->runs[found].base_end <= self->runs[found].base;
  return self->runs[found + insertion].derived;
}

/* Where an end goes that has at least one byte before it. `found` is what find() gave for that byte. */
static inline uint32_t end_at(const alignment *self, alignment_way way, uint32_t found, uint32_t end) {
  if (found == 0) {
    return way == ALIGNMENT_TO_BASE ? 0 : self->runs[0].derived;
  }
  const run *r = &self->runs[found - 1];
  if (way == ALIGNMENT_TO_BASE) {
    return r->copy ? r->base + (end - r->derived) : r->base_end;
  }
  if (r->copy && end <= r->base_end) {
    return r->derived + (end - r->base);
  }
  return r->base_end > r->base ? r[1].derived : r->derived;
}

qn_span alignment_map(const alignment *self, alignment_way way, qn_span span) {
  if (self->identity) {
    return span;
  }
  uint32_t begin = begin_at(self, way, find(self, way, span.begin), span.begin);
  uint32_t end = begin;
  if (span.end > span.begin) {
    end = end_at(self, way, find(self, way, span.end - 1), span.end);
  }
  return (qn_span){ begin, end < begin ? begin : end };
}

/* Backwards, so that a stretched row can stretch the one before it. */
void alignment_restore_order(uint32_t n, const uint32_t *begin, uint32_t *end) {
  for (uint32_t i = n; i-- > 1;) {
    if (begin[i - 1] == begin[i] && end[i - 1] < end[i] && end[i - 1] > begin[i - 1]) {
      end[i - 1] = end[i];
    }
  }
}

/* The copied run that the last row began in: rows that stay inside it are only shifted. */
typedef struct stretch {
  uint32_t start, len, shift;
} stretch;

static inline stretch stretch_of(const alignment *self, alignment_way way, uint32_t found) {
  const run *r = &self->runs[found - (found > 0)];
  if (found == 0 || !r->copy) {
    return (stretch){ 0, 0, 0 };
  }
  uint32_t len = r->base_end - r->base;
  return way == ALIGNMENT_TO_BASE ? (stretch){ r->derived, len, r->base - r->derived }
                                  : (stretch){ r->base, len, r->derived - r->base };
}

/* Shifts rows from `i` on as long as they stay inside the run. Returns where that ends. */
static inline uint32_t shift_rows(stretch within, uint32_t i, uint32_t n, const uint32_t *begin, const uint32_t *end,
                                  uint32_t *ret_begin, uint32_t *ret_end) {
  for (; i < n && begin[i] - within.start < within.len && end[i] - within.start <= within.len; i++) {
    ret_begin[i] = begin[i] + within.shift;
    ret_end[i] = end[i] + within.shift;
  }
  return i;
}

static inline void map_rows(const alignment *self, alignment_way way, uint32_t n, const uint32_t *begin,
                            const uint32_t *end, uint32_t *ret_begin, uint32_t *ret_end) {
  uint32_t at = 0;
  for (uint32_t i = 0; i < n;) {
    uint32_t b = begin[i];
    uint32_t e = end[i];
    at = find_from(self, way, b, at);
    uint32_t to_begin = begin_at(self, way, at, b);
    uint32_t to_end = e > b ? end_at(self, way, find_from(self, way, e - 1, at), e) : to_begin;
    ret_begin[i] = to_begin;
    ret_end[i] = to_end < to_begin ? to_begin : to_end;
    i = shift_rows(stretch_of(self, way, at), i + 1, n, begin, end, ret_begin, ret_end);
  }
  alignment_restore_order(n, ret_begin, ret_end);
}

void alignment_map_rows(const alignment *self, alignment_way way, uint32_t n, const uint32_t *begin,
                        const uint32_t *end, uint32_t *ret_begin, uint32_t *ret_end) {
  if (self->identity) {
    memmove(ret_begin, begin, n * sizeof *begin);
    memmove(ret_end, end, n * sizeof *end);
  } else if (way == ALIGNMENT_TO_BASE) {
    map_rows(self, ALIGNMENT_TO_BASE, n, begin, end, ret_begin, ret_end);
  } else {
    map_rows(self, ALIGNMENT_TO_DERIVED, n, begin, end, ret_begin, ret_end);
  }
}
