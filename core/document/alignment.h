/* SPDX-License-Identifier: Apache-2.0 */

/* How the bytes of a derived text came from its base, as runs, and what spans become on the way.
 *
 * Normal form: every run has derived bytes, runs follow each other without a gap on the derived side, and base ranges
 * ascend without overlap; what lies between them on the base side was cut out. A run with base bytes is *real*: a copy
 * (offsets map one to one) or a unit (begin maps to begin, end to end, anything inside rounds outwards). A run without
 * base bytes is an insertion; its base is where the next real run begins and its base_end where the one before it ended,
 * so that a span which begins or ends in it covers just the base bytes it really has.
 * Mapping is monotone, and mapping there, back and there again equals mapping once. Private to core/document. */
#ifndef CORE_DOCUMENT_ALIGNMENT_H
#define CORE_DOCUMENT_ALIGNMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qanat/doc.h"

typedef struct run {
  uint32_t derived;
  uint32_t base;
  uint32_t base_end;
  uint32_t copy; /* 0 or 1 */
} run;

typedef struct alignment {
  const run *runs; /* n_runs, and a sentinel with both lengths */
  uint32_t n_runs;
  uint32_t identity; /* 1: both sides are the same bytes throughout; then runs may be NULL */
} alignment;

typedef enum alignment_way { ALIGNMENT_TO_BASE = 0, ALIGNMENT_TO_DERIVED = 1 } alignment_way;

qn_span alignment_map(const alignment *self, alignment_way way, qn_span span);

/* Maps n rows whose begins ascend, by one pass over runs and rows. Keeps the order law of layers: where begins that
 * differed come to be equal, a row is stretched to the end of the longer one behind it, unless it is empty.
 * The outputs may be the inputs. */
void alignment_map_rows(const alignment *self, alignment_way way, uint32_t n, const uint32_t *begin,
                        const uint32_t *end, uint32_t *ret_begin, uint32_t *ret_end);

/* Stretches rows as alignment_map_rows does. */
void alignment_restore_order(uint32_t n, const uint32_t *begin, uint32_t *end);

/* Runs being put together; grows by malloc and is reused. */
typedef struct run_list {
  run *runs;
  uint32_t n, capacity;
} run_list;

void run_list_done(run_list *list);

/* Appends a run on the way to normal form; runs come in derived order. base == base_end is an insertion. Runs that
 * share base bytes become one unit. 0, -ENOMEM. */
int run_list_push(run_list *list, uint32_t derived, uint32_t base, uint32_t base_end, bool copy);
/* Settles insertions and writes the sentinel. The list then holds n runs and one more. 0, -ENOMEM. */
int run_list_finish(run_list *list, uint32_t derived_len, uint32_t base_len);
/* True if list is one copy of the whole base. */
bool run_list_is_identity(const run_list *list);
/* Writes to target the alignment of the derived text of `upper` with the base of `lower`. 0, -ENOMEM. */
int run_list_compose(run_list *target, const run_list *upper, const alignment *lower, uint32_t base_len);

#endif
