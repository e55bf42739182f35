/* SPDX-License-Identifier: Apache-2.0 */

/* What a document is made of, for the files of core/document that seal, read and encode it. */
#ifndef CORE_DOCUMENT_DOCUMENT_BODY_H
#define CORE_DOCUMENT_DOCUMENT_BODY_H

#include <stdatomic.h>

#include "document/arena.h"
#include "document/document.h"
#include "document/field.h"
#include "document/layer.h"
#include "document/view.h"

enum { DOCUMENT_SINKS_MAX = 8 };

/* A layer as read in a view other than the text; made once, then shared like the layer itself. */
typedef struct mapped_layer {
  const struct mapped_layer *next; /* the same layer in another view */
  uint32_t view_slot;
  const layer *layer;
} mapped_layer;

/* Sealed parts may lie in this document's arena or in that of one it was forked from, which it then holds. */
typedef struct layer_entry {
  const layer *layer; /* offsets in the text; NULL: not built */
  const mapped_layer *mapped;
  uint32_t age; /* of the document when it was sealed */
} layer_entry;

struct document {
  struct document *next_idle; /* on a shelf of the pool */
  document_pool *pool;
  arena memory;
  _Atomic uint32_t n_refs; /* its owner, and the forks made of it */
  document *parent;        /* whose memory this one shares; NULL: none */
  document *joined;        /* documents whose parts this one took over, and holds; NULL: none */
  document *next_joined;   /* in such a list */
  uint32_t age;            /* how many forks deep: so a join sees what a side has changed since they parted */
  uint8_t *payload_room;   /* reserved, not committed */
  size_t payload_room_bytes;
  view payload;
  field_list fields;
  qn_str *prepared;                    /* DOCUMENT_SINKS_MAX, or NULL: nothing prepared */
  const view *views[SCHEMA_VIEWS_MAX]; /* NULL: not built */
  layer_entry layers[];                /* one a slot of the schema set */
};

struct document_pool {
  const schema_set *set;
  document_limits limits;
  uint32_t n_layers;
  uint32_t n_shelves; /* a power of two */
  struct shelf *shelves;
  chunk_store *chunks; /* what its documents' arenas borrow; owned */
};

/* An empty document from a shelf, or a new one; its owner's reference is counted. NULL: no memory. */
document *document_pool_take(document_pool *pool);
/* The document goes back to a shelf with its memory. */
void document_pool_give(document_pool *pool, document *idle);

/* The view, or NULL if it is not built or there is no such slot. */
static inline const view *document_view_at(const document *doc, uint32_t view_slot) {
  return view_slot < SCHEMA_VIEWS_MAX ? doc->views[view_slot] : NULL;
}

/* The alignment from the view to the text; identity for the text itself. The payload has none: it is below. */
const alignment *document_alignment(const document *doc, uint32_t view_slot);

#endif
