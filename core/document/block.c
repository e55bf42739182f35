/* SPDX-License-Identifier: Apache-2.0 */

/* Writing blocks. One pass serves for both counting and writing, so that the two cannot disagree. */
#include "document/block.h"

#include <errno.h>
#include <string.h>

#include "document/block_format.h"
#include "document/block_part.h"
#include "document/document_body.h"

__extension__ typedef unsigned __int128 wide;

/* Both halves of a product, folded: every bit of either factor reaches every bit of the result. */
static inline uint64_t fold(uint64_t a, uint64_t b) {
  wide product = (wide)a * b;
  return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t word_at(const unsigned char *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

uint64_t block_checksum(const void *bytes, size_t len) {
  enum { LANES = 4 }; /* so that multiplications overlap */
  static const uint64_t keys[LANES] = { 0xA0761D6478BD642Fu, 0xE7037ED1A0B428DBu, 0x8EBC6AF09C88C6E3u,
                                        0x589965CC75374CC3u };
  const unsigned char *at = bytes;
  uint64_t lanes[LANES] = { len, len, len, len };
  for (; len >= 16 * LANES; len -= 16 * LANES, at += 16 * LANES) {
    for (int i = 0; i < LANES; i++) {
      lanes[i] = fold(word_at(at + 16 * i) ^ keys[i], word_at(at + 16 * i + 8) ^ lanes[i]);
    }
  }
  uint64_t sum = lanes[0] ^ fold(lanes[1] ^ keys[1], lanes[2] ^ keys[2]) ^ fold(lanes[3] ^ keys[3], keys[0]);
  for (; len >= 8; len -= 8, at += 8) {
    sum = fold(word_at(at) ^ keys[0], sum ^ keys[1]);
  }
  return fold(sum ^ keys[2], keys[3]);
}

/* Where a block goes; bytes NULL only counts. */
typedef struct block_writer {
  unsigned char *bytes;
  size_t len;
} block_writer;

static void put(block_writer *out, const void *data, size_t len) {
  size_t aligned = block_align(len);
  if (out->bytes != NULL) {
    if (len > 0) {
      memcpy(out->bytes + out->len, data, len);
    }
    memset(out->bytes + out->len + len, 0, aligned - len);
  }
  out->len += aligned;
}

/* Bytes that a 0 must follow. */
static void put_ended(block_writer *out, const void *data, size_t len) {
  put(out, data, len);
  if (len % 8 == 0) {
    uint64_t zero = 0;
    put(out, &zero, sizeof zero);
  }
}

/* --- views --- */

/* The view before slot whose bytes these are, counted as in the block; BLOCK_NOT_SHARED if there is none. */
static uint32_t shared_with(const document *doc, uint32_t views, uint32_t slot, uint32_t *ret_from) {
  const view *shared = doc->views[slot];
  uint32_t index = 0;
  for (uint32_t i = 0; i < slot; i++) {
    const view *other = doc->views[i];
    if (other == NULL || (views & (1u << i)) == 0) {
      continue;
    }
    uintptr_t from = (uintptr_t)shared->data - (uintptr_t)other->data;
    if ((uintptr_t)shared->data >= (uintptr_t)other->data && from <= other->len && shared->len <= other->len - from) {
      *ret_from = (uint32_t)from;
      return index;
    }
    index++;
  }
  return BLOCK_NOT_SHARED;
}

static void put_view(block_writer *out, const document *doc, uint32_t views, uint32_t slot) {
  const view *from = doc->views[slot];
  const char *name = schema_set_view_name(doc->pool->set, slot);
  bool identity = slot == SCHEMA_VIEW_PAYLOAD || from->alignment.identity;
  block_view head = {
    .name_len = (uint32_t)strlen(name),
    .len = from->len,
    .n_breaks = from->n_breaks,
    .n_runs = identity ? 0 : from->alignment.n_runs,
    .identity = identity,
  };
  head.shared_with = shared_with(doc, views, slot, &head.shared_from);
  put(out, &head, sizeof head);
  put(out, name, head.name_len);
  if (head.shared_with == BLOCK_NOT_SHARED) {
    put_ended(out, from->data, from->len);
  }
  put(out, from->breaks, (size_t)from->n_breaks * sizeof *from->breaks);
  if (!identity) {
    put(out, from->alignment.runs, ((size_t)head.n_runs + 1) * sizeof(run));
  }
}

/* --- layers and fields --- */

static void put_rows(block_writer *out, const layer *from, const layer_schema *schema) {
  size_t n = from->rows.n_rows;
  put(out, schema->name, strlen(schema->name));
  put(out, from->rows.begin, n * sizeof(uint32_t));
  put(out, from->rows.end, n * sizeof(uint32_t));
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    put(out, from->columns[i], n * layer_width(schema->columns[i].type));
  }
  put_ended(out, from->rows.heap, from->heap_len);
}

static void put_layer(block_writer *out, const document *doc, uint32_t slot) {
  const layer *from = doc->layers[slot].layer;
  const layer_schema *schema = schema_set_at(doc->pool->set, slot);
  block_writer counter = { NULL, 0 };
  put_rows(&counter, from, schema);
  block_layer head = {
    .fingerprint = schema_set_fingerprint(doc->pool->set, slot),
    .len = counter.len,
    .name_len = (uint32_t)strlen(schema->name),
    .n_columns = schema->n_columns,
    .n_rows = from->rows.n_rows,
    .heap_len = from->heap_len,
  };
  put(out, &head, sizeof head);
  put_rows(out, from, schema);
}

static void put_field(block_writer *out, const field *from) {
  block_field head = { .name_len = (uint32_t)from->name.len, .type = from->value.type };
  switch (from->value.type) {
  case QN_VALUE_STR:
    head.value = from->value.as.str.len;
    break;
  case QN_VALUE_SPAN:
    memcpy(&head.value, &from->value.as.span, sizeof head.value);
    break;
  default:
    memcpy(&head.value, &from->value.as.i64, sizeof head.value);
    break;
  }
  put(out, &head, sizeof head);
  put(out, from->name.data, from->name.len);
  if (from->value.type == QN_VALUE_STR) {
    put(out, from->value.as.str.data, from->value.as.str.len);
  }
}

/* --- the whole --- */

static void put_part(block_writer *out, const document *doc, const block_part *part) {
  block_head head = { .magic = BLOCK_MAGIC, .version = BLOCK_VERSION };
  put(out, &head, sizeof head); /* once more at the end, when all is known */
  for (uint32_t i = 0; i < SCHEMA_VIEWS_MAX; i++) {
    if (doc->views[i] != NULL && (part->views & (1u << i)) != 0) {
      put_view(out, doc, part->views, i);
      head.n_views++;
    }
  }
  for (uint32_t i = 0; i < doc->pool->n_layers; i++) {
    if (doc->layers[i].layer != NULL && (part->layers & (UINT64_C(1) << i)) != 0) {
      put_layer(out, doc, i);
      head.n_layers++;
    }
  }
  for (uint32_t i = 0; i < doc->fields.n; i++) {
    if (block_part_has_field(part, doc->fields.entries[i].name)) {
      put_field(out, &doc->fields.entries[i]);
      head.n_fields++;
    }
  }
  head.len = out->len;
  if (out->bytes != NULL) {
    const size_t behind = offsetof(block_head, len);
    memcpy(out->bytes, &head, sizeof head);
    head.checksum = block_checksum(out->bytes + behind, out->len - behind);
    memcpy(out->bytes, &head, sizeof head);
  }
}

static const block_part everything = { .views = UINT32_MAX, .layers = UINT64_MAX, .n_fields = 1, .any_field = true };

static int write_part(const document *doc, const block_part *part, void *bytes, size_t capacity, size_t *ret_len) {
  block_writer counter = { NULL, 0 };
  put_part(&counter, doc, part);
  if (counter.len > capacity) {
    return -ENOSPC;
  }
  block_writer out = { bytes, 0 };
  put_part(&out, doc, part);
  *ret_len = counter.len;
  return 0;
}

size_t block_size(const document *doc) {
  block_writer counter = { NULL, 0 };
  put_part(&counter, doc, &everything);
  return counter.len;
}

int block_write(const document *doc, void *bytes, size_t capacity, size_t *ret_len) {
  return write_part(doc, &everything, bytes, capacity, ret_len);
}

/* --- parts --- */

/* Whether a layer that was there before the stage points at this one, which then may not change. */
static bool is_referred(const document *doc, uint64_t provided, uint32_t slot) {
  const schema_set *set = doc->pool->set;
  for (uint32_t i = 0; i < doc->pool->n_layers; i++) {
    bool before = doc->layers[i].layer != NULL && (provided & (UINT64_C(1) << i)) == 0 && i != slot;
    for (uint32_t k = 0; before && k < schema_set_at(set, i)->n_columns; k++) {
      if (schema_set_ref_slot(set, i, k) == slot) {
        return true;
      }
    }
  }
  return false;
}

block_part block_part_of(const document *doc, const stage_layout *layout) {
  block_part part = { .n_fields = layout->may_set_any_field ? 1 : layout->n_fields_written,
                      .any_field = layout->may_set_any_field,
                      .fields = layout->fields_written };
  uint64_t provided = 0;
  if (layout->view_provides != SCHEMA_VIEW_NONE) {
    part.views = 1u << layout->view_provides;
  }
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    uint32_t slot = layout->layer_slot[i];
    if (slot < doc->pool->n_layers && layout->layer_access[i] == LAYER_PROVIDES) {
      provided |= UINT64_C(1) << slot;
      part.exists = part.exists || doc->layers[slot].layer != NULL;
    }
  }
  part.layers = provided;
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    uint32_t slot = layout->layer_slot[i];
    if (slot < doc->pool->n_layers && layout->layer_access[i] == LAYER_MODIFIES && doc->layers[slot].layer != NULL &&
        !is_referred(doc, provided, slot)) {
      part.layers |= UINT64_C(1) << slot;
    }
  }
  return part;
}

bool block_part_has_field(const block_part *part, qn_str name) {
  for (uint32_t i = 0; !part->any_field && i < part->n_fields; i++) {
    if (strlen(part->fields[i]) == name.len && memcmp(part->fields[i], name.data, name.len) == 0) {
      return true;
    }
  }
  return part->any_field;
}

size_t block_part_size(const document *doc, const stage_layout *layout) {
  block_writer counter = { NULL, 0 };
  block_part part = block_part_of(doc, layout);
  put_part(&counter, doc, &part);
  return counter.len;
}

int block_part_write(const document *doc, const stage_layout *layout, void *bytes, size_t capacity, size_t *ret_len) {
  block_part part = block_part_of(doc, layout);
  return write_part(doc, &part, bytes, capacity, ret_len);
}
