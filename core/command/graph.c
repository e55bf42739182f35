/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat graph`: a picture of a pipeline, with the times of a run if asked. Nothing runs, no plugin is loaded. */
#include "pipeline/graph.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "plugin/config.h"

enum {
  OPTION_HELP = 'h',
  OPTION_OUTPUT = 'o',
  OPTION_FORMAT = 256,
  OPTION_TIMINGS,
  OPTION_SET,
  OPTION_PLUGINS,
  OPTION_WRITABLE
};

static const struct option long_options[] = {
  { "format", required_argument, NULL, OPTION_FORMAT },
  { "timings", required_argument, NULL, OPTION_TIMINGS },
  { "output", required_argument, NULL, OPTION_OUTPUT },
  { "set", required_argument, NULL, OPTION_SET },
  { "plugins", required_argument, NULL, OPTION_PLUGINS },
  { "allow-writable-plugins", no_argument, NULL, OPTION_WRITABLE },
  { "help", no_argument, NULL, OPTION_HELP },
  { NULL, 0, NULL, 0 },
};

enum { N_LONG_OPTIONS = sizeof long_options / sizeof long_options[0] - 1 };

typedef int draw(const plan *plan, const graph_run *run, FILE *stream);

static const struct {
  const char *name;
  draw *draw;
} formats[] = { { "svg", graph_svg }, { "dot", graph_dot }, { "mermaid", graph_mermaid } };

enum { N_FORMATS = sizeof formats / sizeof formats[0] };

typedef struct graph_options {
  bool help, allow_writable;
  draw *draw;
  const char *timings, *output, *path;
  uint32_t n_folders, n_sets;
  const char **folders, **sets; /* owned; room for all arguments each */
} graph_options;

static void print_help(FILE *stream) {
  fputs("usage: qanat graph [OPTION...] PIPELINE\n\n"
        "Draws a pipeline: its stages, the segments they run in, what leads where and on which condition.\n"
        "Reads the manifests of plugins and runs none of their code.\n\n"
        "      --format FORMAT    svg (default; for browsers), dot (for Graphviz) or mermaid (for Markdown)\n"
        "      --timings FILE     shows what a run did at each stage: the file that 'qanat run --summary-json FILE' "
        "wrote\n"
        "  -o, --output FILE      writes there instead of to standard output\n"
        "      --set PATH=VALUE   changes a value first, as 'qanat run' does; repeatable\n"
        "      --plugins FOLDER   looks there for plugins first; repeatable (also: QANAT_PLUGIN_PATH)\n"
        "      --allow-writable-plugins\n"
        "                         takes plugin files that others than their owner may write\n"
        "  -h, --help             this\n\n"
        "exit status: 0 drawn, 1 it can't be written, 2 something is wrong with the pipeline or the command line\n",
        stream);
}

static int refuse_option(const char *argument) {
  const char *names[N_LONG_OPTIONS];
  for (int i = 0; i < N_LONG_OPTIONS; i++) {
    names[i] = long_options[i].name;
  }
  char name[64];
  snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
  const char *near = strncmp(name, "--", 2) == 0 ? config_nearest(name + 2, names, N_LONG_OPTIONS) : NULL;
  fprintf(stderr, "qanat graph: there is no option '%s'%s%s%s\n'qanat graph --help' lists the options.\n", name,
          near != NULL ? "; did you mean '--" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
  return EXIT_USAGE;
}

/* EXIT_DONE, or EXIT_USAGE after saying why. */
static int take_format(graph_options *options, const char *name) {
  const char *names[N_FORMATS];
  for (int i = 0; i < N_FORMATS; i++) {
    names[i] = formats[i].name;
    if (strcmp(formats[i].name, name) == 0) {
      options->draw = formats[i].draw;
      return EXIT_DONE;
    }
  }
  const char *near = config_nearest(name, names, N_FORMATS);
  fprintf(stderr, "qanat graph: --format is svg, dot or mermaid, not '%.40s'%s%s%s\n", name,
          near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
  return EXIT_USAGE;
}

static int take(graph_options *options, int option, const char *value) {
  switch (option) {
  case OPTION_FORMAT:
    return take_format(options, value);
  case OPTION_TIMINGS:
    options->timings = value;
    break;
  case OPTION_OUTPUT:
    options->output = value;
    break;
  case OPTION_SET:
    options->sets[options->n_sets++] = value;
    break;
  case OPTION_PLUGINS:
    options->folders[options->n_folders++] = value;
    break;
  case OPTION_WRITABLE:
    options->allow_writable = true;
    break;
  default:
    options->help = true;
    break;
  }
  return EXIT_DONE;
}

static int options_parse(int argc, char **argv, graph_options *options) {
  int option;
  int status = EXIT_DONE;
  optind = 0; /* glibc: starts afresh */
  opterr = 0;
  while (status == EXIT_DONE && (option = getopt_long(argc, argv, ":ho:", long_options, NULL)) != -1) {
    if (option == ':') {
      fprintf(stderr, "qanat graph: %s needs a value; see 'qanat graph --help'\n", argv[optind - 1]);
      return EXIT_USAGE;
    }
    status = option == '?' ? refuse_option(argv[optind - 1]) : take(options, option, optarg);
  }
  if (status == EXIT_DONE && !options->help && argc - optind != 1) {
    fputs(argc > optind ? "qanat graph: one pipeline at a time; see 'qanat graph --help'\n"
                        : "qanat graph: which pipeline? See 'qanat graph --help'\n",
          stderr);
    return EXIT_USAGE;
  }
  options->path = argv[optind];
  return status;
}

/* --- drawing --- */

static int draw_failed(int code) {
  fprintf(stderr, "qanat graph: %s\n",
          code == -E2BIG ? "too many stages and edges to lay out: use --format dot and Graphviz" : "no memory");
  return EXIT_FAILED;
}

static int write_failed(const graph_options *options) {
  fprintf(stderr, "qanat graph: can't write %s: %s\n", options->output != NULL ? options->output : "standard output",
          strerror(errno != 0 ? errno : EIO));
  return EXIT_FAILED;
}

/* All of it is drawn before any of it is written: what was there before stays if it can't be drawn. */
static int write_picture(const graph_options *options, const plan *planned, const graph_run *run) {
  char *text = NULL;
  size_t len = 0;
  FILE *memory = open_memstream(&text, &len);
  int result = memory == NULL ? -ENOMEM : options->draw(planned, run, memory);
  if (memory != NULL && (fclose(memory) != 0 || text == NULL) && result == 0) {
    result = -ENOMEM;
  }
  int status = result != 0 ? draw_failed(result) : EXIT_DONE;
  if (status == EXIT_DONE) {
    bool elsewhere = options->output != NULL && strcmp(options->output, "-") != 0;
    errno = 0;
    FILE *stream = elsewhere ? fopen(options->output, "w") : stdout;
    bool good = stream != NULL && fwrite(text, 1, len, stream) == len && fflush(stream) == 0;
    if (elsewhere && stream != NULL) {
      good = fclose(stream) == 0 && good;
    }
    status = good ? EXIT_DONE : write_failed(options);
  }
  free(text);
  return status;
}

static int draw_plan(const graph_options *options, const plan *planned) {
  qn_error error = { 0 };
  graph_run *run = calloc(1, sizeof *run);
  if (run == NULL) {
    return draw_failed(-ENOMEM);
  }
  int status = EXIT_DONE;
  if (options->timings != NULL && graph_run_read(options->timings, planned, run, &error) != 0) {
    fprintf(stderr, "qanat graph: %s\n", error.message);
    status = EXIT_USAGE;
  }
  if (status == EXIT_DONE) {
    status = write_picture(options, planned, options->timings != NULL ? run : NULL);
  }
  free(run);
  return status;
}

static int draw_pipeline(const graph_options *options, const registry *installed) {
  const plan_options changes = { .sets = options->sets, .n_sets = options->n_sets, .to_look_at = true };
  faults *found = NULL;
  plan *made = NULL;
  if (faults_new(&found) != 0) {
    return draw_failed(-ENOMEM);
  }
  int status = EXIT_USAGE;
  if (plan_make(options->path, installed, &changes, &made, found) == 0) {
    status = draw_plan(options, made);
  } else {
    faults_print(found, stderr, isatty(STDERR_FILENO) == 1);
  }
  plan_free(made);
  faults_free(found);
  return status;
}

static int obey(int argc, char **argv, graph_options *options) {
  int status = options_parse(argc, argv, options);
  if (status != EXIT_DONE) {
    return status;
  }
  if (options->help) {
    print_help(stdout);
    return EXIT_DONE;
  }
  const registry_options search = { .folders = options->folders,
                                    .n_folders = options->n_folders,
                                    .allow_writable = options->allow_writable };
  registry *installed = NULL;
  qn_error error = { 0 };
  if (registry_new(&search, &installed, &error) != 0) {
    fprintf(stderr, "qanat graph: %s\n", error.message);
    return EXIT_FAILED;
  }
  status = draw_pipeline(options, installed);
  registry_free(installed);
  return status;
}

int command_graph(int argc, char **argv) {
  graph_options options = { .draw = graph_svg,
                            .folders = calloc((size_t)argc, sizeof *options.folders),
                            .sets = calloc((size_t)argc, sizeof *options.sets) };
  int status = options.folders != NULL && options.sets != NULL ? obey(argc, argv, &options) : draw_failed(-ENOMEM);
  free(options.folders);
  free(options.sets);
  return status;
}
