/* SPDX-License-Identifier: Apache-2.0 */

/* One reply, as programs and services give it: {"id": 7, "status": "ok", "fields": {...}, "layers": {"x/1": [...]}}.
 *
 * reply_take reads who it is for and how it went; body_read then reads fields and rows by their shapes, body_resolve brings
 * offsets to bytes and rows into order, and body_write hands them to the host. Nothing in a reply is believed before. */
#ifndef EXCHANGE_REPLY_H
#define EXCHANGE_REPLY_H

#include "exchange/json_in.h"
#include "exchange/shape.h"

enum { REPLY_FIELDS_MAX = 64, REPLY_TEXT_MAX = 1000 };

/* What is wrong, as a sentence that can follow "its reply cannot be used: ". */
typedef struct reply_fault {
  char text[400];
} reply_fault;

typedef struct reply {
  bool has_id; /* also set when the rest could not be read */
  uint64_t id;
  qn_status status; /* OK, DROP, RETRY or REJECT */
  char slug[49];    /* RETRY and REJECT */
  qn_str message;   /* of them, within the bytes read */
  qn_str fields;    /* slices of the bytes read, empty if not there */
  qn_str layers;
} reply;

typedef union reply_cell {
  uint32_t u32;
  int64_t i64;
  double f64;
  qn_str str; /* absent: data is NULL */
  qn_span span;
} reply_cell;

typedef struct reply_row {
  uint32_t begin, end;
  uint32_t place; /* in the reply: its cells stand at place * n_columns */
} reply_row;

typedef struct reply_rows {
  bool given;
  uint32_t n, capacity, n_columns;
  reply_row *rows;
  reply_cell *cells;
  uint32_t *order; /* body_resolve: where the row at a place of the reply came to stand */
  size_t heap_bytes;
} reply_rows;

typedef struct reply_field {
  qn_str name;
  qn_value value;
} reply_field;

/* What one thread reads replies into; all zero to begin with, memory is kept between replies. */
typedef struct reply_body {
  uint32_t n_fields;
  reply_field fields[REPLY_FIELDS_MAX];
  reply_rows rows[SHAPES_MAX]; /* by shape */
  uint32_t n_places, place_capacity;
  uint32_t **places; /* offsets to be brought to bytes */
} reply_body;

/* Reads one object. 0; -EINVAL with fault, and in->fault too where the JSON itself is broken. */
int reply_take(json_in *in, reply *ret_reply, reply_fault *fault);
/* The same for bytes that must be one object and nothing else. */
int reply_read(char *bytes, size_t len, reply *ret_reply, reply_fault *fault);

/* All three: 0, -EINVAL with fault, -ENOMEM. */
int body_read(reply_body *body, const shapes *shapes, const reply *reply, reply_fault *fault);
int body_resolve(reply_body *body, const shapes *shapes, const qn_view *text, uint32_t offsets, reply_fault *fault);
int body_write(const reply_body *body, const shapes *shapes, qn_call *call, reply_fault *fault);
void body_done(reply_body *body);

/* Writes a sentence; returns -EINVAL. */
int reply_say(reply_fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
