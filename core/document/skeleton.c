/* SPDX-License-Identifier: Apache-2.0 */

/* Stands in for what is still being written, so that dependants can link. */
#include "document/block.h"
#include "document/builder.h"
#include "document/record.h"
#include <errno.h>

int record_encoder_new(record_encoder **ret_encoder) {
  (void)ret_encoder;
  return -ENOSYS;
}

void record_encoder_free(record_encoder *encoder) {
  (void)encoder;
}

int record_encode(record_encoder *encoder, document *doc, const qn_record_options *options, qn_str *ret_json) {
  (void)encoder;
  (void)doc;
  (void)options;
  (void)ret_json;
  return -ENOSYS;
}

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
