/* SPDX-License-Identifier: Apache-2.0 */

/* Skeletons and distances of spellings, and the nearest alias of a lexicon. */
#include "entities/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "entities/lexicon_tsv.h"
#include "text/fold.h"

static size_t fold(const char *text, char form[512]) {
  return fold_key((const uint8_t *)text, strlen(text), (uint8_t *)form);
}

static void skeleton_has_the_consonants_in_classes(void **state) {
  (void)state;
  static const struct {
    const char *name;
    const char *skeleton;
  } rows[] = {
    { "غولدمان ساكس", "KLDMNSKS" },
    { "جولدمان ساكس", "KLDMNSKS" },
    { "Goldman Sachs", "KLDMNSXS" },
    { "فنزويلا", "FNSL" },
    { "فنزولا", "FNSL" },
    { "Venezuela", "FNSL" },
    { "تشيلسي", "XLS" },
    { "Chelsea", "XLS" },
    { "الدوحة", "DH" },
    { "الرباط", "RBT" },
    { "Al-Rabat", "RBT" },
    { "ألفا", "LF" },
    { "جي 7 ن", "K7N" },
    { "سسسر", "SR" },
    { "", "" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char form[512];
    char text[SKELETON_MAX + 1];
    size_t len = fold(rows[i].name, form);
    uint32_t hash = skeleton_of(form, len, text);
    assert_string_equal(text, rows[i].skeleton);
    assert_int_equal(hash != 0, strlen(text) >= SKELETON_MIN);
  }
}

static uint32_t distance(const char *a, const char *b) {
  char form[512];
  spelling left;
  spelling right;
  spelling_of(form, fold(a, form), &left);
  spelling_of(form, fold(b, form), &right);
  uint32_t there = spelling_distance(spelling_costs, &left, &right, 64);
  assert_int_equal(there, spelling_distance(spelling_costs, &right, &left, 64));
  return there;
}

/* Each row: the first two spell one name, and lie nearer to each other than the first and the third. */
static void distance_of_variants_is_less_than_of_others(void **state) {
  (void)state;
  static const char *const rows[][3] = {
    { "غولدمان", "جولدمان", "فولدمان" },         { "إنفيديا", "انفديا", "إنفينيا" },
    { "مايكروسوفت", "ميكروسوفت", "مايكروسويت" }, { "Nvidia", "إنفيديا", "إنتيليا" },
    { "Barcelona", "برشلونة", "باربادوسا" },     { "زيلينسكي", "زيلنسكي", "زيبينسكي" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_true(distance(rows[i][0], rows[i][1]) < distance(rows[i][0], rows[i][2]));
  }
  assert_int_equal(distance("إنفيديا", "انفيديا"), 0);
  assert_int_equal(distance("إنفيديا", ""), SPELLING_FAR);
  assert_true(distance("جي 7 ن", "جي 8 ن") > 8 * SPELLING_NEAR); /* another number is another name */
}

static void distance_past_the_limit_is_far(void **state) {
  (void)state;
  char form[512];
  spelling a;
  spelling b;
  spelling_of(form, fold("واشنطن", form), &a);
  spelling_of(form, fold("كوالالمبور", form), &b);
  assert_int_equal(spelling_distance(spelling_costs, &a, &b, 8), SPELLING_FAR);
  memset(form, 'x', sizeof form);
  spelling_of(form, sizeof form, &b); /* too long to be a variant of anything */
  assert_int_equal(b.n, 0);
}

static void report(void *user, uint32_t line, const char *why) {
  (void)user;
  fail_msg("line %u: %s", line, why);
}

static void nearest_is_of_the_type_and_leads_the_next_name(void **state) {
  (void)state;
  static const char text[] = "Zangolix\tORGANIZATION\tcompany\t\tزنغوليكس\n"
                             "Zengulex\tPERSON\tartist\t\tزنغوليكوس\n"
                             "Tarmila\tLOCATION\tcity\t\tترميلا|~ترمله\n"
                             "Termula\tLOCATION\tcity\t\tترمولا\n";
  lexicon_builder *builder = NULL;
  uint8_t *bytes = NULL;
  size_t len = 0;
  lexicon lex;
  lexicon_fault fault = { NULL };
  spelling_match match;
  char form[512];
  assert_int_equal(lexicon_builder_new(&builder), 0);
  assert_int_equal(lexicon_tsv_read(builder, (qn_str){ text, sizeof text - 1 }, report, NULL), 0);
  assert_int_equal(lexicon_builder_finish(builder, &bytes, &len), 0);
  lexicon_builder_free(builder);
  assert_int_equal(lexicon_open((qn_str){ (const char *)bytes, len }, &lex, &fault), 0);

  assert_int_equal(spelling_find(&lex, form, fold("زنجوليكس", form), 1, &match), 1);
  assert_memory_equal(lexicon_name(&lex, match.entry).data, "Zangolix", 8);
  assert_true(spelling_is_near(&match, 0) && match.runner_up == SPELLING_FAR);

  assert_int_equal(spelling_find(&lex, form, fold("زنجوليكس", form), 4, &match), 0); /* no event */
  assert_int_equal(spelling_find(&lex, form, fold("قط", form), 1, &match), 0);       /* too short */

  /* Between two names: the nearer one does not lead by enough. */
  assert_int_equal(spelling_find(&lex, form, fold("ترملا", form), 2, &match), 1);
  assert_true(match.runner_up < SPELLING_FAR && !spelling_is_near(&match, 0));
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(skeleton_has_the_consonants_in_classes),
    cmocka_unit_test(distance_of_variants_is_less_than_of_others),
    cmocka_unit_test(distance_past_the_limit_is_far),
    cmocka_unit_test(nearest_is_of_the_type_and_leads_the_next_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
