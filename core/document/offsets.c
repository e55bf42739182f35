/* SPDX-License-Identifier: Apache-2.0 */

/* Counting code points and UTF-16 units of UTF-8: every byte that is no continuation begins a code point, and every
 * lead of four bytes makes two UTF-16 units. */
#include "document/offsets.h"

#include <errno.h>
#include <stdlib.h>

#include "qanat/stage.h"

enum { BLOCK_BYTES = 64 };

void offset_index_done(offset_index *self) {
  free(self->units);
  *self = (offset_index){ 0 };
}

static uint32_t count(const uint8_t *text, uint32_t len, uint32_t unit) {
  uint32_t n = 0;
  if (unit == QN_OFFSETS_UTF16) {
    for (uint32_t i = 0; i < len; i++) {
      n += (uint32_t)((int8_t)text[i] >= -64) + (uint32_t)(text[i] >= 0xF0);
    }
  } else {
    for (uint32_t i = 0; i < len; i++) {
      n += (uint32_t)((int8_t)text[i] >= -64);
    }
  }
  return n;
}

int offset_index_build(offset_index *self, const uint8_t *text, uint32_t len, uint32_t unit) {
  self->text = text;
  self->unit = unit;
  if (unit == QN_OFFSETS_BYTES) {
    return 0;
  }
  size_t n_blocks = (size_t)len / BLOCK_BYTES + 1;
  if (n_blocks > self->capacity) {
    uint32_t *units = realloc(self->units, n_blocks * sizeof *units);
    if (units == NULL) {
      return -ENOMEM;
    }
    self->units = units;
    self->capacity = n_blocks;
  }
  uint32_t before = 0;
  for (size_t i = 0; i < n_blocks; i++) {
    self->units[i] = before;
    if (i + 1 < n_blocks) {
      before += count(text + i * BLOCK_BYTES, BLOCK_BYTES, unit);
    }
  }
  return 0;
}

uint32_t offset_index_convert(const offset_index *self, uint32_t offset) {
  if (self->unit == QN_OFFSETS_BYTES) {
    return offset;
  }
  uint32_t block = offset / BLOCK_BYTES;
  uint32_t start = block * BLOCK_BYTES;
  return self->units[block] + count(self->text + start, offset - start, self->unit);
}
