/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the record encoder share. Private to core/document. */
#ifndef CORE_DOCUMENT_RECORD_BODY_H
#define CORE_DOCUMENT_RECORD_BODY_H

#include "document/document_body.h"
#include "document/json_writer.h"
#include "document/offsets.h"
#include "document/record.h"

enum { RECORD_KNOWN_MAX = 16 };

struct record_encoder {
  json_writer out;
  offset_index offsets;
  uint32_t *links; /* scratch: the parts of each token */
  size_t link_capacity;
  uint64_t known[RECORD_KNOWN_MAX]; /* fingerprints of the layers that have a part of their own */

  /* The document being written. */
  document *doc;
  const view *text; /* NULL: it has none */
  bool with_payload;
  qn_record_options options;
};

/* A layer of the document being written. */
typedef struct record_layer {
  const layer_schema *schema;
  uint32_t slot;
  qn_layer rows;    /* in the text */
  qn_layer payload; /* in the payload, if that is asked for */
} record_layer;

/* True if the caller asked for this part. */
bool record_wants(const record_encoder *self, const char *part);

/* What record_put_span puts at most. */
enum { RECORD_SPAN_BYTES = 4 * DECIMAL_BYTES_MAX + 32 };

/* "begin":1,"end":2 and perhaps ,"payload":[1,2] of a row. */
void record_row_span(record_encoder *self, const record_layer *from, uint32_t row);
/* The same where room has been made. Returns the end. */
char *record_put_span(const record_encoder *self, const record_layer *from, uint32_t row, char *out);
/* The same for a span of the text that is in no row; with braces. */
void record_span(record_encoder *self, qn_span span);
/* The bytes of the text under a row, as a string. */
void record_row_text(record_encoder *self, const record_layer *from, uint32_t row);
/* ,"name":"..." unless the string is absent. */
void record_str(record_encoder *self, const char *name, const record_layer *from, uint32_t column, uint32_t row);
/* Every column that has a value, each behind a comma. */
void record_columns(record_encoder *self, const record_layer *from, uint32_t row);

/* All layers, each with the comma behind it. 0, -ENOMEM. */
int record_layers(record_encoder *self);

#endif
