/* SPDX-License-Identifier: Apache-2.0 */

/* The document as a stage sees it: plain values and columns, lent by the host.
 *
 * A document has a payload (raw bytes), a text (decoded UTF-8) and further views derived from it
 * (content only, normalized). Each view is aligned to the one it was derived from, down to the text.
 * Annotations are layers: columns of spans with typed attributes, sorted by begin, then longest first
 * (empty rows stand anywhere among those with their begin). A row whose bytes were all cut out of the
 * view it is read in is empty (begin == end) there, at the cut: skip such rows.
 * A stage reads and writes spans as byte offsets into the one view it declares under "view"."reads";
 * the host maps them to and from the text.
 *
 * Ownership: every pointer here is lent. What a stage reads holds until it returns (or completes);
 * room to write holds until the next reserve on the same builder or the return.
 * All structs here are values: they never change size within one major version of the ABI. */
#ifndef QANAT_DOC_H
#define QANAT_DOC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes with a length; not NUL-terminated. data may be NULL only if len is 0. */
typedef struct qn_str {
  const char *data;
  size_t len;
} qn_str;

/* Byte offsets, end exclusive. */
typedef struct qn_span {
  uint32_t begin;
  uint32_t end;
} qn_span;

/* A typed value: a document field or a configuration value. */
enum {
  QN_VALUE_NONE = 0, /* absent, or JSON null */
  QN_VALUE_BOOL = 1, /* i64 is 0 or 1 */
  QN_VALUE_I64 = 2,
  QN_VALUE_F64 = 3,
  QN_VALUE_STR = 4,
  QN_VALUE_SPAN = 5,  /* fields only; offsets in the stage's view */
  QN_VALUE_ARRAY = 6, /* configuration only; i64 is the number of elements */
  QN_VALUE_OBJECT = 7 /* configuration only; i64 is the number of members */
};

typedef struct qn_value {
  uint32_t type; /* QN_VALUE_* */
  uint32_t reserved;
  union {
    int64_t i64;
    double f64;
    qn_str str;
    qn_span span;
  } as;
} qn_value;

/* A view: the bytes a stage works on. Every view but the payload is valid UTF-8 without NUL. */
typedef struct qn_view {
  const uint8_t *data;
  uint32_t len;           /* bytes, at most 1 GiB */
  uint32_t n_breaks;      /* places where something was cut out; no span may reach across one */
  const uint32_t *breaks; /* n_breaks ascending offsets into data */
} qn_view;

/* How one run of a derived view came from its base. A run reaches to the next one. */
enum {
  QN_RUN_COPY = 0,    /* the same bytes: offsets map one to one */
  QN_RUN_REPLACE = 1, /* other bytes, as a unit: begin maps to its begin, end to its end; an empty
                         derived side is a deletion, an empty base side an insertion */
  QN_RUN_BREAK = 2    /* flag, may be or-ed: something was cut out just before this run */
};

/* Room to write a derived view into: bytes, and the runs that align it to its base. */
typedef struct qn_view_room {
  uint8_t *data;
  uint32_t capacity;     /* bytes of data */
  uint32_t run_capacity; /* entries of each of the three columns below */
  uint32_t *derived;     /* where each run begins in the derived view; ascending, the first is 0 */
  uint32_t *base;        /* where it begins in the base; ascending. Base bytes before the first run,
                            or left out between COPY runs, count as deleted */
  uint8_t *kind;         /* QN_RUN_* */
} qn_view_room;

/* A place in a layer's heap of strings. An absent string has offset QN_NO_ROW. */
typedef struct qn_heap_str {
  uint32_t offset;
  uint32_t len;
} qn_heap_str;

/* "No row" in a ref column, "no string" in a str column. */
#define QN_NO_ROW UINT32_MAX

/* The type of a layer's column, and the C type of its elements. */
enum {
  QN_COLUMN_U32 = 1,   /* uint32_t */
  QN_COLUMN_I64 = 2,   /* int64_t */
  QN_COLUMN_F64 = 3,   /* double; NaN is absent */
  QN_COLUMN_STR = 4,   /* qn_heap_str; UTF-8 */
  QN_COLUMN_REF = 5,   /* uint32_t: row of the layer named in the schema, or QN_NO_ROW */
  QN_COLUMN_SPAN = 6,  /* qn_span, in the stage's view; absent if begin is QN_NO_ROW */
  QN_COLUMN_SYMBOL = 7 /* uint32_t: index into the symbols named in the schema */
};

/* A sealed layer, to read. columns[i] is an array of n_rows elements of the schema's column i. */
typedef struct qn_layer {
  uint32_t n_rows;
  uint32_t n_columns;
  const uint32_t *begin;
  const uint32_t *end;
  const void *const *columns;
  const char *heap; /* what qn_heap_str points into */
} qn_layer;

/* Room for rows of a layer being built. Rows already committed in this call stand before row 0 here. */
typedef struct qn_rows {
  uint32_t capacity;      /* rows of each column */
  uint32_t heap_capacity; /* bytes of heap */
  uint32_t *begin;
  uint32_t *end;
  void *const *columns;
  char *heap;         /* write strings here ... */
  uint32_t heap_base; /* ... and store heap_base + (place in heap) as qn_heap_str.offset */
  uint32_t n_filled;  /* after layer_edit: the rows already there; otherwise 0 */
} qn_rows;

/* The string a str column's element names, empty if it is absent. */
static inline qn_str qn_layer_str(const qn_layer *layer, uint32_t column, uint32_t row) {
  qn_str none = { NULL, 0 };
  const qn_heap_str *cell = (const qn_heap_str *)layer->columns[column] + row;
  if (cell->offset == QN_NO_ROW) {
    return none;
  }
  none.data = layer->heap + cell->offset;
  none.len = cell->len;
  return none;
}

/* An element of a u32, ref or symbol column. */
static inline uint32_t qn_layer_u32(const qn_layer *layer, uint32_t column, uint32_t row) {
  return ((const uint32_t *)layer->columns[column])[row];
}

/* An element of an f64 column. */
static inline double qn_layer_f64(const qn_layer *layer, uint32_t column, uint32_t row) {
  return ((const double *)layer->columns[column])[row];
}

#ifdef __cplusplus
}
#endif

#endif
