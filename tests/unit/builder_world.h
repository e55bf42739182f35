/* SPDX-License-Identifier: Apache-2.0 */

/* What the tests of builders build on: one text, its tokens, and a view of it. */
#ifndef TESTS_UNIT_BUILDER_WORLD_H
#define TESTS_UNIT_BUILDER_WORLD_H

#include "qanat/layers.h"
#include "qanat/stage.h" /* before cmocka.h, which has a macro of the name of one of its members */

#include "document_fixture.h"

/* "alpha beta ", two Arabic letters, " gamma": 0-5, 6-10, 11-15, 16-21. */
enum { EXAMPLE_BYTES = 21 };
extern const char example_text[EXAMPLE_BYTES + 1];

typedef struct token {
  uint32_t begin, end, kind, script;
  const char *form; /* NULL: none */
} token;

extern const token good_tokens[3];

void write_tokens(builder *b, uint32_t index, const token *tokens, uint32_t n);
document *with_tokens(fixture *f);
/* content = the text without "beta ", with a break. */
void build_content(fixture *f, document *doc);

/* One row of the layer that has every type of column. */
typedef struct all_row {
  qn_span span;
  qn_heap_str name;
  uint32_t token;
  qn_span near;
  uint32_t mood;
} all_row;

void write_all(builder *b, uint32_t index, const all_row *row);

#endif
