/* SPDX-License-Identifier: Apache-2.0 */

/* Matching by recursion: what can repeat tries the rest of the pattern from each place where it may end. */
#include "lua/matcher.h"

#include <string.h>

static const char *match(matcher *self, const char *at, const char *pattern);

static lua_State *lua_of(const matcher *self) {
  return self->engine->lua;
}

static inline void step(matcher *self) {
  engine_spend(self->engine, 1);
}

/* --- one character; ASCII alone has classes, whatever the locale --- */

static bool is_between(int c, int first, int last) {
  return c >= first && c <= last;
}

static bool is_letter(int c) {
  return is_between(c | 0x20, 'a', 'z');
}

static bool is_digit(int c) {
  return is_between(c, '0', '9');
}

static bool is_graph(int c) {
  return is_between(c, 0x21, 0x7E);
}

/* Whether c is of the class that a lower-case letter names; -1 if it names none. */
static int in_class(int c, int name) {
  switch (name) {
  case 'a':
    return is_letter(c);
  case 'c':
    return c < 0x20 || c == 0x7F;
  case 'd':
    return is_digit(c);
  case 'g':
    return is_graph(c);
  case 'l':
    return is_between(c, 'a', 'z');
  case 'p':
    return is_graph(c) && !is_letter(c) && !is_digit(c);
  case 's':
    return c == ' ' || is_between(c, '\t', '\r');
  case 'u':
    return is_between(c, 'A', 'Z');
  case 'w':
    return is_letter(c) || is_digit(c);
  case 'x':
    return is_digit(c) || is_between(c | 0x20, 'a', 'f');
  default:
    return -1;
  }
}

/* What stands behind a '%': a class, its opposite in upper case, or the character itself. */
static bool matches_escape(int c, int name) {
  bool is_opposite = is_between(name, 'A', 'Z');
  int is_in = in_class(c, is_opposite ? name | 0x20 : name);
  return is_in < 0 ? name == c : (is_in != 0) != is_opposite;
}

static int byte_at(const char *at) {
  return (unsigned char)*at;
}

/* set points at '[', end at the ']' that closes it. */
static bool matches_set(int c, const char *set, const char *end) {
  bool found = true;
  if (set[1] == '^') {
    found = false;
    set++;
  }
  while (++set < end) {
    if (*set == '%') {
      set++;
      if (matches_escape(c, byte_at(set))) {
        return found;
      }
    } else if (set[1] == '-' && set + 2 < end) {
      if (is_between(c, byte_at(set), byte_at(set + 2))) {
        return found;
      }
      set += 2;
    } else if (byte_at(set) == c) {
      return found;
    }
  }
  return !found;
}

/* Where the single-character part of a pattern ends. */
static const char *item_end(const matcher *self, const char *pattern) {
  if (*pattern == '%') {
    if (pattern + 1 == self->pattern_end) {
      luaL_error(lua_of(self), "malformed pattern (ends with '%%')");
    }
    return pattern + 2;
  }
  if (*pattern != '[') {
    return pattern + 1;
  }
  pattern += pattern[1] == '^' ? 2 : 1;
  do {
    if (pattern == self->pattern_end) {
      luaL_error(lua_of(self), "malformed pattern (missing ']')");
    }
    if (*pattern++ == '%' && pattern < self->pattern_end) {
      pattern++;
    }
  } while (*pattern != ']');
  return pattern + 1;
}

static bool matches_item(const matcher *self, const char *at, const char *item, const char *end) {
  if (at >= self->text_end) {
    return false;
  }
  switch (*item) {
  case '.':
    return true;
  case '%':
    return matches_escape(byte_at(at), byte_at(item + 1));
  case '[':
    return matches_set(byte_at(at), item, end - 1);
  default:
    return *item == *at;
  }
}

/* --- repeats --- */

static const char *match_most(matcher *self, const char *at, const char *item, const char *end) {
  ptrdiff_t n = 0;
  while (matches_item(self, at + n, item, end)) {
    step(self);
    n++;
  }
  for (; n >= 0; n--) {
    const char *matched = match(self, at + n, end + 1);
    if (matched != NULL) {
      return matched;
    }
  }
  return NULL;
}

static const char *match_least(matcher *self, const char *at, const char *item, const char *end) {
  for (;;) {
    const char *matched = match(self, at, end + 1);
    if (matched != NULL) {
      return matched;
    }
    if (!matches_item(self, at, item, end)) {
      return NULL;
    }
    at++;
  }
}

/* --- captures --- */

static const char *begin_capture(matcher *self, const char *at, const char *pattern, ptrdiff_t len) {
  if (self->n_captures == MATCHER_CAPTURES_MAX) {
    luaL_error(lua_of(self), "too many captures");
  }
  self->captures[self->n_captures++] = (capture){ at, len };
  const char *matched = match(self, at, pattern);
  if (matched == NULL) {
    self->n_captures--;
  }
  return matched;
}

static const char *end_capture(matcher *self, const char *at, const char *pattern) {
  int index = self->n_captures - 1;
  while (index >= 0 && self->captures[index].len != MATCHER_UNFINISHED) {
    index--;
  }
  if (index < 0) {
    luaL_error(lua_of(self), "invalid pattern capture");
  }
  self->captures[index].len = at - self->captures[index].begin;
  const char *matched = match(self, at, pattern);
  if (matched == NULL) {
    self->captures[index].len = MATCHER_UNFINISHED;
  }
  return matched;
}

/* %1: the text of an earlier capture once more. */
static const char *match_again(matcher *self, const char *at, int digit) {
  int index = digit - '1';
  if (index < 0 || index >= self->n_captures || self->captures[index].len == MATCHER_UNFINISHED) {
    luaL_error(lua_of(self), "invalid capture index %%%d", index + 1);
  }
  ptrdiff_t len = self->captures[index].len;
  if (len < 0 || self->text_end - at < len) {
    return NULL;
  }
  engine_spend(self->engine, len);
  return memcmp(self->captures[index].begin, at, (size_t)len) == 0 ? at + len : NULL;
}

/* --- %b and %f --- */

/* %bxy: from an x to the y that closes it. arguments points at x. */
static const char *match_balance(matcher *self, const char *at, const char *arguments) {
  if (arguments + 1 >= self->pattern_end) {
    luaL_error(lua_of(self), "malformed pattern (missing arguments to '%%b')");
  }
  if (at >= self->text_end || *at != arguments[0]) {
    return NULL;
  }
  int n_open = 1;
  while (++at < self->text_end) {
    step(self);
    if (*at == arguments[1]) {
      if (--n_open == 0) {
        return at + 1;
      }
    } else if (*at == arguments[0]) {
      n_open++;
    }
  }
  return NULL;
}

/* %f[set]: a place where the set begins. Returns the rest of the pattern. */
static const char *match_frontier(const matcher *self, const char *at, const char *set) {
  if (*set != '[') {
    luaL_error(lua_of(self), "missing '[' after '%%f' in pattern");
  }
  const char *end = item_end(self, set);
  int before = at == self->text ? 0 : byte_at(at - 1);
  return !matches_set(before, set, end - 1) && matches_set(byte_at(at), set, end - 1) ? end : NULL;
}

/* --- the whole --- */

/* Parts that are no single character and have no rest of their own: %b, %f, %1. True if it was one; at becomes NULL if it
 * does not match. */
static bool match_special(matcher *self, const char **at, const char **pattern) {
  const char *from = *pattern;
  if (*from != '%' || from + 1 == self->pattern_end) {
    return false;
  }
  if (from[1] == 'b') {
    *at = match_balance(self, *at, from + 2);
    *pattern = from + 4;
    return true;
  }
  if (from[1] == 'f') {
    *pattern = match_frontier(self, *at, from + 2);
    *at = *pattern != NULL ? *at : NULL;
    return true;
  }
  if (is_digit(byte_at(from + 1))) {
    *at = match_again(self, *at, byte_at(from + 1));
    *pattern = from + 2;
    return true;
  }
  return false;
}

/* A single character and what says how often. True: go on with at and pattern; false: ret_matched is the answer. */
static bool match_item(matcher *self, const char **at, const char **pattern, const char **ret_matched) {
  const char *item = *pattern, *end = item_end(self, item);
  bool matches = matches_item(self, *at, item, end);
  switch (*end) {
  case '?':
    *ret_matched = matches ? match(self, *at + 1, end + 1) : NULL;
    *pattern = end + 1;
    return *ret_matched == NULL;
  case '+':
    *ret_matched = matches ? match_most(self, *at + 1, item, end) : NULL;
    return false;
  case '*':
    *ret_matched = match_most(self, *at, item, end);
    return false;
  case '-':
    *ret_matched = match_least(self, *at, item, end);
    return false;
  default:
    *ret_matched = NULL;
    *pattern = end;
    *at += matches;
    return matches;
  }
}

static const char *match_here(matcher *self, const char *at, const char *pattern) {
  const char *matched = NULL;
  while (pattern != self->pattern_end) {
    step(self);
    if (*pattern == '(') {
      return pattern[1] == ')' ? begin_capture(self, at, pattern + 2, MATCHER_POSITION)
                               : begin_capture(self, at, pattern + 1, MATCHER_UNFINISHED);
    }
    if (*pattern == ')') {
      return end_capture(self, at, pattern + 1);
    }
    if (*pattern == '$' && pattern + 1 == self->pattern_end) {
      return at == self->text_end ? at : NULL;
    }
    if (match_special(self, &at, &pattern)) {
      if (at == NULL) {
        return NULL;
      }
    } else if (!match_item(self, &at, &pattern, &matched)) {
      return matched;
    }
  }
  return at;
}

static const char *match(matcher *self, const char *at, const char *pattern) {
  if (self->depth-- == 0) {
    luaL_error(lua_of(self), "pattern too complex");
  }
  const char *matched = match_here(self, at, pattern);
  self->depth++;
  return matched;
}

const char *matcher_match(matcher *self, const char *at, const char *pattern) {
  self->depth = MATCHER_DEPTH_MAX;
  self->n_captures = 0;
  return match(self, at, pattern);
}

void matcher_push(matcher *self, int index, const char *begin, const char *end) {
  lua_State *lua = lua_of(self);
  if (index >= self->n_captures) {
    if (index != 0) {
      luaL_error(lua, "invalid capture index %%%d", index + 1);
    }
    lua_pushlstring(lua, begin, (size_t)(end - begin));
    return;
  }
  const capture *found = &self->captures[index];
  if (found->len == MATCHER_UNFINISHED) {
    luaL_error(lua, "unfinished capture");
  } else if (found->len == MATCHER_POSITION) {
    lua_pushinteger(lua, found->begin - self->text + 1);
  } else {
    lua_pushlstring(lua, found->begin, (size_t)found->len);
  }
}

int matcher_push_all(matcher *self, const char *begin, const char *end) {
  int n = self->n_captures == 0 && begin != NULL ? 1 : self->n_captures;
  luaL_checkstack(lua_of(self), n, "too many captures");
  for (int i = 0; i < n; i++) {
    matcher_push(self, i, begin, end);
  }
  return n;
}
