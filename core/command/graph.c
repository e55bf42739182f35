/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat graph`: a picture of a pipeline, with the times of a run if asked. Nothing runs, no plugin is loaded. */
#include "pipeline/graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"

typedef int draw(const plan *plan, const graph_run *run, FILE *stream);

static const char *const format_names[] = { "svg", "dot", "mermaid" };
static draw *const formats[] = { graph_svg, graph_dot, graph_mermaid }; /* in the same order */

enum { N_FORMATS = sizeof formats / sizeof formats[0] };

typedef struct graph_options {
  unsigned format;
  const char *timings, *output, *path;
  plugin_arguments plugins;
  argument_list sets;
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
  int result = memory == NULL ? -ENOMEM : formats[options->format](planned, run, memory);
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
  const plan_options changes = { .sets = options->sets.items, .n_sets = options->sets.n, .to_look_at = true };
  faults *found = NULL;
  plan *made = NULL;
  if (faults_new(&found) != 0) {
    return draw_failed(-ENOMEM);
  }
  int status = EXIT_USAGE;
  if (plan_make(options->path, installed, &changes, &made, found) == 0) {
    status = draw_plan(options, made);
  } else {
    answer_faults(options->path, found);
  }
  plan_free(made);
  faults_free(found);
  return status;
}

static int obey(graph_options *options, const arguments *given) {
  registry *installed = NULL;
  if (given->operands.n == 0) {
    return arguments_refuse("graph", "which pipeline?");
  }
  options->path = given->operands.items[0];
  int status = arguments_open_registry("graph", &options->plugins, &installed);
  if (status == EXIT_DONE) {
    status = draw_pipeline(options, installed);
  }
  registry_free(installed);
  return status;
}

int command_graph(int argc, char **argv) {
  graph_options options = { 0 };
  const argument_option table[] = {
    { .name = "format", .choice = &options.format, .words = format_names, .n_words = N_FORMATS },
    { .name = "timings", .string = &options.timings },
    { .name = "output", .letter = 'o', .string = &options.output },
    { .name = "set", .list = &options.sets },
    { .name = "plugins", .list = &options.plugins.folders, .at_most = ARGUMENTS_FOLDERS_MAX },
    { .name = "allow-writable-plugins", .flag = &options.plugins.allow_writable },
  };
  arguments given = { .command = "graph",
                      .print_help = print_help,
                      .options = table,
                      .n_options = sizeof table / sizeof table[0],
                      .operand = "pipeline",
                      .most_operands = 1 };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    status = obey(&options, &given);
  }
  argument_list_done(&options.sets);
  argument_list_done(&options.plugins.folders);
  arguments_done(&given);
  return status;
}
