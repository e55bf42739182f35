/* SPDX-License-Identifier: Apache-2.0 */

/* What a run cache keeps, on disk: results by key, of bounded size, the least lately used out first. Floor 3.
 *
 * Reading is by readers, one for each thread; writing by a thread of the store's own, in batches. Several processes may use
 * one folder. Nothing kept here is ever missed: a store that cannot write says so once and takes nothing more, and what is
 * damaged is set aside. Keys are of CACHE_STORE_KEY_BYTES. */
#ifndef CORE_CACHE_CACHE_STORE_H
#define CORE_CACHE_CACHE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document/error.h"

enum { CACHE_STORE_KEY_BYTES = 32 };

typedef struct cache_store cache_store;
typedef struct cache_reader cache_reader;

typedef struct cache_store_options {
  const char *folder; /* made if need be */
  uint64_t max_bytes; /* of what is kept; 0: the usual (4 GiB) */
  /* Told once of each trouble: it is set aside, or nothing more is kept. [any] NULL: nobody asks. */
  void (*say)(void *arg, const char *text);
  void *arg;
} cache_store_options;

/* chain: the text that results of this run depend on, whose number is returned; NULL: none is to be put. What is damaged is
 * set aside and begun anew. 0, or a negative errno with error filled: -EINVAL is another program's file. */
int cache_store_open(const cache_store_options *options, const char *chain, cache_store **ret_store, int64_t *ret_chain,
                     qn_error *error);
/* Writes what was put and closes. Readers before. NULL is fine. */
void cache_store_close(cache_store *store);

/* One result. */
typedef struct cache_entry {
  int64_t chain;
  bool dropped; /* by the link `link` of the chain; there are no bytes then */
  uint32_t link;
  const void *bytes;
  size_t len;
} cache_entry;

int cache_reader_open(cache_store *store, cache_reader **ret_reader, qn_error *error);
void cache_reader_close(cache_reader *reader); /* NULL is fine */

/* Lent until cache_reader_done, which is due after a 0. -ENOENT: not kept, or it cannot be read. [reader's thread] */
int cache_reader_get(cache_reader *reader, const uint8_t *key, cache_entry *ret_entry);
void cache_reader_done(cache_reader *reader);
/* The text of a chain; the caller frees it. NULL: there is none, or no memory. */
char *cache_reader_chain(cache_reader *reader, int64_t chain);

/* Keeps a result in the place of what the key had. Takes bytes, which are freed with free. May wait for the disk. [any] */
void cache_store_put(cache_store *store, const uint8_t *key, const cache_entry *entry, void *bytes);

typedef struct cache_store_counts {
  uint64_t n_entries, bytes; /* kept, of all runs */
  uint64_t n_stored;         /* by this store */
  uint64_t n_lost;           /* put, and not kept */
} cache_store_counts;

/* Waits until what was put is written. */
void cache_store_flush(cache_store *store);
void cache_store_counts_get(cache_store *store, cache_store_counts *ret_counts);

#endif
