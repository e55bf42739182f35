/* SPDX-License-Identifier: Apache-2.0 */

/* qanat-lexicon COMMAND ...  run as `qanat lexicon COMMAND ...`, and by the build. */
#include <stdio.h>
#include <string.h>

#include "program.h"

static void print_help(FILE *stream) {
  fputs(
      "usage: qanat lexicon build FILE.tsv... [-o OUT.qlex]\n"
      "       qanat lexicon lookup [--lexicon FILE]... NAME...\n"
      "       qanat lexicon stats [--lexicon FILE]... [--conflicts]\n"
      "\n"
      "Compiles lexicons of names, and says why a name is linked or not.\n"
      "\n"
      "  build       compiles lines; every line that cannot be used is told; without -o it only checks\n"
      "  lookup      says what a name means: its entries, why they are in doubt, the nearest spellings\n"
      "  stats       counts what a lexicon holds\n"
      "\n"
      "  -o, --output OUT.qlex   where build writes the compiled lexicon\n"
      "      --lexicon FILE      asks this one, lines or compiled; repeatable, the first comes first (default: the one "
      "that\n"
      "                          Qanat ships)\n"
      "      --conflicts         lists the aliases that two names of one type share without being marked as doubtful\n",
      stream);
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
  } commands[] = { { "build", command_build }, { "lookup", command_lookup }, { "stats", command_stats } };
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
      print_help(stdout);
      return DONE;
    }
  }
  for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof commands[0]; i++) {
    if (strcmp(argv[1], commands[i].name) == 0) {
      int status = commands[i].run(argc - 1, argv + 1);
      if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        fputs("qanat lexicon: cannot write to standard output\n", stderr);
        status = FAILED;
      }
      return status;
    }
  }
  if (argc > 1) {
    fprintf(stderr, "qanat lexicon: there is no command '%s'\n", argv[1]);
  }
  print_help(stderr);
  return WRONG_USE;
}
