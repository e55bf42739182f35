/* SPDX-License-Identifier: Apache-2.0 */

/* What can stand in a column, by what a row is; and the writing of a document's rows. */
#ifndef CSV_COLUMNS_H
#define CSV_COLUMNS_H

#include "csv/cells.h"
#include "csv/distinct.h"

enum { COLUMNS_MAX = 64 };

typedef enum row_kind { ROWS_MENTIONS = 0, ROWS_ENTITIES = 1, ROWS_DOCUMENTS = 2 } row_kind;

/* The layers of the document being written; a layer that the pipeline does not make has no rows. */
typedef struct row_source {
  qn_call *call;
  qn_view view;
  qn_layer entities, sentences, tokens, keyphrases, summary;
  const struct distinct *distinct; /* ROWS_ENTITIES and ROWS_DOCUMENTS */
  uint32_t row;                    /* mention, or index in distinct->entities */
  uint32_t sentence;               /* mentions come in order, and so do their sentences: where to look on */
} row_source;

typedef struct column {
  const struct column_kind *kind;
  qn_str name; /* of a field; its bytes are owned by whoever holds the column */
} column;

/* Finds a column by the name a composer gives it. The name of a field points into name. False: there is none. */
bool column_find(row_kind rows, qn_str name, column *ret_column);
/* The names of the columns that rows of this kind can have, with commas between. */
void column_names(row_kind rows, char *ret_text, size_t size);
/* The usual columns, ended by NULL. */
const char *const *column_defaults(row_kind rows);

/* Writes one cell. */
void column_write(const column *self, row_source *source, cells *to);

#endif
