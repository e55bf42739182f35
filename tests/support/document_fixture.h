/* SPDX-License-Identifier: Apache-2.0 */

/* What tests of core/document need again and again: a pool whose pipeline has all known layers, one of a vendor with
 * every type of column, and two views besides payload and text; documents; builders; a random source with a seed. */
#ifndef TESTS_DOCUMENT_FIXTURE_H
#define TESTS_DOCUMENT_FIXTURE_H

#include "document/builder.h"
#include "document/document.h"

/* Views of the fixture behind payload and text. */
enum { FIXTURE_CONTENT = 2, FIXTURE_NORMALIZED = 3 };

typedef struct fixture {
  schema_set *set;
  document_pool *pool;
  builder *builder;
  uint32_t all; /* slot of "test.all/1": u32 i64 f64 str ref(token/1) span symbol, as columns 0 to 6 */
} fixture;

void fixture_open(fixture *f);
/* Fails the test if a document is still alive. */
void fixture_close(fixture *f);

/* A document with these bytes as its payload. */
document *fixture_document(fixture *f, const void *payload, size_t len);
/* The same with the payload as its text. */
document *fixture_text(fixture *f, const char *text);

/* The slot of a layer by name, which must exist. */
uint32_t fixture_slot(const fixture *f, const char *layer);

/* A layout that reads the view and provides the one layer (or none: NULL), with index 0. */
stage_layout fixture_layout(const fixture *f, uint32_t view_reads, uint32_t view_provides, const char *layer);

/* The document as a block, for comparing documents; to be freed. */
void *fixture_block(const document *doc, size_t *ret_len);

/* A small generator: the same numbers everywhere for the same seed. */
typedef struct fixture_random {
  uint64_t state;
} fixture_random;

uint32_t fixture_next(fixture_random *random, uint32_t below);
/* Random UTF-8 of about that many bytes in all lengths of code points; returns its length. */
uint32_t fixture_random_text(fixture_random *random, uint32_t about, uint8_t *ret_text);

/* Gives the document a view (FIXTURE_CONTENT, FIXTURE_NORMALIZED or the text) derived at random from the one given:
 * copies, replacements, deletions, insertions, breaks. */
void fixture_random_view(fixture *f, document *doc, uint32_t from, uint32_t to, fixture_random *random);

#endif
