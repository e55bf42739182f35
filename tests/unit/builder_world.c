/* SPDX-License-Identifier: Apache-2.0 */

#include "builder_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

const char example_text[EXAMPLE_BYTES + 1] = "alpha beta \xD9\x85\xD8\xA7 gamma";

void write_tokens(builder *b, uint32_t index, const token *tokens, uint32_t n) {
  qn_rows rows;
  assert_int_equal(builder_layer_reserve(b, index, n, 256, &rows), 0);
  uint32_t used = 0;
  for (uint32_t i = 0; i < n; i++) {
    rows.begin[i] = tokens[i].begin;
    rows.end[i] = tokens[i].end;
    ((uint32_t *)rows.columns[QN_TOKEN_KIND])[i] = tokens[i].kind;
    ((uint32_t *)rows.columns[QN_TOKEN_SCRIPT])[i] = tokens[i].script;
    qn_heap_str form = { QN_NO_ROW, 0 };
    if (tokens[i].form != NULL) {
      form = (qn_heap_str){ rows.heap_base + used, (uint32_t)strlen(tokens[i].form) };
      memcpy(rows.heap + used, tokens[i].form, form.len);
      used += form.len;
    }
    ((qn_heap_str *)rows.columns[QN_TOKEN_FORM])[i] = form;
  }
  assert_int_equal(builder_layer_commit(b, index, n, used), 0);
}

const token good_tokens[3] = {
  { 0, 5, QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_LATIN, "alpha" },
  { 6, 10, QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_LATIN, NULL },
  { 11, 15, QN_TOKEN_KIND_WORD, QN_TOKEN_SCRIPT_ARABIC, "\xD9\x85\xD8\xA7" },
};

document *with_tokens(fixture *f) {
  document *doc = fixture_text(f, example_text);
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "token/1");
  builder_begin(f->builder, doc, &layout);
  write_tokens(f->builder, 0, good_tokens, 2);
  write_tokens(f->builder, 0, good_tokens + 2, 1);
  assert_int_equal(builder_seal(f->builder, NULL), 0);
  return doc;
}

void build_content(fixture *f, document *doc) {
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, FIXTURE_CONTENT, NULL);
  qn_view_room room;
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_view_reserve(f->builder, 64, 4, &room), 0);
  memcpy(room.data, example_text, 6);
  memcpy(room.data + 6, example_text + 11, 10);
  room.derived[0] = 0, room.base[0] = 0, room.kind[0] = QN_RUN_COPY;
  room.derived[1] = 6, room.base[1] = 11, room.kind[1] = QN_RUN_COPY | QN_RUN_BREAK;
  assert_int_equal(builder_view_commit(f->builder, 16, 2), 0);
  assert_int_equal(builder_seal(f->builder, NULL), 0);
}

void write_all(builder *b, uint32_t index, const all_row *row) {
  qn_rows rows;
  assert_int_equal(builder_layer_reserve(b, index, 1, 4, &rows), 0);
  memcpy(rows.heap, "a\xD9\x85z", 4);
  rows.begin[0] = row->span.begin;
  rows.end[0] = row->span.end;
  *(uint32_t *)rows.columns[0] = 7;
  *(int64_t *)rows.columns[1] = -7;
  *(double *)rows.columns[2] = 0.5;
  *(qn_heap_str *)rows.columns[3] = row->name;
  *(uint32_t *)rows.columns[4] = row->token;
  *(qn_span *)rows.columns[5] = row->near;
  *(uint32_t *)rows.columns[6] = row->mood;
  assert_int_equal(builder_layer_commit(b, index, 1, 4), 0);
}
