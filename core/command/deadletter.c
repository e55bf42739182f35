/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat deadletter`: the failed documents that a run kept. Lists them, shows one, gives them out, removes them, and
 * hands them to `qanat run` to be tried again. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/letter_text.h"

static const char state_file[] = "dead-letters.db"; /* in the folder of --state */

typedef struct deadletter_options {
  char *path; /* owned */
  letter_filter filter;
  int64_t *numbers; /* owned; filter.numbers */
  const char *output;
  bool json, jsonl, payload, all;
} deadletter_options;

static void print_help(FILE *stream) {
  fputs("usage: qanat deadletter list   --file FILE [OPTION...] [NUMBER...]\n"
        "       qanat deadletter show   --file FILE [--json | --payload] NUMBER\n"
        "       qanat deadletter export --file FILE [--jsonl] -o OUTPUT [NUMBER...]\n"
        "       qanat deadletter purge  --file FILE [--all] [NUMBER...]\n"
        "       qanat deadletter retry  --file FILE [RUN-OPTION...] PIPELINE [NUMBER...]\n\n"
        "The documents that failed, kept by 'qanat run --dead-letters FILE', each under a number.\n\n"
        "list names them; show tells all that is known of one; export writes their bytes into a folder, or with "
        "--jsonl a\n"
        "line of JSON each; purge removes them; retry runs them through the pipeline again, as 'qanat run --retry' "
        "does:\n"
        "those that come out now are removed, the others kept anew. It takes the options of 'qanat run'; name the "
        "output\n"
        "with -o.\n\n"
        "      --file FILE      the file that they are in\n"
        "      --state DIR      the folder of a worker; they are in dead-letters.db there\n"
        "      --pipeline NAME  only those of this pipeline\n"
        "      --stage ID       only those that failed at this stage\n"
        "      --slug SLUG      only those that failed for this reason, e.g. bad-encoding\n"
        "      --json           list, show: for programs\n"
        "      --payload        show: the document's own bytes and nothing else\n"
        "      --jsonl          export: a line of JSON each, with the bytes as \"text\" if they are UTF-8, else as "
        "base64;\n"
        "                       'qanat run' reads the former\n"
        "  -o, --output OUTPUT  export: the folder, or with --jsonl the file (- for standard output)\n"
        "      --all            purge: all of them, if nothing else says which\n"
        "  -h, --help           this\n\n"
        "exit status: 0 done; 1 it failed; 2 the command line is wrong, or there is no such letter or file\n",
        stream);
}

/* --- arguments --- */

static char *state_path(const char *folder) {
  char *path = NULL;
  return asprintf(&path, "%s/%s", folder, state_file) < 0 ? NULL : path;
}

static int take_path(deadletter_options *options, char *path) {
  free(options->path);
  options->path = path;
  return path != NULL ? EXIT_DONE : arguments_no_memory("deadletter");
}

static int take_file(void *arg, const char *value) {
  return take_path(arg, strdup(value));
}

static int take_state(void *arg, const char *value) {
  return take_path(arg, state_path(value));
}

/* --- the actions --- */

typedef struct action {
  const char *name;
  letter_access access;
  int (*run)(const deadletter_options *options, letter_rows *rows);
} action;

static int say(const qn_error *error) {
  fprintf(stderr, "qanat deadletter: %s\n", error->message);
  return EXIT_FAILED;
}

/* Walks through the letters that were asked for. EXIT_USAGE if a number among them is none. */
static int walk(const deadletter_options *options, letter_rows *rows,
                int (*each)(void *arg, letter_rows *rows, const letter_row *row, qn_error *error), void *arg,
                uint64_t *ret_n) {
  letter_filter filter = options->filter;
  letter_row row;
  qn_error error = { 0 };
  uint64_t n = 0;
  int rc;
  while ((rc = letter_rows_next(rows, &filter, &row, &error)) == 0) {
    int64_t number = row.number;
    rc = each(arg, rows, &row, &error);
    if (rc != 0) {
      break;
    }
    filter.after = number;
    n++;
  }
  *ret_n = n;
  if (rc != -ENOENT) {
    return say(&error);
  }
  if (n == 0 && options->filter.n_numbers > 0) {
    fprintf(stderr, "qanat deadletter: %s has no letter with %s; 'qanat deadletter list' shows them\n", options->path,
            options->filter.n_numbers == 1 ? "that number" : "one of those numbers");
    return EXIT_USAGE;
  }
  return EXIT_DONE;
}

static int print_line(void *arg, letter_rows *rows, const letter_row *row, qn_error *error) {
  (void)rows;
  (void)error;
  letter_text_line(row, arg);
  return 0;
}

static int print_json(void *arg, letter_rows *rows, const letter_row *row, qn_error *error) {
  return letter_text_json(rows, row, false, arg, error);
}

static int run_list(const deadletter_options *options, letter_rows *rows) {
  uint64_t n, n_all, n_bytes;
  qn_error error = { 0 };
  if (!options->json) {
    letter_text_heading(stdout);
  }
  int status = walk(options, rows, options->json ? print_json : print_line, stdout, &n);
  if (status == EXIT_DONE && !options->json) {
    if (letter_rows_totals(rows, &n_all, &n_bytes, &error) != 0) {
      return say(&error);
    }
    letter_text_totals(n, n_all, n_bytes, stdout);
  }
  return status;
}

static int show_row(void *arg, letter_rows *rows, const letter_row *row, qn_error *error) {
  const deadletter_options *options = arg;
  if (options->payload) {
    return letter_text_payload(rows, row, stdout, error);
  }
  return options->json ? letter_text_json(rows, row, true, stdout, error) : letter_text_show(rows, row, stdout, error);
}

static int run_show(const deadletter_options *options, letter_rows *rows) {
  uint64_t n;
  if (options->filter.n_numbers != 1) {
    return arguments_refuse("deadletter", "show takes the number of one letter");
  }
  return walk(options, rows, show_row, (void *)(uintptr_t)options, &n);
}

static int export_row(void *arg, letter_rows *rows, const letter_row *row, qn_error *error) {
  return letter_text_file(rows, row, arg, error);
}

static int export_line(void *arg, letter_rows *rows, const letter_row *row, qn_error *error) {
  return letter_text_json(rows, row, true, arg, error);
}

static int run_export(const deadletter_options *options, letter_rows *rows) {
  uint64_t n = 0;
  if (options->output == NULL) {
    return arguments_refuse("deadletter", "export needs -o OUTPUT, a folder or with --jsonl a file");
  }
  if (!options->jsonl) {
    int status = walk(options, rows, export_row, (void *)(uintptr_t)options->output, &n);
    fprintf(stderr, "qanat: %" PRIu64 " dead letter%s written to %s\n", n, n == 1 ? "" : "s", options->output);
    return status;
  }
  bool direct = strcmp(options->output, "-") == 0;
  FILE *file = direct ? stdout : fopen(options->output, "wx");
  if (file == NULL) {
    fprintf(stderr, "qanat deadletter: cannot write %s: %s\n", options->output, strerror(errno));
    return EXIT_FAILED;
  }
  int status = walk(options, rows, export_line, file, &n);
  if (!direct && fclose(file) != 0) {
    fprintf(stderr, "qanat deadletter: cannot write %s: %s\n", options->output, strerror(errno));
    status = EXIT_FAILED;
  }
  return status;
}

static int remove_row(void *arg, letter_rows *rows, const letter_row *row, qn_error *error) {
  (void)arg;
  return letter_rows_remove(rows, row->number, error);
}

static int run_purge(const deadletter_options *options, letter_rows *rows) {
  const letter_filter *filter = &options->filter;
  qn_error error = { 0 };
  uint64_t n = 0;
  if (!options->all && filter->numbers == NULL && filter->pipeline == NULL && filter->stage == NULL &&
      filter->slug == NULL) {
    return arguments_refuse("deadletter", "purge needs numbers, --pipeline, --stage, --slug or --all");
  }
  if (letter_rows_begin(rows, &error) != 0) {
    return say(&error);
  }
  int status = walk(options, rows, remove_row, NULL, &n);
  if (letter_rows_end(rows, status == EXIT_DONE, &error) != 0) {
    return say(&error);
  }
  if (status == EXIT_DONE && letter_rows_shrink(rows, &error) != 0) {
    return say(&error);
  }
  if (status == EXIT_DONE) {
    fprintf(stderr, "qanat: %" PRIu64 " dead letter%s removed from %s\n", n, n == 1 ? "" : "s", options->path);
  }
  return status;
}

static const action actions[] = {
  { "list", LETTERS_READ, run_list },
  { "show", LETTERS_READ, run_show },
  { "export", LETTERS_READ, run_export },
  { "purge", LETTERS_CHANGE, run_purge },
};

enum { N_ACTIONS = sizeof actions / sizeof actions[0] };

static int act(const action *chosen, const arguments *given, deadletter_options *options) {
  letter_rows *rows = NULL;
  qn_error error = { 0 };
  const argument_list *numbers = &given->operands;
  int status = arguments_letter_numbers("deadletter", numbers->items, numbers->n, &options->numbers);
  if (status != EXIT_DONE) {
    return status;
  }
  if (options->path == NULL) {
    return arguments_refuse("deadletter", "%s needs --file FILE or --state DIR", chosen->name);
  }
  options->filter.numbers = numbers->n > 0 ? options->numbers : NULL;
  options->filter.n_numbers = numbers->n;
  if (letter_rows_open(options->path, chosen->access, &rows, &error) != 0) {
    say(&error);
    return EXIT_USAGE;
  }
  status = answer_end("deadletter", chosen->run(options, rows));
  letter_rows_close(rows);
  return status;
}

static int perform(const action *chosen, int argc, char **argv) {
  deadletter_options options = { 0 };
  const argument_option table[] = {
    { .name = "file", .read = take_file, .arg = &options },
    { .name = "state", .read = take_state, .arg = &options },
    { .name = "pipeline", .string = &options.filter.pipeline },
    { .name = "stage", .string = &options.filter.stage },
    { .name = "slug", .string = &options.filter.slug },
    { .name = "json", .flag = &options.json },
    { .name = "jsonl", .flag = &options.jsonl },
    { .name = "payload", .flag = &options.payload },
    { .name = "output", .letter = 'o', .string = &options.output },
    { .name = "all", .flag = &options.all },
  };
  arguments given = {
    .command = "deadletter", .print_help = print_help, .options = table, .n_options = sizeof table / sizeof table[0]
  };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    status = act(chosen, &given, &options);
  }
  free(options.path);
  free(options.numbers);
  arguments_done(&given);
  return status;
}

/* --- retry --- */

/* The value of an option that stands for --dead-letters, as FILE or DIR/dead-letters.db; NULL: it is another one. */
static char *letters_option(const char *argument, const char *after, bool *ret_takes_next, bool *ret_matches) {
  static const struct {
    const char *name;
    bool folder;
  } names[] = { { "--file", false }, { "--state", true } };
  *ret_matches = false;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    size_t len = strlen(names[i].name);
    if (strncmp(argument, names[i].name, len) == 0 && (argument[len] == '=' || argument[len] == '\0')) {
      const char *value = argument[len] == '=' ? argument + len + 1 : after;
      *ret_matches = true;
      *ret_takes_next = argument[len] == '\0';
      return value == NULL ? NULL : names[i].folder ? state_path(value) : strdup(value);
    }
  }
  return NULL;
}

/* As `qanat run --retry --dead-letters FILE` with everything else as it is. */
static int run_retry(int argc, char **argv) {
  char **arguments = calloc((size_t)argc + 4, sizeof *arguments);
  char name[] = "run", flag[] = "--retry", option[] = "--dead-letters";
  char *path = NULL;
  int n = 0;
  bool options_ended = false;
  int status = arguments == NULL ? arguments_no_memory("deadletter") : EXIT_DONE;
  if (status == EXIT_DONE) {
    arguments[n++] = name;
    arguments[n++] = flag;
  }
  for (int i = 1; status == EXIT_DONE && i < argc; i++) {
    bool takes_next = false, matches = false;
    options_ended = options_ended || strcmp(argv[i], "--") == 0;
    char *found = options_ended ? NULL : letters_option(argv[i], argv[i + 1], &takes_next, &matches);
    if (!matches) {
      arguments[n++] = argv[i];
      continue;
    }
    free(path);
    path = found;
    i += takes_next;
    status = path == NULL ? arguments_refuse("deadletter", "%s needs a value", argv[i - takes_next]) : EXIT_DONE;
  }
  if (status == EXIT_DONE && path == NULL) {
    status = arguments_refuse("deadletter", "retry needs --file FILE or --state DIR");
  }
  if (status == EXIT_DONE) {
    memmove(arguments + 4, arguments + 2, (size_t)(n - 2) * sizeof *arguments);
    arguments[2] = option;
    arguments[3] = path;
    status = command_run(n + 2, arguments);
  }
  free(path);
  free(arguments);
  return status;
}

int command_deadletter(int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    print_help(stdout);
    return EXIT_DONE;
  }
  if (strcmp(argv[1], "retry") == 0) {
    bool help = argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0);
    if (help) {
      print_help(stdout);
    }
    return help ? EXIT_DONE : run_retry(argc - 1, argv + 1);
  }
  const char *names[N_ACTIONS + 1];
  for (unsigned i = 0; i < N_ACTIONS; i++) {
    names[i] = actions[i].name;
    if (strcmp(actions[i].name, argv[1]) == 0) {
      return perform(&actions[i], argc - 1, argv + 1);
    }
  }
  names[N_ACTIONS] = "retry";
  return arguments_refuse_word("deadletter", "the action", names, N_ACTIONS + 1, argv[1]);
}
