/* SPDX-License-Identifier: Apache-2.0 */

/* Collects faults and shows them the way compilers do: place, sentence, pointer, the line, a caret.
 *
 * Columns count code points, since that is what editors jump to. The line is shown through a window, so that a file
 * without line breaks stays readable, and without control characters, so that it can't command the terminal. */
#include "pipeline/faults.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"

enum { WINDOW_BEFORE = 70, WINDOW_WIDTH = 110 }; /* code points */

typedef struct fault {
  char *argument; /* NULL: the range is of the file's text */
  char *path;     /* set only for faults of a file as a whole, which have no range */
  char *pointer;
  char *message;
  text_range range;
  uint32_t ordinal;
} fault;

struct faults {
  char *path;
  char *text;
  size_t len;
  fault kept[FAULTS_KEPT];
  uint32_t n_kept, n_all;
  bool no_memory;
};

int faults_new(faults **ret_faults) {
  faults *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  *ret_faults = made;
  return 0;
}

static void fault_done(fault *f) {
  free(f->argument);
  free(f->path);
  free(f->pointer);
  free(f->message);
}

void faults_free(faults *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < self->n_kept; i++) {
    fault_done(&self->kept[i]);
  }
  free(self->path);
  free(self->text);
  free(self);
}

uint32_t faults_count(const faults *self) {
  return self->n_all + (self->no_memory && self->n_all == 0);
}

int faults_set_text(faults *self, const char *path, const char *text, size_t len) {
  char *own_path = strdup(path);
  char *own_text = malloc(len + 1);
  if (own_path == NULL || own_text == NULL) {
    free(own_path);
    free(own_text);
    return -ENOMEM;
  }
  if (len != 0) {
    memcpy(own_text, text, len);
  }
  own_text[len] = '\0';
  free(self->path);
  free(self->text);
  self->path = own_path;
  self->text = own_text;
  self->len = len;
  return 0;
}

static bool fault_equal(const fault *a, const fault *b) {
  bool same_argument =
      (a->argument == NULL) == (b->argument == NULL) && (a->argument == NULL || strcmp(a->argument, b->argument) == 0);
  return same_argument && a->range.begin == b->range.begin && strcmp(a->message, b->message) == 0;
}

/* Takes the strings of f. The same thing said twice of the same place is said once. */
static void keep(faults *self, fault f, bool complete) {
  if (!complete) {
    self->no_memory = true;
    fault_done(&f);
    return;
  }
  for (uint32_t i = 0; i < self->n_kept; i++) {
    if (fault_equal(&self->kept[i], &f)) {
      fault_done(&f);
      return;
    }
  }
  f.ordinal = self->n_all++;
  if (self->n_kept == FAULTS_KEPT) {
    fault_done(&f);
    return;
  }
  self->kept[self->n_kept++] = f;
}

static char *format_message(const char *format, va_list args) {
  char *message = NULL;
  return vasprintf(&message, format, args) < 0 ? NULL : message;
}

void faults_add(faults *self, text_range range, const char *pointer, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fault f = { .pointer = strdup(pointer), .message = format_message(format, args), .range = range };
  va_end(args);
  keep(self, f, f.pointer != NULL && f.message != NULL);
}

void faults_add_argument(faults *self, const char *argument, text_range range, const char *pointer, const char *format,
                         ...) {
  va_list args;
  va_start(args, format);
  fault f = {
    .argument = strdup(argument), .pointer = strdup(pointer), .message = format_message(format, args), .range = range
  };
  va_end(args);
  keep(self, f, f.argument != NULL && f.pointer != NULL && f.message != NULL);
}

void faults_add_file(faults *self, const char *path, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fault f = { .path = strdup(path), .pointer = strdup(""), .message = format_message(format, args) };
  va_end(args);
  keep(self, f, f.path != NULL && f.pointer != NULL && f.message != NULL);
}

/* --- showing --- */

/* Where in its text a fault is. */
typedef struct fault_view {
  const char *line; /* without its line break */
  size_t line_len;
  size_t begin, end; /* bytes into the line */
  uint32_t line_number, column;
} fault_view;

static bool is_continuation(char c) {
  return !utf8_is_border((uint8_t)c);
}

static size_t count_points(const char *text, size_t len) {
  size_t n = 0;
  for (size_t i = 0; i < len; i++) {
    n += !is_continuation(text[i]);
  }
  return n;
}

static fault_view view_of(const char *text, size_t len, text_range range) {
  size_t begin = range.begin < len ? range.begin : len;
  size_t line = begin;
  while (line > 0 && text[line - 1] != '\n') {
    line--;
  }
  size_t line_end = begin;
  while (line_end < len && text[line_end] != '\n') {
    line_end++;
  }
  line_end -= line_end > begin && text[line_end - 1] == '\r';
  size_t end = range.end < line_end ? range.end : line_end;
  if (line == 0 && len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 && begin >= 3) {
    line = 3; /* a byte-order mark is no column */
  }
  fault_view view = { .line = text + line, .line_len = line_end - line, .begin = begin - line, .line_number = 1 };
  view.end = end > begin ? end - line : view.begin;
  for (size_t i = 0; i < line; i++) {
    view.line_number += text[i] == '\n';
  }
  view.column = (uint32_t)count_points(view.line, view.begin) + 1;
  return view;
}

/* One code point of the line at *at, or a stand-in for what a terminal must not get. */
static void put_point(FILE *stream, const char *line, size_t len, size_t *at) {
  unsigned char c = (unsigned char)line[*at];
  size_t n = 1;
  while (*at + n < len && is_continuation(line[*at + n]) && n < 4) {
    n++;
  }
  bool c1_control = n == 2 && c == 0xC2 && (unsigned char)line[*at + 1] < 0xA0;
  if (c == '\t') {
    fputc('\t', stream);
  } else if (c < 0x20 || c == 0x7F || c1_control || utf8_step((const uint8_t *)line + *at, n) != n) {
    fputs("\xEF\xBF\xBD", stream);
  } else {
    fwrite(line + *at, 1, n, stream);
  }
  *at += n;
}

static void put_line(FILE *stream, const fault_view *view, size_t from) {
  size_t at = from;
  for (uint32_t n = 0; at < view->line_len && n < WINDOW_WIDTH; n++) {
    put_point(stream, view->line, view->line_len, &at);
  }
  fputs(at < view->line_len ? "...\n" : "\n", stream);
}

static void put_caret(FILE *stream, const fault_view *view, size_t from, bool colour) {
  uint32_t n = 0;
  for (size_t at = from; at < view->begin; at++) {
    if (!is_continuation(view->line[at])) {
      fputc(view->line[at] == '\t' ? '\t' : ' ', stream);
      n++;
    }
  }
  fputs(colour ? "\033[1;32m^" : "^", stream);
  size_t width = count_points(view->line + view->begin, view->end - view->begin);
  for (size_t i = 1; i < width && n + i < WINDOW_WIDTH; i++) {
    fputc('~', stream);
  }
  fputs(colour ? "\033[0m\n" : "\n", stream);
}

/* Where to begin to show a long line, so that the caret is in sight. */
static size_t window_begin(const fault_view *view) {
  size_t from = view->begin;
  uint32_t n = 0;
  while (from > 0 && n < WINDOW_BEFORE) {
    from--;
    n += !is_continuation(view->line[from]);
  }
  return view->column <= WINDOW_WIDTH - 20 ? 0 : from;
}

static void put_excerpt(FILE *stream, const fault_view *view, bool numbered, bool colour) {
  size_t from = window_begin(view);
  const char *cut = from > 0 ? "..." : "";
  if (numbered) {
    fprintf(stream, "%5u |%s%s", view->line_number, view->line_len > 0 ? " " : "", cut);
  } else {
    fprintf(stream, "      | %s", cut);
  }
  put_line(stream, view, from);
  fprintf(stream, "      | %*s", (int)strlen(cut), "");
  put_caret(stream, view, from, colour);
}

static void put_place(FILE *stream, const char *place, const fault_view *view, bool colour) {
  fputs(colour ? "\033[1m" : "", stream);
  fputs(place, stream);
  if (view != NULL) {
    fprintf(stream, ":%u:%u", view->line_number, view->column);
  }
  fputs(colour ? ": \033[31merror:\033[0m " : ": error: ", stream);
}

static void put_text(FILE *stream, const char *text) {
  size_t len = strlen(text);
  for (size_t at = 0; at < len;) {
    put_point(stream, text, len, &at);
  }
}

static void fault_print(const faults *self, const fault *f, FILE *stream, bool colour) {
  bool in_text = f->argument == NULL && f->path == NULL && self->text != NULL;
  fault_view view = { 0 };
  if (in_text) {
    view = view_of(self->text, self->len, f->range);
  } else if (f->argument != NULL) {
    view = view_of(f->argument, strlen(f->argument), f->range);
  }
  const char *place = f->argument != NULL ? f->argument : f->path != NULL ? f->path : self->path;
  put_place(stream, place == NULL ? "pipeline" : place, in_text ? &view : NULL, colour);
  put_text(stream, f->message);
  fputc('\n', stream);
  if (f->pointer[0] != '\0') {
    fputs("    at ", stream);
    put_text(stream, f->pointer);
    fputc('\n', stream);
  }
  if (in_text || f->argument != NULL) {
    put_excerpt(stream, &view, in_text, colour);
  }
}

static int compare_faults(const void *a, const void *b) {
  const fault *left = *(const fault *const *)a;
  const fault *right = *(const fault *const *)b;
  int order = (left->argument != NULL) - (right->argument != NULL);
  if (order == 0 && left->argument == NULL) {
    order = (left->range.begin > right->range.begin) - (left->range.begin < right->range.begin);
  }
  return order != 0 ? order : (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

static void sorted(const faults *self, const fault **ret_sorted) {
  for (uint32_t i = 0; i < self->n_kept; i++) {
    ret_sorted[i] = &self->kept[i];
  }
  qsort(ret_sorted, self->n_kept, sizeof *ret_sorted, compare_faults);
}

void faults_print(const faults *self, FILE *stream, bool colour) {
  const fault *order[FAULTS_KEPT];
  sorted(self, order);
  for (uint32_t i = 0; i < self->n_kept; i++) {
    fault_print(self, order[i], stream, colour);
  }
  if (self->n_all > self->n_kept) {
    fprintf(stream, "... and %u more\n", self->n_all - self->n_kept);
  }
  if (self->no_memory) {
    fputs("error: out of memory while checking the pipeline\n", stream);
  }
}

static cJSON *fault_json(const faults *self, const fault *f) {
  cJSON *json = cJSON_CreateObject();
  if (json == NULL) {
    return NULL;
  }
  bool in_text = f->argument == NULL && f->path == NULL && self->text != NULL;
  bool good = cJSON_AddStringToObject(json, "message", f->message) != NULL &&
              cJSON_AddStringToObject(json, "pointer", f->pointer) != NULL;
  if (f->argument != NULL) {
    good = good && cJSON_AddStringToObject(json, "argument", f->argument) != NULL;
  } else {
    const char *path = f->path != NULL ? f->path : self->path;
    good = good && cJSON_AddStringToObject(json, "file", path == NULL ? "" : path) != NULL;
  }
  if (in_text) {
    fault_view view = view_of(self->text, self->len, f->range);
    good = good && cJSON_AddNumberToObject(json, "line", view.line_number) != NULL &&
           cJSON_AddNumberToObject(json, "column", view.column) != NULL;
  }
  if (!good) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}

cJSON *faults_json(const faults *self) {
  cJSON *array = cJSON_CreateArray();
  const fault *order[FAULTS_KEPT];
  sorted(self, order);
  for (uint32_t i = 0; array != NULL && i < self->n_kept; i++) {
    cJSON *json = fault_json(self, order[i]);
    if (json == NULL || !cJSON_AddItemToArray(array, json)) {
      cJSON_Delete(json);
      cJSON_Delete(array);
      return NULL;
    }
  }
  return array;
}
