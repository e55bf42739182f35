/* SPDX-License-Identifier: Apache-2.0 */

/* Reading blocks. The block is copied into the document's arena first and judged there, so that a writer who still
 * holds the memory cannot change it afterwards; what passes is used where it lies. */
#include <errno.h>
#include <string.h>

#include "document/block.h"
#include "document/block_format.h"
#include "document/block_part.h"
#include "document/document_body.h"
#include "document/utf8.h"

typedef struct block_reader {
  document *doc;
  const block_wanted *wanted; /* NULL: everything */
  const block_part *part;     /* not NULL: nothing else may be there, and the rest is in the document already */
  field_list *fields;
  qn_error *error;
  const unsigned char *bytes;
  size_t at, len;
  uint32_t n_views;
  const view *views[SCHEMA_VIEWS_MAX]; /* in the block's order */
} block_reader;

static int damaged(const block_reader *in, const char *what, uint32_t index, const char *fault) {
  return error_set(in->error, -EBADMSG, "bad-block", "the block's %s %u: %s", what, index, fault);
}

static int no_memory(const block_reader *in) {
  return error_set(in->error, -ENOMEM, "no-memory",
                   "no memory for a document from a block, or it is over limits.document_memory");
}

/* The next len bytes with their filling, or NULL if the block has no more. */
static const void *take(block_reader *in, uint64_t len) {
  if (len > in->len - in->at || block_align(len) > in->len - in->at) {
    return NULL;
  }
  const void *piece = in->bytes + in->at;
  for (size_t i = len; i < block_align(len); i++) {
    if (in->bytes[in->at + i] != 0) {
      return NULL;
    }
  }
  in->at += block_align(len);
  return piece;
}

/* The same for bytes that a 0 follows. */
static const void *take_ended(block_reader *in, uint64_t len) {
  const void *piece = take(in, len);
  if (piece != NULL && len % 8 == 0) {
    const uint64_t *zero = take(in, sizeof *zero);
    return zero != NULL && *zero == 0 ? piece : NULL;
  }
  return piece;
}

static bool same_name(const char *name, const char *bytes, uint32_t len) {
  return name != NULL && strlen(name) == len && memcmp(name, bytes, len) == 0;
}

/* --- views --- */

static uint32_t view_slot(const block_reader *in, const char *name, uint32_t len) {
  const schema_set *set = in->doc->pool->set;
  uint32_t slot = 0;
  while (slot < schema_set_n_views(set) && !same_name(schema_set_view_name(set, slot), name, len)) {
    slot++;
  }
  return slot < schema_set_n_views(set) ? slot : SCHEMA_VIEW_NONE;
}

/* Points built at its bytes, breaks and runs. The reason if they are not there. */
static const char *view_pieces(block_reader *in, const block_view *head, view *built) {
  built->len = head->len;
  if (head->shared_with == BLOCK_NOT_SHARED) {
    built->data = take_ended(in, head->len);
  } else if (head->shared_with < in->n_views) {
    const view *owner = in->views[head->shared_with];
    bool inside = head->shared_from <= owner->len && head->len <= owner->len - head->shared_from;
    built->data = inside ? owner->data + head->shared_from : NULL;
  }
  built->n_breaks = head->n_breaks;
  built->breaks = take(in, (uint64_t)head->n_breaks * sizeof *built->breaks);
  built->alignment = (alignment){ .n_runs = head->n_runs, .identity = head->identity };
  if (head->identity == 0) {
    built->alignment.runs = take(in, ((uint64_t)head->n_runs + 1) * sizeof(run));
  }
  bool complete = built->data != NULL && built->breaks != NULL && head->reserved == 0 && head->identity <= 1 &&
                  (head->identity == 1 ? head->n_runs == 0 : built->alignment.runs != NULL);
  return complete ? NULL : "its bytes, breaks or runs are not all there";
}

static const char *breaks_fault(const view *built) {
  uint32_t before = 0;
  for (uint32_t i = 0; i < built->n_breaks; i++) {
    uint32_t offset = built->breaks[i];
    if (offset <= before || offset >= built->len || !utf8_is_border(built->data[offset])) {
      return "breaks must ascend, inside the view and between code points";
    }
    before = offset;
  }
  return NULL;
}

/* Whether the view is what it claims to be, given those before it. */
static const char *view_fault(const block_reader *in, uint32_t slot, const view *built) {
  const document *doc = in->doc;
  if (built->len > doc->pool->limits.document_bytes) {
    return "it is larger than limits.document_bytes";
  }
  if (slot == SCHEMA_VIEW_PAYLOAD) {
    return built->n_breaks == 0 && built->alignment.identity ? NULL : "a payload has neither breaks nor runs";
  }
  const view *base = doc->views[slot == SCHEMA_VIEW_TEXT ? SCHEMA_VIEW_PAYLOAD : SCHEMA_VIEW_TEXT];
  if (base == NULL) {
    return "the view it is aligned with must come before it";
  }
  if (!utf8_valid(built->data, built->len)) {
    return "it is not UTF-8 without NUL";
  }
  const char *fault = breaks_fault(built);
  return fault != NULL ? fault : view_alignment_fault(built, base, slot == SCHEMA_VIEW_TEXT);
}

/* Those behind it may share its bytes, and are checked themselves. */
static int pass_view(block_reader *in, uint32_t index, const block_view *head) {
  view *passed = arena_alloc(&in->doc->memory, sizeof *passed);
  if (passed == NULL) {
    return no_memory(in);
  }
  *passed = (view){ 0 };
  const char *fault = view_pieces(in, head, passed);
  if (fault != NULL) {
    return damaged(in, "view", index, fault);
  }
  in->views[in->n_views++] = passed;
  return 0;
}

static int read_view(block_reader *in, uint32_t index) {
  const block_view *head = take(in, sizeof *head);
  const char *name = head != NULL ? take(in, head->name_len) : NULL;
  if (name == NULL) {
    return damaged(in, "view", index, "the block ends before it does");
  }
  if (in->wanted != NULL && !in->wanted->view(in->wanted->arg, (qn_str){ name, head->name_len })) {
    return pass_view(in, index, head);
  }
  uint32_t slot = view_slot(in, name, head->name_len);
  if (slot == SCHEMA_VIEW_NONE) {
    return damaged(in, "view", index, "this pipeline has no view of that name");
  }
  if (in->part != NULL && (in->part->views & (1u << slot)) == 0) {
    return damaged(in, "view", index, "the stage does not provide it");
  }
  if (in->doc->views[slot] != NULL) {
    return damaged(in, "view", index, "it is there twice");
  }
  view *built = slot == SCHEMA_VIEW_PAYLOAD ? &in->doc->payload : arena_alloc(&in->doc->memory, sizeof *built);
  if (built == NULL) {
    return no_memory(in);
  }
  *built = (view){ 0 };
  const char *fault = view_pieces(in, head, built);
  fault = fault != NULL ? fault : view_fault(in, slot, built);
  if (fault != NULL) {
    return damaged(in, "view", index, fault);
  }
  in->doc->views[slot] = built;
  in->views[in->n_views++] = built;
  return 0;
}

/* --- layers --- */

static uint32_t layer_slot(const block_reader *in, const block_layer *head, const char *name) {
  const schema_set *set = in->doc->pool->set;
  for (uint32_t slot = 0; slot < in->doc->pool->n_layers; slot++) {
    const layer_schema *schema = schema_set_at(set, slot);
    if (same_name(schema->name, name, head->name_len)) {
      bool same = schema_set_fingerprint(set, slot) == head->fingerprint && schema->n_columns == head->n_columns;
      return same ? slot : SCHEMA_LAYERS_MAX;
    }
  }
  return SCHEMA_LAYERS_MAX;
}

static const char *layer_pieces(block_reader *in, const block_layer *head, const layer_schema *schema, layer *built) {
  built->heap_len = head->heap_len;
  built->rows = (qn_layer){ .n_rows = head->n_rows, .n_columns = schema->n_columns, .columns = built->columns };
  built->rows.begin = take(in, (uint64_t)head->n_rows * sizeof(uint32_t));
  built->rows.end = take(in, (uint64_t)head->n_rows * sizeof(uint32_t));
  bool complete = built->rows.begin != NULL && built->rows.end != NULL;
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    built->columns[i] = take(in, (uint64_t)head->n_rows * layer_width(schema->columns[i].type));
    complete = complete && built->columns[i] != NULL;
  }
  built->rows.heap = take_ended(in, head->heap_len);
  return complete && built->rows.heap != NULL ? NULL : "its columns or strings are not all there";
}

static int read_layer(block_reader *in, uint32_t index) {
  const block_layer *head = take(in, sizeof *head);
  size_t begin = in->at;
  const char *name = head != NULL ? take(in, head->name_len) : NULL;
  if (name == NULL || head->len > in->len - begin || head->len % 8 != 0 || begin + head->len < in->at) {
    return damaged(in, "layer", index, "the block ends before it does, or its length is wrong");
  }
  if (in->wanted != NULL && !in->wanted->layer(in->wanted->arg, (qn_str){ name, head->name_len })) {
    in->at = begin + head->len;
    return 0;
  }
  uint32_t slot = layer_slot(in, head, name);
  if (slot == SCHEMA_LAYERS_MAX) {
    return damaged(in, "layer", index, "this pipeline has no layer of that name with the same columns");
  }
  if (in->part != NULL && (in->part->layers & (UINT64_C(1) << slot)) == 0) {
    return damaged(in, "layer", index, "the stage may not write it");
  }
  if (in->doc->layers[slot].layer != NULL || (in->doc->views[SCHEMA_VIEW_TEXT] == NULL && head->n_rows > 0)) {
    return damaged(in, "layer", index, "it is there twice, or has rows but no text");
  }
  const layer_schema *schema = schema_set_at(in->doc->pool->set, slot);
  layer *built = arena_alloc(&in->doc->memory, sizeof *built + schema->n_columns * sizeof(void *));
  if (built == NULL) {
    return no_memory(in);
  }
  const char *fault = layer_pieces(in, head, schema, built);
  fault = fault == NULL && in->at != begin + head->len ? "its length is not that of its columns" : fault;
  if (fault != NULL) {
    return damaged(in, "layer", index, fault);
  }
  in->doc->layers[slot] = (layer_entry){ .layer = built, .age = in->doc->age };
  return 0;
}

/* Only when all layers are there, since they may refer to each other. */
static int check_layer(const block_reader *in, uint32_t slot) {
  const document *doc = in->doc;
  const layer *built = doc->layers[slot].layer;
  const layer_schema *schema = schema_set_at(doc->pool->set, slot);
  if (built->rows.n_rows == 0) {
    return 0;
  }
  layer_draft draft = {
    .schema = schema,
    .n_rows = built->rows.n_rows,
    .heap_len = built->heap_len,
    .begin = built->rows.begin,
    .end = built->rows.end,
    .columns = built->rows.columns,
    .heap = built->rows.heap,
  };
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    uint32_t target = schema_set_ref_slot(doc->pool->set, slot, i);
    const layer *referred = target < doc->pool->n_layers ? doc->layers[target].layer : NULL;
    draft.ref_rows[i] = referred != NULL ? referred->rows.n_rows : 0;
  }
  layer_rules rules = { .view = doc->views[SCHEMA_VIEW_TEXT] };
  int rc = layer_check(&draft, &rules, in->error);
  if (rc == -EINVAL) {
    rc = -EBADMSG;
    if (in->error != NULL) {
      in->error->code = rc;
    }
  }
  return rc;
}

/* --- fields --- */

static const char *field_pieces(block_reader *in, field *built) {
  const block_field *head = take(in, sizeof *head);
  const char *name = head != NULL ? take(in, head->name_len) : NULL;
  if (name == NULL) {
    return "the block ends before it does";
  }
  *built = (field){ .name = { name, head->name_len }, .value = { .type = head->type } };
  memcpy(&built->value.as, &head->value, sizeof head->value);
  if (head->type == QN_VALUE_STR) {
    built->value.as.str = (qn_str){ take(in, head->value), head->value };
    if (built->value.as.str.data == NULL) {
      return "the block ends before its string does";
    }
  }
  return NULL;
}

static const char *field_fault(const block_reader *in, const field *built) {
  const qn_value *value = &built->value;
  const view *text = in->doc->views[SCHEMA_VIEW_TEXT];
  if (field_check(built) != 0 || value->type == QN_VALUE_NONE ||
      !utf8_valid((const uint8_t *)built->name.data, built->name.len)) {
    return "its name or type is none that a field can have";
  }
  if (value->type == QN_VALUE_STR && !utf8_valid((const uint8_t *)value->as.str.data, value->as.str.len)) {
    return "its string is not UTF-8 without NUL";
  }
  if (value->type == QN_VALUE_SPAN && (text == NULL || !view_holds(text, value->as.span))) {
    return "its span is not inside the text, or cuts a code point";
  }
  if (in->part != NULL && !block_part_has_field(in->part, built->name)) {
    return "the stage may not write it";
  }
  return field_find(in->fields, built->name) == in->fields->n ? NULL : "it is there twice";
}

static int read_fields(block_reader *in, uint32_t n_fields) {
  field_list *list = in->fields;
  size_t bytes = 0;
  if (n_fields > FIELDS_MAX) {
    return damaged(in, "field", FIELDS_MAX, "there are too many");
  }
  list->entries = arena_alloc(&in->doc->memory, n_fields * sizeof *list->entries);
  if (list->entries == NULL) {
    return no_memory(in);
  }
  for (uint32_t i = 0; i < n_fields; i++) {
    field *built = &list->entries[list->n];
    const char *fault = field_pieces(in, built);
    bool is_lost = built->value.type == QN_VALUE_SPAN && in->doc->views[SCHEMA_VIEW_TEXT] == NULL;
    if (fault == NULL && in->wanted != NULL && (is_lost || !in->wanted->field(in->wanted->arg, built->name))) {
      continue; /* a span means nothing without the text */
    }
    fault = fault != NULL ? fault : field_fault(in, built);
    bytes += fault == NULL ? field_bytes(built) : 0;
    if (fault != NULL || bytes > FIELD_BYTES_MAX) {
      return damaged(in, "field", i, fault != NULL ? fault : "together they have too many bytes");
    }
    list->n++;
  }
  return 0;
}

/* --- the whole --- */

static int head_check(const block_reader *in, const block_head *head) {
  const size_t behind = offsetof(block_head, len);
  const char *fault = NULL;
  if (in->len < sizeof *head || head->magic != BLOCK_MAGIC) {
    fault = "it is no block";
  } else if (head->version != BLOCK_VERSION) {
    return error_set(in->error, -EBADMSG, "bad-block",
                     "the block has version %u, this program reads version %d; write it anew with this program",
                     head->version, BLOCK_VERSION);
  } else if (head->len != in->len || in->len % 8 != 0) {
    fault = "its length is not the one it gives";
  } else if (head->checksum != block_checksum(in->bytes + behind, in->len - behind)) {
    fault = "its checksum does not match: it was damaged on the way";
  } else if (head->n_views > SCHEMA_VIEWS_MAX) {
    fault = "it has more views than a pipeline can have";
  }
  return fault == NULL ? 0 : error_set(in->error, -EBADMSG, "bad-block", "the block cannot be read: %s", fault);
}

static int read_all(block_reader *in) {
  const block_head *head = (const block_head *)(const void *)in->bytes;
  int rc = head_check(in, head);
  in->at = sizeof *head;
  for (uint32_t i = 0; rc == 0 && i < head->n_views; i++) {
    rc = read_view(in, i);
  }
  for (uint32_t i = 0; rc == 0 && i < head->n_layers; i++) {
    rc = read_layer(in, i);
  }
  rc = rc == 0 ? read_fields(in, head->n_fields) : rc;
  for (uint32_t slot = 0; rc == 0 && slot < in->doc->pool->n_layers; slot++) {
    bool is_new = in->part == NULL || (in->part->layers & (UINT64_C(1) << slot)) != 0;
    rc = is_new && in->doc->layers[slot].layer != NULL ? check_layer(in, slot) : 0;
  }
  if (rc == 0 && in->at != in->len) {
    rc =
        error_set(in->error, -EBADMSG, "bad-block", "the block has %zu bytes that belong to nothing", in->len - in->at);
  }
  return rc;
}

static int read_copy(block_reader *in, const void *bytes) {
  unsigned char *copy = arena_alloc(&in->doc->memory, in->len + 1);
  if (copy == NULL) {
    return no_memory(in);
  }
  if (in->len > 0) {
    memcpy(copy, bytes, in->len);
  }
  in->bytes = copy;
  return read_all(in);
}

int block_read(document_pool *pool, const void *bytes, size_t len, document **ret_document, qn_error *error) {
  return block_read_part(pool, bytes, len, NULL, ret_document, error);
}

int block_read_part(document_pool *pool, const void *bytes, size_t len, const block_wanted *wanted,
                    document **ret_document, qn_error *error) {
  block_reader in = { .wanted = wanted, .error = error, .len = len };
  if (document_new(pool, &in.doc) != 0) {
    in.doc = NULL;
    return no_memory(&in);
  }
  in.fields = &in.doc->fields;
  int rc = read_copy(&in, bytes);
  if (rc != 0) {
    document_unref(in.doc);
    return rc;
  }
  *ret_document = in.doc;
  return 0;
}

/* --- parts --- */

static bool same_value(const qn_value *a, const qn_value *b) {
  if (a->type != b->type) {
    return false;
  }
  if (a->type == QN_VALUE_STR) {
    return a->as.str.len == b->as.str.len && memcmp(a->as.str.data, b->as.str.data, a->as.str.len) == 0;
  }
  return memcmp(&a->as.i64, &b->as.i64, sizeof a->as.i64) == 0;
}

/* What the stage may write becomes as the block has it, in the order that setting one after the other gives. */
static int merge_fields(const block_reader *in, field_list *into) {
  document *doc = in->doc;
  int rc = 0;
  for (uint32_t i = doc->fields.n; rc == 0 && i-- > 0;) {
    const field *old = &doc->fields.entries[i];
    if (block_part_has_field(in->part, old->name) && field_find(in->fields, old->name) == in->fields->n) {
      const field none = { .name = old->name, .value = { .type = QN_VALUE_NONE } };
      rc = field_put(into, &doc->memory, &none);
    }
  }
  for (uint32_t i = 0; rc == 0 && i < in->fields->n; i++) {
    field entry = in->fields->entries[i];
    uint32_t at = field_find(into, entry.name);
    entry.age = doc->age;
    if (at == into->n || !same_value(&into->entries[at].value, &entry.value)) {
      rc = field_put(into, &doc->memory, &entry);
    }
  }
  return rc == 0 ? 0
                 : error_set(in->error, rc, rc == -ENOMEM ? "no-memory" : "bad-field",
                             "the fields that the stage has set do not fit into the document");
}

/* A stage that provides something has made it, even if it is empty. */
static int all_there(const block_reader *in, const stage_layout *layout) {
  const document *doc = in->doc;
  bool complete = layout->view_provides == SCHEMA_VIEW_NONE || doc->views[layout->view_provides] != NULL;
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    uint32_t slot = layout->layer_slot[i];
    complete = complete && (layout->layer_access[i] != LAYER_PROVIDES || slot >= doc->pool->n_layers ||
                            doc->layers[slot].layer != NULL);
  }
  return complete
             ? 0
             : error_set(in->error, -EBADMSG, "bad-block", "the block lacks a view or layer that the stage provides");
}

int block_part_read(document *into, const stage_layout *layout, const void *bytes, size_t len, qn_error *error) {
  block_part part = block_part_of(into, layout);
  field_list fields = { 0 };
  block_reader in = { .doc = into, .part = &part, .fields = &fields, .error = error, .len = len };
  if ((layout->view_provides != SCHEMA_VIEW_NONE && into->views[layout->view_provides] != NULL) || part.exists) {
    return error_set(error, -EEXIST, "layer-exists", "a view or layer that the stage provides is there already");
  }
  layer_entry layers_before[SCHEMA_LAYERS_MAX];
  memcpy(layers_before, into->layers, into->pool->n_layers * sizeof layers_before[0]);
  arena_mark mark = arena_mark_get(&into->memory);
  for (uint32_t slot = 0; slot < into->pool->n_layers; slot++) {
    if ((part.layers & (UINT64_C(1) << slot)) != 0) {
      into->layers[slot] = (layer_entry){ 0 };
    }
  }
  int rc = read_copy(&in, bytes);
  rc = rc == 0 ? all_there(&in, layout) : rc;
  field_list merged = into->fields;
  if (rc == 0 && part.n_fields > 0) {
    merged.capacity = 0; /* the document keeps its own list until nothing can fail */
    rc = merge_fields(&in, &merged);
  }
  if (rc != 0) {
    memcpy(into->layers, layers_before, into->pool->n_layers * sizeof layers_before[0]);
    if (layout->view_provides != SCHEMA_VIEW_NONE) {
      into->views[layout->view_provides] = NULL;
    }
    arena_rewind(&into->memory, mark);
    return rc;
  }
  for (uint32_t slot = 0; slot < into->pool->n_layers; slot++) { /* modified layers may be left as they are */
    if (into->layers[slot].layer == NULL) {
      into->layers[slot] = layers_before[slot];
    }
  }
  into->fields = merged.entries == into->fields.entries && merged.n == into->fields.n ? into->fields : merged;
  return 0;
}
