/* SPDX-License-Identifier: Apache-2.0 */

/* Grows text and its runs. */
#include "decode/aligned.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/doc.h"

enum { TEXT_MAX = 1 << 30, FIRST_BYTES = 1 << 14, FIRST_RUNS = 1 << 10 };

void aligned_clear(aligned_text *text) {
  text->len = 0;
  text->n_runs = 0;
  text->base_end = 0;
}

void aligned_done(aligned_text *text) {
  free(text->bytes);
  free(text->derived);
  free(text->base);
  free(text->kind);
  memset(text, 0, sizeof *text);
}

static int grow_bytes(aligned_text *text, uint32_t n) {
  size_t need = (size_t)text->len + n;
  if (need <= text->capacity) {
    return 0;
  }
  if (need > TEXT_MAX) {
    return -EFBIG;
  }
  size_t capacity = need < FIRST_BYTES ? FIRST_BYTES : need + need / 2;
  uint8_t *bytes = realloc(text->bytes, capacity);
  if (bytes == NULL) {
    return -ENOMEM;
  }
  text->bytes = bytes;
  text->capacity = (uint32_t)capacity;
  return 0;
}

static int grow_runs(aligned_text *text) {
  if (text->n_runs < text->run_capacity) {
    return 0;
  }
  uint32_t capacity = text->run_capacity == 0 ? FIRST_RUNS : text->run_capacity * 2;
  uint32_t *derived = realloc(text->derived, capacity * sizeof *derived);
  text->derived = derived == NULL ? text->derived : derived;
  uint32_t *base = realloc(text->base, capacity * sizeof *base);
  text->base = base == NULL ? text->base : base;
  uint8_t *kind = realloc(text->kind, capacity);
  text->kind = kind == NULL ? text->kind : kind;
  if (derived == NULL || base == NULL || kind == NULL) {
    return -ENOMEM;
  }
  text->run_capacity = capacity;
  return 0;
}

static int push_run(aligned_text *text, uint32_t from, uint8_t kind) {
  int rc = grow_runs(text);
  if (rc == 0) {
    text->derived[text->n_runs] = text->len;
    text->base[text->n_runs] = from;
    text->kind[text->n_runs++] = kind;
  }
  return rc;
}

/* A replacement reaches in the source to the next run: what is left out after one needs a run of its own. */
static int close_gap(aligned_text *text, uint32_t from) {
  uint32_t n = text->n_runs;
  if (from == text->base_end || n == 0 || text->kind[n - 1] == QN_RUN_COPY) {
    return 0;
  }
  return push_run(text, text->base_end, QN_RUN_REPLACE);
}

static int append(aligned_text *text, const uint8_t *bytes, uint32_t n) {
  int rc = grow_bytes(text, n);
  if (rc == 0 && n > 0) {
    memcpy(text->bytes + text->len, bytes, n);
    text->len += n;
  }
  return rc;
}

int aligned_copy(aligned_text *text, uint32_t from, const uint8_t *bytes, uint32_t n) {
  uint32_t n_runs = text->n_runs;
  int rc = 0;
  if (n == 0) {
    return 0;
  }
  if (n_runs == 0 || text->kind[n_runs - 1] != QN_RUN_COPY || from != text->base_end) {
    rc = close_gap(text, from);
    rc = rc == 0 ? push_run(text, from, QN_RUN_COPY) : rc;
  }
  if (rc == 0) {
    rc = append(text, bytes, n);
    text->base_end = from + n;
  }
  return rc;
}

/* Appends a replacement that nothing needs to be done for: it joins on, has the two bytes of an Arabic letter, and there is
 * room. Pages in other charsets have one for every letter. */
static inline bool replace_quickly(aligned_text *text, uint32_t from, uint32_t to, const uint8_t *bytes, uint32_t n) {
  if (from != text->base_end || to < from || n != 2 || text->n_runs == text->run_capacity ||
      text->capacity - text->len < 2) {
    return false;
  }
  text->derived[text->n_runs] = text->len;
  text->base[text->n_runs] = from;
  text->kind[text->n_runs++] = QN_RUN_REPLACE;
  memcpy(text->bytes + text->len, bytes, 2);
  text->len += 2;
  text->base_end = to;
  return true;
}

int aligned_replace(aligned_text *text, uint32_t from, uint32_t to, const uint8_t *bytes, uint32_t n) {
  if (replace_quickly(text, from, to, bytes, n)) {
    return 0;
  }
  from = from < text->base_end ? text->base_end : from; /* the second half of a unit that was cut in two */
  to = to < from ? from : to;
  int rc = close_gap(text, from);
  if (rc == 0) {
    rc = push_run(text, from, QN_RUN_REPLACE);
  }
  if (rc == 0) {
    rc = append(text, bytes, n);
    text->base_end = to;
  }
  return rc;
}

int aligned_finish(aligned_text *text, uint32_t source_len) {
  return close_gap(text, source_len);
}

/* --- composing --- */

static uint32_t run_end(const aligned_text *text, uint32_t run) {
  return run + 1 < text->n_runs ? text->derived[run + 1] : text->len;
}

/* Where a run ends in the source: of a copy, as far as it is long. */
static uint32_t run_base_end(const aligned_text *text, uint32_t run, uint32_t source_len) {
  if (text->kind[run] == QN_RUN_COPY) {
    return text->base[run] + (run_end(text, run) - text->derived[run]);
  }
  return run + 1 < text->n_runs ? text->base[run + 1] : source_len;
}

/* The last run that begins at or before offset and is not empty; at is where the search goes on from. */
static uint32_t run_at(const aligned_text *text, uint32_t offset, uint32_t at) {
  while (at + 1 < text->n_runs && text->derived[at + 1] <= offset) {
    at++;
  }
  return at;
}

/* Where the begin, or the end, of a range of lower's text stands in its source. */
static uint32_t map_begin(const aligned_text *lower, uint32_t offset, uint32_t run) {
  return lower->kind[run] == QN_RUN_COPY ? lower->base[run] + (offset - lower->derived[run]) : lower->base[run];
}

static uint32_t map_end(const aligned_text *lower, uint32_t end, uint32_t run, uint32_t source_len) {
  return lower->kind[run] == QN_RUN_COPY ? lower->base[run] + (end - lower->derived[run])
                                         : run_base_end(lower, run, source_len);
}

/* A copy of lower's text becomes a piece of each run of lower it touches. */
static int compose_copy(aligned_text *target, const aligned_text *lower, uint32_t source_len, uint32_t from,
                        uint32_t to, uint32_t at) {
  int rc = 0;
  while (rc == 0 && from < to) {
    at = run_at(lower, from, at);
    uint32_t end = run_end(lower, at) < to ? run_end(lower, at) : to;
    const uint8_t *bytes = lower->bytes + from;
    if (lower->kind[at] == QN_RUN_COPY) {
      rc = aligned_copy(target, map_begin(lower, from, at), bytes, end - from);
    } else {
      rc = aligned_replace(target, lower->base[at], run_base_end(lower, at, source_len), bytes, end - from);
    }
    from = end;
  }
  return rc;
}

int aligned_compose(aligned_text *target, const aligned_text *upper, const aligned_text *lower, uint32_t source_len) {
  uint32_t at = 0;
  int rc = 0;
  aligned_clear(target);
  for (uint32_t i = 0; rc == 0 && i < upper->n_runs; i++) {
    uint32_t derived = upper->derived[i], end = run_end(upper, i);
    uint32_t from = upper->base[i], to = run_base_end(upper, i, lower->len);
    if (derived == end || lower->n_runs == 0) {
      continue; /* what is left out is so below as well */
    }
    at = run_at(lower, from, at);
    if (upper->kind[i] == QN_RUN_COPY) {
      rc = compose_copy(target, lower, source_len, from, to, at);
    } else {
      uint32_t last = to > from ? run_at(lower, to - 1, at) : at;
      uint32_t below = map_begin(lower, from, at);
      uint32_t below_end = to > from ? map_end(lower, to, last, source_len) : below;
      rc = aligned_replace(target, below, below_end, upper->bytes + derived, end - derived);
    }
  }
  return rc == 0 ? aligned_finish(target, source_len) : rc;
}
