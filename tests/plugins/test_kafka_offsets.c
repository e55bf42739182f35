/* SPDX-License-Identifier: Apache-2.0 */

/* Contiguous offsets against a model of them: whatever order documents settle in, what may be committed never passes one that
 * has not, and always reaches the first that has not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/offsets.h"

#include <cmocka.h>

static offsets begin(uint32_t capacity) {
  offsets self;
  assert_int_equal(offsets_init(&self, capacity), 0);
  return self;
}

static uint32_t take(offsets *self, int64_t offset) {
  uint32_t sequence = 0;
  assert_int_equal(offsets_take(self, offset, &sequence), 0);
  return sequence;
}

static int64_t due(const offsets *self) {
  int64_t offset = -1;
  return offsets_due(self, &offset) ? offset : -1;
}

/* One line a case: offsets taken in order, the places of those settled in order, and what is due after each. */
typedef struct row {
  const char *what;
  uint32_t n;
  int64_t taken[4];
  uint32_t settled[4];
  int64_t due[4];
} row;

static const row rows[] = {
  { "in order", 4, { 0, 1, 2, 3 }, { 0, 1, 2, 3 }, { 1, 2, 3, 4 } },
  { "in reverse", 4, { 0, 1, 2, 3 }, { 3, 2, 1, 0 }, { -1, -1, -1, 4 } },
  { "the oldest last", 4, { 7, 8, 9, 10 }, { 1, 2, 3, 0 }, { -1, -1, -1, 11 } },
  { "mixed", 4, { 7, 8, 9, 10 }, { 1, 0, 3, 2 }, { -1, 9, 9, 11 } },
  { "gaps", 4, { 5, 90, 91, 4000000000 }, { 0, 2, 1, 3 }, { 6, 6, 92, 4000000001 } },
};

static void offsets_settled_in_any_order_are_due_without_gaps(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    offsets self = begin(4);
    uint32_t sequences[4];
    for (uint32_t at = 0; at < rows[i].n; at++) {
      sequences[at] = take(&self, rows[i].taken[at]);
    }
    for (uint32_t at = 0; at < rows[i].n; at++) {
      assert_int_equal(offsets_settle(&self, sequences[rows[i].settled[at]]), 0);
      if (due(&self) != rows[i].due[at]) {
        fail_msg("%s: after %u settled, %lld is due", rows[i].what, at + 1, (long long)due(&self));
      }
    }
    assert_int_equal(self.n_unsettled, 0);
    assert_int_equal(self.n_window, 0);
    offsets_done(&self);
  }
}

static void offsets_full_window_takes_no_more_until_the_oldest_settles(void **state) {
  (void)state;
  offsets self = begin(3); /* rounded up to 4 */
  uint32_t sequences[4], more = 77;
  for (int64_t i = 0; i < 4; i++) {
    assert_false(offsets_full(&self));
    sequences[i] = take(&self, i);
  }
  assert_true(offsets_full(&self));
  assert_int_equal(offsets_take(&self, 4, &more), -ENOBUFS);
  assert_int_equal(offsets_settle(&self, sequences[2]), 0);
  assert_true(offsets_full(&self)); /* it stands behind one that has not settled */
  assert_int_equal(offsets_take(&self, 4, &more), -ENOBUFS);
  assert_int_equal(more, 77);
  assert_int_equal(offsets_settle(&self, sequences[0]), 0);
  assert_false(offsets_full(&self));
  assert_int_equal(take(&self, 4), sequences[3] + 1);
  offsets_done(&self);
}

static void offsets_of_a_second_delivery_are_refused(void **state) {
  (void)state;
  static const int64_t wrong[] = { 10, 9, 0, -1, INT64_MIN, INT64_MAX };
  offsets self = begin(8);
  uint32_t sequence;
  take(&self, 10);
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(offsets_take(&self, wrong[i], &sequence), -EINVAL);
  }
  assert_int_equal(self.n_window, 1);
  assert_int_equal(take(&self, 11), 1);
  offsets_done(&self);
}

static void offsets_settled_twice_or_never_taken_are_told(void **state) {
  (void)state;
  offsets self = begin(8);
  uint32_t first = take(&self, 0), second = take(&self, 1);
  assert_true(offsets_is_open(&self, first) && offsets_is_open(&self, second));
  assert_false(offsets_is_open(&self, second + 1) || offsets_is_open(&self, first - 1));
  assert_int_equal(offsets_settle(&self, second), 0);
  assert_true(offsets_is_open(&self, first) && !offsets_is_open(&self, second));
  assert_int_equal(offsets_settle(&self, second), -EALREADY);
  assert_int_equal(offsets_settle(&self, second + 1), -ENOENT);
  assert_int_equal(offsets_settle(&self, first), 0);
  assert_int_equal(offsets_settle(&self, first), -ENOENT);
  assert_int_equal(offsets_settle(&self, first - 1), -ENOENT);
  assert_int_equal(due(&self), 2);
  offsets_done(&self);
}

static void offsets_committed_are_due_no_more(void **state) {
  (void)state;
  offsets self = begin(8);
  uint32_t a = take(&self, 0), b = take(&self, 1);
  assert_int_equal(due(&self), -1);
  assert_int_equal(offsets_settle(&self, a), 0);
  assert_int_equal(due(&self), 1);
  offsets_committed(&self, 1);
  assert_int_equal(due(&self), -1);
  assert_int_equal(offsets_settle(&self, b), 0);
  offsets_committed(&self, 0); /* a late answer */
  assert_int_equal(due(&self), 2);
  offsets_done(&self);
}

static void offsets_cleared_begin_anew(void **state) {
  (void)state;
  offsets self = begin(4);
  take(&self, 100);
  assert_int_equal(offsets_settle(&self, take(&self, 101)), 0);
  offsets_clear(&self);
  assert_int_equal(self.n_unsettled, 0);
  assert_int_equal(offsets_settle(&self, 0), -ENOENT);
  assert_int_equal(offsets_settle(&self, take(&self, 50)), 0);
  assert_int_equal(due(&self), 51);
  offsets_done(&self);
}

static void offsets_sequences_wrap_around(void **state) {
  (void)state;
  offsets self = begin(16);
  self.first = UINT32_MAX - 4;
  uint32_t sequences[12];
  for (int64_t i = 0; i < 12; i++) {
    sequences[i] = take(&self, i);
  }
  assert_true(sequences[11] < sequences[0]);
  for (int i = 11; i > 0; i--) {
    assert_int_equal(offsets_settle(&self, sequences[i]), 0);
    assert_int_equal(due(&self), -1);
  }
  assert_int_equal(offsets_settle(&self, sequences[0]), 0);
  assert_int_equal(due(&self), 12);
  offsets_done(&self);
}

static void offsets_window_of_a_size_that_cannot_be_is_refused(void **state) {
  (void)state;
  offsets self;
  assert_int_equal(offsets_init(&self, 0), -EINVAL);
  assert_int_equal(offsets_init(&self, OFFSETS_CAPACITY_MAX + 1), -EINVAL);
  offsets none = { 0 };
  offsets_done(&none);
}

/* --- any order --- */

enum { N_MESSAGES = 4000 };

typedef struct dice {
  uint64_t state;
} dice;

static uint32_t roll(dice *self, uint32_t below) {
  self->state = self->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (uint32_t)(self->state >> 33) % below;
}

/* What is known of each message by the simplest means. */
typedef struct model {
  int64_t offsets[N_MESSAGES];
  uint32_t sequences[N_MESSAGES];
  uint8_t settled[N_MESSAGES];
  uint32_t n_taken, live[N_MESSAGES], n_live;
} model;

static void check(const model *known, const offsets *self, int64_t committed) {
  uint32_t n = 0;
  while (n < known->n_taken && known->settled[n] != 0) {
    n++;
  }
  int64_t expected = n == 0 ? -1 : known->offsets[n - 1] + 1;
  int64_t got = due(self);
  assert_int_equal(got == -1 ? committed : got, expected == -1 ? committed : expected);
  assert_int_equal(self->n_unsettled, known->n_live);
  assert_int_equal(self->n_window, known->n_taken - n);
}

static void run_any_order(uint64_t seed) {
  dice chance = { seed };
  model *known = calloc(1, sizeof *known);
  offsets self = begin(1 + roll(&chance, 200));
  int64_t offset = roll(&chance, 1000), committed = -1;
  self.first = seed % 2 == 0 ? UINT32_MAX - roll(&chance, 2000) : 0;
  uint32_t eager = 1 + roll(&chance, 9); /* of 10: taken rather than settled */
  while (known->n_taken < N_MESSAGES || known->n_live > 0) {
    bool takes =
        known->n_taken < N_MESSAGES && !offsets_full(&self) && (known->n_live == 0 || roll(&chance, 10) < eager);
    if (takes) {
      uint32_t at = known->n_taken++;
      offset += roll(&chance, 20) == 0 ? 1 + roll(&chance, 5000) : 1;
      known->offsets[at] = offset;
      known->sequences[at] = take(&self, offset);
      known->live[known->n_live++] = at;
    } else {
      uint32_t place = roll(&chance, known->n_live);
      uint32_t at = known->live[place];
      assert_int_equal(offsets_settle(&self, known->sequences[at]), 0);
      known->settled[at] = 1;
      known->live[place] = known->live[--known->n_live];
    }
    if (roll(&chance, 50) == 0 && due(&self) != -1) {
      committed = due(&self);
      offsets_committed(&self, committed);
    }
    if (roll(&chance, 20) == 0) {
      check(known, &self, committed);
    }
  }
  check(known, &self, committed);
  offsets_done(&self);
  free(known);
}

static void offsets_settled_in_random_orders_agree_with_the_model(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 60; seed++) {
    run_any_order(seed);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(offsets_settled_in_any_order_are_due_without_gaps),
    cmocka_unit_test(offsets_full_window_takes_no_more_until_the_oldest_settles),
    cmocka_unit_test(offsets_of_a_second_delivery_are_refused),
    cmocka_unit_test(offsets_settled_twice_or_never_taken_are_told),
    cmocka_unit_test(offsets_committed_are_due_no_more),
    cmocka_unit_test(offsets_cleared_begin_anew),
    cmocka_unit_test(offsets_sequences_wrap_around),
    cmocka_unit_test(offsets_window_of_a_size_that_cannot_be_is_refused),
    cmocka_unit_test(offsets_settled_in_random_orders_agree_with_the_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
