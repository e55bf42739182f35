/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat journal`: what a worker's journal holds. It reads beside the worker and changes nothing: documents come out of the
 * journal by being processed. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/answer.h"
#include "command/arguments.h"
#include "command/command.h"
#include "command/json_text.h"
#include "delivery/journal_fields.h"
#include "delivery/journal_file.h"
#include "observe/progress.h"

enum { WRONG_SHOWN = 100 };

typedef struct journal_arguments {
  char *path; /* owned */
  const char *line, *output;
  uint64_t limit;
  bool json;
} journal_arguments;

static void print_help(FILE *stream) {
  fputs(
      "usage: qanat journal status --state DIR [--json]\n"
      "       qanat journal verify --state DIR [--json]\n"
      "       qanat journal export --state DIR [--line LINE] [--limit N] [-o OUTPUT]\n\n"
      "The documents that a worker has accepted and not finished, in its folder of state. The worker may be running "
      "meanwhile.\n\n"
      "status tells how many wait in each line, which is a source of a pipeline; verify looks at all of the journal "
      "and "
      "says\n"
      "what is wrong with it; export writes the documents, a line of JSON each, oldest first in each line. They stay "
      "in "
      "the\n"
      "journal.\n\n"
      "      --state DIR      the folder of the worker\n"
      "      --file FILE      a journal itself, as one that was moved aside: DIR/journal.db.damaged-1\n"
      "      --json           status, verify: for programs\n"
      "      --line LINE      export: only this one, as status names it: PIPELINE/SOURCE\n"
      "      --limit N        export: at most so many\n"
      "  -o, --output OUTPUT  export: the file, which must not be there yet (- for standard output, as without it);\n"
      "                       bytes are \"text\" if they are UTF-8, which 'qanat run' reads, else base64\n"
      "  -h, --help           this\n\n"
      "exit status: 0 done; 1 it failed, or verify found something wrong; 2 the command line is wrong, or there is no "
      "journal\n",
      stream);
}

static int say(const qn_error *error) {
  fprintf(stderr, "qanat journal: %s\n", error->message);
  return EXIT_FAILED;
}

static int take_path(journal_arguments *given, char *path) {
  free(given->path);
  given->path = path;
  return path != NULL ? EXIT_DONE : arguments_no_memory("journal");
}

static int take_file(void *arg, const char *value) {
  return take_path(arg, strdup(value));
}

static int take_state(void *arg, const char *value) {
  char *path = NULL;
  return take_path(arg, asprintf(&path, "%s/journal.db", value) < 0 ? NULL : path);
}

/* --- status --- */

typedef struct totals {
  uint64_t documents, bytes, oldest_ms, file_bytes, body_bytes;
  bool is_held;
} totals;

static totals add_up(journal_file *file, const journal_file_line *lines, uint32_t n) {
  totals all = { .is_held = journal_file_is_held(file) };
  for (uint32_t i = 0; i < n; i++) {
    all.documents += lines[i].documents;
    all.bytes += lines[i].bytes;
    if (lines[i].oldest_ms != 0 && (all.oldest_ms == 0 || lines[i].oldest_ms < all.oldest_ms)) {
      all.oldest_ms = lines[i].oldest_ms;
    }
  }
  journal_file_sizes(file, &all.file_bytes, &all.body_bytes);
  return all;
}

static bool add_counts(cJSON *json, uint64_t documents, uint64_t bytes, uint64_t oldest_ms) {
  return json_text_add_i64(json, "documents", (int64_t)documents) && json_text_add_i64(json, "bytes", (int64_t)bytes) &&
         (oldest_ms == 0 || json_text_add_time(json, "oldest", (int64_t)oldest_ms));
}

static cJSON *status_json(const totals *all, const journal_file_line *lines, uint32_t n) {
  cJSON *json = cJSON_CreateObject(), *list = NULL;
  bool added = json != NULL && add_counts(json, all->documents, all->bytes, all->oldest_ms) &&
               json_text_add_i64(json, "file_bytes", (int64_t)all->file_bytes) &&
               json_text_add_i64(json, "body_bytes", (int64_t)all->body_bytes) &&
               cJSON_AddBoolToObject(json, "worker", all->is_held) != NULL &&
               (list = cJSON_AddArrayToObject(json, "lines")) != NULL;
  for (uint32_t i = 0; i < n && added; i++) {
    cJSON *line = cJSON_CreateObject();
    added = line != NULL && cJSON_AddItemToArray(list, line) &&
            json_text_add_str(line, "line", (qn_str){ lines[i].name, strlen(lines[i].name) }) &&
            add_counts(line, lines[i].documents, lines[i].bytes, lines[i].oldest_ms);
  }
  if (!added) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}

static void print_row(const char *name, uint64_t documents, uint64_t n_bytes, uint64_t oldest_ms) {
  char bytes[16], time[JSON_TEXT_TIME_BYTES] = "";
  progress_format_bytes((double)n_bytes, bytes, sizeof bytes);
  if (oldest_ms != 0) {
    json_text_time((int64_t)oldest_ms, time);
  }
  printf("%10" PRIu64 "  %10s  %-20s  %s\n", documents, bytes, time, name);
}

static void print_status(const totals *all, const journal_file_line *lines, uint32_t n) {
  char file[16], bodies[16];
  printf("%10s  %10s  %-20s  %s\n", "documents", "bytes", "oldest", "line");
  for (uint32_t i = 0; i < n; i++) {
    print_row(lines[i].name, lines[i].documents, lines[i].bytes, lines[i].oldest_ms);
  }
  print_row("all", all->documents, all->bytes, all->oldest_ms);
  progress_format_bytes((double)all->file_bytes, file, sizeof file);
  progress_format_bytes((double)all->body_bytes, bodies, sizeof bodies);
  printf("the file takes %s, large bodies beside it %s; %s\n", file, bodies,
         all->is_held ? "a worker has it" : "no worker has it");
}

static int run_status(const journal_arguments *given, journal_file *file) {
  const journal_file_line *lines = NULL;
  uint32_t n = 0;
  qn_error error = { 0 };
  if (journal_file_lines(file, &lines, &n, &error) != 0) {
    return say(&error);
  }
  totals all = add_up(file, lines, n);
  if (given->json) {
    return answer_json("journal", status_json(&all, lines, n));
  }
  print_status(&all, lines, n);
  return EXIT_DONE;
}

/* --- verify --- */

typedef struct wrongs {
  cJSON *list; /* NULL: they are printed */
  uint32_t n;
  bool added;
} wrongs;

static void tell_wrong(void *arg, const char *text) {
  wrongs *self = arg;
  if (self->n++ >= WRONG_SHOWN) {
    return;
  }
  char *copy = json_text_copy(text, strlen(text));
  if (self->list == NULL) {
    puts(copy != NULL ? copy : "no memory to say what is wrong");
  } else {
    self->added = copy != NULL && cJSON_AddItemToArray(self->list, cJSON_CreateString(copy)) && self->added;
  }
  free(copy);
}

static int run_verify(const journal_arguments *given, journal_file *file) {
  wrongs found = { .added = true };
  uint64_t n_entries = 0, n_wrong = 0;
  qn_error error = { 0 };
  cJSON *json = given->json ? cJSON_CreateObject() : NULL;
  found.list = json != NULL ? cJSON_AddArrayToObject(json, "wrong") : NULL;
  if (given->json && found.list == NULL) {
    cJSON_Delete(json);
    return arguments_no_memory("journal");
  }
  if (journal_file_verify(file, tell_wrong, &found, &n_entries, &n_wrong, &error) != 0) {
    cJSON_Delete(json);
    return say(&error);
  }
  if (json == NULL) {
    if (n_wrong > WRONG_SHOWN) {
      printf("and %" PRIu64 " more\n", n_wrong - WRONG_SHOWN);
    }
    printf("%" PRIu64 " document%s looked at, %" PRIu64 " thing%s wrong\n", n_entries, n_entries == 1 ? "" : "s",
           n_wrong, n_wrong == 1 ? "" : "s");
    return n_wrong == 0 ? EXIT_DONE : EXIT_FAILED;
  }
  found.added = found.added && json_text_add_i64(json, "documents", (int64_t)n_entries) &&
                json_text_add_i64(json, "n_wrong", (int64_t)n_wrong);
  if (!found.added) {
    cJSON_Delete(json);
    json = NULL;
  }
  int status = answer_json("journal", json);
  return status == EXIT_DONE && n_wrong > 0 ? EXIT_FAILED : status;
}

/* --- export --- */

/* Lines of JSON are gathered, and written when the walk has paused: whoever reads them may be slow, and the worker's log would grow
 * meanwhile. */
typedef struct exporting {
  journal_file *file;
  const journal_file_line *line;
  FILE *gathered;
  uint64_t left, n, n_lost;
} exporting;

static int add_field(void *arg, qn_str name, const qn_value *value) {
  return json_text_add_field(arg, name, value) ? 0 : -ENOMEM;
}

static bool add_known(cJSON *json, const journal_file_line *line, const journal_row *row) {
  const uint64_t number = (uint64_t)row->place & ((UINT64_C(1) << JOURNAL_NUMBER_BITS) - 1);
  return json_text_add_i64(json, "document", (int64_t)number) && json_text_add_str(json, "id", row->id) &&
         json_text_add_str(json, "source", row->source) && json_text_add_i64(json, "ordinal", (int64_t)row->ordinal) &&
         (row->media_type.len == 0 || json_text_add_str(json, "media_type", row->media_type)) &&
         json_text_add_str(json, "line", (qn_str){ line->name, strlen(line->name) }) &&
         json_text_add_time(json, "accepted", row->accepted_ms) &&
         (row->key.len == 0 || json_text_add_str(json, "key", row->key)) &&
         (row->slug.len == 0 ||
          (json_text_add_str(json, "slug", row->slug) && json_text_add_str(json, "message", row->message))) &&
         (row->crashes == 0 || json_text_add_i64(json, "crashes", row->crashes)) &&
         (row->confirmed.len == 0 || json_text_add_lines(json, "delivered", row->confirmed)) &&
         json_text_add_i64(json, "bytes", (int64_t)row->payload_bytes);
}

/* A payload that is lost leaves the rest of what is known of the document. */
static bool add_payload(exporting *self, cJSON *json, const journal_row *row) {
  qn_error error = { 0 };
  uint8_t *bytes = malloc(row->payload_bytes + 1);
  if (bytes == NULL) {
    return false;
  }
  bool added = true;
  if (journal_file_payload(self->file, row, bytes, &error) != 0) {
    fprintf(stderr, "qanat journal: %s\n", error.message);
    self->n_lost++;
  } else {
    bytes[row->payload_bytes] = '\0';
    added = json_text_add_payload(json, bytes, row->payload_bytes);
  }
  free(bytes);
  return added;
}

static int export_row(void *arg, const journal_row *row) {
  exporting *self = arg;
  if (self->left == 0) {
    return 0;
  }
  self->left--;
  self->n++;
  cJSON *json = cJSON_CreateObject();
  cJSON *fields = json != NULL && add_known(json, self->line, row) ? cJSON_AddObjectToObject(json, "fields") : NULL;
  int rc = fields == NULL ? -ENOMEM
                          : journal_fields_read((const uint8_t *)row->fields.data, row->fields.len, add_field, fields);
  if (rc == -EBADMSG) {
    self->n_lost++;
    rc = 0;
  }
  if (rc != 0 || !add_payload(self, json, row)) {
    cJSON_Delete(json);
    return -ENOMEM;
  }
  return json_text_print(json, self->gathered) ? 0 : -ENOMEM;
}

static int write_gathered(const char *text, size_t len, FILE *output) {
  return fwrite(text, 1, len, output) == len && fflush(output) == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* One pause to the next. */
static int export_some(exporting *self, int64_t *at, FILE *output) {
  char *text = NULL;
  size_t len = 0;
  uint32_t n_damaged = 0;
  qn_error error = { 0 };
  self->gathered = open_memstream(&text, &len);
  if (self->gathered == NULL) {
    return arguments_no_memory("journal");
  }
  int rc = journal_file_walk(self->file, self->line->id, *at, export_row, self, at, &n_damaged, &error);
  fclose(self->gathered);
  self->n_lost += n_damaged;
  int status = rc == -ENOMEM ? arguments_no_memory("journal")
               : rc != 0     ? say(&error)
                             : write_gathered(text, len, output);
  free(text);
  return status;
}

static int export_lines(const journal_arguments *given, journal_file *file, FILE *output) {
  const journal_file_line *lines = NULL;
  uint32_t n_lines = 0, n_matching = 0;
  qn_error error = { 0 };
  exporting now = { .file = file, .left = given->limit };
  int status = EXIT_DONE;
  if (journal_file_lines(file, &lines, &n_lines, &error) != 0) {
    return say(&error);
  }
  for (uint32_t i = 0; i < n_lines && status == EXIT_DONE; i++) {
    if (given->line != NULL && strcmp(given->line, lines[i].name) != 0) {
      continue;
    }
    n_matching++;
    now.line = &lines[i];
    for (int64_t at = journal_rows_place(lines[i].id, 0); at != 0 && now.left > 0 && status == EXIT_DONE;) {
      status = export_some(&now, &at, output);
    }
  }
  if (given->line != NULL && n_matching == 0) {
    fprintf(stderr, "qanat journal: there is no line '%s'; 'qanat journal status' names them\n", given->line);
    return EXIT_USAGE;
  }
  fprintf(stderr, "qanat: %" PRIu64 " document%s exported\n", now.n, now.n == 1 ? "" : "s");
  if (now.n_lost > 0) {
    fprintf(stderr, "qanat journal: the file is damaged in %" PRIu64 " place%s, and not all could be read\n",
            now.n_lost, now.n_lost == 1 ? "" : "s");
    status = EXIT_FAILED;
  }
  return status;
}

static int run_export(const journal_arguments *given, journal_file *file) {
  bool direct = given->output == NULL || strcmp(given->output, "-") == 0;
  FILE *output = direct ? stdout : fopen(given->output, "wx");
  if (output == NULL) {
    fprintf(stderr, "qanat journal: cannot write %s: %s\n", given->output, strerror(errno));
    return EXIT_FAILED;
  }
  int status = export_lines(given, file, output);
  bool failed = ferror(output) != 0;
  if (!direct && (fclose(output) != 0 || failed)) {
    fprintf(stderr, "qanat journal: cannot write %s: %s\n", given->output, strerror(errno));
    status = EXIT_FAILED;
  }
  return status;
}

/* --- the command --- */

typedef struct action {
  const char *name;
  int (*run)(const journal_arguments *given, journal_file *file);
} action;

static const action actions[] = { { "status", run_status }, { "verify", run_verify }, { "export", run_export } };

enum { N_ACTIONS = sizeof actions / sizeof actions[0] };

static int act(const action *chosen, const journal_arguments *given) {
  journal_file *file = NULL;
  qn_error error = { 0 };
  if (given->path == NULL) {
    return arguments_refuse("journal", "%s needs --state DIR or --file FILE", chosen->name);
  }
  if (journal_file_open(given->path, &file, &error) != 0) {
    say(&error);
    return EXIT_USAGE;
  }
  int status = answer_end("journal", chosen->run(given, file));
  journal_file_close(file);
  return status;
}

static int perform(const action *chosen, int argc, char **argv) {
  journal_arguments given = { .limit = UINT64_MAX };
  const argument_option table[] = {
    { .name = "file", .read = take_file, .arg = &given },
    { .name = "state", .read = take_state, .arg = &given },
    { .name = "line", .string = &given.line },
    { .name = "limit", .number = &given.limit, .least = 1, .most = INT64_MAX },
    { .name = "json", .flag = &given.json },
    { .name = "output", .letter = 'o', .string = &given.output },
  };
  arguments all = { .command = "journal",
                    .print_help = print_help,
                    .options = table,
                    .n_options = sizeof table / sizeof table[0],
                    .operand = "argument" };
  int status;
  if (arguments_read(&all, argc, argv, &status)) {
    status = all.operands.n == 0 ? act(chosen, &given)
                                 : arguments_refuse("journal", "'%s' is too much", all.operands.items[0]);
  }
  free(given.path);
  arguments_done(&all);
  return status;
}

int command_journal(int argc, char **argv) {
  if (argc < 2) {
    print_help(stderr);
    return EXIT_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    print_help(stdout);
    return EXIT_DONE;
  }
  const char *names[N_ACTIONS];
  for (unsigned i = 0; i < N_ACTIONS; i++) {
    names[i] = actions[i].name;
    if (strcmp(actions[i].name, argv[1]) == 0) {
      return perform(&actions[i], argc - 1, argv + 1);
    }
  }
  return arguments_refuse_word("journal", "the action", names, N_ACTIONS, argv[1]);
}
