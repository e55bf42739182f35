/* SPDX-License-Identifier: Apache-2.0 */

/* Layer schemas: the known ones, sets, slots, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "document/schema.h"
#include "qanat/doc.h"
#include "qanat/layers.h"

static const char *const two[] = { "one", "two" };
static const char *const other_two[] = { "one", "too" };

static void known_layers_are_those_of_the_header(void **state) {
  (void)state;
  const layer_schema *token = schema_known(QN_LAYER_TOKEN);
  assert_non_null(token);
  assert_int_equal(token->n_columns, QN_TOKEN_N_COLUMNS);
  assert_string_equal(token->columns[QN_TOKEN_FORM].name, "form");
  assert_string_equal(token->columns[QN_TOKEN_KIND].symbols[QN_TOKEN_KIND_ADDRESS], "address");
  assert_string_equal(schema_known(QN_LAYER_PART)->columns[QN_PART_TOKEN].layer, QN_LAYER_TOKEN);
  assert_true(schema_known(QN_LAYER_SUMMARY)->crosses_breaks);
  assert_null(schema_known("token/2"));
  uint32_t n = 0;
  while (schema_known_at(n) != NULL) {
    assert_ptr_equal(schema_known(schema_known_at(n)->name), schema_known_at(n));
    n++;
  }
  assert_int_equal(n, 8);
}

static void set_gives_a_layer_one_slot_and_resolves_refs_in_any_order(void **state) {
  (void)state;
  schema_set *set;
  uint32_t part, token, again;
  assert_int_equal(schema_set_new(&set), 0);
  assert_int_equal(schema_set_add(set, schema_known("part/1"), &part, NULL), 0);
  assert_int_equal(schema_set_ref_slot(set, part, QN_PART_TOKEN), SCHEMA_LAYERS_MAX);
  assert_int_equal(schema_set_add(set, schema_known("token/1"), &token, NULL), 0);
  assert_int_equal(schema_set_add(set, schema_known("part/1"), &again, NULL), 0);
  assert_int_equal(again, part);
  assert_int_equal(schema_set_count(set), 2);
  assert_int_equal(schema_set_ref_slot(set, part, QN_PART_TOKEN), token);
  assert_int_equal(schema_set_ref_slot(set, part, QN_PART_KIND), SCHEMA_LAYERS_MAX);
  assert_int_equal(schema_set_ref_slot(set, 9, 0), SCHEMA_LAYERS_MAX);
  assert_int_equal(schema_set_find(set, "token/1"), token);
  assert_int_equal(schema_set_find(set, "tokens/1"), SCHEMA_LAYERS_MAX);
  assert_true(schema_equal(schema_set_at(set, token), schema_known("token/1")));
  assert_ptr_not_equal(schema_set_at(set, token), schema_known("token/1"));
  assert_null(schema_set_at(set, 2));
  schema_set_free(set);
}

static void layers_that_differ_anywhere_are_told_apart(void **state) {
  (void)state;
  static const column_schema base[] = { { "c", QN_COLUMN_SYMBOL, 2, two, NULL } };
  static const column_schema symbol[] = { { "c", QN_COLUMN_SYMBOL, 2, other_two, NULL } };
  static const column_schema fewer[] = { { "c", QN_COLUMN_SYMBOL, 1, two, NULL } };
  static const column_schema name[] = { { "d", QN_COLUMN_SYMBOL, 2, two, NULL } };
  static const column_schema type[] = { { "c", QN_COLUMN_U32, 0, NULL, NULL } };
  static const column_schema ref[] = { { "c", QN_COLUMN_REF, 0, NULL, "token/1" } };
  static const column_schema more[] = { { "c", QN_COLUMN_SYMBOL, 2, two, NULL },
                                        { "d", QN_COLUMN_U32, 0, NULL, NULL } };
  const layer_schema first = { "acme.x/1", false, 1, base };
  const layer_schema others[] = {
    { "acme.x/1", true, 1, base },  { "acme.x/1", false, 1, symbol }, { "acme.x/1", false, 1, fewer },
    { "acme.x/1", false, 1, name }, { "acme.x/1", false, 1, type },   { "acme.x/1", false, 1, ref },
    { "acme.x/1", false, 2, more }, { "acme.x/1", false, 0, NULL },
  };
  schema_set *set;
  uint32_t slot;
  assert_int_equal(schema_set_new(&set), 0);
  assert_int_equal(schema_set_add(set, &first, &slot, NULL), 0);
  assert_int_equal(schema_set_fingerprint(set, slot), schema_fingerprint(&first));
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    qn_error error = { 0 };
    assert_false(schema_equal(&first, &others[i]));
    assert_int_not_equal(schema_fingerprint(&first), schema_fingerprint(&others[i]));
    assert_int_equal(schema_set_add(set, &others[i], &slot, &error), -EEXIST);
    assert_non_null(strstr(error.message, "acme.x/1"));
  }
  schema_set_free(set);
}

static void layer_that_is_no_layer_is_refused(void **state) {
  (void)state;
  static const column_schema no_symbols[] = { { "c", QN_COLUMN_SYMBOL, 0, NULL, NULL } };
  static const column_schema stray_symbols[] = { { "c", QN_COLUMN_U32, 2, two, NULL } };
  static const column_schema no_target[] = { { "c", QN_COLUMN_REF, 0, NULL, NULL } };
  static const column_schema no_type[] = { { "c", 0, 0, NULL, NULL } };
  static const column_schema no_name[] = { { "", QN_COLUMN_U32, 0, NULL, NULL } };
  static const column_schema twice[] = { { "c", QN_COLUMN_U32, 0, NULL, NULL }, { "c", QN_COLUMN_I64, 0, NULL, NULL } };
  static const layer_schema rows[] = {
    { "x/1", false, 1, no_symbols }, { "x/1", false, 1, stray_symbols },
    { "x/1", false, 1, no_target },  { "x/1", false, 1, no_type },
    { "x/1", false, 1, no_name },    { "x/1", false, 2, twice },
    { "", false, 0, NULL },          { "x/1", false, SCHEMA_COLUMNS_MAX + 1, NULL },
  };
  schema_set *set;
  uint32_t slot;
  assert_int_equal(schema_set_new(&set), 0);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    qn_error error = { 0 };
    assert_int_equal(schema_set_add(set, &rows[i], &slot, &error), -EINVAL);
    assert_true(error.message[0] != '\0');
  }
  assert_int_equal(schema_set_count(set), 0);
  schema_set_free(set);
}

static void set_that_is_full_says_so(void **state) {
  (void)state;
  schema_set *set;
  uint32_t slot;
  char name[16];
  assert_int_equal(schema_set_new(&set), 0);
  for (int i = 0; i <= SCHEMA_LAYERS_MAX; i++) {
    snprintf(name, sizeof name, "l%d/1", i);
    layer_schema schema = { name, false, 0, NULL };
    assert_int_equal(schema_set_add(set, &schema, &slot, NULL), i < SCHEMA_LAYERS_MAX ? 0 : -ENOSPC);
  }
  for (int i = 2; i <= SCHEMA_VIEWS_MAX; i++) {
    snprintf(name, sizeof name, "v%d", i);
    assert_int_equal(schema_set_add_view(set, name, &slot, NULL), i < SCHEMA_VIEWS_MAX ? 0 : -ENOSPC);
  }
  assert_int_equal(schema_set_n_views(set), SCHEMA_VIEWS_MAX);
  assert_int_equal(schema_set_add_view(set, "text", &slot, NULL), 0);
  assert_int_equal(slot, SCHEMA_VIEW_TEXT);
  assert_string_equal(schema_set_view_name(set, SCHEMA_VIEW_PAYLOAD), "payload");
  assert_null(schema_set_view_name(set, SCHEMA_VIEWS_MAX));
  schema_set_free(set);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(known_layers_are_those_of_the_header),
    cmocka_unit_test(set_gives_a_layer_one_slot_and_resolves_refs_in_any_order),
    cmocka_unit_test(layers_that_differ_anywhere_are_told_apart),
    cmocka_unit_test(layer_that_is_no_layer_is_refused),
    cmocka_unit_test(set_that_is_full_says_so),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
