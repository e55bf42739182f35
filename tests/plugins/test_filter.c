/* SPDX-License-Identifier: Apache-2.0 */

/* filter: which documents go on, by fields, layers and text; what it says when it can't tell; the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

#include <cmocka.h>

#define BEFORE "[{\"use\":\"decode\"},{\"use\":\"sentences\"},{\"use\":\"filter\",\"with\":"
#define BEHIND "}]"

static const struct {
  const char *stages;
  const char *text;
  qn_status status;
} rows[] = {
  { BEFORE "{\"keep\":{\"field\":\"section\",\"is\":\"news\"}}" BEHIND, "خبر.", QN_STATUS_OK },
  { BEFORE "{\"keep\":{\"field\":\"section\",\"is\":\"sport\"}}" BEHIND, "خبر.", QN_STATUS_DROP },
  { BEFORE "{\"drop\":{\"field\":\"section\",\"is\":[\"sport\",\"news\"]}}" BEHIND, "خبر.", QN_STATUS_DROP },
  { BEFORE "{\"drop\":{\"field\":\"section\",\"matches\":\"^n.{4}\"}}" BEHIND, "خبر.", QN_STATUS_OK },
  { BEFORE
    "{\"keep\":{\"field\":\"section\",\"is\":\"news\"},\"drop\":{\"field\":\"nothing\",\"present\":false}}" BEHIND,
    "خبر.", QN_STATUS_DROP },
  { BEFORE "{\"keep\":{\"layer\":\"sentence/1\",\"count\":{\"min\":2}}}" BEHIND, "وصل الوفد أمس. ثم غادر صباح اليوم.",
    QN_STATUS_OK },
  { BEFORE "{\"keep\":{\"layer\":\"sentence/1\",\"count\":{\"min\":2}}}" BEHIND, "وصل الوفد أمس.", QN_STATUS_DROP },
  { BEFORE "{\"keep\":{\"layer\":\"sentence/1\",\"count\":{\"min\":1}}}" BEHIND, "", QN_STATUS_DROP },
  /* Before anything is decoded, by what the source says of it. */
  { "[{\"use\":\"filter\",\"with\":{\"keep\":{\"field\":\"section\",\"is\":\"news\"}}},{\"use\":\"decode\"}]", "خبر",
    QN_STATUS_OK },
};

static void filter_by_condition_keeps_or_drops(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    harness *harness = harness_new(rows[i].stages);
    harness_set_field(harness, "section", "news");
    document *document = harness_push_text(harness, rows[i].text);
    if (harness_status(harness) != rows[i].status || (document != NULL) != (rows[i].status == QN_STATUS_OK)) {
      fail_msg("%s: status %d, %s", rows[i].stages, (int)harness_status(harness), harness_error(harness)->message);
    }
    document_unref(document);
    harness_free(harness);
  }
}

static void filter_with_endless_pattern_rejects(void **state) {
  (void)state;
  harness *harness =
      harness_new("[{\"use\":\"filter\",\"with\":{\"keep\":{\"field\":\"noise\",\"matches\":\"^(a|aa|aaa)+$\"}}},"
                  "{\"use\":\"decode\"}]");
  char noise[2000];
  memset(noise, 'a', sizeof(noise));
  noise[sizeof(noise) - 2] = 'b';
  noise[sizeof(noise) - 1] = '\0';
  harness_set_field(harness, "noise", noise);
  assert_null(harness_push_text(harness, "x"));
  assert_int_equal(harness_status(harness), QN_STATUS_REJECT);
  assert_string_equal(harness_error(harness)->slug, "slow-pattern");
  harness_free(harness);
}

static void filter_laws_hold(void **state) {
  static const char *const texts[] = { "وصل الوفد أمس. ثم غادر صباح اليوم.", "One. Two. Three.", "" };
  (void)state;
  harness *harness = harness_new(BEFORE "{\"drop\":{\"layer\":\"sentence/1\",\"count\":{\"min\":1000000}}}" BEHIND);
  harness_check_laws(harness, texts, 3);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(filter_by_condition_keeps_or_drops),
    cmocka_unit_test(filter_with_endless_pattern_rejects),
    cmocka_unit_test(filter_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
