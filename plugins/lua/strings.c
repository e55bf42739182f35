/* SPDX-License-Identifier: Apache-2.0 */

/* string.find, match, gmatch and gsub, as the manual of Lua 5.4 has them. */
#include <string.h>

#include <lualib.h>

#include "lua/matcher.h"

/* A place given by a script: from 1, from the end if it is negative. Returns it from 0; more than len if it is behind the end. */
static size_t place_at(lua_State *lua, int index, size_t len) {
  lua_Integer place = luaL_optinteger(lua, index, 1);
  if (place > 0) {
    return (size_t)place - 1;
  }
  if (place == 0 || place < -(lua_Integer)len) {
    return 0;
  }
  return (size_t)((lua_Integer)len + place);
}

static matcher matcher_for(lua_State *lua, const char *text, size_t len, const char *pattern_end) {
  return (matcher){ .engine = engine_of(lua), .text = text, .text_end = text + len, .pattern_end = pattern_end };
}

static bool is_plain(const char *pattern, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (strchr("^$*+?.([%-", pattern[i]) != NULL && pattern[i] != '\0') {
      return false;
    }
  }
  return true;
}

static int find_plain(lua_State *lua, const char *text, size_t len, size_t from, const char *wanted,
                      size_t wanted_len) {
  engine_spend(engine_of(lua), (int64_t)((len - from) / 16));
  const char *found = wanted_len == 0 ? text + from : memmem(text + from, len - from, wanted, wanted_len);
  if (found == NULL) {
    lua_pushnil(lua);
    return 1;
  }
  lua_pushinteger(lua, found - text + 1);
  lua_pushinteger(lua, found - text + (lua_Integer)wanted_len);
  return 2;
}

/* find and match differ in what they give. */
static int search(lua_State *lua, bool is_find) {
  size_t len, pattern_len;
  const char *text = luaL_checklstring(lua, 1, &len);
  const char *pattern = luaL_checklstring(lua, 2, &pattern_len);
  size_t from = place_at(lua, 3, len);
  if (from > len) {
    lua_pushnil(lua);
    return 1;
  }
  if (is_find && (lua_toboolean(lua, 4) || is_plain(pattern, pattern_len))) {
    return find_plain(lua, text, len, from, pattern, pattern_len);
  }
  matcher self = matcher_for(lua, text, len, pattern + pattern_len);
  bool is_anchored = *pattern == '^';
  pattern += is_anchored;
  const char *at = text + from;
  do {
    const char *end = matcher_match(&self, at, pattern);
    if (end != NULL && is_find) {
      lua_pushinteger(lua, at - text + 1);
      lua_pushinteger(lua, end - text);
      return matcher_push_all(&self, NULL, NULL) + 2;
    }
    if (end != NULL) {
      return matcher_push_all(&self, at, end);
    }
  } while (at++ < self.text_end && !is_anchored);
  lua_pushnil(lua);
  return 1;
}

static int string_find(lua_State *lua) {
  return search(lua, true);
}

static int string_match(lua_State *lua) {
  return search(lua, false);
}

/* Upvalues: text, pattern, where to go on, where the last match ended (-1: there was none). */
static int next_match(lua_State *lua) {
  size_t len, pattern_len;
  const char *text = lua_tolstring(lua, lua_upvalueindex(1), &len);
  const char *pattern = lua_tolstring(lua, lua_upvalueindex(2), &pattern_len);
  lua_Integer from = lua_tointeger(lua, lua_upvalueindex(3)), last = lua_tointeger(lua, lua_upvalueindex(4));
  matcher self = matcher_for(lua, text, len, pattern + pattern_len);
  for (; from <= (lua_Integer)len; from++) {
    const char *end = matcher_match(&self, text + from, pattern);
    if (end != NULL && end - text != last) {
      lua_pushinteger(lua, end - text);
      lua_copy(lua, -1, lua_upvalueindex(3));
      lua_replace(lua, lua_upvalueindex(4));
      return matcher_push_all(&self, text + from, end);
    }
  }
  return 0;
}

static int string_gmatch(lua_State *lua) {
  size_t len;
  luaL_checklstring(lua, 1, &len);
  luaL_checkstring(lua, 2);
  size_t from = place_at(lua, 3, len);
  lua_settop(lua, 2);
  lua_pushinteger(lua, (lua_Integer)(from > len ? len + 1 : from));
  lua_pushinteger(lua, -1);
  lua_pushcclosure(lua, next_match, 4);
  return 1;
}

/* --- gsub --- */

/* A replacement that is a string: %0 to %9 are captures, %% is a percent sign. */
static void add_string(matcher *self, luaL_Buffer *to, const char *begin, const char *end) {
  lua_State *lua = self->engine->lua;
  size_t len;
  const char *with = lua_tolstring(lua, 3, &len);
  for (size_t i = 0; i < len; i++) {
    if (with[i] != '%') {
      luaL_addchar(to, with[i]);
      continue;
    }
    i++;
    if (i < len && with[i] == '%') {
      luaL_addchar(to, '%');
    } else if (i < len && with[i] == '0') {
      luaL_addlstring(to, begin, (size_t)(end - begin));
    } else if (i < len && with[i] >= '1' && with[i] <= '9') {
      matcher_push(self, with[i] - '1', begin, end);
      luaL_tolstring(lua, -1, NULL); /* a place is a number */
      lua_remove(lua, -2);
      luaL_addvalue(to);
    } else {
      luaL_error(lua, "invalid use of '%%' in replacement string");
    }
  }
}

/* What a match becomes: by a string, by a table or a function of its first capture, or itself if these give nothing. */
static void add_replacement(matcher *self, luaL_Buffer *to, const char *begin, const char *end) {
  lua_State *lua = self->engine->lua;
  int type = lua_type(lua, 3);
  if (type == LUA_TFUNCTION) {
    lua_pushvalue(lua, 3);
    lua_call(lua, matcher_push_all(self, begin, end), 1);
  } else if (type == LUA_TTABLE) {
    matcher_push(self, 0, begin, end);
    lua_gettable(lua, 3);
  } else {
    add_string(self, to, begin, end);
    return;
  }
  if (!lua_toboolean(lua, -1)) {
    lua_pop(lua, 1);
    luaL_addlstring(to, begin, (size_t)(end - begin));
  } else if (!lua_isstring(lua, -1)) {
    luaL_error(lua, "invalid replacement value (a %s)", luaL_typename(lua, -1));
  } else {
    luaL_addvalue(to);
  }
}

static int string_gsub(lua_State *lua) {
  size_t len, pattern_len;
  const char *text = luaL_checklstring(lua, 1, &len);
  const char *pattern = luaL_checklstring(lua, 2, &pattern_len);
  int type = lua_type(lua, 3);
  luaL_argexpected(lua, type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TFUNCTION || type == LUA_TTABLE, 3,
                   "string/function/table");
  lua_Integer most = luaL_optinteger(lua, 4, (lua_Integer)len + 1), n = 0;
  matcher self = matcher_for(lua, text, len, pattern + pattern_len);
  bool is_anchored = *pattern == '^';
  pattern += is_anchored;
  const char *at = text, *last = NULL;
  luaL_Buffer made;
  luaL_buffinit(lua, &made);
  while (n < most) {
    const char *end = matcher_match(&self, at, pattern);
    if (end != NULL && end != last) {
      n++;
      add_replacement(&self, &made, at, end);
      at = last = end;
    } else if (at < self.text_end) {
      luaL_addchar(&made, *at++);
    } else {
      break;
    }
    if (is_anchored) {
      break;
    }
  }
  luaL_addlstring(&made, at, (size_t)(self.text_end - at));
  luaL_pushresult(&made);
  lua_pushinteger(lua, n);
  return 2;
}

void api_open_strings(lua_State *lua) {
  static const luaL_Reg functions[] = { { "find", string_find },
                                        { "match", string_match },
                                        { "gmatch", string_gmatch },
                                        { "gsub", string_gsub },
                                        { NULL, NULL } };
  lua_getglobal(lua, LUA_STRLIBNAME);
  luaL_setfuncs(lua, functions, 0);
  lua_pop(lua, 1);
}
