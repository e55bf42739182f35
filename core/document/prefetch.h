/* SPDX-License-Identifier: Apache-2.0 */

/* Asks for memory that is about to be written or read and has left the cache: with thousands of documents in flight all of it has. Floor 1. */
#ifndef CORE_DOCUMENT_PREFETCH_H
#define CORE_DOCUMENT_PREFETCH_H

#include <stddef.h>

/* The lines that these bytes lie in; harmless for any address, NULL too. */
static inline void prefetch_bytes(const void *at, size_t n_bytes) {
  enum { LINE = 64 };
  for (size_t i = 0; at != NULL && i < n_bytes; i += LINE) {
    __builtin_prefetch((const char *)at + i, 1);
  }
}

#endif
