/* SPDX-License-Identifier: Apache-2.0 */

/* gzip by zlib, in one go. */
#include "post/squeeze.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { LEVEL = 6, GZIP_WINDOW = 15 + 16, MEMORY = 8 };

int squeeze(const char *bytes, size_t len, char **ret_bytes, size_t *ret_len) {
  z_stream stream = { 0 };
  if (len > UINT_MAX || deflateInit2(&stream, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
    return -ENOMEM;
  }
  size_t bound = deflateBound(&stream, len);
  char *out = bound > UINT_MAX ? NULL : malloc(bound);
  if (out == NULL) {
    deflateEnd(&stream);
    return -ENOMEM;
  }
  stream.next_in = (Bytef *)(uintptr_t)bytes;
  stream.avail_in = (uInt)len;
  stream.next_out = (Bytef *)out;
  stream.avail_out = (uInt)bound;
  int rc = deflate(&stream, Z_FINISH);
  *ret_len = bound - stream.avail_out;
  deflateEnd(&stream);
  if (rc != Z_STREAM_END) {
    free(out);
    return -ENOMEM;
  }
  *ret_bytes = out;
  return 0;
}
