/* SPDX-License-Identifier: Apache-2.0 */

/* The documents that are remembered: a queue of prints, the oldest forgotten first, and a table that finds those alike in a
 * time that does not grow with their number. Bounded in documents and bytes. One thread at a time. */
#ifndef DEDUPE_WINDOW_H
#define DEDUPE_WINDOW_H

#include <stdbool.h>

#include "dedupe/print.h"
#include "qanat/stage.h"

enum { WINDOW_ID_MAX = 256 };

typedef struct window_bounds {
  uint64_t documents;
  uint64_t bytes;
} window_bounds;

typedef struct window window;

/* The document that a print resembles most. */
typedef struct window_match {
  uint64_t number;
  double similarity;
  bool itself; /* one of those it resembles enough has its id */
} window_match;

/* A remembered document. id and packed hold until the next add. */
typedef struct window_document {
  qn_str id;
  uint32_t n, limit;
  const uint8_t *packed;
  uint32_t packed_len;
} window_document;

typedef struct window_counts {
  uint64_t documents, bytes;
  uint64_t forgotten;
} window_counts;

/* 0, -ENOMEM. */
int window_new(const qn_host *host, qn_env *env, const window_bounds *bounds, window **ret_window);
void window_free(window *self);

/* Looks for documents whose SimHash is no further than distance and whose share of shingles in common is at least similarity.
 * other is room for their sets. True if there is one. A document is itself if it has the same id, which must not be empty. */
bool window_find(window *self, const print *wanted, qn_str id, uint32_t distance, double similarity, print *other,
                 window_match *ret_match);

/* Remembers one more; forgets the oldest as long as there is no room. Numbers are given in order. 0, -ENOMEM. */
int window_add(window *self, const print *added, qn_str id);

/* Makes the document the newest if it is among the older half. other is room for its set. 1: it has a new number, and the old
 * one is nobody's; 0: it is new enough; -ENOMEM. */
int window_refresh(window *self, uint64_t number, print *other);

/* Numbers begin with first (1 if this is not called) and end before the next. Before the first add. */
void window_number_from(window *self, uint64_t first);
uint64_t window_first(const window *self);
uint64_t window_next(const window *self);

/* A document by its number, from first to next. False for one whose place a newer number has taken. */
bool window_get(const window *self, uint64_t number, window_document *ret_document);

window_counts window_count(const window *self);

#endif
