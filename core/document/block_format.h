/* SPDX-License-Identifier: Apache-2.0 */

/* The layout of a block. Private to core/document, and to the fuzzer, which has to fix checksums.
 *
 * A block is a head, then its views, layers and fields, one behind the other. Everything begins at a multiple of 8 and
 * is filled up with zero bytes to the next, so that a block can be used where it lies. Numbers are little-endian. Names
 * come behind their heads, without a NUL.
 *
 *   block_head
 *   n_views times   block_view   name  bytes and a 0 (unless shared)  breaks  runs (unless identical)
 *   n_layers times  block_layer  name  begin  end  columns  heap and a 0
 *   n_fields times  block_field  name  string
 *
 * Views stand in the order payload, text, others; a view may share the bytes of one before it. */
#ifndef CORE_DOCUMENT_BLOCK_FORMAT_H
#define CORE_DOCUMENT_BLOCK_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "blocks are used where they lie, which needs a little-endian machine"
#endif

#define BLOCK_MAGIC UINT64_C(0x4B4C42544E415151) /* "QQANTBLK" */

#define BLOCK_NOT_SHARED UINT32_MAX

enum { BLOCK_VERSION = 2 };

typedef struct block_head {
  uint64_t magic;
  uint64_t checksum; /* of everything behind it */
  uint64_t len;      /* of the block */
  uint32_t version;
  uint32_t n_views;
  uint32_t n_layers;
  uint32_t n_fields;
} block_head;

typedef struct block_view {
  uint32_t name_len;
  uint32_t len;
  uint32_t n_breaks;
  uint32_t n_runs;
  uint32_t identity;    /* 1: no runs; always for the payload */
  uint32_t shared_with; /* index of the view whose bytes it shares, or BLOCK_NOT_SHARED */
  uint32_t shared_from; /* offset in there */
  uint32_t reserved;
} block_view;

typedef struct block_layer {
  uint64_t fingerprint; /* of the schema */
  uint64_t len;         /* of everything behind this head, so that a reader may pass over a layer it does not know */
  uint32_t name_len;
  uint32_t n_columns;
  uint32_t n_rows;
  uint32_t heap_len;
} block_layer;

typedef struct block_field {
  uint32_t name_len;
  uint32_t type;
  uint64_t value; /* as the type says: integer, bits of a double, span, or length of the string */
} block_field;

_Static_assert(sizeof(block_head) == 40 && sizeof(block_view) == 32, "heads have no padding");
_Static_assert(sizeof(block_layer) == 32 && sizeof(block_field) == 16, "heads have no padding");

static inline size_t block_align(size_t bytes) {
  return (bytes + 7) & ~(size_t)7;
}

/* A checksum against damage, not against malice. len is a multiple of 8. */
uint64_t block_checksum(const void *bytes, size_t len);

#endif
