/* SPDX-License-Identifier: Apache-2.0 */

/* Whether runs that came from outside are an alignment of the two texts they claim to align. */
#include <string.h>

#include "document/utf8.h"
#include "document/view.h"

static bool at_border(const view *text, uint32_t offset) {
  return offset == text->len || utf8_is_border(text->data[offset]);
}

/* A run with base bytes. `next` is where its derived bytes end. */
static const char *real_fault(const run *r, uint32_t next, uint32_t base_before, const view *derived,
                              const view *base) {
  if (r->base < base_before || r->base_end > base->len) {
    return "base ranges must ascend and stay inside the base";
  }
  if (r->copy == 0) {
    return NULL;
  }
  uint32_t len = next - r->derived;
  if (r->base_end - r->base != len || memcmp(derived->data + r->derived, base->data + r->base, len) != 0) {
    return "a copy differs from its base";
  }
  return NULL;
}

/* Insertions lie between the real runs around them; see alignment.h. */
static const char *insertion_fault(const alignment *runs, uint32_t index, uint32_t base_before, const view *base) {
  const run *r = &runs->runs[index];
  bool first = index == 0;
  bool last = index + 1 == runs->n_runs;
  if (r->copy != 0 || (!last && r[1].base_end <= r[1].base)) {
    return "insertions must be single runs and no copies";
  }
  if (first && last) {
    return r->base == r->base_end && r->base <= base->len ? NULL : "an insertion is outside the base";
  }
  uint32_t next = last ? base_before : r[1].base;
  uint32_t before = first ? next : base_before;
  return r->base == next && r->base_end == before && next <= base->len ? NULL
                                                                       : "an insertion must lie between its neighbours";
}

static const char *run_fault(const alignment *runs, uint32_t index, uint32_t base_before, const view *derived,
                             const view *base, bool any_bytes) {
  const run *r = &runs->runs[index];
  uint32_t next = r[1].derived;
  if (r->copy > 1 || next <= r->derived || next > derived->len || (index == 0 && r->derived != 0)) {
    return "derived offsets must begin at 0, ascend and stay inside the view";
  }
  const char *fault = r->base_end > r->base ? real_fault(r, next, base_before, derived, base)
                                            : insertion_fault(runs, index, base_before, base);
  if (fault != NULL) {
    return fault;
  }
  bool borders =
      at_border(derived, r->derived) && (any_bytes || (at_border(base, r->base) && at_border(base, r->base_end)));
  return borders ? NULL : "a run begins or ends inside a code point";
}

const char *view_alignment_fault(const view *derived, const view *base, bool any_bytes) {
  const alignment *runs = &derived->alignment;
  if (runs->identity) {
    return derived->len == base->len &&
                   (derived->data == base->data || memcmp(derived->data, base->data, base->len) == 0)
               ? NULL
               : "it is not identical with its base";
  }
  const run *sentinel = &runs->runs[runs->n_runs];
  if (sentinel->derived != derived->len || sentinel->base != base->len || sentinel->base_end != base->len ||
      sentinel->copy != 0 || (runs->n_runs == 0 && derived->len > 0)) {
    return "the last run must end where the texts end";
  }
  uint32_t base_before = 0; /* where the last real run ended */
  for (uint32_t i = 0; i < runs->n_runs; i++) {
    const char *fault = run_fault(runs, i, base_before, derived, base, any_bytes);
    if (fault != NULL) {
      return fault;
    }
    const run *r = &runs->runs[i];
    base_before = r->base_end > r->base ? r->base_end : base_before;
  }
  return NULL;
}
