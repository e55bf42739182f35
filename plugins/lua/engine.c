/* SPDX-License-Identifier: Apache-2.0 */

/* The state. Whatever may run out of memory runs inside a protected call: outside of one, Lua would end the process. */
#include "lua/engine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <lualib.h>

#include "text/utf8.h"

enum {
  HOOK_INSTRUCTIONS = 1000, /* between two looks at the budget */
  LOADING_SHARE = 20
};

/* --- memory --- */

void *engine_resize(engine *self, void *memory, size_t old_bytes, size_t bytes) {
  if (bytes == 0) {
    self->host->release(self->env, memory);
    self->used_bytes -= old_bytes;
    return NULL;
  }
  if (bytes > old_bytes && bytes - old_bytes > self->script->memory_bytes - self->used_bytes) {
    self->over_limit = true;
    return NULL;
  }
  void *moved = self->host->resize(self->env, memory, bytes);
  if (moved == NULL) {
    if (bytes <= old_bytes) {
      self->used_bytes -= old_bytes - bytes;
      return memory; /* to Lua a block always shrinks; it is given back with this size */
    }
    self->host_refused = true;
    return NULL;
  }
  self->used_bytes += bytes - old_bytes;
  return moved;
}

static void *allocate(void *arg, void *memory, size_t old_bytes, size_t bytes) {
  /* For a new block, Lua says in old_bytes what it is for. */
  return engine_resize(arg, memory, memory != NULL ? old_bytes : 0, bytes);
}

/* --- instructions --- */

static void on_count(lua_State *lua, lua_Debug *where);

/* Once the budget is gone every instruction fails, so that no pcall() of the script can go on. where: file and line. */
static void stop(lua_State *lua, const char *where) {
  engine *self = engine_of(lua);
  self->exhausted = true;
  lua_sethook(lua, on_count, LUA_MASKCOUNT, 1);
  luaL_error(lua, "%sit takes more than %I instructions; raise \"instructions\", or look for a loop without an end",
             where, (LUAI_UACINT)(self->script->instructions * (self->loading ? LOADING_SHARE : 1)));
}

static bool may_go_on(engine *self) {
  self->cancelled = self->cancelled || (self->call != NULL && self->host->cancelled(self->call));
  return self->budget >= 0 && !self->cancelled;
}

static void on_count(lua_State *lua, lua_Debug *where) {
  engine *self = engine_of(lua);
  self->budget -= HOOK_INSTRUCTIONS;
  if (may_go_on(self)) {
    return;
  }
  bool is_known = lua_getinfo(lua, "Sl", where) != 0 && where->currentline > 0;
  stop(lua, is_known ? lua_pushfstring(lua, "%s:%d: ", where->short_src, where->currentline) : "");
}

void engine_overspent(engine *self) {
  self->spent = 0;
  if (!may_go_on(self)) {
    stop(self->lua, "");
  }
}

static void give_budget(engine *self, int64_t instructions) {
  self->budget = instructions;
  self->exhausted = false;
  self->cancelled = false;
  self->over_limit = false;
  self->host_refused = false;
  lua_sethook(self->lua, on_count, LUA_MASKCOUNT, HOOK_INSTRUCTIONS);
}

/* --- messages --- */

/* Makes any error a string with a place, while allocating is still safe. */
static int on_error(lua_State *lua) {
  if (lua_type(lua, 1) != LUA_TSTRING) {
    luaL_where(lua, 2);
    lua_pushfstring(lua, "an error that is no string: %s", luaL_tolstring(lua, 1, NULL));
    lua_remove(lua, -2);
    lua_concat(lua, 2);
  }
  return 1;
}

/* A copy that can be shown: UTF-8 of one line, cut to size on a border of characters. */
static void copy_plain(char *to, size_t size, const char *from, size_t len) {
  size_t n = 0;
  for (size_t i = 0; i < len;) {
    uint32_t step;
    uint32_t code = utf8_decode((const uint8_t *)from + i, len - i, &step);
    if (n + step >= size) {
      break;
    }
    if (code == UTF8_INVALID || code < 0x20 || (code >= 0x7F && code < 0xA0)) {
      to[n++] = code == '\n' || code == '\t' ? ' ' : '?';
    } else {
      memcpy(to + n, from + i, step);
      n += step;
    }
    i += step;
  }
  to[n] = '\0';
}

/* What is on top of the stack after a protected call failed. */
static void read_error(engine *self, int code, char *text, size_t size) {
  size_t len = 0;
  const char *found = lua_type(self->lua, -1) == LUA_TSTRING ? lua_tolstring(self->lua, -1, &len) : "";
  if (code == LUA_ERRMEM && self->host_refused) {
    snprintf(text, size, "%s: no memory for the script", self->script->name);
  } else if (code == LUA_ERRMEM) {
    snprintf(text, size, "%s: it holds more than %zu MiB of memory; raise \"memory_mib\", or keep less",
             self->script->name, self->script->memory_bytes >> 20);
  } else if (len == 0) {
    snprintf(text, size, "%s: an error without a message", self->script->name);
  } else if (strstr(found, ".lua:") == NULL && strstr(found, self->script->name) == NULL) {
    int n = snprintf(text, size, "%.300s: ", self->script->name); /* errors of C have no line */
    copy_plain(text + n, size - (size_t)n, found, len);
  } else {
    copy_plain(text, size, found, len);
  }
  lua_settop(self->lua, 0);
}

int engine_end(lua_State *lua, qn_status status, const char *slug, const char *text) {
  engine *self = engine_of(lua);
  self->outcome.is_set = true;
  self->outcome.status = status;
  snprintf(self->outcome.slug, sizeof self->outcome.slug, "%s", slug);
  copy_plain(self->outcome.text, sizeof self->outcome.text, text, strlen(text));
  return luaL_error(lua, "the document has ended"); /* unwinds; whoever catches this cannot undo it */
}

/* --- what scripts may use --- */

/* Left out: what reaches files, code and the collector, and chance, since the same input gives the same output. */
static void open_libraries(lua_State *lua) {
  static const luaL_Reg libraries[] = { { LUA_GNAME, luaopen_base },
                                        { LUA_TABLIBNAME, luaopen_table },
                                        { LUA_STRLIBNAME, luaopen_string },
                                        { LUA_UTF8LIBNAME, luaopen_utf8 },
                                        { LUA_MATHLIBNAME, luaopen_math } };
  static const char *const removed[][2] = {
    { LUA_GNAME, "dofile" },    { LUA_GNAME, "loadfile" },       { LUA_GNAME, "load" },
    { LUA_GNAME, "warn" },      { LUA_GNAME, "collectgarbage" }, { LUA_STRLIBNAME, "dump" },
    { LUA_TABLIBNAME, "move" }, { LUA_MATHLIBNAME, "random" },   { LUA_MATHLIBNAME, "randomseed" },
  };
  for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
    luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
    lua_pop(lua, 1);
  }
  for (size_t i = 0; i < sizeof removed / sizeof removed[0]; i++) {
    lua_getglobal(lua, removed[i][0]);
    lua_pushnil(lua);
    lua_setfield(lua, -2, removed[i][1]);
    lua_pop(lua, 1);
  }
}

static void push_entries(lua_State *lua, const char *name, const script_entry *entries, uint32_t n) {
  lua_createtable(lua, 0, (int)n);
  for (uint32_t i = 0; i < n; i++) {
    lua_pushlstring(lua, entries[i].name.data, entries[i].name.len);
    lua_pushlstring(lua, entries[i].value.data, entries[i].value.len);
    lua_rawset(lua, -3);
  }
  lua_setglobal(lua, name);
}

/* Globals are for functions and tables that loading makes; one set later would make a document depend on others, and on each
 * worker on different ones. */
static int on_global(lua_State *lua) {
  engine *self = engine_of(lua);
  if (!self->loading) {
    const char *name = luaL_tolstring(lua, 2, NULL);
    return luaL_error(lua,
                      "the global '%s' cannot be set while documents run: one must not depend on another; "
                      "write 'local %s'",
                      name, name);
  }
  lua_pushglobaltable(lua);
  lua_pushvalue(lua, 2);
  lua_pushvalue(lua, 3);
  lua_rawset(lua, -3);
  return 0;
}

/* An empty table that stands for the globals: it reads through to them, and sees what is set. */
static void push_environment(lua_State *lua) {
  lua_newtable(lua);
  lua_createtable(lua, 0, 3);
  lua_pushglobaltable(lua);
  lua_setfield(lua, -2, "__index");
  lua_pushcfunction(lua, on_global);
  lua_setfield(lua, -2, "__newindex");
  lua_pushboolean(lua, 0);
  lua_setfield(lua, -2, "__metatable");
  lua_setmetatable(lua, -2);
  lua_pushglobaltable(lua);
  lua_pushvalue(lua, -2);
  lua_setfield(lua, -2, LUA_GNAME);
  lua_pop(lua, 1);
}

/* --- loading --- */

/* In a protected call. */
static int load(lua_State *lua) {
  engine *self = engine_of(lua);
  const script *of = self->script;
  open_libraries(lua);
  api_open_tools(lua);
  api_open_strings(lua);
  api_open_layers(lua);
  push_entries(lua, "settings", of->settings, of->n_settings);
  push_entries(lua, "files", of->files, of->n_files);
  char chunk[ENGINE_TEXT_MAX];
  snprintf(chunk, sizeof chunk, "@%s", of->name);
  if (luaL_loadbufferx(lua, of->source.data, of->source.len, chunk, "t") != LUA_OK) {
    return lua_error(lua);
  }
  push_environment(lua);
  if (lua_setupvalue(lua, -2, 1) == NULL) {
    lua_pop(lua, 1);
  }
  lua_call(lua, 0, 0);
  if (lua_getglobal(lua, "process") != LUA_TFUNCTION) {
    lua_pushfstring(lua, "%s: it defines no function process; write: function process(doc) ... end", of->name);
    return lua_error(lua);
  }
  self->process_ref = luaL_ref(lua, LUA_REGISTRYINDEX);
  api_open_document(lua);
  self->doc_ref = luaL_ref(lua, LUA_REGISTRYINDEX);
  return 0;
}

static int start(engine *self, char *message, size_t size) {
  self->lua = lua_newstate(allocate, self);
  if (self->lua == NULL) {
    snprintf(message, size, "%s: no memory for a Lua state", self->script->name);
    return -ENOMEM;
  }
  *(engine **)lua_getextraspace(self->lua) = self;
  self->loading = true;
  give_budget(self, self->script->instructions * LOADING_SHARE);
  lua_pushcfunction(self->lua, on_error);
  lua_pushcfunction(self->lua, load);
  int code = lua_pcall(self->lua, 0, 0, 1);
  self->loading = false;
  if (code != LUA_OK) {
    bool no_memory = code == LUA_ERRMEM && self->host_refused;
    read_error(self, code, message, size);
    return no_memory ? -ENOMEM : -EINVAL;
  }
  lua_settop(self->lua, 0);
  return 0;
}

int engine_new(const script *of, qn_env *env, const qn_host *host, engine **ret_engine, char *message, size_t size) {
  engine *self = host->alloc(env, sizeof *self);
  if (self == NULL) {
    snprintf(message, size, "%s: no memory for a Lua state", of->name);
    return -ENOMEM;
  }
  memset(self, 0, sizeof *self);
  self->script = of;
  self->env = env;
  self->host = host;
  int rc = start(self, message, size);
  if (rc != 0) {
    engine_free(self);
    return rc;
  }
  *ret_engine = self;
  return 0;
}

void engine_free(engine *self) {
  if (self == NULL) {
    return;
  }
  rows_free(self);
  if (self->lua != NULL) {
    lua_close(self->lua);
  }
  self->host->release(self->env, self);
}

/* --- a document --- */

/* In a protected call. */
static int run(lua_State *lua) {
  const engine *self = engine_of(lua);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self->process_ref);
  lua_rawgeti(lua, LUA_REGISTRYINDEX, self->doc_ref);
  lua_call(lua, 1, 0);
  return 0;
}

static qn_status fail_with(engine *self, int code) {
  char text[ENGINE_TEXT_MAX];
  bool is_short = code == LUA_ERRMEM && self->host_refused;
  const char *slug = code == LUA_ERRMEM ? (is_short ? "no-memory" : "lua-memory")
                     : self->exhausted  ? "lua-instructions"
                                        : "lua-error";
  read_error(self, code, text, sizeof text);
  return qn_fail(self->call, is_short ? QN_STATUS_RETRY : QN_STATUS_REJECT, slug, text);
}

static qn_status end_with_outcome(engine *self) {
  lua_settop(self->lua, 0);
  if (self->outcome.status == QN_STATUS_DROP) {
    return QN_STATUS_DROP;
  }
  return qn_fail(self->call, self->outcome.status, self->outcome.slug, self->outcome.text);
}

static qn_status commit(engine *self) {
  if (rows_commit(self) != 0) {
    return qn_fail(self->call, QN_STATUS_RETRY, "no-memory", "no memory for the rows that the script added");
  }
  return QN_STATUS_OK;
}

qn_status engine_process(engine *self, qn_call *call) {
  if (call->host->view_get(call, &self->view) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-text", "the document has no text; put decode before lua");
  }
  self->call = call;
  self->n_calls++;
  self->outcome.is_set = false;
  rows_clear(self);
  give_budget(self, self->script->instructions);
  lua_pushcfunction(self->lua, on_error);
  lua_pushcfunction(self->lua, run);
  int code = lua_pcall(self->lua, 0, 0, 1);
  qn_status status;
  if (self->outcome.is_set) {
    status = end_with_outcome(self);
  } else if (code != LUA_OK) {
    status = fail_with(self, code);
  } else {
    lua_settop(self->lua, 0);
    status = commit(self);
  }
  self->call = NULL;
  return status;
}
