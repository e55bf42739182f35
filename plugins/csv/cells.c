/* SPDX-License-Identifier: Apache-2.0 */

/* Cells: quoted only where they must be, so that most of the file reads as plain text. */
#include "csv/cells.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 4096, NUMBER_BYTES = 32 };

void cells_init(cells *self, const qn_host *host, qn_env *env, char delimiter, bool guard) {
  *self = (cells){ .host = host, .env = env, .delimiter = delimiter, .guard = guard };
}

void cells_done(cells *self) {
  if (self->bytes != NULL) {
    self->host->release(self->env, self->bytes);
  }
  self->bytes = NULL;
  self->len = self->capacity = 0;
}

void cells_clear(cells *self) {
  self->len = self->row = 0;
  self->n = 0;
  self->failed = false;
}

static bool room(cells *self, size_t more) {
  if (self->failed || more <= self->capacity - self->len) {
    return !self->failed;
  }
  size_t wanted = self->capacity < FIRST_BYTES ? FIRST_BYTES : self->capacity;
  while (wanted - self->len < more && wanted <= SIZE_MAX / 2) {
    wanted *= 2;
  }
  char *larger = wanted - self->len < more ? NULL : self->host->resize(self->env, self->bytes, wanted);
  self->failed = larger == NULL;
  if (larger != NULL) {
    self->bytes = larger;
    self->capacity = wanted;
  }
  return larger != NULL;
}

static void put(cells *self, const char *bytes, size_t len) {
  if (len > 0 && room(self, len)) {
    memcpy(self->bytes + self->len, bytes, len);
    self->len += len;
  }
}

void cells_mark(cells *self) {
  put(self, "\xEF\xBB\xBF", 3);
  self->row = self->len;
}

static void begin_cell(cells *self) {
  if (self->n++ > 0) {
    put(self, &self->delimiter, 1);
  }
}

/* What spreadsheets take for the begin of a formula, or skip on the way to one; also in the full width of East Asian
 * keyboards. */
static bool is_formula(const char *text, size_t len) {
  static const char *const wide[] = { "＝", "＋", "－", "＠" };
  if (len == 0) {
    return false;
  }
  if (strchr("=+-@\t\r\n", text[0]) != NULL) {
    return true;
  }
  for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
    if (len >= 3 && memcmp(text, wide[i], 3) == 0) {
      return true;
    }
  }
  return false;
}

/* Spaces at the ends are part of the cell, but some readers take them off. */
static bool needs_quotes(const cells *self, const char *text, size_t len) {
  if (len == 0) {
    return false;
  }
  if (text[0] == ' ' || text[len - 1] == ' ') {
    return true;
  }
  for (size_t i = 0; i < len; i++) {
    if (text[i] == self->delimiter || text[i] == '"' || text[i] == '\r' || text[i] == '\n') {
      return true;
    }
  }
  return false;
}

static void put_doubling_quotes(cells *self, const char *text, size_t len) {
  while (len > 0) {
    const char *quote = memchr(text, '"', len);
    size_t piece = quote == NULL ? len : (size_t)(quote - text) + 1;
    put(self, text, piece);
    if (quote != NULL) {
      put(self, "\"", 1);
    }
    text += piece;
    len -= piece;
  }
}

void cells_text(cells *self, const char *text, size_t len) {
  bool guarded = self->guard && is_formula(text, len);
  bool quoted = needs_quotes(self, text, len);
  begin_cell(self);
  if (quoted) {
    put(self, "\"", 1);
  }
  if (guarded) {
    put(self, "'", 1);
  }
  if (quoted) {
    put_doubling_quotes(self, text, len);
    put(self, "\"", 1);
  } else {
    put(self, text, len);
  }
}

void cells_open(cells *self) {
  begin_cell(self);
  put(self, "\"", 1);
  self->fresh = true;
}

void cells_append(cells *self, const char *text, size_t len) {
  if (self->fresh && self->guard && is_formula(text, len)) {
    put(self, "'", 1);
  }
  self->fresh = false;
  put_doubling_quotes(self, text, len);
}

void cells_close(cells *self) {
  put(self, "\"", 1);
}

void cells_empty(cells *self) {
  begin_cell(self);
}

void cells_u64(cells *self, uint64_t value) {
  char number[NUMBER_BYTES];
  int len = snprintf(number, sizeof number, "%" PRIu64, value);
  begin_cell(self);
  put(self, number, (size_t)len);
}

void cells_i64(cells *self, int64_t value) {
  char number[NUMBER_BYTES];
  int len = snprintf(number, sizeof number, "%" PRId64, value);
  begin_cell(self);
  put(self, number, (size_t)len);
}

/* Whole numbers without exponent; others at the lowest precision that reads back as the same number. */
void cells_f64(cells *self, double value) {
  char number[NUMBER_BYTES];
  int len = 0;
  begin_cell(self);
  if (!isfinite(value)) {
    return;
  }
  if (fabs(value) < 1e15 && value == trunc(value)) {
    len = snprintf(number, sizeof number, "%.0f", value);
  }
  for (int precision = 6; len == 0 && precision <= 17; precision++) {
    int n = snprintf(number, sizeof number, "%.*g", precision, value);
    len = precision == 17 || strtod(number, NULL) == value ? n : 0;
  }
  put(self, number, (size_t)len);
}

void cells_end_row(cells *self) {
  if (self->n == 1 && self->len == self->row) {
    put(self, "\"\"", 2); /* a line with nothing on it would be no row */
  }
  put(self, "\r\n", 2);
  self->row = self->len;
  self->n = 0;
}
