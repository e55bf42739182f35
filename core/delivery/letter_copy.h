/* SPDX-License-Identifier: Apache-2.0 */

/* A letter that has left its document: everything that is kept of it, copied. Floor 3, private. */
#ifndef CORE_DELIVERY_LETTER_COPY_H
#define CORE_DELIVERY_LETTER_COPY_H

#include <stdbool.h>
#include <stddef.h>

#include "delivery/letter.h"

typedef struct letter_field {
  qn_str name;
  qn_value value; /* BOOL, I64, F64 or STR */
} letter_field;

typedef struct letter_copy {
  struct letter_copy *next; /* in a queue */
  size_t bytes;             /* of memory, all in one piece */
  qn_str stage, slug, message, source, id, media_type, origin;
  qn_str confirmed; /* ids of sinks, one a line */
  bool is_part;
  uint32_t attempts;
  int64_t time_ms;
  bool has_payload;
  qn_str payload;
  uint32_t n_fields;
  letter_field *fields; /* what else is known; no spans, which mean nothing without the text */
} letter_copy;

/* To be freed with free(). NULL: no memory. */
letter_copy *letter_copy_new(const letter *letter);

#endif
