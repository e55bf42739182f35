/* SPDX-License-Identifier: Apache-2.0 */

/* Reads hostile replies of programs and services, in every unit of offsets: whatever is not refused must be rows that keep
 * the rules of layers, and must fit the room that it asked the host for. */
#include <stdlib.h>
#include <string.h>

#include "exchange/reply.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const kinds[] = { "word", "other" };

/* One column of each type, and two layers that refer to each other. */
static const shape_column first_columns[] = {
  { "kind", QN_COLUMN_SYMBOL, 2, kinds, NULL }, { "text", QN_COLUMN_STR, 0, NULL, NULL },
  { "score", QN_COLUMN_F64, 0, NULL, NULL },    { "next", QN_COLUMN_REF, 0, NULL, "a/1" },
  { "other", QN_COLUMN_REF, 0, NULL, "b/1" },   { "more", QN_COLUMN_SPAN, 0, NULL, NULL },
  { "count", QN_COLUMN_I64, 0, NULL, NULL },    { "small", QN_COLUMN_U32, 0, NULL, NULL },
};
static const shape_column second_columns[] = { { "first", QN_COLUMN_REF, 0, NULL, "a/1" } };
static const shapes fuzz_shapes = {
  .n = 3,
  .first = 0,
  .all = { { "a/1", false, 8, first_columns }, { "b/1", true, 1, second_columns }, { "c/1", false, 0, NULL } }
};

/* Characters of one to four bytes, and a place where something was cut out. */
static const uint8_t text_bytes[] = "a\xd8\xb3\xe2\x82\xac\xf0\x9f\x8c\x8d b\xd9\x85 cd";
static const uint32_t text_breaks[] = { 10 };
static const qn_view text = { text_bytes, sizeof text_bytes - 1, 1, text_breaks };

/* --- a host that lends exactly what was asked for --- */

typedef struct room {
  uint32_t n_rows, heap_bytes;
  uint32_t *begin, *end;
  void *columns[SHAPE_COLUMNS_MAX];
  char *heap;
} room;

static room rooms[3]; /* of the call that is running */

static void *exactly(size_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL && bytes > 0) {
    abort();
  }
  return memory;
}

static size_t width_of(uint32_t type) {
  switch (type) {
  case QN_COLUMN_I64:
    return sizeof(int64_t);
  case QN_COLUMN_F64:
    return sizeof(double);
  case QN_COLUMN_STR:
    return sizeof(qn_heap_str);
  case QN_COLUMN_SPAN:
    return sizeof(qn_span);
  default:
    return sizeof(uint32_t);
  }
}

static int reserve(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes, qn_rows *ret_rows) {
  room *to = &rooms[layer];
  const shape *self = &fuzz_shapes.all[layer];
  (void)call;
  to->n_rows = n_rows;
  to->heap_bytes = heap_bytes;
  to->begin = exactly(n_rows * sizeof *to->begin);
  to->end = exactly(n_rows * sizeof *to->end);
  to->heap = exactly(heap_bytes);
  for (uint32_t k = 0; k < self->n_columns; k++) {
    to->columns[k] = exactly(n_rows * width_of(self->columns[k].type));
  }
  *ret_rows = (qn_rows){ .capacity = n_rows,
                         .heap_capacity = heap_bytes,
                         .begin = to->begin,
                         .end = to->end,
                         .columns = to->columns,
                         .heap = to->heap };
  return 0;
}

static void must(bool holds) {
  if (!holds) {
    abort();
  }
}

static void check_span(uint32_t begin, uint32_t end) {
  must(begin <= end && end <= text.len);
  must(utf8_boundary(text.data, text.len, begin) && utf8_boundary(text.data, text.len, end));
}

static void check_cell(const room *at, const shape_column *column, uint32_t k, uint32_t row, const uint32_t *n_rows) {
  const void *cells = at->columns[k];
  const qn_heap_str *string = (const qn_heap_str *)cells + row;
  const qn_span *span = (const qn_span *)cells + row;
  uint32_t ref = QN_NO_ROW;
  switch (column->type) {
  case QN_COLUMN_SYMBOL:
    must(((const uint32_t *)cells)[row] < column->n_symbols);
    break;
  case QN_COLUMN_REF:
    ref = ((const uint32_t *)cells)[row];
    must(ref == QN_NO_ROW || ref < n_rows[column->layer[0] == 'a' ? 0 : 1]);
    break;
  case QN_COLUMN_SPAN:
    if (span->begin != QN_NO_ROW) {
      check_span(span->begin, span->end);
    }
    break;
  case QN_COLUMN_STR:
    if (string->offset != QN_NO_ROW) {
      must((uint64_t)string->offset + string->len <= at->heap_bytes);
      must(utf8_valid_prefix((const uint8_t *)at->heap + string->offset, string->len) == string->len);
      must(string->len == 0 || memchr(at->heap + string->offset, 0, string->len) == NULL);
    }
    break;
  default:
    break;
  }
}

static int commit(qn_call *call, uint32_t layer, uint32_t n_rows, uint32_t heap_bytes) {
  (void)call;
  must(n_rows == rooms[layer].n_rows && heap_bytes == rooms[layer].heap_bytes);
  return 0;
}

static int set_field(qn_call *call, qn_str name, const qn_value *value) {
  (void)call;
  must(name.len > 0 && utf8_valid_prefix((const uint8_t *)name.data, name.len) == name.len);
  if (value->type == QN_VALUE_SPAN) {
    check_span(value->as.span.begin, value->as.span.end);
  }
  return 0;
}

/* All layers are there now: refs can be looked at. */
static void check_rooms(const reply_body *body) {
  uint32_t n_rows[3];
  for (uint32_t i = 0; i < 3; i++) {
    n_rows[i] = body->rows[i].given ? rooms[i].n_rows : 0;
  }
  for (uint32_t i = 0; i < 3; i++) {
    const room *at = &rooms[i];
    const shape *self = &fuzz_shapes.all[i];
    for (uint32_t row = 0; row < n_rows[i]; row++) {
      check_span(at->begin[row], at->end[row]);
      must(row == 0 || at->begin[row - 1] < at->begin[row] ||
           (at->begin[row - 1] == at->begin[row] && at->end[row - 1] >= at->end[row]));
      must(self->crosses_breaks || at->end[row] <= text_breaks[0] || at->begin[row] >= text_breaks[0]);
      for (uint32_t k = 0; k < self->n_columns; k++) {
        check_cell(at, &self->columns[k], k, row, n_rows);
      }
    }
  }
}

static void free_rooms(void) {
  for (uint32_t i = 0; i < 3; i++) {
    free(rooms[i].begin);
    free(rooms[i].end);
    free(rooms[i].heap);
    for (uint32_t k = 0; k < SHAPE_COLUMNS_MAX; k++) {
      free(rooms[i].columns[k]);
    }
  }
  memset(rooms, 0, sizeof rooms);
}

/* 0 refused, 1 taken; the bytes are copied, since reading changes them. */
static int read_once(const uint8_t *data, size_t size, uint32_t offsets) {
  static const qn_host host = {
    .size = sizeof host, .layer_reserve = reserve, .layer_commit = commit, .field_set = set_field
  };
  qn_call call = { .size = sizeof call, .host = &host };
  reply_body body = { 0 };
  reply_fault fault = { "" };
  reply taken;
  char *bytes = exactly(size);
  if (size > 0) {
    memcpy(bytes, data, size);
  }
  int rc = reply_read(bytes, size, &taken, &fault);
  rc = rc == 0 ? body_read(&body, &fuzz_shapes, &taken, &fault) : rc;
  rc = rc == 0 ? body_resolve(&body, &fuzz_shapes, &text, offsets, &fault) : rc;
  rc = rc == 0 ? body_write(&body, &fuzz_shapes, &call, &fault) : rc;
  if (rc == 0) {
    check_rooms(&body);
  } else {
    must(fault.text[0] != '\0' &&
         utf8_valid_prefix((const uint8_t *)taken.slug, strlen(taken.slug)) == strlen(taken.slug));
  }
  free_rooms();
  body_done(&body);
  free(bytes);
  return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 1 << 16) {
    return 0;
  }
  for (uint32_t offsets = QN_OFFSETS_BYTES; offsets <= QN_OFFSETS_UTF16; offsets++) {
    must(read_once(data, size, offsets) == read_once(data, size, offsets));
  }
  return 0;
}
