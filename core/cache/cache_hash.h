/* SPDX-License-Identifier: Apache-2.0 */

/* Keys of the run cache: SHA-256, since documents come from outside and nobody must be able to make two that share a key.
 * Floor 3. */
#ifndef CORE_CACHE_CACHE_HASH_H
#define CORE_CACHE_CACHE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "document/error.h"

enum { CACHE_KEY_BYTES = 32 };

typedef struct cache_key {
  uint8_t bytes[CACHE_KEY_BYTES];
} cache_key;

/* One hash after the other. One thread. */
typedef struct cache_hash cache_hash;

/* -ENOTSUP: this program was built without the library for it. -ENOMEM. */
int cache_hash_new(cache_hash **ret_hash, qn_error *error);
void cache_hash_free(cache_hash *hash); /* NULL is fine */

void cache_hash_begin(cache_hash *hash);
/* A piece with its length, so that pieces cannot run into each other. bytes may be NULL if len is 0. */
void cache_hash_add(cache_hash *hash, const void *bytes, size_t len);
void cache_hash_text(cache_hash *hash, const char *text);
void cache_hash_number(cache_hash *hash, uint64_t number);
/* 0, or -EIO: the library failed, and there is no key. */
int cache_hash_end(cache_hash *hash, cache_key *ret_key);

/* The hash of a whole file. 0, the errno of reading it, -EINVAL (no regular file), -EIO. */
int cache_hash_file(cache_hash *hash, const char *path, cache_key *ret_key);

#endif
