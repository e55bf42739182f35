/* SPDX-License-Identifier: Apache-2.0 */

/* Blocks are columns of numbers that resemble each other: packed, they take a third. Floor 3, private to core/cache. */
#ifndef CORE_CACHE_CACHE_PACK_H
#define CORE_CACHE_CACHE_PACK_H

#include <stddef.h>

/* Room and state of one thread. */
typedef struct cache_packer cache_packer;

int cache_packer_new(cache_packer **ret_packer); /* 0, -ENOMEM */
void cache_packer_free(cache_packer *packer);    /* NULL is fine */

/* Both lend what they give until the next call, or give back what they were given: what cannot be packed, or is not. */
void cache_pack(cache_packer *packer, const void *bytes, size_t len, const void **ret_bytes, size_t *ret_len);
void cache_unpack(cache_packer *packer, const void *bytes, size_t len, const void **ret_bytes, size_t *ret_len);

#endif
