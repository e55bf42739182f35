/* SPDX-License-Identifier: Apache-2.0 */

/* The live document: a small directory of sealed parts (views, layers, fields) over an arena that never moves.
 *
 * Sealed parts are immutable and shared by forks. One thread at a time owns a document (a hand-over between
 * threads is a happens-before); forks of one document may be on several threads at once. Floor 1. */
#ifndef CORE_DOCUMENT_DOCUMENT_H
#define CORE_DOCUMENT_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document/error.h"
#include "document/schema.h"
#include "qanat/doc.h"

typedef struct document document;
typedef struct document_pool document_pool;

typedef struct document_limits {
  size_t document_bytes;  /* of payload, text and each view; at most 1 GiB */
  size_t document_memory; /* of one document's arena; 0: 16 times document_bytes */
} document_limits;

/* Where documents come from and go back to; recycles arenas. Set is borrowed and outlives the pool. [any] */
int document_pool_new(const schema_set *set, const document_limits *limits, document_pool **ret_pool);
void document_pool_free(document_pool *pool); /* asserts that no document is live */
size_t document_pool_live(const document_pool *pool);

int document_new(document_pool *pool, document **ret_document);
/* A copy that shares every sealed part, and holds the document it was made of. Documents that are to be joined again
 * must all be forks, not the document itself. NULL: no memory. */
document *document_fork(document *parent);
/* The document, and then its fields, will be looked at soon, maybe for the first time by this processor. */
void document_prefetch(const document *document);
void document_prefetch_fields(const document *document);
/* Brings two forks of one document together: into takes over what only from has, and what from changed since they
 * parted; of what both changed, its own. Holds from, whose reference it takes. 0; -ENOMEM, -E2BIG: from is still the
 * caller's, and into is whole but may have some of its fields. */
int document_join(document *into, document *from);
document *document_ref(document *document); /* one more holder, who only reads what is sealed */
void document_unref(document *document);    /* NULL is fine */
size_t document_bytes(
    const document *document); /* arena bytes in use, with those of joined documents: what admission charges */

/* The payload, written in place: reserve once, then commit what was filled. -EFBIG, -ENOMEM. */
int document_payload_reserve(document *document, size_t bytes, uint8_t **ret_payload);
int document_payload_commit(document *document, size_t bytes);

/* Fields. Names and strings are copied; bytes of a string that are not UTF-8 become U+FFFD, since names of files and
 * the like come from outside. QN_VALUE_NONE removes. SPAN values are text offsets here, between code points. 0,
 * -EINVAL, -ENOMEM, -E2BIG (over 64 fields or 64 KiB). */
int document_field_set(document *document, qn_str name, const qn_value *value);
int document_field_get(const document *document, qn_str name, qn_value *ret_value); /* 0, -ENOENT */
uint32_t document_n_fields(const document *document);
void document_field_at(const document *document, uint32_t index, qn_str *ret_name, qn_value *ret_value);

/* A view by slot; -ENOENT if not built. */
int document_view_get(const document *document, uint32_t view_slot, qn_view *ret_view);

/* A layer by slot with offsets in the given view: text offsets are as stored, others are mapped in bulk the
 * first time and kept in the arena. -ENOENT if not built, -ENOMEM. */
int document_layer_get(document *document, uint32_t layer_slot, uint32_t view_slot, qn_layer *ret_layer);

/* Maps a span of one view to another (any pair, through the text). Rounds outwards to code points. */
int document_span_map(const document *document, uint32_t from_view, uint32_t to_view, qn_span span, qn_span *ret_span);

/* Bytes that a sink's prepare left for its write. One per sink; sink_slot 0..7. Copied. */
int document_prepared_set(document *document, uint32_t sink_slot, const void *bytes, size_t len);
/* The same without a copy: room that must be filled at once. */
int document_prepared_reserve(document *document, uint32_t sink_slot, size_t len, void **ret_room);
qn_str document_prepared_get(const document *document, uint32_t sink_slot);

const schema_set *document_schema(const document *document);

#endif
