/* SPDX-License-Identifier: Apache-2.0 */

/* Layer schemas: the known ones, and the set of one pipeline, which owns copies of what it was given.
 *
 * A layer is copied into one block of memory, so that freeing is one call and a half-copied layer cannot exist. */
#include "document/schema.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/layers_known.h"
#include "qanat/doc.h"

enum { NAME_BYTES_MAX = 128 };

struct schema_set {
  uint32_t n_layers;
  uint32_t n_views;
  layer_schema *layers[SCHEMA_LAYERS_MAX];
  uint64_t fingerprints[SCHEMA_LAYERS_MAX];
  uint8_t ref_slots[SCHEMA_LAYERS_MAX][SCHEMA_COLUMNS_MAX];
  char *views[SCHEMA_VIEWS_MAX];
};

const layer_schema *schema_known(const char *name) {
  for (uint32_t i = 0; i < layers_known_count; i++) {
    if (strcmp(layers_known[i].name, name) == 0) {
      return &layers_known[i];
    }
  }
  return NULL;
}

const layer_schema *schema_known_at(uint32_t index) {
  return index < layers_known_count ? &layers_known[index] : NULL;
}

static bool names_equal(const char *a, const char *b) {
  return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool column_equal(const column_schema *a, const column_schema *b) {
  if (!names_equal(a->name, b->name) || a->type != b->type || a->n_symbols != b->n_symbols ||
      !names_equal(a->layer, b->layer)) {
    return false;
  }
  for (uint32_t i = 0; i < a->n_symbols; i++) {
    if (!names_equal(a->symbols[i], b->symbols[i])) {
      return false;
    }
  }
  return true;
}

bool schema_equal(const layer_schema *a, const layer_schema *b) {
  if (!names_equal(a->name, b->name) || a->crosses_breaks != b->crosses_breaks || a->n_columns != b->n_columns) {
    return false;
  }
  for (uint32_t i = 0; i < a->n_columns; i++) {
    if (!column_equal(&a->columns[i], &b->columns[i])) {
      return false;
    }
  }
  return true;
}

/* FNV-1a. */
static void mix(uint64_t *hash, const void *bytes, size_t len) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < len; i++) {
    *hash = (*hash ^ at[i]) * 0x100000001B3u;
  }
}

/* With the NUL, so that the border between two names counts. */
static void mix_name(uint64_t *hash, const char *name) {
  mix(hash, name != NULL ? name : "", name != NULL ? strlen(name) + 1 : 1);
}

static void mix_number(uint64_t *hash, uint32_t number) {
  unsigned char bytes[4] = { (unsigned char)number, (unsigned char)(number >> 8), (unsigned char)(number >> 16),
                             (unsigned char)(number >> 24) };
  mix(hash, bytes, sizeof bytes);
}

uint64_t schema_fingerprint(const layer_schema *schema) {
  uint64_t hash = 0xCBF29CE484222325u;
  mix_name(&hash, schema->name);
  mix_number(&hash, schema->crosses_breaks);
  mix_number(&hash, schema->n_columns);
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    const column_schema *column = &schema->columns[i];
    mix_name(&hash, column->name);
    mix_number(&hash, column->type);
    mix_name(&hash, column->layer);
    mix_number(&hash, column->n_symbols);
    for (uint32_t k = 0; k < column->n_symbols; k++) {
      mix_name(&hash, column->symbols[k]);
    }
  }
  return hash != 0 ? hash : 1;
}

int schema_set_new(schema_set **ret_set) {
  schema_set *set = calloc(1, sizeof *set);
  uint32_t slot;
  if (set == NULL || schema_set_add_view(set, "payload", &slot, NULL) != 0 ||
      schema_set_add_view(set, "text", &slot, NULL) != 0) {
    schema_set_free(set);
    return -ENOMEM;
  }
  *ret_set = set;
  return 0;
}

void schema_set_free(schema_set *set) {
  if (set == NULL) {
    return;
  }
  for (uint32_t i = 0; i < set->n_layers; i++) {
    free(set->layers[i]);
  }
  for (uint32_t i = 0; i < set->n_views; i++) {
    free(set->views[i]);
  }
  free(set);
}

static bool name_ok(const char *name) {
  size_t len = name != NULL ? strnlen(name, NAME_BYTES_MAX + 1) : 0;
  return len > 0 && len <= NAME_BYTES_MAX;
}

static int column_check(const layer_schema *schema, uint32_t index, qn_error *error) {
  const column_schema *column = &schema->columns[index];
  if (!name_ok(column->name) || column->type < QN_COLUMN_U32 || column->type > QN_COLUMN_SYMBOL) {
    return error_set(error, -EINVAL, "bad-layer", "layer \"%s\": column %u has no name or an unknown type",
                     schema->name, index);
  }
  bool symbols_ok = column->type == QN_COLUMN_SYMBOL
                        ? column->n_symbols > 0 && column->n_symbols <= SCHEMA_SYMBOLS_MAX && column->symbols != NULL
                        : column->n_symbols == 0;
  for (uint32_t i = 0; symbols_ok && i < column->n_symbols; i++) {
    symbols_ok = name_ok(column->symbols[i]);
  }
  if (!symbols_ok) {
    return error_set(error, -EINVAL, "bad-layer",
                     "layer \"%s\", column \"%s\": a symbol column, and only that, lists 1 to %d symbols", schema->name,
                     column->name, SCHEMA_SYMBOLS_MAX);
  }
  if ((column->type == QN_COLUMN_REF) != (column->layer != NULL) ||
      (column->layer != NULL && !name_ok(column->layer))) {
    return error_set(error, -EINVAL, "bad-layer",
                     "layer \"%s\", column \"%s\": a ref column, and only that, names the layer its values are rows of",
                     schema->name, column->name);
  }
  for (uint32_t i = 0; i < index; i++) {
    if (strcmp(schema->columns[i].name, column->name) == 0) {
      return error_set(error, -EINVAL, "bad-layer", "layer \"%s\" has two columns named \"%s\"; rename one",
                       schema->name, column->name);
    }
  }
  return 0;
}

static int layer_check(const layer_schema *schema, qn_error *error) {
  if (!name_ok(schema->name)) {
    return error_set(error, -EINVAL, "bad-layer", "a layer's name has 1 to %d bytes", NAME_BYTES_MAX);
  }
  if (schema->n_columns > SCHEMA_COLUMNS_MAX) {
    return error_set(error, -EINVAL, "bad-layer", "layer \"%s\" has %u columns; at most %d are possible", schema->name,
                     schema->n_columns, SCHEMA_COLUMNS_MAX);
  }
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    int rc = column_check(schema, i, error);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static size_t layer_copy_bytes(const layer_schema *schema) {
  size_t bytes = sizeof *schema + schema->n_columns * sizeof *schema->columns + strlen(schema->name) + 1;
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    const column_schema *column = &schema->columns[i];
    bytes += strlen(column->name) + 1 + column->n_symbols * sizeof *column->symbols;
    bytes += column->layer != NULL ? strlen(column->layer) + 1 : 0;
    for (uint32_t k = 0; k < column->n_symbols; k++) {
      bytes += strlen(column->symbols[k]) + 1;
    }
  }
  return bytes;
}

static const char *name_copy(char **cursor, const char *name) {
  size_t bytes = strlen(name) + 1;
  char *copy = memcpy(*cursor, name, bytes);
  *cursor += bytes;
  return copy;
}

/* Pointers first (columns, then all symbol tables), text behind them, so that everything stays aligned. */
static layer_schema *layer_copy(const layer_schema *schema) {
  char *memory = malloc(layer_copy_bytes(schema));
  if (memory == NULL) {
    return NULL;
  }
  layer_schema *copy = (layer_schema *)(void *)memory;
  column_schema *columns = (column_schema *)(void *)(copy + 1);
  const char **symbols = (const char **)(void *)(columns + schema->n_columns);
  size_t n_symbols = 0;
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    n_symbols += schema->columns[i].n_symbols;
  }
  char *cursor = (char *)(symbols + n_symbols);
  *copy = *schema;
  copy->name = name_copy(&cursor, schema->name);
  copy->columns = columns;
  for (uint32_t i = 0; i < schema->n_columns; i++) {
    const column_schema *from = &schema->columns[i];
    columns[i] = *from;
    columns[i].name = name_copy(&cursor, from->name);
    columns[i].layer = from->layer != NULL ? name_copy(&cursor, from->layer) : NULL;
    columns[i].symbols = from->n_symbols > 0 ? symbols : NULL;
    for (uint32_t k = 0; k < from->n_symbols; k++) {
      *symbols++ = name_copy(&cursor, from->symbols[k]);
    }
  }
  return copy;
}

/* Ref columns are resolved as layers come in, so that looking one up later costs nothing. */
static void refs_resolve(schema_set *set) {
  for (uint32_t slot = 0; slot < set->n_layers; slot++) {
    const layer_schema *layer = set->layers[slot];
    for (uint32_t i = 0; i < layer->n_columns; i++) {
      const char *target = layer->columns[i].layer;
      set->ref_slots[slot][i] = (uint8_t)(target != NULL ? schema_set_find(set, target) : SCHEMA_LAYERS_MAX);
    }
  }
}

int schema_set_add(schema_set *set, const layer_schema *schema, uint32_t *ret_slot, qn_error *error) {
  int rc = layer_check(schema, error);
  if (rc != 0) {
    return rc;
  }
  uint32_t slot = schema_set_find(set, schema->name);
  if (slot != SCHEMA_LAYERS_MAX) {
    if (!schema_equal(set->layers[slot], schema)) {
      return error_set(
          error, -EEXIST, "layer-differs",
          "layer \"%s\" is declared twice with different columns; a layer with other columns needs another "
          "name or version",
          schema->name);
    }
    *ret_slot = slot;
    return 0;
  }
  if (set->n_layers == SCHEMA_LAYERS_MAX) {
    return error_set(error, -ENOSPC, "too-many-layers",
                     "layer \"%s\" is one too many: a pipeline has at most %d layers", schema->name, SCHEMA_LAYERS_MAX);
  }
  layer_schema *copy = layer_copy(schema);
  if (copy == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for layer \"%s\"", schema->name);
  }
  set->fingerprints[set->n_layers] = schema_fingerprint(copy);
  set->layers[set->n_layers++] = copy;
  refs_resolve(set);
  *ret_slot = set->n_layers - 1;
  return 0;
}

uint32_t schema_set_count(const schema_set *set) {
  return set->n_layers;
}

const layer_schema *schema_set_at(const schema_set *set, uint32_t slot) {
  return slot < set->n_layers ? set->layers[slot] : NULL;
}

uint64_t schema_set_fingerprint(const schema_set *set, uint32_t slot) {
  return slot < set->n_layers ? set->fingerprints[slot] : 0;
}

uint32_t schema_set_ref_slot(const schema_set *set, uint32_t slot, uint32_t column) {
  if (slot >= set->n_layers || column >= set->layers[slot]->n_columns) {
    return SCHEMA_LAYERS_MAX;
  }
  return set->ref_slots[slot][column];
}

uint32_t schema_set_find(const schema_set *set, const char *name) {
  for (uint32_t i = 0; i < set->n_layers; i++) {
    if (strcmp(set->layers[i]->name, name) == 0) {
      return i;
    }
  }
  return SCHEMA_LAYERS_MAX;
}

int schema_set_add_view(schema_set *set, const char *name, uint32_t *ret_slot, qn_error *error) {
  if (!name_ok(name)) {
    return error_set(error, -EINVAL, "bad-view", "a view's name has 1 to %d bytes", NAME_BYTES_MAX);
  }
  for (uint32_t i = 0; i < set->n_views; i++) {
    if (strcmp(set->views[i], name) == 0) {
      *ret_slot = i;
      return 0;
    }
  }
  if (set->n_views == SCHEMA_VIEWS_MAX) {
    return error_set(error, -ENOSPC, "too-many-views", "view \"%s\" is one too many: a pipeline has at most %d views",
                     name, SCHEMA_VIEWS_MAX);
  }
  char *copy = strdup(name);
  if (copy == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for view \"%s\"", name);
  }
  set->views[set->n_views] = copy;
  *ret_slot = set->n_views++;
  return 0;
}

uint32_t schema_set_n_views(const schema_set *set) {
  return set->n_views;
}

const char *schema_set_view_name(const schema_set *set, uint32_t slot) {
  return slot < set->n_views ? set->views[slot] : NULL;
}
