/* SPDX-License-Identifier: Apache-2.0 */

/* Zstandard at its fastest. Whatever goes wrong, the bytes are handed on as they are: whoever reads a block checks it, and
 * one that is no block is made again. */
#include "cache/cache_pack.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#ifdef QANAT_WITH_ZSTD

#include <zstd.h>

enum { LEVEL = 1 };
#define UNPACKED_MAX ((unsigned long long)512 << 20)

struct cache_packer {
  ZSTD_CCtx *packing;
  ZSTD_DCtx *unpacking;
  void *room;
  size_t room_bytes;
};

int cache_packer_new(cache_packer **ret_packer) {
  cache_packer *self = calloc(1, sizeof *self);
  if (self != NULL) {
    self->packing = ZSTD_createCCtx();
    self->unpacking = ZSTD_createDCtx();
  }
  if (self == NULL || self->packing == NULL || self->unpacking == NULL) {
    cache_packer_free(self);
    return -ENOMEM;
  }
  *ret_packer = self;
  return 0;
}

void cache_packer_free(cache_packer *self) {
  if (self == NULL) {
    return;
  }
  ZSTD_freeCCtx(self->packing);
  ZSTD_freeDCtx(self->unpacking);
  free(self->room);
  free(self);
}

/* Room for so many bytes; what was in it is gone. */
static void *room_for(cache_packer *self, size_t bytes) {
  if (bytes > self->room_bytes) {
    free(self->room);
    self->room = malloc(bytes);
    self->room_bytes = self->room != NULL ? bytes : 0;
  }
  return self->room;
}

void cache_pack(cache_packer *self, const void *bytes, size_t len, const void **ret_bytes, size_t *ret_len) {
  size_t most = ZSTD_compressBound(len);
  void *room = room_for(self, most);
  size_t packed = room != NULL ? ZSTD_compressCCtx(self->packing, room, most, bytes, len, LEVEL) : len;
  bool smaller = room != NULL && !ZSTD_isError(packed) && packed < len;
  *ret_bytes = smaller ? room : bytes;
  *ret_len = smaller ? packed : len;
}

void cache_unpack(cache_packer *self, const void *bytes, size_t len, const void **ret_bytes, size_t *ret_len) {
  unsigned long long whole = ZSTD_getFrameContentSize(bytes, len);
  bool known = whole != ZSTD_CONTENTSIZE_ERROR && whole != ZSTD_CONTENTSIZE_UNKNOWN && whole <= UNPACKED_MAX;
  void *room = known ? room_for(self, (size_t)whole + 1) : NULL;
  size_t unpacked = room != NULL ? ZSTD_decompressDCtx(self->unpacking, room, (size_t)whole, bytes, len) : 0;
  bool good = room != NULL && !ZSTD_isError(unpacked) && unpacked == whole;
  *ret_bytes = good ? room : bytes;
  *ret_len = good ? unpacked : len;
}

#else

struct cache_packer {
  char none;
};

int cache_packer_new(cache_packer **ret_packer) {
  *ret_packer = calloc(1, sizeof **ret_packer);
  return *ret_packer != NULL ? 0 : -ENOMEM;
}

void cache_packer_free(cache_packer *self) {
  free(self);
}

void cache_pack(cache_packer *self, const void *bytes, size_t len, const void **ret_bytes, size_t *ret_len) {
  (void)self;
  *ret_bytes = bytes;
  *ret_len = len;
}

void cache_unpack(cache_packer *self, const void *bytes, size_t len, const void **ret_bytes, size_t *ret_len) {
  cache_pack(self, bytes, len, ret_bytes, ret_len);
}

#endif
