/* SPDX-License-Identifier: Apache-2.0 */

/* Order with groups, the line of an ordered stage, and when a run stands still. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/activity.h"
#include "runtime/line.h"
#include "runtime/order.h"

enum { N_LEAVES = 8 };

/* A document, or a part of one, that comes to the order. */
typedef struct thing {
  _Alignas(receipt) unsigned char room[sizeof(receipt)]; /* its last member has no size */
  leaf leaf;
  parting *parting; /* if it is split */
} thing;

static void thing_init(thing *t, const thing *parent, uint64_t sequence) {
  memset((void *)t, 0, sizeof *t);
  receipt *held = (receipt *)(void *)t->room;
  held->sequence = sequence;
  held->from = parent != NULL ? parent->parting : NULL;
  t->leaf.receipt = held;
}

static void thing_split(thing *t, order *in) {
  t->parting = calloc(1, sizeof *t->parting + sizeof(group *));
  assert_non_null(t->parting);
  t->parting->groups[0] = order_group(in);
  assert_non_null(t->parting->groups[0]);
  t->leaf.group = t->parting->groups[0];
}

static void expect(order *in, thing *const *wanted, uint32_t n) {
  leaf *found[N_LEAVES];
  assert_int_equal(order_ready(in), n > 0);
  assert_int_equal(order_take(in, found, N_LEAVES), n);
  for (uint32_t i = 0; i < n; i++) {
    assert_ptr_equal(found[i], &wanted[i]->leaf);
  }
  assert_false(order_ready(in));
}

static void order_without_groups_waits_for_the_next(void **state) {
  (void)state;
  order in;
  thing things[3];
  assert_int_equal(order_init(&in, N_LEAVES, false, 0), 0);
  for (uint32_t i = 0; i < 3; i++) {
    thing_init(&things[i], NULL, i);
  }
  order_put(&in, &things[2].leaf);
  order_put(&in, &things[1].leaf);
  expect(&in, NULL, 0);
  order_put(&in, &things[0].leaf);
  expect(&in, (thing *[]){ &things[0], &things[1], &things[2] }, 3);
  order_done(&in);
}

static void order_parts_stand_where_their_document_stood(void **state) {
  (void)state;
  order in;
  thing first, split, last, parts[3];
  assert_int_equal(order_init(&in, N_LEAVES, true, 0), 0);
  thing_init(&first, NULL, 0);
  thing_init(&split, NULL, 1);
  thing_init(&last, NULL, 2);
  thing_split(&split, &in);
  for (uint32_t i = 0; i < 3; i++) {
    thing_init(&parts[i], &split, i);
  }
  order_put(&in, &last.leaf);
  order_put(&in, &split.leaf);
  order_put(&in, &parts[1].leaf);
  order_put(&in, &first.leaf);
  expect(&in, (thing *[]){ &first }, 1);
  order_put(&in, &parts[0].leaf);
  expect(&in, (thing *[]){ &parts[0], &parts[1] }, 2);
  order_put(&in, &parts[2].leaf);
  expect(&in, (thing *[]){ &parts[2] }, 1); /* there may be more */
  order_group_close(split.parting->groups[0], 3);
  expect(&in, (thing *[]){ &split, &last }, 2);
  assert_null(split.leaf.group);
  free(split.parting);
  order_done(&in);
}

static void order_document_without_parts_passes_alone(void **state) {
  (void)state;
  order in;
  assert_int_equal(order_init(&in, N_LEAVES, true, 0), 0);
  for (uint32_t round = 0; round < 20; round++) {
    thing split;
    thing_init(&split, NULL, round);
    thing_split(&split, &in);
    order_put(&in, &split.leaf);
    leaf *found;
    assert_int_equal(order_take(&in, &found, 1), 0);
    order_group_close(split.parting->groups[0], 0);
    expect(&in, (thing *[]){ &split }, 1);
    free(split.parting);
  }
  assert_int_equal(in.n_made, 1); /* groups are used again */
  order_done(&in);
}

static void order_nested_groups_are_read_to_their_ends(void **state) {
  (void)state;
  order in;
  thing outer, next, inner, sibling, leaves[2];
  assert_int_equal(order_init(&in, N_LEAVES, true, 0), 0);
  thing_init(&outer, NULL, 0);
  thing_init(&next, NULL, 1);
  thing_split(&outer, &in);
  thing_init(&inner, &outer, 0);
  thing_init(&sibling, &outer, 1);
  thing_split(&inner, &in);
  thing_init(&leaves[0], &inner, 0);
  thing_init(&leaves[1], &inner, 1);
  order_put(&in, &next.leaf);
  order_put(&in, &sibling.leaf);
  order_put(&in, &leaves[1].leaf);
  order_put(&in, &inner.leaf);
  order_put(&in, &outer.leaf);
  order_group_close(outer.parting->groups[0], 2);
  leaf *found;
  assert_int_equal(order_take(&in, &found, 1), 0);
  order_put(&in, &leaves[0].leaf);
  expect(&in, (thing *[]){ &leaves[0], &leaves[1] }, 2);
  order_group_close(inner.parting->groups[0], 2);
  expect(&in, (thing *[]){ &inner, &sibling, &outer, &next }, 4);
  free(inner.parting);
  free(outer.parting);
  order_done(&in);
}

/* --- line and activity --- */

static void line_is_held_until_all_that_were_away_are_back(void **state) {
  (void)state;
  line held = { 0 };
  leaf leaves[3] = { 0 };
  assert_false(line_is_held(&held));
  for (uint32_t i = 0; i < 3; i++) {
    line_send(&held);
  }
  for (uint32_t i = 0; i < 3; i++) {
    assert_true(line_is_held(&held));
    assert_false(line_is_due(&held));
    line_return(&held, &leaves[i]);
  }
  assert_true(line_is_due(&held));
  uint32_t n = 0;
  for (leaf *at = line_take(&held); at != NULL; at = at->next) {
    n++;
  }
  assert_int_equal(n, 3);
  assert_false(line_is_held(&held));
  assert_false(line_is_due(&held));
}

static void activity_last_one_out_wakes_only_for_what_is_held(void **state) {
  (void)state;
  park sleepers;
  park_init(&sleepers);
  activity all = { .park = &sleepers };
  uint32_t key = park_prepare(&sleepers);
  activity_begin(&all);
  activity_begin(&all);
  activity_end(&all);
  assert_false(activity_stands_still(&all));
  activity_end(&all);
  assert_true(activity_stands_still(&all));
  assert_int_equal(atomic_load(&sleepers.epoch), key); /* nothing is held */
  activity_begin(&all);
  atomic_store(&all.n_held, 1);
  activity_end(&all);
  assert_int_not_equal(atomic_load(&sleepers.epoch), key);
  park_cancel(&sleepers);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(order_without_groups_waits_for_the_next),
    cmocka_unit_test(order_parts_stand_where_their_document_stood),
    cmocka_unit_test(order_document_without_parts_passes_alone),
    cmocka_unit_test(order_nested_groups_are_read_to_their_ends),
    cmocka_unit_test(line_is_held_until_all_that_were_away_are_back),
    cmocka_unit_test(activity_last_one_out_wakes_only_for_what_is_held),
  };
  return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
