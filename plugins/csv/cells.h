/* SPDX-License-Identifier: Apache-2.0 */

/* Writes cells and rows as RFC 4180 says into one growing buffer. Knows nothing of documents.
 *
 * Running out of memory is remembered rather than reported by each call: whoever ends a text looks at `failed`. */
#ifndef CSV_CELLS_H
#define CSV_CELLS_H

#include <stdbool.h>

#include "qanat/stage.h"

typedef struct cells {
  const qn_host *host;
  qn_env *env;
  char *bytes;
  size_t len, capacity;
  size_t row; /* where the open row begins */
  uint32_t n; /* cells in it */
  char delimiter;
  bool guard; /* texts that look like formulas get an apostrophe */
  bool fresh; /* a cell is open and nothing is in it */
  bool failed;
} cells;

void cells_init(cells *self, const qn_host *host, qn_env *env, char delimiter, bool guard);
void cells_done(cells *self);
void cells_clear(cells *self); /* keeps the memory */

/* A byte-order mark, before the first row. */
void cells_mark(cells *self);

/* The next cell of the open row. */
void cells_text(cells *self, const char *text, size_t len);
void cells_u64(cells *self, uint64_t value);
void cells_i64(cells *self, int64_t value);
void cells_f64(cells *self, double value); /* empty if not finite */
void cells_empty(cells *self);

/* A cell written in pieces: open, append what is text, close. */
void cells_open(cells *self);
void cells_append(cells *self, const char *text, size_t len);
void cells_close(cells *self);

/* Ends the row with CR LF. */
void cells_end_row(cells *self);

#endif
