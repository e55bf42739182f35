/* SPDX-License-Identifier: Apache-2.0 */

/* What the fuzz targets of core/document share: a pool whose pipeline has all known layers and one with every type of
 * column, and the laws that a document must keep once it is believed. */
#ifndef TESTS_DOCUMENT_WORLD_H
#define TESTS_DOCUMENT_WORLD_H

#include "document/builder.h"
#include "document/document.h"
#include "document/record.h"

/* Views behind payload and text. */
enum { WORLD_CONTENT = 2, WORLD_NORMALIZED = 3 };

typedef struct world {
  schema_set *set;
  document_pool *pool;
  builder *builder;
  record_encoder *encoder;
  uint32_t all; /* slot of "test.all/1" */
} world;

/* The world, made at the first call: a fuzzer runs millions of inputs in one process. */
const world *world_get(void);

/* Aborts unless fine. */
void must(int fine);

/* Reads the document in every way a stage or a sink can, takes it through a block and back, and aborts if anything
 * does not hold together. */
void world_check(const world *w, document *doc);

#endif
