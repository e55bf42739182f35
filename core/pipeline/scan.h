/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the JSON scanner share: its state, its nodes, its way of failing. Private to positions.h's
 * implementation. Floor 3. */
#ifndef CORE_PIPELINE_SCAN_H
#define CORE_PIPELINE_SCAN_H

#include "pipeline/positions.h"

#define NO_NODE UINT32_MAX

/* One value of the text. */
typedef struct node {
  uint32_t begin, end;         /* the value */
  uint32_t key_begin, key_end; /* with its quotation marks; equal: no key */
  uint32_t key, key_len;       /* decoded, in positions.keys */
  uint32_t first, next, parent;
  uint32_t index; /* among its siblings */
} node;

struct positions {
  const char *text;
  size_t len;
  node *nodes; /* the root first */
  uint32_t n_nodes, capacity;
  char *keys; /* decoded keys, one after the other */
  size_t keys_len, keys_capacity;
};

typedef struct scanner {
  positions *out;
  const char *text;
  size_t len, at;
  uint32_t n_duplicates; /* told so far: finding their lines costs a walk through the text each */
  positions_report *report;
  void *arg;
} scanner;

/* Reports a fault of the node self (NO_NODE: of the whole) and returns -EINVAL. */
int scan_fail(scanner *s, uint32_t self, text_range range, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

bool scan_ahead(const scanner *s, const char *word);
/* From here on len bytes, or to the end of the word that stands here (at least a byte). */
text_range scan_range(const scanner *s, size_t len);
text_range scan_word_range(const scanner *s);
/* What is wrong if a well-known slip stands here, or NULL. */
const char *scan_slip(const scanner *s);

/* Each scans one value of its kind and leaves at behind it. 0 or -EINVAL after a report. into: where the decoded bytes
 * of a string go (room for as many as the text has), or NULL. */
int scan_string(scanner *s, uint32_t self, char *into, size_t *ret_len);
int scan_number(scanner *s, uint32_t self);
int scan_word(scanner *s, uint32_t self);

static inline bool scan_is_digit(char c) {
  return c >= '0' && c <= '9';
}

static inline bool scan_is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || scan_is_digit(c) || c == '_' || c == '-';
}

#endif
