/* SPDX-License-Identifier: Apache-2.0 */

/* `qanat view`: the records of a run as one page to look at, which needs nothing but a browser. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/arguments.h"
#include "command/command.h"
#include "command/view_gold.h"
#include "command/view_html.h"
#include "command/view_record.h"
#include "document/utf8.h"

/* Where the records go in the page. */
static const char place_mark[] = "<!-- records -->";

enum { LIMIT_DEFAULT = 500, FAULTS_TOLD_MAX = 20 };

typedef struct view_options {
  const char *output, *gold, *path;
  uint64_t limit;
} view_options;

/* A page while it is written. */
typedef struct view {
  const view_options *options;
  line_reader lines;
  FILE *page;
  uint64_t n_records, n_shown, n_refused, n_gold;
  uint64_t n_faults; /* all that was told */
} view;

static void print_help(FILE *stream) {
  fputs(
      "usage: qanat view [OPTION...] RESULTS.jsonl\n\n"
      "Makes a page of the records that a run wrote, for browsers: the documents with their names, values, quotes and\n"
      "summaries marked in the text, and all names of the collection, counted. The page needs no network and no\n"
      "other file. RESULTS.jsonl may be - for standard input.\n\n"
      "  -o, --output FILE   writes there instead of to standard output\n"
      "      --limit N       shows the first N documents (500)\n"
      "      --gold FOLDER   marks what was missed and what was found wrongly, by the annotations there: for a.txt\n"
      "                      a.json with \"mentions\" of type, start and end in code points\n"
      "  -h, --help          this\n\n"
      "exit status: 0 all is on the page; 1 some lines are not, and were named, or it can't be read or written;\n"
      "2 the command line is wrong\n",
      stream);
}

/* --- faults --- */

static const char *input_name(const view_options *options) {
  return strcmp(options->path, "-") == 0 ? "standard input" : options->path;
}

static void tell_line(view *self, const char *why, const char *advice) {
  self->n_faults++;
  if (self->n_faults <= FAULTS_TOLD_MAX) {
    fprintf(stderr, "qanat view: %s:%" PRIu64 ": %s%s\n", input_name(self->options), self->lines.number, why, advice);
  } else if (self->n_faults == FAULTS_TOLD_MAX + 1) {
    fputs("qanat view: more lines are like this; no more of them are named\n", stderr);
  }
}

static int failed(const char *what, const char *name, int code) {
  fprintf(stderr, "qanat view: can't %s %s: %s\n", what, name, strerror(code < 0 ? -code : code != 0 ? code : EIO));
  return EXIT_FAILED;
}

/* --- the page --- */

static int write_element(view *self, const char *class, const cJSON *json) {
  fprintf(self->page, "<script type=\"application/json\" class=\"%s\">", class);
  int result = view_json_write(json, self->page);
  fputs("</script>\n", self->page);
  return result;
}

/* An annotation that can't be read is named; the record is shown without it. */
static int write_gold(view *self, const cJSON *record) {
  cJSON *gold = NULL;
  qn_error error = { 0 };
  int found = view_gold_read(self->options->gold, record, &gold, &error);
  if (found < 0) {
    tell_line(self, "its annotations are not shown: ", error.message);
  }
  int result = found == 1 ? write_element(self, "gold", gold) : 0;
  self->n_gold += found == 1;
  cJSON_Delete(gold);
  return result;
}

static int write_record(view *self) {
  cJSON *record = NULL;
  const char *why = "it is too long";
  int result = self->lines.too_long ? -EINVAL : view_record_read(self->lines.data, self->lines.len, &record, &why);
  if (result != 0) {
    tell_line(self, why, "; the page is made without this line");
    self->n_refused++;
    return 0;
  }
  result = write_element(self, "record", record);
  if (result == 0 && self->options->gold != NULL) {
    result = write_gold(self, record);
  }
  self->n_shown += result == 0;
  cJSON_Delete(record);
  return result;
}

static bool is_blank(const line_reader *lines) {
  return !lines->too_long && strspn(lines->data, " \t\r") == lines->len;
}

/* All that stands in the file is counted, what goes on the page is read. */
static int write_records(view *self) {
  int result;
  while ((result = line_reader_next(&self->lines)) == 1) {
    if (is_blank(&self->lines)) {
      continue;
    }
    self->n_records++;
    if (self->n_shown < self->options->limit && (result = write_record(self)) != 0) {
      return result;
    }
  }
  return result;
}

static int write_about(view *self) {
  const char *slash = strrchr(self->options->path, '/');
  const char *name = slash != NULL ? slash + 1 : input_name(self->options);
  cJSON *about = cJSON_CreateObject();
  bool good =
      about != NULL && cJSON_AddNumberToObject(about, "records", (double)self->n_records) != NULL &&
      cJSON_AddNumberToObject(about, "refused", (double)self->n_refused) != NULL &&
      cJSON_AddBoolToObject(about, "gold", self->options->gold != NULL) != NULL &&
      (!utf8_valid((const uint8_t *)name, strlen(name)) || cJSON_AddStringToObject(about, "file", name) != NULL);
  int result = good ? write_element(self, "about", about) : -ENOMEM;
  cJSON_Delete(about);
  return result;
}

static int write_page(view *self) {
  const unsigned char *mark = memmem(view_html, view_html_len, place_mark, sizeof place_mark - 1);
  size_t head_len = mark != NULL ? (size_t)(mark - view_html) : view_html_len;
  fwrite(view_html, 1, head_len, self->page);
  int result = write_records(self);
  if (result == 0) {
    result = write_about(self);
  }
  fwrite(view_html + head_len, 1, view_html_len - head_len, self->page);
  return result;
}

static void tell_end(const view *self) {
  uint64_t n_left = self->n_records - self->n_shown - self->n_refused;
  if (n_left > 0) {
    fprintf(stderr, "qanat view: the page has the first %" PRIu64 " of %" PRIu64 " documents; --limit N shows more\n",
            self->n_shown, self->n_records);
  }
  if (self->options->gold != NULL && self->n_gold == 0) {
    fprintf(stderr, "qanat view: %s has annotations for none of these documents\n", self->options->gold);
  }
}

static int finish(view *self, int result, const char *output) {
  bool wrote = ferror(self->page) == 0 && fflush(self->page) == 0;
  if (result != 0 && wrote) {
    return failed("read", input_name(self->options), result);
  }
  if (!wrote) {
    return failed("write", output, errno);
  }
  tell_end(self);
  return self->n_faults > 0 ? EXIT_FAILED : EXIT_DONE;
}

/* --- files --- */

/* A page gets its name when it is whole, unless the name is that of a device or pipe. */
static int view_to_file(view *self, const char *output) {
  struct stat there;
  bool in_place = stat(output, &there) == 0 && !S_ISREG(there.st_mode);
  char part[PATH_MAX];
  int len = snprintf(part, sizeof part, "%s%s", output, in_place ? "" : ".part");
  if (len < 0 || (size_t)len >= sizeof part) {
    return failed("write", output, ENAMETOOLONG);
  }
  self->page = fopen(part, "w");
  if (self->page == NULL) {
    return failed("write", part, errno);
  }
  int result = write_page(self);
  int status = finish(self, result, part);
  bool told = result != 0 || ferror(self->page) != 0;
  bool closed = fclose(self->page) == 0;
  if (!told && closed && (in_place || rename(part, output) == 0)) {
    return status;
  }
  status = told ? status : failed("write", output, errno);
  if (!in_place) {
    unlink(part);
  }
  return status;
}

static int view_to_stdout(view *self) {
  self->page = stdout;
  return finish(self, write_page(self), "standard output");
}

static bool same_file(FILE *input, const char *output) {
  struct stat one, other;
  return fstat(fileno(input), &one) == 0 && stat(output, &other) == 0 && S_ISREG(one.st_mode) &&
         one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static int view_records(const view_options *options, const arguments *given) {
  bool elsewhere = options->output != NULL && strcmp(options->output, "-") != 0;
  FILE *input = strcmp(options->path, "-") == 0 ? stdin : fopen(options->path, "r");
  if (input == NULL) {
    return failed("read", options->path, errno);
  }
  view self = { .options = options, .lines = { .stream = input } };
  int status;
  if (elsewhere && same_file(input, options->output)) {
    status = arguments_refuse(given->command, "the page would replace the records in %s", options->output);
  } else {
    status = elsewhere ? view_to_file(&self, options->output) : view_to_stdout(&self);
  }
  line_reader_done(&self.lines);
  if (input != stdin) {
    fclose(input);
  }
  return status;
}

int command_view(int argc, char **argv) {
  view_options options = { .limit = LIMIT_DEFAULT };
  const argument_option table[] = {
    { .name = "output", .letter = 'o', .string = &options.output },
    { .name = "limit", .number = &options.limit, .least = 1, .most = UINT32_MAX },
    { .name = "gold", .string = &options.gold },
  };
  arguments given = { .command = "view",
                      .print_help = print_help,
                      .options = table,
                      .n_options = sizeof table / sizeof *table,
                      .operand = "file of records",
                      .most_operands = 1 };
  int status;
  if (arguments_read(&given, argc, argv, &status)) {
    if (given.operands.n == 0) {
      status = arguments_refuse(given.command, "which file of records?");
    } else {
      options.path = given.operands.items[0];
      status = view_records(&options, &given);
    }
  }
  arguments_done(&given);
  return status;
}
