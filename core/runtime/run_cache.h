/* SPDX-License-Identifier: Apache-2.0 */

/* The cache of a run: documents whose bytes and stages are as they were before go on behind the stages that did their work
 * then. It stands in for the trunk only, the segment that all documents enter first. Floor 4. */
#ifndef CORE_RUNTIME_RUN_CACHE_H
#define CORE_RUNTIME_RUN_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "pipeline/plan.h"

typedef struct run_cache run_cache;

typedef struct run_cache_options {
  const char *folder;
  uint64_t max_bytes; /* 0: the usual */
  bool frozen;        /* stages see now_ms */
  int64_t now_ms;
  void (*say)(void *arg, const char *text); /* told of trouble; [any] */
  void *arg;
} run_cache_options;

/* For a plan whose plugins are loaded. plan is borrowed. 0, or a negative errno with error filled. */
int run_cache_new(const plan *plan, const run_cache_options *options, run_cache **ret_cache, qn_error *error);
/* After the runtime. Writes what is still to be written. NULL is fine. */
void run_cache_free(run_cache *cache);

/* What became of the documents that came to the trunk. */
typedef struct run_cache_counts {
  uint64_t n_hits;    /* nothing of the trunk was run */
  uint64_t n_partly;  /* some of its stages were */
  uint64_t n_misses;  /* all of them were */
  uint64_t n_damaged; /* of those: what was kept could not be read */
  uint64_t n_stored;  /* kept anew */
  uint64_t n_lost;    /* could not be kept */
  uint64_t n_entries; /* there are now, of all runs */
  uint64_t bytes;     /* they take */
} run_cache_counts;

/* After the run; waits until everything is written. */
void run_cache_counts_get(run_cache *cache, run_cache_counts *ret_counts);

/* The first stage whose work is not kept, and why; NULL: all of the trunk's is. "" for a plan without a trunk. */
const char *run_cache_stage_not_kept(const run_cache *cache, const char **ret_why);

#endif
