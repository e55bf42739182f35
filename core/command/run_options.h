/* SPDX-License-Identifier: Apache-2.0 */

/* The arguments of `qanat run`. Floor 5. */
#ifndef CORE_COMMAND_RUN_OPTIONS_H
#define CORE_COMMAND_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct run_options {
  const char *pipeline;
  const char *const *inputs;
  uint32_t n_inputs;
  const char *output;       /* -o, or NULL */
  const char *summary_json; /* NULL: none */
  uint32_t n_sets, n_folders;
  const char **sets;           /* owned; room for one more for each sink */
  const char **folders;        /* owned */
  uint32_t n_workers;          /* 0: one for each core */
  uint64_t limit;              /* 0: none */
  const char *dead_letters;    /* file for failed documents, or NULL */
  uint64_t dead_letters_bytes; /* it may hold; 0: the usual */
  bool retry;                  /* takes dead letters instead of the source's documents; inputs are their numbers */
  bool frozen;
  int64_t now_ms;
  bool resume, allow_writable, quiet, verbose, no_progress, help;
} run_options;

/* EXIT_DONE, or EXIT_USAGE after saying why. Strings are those of argv. */
int run_options_parse(int argc, char **argv, run_options *ret_options);
void run_options_done(run_options *options);
void run_help(FILE *stream);

#endif
