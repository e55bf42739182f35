/* SPDX-License-Identifier: Apache-2.0 */

/* What a script calls doc: the text, the fields, and how the document ends. */
#include <errno.h>
#include <string.h>

#include "lua/engine.h"
#include "text/utf8.h"

#define DOCUMENT "qanat.document"

engine *api_engine(lua_State *lua) {
  engine *self = engine_of(lua);
  if (self->call == NULL) {
    luaL_error(lua, "there is no document here; documents are there while process(doc) runs");
  }
  return self;
}

/* The engine of a method, whose first argument must be doc: doc.text() instead of doc:text() is a usual slip. */
static engine *of_document(lua_State *lua) {
  if (luaL_testudata(lua, 1, DOCUMENT) == NULL) {
    luaL_error(lua, "call the functions of a document with a colon, as in doc:text()");
  }
  return api_engine(lua);
}

qn_str api_text(lua_State *lua, int index, const char *what) {
  qn_str text;
  text.data = lua_tolstring(lua, index, &text.len);
  if (utf8_valid_prefix((const uint8_t *)text.data, text.len) != text.len) {
    luaL_error(lua, "%s is no valid UTF-8; string.sub counts bytes, and this was cut inside a character", what);
  }
  if (memchr(text.data, '\0', text.len) != NULL) {
    luaL_error(lua, "%s holds a zero byte, which texts cannot", what);
  }
  return text;
}

qn_span api_span(lua_State *lua, const engine *self, lua_Integer begin, lua_Integer end) {
  const qn_view *view = &self->view;
  if (begin < 0 || begin > end || end > (lua_Integer)view->len) {
    luaL_error(lua, "begin %I and end_ %I are no piece of the text, which has %I bytes", (LUAI_UACINT)begin,
               (LUAI_UACINT)end, (LUAI_UACINT)view->len);
  }
  if (!utf8_boundary(view->data, view->len, (size_t)begin) || !utf8_boundary(view->data, view->len, (size_t)end)) {
    luaL_error(lua,
               "begin %I or end_ %I stands inside a character; offsets are bytes, and begin is one less than what "
               "string.find gives",
               (LUAI_UACINT)begin, (LUAI_UACINT)end);
  }
  return (qn_span){ (uint32_t)begin, (uint32_t)end };
}

/* The first break behind an offset, or the end of the text. */
static uint32_t next_break(const qn_view *view, uint32_t offset) {
  uint32_t low = 0, high = view->n_breaks;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (view->breaks[middle] <= offset) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < view->n_breaks ? view->breaks[low] : view->len;
}

void api_check_breaks(lua_State *lua, const engine *self, qn_span span) {
  uint32_t at = next_break(&self->view, span.begin);
  if (at < span.end) {
    luaL_error(lua,
               "begin %I and end_ %I reach across %I, where something was cut out of the page; doc:breaks() has all "
               "such places",
               (LUAI_UACINT)span.begin, (LUAI_UACINT)span.end, (LUAI_UACINT)at);
  }
}

/* doc:text() */
static int document_text(lua_State *lua) {
  const engine *self = of_document(lua);
  lua_pushlstring(lua, (const char *)self->view.data, self->view.len);
  return 1;
}

/* #doc */
static int document_len(lua_State *lua) {
  lua_pushinteger(lua, of_document(lua)->view.len);
  return 1;
}

/* doc:slice(begin, end_) */
static int document_slice(lua_State *lua) {
  const engine *self = of_document(lua);
  qn_span span = api_span(lua, self, luaL_checkinteger(lua, 2), luaL_checkinteger(lua, 3));
  lua_pushlstring(lua, (const char *)self->view.data + span.begin, span.end - span.begin);
  return 1;
}

/* doc:breaks(): where something was cut out of the page, ascending */
static int document_breaks(lua_State *lua) {
  const engine *self = of_document(lua);
  lua_createtable(lua, (int)self->view.n_breaks, 0);
  for (uint32_t i = 0; i < self->view.n_breaks; i++) {
    lua_pushinteger(lua, self->view.breaks[i]);
    lua_rawseti(lua, -2, (lua_Integer)i + 1);
  }
  return 1;
}

/* --- fields --- */

static qn_str check_name(lua_State *lua, int index) {
  qn_str name;
  name.data = luaL_checklstring(lua, index, &name.len);
  return name;
}

/* doc:field(name): a value; of a span its text, then begin and end_. */
static int document_field(lua_State *lua) {
  const engine *self = of_document(lua);
  qn_value value;
  if (self->host->field_get(self->call, check_name(lua, 2), &value) != 0) {
    return 0;
  }
  switch (value.type) {
  case QN_VALUE_BOOL:
    lua_pushboolean(lua, value.as.i64 != 0);
    return 1;
  case QN_VALUE_I64:
    lua_pushinteger(lua, value.as.i64);
    return 1;
  case QN_VALUE_F64:
    lua_pushnumber(lua, value.as.f64);
    return 1;
  case QN_VALUE_STR:
    lua_pushlstring(lua, value.as.str.data, value.as.str.len);
    return 1;
  case QN_VALUE_SPAN:
    lua_pushlstring(lua, (const char *)self->view.data + value.as.span.begin, value.as.span.end - value.as.span.begin);
    lua_pushinteger(lua, value.as.span.begin);
    lua_pushinteger(lua, value.as.span.end);
    return 3;
  default:
    return 0;
  }
}

static qn_value value_at(lua_State *lua, int index) {
  qn_value value = { .type = QN_VALUE_NONE };
  switch (lua_type(lua, index)) {
  case LUA_TNONE:
  case LUA_TNIL:
    break;
  case LUA_TBOOLEAN:
    value.type = QN_VALUE_BOOL;
    value.as.i64 = lua_toboolean(lua, index);
    break;
  case LUA_TNUMBER:
    value.type = lua_isinteger(lua, index) ? QN_VALUE_I64 : QN_VALUE_F64;
    if (value.type == QN_VALUE_I64) {
      value.as.i64 = lua_tointeger(lua, index);
    } else {
      value.as.f64 = lua_tonumber(lua, index);
    }
    break;
  case LUA_TSTRING:
    value.type = QN_VALUE_STR;
    value.as.str = api_text(lua, index, "the value");
    break;
  default:
    luaL_error(lua, "a field can be a string, a number, true or false, not a %s", luaL_typename(lua, index));
  }
  return value;
}

static int set_field(lua_State *lua, const engine *self, const qn_value *value) {
  qn_str name = check_name(lua, 2);
  int rc = self->host->field_set(self->call, name, value);
  if (rc == -ENOMEM) {
    return engine_end(lua, QN_STATUS_RETRY, "no-memory", "no memory for a field");
  }
  if (rc == -E2BIG) {
    return luaL_error(lua, "there is no room for the field '%s': a document has at most 64, of 64 KiB in all",
                      name.data);
  }
  return rc == 0 ? 0 : luaL_error(lua, "the field '%s' cannot be set to this", name.data);
}

/* doc:set(name, value); nil removes the field. */
static int document_set(lua_State *lua) {
  const engine *self = of_document(lua);
  const qn_value value = value_at(lua, 3);
  return set_field(lua, self, &value);
}

/* doc:set_span(name, begin, end_) */
static int document_set_span(lua_State *lua) {
  const engine *self = of_document(lua);
  qn_value value = { .type = QN_VALUE_SPAN };
  value.as.span = api_span(lua, self, luaL_checkinteger(lua, 3), luaL_checkinteger(lua, 4));
  api_check_breaks(lua, self, value.as.span);
  return set_field(lua, self, &value);
}

/* --- ends --- */

static const char *check_slug(lua_State *lua, int index) {
  size_t len;
  const char *slug = luaL_checklstring(lua, index, &len);
  if (len == 0 || len > ENGINE_SLUG_MAX || strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
    luaL_error(lua, "the short name of a reason has 1 to %d of a-z, 0-9 and '-', like \"too-short\"", ENGINE_SLUG_MAX);
  }
  return slug;
}

static int end_failed(lua_State *lua, qn_status status) {
  of_document(lua);
  const char *slug = check_slug(lua, 2);
  const char *text = luaL_checkstring(lua, 3);
  luaL_argcheck(lua, text[0] != '\0', 3, "say in a sentence why");
  return engine_end(lua, status, slug, text);
}

/* doc:reject(slug, sentence) */
static int document_reject(lua_State *lua) {
  return end_failed(lua, QN_STATUS_REJECT);
}

/* doc:retry(slug, sentence) */
static int document_retry(lua_State *lua) {
  return end_failed(lua, QN_STATUS_RETRY);
}

/* doc:drop() */
static int document_drop(lua_State *lua) {
  of_document(lua);
  return engine_end(lua, QN_STATUS_DROP, "", "");
}

/* doc:now(): milliseconds of Unix time, the same for all stages of a document */
static int document_now(lua_State *lua) {
  lua_pushinteger(lua, of_document(lua)->call->now_ms);
  return 1;
}

/* doc:attempt(): 1 for the first try */
static int document_attempt(lua_State *lua) {
  lua_pushinteger(lua, of_document(lua)->call->attempt);
  return 1;
}

void api_open_document(lua_State *lua) {
  static const luaL_Reg methods[] = { { "text", document_text },
                                      { "slice", document_slice },
                                      { "field", document_field },
                                      { "set", document_set },
                                      { "set_span", document_set_span },
                                      { "layer", api_layer },
                                      { "add", api_add },
                                      { "drop", document_drop },
                                      { "reject", document_reject },
                                      { "retry", document_retry },
                                      { "now", document_now },
                                      { "attempt", document_attempt },
                                      { "breaks", document_breaks },
                                      { NULL, NULL } };
  lua_newuserdatauv(lua, 0, 0);
  luaL_newmetatable(lua, DOCUMENT);
  luaL_newlib(lua, methods);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, document_len);
  lua_setfield(lua, -2, "__len");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_setmetatable(lua, -2);
}
