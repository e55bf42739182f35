/* SPDX-License-Identifier: Apache-2.0 */

/* The arguments of `qanat serve`. Floor 5. */
#ifndef CORE_COMMAND_SERVE_OPTIONS_H
#define CORE_COMMAND_SERVE_OPTIONS_H

#include "command/arguments.h"
#include "observe/log.h"

typedef struct serve_options {
  argument_list pipelines; /* the operands */
  argument_list sets;
  plugin_arguments plugins;
  const char *state;
  uint32_t n_workers;
  uint64_t journal_documents, journal_bytes; /* 0: the usual */
  uint32_t drain_ms;
  bool watch;
  const char *control; /* address; "off": only the socket in the state folder */
  const char *token_file;
  const char *traces; /* URL of a collector; NULL: as the environment says */
  double trace_ratio;
  log_target log;
} serve_options;

/* False: the command is over with *ret_status. */
bool serve_options_parse(int argc, char **argv, serve_options *options, int *ret_status);
void serve_options_done(serve_options *options);

#endif
