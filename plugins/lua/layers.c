/* SPDX-License-Identifier: Apache-2.0 */

/* Layers as scripts see them: rows are counted from 1, offsets from 0 in bytes, symbols are words, refs are rows. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "lua/engine.h"

#define LAYER "qanat.layer"

/* A layer in a script's hand. */
typedef struct held_layer {
  uint64_t n_call; /* of the engine: another one means that its document is gone */
  const shape *shape;
  qn_layer layer;
} held_layer;

static qn_str check_name(lua_State *lua, int index) {
  qn_str name;
  name.data = luaL_checklstring(lua, index, &name.len);
  return name;
}

/* --- reading --- */

static int refuse_layer(lua_State *lua, const char *name, const char *list, const char *kind) {
  return luaL_error(lua, "the layer '%s' is not under \"layers\": { \"%s\": [...] } of this stage: %s", name, list,
                    kind);
}

/* doc:layer(name): nil for a layer of may_read that the document does not have */
int api_layer(lua_State *lua) {
  const engine *self = api_engine(lua);
  const shapes *all = &self->script->shapes;
  qn_str name = check_name(lua, 2);
  uint32_t index = shapes_find(all, name);
  if (index >= self->script->n_read) {
    return refuse_layer(lua, name.data, "reads", "name it there, or under \"may_read\"");
  }
  held_layer *held = lua_newuserdatauv(lua, sizeof *held, 0);
  *held = (held_layer){ .n_call = self->n_calls, .shape = &all->all[index] };
  int rc = self->host->layer_get(self->call, index, &held->layer);
  if (rc == -ENOENT) {
    lua_pushnil(lua);
    return 1;
  }
  if (rc != 0) {
    return engine_end(lua, QN_STATUS_RETRY, "no-memory", "no memory to read a layer");
  }
  luaL_setmetatable(lua, LAYER);
  return 1;
}

static const held_layer *check_layer(lua_State *lua) {
  const engine *self = api_engine(lua);
  const held_layer *held = luaL_checkudata(lua, 1, LAYER);
  if (held->n_call != self->n_calls) {
    luaL_error(lua, "this layer is of an earlier document; ask doc:layer() for each one");
  }
  return held;
}

static uint32_t check_row(lua_State *lua, const held_layer *held) {
  lua_Integer row = luaL_checkinteger(lua, 2);
  if (row < 1 || row > (lua_Integer)held->layer.n_rows) {
    luaL_error(lua, "there is no row %I in %s; its %I rows are counted from 1", (LUAI_UACINT)row, held->shape->name,
               (LUAI_UACINT)held->layer.n_rows);
  }
  return (uint32_t)(row - 1);
}

/* Pushes what a column holds; nil if that is absent. */
static void push_cell(lua_State *lua, const held_layer *held, uint32_t column, uint32_t row) {
  const shape_column *of = &held->shape->columns[column];
  const void *cells = held->layer.columns[column];
  if (of->type == QN_COLUMN_U32) {
    lua_pushinteger(lua, ((const uint32_t *)cells)[row]);
  } else if (of->type == QN_COLUMN_I64) {
    lua_pushinteger(lua, ((const int64_t *)cells)[row]);
  } else if (of->type == QN_COLUMN_F64 && !isnan(((const double *)cells)[row])) {
    lua_pushnumber(lua, ((const double *)cells)[row]);
  } else if (of->type == QN_COLUMN_STR && ((const qn_heap_str *)cells)[row].offset != QN_NO_ROW) {
    qn_str text = qn_layer_str(&held->layer, column, row);
    lua_pushlstring(lua, text.data, text.len);
  } else if (of->type == QN_COLUMN_REF && ((const uint32_t *)cells)[row] != QN_NO_ROW) {
    lua_pushinteger(lua, (lua_Integer)((const uint32_t *)cells)[row] + 1);
  } else if (of->type == QN_COLUMN_SYMBOL && ((const uint32_t *)cells)[row] < of->n_symbols) {
    lua_pushstring(lua, of->symbols[((const uint32_t *)cells)[row]]);
  } else if (of->type == QN_COLUMN_SPAN && ((const qn_span *)cells)[row].begin != QN_NO_ROW) {
    lua_createtable(lua, 0, 2);
    lua_pushinteger(lua, ((const qn_span *)cells)[row].begin);
    lua_setfield(lua, -2, "begin");
    lua_pushinteger(lua, ((const qn_span *)cells)[row].end);
    lua_setfield(lua, -2, "end_");
  } else {
    lua_pushnil(lua);
  }
}

/* layer:span(row): begin, end_ */
static int layer_span(lua_State *lua) {
  const held_layer *held = check_layer(lua);
  uint32_t row = check_row(lua, held);
  lua_pushinteger(lua, held->layer.begin[row]);
  lua_pushinteger(lua, held->layer.end[row]);
  return 2;
}

/* layer:text(row) */
static int layer_text(lua_State *lua) {
  const held_layer *held = check_layer(lua);
  uint32_t row = check_row(lua, held), begin = held->layer.begin[row];
  lua_pushlstring(lua, (const char *)engine_of(lua)->view.data + begin, held->layer.end[row] - begin);
  return 1;
}

/* layer:get(row, column) */
static int layer_get(lua_State *lua) {
  const held_layer *held = check_layer(lua);
  uint32_t row = check_row(lua, held);
  qn_str name = check_name(lua, 3);
  uint32_t column = shape_column_find(held->shape, name);
  if (column == held->shape->n_columns) {
    return luaL_error(lua, "%s has no column '%s'", held->shape->name, name.data);
  }
  push_cell(lua, held, column, row);
  return 1;
}

static void push_row(lua_State *lua, const held_layer *held, uint32_t row) {
  lua_createtable(lua, 0, (int)held->shape->n_columns + 2);
  lua_pushinteger(lua, held->layer.begin[row]);
  lua_setfield(lua, -2, "begin");
  lua_pushinteger(lua, held->layer.end[row]);
  lua_setfield(lua, -2, "end_");
  for (uint32_t column = 0; column < held->shape->n_columns; column++) {
    push_cell(lua, held, column, row);
    lua_setfield(lua, -2, held->shape->columns[column].name);
  }
}

/* layer:row(row): a table of begin, end_ and the columns */
static int layer_row(lua_State *lua) {
  const held_layer *held = check_layer(lua);
  push_row(lua, held, check_row(lua, held));
  return 1;
}

static int next_row(lua_State *lua) {
  const held_layer *held = check_layer(lua);
  lua_Integer row = luaL_checkinteger(lua, 2);
  if (row < 0 || row >= (lua_Integer)held->layer.n_rows) {
    return 0;
  }
  lua_pushinteger(lua, row + 1);
  push_row(lua, held, (uint32_t)row);
  return 2;
}

/* for i, row in layer:rows() do */
static int layer_rows(lua_State *lua) {
  check_layer(lua);
  lua_pushcfunction(lua, next_row);
  lua_pushvalue(lua, 1);
  lua_pushinteger(lua, 0);
  return 3;
}

/* #layer */
static int layer_len(lua_State *lua) {
  lua_pushinteger(lua, check_layer(lua)->layer.n_rows);
  return 1;
}

void api_open_layers(lua_State *lua) {
  static const luaL_Reg methods[] = { { "span", layer_span }, { "text", layer_text }, { "get", layer_get },
                                      { "row", layer_row },   { "rows", layer_rows }, { NULL, NULL } };
  luaL_newmetatable(lua, LAYER);
  luaL_newlib(lua, methods);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, layer_len);
  lua_setfield(lua, -2, "__len");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_pop(lua, 1);
}

/* --- adding --- */

/* What is being added, for messages. */
typedef struct addition {
  lua_State *lua;
  engine *engine;
  const shape *shape;
  const shape_column *column;
  uint32_t index; /* of the provided layer */
} addition;

static int refuse_cell(const addition *to, const char *wanted) {
  return luaL_error(to->lua, "'%s' of a row of %s must be %s, not a %s", to->column->name, to->shape->name, wanted,
                    luaL_typename(to->lua, -1));
}

static lua_Integer integer_of(const addition *to, lua_Integer least, lua_Integer most, const char *wanted) {
  int is_integer;
  lua_Integer value = lua_tointegerx(to->lua, -1, &is_integer);
  if (!is_integer || value < least || value > most) {
    refuse_cell(to, wanted);
  }
  return value;
}

static lua_Integer offset_of(const addition *to, int table, const char *name) {
  int is_integer;
  lua_getfield(to->lua, table, name);
  lua_Integer value = lua_tointegerx(to->lua, -1, &is_integer);
  if (!is_integer) {
    luaL_error(to->lua, "a row of %s needs '%s', an offset in bytes", to->shape->name, name);
  }
  lua_pop(to->lua, 1);
  return value;
}

static qn_span span_of(const addition *to, int table) {
  lua_Integer begin = offset_of(to, table, "begin");
  qn_span span = api_span(to->lua, to->engine, begin, offset_of(to, table, "end_"));
  if (!to->shape->crosses_breaks) {
    api_check_breaks(to->lua, to->engine, span);
  }
  return span;
}

static qn_heap_str string_of(const addition *to) {
  qn_heap_str kept = { 0, 0 };
  if (lua_type(to->lua, -1) != LUA_TSTRING) {
    refuse_cell(to, "a string");
  }
  qn_str text = api_text(to->lua, -1, to->column->name);
  if (rows_keep(to->engine, to->index, text, &kept) != 0) {
    luaL_error(to->lua, "no memory for the rows of %s; raise \"memory_mib\"", to->shape->name);
  }
  return kept;
}

static uint32_t symbol_of(const addition *to) {
  const char *word = lua_type(to->lua, -1) == LUA_TSTRING ? lua_tostring(to->lua, -1) : "";
  for (uint32_t i = 0; i < to->column->n_symbols; i++) {
    if (strcmp(to->column->symbols[i], word) == 0) {
      return i;
    }
  }
  luaL_error(to->lua,
             "'%s' of a row of %s cannot be '%s'; its words are those that the layer's schema lists, like '%s'",
             to->column->name, to->shape->name, luaL_tolstring(to->lua, -1, NULL),
             to->column->n_symbols > 0 ? to->column->symbols[0] : "");
  return 0;
}

/* The value on top of the stack, which is not nil. */
static row_cell cell_of(const addition *to) {
  row_cell cell = { .i64 = 0 };
  switch (to->column->type) {
  case QN_COLUMN_U32:
    cell.u32 = (uint32_t)integer_of(to, 0, UINT32_MAX, "a whole number from 0 to 4294967295");
    break;
  case QN_COLUMN_I64:
    cell.i64 = integer_of(to, INT64_MIN, INT64_MAX, "a whole number");
    break;
  case QN_COLUMN_F64:
    if (lua_type(to->lua, -1) != LUA_TNUMBER) {
      refuse_cell(to, "a number");
    }
    cell.f64 = lua_tonumber(to->lua, -1);
    break;
  case QN_COLUMN_STR:
    cell.str = string_of(to);
    break;
  case QN_COLUMN_REF:
    cell.u32 = (uint32_t)(integer_of(to, 1, UINT32_MAX - 1, "the number of a row") - 1);
    break;
  case QN_COLUMN_SPAN:
    if (!lua_istable(to->lua, -1)) {
      refuse_cell(to, "a table with begin and end_");
    }
    cell.span = span_of(to, lua_gettop(to->lua));
    break;
  default:
    cell.u32 = symbol_of(to);
    break;
  }
  return cell;
}

/* What stands for a value that is not given; numbers and symbols have no such thing. */
static row_cell absent(const addition *to) {
  row_cell cell = { .i64 = 0 };
  switch (to->column->type) {
  case QN_COLUMN_F64:
    cell.f64 = NAN;
    break;
  case QN_COLUMN_STR:
    cell.str = (qn_heap_str){ QN_NO_ROW, 0 };
    break;
  case QN_COLUMN_REF:
    cell.u32 = QN_NO_ROW;
    break;
  case QN_COLUMN_SPAN:
    cell.span = (qn_span){ QN_NO_ROW, QN_NO_ROW };
    break;
  default:
    luaL_error(to->lua, "a row of %s needs '%s'", to->shape->name, to->column->name);
  }
  return cell;
}

/* A misspelt column would be lost without a word. */
static void check_keys(const addition *to) {
  lua_State *lua = to->lua;
  for (lua_pushnil(lua); lua_next(lua, 3) != 0; lua_pop(lua, 1)) {
    size_t len = 0;
    const char *name = lua_type(lua, -2) == LUA_TSTRING ? lua_tolstring(lua, -2, &len) : "";
    bool is_known = strcmp(name, "begin") == 0 || strcmp(name, "end_") == 0 ||
                    shape_column_find(to->shape, (qn_str){ name, len }) < to->shape->n_columns;
    if (!is_known) {
      luaL_error(lua, "%s has no column '%s'", to->shape->name, luaL_tolstring(lua, -2, NULL));
    }
  }
}

/* doc:add(name, row): the row's number as added, which refs to the layer may name */
int api_add(lua_State *lua) {
  engine *self = api_engine(lua);
  qn_str name = check_name(lua, 2);
  uint32_t index = shapes_find(&self->script->shapes, name);
  if (index == SHAPES_MAX || index < self->script->n_read) {
    return refuse_layer(lua, name.data, "provides",
                        "name it there, and its columns under \"schemas\" if they are your own");
  }
  luaL_checktype(lua, 3, LUA_TTABLE);
  addition to = { lua, self, &self->script->shapes.all[index], NULL, index - self->script->n_read };
  row_cell cells[SHAPE_COLUMNS_MAX];
  row_cell *room = NULL;
  check_keys(&to);
  qn_span span = span_of(&to, 3);
  for (uint32_t i = 0; i < to.shape->n_columns; i++) {
    to.column = &to.shape->columns[i];
    cells[i] = lua_getfield(lua, 3, to.column->name) == LUA_TNIL ? absent(&to) : cell_of(&to);
    lua_settop(lua, 3);
  }
  if (rows_add(self, to.index, span.begin, span.end, &room) != 0) {
    return luaL_error(lua, "no memory for the rows of %s; raise \"memory_mib\"", to.shape->name);
  }
  memcpy(room, cells, to.shape->n_columns * sizeof *cells);
  lua_pushinteger(lua, self->rows[to.index].n);
  return 1;
}
