/* SPDX-License-Identifier: Apache-2.0 */

/* The layers a reply may bring, with their columns: those the stage's configuration lists under "layers"."provides". */
#ifndef EXCHANGE_SHAPE_H
#define EXCHANGE_SHAPE_H

#include <stdbool.h>

#include "qanat/stage.h"

enum { SHAPES_MAX = 32, SHAPE_COLUMNS_MAX = 16, SHAPE_SYMBOLS_MAX = 256 };

typedef struct shape_column {
  const char *name;
  uint32_t type; /* QN_COLUMN_* */
  uint32_t n_symbols;
  const char *const *symbols;
  const char *layer; /* of a ref */
} shape_column;

typedef struct shape {
  const char *name;
  bool crosses_breaks;
  uint32_t n_columns;
  const shape_column *columns;
} shape;

/* Those that every pipeline knows; generated from layers.json. */
extern const shape shapes_known[];
extern const uint32_t shapes_known_count;

typedef struct shapes {
  uint32_t n;
  uint32_t first; /* the index in the stage's layers of shape 0; the others follow */
  shape all[SHAPES_MAX];
  bool is_owned[SHAPES_MAX]; /* names and columns were copied from the configuration */
} shapes;

/* Reads the configuration. 0, -ENOMEM, or -EINVAL after create_fail(). [create] */
int shapes_open(qn_create *create, shapes *ret_shapes);
/* The same for all the stage's layers, those it reads before those it provides: shape i has the index i, and from
 * ret_provided on they are provided. */
int shapes_open_all(qn_create *create, shapes *ret_shapes, uint32_t *ret_provided);
void shapes_done(shapes *shapes);

/* SHAPES_MAX if no such layer may be brought. */
uint32_t shapes_find(const shapes *shapes, qn_str name);

/* Index of the column, or n_columns. */
uint32_t shape_column_find(const shape *shape, qn_str name);

#endif
