/* SPDX-License-Identifier: Apache-2.0 */

/* Functions among a script's globals: logging, match keys, and those of Lua's own that would get around the bounds. */
#include <string.h>

#include <lualib.h>

#include "lua/engine.h"
#include "text/fold.h"
#include "text/utf8.h"

enum { LOG_LINE_MAX = 1000 };

/* One line of at most LOG_LINE_MAX bytes, from any bytes. */
static void write_line(const engine *self, uint32_t level, const char *text, size_t len) {
  char line[LOG_LINE_MAX];
  size_t n = 0;
  for (size_t i = 0; i < len;) {
    uint32_t step;
    uint32_t code = utf8_decode((const uint8_t *)text + i, len - i, &step);
    if (n + step > sizeof line) {
      break;
    }
    bool is_plain = code != UTF8_INVALID && code >= 0x20 && (code < 0x7F || code >= 0xA0);
    memcpy(line + n, is_plain ? text + i : " ", is_plain ? step : 1);
    n += is_plain ? step : 1;
    i += step;
  }
  self->host->log(self->env, level, line, n);
}

/* log(text [, level]) */
static int tool_log(lua_State *lua) {
  static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
  size_t len;
  uint32_t level = (uint32_t)luaL_checkoption(lua, 2, "info", levels);
  const char *text = luaL_tolstring(lua, 1, &len);
  write_line(engine_of(lua), level, text, len);
  return 0;
}

/* print(...): as Lua's, into the log */
static int tool_print(lua_State *lua) {
  luaL_Buffer line;
  int n = lua_gettop(lua);
  luaL_buffinit(lua, &line);
  for (int i = 1; i <= n; i++) {
    if (i > 1) {
      luaL_addchar(&line, ' ');
    }
    luaL_tolstring(lua, i, NULL);
    luaL_addvalue(&line);
  }
  luaL_pushresult(&line);
  size_t len;
  const char *text = lua_tolstring(lua, -1, &len);
  write_line(engine_of(lua), QN_LOG_INFO, text, len);
  return 0;
}

/* fold(text): the match key, as in the column form of token/1 */
static int tool_fold(lua_State *lua) {
  size_t len;
  const char *text = luaL_checklstring(lua, 1, &len);
  luaL_Buffer key;
  uint8_t *room = (uint8_t *)luaL_buffinitsize(lua, &key, FOLD_BOUND(len));
  luaL_pushresultsize(&key, fold_key((const uint8_t *)text, len, room));
  return 1;
}

/* Lua's, but for finalizers: they run with the instruction limit off. */
static int tool_setmetatable(lua_State *lua) {
  luaL_argexpected(lua, lua_isnil(lua, 2) || lua_istable(lua, 2), 2, "nil or table");
  luaL_checktype(lua, 1, LUA_TTABLE);
  if (lua_istable(lua, 2)) {
    lua_pushliteral(lua, "__gc");
    if (lua_rawget(lua, 2) != LUA_TNIL) {
      return luaL_error(lua, "finalizers (__gc) are not for scripts of stages");
    }
    lua_pop(lua, 1);
  }
  if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL) {
    return luaL_error(lua, "cannot change a protected metatable");
  }
  lua_settop(lua, 2);
  lua_setmetatable(lua, 1);
  return 1;
}

/* string.rep(text, n [, separator]), whose time is bounded by its room; Lua's own copies an empty string as often as it is
 * told. */
static int tool_rep(lua_State *lua) {
  size_t len, separator_len;
  const char *text = luaL_checklstring(lua, 1, &len);
  lua_Integer n = luaL_checkinteger(lua, 2);
  const char *separator = luaL_optlstring(lua, 3, "", &separator_len);
  if (n <= 0 || len + separator_len == 0) {
    lua_pushliteral(lua, "");
    return 1;
  }
  if ((lua_Unsigned)n > PTRDIFF_MAX / (len + separator_len)) {
    return luaL_error(lua, "resulting string too large");
  }
  luaL_Buffer whole;
  char *room = luaL_buffinitsize(lua, &whole, (size_t)n * (len + separator_len));
  size_t at = 0;
  for (lua_Integer i = 0; i < n; i++) {
    memcpy(room + at, text, len);
    at += len;
    if (i + 1 < n) {
      memcpy(room + at, separator, separator_len);
      at += separator_len;
    }
  }
  luaL_pushresultsize(&whole, at);
  return 1;
}

void api_open_tools(lua_State *lua) {
  static const luaL_Reg functions[] = { { "log", tool_log },
                                        { "print", tool_print },
                                        { "fold", tool_fold },
                                        { "setmetatable", tool_setmetatable },
                                        { NULL, NULL } };
  lua_pushglobaltable(lua);
  luaL_setfuncs(lua, functions, 0);
  lua_pop(lua, 1);
  lua_getglobal(lua, LUA_STRLIBNAME);
  lua_pushcfunction(lua, tool_rep);
  lua_setfield(lua, -2, "rep");
  lua_pop(lua, 1);
}
