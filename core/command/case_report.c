/* SPDX-License-Identifier: Apache-2.0 */

/* Shows differences: the place in the file, the path, and the two values below each other, long texts only around the words
 * that differ. Coloured pieces are whole words, for half an Arabic word would not be joined to its other half. */
#include "command/case_report.h"

#include <stdlib.h>
#include <string.h>

#include "command/case_write.h"

enum { CONTEXT_BYTES = 120, VALUE_BYTES_MAX = 1200, SHOWN_MAX = 12 };

static const char *const names[] = { "ok", "FAIL", "BROKEN", "updated" };

/* What a terminal is told; all empty elsewhere. */
typedef struct looks {
  const char *good, *bad, *mark, *dim, *plain;
  const char *isolate, *pop; /* around text of whatever direction */
} looks;

static const looks looks_plain = { "", "", "", "", "", "", "" };
static const looks looks_terminal = { "\x1b[32m", "\x1b[31m",     "\x1b[1m",     "\x1b[2m",
                                      "\x1b[0m",  "\xE2\x81\xA8", "\xE2\x81\xA9" };

/* Control characters must not command the terminal. */
static void print_clean(const char *text, size_t len, FILE *stream) {
  for (size_t i = 0; i < len; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte == '\n') {
      fputs("\\n", stream);
    } else if (byte < 0x20 || byte == 0x7F) {
      fputc(' ', stream);
    } else {
      fputc(byte, stream);
    }
  }
}

/* --- two texts --- */

static bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t';
}

/* The pieces of a text: what it has in common with the other at its begin and its end, in whole words. */
typedef struct pieces {
  size_t begin, end; /* what differs lies between */
} pieces;

static void split(const char *a, const char *b, pieces *ret_a, pieces *ret_b) {
  size_t a_len = strlen(a), b_len = strlen(b), shorter = a_len < b_len ? a_len : b_len;
  size_t front = 0, back = 0;
  while (front < shorter && a[front] == b[front]) {
    front++;
  }
  while (front > 0 && !is_space(a[front - 1])) {
    front--;
  }
  while (back < shorter - front && a[a_len - 1 - back] == b[b_len - 1 - back]) {
    back++;
  }
  while (back > 0 && !is_space(a[a_len - back])) {
    back--;
  }
  *ret_a = (pieces){ front, a_len - back };
  *ret_b = (pieces){ front, b_len - back };
}

/* At most so many bytes before (or behind) a place, on the border of a code point. */
static size_t clip(const char *text, size_t at, bool forwards) {
  size_t len = strlen(text);
  size_t to =
      forwards ? (len - at > CONTEXT_BYTES ? at + CONTEXT_BYTES : len) : (at > CONTEXT_BYTES ? at - CONTEXT_BYTES : 0);
  while (to > 0 && to < len && ((unsigned char)text[to] & 0xC0) == 0x80) {
    to--;
  }
  return to;
}

static void print_text(const looks *look, const char *colour, const char *text, pieces part, FILE *stream) {
  size_t from = clip(text, part.begin, false);
  size_t middle = part.end - part.begin > VALUE_BYTES_MAX ? clip(text, part.begin + VALUE_BYTES_MAX, true) : part.end;
  size_t to = middle < part.end ? middle : clip(text, part.end, true);
  fprintf(stream, "%s\"%s", look->isolate, from > 0 ? "…" : "");
  print_clean(text + from, part.begin - from, stream);
  fputs(colour, stream);
  fputs(look->mark, stream);
  print_clean(text + part.begin, middle - part.begin, stream);
  fputs(look->plain, stream);
  print_clean(text + middle, to - middle, stream);
  fprintf(stream, "%s\"%s", text[to] != '\0' ? "…" : "", look->pop);
}

/* --- values --- */

static void print_value(const looks *look, const char *colour, const cJSON *value, FILE *stream) {
  char *line = value != NULL ? case_json_line(value) : NULL;
  const char *text = value == NULL ? "nothing" : line != NULL ? line : "?";
  size_t len = strlen(text);
  size_t shown = len > VALUE_BYTES_MAX ? clip(text, VALUE_BYTES_MAX - CONTEXT_BYTES, true) : len;
  fputs(look->isolate, stream);
  fputs(colour, stream);
  print_clean(text, shown, stream);
  fprintf(stream, "%s%s%s", shown < len ? "…" : "", look->plain, look->pop);
  free(line);
}

static void print_pair(const looks *look, const case_difference *difference, FILE *stream) {
  const char *expected = cJSON_GetStringValue(difference->expected);
  const char *actual = cJSON_GetStringValue(difference->actual);
  pieces left, right;
  bool texts = expected != NULL && actual != NULL;
  if (texts) {
    split(expected, actual, &left, &right);
  }
  if (difference->expected != NULL || difference->note == NULL) {
    fputs("          expected  ", stream);
    texts ? print_text(look, look->good, expected, left, stream)
          : print_value(look, look->good, difference->expected, stream);
    fputc('\n', stream);
  }
  if (difference->actual != NULL || difference->note == NULL) {
    fputs("          actual    ", stream);
    texts ? print_text(look, look->bad, actual, right, stream)
          : print_value(look, look->bad, difference->actual, stream);
    fputc('\n', stream);
  }
}

/* --- places --- */

static bool is_plain_key(const char *key, size_t len) {
  return len > 0 && strspn(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") >= len;
}

/* A pointer within a case, as people write paths: expect.layers["entity/1"][2].link */
static void print_path(const char *pointer, FILE *stream) {
  for (int i = 0; i < 2 && *pointer == '/'; i++) { /* "/cases/3" */
    pointer += 1 + strcspn(pointer + 1, "/");
  }
  bool first = true;
  while (*pointer == '/') {
    char *key = positions_component(&pointer);
    if (key == NULL) {
      return;
    }
    size_t len = strlen(key);
    if (len > 0 && strspn(key, "0123456789") == len) {
      fprintf(stream, "[%s]", key);
    } else if (is_plain_key(key, len)) {
      fprintf(stream, "%s%s", first ? "" : ".", key);
    } else {
      fputs("[\"", stream);
      print_clean(key, len, stream);
      fputs("\"]", stream);
    }
    first = false;
    free(key);
  }
}

static void print_difference(const looks *look, const case_report *report, const case_difference *difference,
                             FILE *stream) {
  fprintf(stream, "        %s%s:%u:%s ", look->dim, report->file->path,
          case_file_line(report->file, difference->pointer), look->plain);
  print_path(difference->pointer, stream);
  if (difference->note != NULL) {
    fprintf(stream, ": %s", difference->note);
  }
  fputc('\n', stream);
  print_pair(look, difference, stream);
}

static void print_why(const char *why, FILE *stream) {
  while (*why != '\0') {
    size_t len = strcspn(why, "\n");
    fputs("        ", stream);
    print_clean(why, len, stream);
    fputc('\n', stream);
    why += len + (why[len] == '\n');
  }
}

void case_report_print(const case_report *report, bool terminal, FILE *stream) {
  const looks *look = terminal ? &looks_terminal : &looks_plain;
  bool well = report->status == CASE_PASSED || report->status == CASE_UPDATED;
  fprintf(stream, "  %s%-6s%s  %s", well ? look->good : look->bad, names[report->status], look->plain, look->isolate);
  print_clean(report->name, strlen(report->name), stream);
  fprintf(stream, "%s\n", look->pop);
  if (report->status == CASE_BROKEN) {
    print_why(report->why != NULL ? report->why : "no memory", stream);
  }
  const case_differences *list = report->differences;
  if (well || list == NULL) {
    return;
  }
  for (uint32_t i = 0; i < list->n_kept && i < SHOWN_MAX; i++) {
    print_difference(look, report, &list->kept[i], stream);
  }
  if (list->n > SHOWN_MAX) {
    fprintf(stream, "        ... and %u more\n", list->n - SHOWN_MAX);
  }
  if (list->no_memory) {
    fputs("        there was no memory to compare everything\n", stream);
  }
}

/* --- for programs --- */

static bool add_copy(cJSON *object, const char *key, const cJSON *value) {
  cJSON *copy = value != NULL ? cJSON_Duplicate(value, 1) : NULL;
  if (copy != NULL && !cJSON_AddItemToObject(object, key, copy)) {
    cJSON_Delete(copy);
    copy = NULL;
  }
  return value == NULL || copy != NULL;
}

static cJSON *difference_json(const case_report *report, const case_difference *difference) {
  cJSON *json = cJSON_CreateObject();
  bool good = cJSON_AddStringToObject(json, "pointer", difference->pointer) != NULL &&
              cJSON_AddNumberToObject(json, "line", case_file_line(report->file, difference->pointer)) != NULL &&
              add_copy(json, "expected", difference->expected) && add_copy(json, "actual", difference->actual) &&
              (difference->note == NULL || cJSON_AddStringToObject(json, "note", difference->note) != NULL);
  if (!good) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}

cJSON *case_report_json(const case_report *report) {
  static const char *const words[] = { "passed", "failed", "broken", "updated" };
  cJSON *json = cJSON_CreateObject();
  bool good = cJSON_AddStringToObject(json, "name", report->name) != NULL &&
              cJSON_AddStringToObject(json, "status", words[report->status]) != NULL &&
              cJSON_AddNumberToObject(json, "seconds", report->seconds) != NULL;
  if (report->status == CASE_BROKEN) {
    good = good && cJSON_AddStringToObject(json, "why", report->why != NULL ? report->why : "no memory") != NULL;
  }
  cJSON *list = good ? cJSON_AddArrayToObject(json, "differences") : NULL;
  good = list != NULL;
  for (uint32_t i = 0; good && report->differences != NULL && i < report->differences->n_kept; i++) {
    cJSON *one = difference_json(report, &report->differences->kept[i]);
    good = one != NULL && cJSON_AddItemToArray(list, one);
  }
  if (!good) {
    cJSON_Delete(json);
    return NULL;
  }
  return json;
}
