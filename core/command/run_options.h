/* SPDX-License-Identifier: Apache-2.0 */

/* The arguments of `qanat run`. Floor 5. */
#ifndef CORE_COMMAND_RUN_OPTIONS_H
#define CORE_COMMAND_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "command/arguments.h"

typedef struct run_options {
  const char *pipeline;
  const char *const *inputs;
  uint32_t n_inputs;
  const char *output;       /* -o, or NULL */
  const char *summary_json; /* NULL: none */
  argument_list operands;   /* pipeline and inputs */
  argument_list sets;
  plugin_arguments plugins;
  uint32_t n_workers;          /* 0: one for each core */
  uint64_t limit;              /* 0: none */
  const char *dead_letters;    /* file for failed documents, or NULL */
  uint64_t dead_letters_bytes; /* it may hold; 0: the usual */
  const char *cache;           /* folder of what earlier runs did, or NULL */
  uint64_t cache_bytes;        /* it may hold; 0: the usual */
  bool retry;                  /* takes dead letters instead of the source's documents; inputs are their numbers */
  bool frozen;
  int64_t now_ms;
  bool resume, quiet, verbose, no_progress, stage_stats;
} run_options;

/* True: go on. False: the command is over with *ret_status; help was printed, or the reason was said. Strings are those
 * of argv. run_options_done is due in both cases. */
bool run_options_parse(int argc, char **argv, run_options *options, int *ret_status);
void run_options_done(run_options *options);

#endif
