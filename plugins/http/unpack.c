/* SPDX-License-Identifier: Apache-2.0 */

/* gzip by zlib, zstd by its own library, into a buffer that doubles up to the limit. */
#include "http/unpack.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

enum { FIRST = 4096, GZIP_WINDOW = 15 + 16, ZSTD_WINDOW_LOG = 23 };

typedef struct sink {
  char *bytes;
  size_t len, capacity, max;
} sink;

/* Makes room for more; one byte beyond the limit, so that what is just as long as allowed is told from what is longer. */
static int grow(sink *to) {
  size_t wanted = to->capacity == 0 ? FIRST : to->capacity * 2;
  wanted = wanted > to->max + 1 ? to->max + 1 : wanted;
  if (to->len > to->max) {
    return -EFBIG;
  }
  char *grown = realloc(to->bytes, wanted);
  if (grown == NULL) {
    return -ENOMEM;
  }
  to->bytes = grown;
  to->capacity = wanted;
  return 0;
}

static unsigned chunk_of(size_t len) {
  return len > UINT_MAX ? UINT_MAX : (unsigned)len;
}

static int unzip(z_stream *stream, const char *bytes, size_t len, sink *to) {
  size_t at = 0;
  bool inside = true; /* a member has begun and not ended */
  stream->next_in = (Bytef *)(uintptr_t)bytes;
  while (at < len || inside) {
    int rc = to->len == to->capacity ? grow(to) : 0;
    if (rc != 0) {
      return rc;
    }
    unsigned in = chunk_of(len - at), out = chunk_of(to->capacity - to->len);
    stream->avail_in = in;
    stream->next_out = (Bytef *)to->bytes + to->len;
    stream->avail_out = out;
    int code = inflate(stream, Z_NO_FLUSH);
    at += in - stream->avail_in;
    to->len += out - stream->avail_out;
    if (code == Z_STREAM_END) {
      inside = at < len && inflateReset(stream) == Z_OK;
    } else if (code == Z_MEM_ERROR) {
      return -ENOMEM;
    } else if ((code != Z_OK && code != Z_BUF_ERROR) || (at == len && stream->avail_out > 0)) {
      return -EBADMSG;
    }
  }
  return to->len > to->max ? -EFBIG : 0;
}

static int gunzip(const char *bytes, size_t len, sink *to) {
  z_stream stream = { 0 };
  if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK) {
    return -ENOMEM;
  }
  int rc = unzip(&stream, bytes, len, to);
  inflateEnd(&stream);
  return rc;
}

static int unzstd(const char *bytes, size_t len, sink *to) {
  ZSTD_DCtx *context = ZSTD_createDCtx();
  if (context == NULL || ZSTD_isError(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG))) {
    ZSTD_freeDCtx(context);
    return -ENOMEM;
  }
  ZSTD_inBuffer in = { bytes, len, 0 };
  size_t left = 1; /* 0: a frame has ended */
  int rc = 0;
  while (rc == 0 && (in.pos < len || left != 0)) {
    rc = to->len == to->capacity ? grow(to) : 0;
    if (rc != 0) {
      break;
    }
    ZSTD_outBuffer out = { to->bytes, to->capacity, to->len };
    left = ZSTD_decompressStream(context, &out, &in);
    bool full = out.pos == out.size;
    to->len = out.pos;
    rc = ZSTD_isError(left) || (in.pos == len && left != 0 && !full) ? -EBADMSG : 0;
  }
  ZSTD_freeDCtx(context);
  return rc == 0 && to->len > to->max ? -EFBIG : rc;
}

int unpack(unpack_coding coding, const char *bytes, size_t len, size_t max, char **ret_bytes, size_t *ret_len) {
  sink to = { .max = max };
  int rc = len == 0                ? -EBADMSG
           : coding == CODING_GZIP ? gunzip(bytes, len, &to)
           : coding == CODING_ZSTD ? unzstd(bytes, len, &to)
                                   : -EBADMSG;
  rc = rc == 0 && to.bytes == NULL ? -EBADMSG : rc;
  if (rc != 0) {
    free(to.bytes);
    return rc;
  }
  *ret_bytes = to.bytes;
  *ret_len = to.len;
  return 0;
}
