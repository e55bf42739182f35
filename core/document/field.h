/* SPDX-License-Identifier: Apache-2.0 */

/* A document's fields: few, so a list searched from the front. Entries and their bytes are immutable once another
 * document shares the list; a change then copies it. Private to core/document. */
#ifndef CORE_DOCUMENT_FIELD_H
#define CORE_DOCUMENT_FIELD_H

#include <stdbool.h>

#include "document/arena.h"
#include "qanat/doc.h"

enum { FIELDS_MAX = 64, FIELD_BYTES_MAX = 64 * 1024 };

typedef struct field {
  qn_str name;
  qn_value value;
  uint32_t age; /* of the document when it was set: see document_body.h */
} field;

typedef struct field_list {
  field *entries;
  uint32_t n;
  uint32_t capacity; /* entries that may be written; 0: shared */
} field_list;

/* Index of name, or list->n. */
uint32_t field_find(const field_list *list, qn_str name);
/* What one entry counts towards FIELD_BYTES_MAX. */
size_t field_bytes(const field *entry);
/* 0, -EINVAL (no such type, or not for fields), -E2BIG (name or string beyond all bounds). */
int field_check(const field *entry);
/* Sets or removes, copying what entry points to. 0, -ENOMEM, -E2BIG; nothing is changed then. */
int field_put(field_list *list, arena *memory, const field *entry);

#endif
