/* SPDX-License-Identifier: Apache-2.0 */

/* What the stages of the subject share: the subject of the harness's own tests. */
#ifndef TESTS_HARNESS_SUBJECT_H
#define TESTS_HARNESS_SUBJECT_H

#include "qanat/stage.h"

extern const qn_stage subject_words, subject_pairs, subject_later, subject_lines;
extern const qn_stage subject_numbers, subject_ticks, subject_keep, subject_post;

static inline int subject_str_is(qn_str text, const char *word) {
  size_t len = qn_cstr_len(word);
  for (size_t i = 0; i < len; i++) {
    if (i >= text.len || text.data[i] != word[i]) {
      return 0;
    }
  }
  return text.len == len;
}

static inline int subject_no_memory(qn_create *create) {
  return create->host->create_fail(create, "out of memory", sizeof "out of memory" - 1);
}

#endif
