/* SPDX-License-Identifier: Apache-2.0 */

/* Log lines: built whole on the stack, then written by one call, so that lines of several threads never mix. */
#include "observe/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "document/utf8.h"

/* What a pipe takes in one piece (PIPE_BUF). TAIL is room kept for what closes a JSON line. */
enum { LINE_MAX_BYTES = 4096, TAIL = 4, TEXT_MAX_BYTES = 4096, DOCUMENT_MAX_BYTES = 256 };

static const char *const level_names[] = { "error", "warning", "info", "debug" };
enum { N_LEVELS = 4 };

typedef struct line {
  size_t len;
  char bytes[LINE_MAX_BYTES];
} line;

static bool line_add(line *self, const char *bytes, size_t len) {
  if (len > LINE_MAX_BYTES - TAIL - self->len) {
    return false;
  }
  memcpy(self->bytes + self->len, bytes, len);
  self->len += len;
  return true;
}

/* Adds one code point as it may stand in a line; false when the line is full. */
static bool code_point_add(line *self, const char *bytes, size_t step, log_format format) {
  char c = bytes[0];
  if (step == 0) {
    return line_add(self, "\xEF\xBF\xBD", 3); /* U+FFFD for a byte that is no UTF-8 */
  }
  if (step == 1 && ((unsigned char)c < 0x20 || c == 0x7F)) {
    return line_add(self, " ", 1);
  }
  if (format == LOG_JSON && (c == '"' || c == '\\')) {
    char escaped[2] = { '\\', c };
    return line_add(self, escaped, 2);
  }
  return line_add(self, bytes, step);
}

static void text_add(line *self, const char *text, size_t len, log_format format) {
  for (size_t at = 0; at < len;) {
    size_t step = utf8_step((const uint8_t *)text + at, len - at);
    if (!code_point_add(self, text + at, step, format)) {
      return;
    }
    at += step > 0 ? step : 1;
  }
}

static void string_add(line *self, const char *text, log_format format) {
  text_add(self, text, strlen(text), format);
}

static void time_add(line *self) {
  struct timespec now;
  struct tm parts;
  char text[40];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  len += (size_t)snprintf(text + len, sizeof text - len, ".%03ldZ", now.tv_nsec / 1000000);
  line_add(self, text, len);
}

typedef struct about {
  const char *stage; /* NULL: Qanat itself */
  const char *document;
  size_t document_len; /* 0: none */
} about;

static void json_build(line *self, const char *level, const about *of, const char *text, size_t len) {
  const char *stage = of->stage;
  line_add(self, "{\"time\":\"", 9);
  time_add(self);
  string_add(self, "\",\"level\":\"", LOG_TEXT);
  string_add(self, level, LOG_TEXT);
  if (stage != NULL) {
    string_add(self, "\",\"stage\":\"", LOG_TEXT);
    string_add(self, stage, LOG_JSON);
  }
  if (of->document_len > 0) {
    string_add(self, "\",\"document\":\"", LOG_TEXT);
    text_add(self, of->document, of->document_len, LOG_JSON);
  }
  string_add(self, "\",\"text\":\"", LOG_TEXT);
  text_add(self, text, len, LOG_JSON);
  memcpy(self->bytes + self->len, "\"}\n", 3);
  self->len += 3;
}

static void text_build(line *self, const char *level, const about *of, const char *text, size_t len) {
  const char *stage = of->stage;
  string_add(self, "qanat: ", LOG_TEXT);
  string_add(self, level, LOG_TEXT);
  line_add(self, ": ", 2);
  if (stage != NULL) {
    string_add(self, stage, LOG_TEXT);
    line_add(self, ": ", 2);
  }
  if (of->document_len > 0) {
    text_add(self, of->document, of->document_len, LOG_TEXT);
    line_add(self, ": ", 2);
  }
  text_add(self, text, len, LOG_TEXT);
  self->bytes[self->len++] = '\n';
}

/* Only a full disk or a closed pipe can fail here, and there is nobody left to tell. */
static void line_write(const line *self, int fd) {
  for (size_t at = 0; at < self->len;) {
    ssize_t wrote = write(fd, self->bytes + at, self->len - at);
    if (wrote < 0 && errno == EINTR) {
      continue;
    }
    if (wrote <= 0) {
      return;
    }
    at += (size_t)wrote;
  }
}

void log_write_about(const log_target *target, uint32_t level, const char *stage, const char *document,
                     size_t document_len, const char *text, size_t len) {
  const about of = { stage, document, document_len < DOCUMENT_MAX_BYTES ? document_len : DOCUMENT_MAX_BYTES };
  if (level >= N_LEVELS) {
    level = QN_LOG_DEBUG;
  }
  if (level > target->level) {
    return;
  }
  line built;
  built.len = 0;
  int before = errno;
  if (target->format == LOG_JSON) {
    json_build(&built, level_names[level], &of, text, len);
  } else {
    text_build(&built, level_names[level], &of, text, len);
  }
  line_write(&built, target->fd);
  errno = before;
}

void log_write(const log_target *target, uint32_t level, const char *stage, const char *text, size_t len) {
  log_write_about(target, level, stage, NULL, 0, text, len);
}

void log_print(const log_target *target, uint32_t level, const char *stage, const char *format, ...) {
  char text[TEXT_MAX_BYTES];
  if (level > target->level) {
    return;
  }
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (len > 0) {
    log_write(target, level, stage, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
  }
}

/* Takes one word in. */
static bool word_take(log_target *target, const char *word, size_t len) {
  for (uint32_t i = 0; i < N_LEVELS; i++) {
    if (strlen(level_names[i]) == len && memcmp(level_names[i], word, len) == 0) {
      target->level = i;
      return true;
    }
  }
  bool json = len == 4 && memcmp(word, "json", 4) == 0;
  bool text = len == 4 && memcmp(word, "text", 4) == 0;
  target->format = json ? LOG_JSON : text ? LOG_TEXT : target->format;
  return json || text || len == 0;
}

int log_target_parse(log_target *target, const char *words) {
  int rc = 0;
  for (;;) {
    size_t len = strcspn(words, ",");
    rc = word_take(target, words, len) ? rc : -EINVAL;
    if (words[len] == '\0') {
      return rc;
    }
    words += len + 1;
  }
}

log_target log_target_standard(void) {
  log_target target = { STDERR_FILENO, QN_LOG_WARNING, LOG_TEXT };
  const char *words = getenv("QANAT_LOG");
  if (words != NULL) {
    log_target_parse(&target, words);
  }
  return target;
}
