/* SPDX-License-Identifier: Apache-2.0 */

/* The choice among candidates against trying all sets, and the memory of a document. */
#include "entities/choose.h"
#include "qanat/layers.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entities/memory.h"

static void *take(qn_env *env, size_t bytes) {
  (void)env;
  return malloc(bytes);
}

static void *change(qn_env *env, void *old, size_t bytes) {
  (void)env;
  return realloc(old, bytes);
}

static void *refuse(qn_env *env, void *old, size_t bytes) {
  (void)env;
  (void)old;
  (void)bytes;
  return NULL;
}

static void give(qn_env *env, void *old) {
  (void)env;
  free(old);
}

static const qn_host host = { .size = sizeof(qn_host), .alloc = take, .resize = change, .release = give };
static const qn_host poor = { .size = sizeof(qn_host), .alloc = take, .resize = refuse, .release = give };

static void propose(scan *s, uint32_t first, uint32_t last, float score) {
  candidate c = { .first = first,
                  .last = last,
                  .score = score,
                  .type = QN_ENTITY_TYPE_LOCATION,
                  .entry = SCAN_NONE,
                  .value = SCAN_NONE };
  scan_propose(s, &c);
  assert_int_equal(s->failed, 0);
}

/* The chosen candidates as "first-last " in the order of the array. */
static void check_chosen(scan *s, const char *want) {
  chooser plan = { 0 };
  char got[128] = "";
  assert_int_equal(choose_best(&plan, s), 0);
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    if (s->candidates[i].chosen != 0) {
      size_t len = strlen(got);
      snprintf(got + len, sizeof got - len, "%u-%u ", s->candidates[i].first, s->candidates[i].last);
    }
  }
  assert_string_equal(got, want);
  choose_done(&plan, s);
  scan_done(s);
}

static void choose_longer_name_beats_its_parts(void **state) {
  (void)state;
  scan s = { .host = &host, .n_words = 4 };
  propose(&s, 0, 1, 0.9f);
  propose(&s, 1, 2, 0.9f);
  propose(&s, 0, 2, 0.9f);
  check_chosen(&s, "0-2 ");
}

static void choose_sure_parts_beat_a_doubtful_whole(void **state) {
  (void)state;
  scan s = { .host = &host, .n_words = 4 };
  propose(&s, 0, 2, 0.52f);
  propose(&s, 0, 1, 0.9f);
  propose(&s, 1, 2, 0.9f);
  check_chosen(&s, "0-1 1-2 ");
}

static void choose_below_threshold_is_left(void **state) {
  (void)state;
  scan s = { .host = &host, .n_words = 4 };
  propose(&s, 0, 4, 0.49f);
  check_chosen(&s, "");
}

static void choose_nothing_of_nothing(void **state) {
  (void)state;
  scan s = { .host = &host };
  check_chosen(&s, "");
}

/* Many random sets of candidates: what is chosen is disjoint and in order. */
static void choose_result_is_disjoint_and_sorted(void **state) {
  (void)state;
  chooser plan = { 0 };
  scan s = { .host = &host, .n_words = 12 };
  uint32_t seed = 1;
  for (int round = 0; round < 500; round++) {
    s.n_candidates = 0;
    for (int i = 0; i < 30; i++) {
      seed = seed * 1664525u + 1013904223u;
      uint32_t first = seed >> 8 & 7;
      propose(&s, first, first + 1 + (seed >> 16 & 3), 0.4f + (float)(seed >> 24 & 63) / 128.0f);
    }
    assert_int_equal(choose_best(&plan, &s), 0);
    uint32_t end = 0;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s.n_candidates; i++) {
      const candidate *c = &s.candidates[i];
      if (c->chosen != 0) {
        assert_true(c->first >= end && c->score >= SCAN_THRESHOLD);
        end = c->last;
        n++;
      }
    }
    assert_true(n > 0);
  }
  choose_done(&plan, &s);
  scan_done(&s);
}

static void choose_without_memory_says_so(void **state) {
  (void)state;
  chooser plan = { 0 };
  scan s = { .host = &poor, .n_words = 4 };
  assert_int_equal(choose_best(&plan, &s), -ENOMEM);
  choose_done(&plan, &s);
  scan_done(&s);
}

static key of(const char *text) {
  return key_of(text, strlen(text));
}

static void memory_forgets_between_documents(void **state) {
  (void)state;
  memory m = { 0 };
  scan s = { .host = &host };
  candidate c = { .type = 1, .score = 0.9f, .entry = 7 };
  assert_null(memory_find(&m, of("smith")));
  assert_int_equal(memory_begin(&m, &s, 8), 0);
  memory_learn(&m, of("smith"), &c, MEMORY_FULL);
  assert_non_null(memory_find(&m, of("smith")));
  assert_int_equal(memory_find(&m, of("smith"))->entry, 7);
  assert_int_equal(memory_begin(&m, &s, 8), 0);
  assert_null(memory_find(&m, of("smith")));
  assert_int_equal(memory_begin(&m, &s, 1000), 0);
  assert_null(memory_find(&m, of("smith")));
  memory_done(&m, &s);
}

static void memory_surer_learning_wins(void **state) {
  (void)state;
  memory m = { 0 };
  scan s = { .host = &host };
  candidate guess = { .type = 1, .score = 0.6f };
  candidate person = { .type = 0, .score = 0.8f };
  assert_int_equal(memory_begin(&m, &s, 8), 0);
  memory_learn(&m, of("smith"), &guess, MEMORY_GUESS);
  memory_learn(&m, of("smith"), &person, MEMORY_SURNAME);
  memory_learn(&m, of("smith"), &guess, MEMORY_GUESS);
  assert_int_equal(memory_find(&m, of("smith"))->type, 0);
  memory_begins(&m, of("smith"));
  assert_int_equal(memory_find(&m, of("smith"))->prefix, 1);
  assert_int_equal(memory_find(&m, of("smith"))->how, MEMORY_SURNAME);
  memory_done(&m, &s);
}

/* What is kept depends on the document alone, not on the room an earlier one left. */
static void memory_bound_is_the_documents(void **state) {
  (void)state;
  scan s = { .host = &host };
  for (uint32_t room = 4; room <= 4000; room *= 10) {
    memory m = { 0 };
    candidate c = { .type = 0, .score = 0.8f };
    char name[] = "aaaa";
    assert_int_equal(memory_begin(&m, &s, room), 0);
    assert_int_equal(memory_begin(&m, &s, 4), 0);
    for (int i = 0; i < 26; i++) {
      name[3] = (char)('a' + i);
      memory_learn(&m, of(name), &c, MEMORY_FULL);
      assert_int_equal(memory_find(&m, of(name)) != NULL, i < 4);
    }
    memory_done(&m, &s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(choose_longer_name_beats_its_parts),   cmocka_unit_test(choose_sure_parts_beat_a_doubtful_whole),
    cmocka_unit_test(choose_below_threshold_is_left),       cmocka_unit_test(choose_nothing_of_nothing),
    cmocka_unit_test(choose_result_is_disjoint_and_sorted), cmocka_unit_test(choose_without_memory_says_so),
    cmocka_unit_test(memory_forgets_between_documents),     cmocka_unit_test(memory_surer_learning_wins),
    cmocka_unit_test(memory_bound_is_the_documents),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
