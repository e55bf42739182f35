/* SPDX-License-Identifier: Apache-2.0 */

/* Parses the arguments of `qanat serve`. */
#include "command/serve_options.h"

#include <stdlib.h>
#include <string.h>

#include "command/command.h"

#define TRACE_RATIO 0.01

enum { JOBS_MAX = 1024, DRAIN_S = 30, DRAIN_MAX_S = 3600 };

static void serve_help(FILE *stream) {
  fputs(
      "usage: qanat serve [OPTION...] PIPELINE...\n\n"
      "Runs pipelines until it is told to end. What comes in by HTTP, a socket or standard input is written to a "
      "journal\n"
      "before it counts as accepted, and is there again after a crash; SIGTERM ends it when what is in flight has "
      "come\n"
      "out, SIGHUP reads the pipelines anew. See qanat-serve in docs/operating.md.\n\n"
      "      --state DIR        the journal, dead letters and the control's socket (qanat-state)\n"
      "      --control ADDRESS  where metrics, status and the page are: host:port, unix:/path or off "
      "(127.0.0.1:9600)\n"
      "      --control-token FILE\n"
      "                         whoever asks there must send the token in it (Authorization: Bearer)\n"
      "  -j, --jobs N           worker threads of each pipeline (as many as there are processors)\n"
      "      --drain SECONDS    how long an end or a reload waits for what is in flight (30)\n"
      "      --watch            reads a pipeline anew when its file changes\n"
      "      --journal-documents N\n"
      "                         how many documents may wait (1000000); then senders are told to come again\n"
      "      --journal-size MIB the same, of their bytes (4096)\n"
      "      --traces URL       sends traces of documents there, by OTLP (also: OTEL_EXPORTER_OTLP_ENDPOINT)\n"
      "      --trace-ratio R    of how many documents, 0 to 1 (0.01); those whose traceparent says so always\n"
      "      --set PATH=VALUE   changes a value of the pipelines first: stages.summarize.with.sentences=5; repeatable\n"
      "      --log WORDS        error, warning, info or debug, and json: info,json (info; also: QANAT_LOG)\n"
      "      --plugins FOLDER   looks there for plugins first; repeatable (also: QANAT_PLUGIN_PATH)\n"
      "      --allow-writable-plugins\n"
      "                         takes plugin files that others than their owner may write\n"
      "  -h, --help             this\n\n"
      "exit status: 0 it was told to end, and what has not come out waits in the journal; 1 it could not go on; 2 the\n"
      "command line or a pipeline is wrong; 3 a stage did not return from a document\n",
      stream);
}

static int read_ratio(void *arg, const char *value) {
  char *end;
  double ratio = strtod(value, &end);
  if (end == value || *end != '\0' || !(ratio >= 0 && ratio <= 1)) {
    return arguments_refuse("serve", "--trace-ratio: '%.60s' is no number from 0 to 1", value);
  }
  *(double *)arg = ratio;
  return EXIT_DONE;
}

static int read_log(void *arg, const char *value) {
  log_target *target = arg;
  if (log_target_parse(target, value) == 0) {
    return EXIT_DONE;
  }
  return arguments_refuse("serve", "--log: '%.60s' is not of the words error, warning, info, debug, text and json",
                          value);
}

bool serve_options_parse(int argc, char **argv, serve_options *options, int *ret_status) {
  uint64_t n_workers = 0, drain_s = DRAIN_S, journal_mib = 0;
  *options = (serve_options){
    .state = "qanat-state", .control = "127.0.0.1:9600", .trace_ratio = TRACE_RATIO, .log = log_target_standard()
  };
  if (getenv("QANAT_LOG") == NULL) {
    options->log.level = QN_LOG_INFO;
  }
  const argument_option table[] = {
    { .name = "state", .string = &options->state },
    { .name = "control", .string = &options->control },
    { .name = "control-token", .string = &options->token_file },
    { .name = "traces", .string = &options->traces },
    { .name = "trace-ratio", .read = read_ratio, .arg = &options->trace_ratio },
    { .name = "jobs", .letter = 'j', .number = &n_workers, .least = 1, .most = JOBS_MAX },
    { .name = "drain", .number = &drain_s, .least = 0, .most = DRAIN_MAX_S },
    { .name = "watch", .flag = &options->watch },
    { .name = "journal-documents", .number = &options->journal_documents, .least = 1, .most = 1000000000 },
    { .name = "journal-size", .number = &journal_mib, .least = 1, .most = UINT32_MAX },
    { .name = "set", .list = &options->sets },
    { .name = "log", .read = read_log, .arg = &options->log },
    { .name = "plugins", .list = &options->plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "allow-writable-plugins", .flag = &options->plugins.allow_writable },
  };
  arguments given = {
    .command = "serve", .print_help = serve_help, .options = table, .n_options = sizeof table / sizeof table[0]
  };
  bool goes_on = arguments_read(&given, argc, argv, ret_status);
  options->pipelines = given.operands;
  options->n_workers = (uint32_t)n_workers;
  options->drain_ms = (uint32_t)drain_s * 1000;
  options->journal_bytes = journal_mib << 20;
  if (goes_on && options->pipelines.n == 0) {
    serve_help(stderr);
    *ret_status = EXIT_USAGE;
    goes_on = false;
  }
  return goes_on;
}

void serve_options_done(serve_options *options) {
  argument_list_done(&options->pipelines);
  argument_list_done(&options->sets);
  argument_list_done(&options->plugins.folders);
}
