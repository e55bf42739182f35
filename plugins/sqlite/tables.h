/* SPDX-License-Identifier: Apache-2.0 */

/* Documents as rows of the tables. One thread. */
#ifndef SQLITE_TABLES_H
#define SQLITE_TABLES_H

#include "qanat/stage.h"
#include "sqlite/store.h"

/* What there is of a document. Layers that the pipeline does not make have no rows. */
typedef struct table_document {
  qn_call *call;
  qn_view view;
  qn_str forms;
  uint32_t n_fields; /* further ones to keep */
  const qn_str *fields;
  qn_layer entities, sentences, summary, keyphrases, quotes;
} table_document;

typedef struct tables tables;

/* 0, or -EIO with fault filled. The store is borrowed and closed after the tables. */
int tables_new(store *store, tables **ret_tables, store_fault *fault);
void tables_free(tables *tables); /* NULL is fine */

/* Puts the document in the place of the one with its id, if there is one. Within a transaction. */
int tables_put(tables *tables, const table_document *document, store_fault *fault);

#endif
