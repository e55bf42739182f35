/* SPDX-License-Identifier: Apache-2.0 */

/* The block codec: a document as one relocatable run of bytes, and back. For caches, isolated children and
 * brokers. A block from outside is hostile until validated. Little-endian, versioned, checksummed. Floor 1. */
#ifndef CORE_DOCUMENT_BLOCK_H
#define CORE_DOCUMENT_BLOCK_H

#include <stdbool.h>

#include "document/document.h"

/* Bytes that block_write will need. */
size_t block_size(const document *document);
/* 0, -ENOSPC. ret_len is what was written. */
int block_write(const document *document, void *bytes, size_t capacity, size_t *ret_len);
/* Validates everything, then makes a document that holds a copy. -EBADMSG with a reason in error. */
int block_read(document_pool *pool, const void *bytes, size_t len, document **ret_document, qn_error *error);

/* What is wanted of a block: by the names of views, layers and fields. Views that others share bytes with need not be. */
typedef struct block_wanted {
  bool (*view)(void *arg, qn_str name);
  bool (*layer)(void *arg, qn_str name);
  bool (*field)(void *arg, qn_str name);
  void *arg;
} block_wanted;

/* The same for a part of the block. What is not wanted may be of views and layers that the pool's pipeline does not have;
 * only its place is checked. */
int block_read_part(document_pool *pool, const void *bytes, size_t len, const block_wanted *wanted,
                    document **ret_document, qn_error *error);

#endif
