/* SPDX-License-Identifier: Apache-2.0 */

/* A Lua state that runs one script for one worker: its bounds, what it may call, and how a call of process() ends. */
#ifndef LUA_ENGINE_H
#define LUA_ENGINE_H

#include <stdbool.h>

#include <lauxlib.h>
#include <lua.h>

#include "exchange/shape.h"
#include "lua/rows.h"
#include "qanat/stage.h"

enum { ENGINE_SLUG_MAX = 48, ENGINE_TEXT_MAX = 1000, ENGINE_SPEND_MAX = 16384 };

/* A name and a value of the configuration. */
typedef struct script_entry {
  qn_str name, value;
} script_entry;

/* What all workers share, read-only after create. */
typedef struct script {
  const qn_host *host;
  qn_env *env;
  char *name; /* as the pipeline file has it, for messages */
  qn_str source;
  uint32_t n_settings, n_files;
  script_entry *settings, *files;
  shapes shapes;
  uint32_t n_read; /* shapes before it are read, those from it on provided */
  int64_t instructions;
  size_t memory_bytes;
} script;

/* How a script ended a document. */
typedef struct engine_outcome {
  bool is_set;
  qn_status status;
  char slug[ENGINE_SLUG_MAX + 1];
  char text[ENGINE_TEXT_MAX];
} engine_outcome;

typedef struct engine {
  const script *script;
  const qn_host *host;
  qn_env *env;
  lua_State *lua;
  size_t used_bytes;
  bool over_limit, host_refused; /* why an allocation failed */
  int64_t budget;                /* instructions left */
  int64_t spent;                 /* since somebody last asked whether to go on */
  bool exhausted, cancelled;
  bool loading;  /* globals may be defined */
  qn_call *call; /* NULL: no document is here */
  qn_view view;
  uint64_t n_calls; /* what was handed out in an earlier one is stale */
  engine_outcome outcome;
  rows rows[SHAPES_MAX]; /* of provided layer i - n_read */
  int process_ref, doc_ref;
} engine;

/* Makes a state and loads the script. 0; -ENOMEM; -EINVAL with what is wrong, with its line, in message. */
int engine_new(const script *of, qn_env *env, const qn_host *host, engine **ret_engine, char *message, size_t size);
void engine_free(engine *self);

/* Runs process(doc). [worker] */
qn_status engine_process(engine *self, qn_call *call);

/* The engine a function of its script is called in. */
static inline engine *engine_of(lua_State *lua) {
  return *(engine **)lua_getextraspace(lua);
}

/* Memory within the script's bound, for what its calls need besides Lua's own. As realloc; 0 bytes free. */
void *engine_resize(engine *self, void *memory, size_t old_bytes, size_t bytes);

/* Raises an error if the budget is gone. */
void engine_overspent(engine *self);

/* Takes work done in C off the budget. May raise an error. */
static inline void engine_spend(engine *self, int64_t instructions) {
  self->budget -= instructions;
  self->spent += instructions;
  if (self->budget < 0 || self->spent > ENGINE_SPEND_MAX) {
    engine_overspent(self);
  }
}

/* Ends the document so, from inside one of its calls; does not return. */
int engine_end(lua_State *lua, qn_status status, const char *slug, const char *text);

/* The parts of the API, each with the state on whose stack nothing is left. Raise Lua errors. */
void api_open_document(lua_State *lua); /* pushes doc */
void api_open_layers(lua_State *lua);
void api_open_tools(lua_State *lua);   /* functions among the globals */
void api_open_strings(lua_State *lua); /* those of string that match patterns */
/* doc:layer(name) */
int api_layer(lua_State *lua);
/* doc:add(name, row) */
int api_add(lua_State *lua);

/* Raises an error if no document is here. */
engine *api_engine(lua_State *lua);

/* Checks that the string at index is UTF-8 without NUL, as all that goes into documents is. */
qn_str api_text(lua_State *lua, int index, const char *what);

/* Checks that begin and end are a piece of the view on borders of characters. */
qn_span api_span(lua_State *lua, const engine *self, lua_Integer begin, lua_Integer end);

/* Checks that nothing was cut out between the ends of a span. */
void api_check_breaks(lua_State *lua, const engine *self, qn_span span);

#endif
