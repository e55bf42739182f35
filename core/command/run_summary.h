/* SPDX-License-Identifier: Apache-2.0 */

/* The account that `qanat run` gives at its end. Floor 5. */
#ifndef CORE_COMMAND_RUN_SUMMARY_H
#define CORE_COMMAND_RUN_SUMMARY_H

#include <stdio.h>

#include "delivery/letter.h"
#include "runtime/run_cache.h"
#include "runtime/runtime.h"

typedef struct run_summary {
  const plan *plan;
  const runtime *runtime;
  run_cache *cache; /* or NULL */
  runtime_counts counts;
  run_cache_counts cached;
  double seconds;
  uint64_t peak_bytes;
  int code;              /* what runtime_run returned */
  const qn_error *error; /* if code is not 0 */
  const letter_store *letters;
} run_summary;

/* Fills in the counts and the memory. */
void run_summary_take(run_summary *summary);
void run_summary_print(const run_summary *summary, FILE *stream);
/* What a document costs at each stage: the mean time, how many one worker could do, what it carried. */
void run_summary_print_costs(const run_summary *summary, FILE *stream);
/* 0, or a negative errno of writing the file. */
int run_summary_write(const run_summary *summary, const char *path);

/* Names a failed document, its stage and the reason, on one line. */
void run_letter_print(const letter *letter, FILE *stream);

#endif
