/* SPDX-License-Identifier: Apache-2.0 */

/* The scanner: recursive descent over the text, a node for each value, siblings chained. */
#include "pipeline/scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"

enum { MESSAGE_MAX = 320, POINTER_MAX = 1024, DUPLICATES_TOLD = 64 };

static int scan_value(scanner *s, uint32_t self, uint32_t depth);
static size_t line_of(const scanner *s, size_t at) {
  size_t line = 1;
  for (size_t i = 0; i < at; i++) {
    line += s->text[i] == '\n';
  }
  return line;
}

/* --- reporting --- */

static void pointer_append(const positions *p, uint32_t self, char *pointer, size_t *len) {
  const node *n = &p->nodes[self];
  if (n->parent == NO_NODE) {
    return;
  }
  pointer_append(p, n->parent, pointer, len);
  char part[POINTER_MAX];
  size_t part_len = 0;
  part[part_len++] = '/';
  if (n->key_begin == n->key_end) {
    part_len += (size_t)snprintf(part + 1, sizeof part - 1, "%u", n->index);
  }
  for (uint32_t i = 0; i < n->key_len && part_len < sizeof part - 2; i++) {
    char c = p->keys[n->key + i];
    if (c == '~' || c == '/') {
      part[part_len++] = '~';
      c = c == '~' ? '0' : '1';
    }
    part[part_len++] = c;
  }
  if (*len + part_len < POINTER_MAX) {
    memcpy(pointer + *len, part, part_len);
    *len += part_len;
  }
}

int scan_fail(scanner *s, uint32_t self, text_range range, const char *format, ...) {
  char message[MESSAGE_MAX];
  va_list args;
  va_start(args, format);
  vsnprintf(message, sizeof message, format, args);
  va_end(args);
  char pointer[POINTER_MAX];
  size_t len = 0;
  if (self != NO_NODE) {
    pointer_append(s->out, self, pointer, &len);
  }
  pointer[len] = '\0';
  s->report(s->arg, range, pointer, message);
  return -EINVAL;
}

/* --- nodes --- */

static int node_add(scanner *s, uint32_t parent, uint32_t *ret_node) {
  positions *p = s->out;
  if (p->n_nodes == POSITIONS_VALUES_MAX) {
    return scan_fail(s, NO_NODE, scan_range(s, 1), "more than %d values in one file", POSITIONS_VALUES_MAX);
  }
  if (p->n_nodes == p->capacity) {
    uint32_t capacity = p->capacity == 0 ? 128 : p->capacity * 2;
    node *nodes = realloc(p->nodes, capacity * sizeof *nodes);
    if (nodes == NULL) {
      return -ENOMEM;
    }
    p->nodes = nodes;
    p->capacity = capacity;
  }
  p->nodes[p->n_nodes] = (node){ .first = NO_NODE, .next = NO_NODE, .parent = parent };
  *ret_node = p->n_nodes++;
  return 0;
}

/* Hangs child behind last (NO_NODE: as the first) under parent. */
static void node_link(positions *p, uint32_t parent, uint32_t last, uint32_t child) {
  if (last == NO_NODE) {
    p->nodes[parent].first = child;
  } else {
    p->nodes[last].next = child;
    p->nodes[child].index = p->nodes[last].index + 1;
  }
}

static void skip_space(scanner *s) {
  while (s->at < s->len &&
         (s->text[s->at] == ' ' || (s->text[s->at] >= '\t' && s->text[s->at] <= '\n') || s->text[s->at] == '\r')) {
    s->at++;
  }
}

static int fail_unclosed(scanner *s, uint32_t container) {
  const node *n = &s->out->nodes[container];
  char bracket = s->text[n->begin];
  return scan_fail(s, container, (text_range){ n->begin, n->begin + 1 },
                   "this %c is never closed: the file ends in line %zu without its %c", bracket, line_of(s, s->len),
                   bracket == '{' ? '}' : ']');
}

/* Nothing that can begin a value stands here, in the container self. */
static int fail_value(scanner *s, uint32_t self) {
  const char *slip = scan_slip(s);
  if (slip != NULL) {
    return scan_fail(s, self, scan_range(s, 1), "%s", slip);
  }
  return scan_fail(s, self, scan_range(s, 1), "a value is missing here: a string, number, true, false, null, [ or {");
}

/* --- containers --- */

/* Behind an element of self: a comma (1), the closing bracket (0), or a fault. */
static int scan_separator(scanner *s, uint32_t self, char closing) {
  skip_space(s);
  if (s->at == s->len) {
    return fail_unclosed(s, self);
  }
  char c = s->text[s->at];
  if (c == closing) {
    s->at++;
    return 0;
  }
  if (c != ',') {
    if (c == ']' || c == '}') {
      return scan_fail(s, self, scan_range(s, 1), "this %c meets the %c of line %zu: write %c", c,
                       s->text[s->out->nodes[self].begin], line_of(s, s->out->nodes[self].begin), closing);
    }
    const char *slip = c == '\'' ? NULL : scan_slip(s);
    return slip != NULL ? scan_fail(s, self, scan_range(s, 1), "%s", slip)
                        : scan_fail(s, self, scan_word_range(s), "a comma is missing before this");
  }
  size_t comma = s->at++;
  skip_space(s);
  if (s->at < s->len && s->text[s->at] == closing) {
    return scan_fail(s, self, (text_range){ comma, comma + 1 }, "no comma before the closing %c: remove it", closing);
  }
  if (s->at < s->len && s->text[s->at] == ',') {
    return scan_fail(s, self, scan_range(s, 1), "a comma too many: remove it");
  }
  return 1;
}

static int scan_array(scanner *s, uint32_t self, uint32_t depth) {
  s->at++;
  skip_space(s);
  if (scan_ahead(s, "]")) {
    s->at++;
    return 0;
  }
  uint32_t last = NO_NODE;
  int more = 1;
  while (more > 0) {
    skip_space(s);
    if (s->at == s->len) {
      return fail_unclosed(s, self);
    }
    uint32_t child = NO_NODE;
    int result = node_add(s, self, &child);
    if (result != 0) {
      return result;
    }
    node_link(s->out, self, last, child);
    result = scan_value(s, child, depth);
    if (result != 0) {
      return result;
    }
    last = child;
    more = scan_separator(s, self, ']');
  }
  return more;
}

static int keys_reserve(positions *p, size_t more) {
  if (p->keys_capacity - p->keys_len >= more) {
    return 0;
  }
  size_t capacity = (p->keys_len + more) * 2;
  char *keys = realloc(p->keys, capacity);
  if (keys == NULL) {
    return -ENOMEM;
  }
  p->keys = keys;
  p->keys_capacity = capacity;
  return 0;
}

static size_t string_bytes(const scanner *s) {
  size_t end = s->at + 1;
  while (end < s->len && s->text[end] != '"' && s->text[end] != '\n') {
    end += s->text[end] == '\\' ? 2 : 1;
  }
  return end - s->at;
}

static int scan_key(scanner *s, uint32_t self, uint32_t child) {
  positions *p = s->out;
  if (!scan_ahead(s, "\"")) {
    text_range word = scan_word_range(s);
    const char *slip = scan_slip(s);
    if (slip != NULL) {
      return scan_fail(s, self, word, "%s", slip);
    }
    if (scan_is_name(s->text[s->at])) {
      return scan_fail(s, self, word, "a key stands in double quotes: \"%.*s\"",
                       (int)(word.end - word.begin < 40 ? word.end - word.begin : 40), s->text + s->at);
    }
    return scan_fail(s, self, word, "a key is missing here: members look like \"key\": value");
  }
  int result = keys_reserve(p, string_bytes(s) + 4);
  if (result != 0) {
    return result;
  }
  size_t begin = s->at;
  size_t len = 0;
  result = scan_string(s, self, p->keys + p->keys_len, &len);
  if (result != 0) {
    return result;
  }
  node *n = &p->nodes[child];
  n->key_begin = (uint32_t)begin;
  n->key_end = (uint32_t)s->at;
  n->key = (uint32_t)p->keys_len;
  n->key_len = (uint32_t)len;
  p->keys_len += len;
  skip_space(s);
  if (s->at == s->len) {
    return fail_unclosed(s, self);
  }
  if (!scan_ahead(s, ":")) {
    return scan_fail(s, self, scan_range(s, 1), "a colon is missing between the key and its value");
  }
  s->at++;
  return 0;
}

static int compare_keys(const positions *p, const node *a, const node *b) {
  uint32_t shorter = a->key_len < b->key_len ? a->key_len : b->key_len;
  int order = shorter == 0 ? 0 : memcmp(p->keys + a->key, p->keys + b->key, shorter);
  return order != 0 ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static int compare_places(const void *a, const void *b, void *arg) {
  const positions *p = arg;
  const node *left = &p->nodes[*(const uint32_t *)a];
  const node *right = &p->nodes[*(const uint32_t *)b];
  int order = compare_keys(p, left, right);
  return order != 0 ? order : (left->begin > right->begin) - (left->begin < right->begin);
}

/* Reports every key that stands a second time in the object. Sorted, since a hostile file may have 200,000 of them. */
static int check_duplicates(scanner *s, uint32_t self, uint32_t n_members) {
  positions *p = s->out;
  uint32_t *members = n_members < 2 ? NULL : malloc(n_members * sizeof *members);
  if (members == NULL) {
    return n_members < 2 ? 0 : -ENOMEM;
  }
  uint32_t n = 0;
  for (uint32_t child = p->nodes[self].first; child != NO_NODE; child = p->nodes[child].next) {
    members[n++] = child;
  }
  qsort_r(members, n, sizeof *members, compare_places, p);
  uint32_t first = 0;
  for (uint32_t i = 1; i < n && s->n_duplicates < DUPLICATES_TOLD; i++) {
    const node *earlier = &p->nodes[members[first]];
    const node *later = &p->nodes[members[i]];
    if (compare_keys(p, earlier, later) != 0) {
      first = i;
      continue;
    }
    s->n_duplicates++;
    scan_fail(s, members[i], (text_range){ later->key_begin, later->key_end },
              "this key stands here twice: it is already in line %zu; remove one", line_of(s, earlier->key_begin));
  }
  free(members);
  return 0;
}

static int scan_object(scanner *s, uint32_t self, uint32_t depth) {
  s->at++;
  skip_space(s);
  if (scan_ahead(s, "}")) {
    s->at++;
    return 0;
  }
  uint32_t last = NO_NODE;
  uint32_t n_members = 0;
  int more = 1;
  while (more > 0) {
    skip_space(s);
    if (s->at == s->len) {
      return fail_unclosed(s, self);
    }
    uint32_t child = NO_NODE;
    int result = node_add(s, self, &child);
    if (result == 0) {
      result = scan_key(s, self, child);
    }
    if (result != 0) {
      return result;
    }
    node_link(s->out, self, last, child);
    skip_space(s);
    if (s->at == s->len) {
      return fail_unclosed(s, self);
    }
    result = scan_value(s, child, depth);
    if (result != 0) {
      return result;
    }
    last = child;
    n_members++;
    more = scan_separator(s, self, '}');
  }
  return more != 0 ? more : check_duplicates(s, self, n_members);
}

static int scan_value(scanner *s, uint32_t self, uint32_t depth) {
  char c = s->text[s->at];
  s->out->nodes[self].begin = (uint32_t)s->at;
  s->out->nodes[self].end = (uint32_t)s->at + 1;
  size_t len = 0;
  int result = 0;
  if (c == '{' || c == '[') {
    if (depth == POSITIONS_DEPTH_MAX) {
      return scan_fail(s, self, scan_range(s, 1), "nested deeper than %d levels", POSITIONS_DEPTH_MAX);
    }
    result = c == '{' ? scan_object(s, self, depth + 1) : scan_array(s, self, depth + 1);
  } else if (c == '"') {
    result = scan_string(s, self, NULL, &len);
  } else if (scan_is_digit(c) || c == '-') {
    result = scan_number(s, self);
  } else if (scan_is_name(c)) {
    result = scan_word(s, self);
  } else {
    result = fail_value(s, self);
  }
  s->out->nodes[self].end = (uint32_t)s->at;
  return result;
}

/* --- the whole --- */

static int check_bytes(scanner *s) {
  if (s->len > POSITIONS_BYTES_MAX) {
    return scan_fail(s, NO_NODE, (text_range){ 0, 0 }, "larger than %d MiB", POSITIONS_BYTES_MAX / (1024 * 1024));
  }
  size_t at = utf8_fault((const uint8_t *)s->text, s->len);
  if (at == s->len) {
    return 0;
  }
  s->at = at;
  if (at == 0 && (scan_ahead(s, "\xFF\xFE") || scan_ahead(s, "\xFE\xFF"))) {
    return scan_fail(s, NO_NODE, scan_range(s, 2), "this is UTF-16: save the file as UTF-8");
  }
  if (s->text[at] == '\0') {
    return scan_fail(s, NO_NODE, scan_range(s, 1), "a NUL byte: this is not a text file, or it is UTF-16");
  }
  return scan_fail(s, NO_NODE, scan_range(s, 1), "not UTF-8 from here on: save the file as UTF-8");
}

static int scan_whole(scanner *s) {
  int result = check_bytes(s);
  if (result != 0) {
    return result;
  }
  s->at = scan_ahead(s, "\xEF\xBB\xBF") ? 3 : 0;
  skip_space(s);
  if (s->at == s->len) {
    return scan_fail(s, NO_NODE, scan_range(s, 0), "the file is empty: a pipeline is an object { ... }");
  }
  uint32_t root = NO_NODE;
  result = node_add(s, NO_NODE, &root);
  if (result == 0) {
    result = scan_value(s, root, 0);
  }
  if (result != 0) {
    return result;
  }
  skip_space(s);
  if (s->at < s->len) {
    const char *slip = scan_slip(s);
    return scan_fail(
        s, NO_NODE, scan_word_range(s), "%s",
        slip != NULL ? slip : "the JSON is complete before this: remove what follows, or a bracket too many above");
  }
  return 0;
}

int positions_scan(const char *text, size_t len, positions_report *report, void *arg, positions **ret_positions) {
  positions *p = calloc(1, sizeof *p);
  if (p == NULL) {
    return -ENOMEM;
  }
  p->text = text;
  p->len = len;
  scanner s = { .out = p, .text = text, .len = len, .report = report, .arg = arg };
  int result = scan_whole(&s);
  if (result != 0) {
    positions_free(p);
    return result;
  }
  *ret_positions = p;
  return 0;
}
