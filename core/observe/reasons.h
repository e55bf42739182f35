/* SPDX-License-Identifier: Apache-2.0 */

/* How often documents failed for which reason: a small table of slugs, filled by any thread without a lock. Slugs are a stage's own
 * words, so there is room for a few, and what comes later counts as "other". Floor 1. */
#ifndef CORE_OBSERVE_REASONS_H
#define CORE_OBSERVE_REASONS_H

#include <stdatomic.h>
#include <stdint.h>

enum { REASONS_MAX = 16, REASON_BYTES = 49 };

typedef struct reason {
  _Atomic uint64_t n;
  _Atomic uint32_t phase; /* 0: free, 1: its slug is being written, 2: in use */
  char slug[REASON_BYTES + 3];
} reason;

/* All zeros is an empty one. The last place is that of all others. */
typedef struct reasons {
  reason all[REASONS_MAX];
} reasons;

/* What a table held at one moment; slugs as they were given, NUL-terminated. */
typedef struct reasons_sum {
  uint32_t n;
  struct {
    char slug[REASON_BYTES];
    uint64_t n;
  } all[REASONS_MAX];
} reasons_sum;

/* One more for this reason; an empty one counts as "unnamed". [any] */
void reasons_count(reasons *reasons, const char *slug);
void reasons_sum_of(const reasons *reasons, reasons_sum *ret_sum); /* [any] */

#endif
