/* SPDX-License-Identifier: Apache-2.0 */

/* Parses the arguments of `qanat run`. */
#include "command/run_options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command/command.h"
#include "plugin/config.h"

enum {
  OPTION_JOBS = 'j',
  OPTION_OUTPUT = 'o',
  OPTION_QUIET = 'q',
  OPTION_VERBOSE = 'v',
  OPTION_HELP = 'h',
  OPTION_LIMIT = 256,
  OPTION_SET,
  OPTION_PLUGINS,
  OPTION_RESUME,
  OPTION_WRITABLE,
  OPTION_NO_PROGRESS,
  OPTION_SUMMARY,
  OPTION_NOW,
  OPTION_DEAD_LETTERS,
  OPTION_DEAD_LETTERS_LIMIT,
  OPTION_RETRY,
};

static const struct option long_options[] = {
  { "output", required_argument, NULL, OPTION_OUTPUT },
  { "jobs", required_argument, NULL, OPTION_JOBS },
  { "limit", required_argument, NULL, OPTION_LIMIT },
  { "set", required_argument, NULL, OPTION_SET },
  { "plugins", required_argument, NULL, OPTION_PLUGINS },
  { "resume", no_argument, NULL, OPTION_RESUME },
  { "allow-writable-plugins", no_argument, NULL, OPTION_WRITABLE },
  { "quiet", no_argument, NULL, OPTION_QUIET },
  { "verbose", no_argument, NULL, OPTION_VERBOSE },
  { "no-progress", no_argument, NULL, OPTION_NO_PROGRESS },
  { "summary-json", required_argument, NULL, OPTION_SUMMARY },
  { "now", required_argument, NULL, OPTION_NOW },
  { "dead-letters", required_argument, NULL, OPTION_DEAD_LETTERS },
  { "dead-letters-limit", required_argument, NULL, OPTION_DEAD_LETTERS_LIMIT },
  { "retry", no_argument, NULL, OPTION_RETRY },
  { "help", no_argument, NULL, OPTION_HELP },
  { NULL, 0, NULL, 0 },
};

enum { N_LONG_OPTIONS = sizeof long_options / sizeof long_options[0] - 1, JOBS_MAX = 1024, SINKS_ROOM = 16 };

void run_help(FILE *stream) {
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
      "      --dead-letters FILE\n"
      "                         keeps failed documents there, with their bytes and the reasons; see 'qanat "
      "deadletter'\n"
      "      --dead-letters-limit MIB\n"
      "                         stops when the documents there have so many MiB (4096)\n"
      "      --retry            takes the documents in the file of --dead-letters instead of the source's; INPUTs are\n"
      "                         their numbers then (all of this pipeline)\n"
      "  -q, --quiet            no summary; failures are still named\n"
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

static int usage_error(const char *format, const char *what) {
  fputs("qanat run: ", stderr);
  fprintf(stderr, format, what);
  fputs("; see 'qanat run --help'\n", stderr);
  return EXIT_USAGE;
}

static int parse_number(const char *name, const char *text, uint64_t most, uint64_t *ret_number) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number < 1 || number > most) {
    fprintf(stderr, "qanat run: %s takes a whole number from 1 to %llu, not '%s'\n", name, (unsigned long long)most,
            text);
    return EXIT_USAGE;
  }
  *ret_number = number;
  return EXIT_DONE;
}

/* A date, a date and time in UTC, or milliseconds. */
static int parse_now(const char *text, run_options *options) {
  static const char *const formats[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d" };
  char *end;
  errno = 0;
  long long ms = strtoll(text, &end, 10);
  if (text[0] != '\0' && *end == '\0' && errno == 0) {
    options->frozen = true;
    options->now_ms = ms;
    return EXIT_DONE;
  }
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
    struct tm time = { 0 };
    const char *rest = strptime(text, formats[i], &time);
    if (rest != NULL && *rest == '\0') {
      options->frozen = true;
      options->now_ms = (int64_t)timegm(&time) * 1000;
      return EXIT_DONE;
    }
  }
  return usage_error("'%s' is no time: write 2026-01-16, 2026-01-16T12:00:00Z or milliseconds since 1970", text);
}

static int refuse_option(const char *argument) {
  const char *names[N_LONG_OPTIONS];
  for (int i = 0; i < N_LONG_OPTIONS; i++) {
    names[i] = long_options[i].name;
  }
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
  const char *near = strncmp(name, "--", 2) == 0 ? config_nearest(name + 2, names, N_LONG_OPTIONS) : NULL;
  fprintf(stderr, "qanat run: there is no option '%s'", name);
  if (near != NULL) {
    fprintf(stderr, "; did you mean '--%s'?", near);
  }
  fputs("\n'qanat run --help' lists the options.\n", stderr);
  return EXIT_USAGE;
}

static int take(run_options *options, int option, const char *value) {
  uint64_t number = 0;
  int rc = EXIT_DONE;
  switch (option) {
  case OPTION_OUTPUT:
    options->output = value;
    break;
  case OPTION_JOBS:
    rc = parse_number("--jobs", value, JOBS_MAX, &number);
    options->n_workers = (uint32_t)number;
    break;
  case OPTION_LIMIT:
    rc = parse_number("--limit", value, INT64_MAX, &number);
    options->limit = number;
    break;
  case OPTION_SET:
    options->sets[options->n_sets++] = value;
    break;
  case OPTION_PLUGINS:
    options->folders[options->n_folders++] = value;
    break;
  case OPTION_RESUME:
    options->resume = true;
    break;
  case OPTION_WRITABLE:
    options->allow_writable = true;
    break;
  case OPTION_QUIET:
    options->quiet = true;
    break;
  case OPTION_VERBOSE:
    options->verbose = true;
    break;
  case OPTION_NO_PROGRESS:
    options->no_progress = true;
    break;
  case OPTION_SUMMARY:
    options->summary_json = value;
    break;
  case OPTION_NOW:
    rc = parse_now(value, options);
    break;
  case OPTION_DEAD_LETTERS:
    options->dead_letters = value;
    break;
  case OPTION_DEAD_LETTERS_LIMIT:
    rc = parse_number("--dead-letters-limit", value, UINT32_MAX, &number);
    options->dead_letters_bytes = number << 20;
    break;
  case OPTION_RETRY:
    options->retry = true;
    break;
  default:
    options->help = true;
    break;
  }
  return rc;
}

static int take_all(int argc, char **argv, run_options *options) {
  optind = 0; /* glibc: starts afresh */
  opterr = 0;
  int option;
  while ((option = getopt_long(argc, argv, ":o:j:qvh", long_options, NULL)) != -1) {
    if (option == ':') {
      return usage_error("%s needs a value", argv[optind - 1]);
    }
    int rc = option == '?' ? refuse_option(argv[optind - 1]) : take(options, option, optarg);
    if (rc != EXIT_DONE) {
      return rc;
    }
  }
  return EXIT_DONE;
}

int run_options_parse(int argc, char **argv, run_options *ret_options) {
  run_options options = { 0 };
  options.sets = calloc((size_t)argc + SINKS_ROOM, sizeof *options.sets);
  options.folders = calloc((size_t)argc, sizeof *options.folders);
  int rc = EXIT_DONE;
  if (options.sets == NULL || options.folders == NULL) {
    fputs("qanat run: no memory\n", stderr);
    rc = EXIT_FAILED;
  }
  const char *now = getenv("QANAT_NOW");
  if (rc == EXIT_DONE && now != NULL && now[0] != '\0') {
    rc = parse_now(now, &options);
  }
  if (rc == EXIT_DONE) {
    rc = take_all(argc, argv, &options);
  }
  if (rc == EXIT_DONE && !options.help && optind >= argc) {
    run_help(stderr);
    rc = EXIT_USAGE;
  }
  if (rc == EXIT_DONE && options.dead_letters == NULL && (options.retry || options.dead_letters_bytes > 0)) {
    rc = usage_error("%s needs --dead-letters FILE", options.retry ? "--retry" : "--dead-letters-limit");
  }
  if (rc != EXIT_DONE) {
    run_options_done(&options);
    return rc;
  }
  if (!options.help) {
    options.pipeline = argv[optind];
    options.inputs = (const char *const *)&argv[optind + 1];
    options.n_inputs = (uint32_t)(argc - optind - 1);
  }
  *ret_options = options;
  return EXIT_DONE;
}

void run_options_done(run_options *options) {
  free((void *)options->sets);
  free((void *)options->folders);
  options->sets = NULL;
  options->folders = NULL;
}
