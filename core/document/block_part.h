/* SPDX-License-Identifier: Apache-2.0 */

/* What one stage has added to a document or changed in it, as a block of its own: what comes back from a stage that runs
 * elsewhere. It goes into the document that the stage was given and is held to that one, so that whoever wrote it
 * can change nothing but what the stage declares. Floor 1. */
#ifndef CORE_DOCUMENT_BLOCK_PART_H
#define CORE_DOCUMENT_BLOCK_PART_H

#include "document/builder.h"

/* Which views and layers, by slot, and which fields. */
typedef struct block_part {
  uint32_t views;
  uint64_t layers;
  uint32_t n_fields;
  bool any_field;
  bool exists; /* a layer that the stage provides is there already */
  const char *const *fields;
} block_part;

block_part block_part_of(const document *document, const stage_layout *layout);
bool block_part_has_field(const block_part *part, qn_str name);

/* After the stage. 0, -ENOSPC. */
size_t block_part_size(const document *document, const stage_layout *layout);
int block_part_write(const document *document, const stage_layout *layout, void *bytes, size_t capacity,
                     size_t *ret_len);

/* Validates everything, then puts it into the document, which is as the stage got it. -EBADMSG, -EEXIST, -ENOMEM or
 * -E2BIG with a reason in error: the document is as before. */
int block_part_read(document *into, const stage_layout *layout, const void *bytes, size_t len, qn_error *error);

#endif
