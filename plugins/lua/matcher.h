/* SPDX-License-Identifier: Apache-2.0 */

/* Lua's patterns, matched within the instruction budget: Lua's own matcher is one call of C to the hook that counts, and a
 * pattern of many repeats can take for ever on a text of a few kilobytes. */
#ifndef LUA_MATCHER_H
#define LUA_MATCHER_H

#include <stddef.h>

#include "lua/engine.h"

enum { MATCHER_CAPTURES_MAX = 32, MATCHER_DEPTH_MAX = 200 };

/* The length of a capture is one of these while it has none. */
#define MATCHER_UNFINISHED (-1)
#define MATCHER_POSITION (-2)

typedef struct capture {
  const char *begin;
  ptrdiff_t len;
} capture;

typedef struct matcher {
  engine *engine;
  const char *text, *text_end; /* a zero byte follows, as behind all of Lua's strings */
  const char *pattern_end;     /* likewise */
  int depth;                   /* of recursion that is left */
  int n_captures;
  capture captures[MATCHER_CAPTURES_MAX];
} matcher;

/* Matches the pattern at one place of the text. Returns where the match ends, or NULL. Raises errors of Lua for patterns that
 * are malformed or take too long. */
const char *matcher_match(matcher *self, const char *at, const char *pattern);

/* Pushes a capture, counted from 0; capture 0 of none is the whole match. */
void matcher_push(matcher *self, int index, const char *begin, const char *end);

/* Pushes all captures, or the whole match if there is none. Returns how many. */
int matcher_push_all(matcher *self, const char *begin, const char *end);

#endif
