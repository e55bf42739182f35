/* SPDX-License-Identifier: Apache-2.0 */

/* Names and first bytes of the formats. */
#include "input/format.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { SNIFF_BYTES = 512 };

file_format format_named(qn_str name) {
  static const char *const names[] = { "auto", "text", "html", "jsonl", "json" };
  for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
    if (strlen(names[i]) == name.len && memcmp(names[i], name.data, name.len) == 0) {
      return (file_format)i;
    }
  }
  return FORMAT_AUTO;
}

/* True if name ends in .end, or in .end.gz or .end.zst. */
static bool has_ending(const char *name, const char *end) {
  size_t len = strlen(name), end_len = strlen(end);
  if (len > 3 && strcasecmp(name + len - 3, ".gz") == 0) {
    len -= 3;
  } else if (len > 4 && strcasecmp(name + len - 4, ".zst") == 0) {
    len -= 4;
  }
  return len > end_len + 1 && name[len - end_len - 1] == '.' && strncasecmp(name + len - end_len, end, end_len) == 0;
}

static file_format format_by_name(const char *name) {
  static const struct {
    const char *end;
    file_format format;
  } endings[] = {
    { "txt", FORMAT_TEXT },    { "text", FORMAT_TEXT },    { "md", FORMAT_TEXT },
    { "htm", FORMAT_HTML },    { "html", FORMAT_HTML },    { "xhtml", FORMAT_HTML },
    { "jsonl", FORMAT_JSONL }, { "ndjson", FORMAT_JSONL }, { "json", FORMAT_JSON },
  };
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    if (has_ending(name, endings[i].end)) {
      return endings[i].format;
    }
  }
  return FORMAT_AUTO;
}

/* JSON Lines begin with an object, HTML with its doctype or first element; the rest is left to decode to find out. */
static file_format format_by_bytes(const char *head, size_t len) {
  static const char *const html[] = { "<!doctype html", "<html", "<head", "<body" };
  size_t at = len >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  while (at < len && strchr(" \t\r\n", head[at]) != NULL && head[at] != '\0') {
    at++;
  }
  if (at < len && head[at] == '{') {
    do {
      at++;
    } while (at < len && (head[at] == ' ' || head[at] == '\t'));
    return at < len && (head[at] == '"' || head[at] == '}') ? FORMAT_JSONL : FORMAT_AUTO;
  }
  for (size_t i = 0; i < sizeof html / sizeof html[0]; i++) {
    size_t html_len = strlen(html[i]);
    if (len - at >= html_len && strncasecmp(head + at, html[i], html_len) == 0) {
      return FORMAT_HTML;
    }
  }
  return FORMAT_AUTO;
}

file_format format_find(file_input *input, const char *path, file_fault *fault) {
  char head[SNIFF_BYTES];
  file_format format = format_by_name(path);
  if (format != FORMAT_AUTO) {
    return format;
  }
  ssize_t n = input_peek(input, head, sizeof head, fault);
  return n <= 0 ? FORMAT_AUTO : format_by_bytes(head, (size_t)n);
}
