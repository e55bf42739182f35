/* SPDX-License-Identifier: Apache-2.0 */

/* Picks the command that the first argument names; each command parses its own arguments. */
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/outside.h"
#include "isolation/stage_host.h"
#include "plugin/config.h"
#include "qanat/version.h"

typedef struct command {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} command;

static const command commands[] = {
  { "run", command_run, "run documents through a pipeline" },
  { "serve", command_serve, "run pipelines as a worker that goes on and loses nothing" },
  { "top", command_top, "watch a worker" },
  { "check", command_check, "say everything that is wrong with a pipeline, or print its plan" },
  { "graph", command_graph, "draw a pipeline, with the times of a run" },
  { "stages", command_stages, "list the installed stages, or describe one" },
  { "test", command_test, "run the tests of a pipeline" },
  { "test-stage", command_test_stage, "hold a plugin to the rules of plugins" },
  { "trace", command_trace, "show what each stage does to a document" },
  { "new", command_new, "make the project of a new stage" },
  { "deadletter", command_deadletter, "look at documents that failed, and try them again" },
  { "journal", command_journal, "look at what a worker has accepted and not finished" },
  { "view", command_view, "make a page of records to look at" },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void print_help(FILE *stream) {
  fputs("usage: qanat COMMAND [ARGUMENT...]\n\nRuns documents through pipelines of stages.\n\ncommands:\n", stream);
  for (size_t i = 0; i < N_COMMANDS; i++) {
    fprintf(stream, "  %-10s %s\n", commands[i].name, commands[i].summary);
  }
  fputs("\ncommands that plugins bring:\n", stream);
  outside_list(stream);
  fputs("\n'qanat COMMAND --help' says more; 'qanat --version' names the version.\n", stream);
}

static const command *find(const char *name) {
  for (size_t i = 0; i < N_COMMANDS; i++) {
    if (strcmp(commands[i].name, name) == 0) {
      return &commands[i];
    }
  }
  return NULL;
}

static int refuse(const char *name) {
  const char *names[N_COMMANDS];
  for (size_t i = 0; i < N_COMMANDS; i++) {
    names[i] = commands[i].name;
  }
  const char *near = config_nearest(name, names, N_COMMANDS);
  fprintf(stderr, "qanat: there is no command '%s'", name);
  if (near != NULL) {
    fprintf(stderr, "; did you mean '%s'?", near);
  }
  fputs("\n'qanat --help' lists the commands.\n", stderr);
  return EXIT_USAGE;
}

static int print_version(void) {
  printf("qanat %s (stage ABI %d.%d)\n", QANAT_VERSION, QN_ABI_MAJOR, QN_ABI_MINOR);
  return EXIT_DONE;
}

static int run(int argc, char **argv) {
  const command *chosen = find(argv[0]);
  int status = EXIT_USAGE;
  if (chosen != NULL) {
    return chosen->run(argc, argv);
  }
  const char *name = argv[0];
  return outside_run(argv, &status) == 0 ? status : refuse(name);
}

/* `qanat help run` is `qanat run --help`. */
static int help(int argc, char **argv) {
  if (argc < 3) {
    print_help(stdout);
    return EXIT_DONE;
  }
  char flag[] = "--help";
  char *arguments[] = { argv[2], flag, NULL };
  return run(2, arguments);
}

int main(int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], STAGE_HOST_ARGUMENT) == 0) {
    return stage_host_main(); /* started by ourselves, to run an isolated stage */
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
    return help(argc, argv);
  }
  if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0) {
    return print_version();
  }
  return run(argc - 1, argv + 1);
}
