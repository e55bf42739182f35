/* SPDX-License-Identifier: Apache-2.0 */

/* Which stages of a plan a run cache can stand in for, and what their results depend on. Floor 3.
 *
 * The trunk is the parallel segment that all documents enter first. A chain has a link for each transform in it, up to one
 * that may give another result the next time. A link's key is a hash of the link before it and of all that this stage's work depends on: its code, the libraries it loads, its
 * configuration with the files that names, its data files, what it reads and makes. Two chains agree up to the first
 * stage that changed. */
#ifndef CORE_CACHE_CACHE_CHAIN_H
#define CORE_CACHE_CACHE_CHAIN_H

#include <stdbool.h>

#include "cache/cache_hash.h"
#include "pipeline/plan.h"

typedef struct cache_names {
  uint32_t n;
  const char **all;
} cache_names;

typedef struct cache_link {
  cache_key key;
  const char *stage;    /* its id, to be told */
  const char *view;     /* it provides, or NULL */
  cache_names provides; /* layers */
  cache_names modifies;
  cache_names writes; /* fields; "*": any */
} cache_link;

typedef struct cache_chain {
  uint32_t segment; /* of the plan: the trunk */
  uint32_t n_links;
  cache_link *links;
  const char
      *not_kept; /* id of the transform in the trunk that the chain ends before, "" if there is no trunk; or NULL */
  const char *why_not; /* its work is not kept */
  void *memory;        /* what the names are of, if they are not the plan's */
} cache_chain;

typedef struct cache_chain_options {
  bool frozen; /* stages see now_ms */
  int64_t now_ms;
} cache_chain_options;

/* The chain of a plan whose plugins are loaded; names are the plan's. n_links is 0 if it has no trunk. 0, -ENOMEM, -EIO,
 * -ENOTSUP. */
int cache_chain_of(const plan *plan, const cache_chain_options *options, cache_chain *ret_chain, qn_error *error);
void cache_chain_done(cache_chain *chain);

/* The chain as text, and back; text from outside is checked. write: owned by the caller, NULL: no memory. read: -EINVAL,
 * -ENOMEM. */
char *cache_chain_write(const cache_chain *chain);
int cache_chain_read(const char *text, size_t len, cache_chain *ret_chain);

/* How many of the first links of `now` are done by what was kept with the chain `then`: the most for which their keys agree
 * and what stages behind them did in `then` can be taken away again. */
uint32_t cache_chain_cut(const cache_chain *now, const cache_chain *then);

/* Of what was kept with `then`, is this made by the first n_links of its links, n_links being a cut? Fields that no link
 * writes are those of the source. */
bool cache_chain_has_view(const cache_chain *then, uint32_t n_links, qn_str name);
bool cache_chain_has_layer(const cache_chain *then, uint32_t n_links, qn_str name);
bool cache_chain_has_field(const cache_chain *then, uint32_t n_links, qn_str name);

#endif
