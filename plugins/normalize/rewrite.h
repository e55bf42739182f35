/* SPDX-License-Identifier: Apache-2.0 */

/* The kernel of normalize: copies a text and rewrites what stands in the way of matching words, with the exact
 * alignment. It knows nothing of the host but the form of a view's room, so that it can be tested and timed alone. */
#ifndef NORMALIZE_REWRITE_H
#define NORMALIZE_REWRITE_H

#include <stdint.h>

#include "qanat/doc.h"

/* What is rewritten; a bit each. */
enum {
  REWRITE_COMPOSE = 1u << 0, /* to NFC */
  REWRITE_SHAPES = 1u << 1,  /* presentation forms and full-width Latin become letters */
  REWRITE_DIACRITICS =
      1u << 2, /* harakat and Quranic signs go, but for those of عمّان and عُمان; hamza and madda join their letter */
  REWRITE_TATWEEL = 1u << 3,     /* goes, unless it stands alone as a dash */
  REWRITE_INVISIBLE = 1u << 4,   /* bidi controls, zero-width characters, soft hyphens go */
  REWRITE_CONTROLS = 1u << 5,    /* control characters go; any line end becomes \n */
  REWRITE_SPACES = 1u << 6,      /* each run of spaces and tabs becomes one space */
  REWRITE_PUNCTUATION = 1u << 7, /* no space before , . ; : ! ? and the Arabic ones */
  REWRITE_ALL = 0xFF
};

/* What the scanner does at a byte; derived from the rules once. Read-only, shared. */
typedef struct rewrite_plan {
  uint32_t rules;
  uint32_t blocks; /* scan in blocks where the machine can; tests turn it off */
  uint8_t action[256];
  uint64_t arabic_stops[4]; /* for lead bytes D8..DB: the second bytes worth a look, by their low six bits */
  uint8_t after_space[256]; /* first bytes after a space that are worth a look */
} rewrite_plan;

/* Gives more room: at least so many bytes and runs in all, what was written kept. 0 or a negative errno. */
typedef int (*rewrite_grow)(void *arg, uint32_t bytes, uint32_t n_runs, qn_view_room *ret_room);

typedef struct rewrite_result {
  uint32_t n_bytes;
  uint32_t n_runs;
  int unchanged; /* the text stands as it is; nothing was written and no room taken */
} rewrite_result;

void rewrite_plan_init(rewrite_plan *plan, uint32_t rules);

/* Rewrites the view. Nothing is rewritten across one of its breaks. 0, or what grow returned. */
int rewrite_view(const rewrite_plan *plan, const qn_view *view, rewrite_grow grow, void *arg,
                 rewrite_result *ret_result);

#endif
