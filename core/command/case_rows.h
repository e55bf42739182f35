/* SPDX-License-Identifier: Apache-2.0 */

/* Rows of layers as tests write them, made into columns: { "at": "Nvidia", "type": "ORGANIZATION" }. Floor 5. */
#ifndef CORE_COMMAND_CASE_ROWS_H
#define CORE_COMMAND_CASE_ROWS_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "document/error.h"
#include "document/schema.h"
#include "qanat/doc.h"

typedef struct case_row {
  qn_span span;
  uint32_t ordinal; /* as written */
  const cJSON *json;
} case_row;

/* In the order of layers: by begin, longer ones first. */
typedef struct case_rows {
  const layer_schema *schema;
  uint32_t n;
  uint32_t heap_bytes; /* of all strings */
  case_row *rows;
} case_rows;

/* A string, number, boolean or null as a value; false: something else. Strings stay json's. */
bool case_value_read(const cJSON *json, qn_value *ret_value);

/* Places rows (an array) in the view. json and schema are borrowed. -EINVAL with an error that says which row. */
int case_rows_read(const layer_schema *schema, const cJSON *json, const qn_view *view, case_rows *ret_rows,
                   qn_error *error);
void case_rows_done(case_rows *rows);

/* Writes them into room for as many. ret_heap: bytes of heap used. */
void case_rows_fill(const case_rows *rows, const qn_rows *room, uint32_t *ret_heap);

#endif
