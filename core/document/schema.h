/* SPDX-License-Identifier: Apache-2.0 */

/* Layer schemas as data: the columns of each layer a pipeline uses, numbered by slot.
 *
 * Knows columns and their types; does not know documents. Floor 1. */
#ifndef CORE_DOCUMENT_SCHEMA_H
#define CORE_DOCUMENT_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

#include "document/error.h"

enum {
  SCHEMA_COLUMNS_MAX = 16, /* columns of one layer */
  SCHEMA_LAYERS_MAX = 48,  /* layers of one pipeline */
  SCHEMA_VIEWS_MAX = 8,    /* views of one pipeline, payload and text among them */
  SCHEMA_SYMBOLS_MAX = 256
};

/* The two views every pipeline has; further ones follow. */
enum { SCHEMA_VIEW_PAYLOAD = 0, SCHEMA_VIEW_TEXT = 1, SCHEMA_VIEW_NONE = 255 };

typedef struct column_schema {
  const char *name;
  uint32_t type; /* QN_COLUMN_* */
  uint32_t n_symbols;
  const char *const *symbols; /* QN_COLUMN_SYMBOL */
  const char *layer;          /* QN_COLUMN_REF: name of the layer its values are rows of */
} column_schema;

typedef struct layer_schema {
  const char *name;    /* "token/1", "acme.mood/1" */
  bool crosses_breaks; /* its spans may reach across breaks of a view */
  uint32_t n_columns;
  const column_schema *columns;
} layer_schema;

/* The known layers, generated from include/qanat/layers.json. NULL if the name is not among them. */
const layer_schema *schema_known(const char *name);
const layer_schema *schema_known_at(uint32_t index); /* NULL past the last */

/* True if both have the same columns (names, types, symbols, ref targets, crosses_breaks). */
bool schema_equal(const layer_schema *a, const layer_schema *b);

/* The same as one number: equal schemas have equal fingerprints, others all but certainly not. Never 0. */
uint64_t schema_fingerprint(const layer_schema *schema);

/* The layers of one pipeline. Built by the planner, read-only and shared afterwards. Copies what it is given. */
typedef struct schema_set schema_set;

int schema_set_new(schema_set **ret_set);
void schema_set_free(schema_set *set);

/* The slot of the layer, adding it if it is new. -EEXIST if the name is there with other columns, -ENOSPC. */
int schema_set_add(schema_set *set, const layer_schema *schema, uint32_t *ret_slot, qn_error *error);
uint32_t schema_set_count(const schema_set *set);
const layer_schema *schema_set_at(const schema_set *set, uint32_t slot);
uint64_t schema_set_fingerprint(const schema_set *set, uint32_t slot); /* 0 if there is no such slot */
/* The slot a ref column points to, or SCHEMA_LAYERS_MAX if that layer is not in the set. */
uint32_t schema_set_ref_slot(const schema_set *set, uint32_t slot, uint32_t column);
/* The slot of a name, or SCHEMA_LAYERS_MAX. */
uint32_t schema_set_find(const schema_set *set, const char *name);

/* Views are names only. payload and text are there from the start. */
int schema_set_add_view(schema_set *set, const char *name, uint32_t *ret_slot, qn_error *error);
uint32_t schema_set_n_views(const schema_set *set);
const char *schema_set_view_name(const schema_set *set, uint32_t slot);

#endif
