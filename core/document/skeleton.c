/* SPDX-License-Identifier: Apache-2.0 */

/* Stands in for what is still being written, so that dependants can link. */
#include "document/block.h"
#include "document/builder.h"
#include <errno.h>

size_t block_size(const document *doc) {
  (void)doc;
  return 0;
}

int block_write(const document *doc, void *bytes, size_t capacity, size_t *ret_len) {
  (void)doc;
  (void)bytes;
  (void)capacity;
  (void)ret_len;
  return -ENOSYS;
}

int block_read(document_pool *pool, const void *bytes, size_t len, document **ret_document, qn_error *error) {
  (void)pool;
  (void)bytes;
  (void)len;
  (void)ret_document;
  (void)error;
  return -ENOSYS;
}
