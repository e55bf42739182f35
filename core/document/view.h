/* SPDX-License-Identifier: Apache-2.0 */

/* A sealed view: bytes, breaks, and the alignment with the text (of the text: with the payload).
 *
 * view_build turns what a stage wrote, or the piece of the base it named, into one, and believes none of it: runs
 * ascend, begin on code points, and copies are copies. Private to core/document. */
#ifndef CORE_DOCUMENT_VIEW_H
#define CORE_DOCUMENT_VIEW_H

#include "document/alignment.h"
#include "document/arena.h"
#include "document/error.h"
#include "qanat/doc.h"

typedef struct view {
  const uint8_t *data; /* one more byte may be read behind len */
  uint32_t len;
  uint32_t n_breaks;
  const uint32_t *breaks;
  alignment alignment; /* with the text; the text's own: with the payload */
} view;

/* What a stage wrote into the room lent to it. */
typedef struct view_draft {
  const uint8_t *data;
  uint32_t len;
  uint32_t n_runs;
  const uint32_t *derived;
  const uint32_t *base;
  const uint8_t *kind;
} view_draft;

/* Room to put a view together in; reused from view to view. */
typedef struct view_scratch {
  run_list runs;     /* derived view to its base */
  run_list composed; /* derived view to the text */
  uint32_t *breaks;
  uint32_t n_breaks, break_capacity;
} view_scratch;

/* What a view is derived from. */
typedef struct view_base {
  const view *view;
  bool is_payload;        /* the new view is the text; the base may hold any bytes */
  const alignment *lower; /* from the base down to the text; NULL if the base is the text or the payload */
  uint32_t bottom_len;    /* bytes of what the new view will be aligned with: the text, or for the text the payload */
} view_base;

void view_scratch_done(view_scratch *scratch);

/* Copies draft into the arena and aligns it. 0, -ENOMEM, -EINVAL with an error that names the view and the rule. */
int view_build(view_scratch *scratch, arena *memory, const char *name, const view_base *base, const view_draft *draft,
               view **ret_view, qn_error *error);
/* The same for a piece of the base, which is not copied. */
int view_alias(view_scratch *scratch, arena *memory, const char *name, const view_base *base, qn_span piece,
               view **ret_view, qn_error *error);

/* Whether the alignment of a view that came from outside is one: NULL, or the rule that it breaks. any_bytes: the base
 * is the payload. */
const char *view_alignment_fault(const view *derived, const view *base, bool any_bytes);

/* True if the span is inside the view and cuts no code point. */
bool view_holds(const view *self, qn_span span);

/* Widens the span to code points. Offsets beyond the end are taken as the end. */
qn_span view_round(const view *self, qn_span span);

#endif
