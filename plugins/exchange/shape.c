/* SPDX-License-Identifier: Apache-2.0 */

/* Reads shapes from the configuration; the host has checked the same schemas before, so only what this room does not
 * know is refused here. */
#include "exchange/shape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/setting.h"

enum { POINTER_MAX = SETTING_POINTER_MAX + 64 };

static bool same(const char *name, qn_str other) {
  return strlen(name) == other.len && memcmp(name, other.data, other.len) == 0;
}

uint32_t shapes_find(const shapes *self, qn_str name) {
  for (uint32_t i = 0; i < self->n; i++) {
    if (same(self->all[i].name, name)) {
      return i;
    }
  }
  return SHAPES_MAX;
}

uint32_t shape_column_find(const shape *self, qn_str name) {
  uint32_t i = 0;
  while (i < self->n_columns && !same(self->columns[i].name, name)) {
    i++;
  }
  return i;
}

/* --- freeing --- */

static void drop(const void *memory) {
  free((void *)(uintptr_t)memory);
}

static void column_done(const shape_column *column) {
  for (uint32_t i = 0; i < column->n_symbols; i++) {
    drop(column->symbols[i]);
  }
  drop(column->symbols);
  drop(column->name);
  drop(column->layer);
}

void shapes_done(shapes *self) {
  for (uint32_t i = 0; i < self->n; i++) {
    for (uint32_t k = 0; self->is_owned[i] && k < self->all[i].n_columns; k++) {
      column_done(&self->all[i].columns[k]);
    }
    if (self->is_owned[i]) {
      drop(self->all[i].columns);
      drop(self->all[i].name);
    }
  }
  self->n = 0;
}

/* --- reading --- */

static uint32_t type_of(qn_str name) {
  static const char *const names[] = { "u32", "i64", "f64", "str", "ref", "span", "symbol" };
  for (uint32_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (same(names[i], name)) {
      return i + QN_COLUMN_U32;
    }
  }
  return 0;
}

static int read_symbols(qn_create *create, const char *base, shape_column *column) {
  char pointer[POINTER_MAX];
  snprintf(pointer, sizeof pointer, "%.600s/symbols", base);
  uint32_t n = setting_count(create, pointer);
  if (n == 0) {
    return 0;
  }
  char **symbols = calloc(n < SHAPE_SYMBOLS_MAX ? n : SHAPE_SYMBOLS_MAX, sizeof *symbols);
  if (symbols == NULL) {
    return -ENOMEM;
  }
  column->symbols = (const char *const *)symbols;
  for (uint32_t i = 0; i < n && i < SHAPE_SYMBOLS_MAX; i++) {
    snprintf(pointer, sizeof pointer, "%.600s/symbols/%u", base, i);
    int rc = setting_copy(create, pointer, &symbols[i]);
    if (rc != 0 || symbols[i] == NULL) {
      return rc;
    }
    column->n_symbols++;
  }
  return 0;
}

static int copy_member(qn_create *create, const char *base, const char *name, const char **ret_copy) {
  char pointer[POINTER_MAX];
  char *copy = NULL;
  snprintf(pointer, sizeof pointer, "%.600s/%s", base, name);
  int rc = setting_copy(create, pointer, &copy);
  *ret_copy = copy;
  return rc;
}

static int read_column(qn_create *create, const char *base, shape_column *column) {
  char pointer[POINTER_MAX];
  int rc = copy_member(create, base, "name", &column->name);
  rc = rc == 0 ? copy_member(create, base, "layer", &column->layer) : rc;
  snprintf(pointer, sizeof pointer, "%.600s/type", base);
  column->type = type_of(qn_config_str(create, pointer));
  rc = rc == 0 ? read_symbols(create, base, column) : rc;
  return rc != 0 ? rc : column->name == NULL || column->type == 0 ? -EINVAL : 0;
}

static int read_declared(qn_create *create, shape *made) {
  char base[SETTING_POINTER_MAX];
  char pointer[POINTER_MAX];
  setting_member("/layers/schemas", (qn_str){ made->name, strlen(made->name) }, base);
  snprintf(pointer, sizeof pointer, "%.600s/columns", base);
  uint32_t n = setting_count(create, pointer);
  if (n == 0 || n > SHAPE_COLUMNS_MAX) {
    qn_value schema;
    return n == 0 && create->host->config_get(create, base, &schema) == 0 ? 0 : -EINVAL;
  }
  shape_column *columns = calloc(n, sizeof *columns);
  if (columns == NULL) {
    return -ENOMEM;
  }
  made->columns = columns;
  for (uint32_t i = 0; i < n; i++) {
    snprintf(pointer, sizeof pointer, "%.600s/columns/%u", base, i);
    made->n_columns++;
    int rc = read_column(create, pointer, &columns[i]);
    if (rc != 0) {
      return rc;
    }
  }
  snprintf(pointer, sizeof pointer, "%.600s/crosses_breaks", base);
  made->crosses_breaks = qn_config_i64(create, pointer, 0) != 0;
  return 0;
}

static const shape *known_find(const char *name) {
  for (uint32_t i = 0; i < shapes_known_count; i++) {
    if (strcmp(shapes_known[i].name, name) == 0) {
      return &shapes_known[i];
    }
  }
  return NULL;
}

static int refuse(qn_create *create, const char *name) {
  char text[400];
  snprintf(text, sizeof text,
           "the layer \"%.100s\" under \"provides\" is none that every pipeline knows: say what columns it has, under "
           "\"layers\": { \"schemas\": { \"%.100s\": { \"columns\": [...] } } }",
           name, name);
  return setting_refuse(create, text);
}

static int read_shape(qn_create *create, shapes *self, const char *list, uint32_t index) {
  char pointer[POINTER_MAX];
  shape *made = &self->all[self->n];
  char *name = NULL;
  snprintf(pointer, sizeof pointer, "%.600s/%u", list, index);
  int rc = setting_copy(create, pointer, &name);
  if (rc != 0 || name == NULL) {
    return rc != 0 ? rc : -EINVAL;
  }
  const shape *known = known_find(name);
  if (known != NULL) {
    *made = *known;
    free(name);
    self->n++;
    return 0;
  }
  made->name = name;
  self->is_owned[self->n++] = true;
  rc = read_declared(create, made);
  return rc == -EINVAL ? refuse(create, name) : rc;
}

static int read_list(qn_create *create, shapes *self, const char *list) {
  uint32_t n = setting_count(create, list);
  int rc = n > SHAPES_MAX - self->n ? -EINVAL : 0;
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    rc = read_shape(create, self, list, i);
  }
  return rc;
}

int shapes_open(qn_create *create, shapes *ret_shapes) {
  shapes *self = ret_shapes;
  memset(self, 0, sizeof *self);
  self->first = setting_count(create, "/layers/reads") + setting_count(create, "/layers/may_read");
  int rc = read_list(create, self, "/layers/provides");
  if (rc != 0) {
    shapes_done(self);
  }
  return rc;
}

int shapes_open_all(qn_create *create, shapes *ret_shapes, uint32_t *ret_provided) {
  shapes *self = ret_shapes;
  memset(self, 0, sizeof *self);
  int rc = read_list(create, self, "/layers/reads");
  rc = rc == 0 ? read_list(create, self, "/layers/may_read") : rc;
  *ret_provided = self->n;
  rc = rc == 0 ? read_list(create, self, "/layers/provides") : rc;
  if (rc != 0) {
    shapes_done(self);
  }
  return rc;
}
