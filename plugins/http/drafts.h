/* SPDX-License-Identifier: Apache-2.0 */

/* The documents of one request before they are emitted: slices of its body, and what is wrong with those that are none. */
#ifndef HTTP_DRAFTS_H
#define HTTP_DRAFTS_H

#include <stdint.h>

#include "qanat/doc.h"

typedef struct draft {
  qn_str text, id, media_type; /* id and media_type may be empty */
  uint32_t first_field, n_fields;
  uint32_t line;      /* from 1 on; 0: the body is one document */
  const char *slug;   /* NULL: all is well */
  const char *detail; /* what is wrong; a constant */
} draft;

typedef struct draft_field {
  const char *name; /* the configuration's, or a constant */
  qn_value value;
} draft_field;

typedef struct drafts {
  draft *all;
  uint32_t n, capacity;
  draft_field *fields;
  uint32_t n_fields, field_capacity;
} drafts;

void drafts_done(drafts *drafts);

/* The next draft, all zero; it holds until the next call. NULL: no memory. */
draft *drafts_add(drafts *drafts, uint32_t line);
/* A field of the draft added last. 0, -ENOMEM. */
int drafts_add_field(drafts *drafts, const char *name, const qn_value *value);
/* Says that the draft is bad, unless something was said already; its fields go. */
void draft_spoil(drafts *drafts, draft *draft, const char *slug, const char *detail);

#endif
