/* SPDX-License-Identifier: Apache-2.0 */

/* Expands templates, line by line. */
#include "command/template.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { DEPTH_MAX = 8 };

/* The value of the word, or NULL. */
static const char *value_of(const template_terms *terms, const char *word, size_t len) {
  for (uint32_t i = 0; i < terms->n_values; i++) {
    if (strlen(terms->values[i].word) == len && memcmp(terms->values[i].word, word, len) == 0) {
      return terms->values[i].value;
    }
  }
  return NULL;
}

static void write_line(const template_terms *terms, const char *line, size_t len, FILE *stream) {
  size_t at = 0;
  while (at < len) {
    const char *close = line[at] == '@' ? memchr(line + at + 1, '@', len - at - 1) : NULL;
    const char *value = close != NULL ? value_of(terms, line + at + 1, (size_t)(close - line) - at - 1) : NULL;
    if (value != NULL) {
      fputs(value, stream);
      at = (size_t)(close - line) + 1;
    } else {
      fputc(line[at++], stream);
    }
  }
}

static bool holds(const template_terms *terms, const char *word, size_t len) {
  bool not = len > 0 && word[0] == '!';
  for (uint32_t i = 0; i < terms->n_holding; i++) {
    if (strlen(terms->holding[i]) == len - not &&memcmp(terms->holding[i], word + not, len - not ) == 0) {
      return !not ;
    }
  }
  return not ;
}

static bool begins(const char *line, size_t len, const char *with) {
  return len >= strlen(with) && memcmp(line, with, strlen(with)) == 0;
}

int template_write(const template_terms *terms, const char *text, size_t len, FILE *stream) {
  unsigned depth = 0;
  unsigned left_out = 0; /* how many of the @ifs we are in do not hold */
  bool held[DEPTH_MAX];
  for (size_t at = 0; at < len;) {
    const char *line = text + at;
    const char *newline = memchr(line, '\n', len - at);
    size_t line_len = newline != NULL ? (size_t)(newline - line) : len - at;
    at += line_len + (newline != NULL);
    if (begins(line, line_len, "@if ")) {
      if (depth == DEPTH_MAX) {
        return -EINVAL;
      }
      held[depth] = holds(terms, line + 4, line_len - 4);
      left_out += !held[depth++];
    } else if (line_len == 4 && begins(line, line_len, "@end")) {
      if (depth == 0) {
        return -EINVAL;
      }
      left_out -= !held[--depth];
    } else if (left_out == 0) {
      write_line(terms, line, line_len, stream);
      if (newline != NULL) {
        fputc('\n', stream);
      }
    }
  }
  return depth == 0 ? 0 : -EINVAL;
}

void template_name(const template_terms *terms, const char *name, FILE *stream) {
  static const char *const words[] = { "NAME", "IDENT" };
  while (*name != '\0') {
    size_t len = 0;
    for (size_t i = 0; i < 2 && len == 0; i++) {
      if (strncmp(name, words[i], strlen(words[i])) == 0) {
        len = strlen(words[i]);
        fputs(value_of(terms, words[i], len), stream);
      }
    }
    if (len == 0) {
      fputc(*name, stream);
      len = 1;
    }
    name += len;
  }
}
