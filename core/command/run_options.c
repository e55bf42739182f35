/* SPDX-License-Identifier: Apache-2.0 */

/* Parses the arguments of `qanat run`. */
#include "command/run_options.h"

#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/time_text.h"

enum { JOBS_MAX = 1024 };

static void run_help(FILE *stream) {
  fputs(
      "usage: qanat run [OPTION...] PIPELINE [INPUT...]\n\n"
      "Runs documents through a pipeline. INPUTs (files, folders, patterns, - for standard input) replace those that\n"
      "the pipeline's source names.\n\n"
      "  -o, --output FILE      where the sink writes, instead of what the pipeline says; - for standard output\n"
      "  -j, --jobs N           worker threads (as many as there are processors)\n"
      "      --limit N          takes no more than N documents\n"
      "      --set PATH=VALUE   changes a value of the pipeline first: stages.summarize.with.sentences=5; repeatable\n"
      "      --resume           goes on where an earlier run stopped, if the sink can\n"
      "      --now TIME         the time that stages see, as 2026-01-16, 2026-01-16T12:00:00Z or milliseconds since "
      "1970\n"
      "                         (also: QANAT_NOW)\n"
      "      --cache DIR        keeps there what stages did, and does not do it again while document, stages and "
      "their\n"
      "                         settings are as they were\n"
      "      --cache-size MIB   of what is kept there; what was least lately used goes first (4096)\n"
      "      --dead-letters FILE\n"
      "                         keeps failed documents there, with their bytes and the reasons; see 'qanat "
      "deadletter'\n"
      "      --dead-letters-limit MIB\n"
      "                         stops when the documents there have so many MiB (4096)\n"
      "      --retry            takes the documents in the file of --dead-letters instead of the source's; INPUTs are\n"
      "                         their numbers then (all of this pipeline)\n"
      "  -q, --quiet            no summary; failures are still named\n"
      "      --stage-stats      says what a document costs at each stage, also with --quiet\n"
      "  -v, --verbose          names every failed document, not only the first 20\n"
      "      --no-progress      no progress line on a terminal\n"
      "      --summary-json FILE\n"
      "                         writes the summary as JSON\n"
      "      --plugins FOLDER   looks there for plugins first; repeatable (also: QANAT_PLUGIN_PATH)\n"
      "      --allow-writable-plugins\n"
      "                         takes plugin files that others than their owner may write\n"
      "  -h, --help             this\n\n"
      "exit status: 0 every document came out (delivered, or dropped because a stage did not want it); 1 some failed, "
      "or\n"
      "the run stopped on an error; 2 the command line or the pipeline is wrong; 130 interrupted\n",
      stream);
}

static int parse_now(const char *text, run_options *options) {
  if (time_text_read(text, &options->now_ms)) {
    options->frozen = true;
    return EXIT_DONE;
  }
  return arguments_refuse(
      "run", "'%.60s' is no time: write 2026-01-16, 2026-01-16T12:00:00Z or milliseconds since 1970", text);
}

/* What the options say together. */
static int conclude(const arguments *given, const char *now, uint64_t n_workers, uint64_t limit_mib,
                    run_options *options) {
  const char *standing = getenv("QANAT_NOW");
  now = now == NULL && standing != NULL && standing[0] != '\0' ? standing : now;
  if (now != NULL && parse_now(now, options) != EXIT_DONE) {
    return EXIT_USAGE;
  }
  if (given->operands.n == 0) {
    run_help(stderr);
    return EXIT_USAGE;
  }
  if (options->dead_letters == NULL && (options->retry || limit_mib > 0)) {
    return arguments_refuse("run", "%s needs --dead-letters FILE", options->retry ? "--retry" : "--dead-letters-limit");
  }
  if (options->cache == NULL && options->cache_bytes > 0) {
    return arguments_refuse("run", "--cache-size needs --cache DIR");
  }
  options->n_workers = (uint32_t)n_workers;
  options->dead_letters_bytes = limit_mib << 20;
  options->pipeline = given->operands.items[0];
  options->inputs = given->operands.items + 1;
  options->n_inputs = given->operands.n - 1;
  return EXIT_DONE;
}

bool run_options_parse(int argc, char **argv, run_options *options, int *ret_status) {
  const char *now = NULL;
  uint64_t n_workers = 0, limit_mib = 0, cache_mib = 0;
  *options = (run_options){ 0 };
  const argument_option table[] = {
    { .name = "output", .letter = 'o', .string = &options->output },
    { .name = "jobs", .letter = 'j', .number = &n_workers, .least = 1, .most = JOBS_MAX },
    { .name = "limit", .number = &options->limit, .least = 1, .most = INT64_MAX },
    { .name = "set", .list = &options->sets },
    { .name = "plugins", .list = &options->plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "resume", .flag = &options->resume },
    { .name = "allow-writable-plugins", .flag = &options->plugins.allow_writable },
    { .name = "quiet", .letter = 'q', .flag = &options->quiet },
    { .name = "stage-stats", .flag = &options->stage_stats },
    { .name = "verbose", .letter = 'v', .flag = &options->verbose },
    { .name = "no-progress", .flag = &options->no_progress },
    { .name = "summary-json", .string = &options->summary_json },
    { .name = "now", .string = &now },
    { .name = "cache", .string = &options->cache },
    { .name = "cache-size", .number = &cache_mib, .least = 1, .most = UINT32_MAX },
    { .name = "dead-letters", .string = &options->dead_letters },
    { .name = "dead-letters-limit", .number = &limit_mib, .least = 1, .most = UINT32_MAX },
    { .name = "retry", .flag = &options->retry },
  };
  arguments given = {
    .command = "run", .print_help = run_help, .options = table, .n_options = sizeof table / sizeof table[0]
  };
  bool goes_on = arguments_read(&given, argc, argv, ret_status);
  options->cache_bytes = cache_mib << 20;
  if (goes_on) {
    *ret_status = conclude(&given, now, n_workers, limit_mib, options);
    goes_on = *ret_status == EXIT_DONE;
  }
  options->operands = given.operands;
  return goes_on;
}

void run_options_done(run_options *options) {
  argument_list_done(&options->operands);
  argument_list_done(&options->sets);
  argument_list_done(&options->plugins.folders);
}
