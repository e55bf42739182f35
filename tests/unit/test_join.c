/* SPDX-License-Identifier: Apache-2.0 */

/* Joins, and the documents that meet at them: in whatever order copies and words of absence come. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/stage.h" /* before cmocka.h, which has a macro of the name of one of its members */

#include <cmocka.h>

#include "document_fixture.h"
#include "runtime/join.h"

enum { STAGE = 7, N_INPUTS = 3 };

static void set(document *doc, const char *name, int64_t number) {
  qn_value value = { .type = QN_VALUE_I64, .as.i64 = number };
  assert_int_equal(document_field_set(doc, (qn_str){ name, strlen(name) }, &value), 0);
}

static int64_t get(const document *doc, const char *name) {
  qn_value value = { 0 };
  assert_int_equal(document_field_get(doc, (qn_str){ name, strlen(name) }, &value), 0);
  return value.as.i64;
}

/* --- documents --- */

static void documents_joined_have_the_changes_of_both(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *root = fixture_text(&f, "text");
  set(root, "kept", 1);
  set(root, "changed", 1);
  document *into = document_fork(root);
  document *from = document_fork(root);
  document_unref(root);
  set(into, "own", 2);
  set(from, "other", 3);
  set(from, "changed", 3);
  set(into, "both", 2);
  set(from, "both", 3);
  assert_int_equal(document_prepared_set(from, 4, "row", 3), 0);
  assert_int_equal(document_join(into, from), 0);
  assert_int_equal(get(into, "kept"), 1);
  assert_int_equal(get(into, "own"), 2);
  assert_int_equal(get(into, "other"), 3);
  assert_int_equal(get(into, "changed"), 3); /* not what into has from before they parted */
  assert_int_equal(get(into, "both"), 2);
  assert_int_equal(document_prepared_get(into, 4).len, 3);
  document_unref(into);
  fixture_close(&f);
}

static void add_sentence(fixture *f, document *doc) {
  stage_layout layout = fixture_layout(f, SCHEMA_VIEW_TEXT, SCHEMA_VIEW_NONE, "sentence/1");
  qn_rows rows;
  qn_error error = { 0 };
  builder_begin(f->builder, doc, &layout);
  assert_int_equal(builder_layer_reserve(f->builder, 0, 1, 0, &rows), 0);
  rows.begin[0] = 0;
  rows.end[0] = 4;
  ((uint32_t *)rows.columns[0])[0] = 0;
  assert_int_equal(builder_layer_commit(f->builder, 0, 1, 0), 0);
  assert_int_equal(builder_seal(f->builder, &error), 0);
}

static void documents_joined_have_the_layers_and_views_of_both(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  fixture_random random = { 11 };
  document *root = fixture_text(&f, "text of a document");
  document *into = document_fork(root);
  document *from = document_fork(root);
  document_unref(root);
  add_sentence(&f, from);
  fixture_random_view(&f, from, SCHEMA_VIEW_TEXT, FIXTURE_NORMALIZED, &random);
  qn_view view;
  qn_layer layer;
  uint32_t slot = fixture_slot(&f, "sentence/1");
  assert_int_equal(document_layer_get(into, slot, SCHEMA_VIEW_TEXT, &layer), -ENOENT);
  size_t both_bytes = document_bytes(into) + document_bytes(from);
  assert_int_equal(document_join(into, from), 0);
  assert_int_equal(document_layer_get(into, slot, SCHEMA_VIEW_TEXT, &layer), 0);
  assert_int_equal(layer.n_rows, 1);
  assert_int_equal(document_view_get(into, FIXTURE_NORMALIZED, &view), 0);
  assert_true(document_bytes(into) >= both_bytes);
  document_unref(into);
  fixture_close(&f);
}

/* What stands below an inner fork and join is newer than what the outer branches parted with. */
static void documents_joined_twice_keep_the_inner_changes(void **state) {
  (void)state;
  fixture f;
  fixture_open(&f);
  document *root = fixture_text(&f, "text");
  set(root, "a", 0);
  set(root, "b", 0);
  document *outer = document_fork(root);
  document *branch = document_fork(root);
  document_unref(root);
  document *left = document_fork(branch);
  document *right = document_fork(branch);
  document_unref(branch);
  set(left, "a", 1);
  set(right, "b", 2);
  assert_int_equal(document_join(left, right), 0);
  assert_int_equal(document_join(outer, left), 0);
  assert_int_equal(get(outer, "a"), 1);
  assert_int_equal(get(outer, "b"), 2);
  document_unref(outer);
  fixture_close(&f);
}

/* --- joins --- */

typedef struct meeting {
  fixture fixture;
  receipt_pool pool;
  receipt *local;
  receipt *held;
  leaf *leaves[N_INPUTS];
} meeting;

static void meet(meeting *m) {
  const uint32_t n_awaited[] = { N_INPUTS };
  memset((void *)m, 0, sizeof *m);
  fixture_open(&m->fixture);
  m->pool.form = (receipt_form){ .n_spare = N_INPUTS, .n_joins = 1 };
  document *root = fixture_text(&m->fixture, "text");
  m->held = receipt_take(&m->pool, &m->local, document_fork(root), n_awaited);
  assert_non_null(m->held);
  for (uint32_t i = 0; i < N_INPUTS; i++) {
    m->leaves[i] = i == 0 ? &m->held->first : receipt_leaf(m->held, LEAF_LIVE);
    m->leaves[i]->document = i == 0 ? m->leaves[i]->document : document_fork(root);
    m->leaves[i]->charged_bytes = 100;
    m->leaves[i]->segment = 1000; /* no stage's index */
    set(m->leaves[i]->document, "who", i);
  }
  document_unref(root);
}

static void part(meeting *m, leaf *whole) {
  document_unref(whole->document);
  free(whole->failure);
  receipt_free_chain(m->held);
  fixture_close(&m->fixture);
}

static void join_is_complete_with_the_last_copy_in_any_order(void **state) {
  (void)state;
  static const uint32_t orders[][N_INPUTS] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                               { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
  for (size_t k = 0; k < sizeof orders / sizeof orders[0]; k++) {
    meeting m;
    meet(&m);
    leaf *whole = NULL;
    for (uint32_t i = 0; i < N_INPUTS; i++) {
      assert_null(whole);
      whole = join_arrive(&m.held->joins[0], STAGE, orders[k][i], m.leaves[orders[k][i]]);
    }
    assert_ptr_equal(whole, m.leaves[0]);
    assert_int_equal(whole->state, LEAF_LIVE);
    assert_int_equal(whole->charged_bytes, 300);
    assert_int_equal(get(whole->document, "who"), 0); /* the first input's, whoever came first */
    assert_int_equal(atomic_load(&m.held->n_leaves), 1);
    part(&m, whole);
  }
}

static void join_goes_on_without_what_went_another_way(void **state) {
  (void)state;
  meeting m;
  meet(&m);
  leaf *whole = NULL;
  rendezvous *join = &m.held->joins[0];
  document_unref(m.leaves[1]->document);
  atomic_fetch_sub(&m.held->n_leaves, 1);
  assert_null(join_arrive(join, STAGE, 2, m.leaves[2]));
  assert_null(join_arrive(join, STAGE, 0, m.leaves[0]));
  assert_int_equal(join_absent(join, STAGE, false, &whole), JOIN_COMPLETE);
  assert_int_equal(whole->state, LEAF_LIVE);
  part(&m, whole);
}

static void join_spoiled_ends_the_other_copies(void **state) {
  (void)state;
  meeting m;
  meet(&m);
  leaf *whole = NULL;
  rendezvous *join = &m.held->joins[0];
  document_unref(m.leaves[1]->document);
  atomic_fetch_sub(&m.held->n_leaves, 1);
  assert_int_equal(join_absent(join, STAGE, true, &whole), JOIN_WAITS);
  assert_null(join_arrive(join, STAGE, 2, m.leaves[2]));
  whole = join_arrive(join, STAGE, 0, m.leaves[0]);
  assert_non_null(whole);
  assert_int_equal(whole->state, LEAF_ABSENT);
  assert_int_equal(atomic_load(&m.held->n_leaves), 1);
  part(&m, whole);
}

static void join_of_nothing_is_empty(void **state) {
  (void)state;
  meeting m;
  meet(&m);
  leaf *whole = NULL;
  rendezvous *join = &m.held->joins[0];
  assert_int_equal(join_absent(join, STAGE, false, &whole), JOIN_WAITS);
  assert_int_equal(join_absent(join, STAGE, false, &whole), JOIN_WAITS);
  assert_int_equal(join_absent(join, STAGE, false, &whole), JOIN_EMPTY);
  assert_null(whole);
  document_unref(m.leaves[1]->document);
  document_unref(m.leaves[2]->document);
  part(&m, m.leaves[0]);
}

/* Each branch adds fields, and together they are more than a document may have. */
static void join_that_fails_names_the_stage(void **state) {
  (void)state;
  meeting m;
  meet(&m);
  for (uint32_t i = 0; i < N_INPUTS; i++) {
    for (uint32_t k = 0; k < 30; k++) {
      char name[16] = { (char)('a' + i), (char)('A' + k), '\0' };
      set(m.leaves[i]->document, name, k);
    }
  }
  rendezvous *join = &m.held->joins[0];
  assert_null(join_arrive(join, STAGE, 0, m.leaves[0]));
  assert_null(join_arrive(join, STAGE, 1, m.leaves[1]));
  leaf *whole = join_arrive(join, STAGE, 2, m.leaves[2]);
  assert_non_null(whole);
  assert_int_equal(whole->state, LEAF_FAILED);
  assert_int_equal(whole->failure->stage, STAGE);
  assert_string_equal(whole->failure->error.slug, "bad-field");
  part(&m, whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(documents_joined_have_the_changes_of_both),
    cmocka_unit_test(documents_joined_have_the_layers_and_views_of_both),
    cmocka_unit_test(documents_joined_twice_keep_the_inner_changes),
    cmocka_unit_test(join_is_complete_with_the_last_copy_in_any_order),
    cmocka_unit_test(join_goes_on_without_what_went_another_way),
    cmocka_unit_test(join_spoiled_ends_the_other_copies),
    cmocka_unit_test(join_of_nothing_is_empty),
    cmocka_unit_test(join_that_fails_names_the_stage),
  };
  return cmocka_run_group_tests_name("join", tests, NULL, NULL);
}
