/* SPDX-License-Identifier: Apache-2.0 */

/* route: the first rule that fits decides; what is left alone; the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "qanat/stage.h"

#include <cmocka.h>

#define STAGES(with) "[{\"use\":\"decode\"},{\"use\":\"sentences\"},{\"use\":\"route\",\"with\":" with "}]"
#define RULES                                                                                                          \
  "\"rules\":[{\"when\":{\"field\":\"source\",\"matches\":\"[.]org/\"},\"value\":\"wire\"},"                           \
  "{\"when\":{\"layer\":\"sentence/1\",\"count\":{\"min\":2}},\"value\":\"long\"},"                                    \
  "{\"when\":{\"field\":\"empty\",\"present\":true},\"value\":\"\"}]"

static const struct {
  const char *stages;
  const char *given; /* name of a field to set to "set before", or NULL */
  const char *text;
  const char *field;
  const char *value; /* NULL: absent */
} rows[] = {
  { STAGES("{" RULES "}"), NULL, "Eins. Zwei.", "route", "long" },
  { STAGES("{" RULES "}"), NULL, "Eins.", "route", NULL },
  { STAGES("{" RULES ",\"otherwise\":\"short\"}"), NULL, "Eins.", "route", "short" },
  { STAGES("{\"field\":\"قسم\"," RULES ",\"otherwise\":\"غيره\"}"), NULL, "Eins.", "قسم", "غيره" },
  { STAGES("{" RULES ",\"otherwise\":\"short\"}"), "empty", "Eins.", "route", "" },
  { STAGES("{" RULES "}"), "route", "Eins.", "route", "set before" },
  { STAGES("{" RULES "}"), "route", "Eins. Zwei.", "route", "long" },
  { STAGES("{\"rules\":[{\"when\":{\"field\":\"x\",\"present\":false},\"value\":\"a\"},"
           "{\"when\":{\"field\":\"x\",\"present\":false},\"value\":\"b\"}]}"),
    NULL, "", "route", "a" },
};

static void route_by_first_rule_sets_the_field(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    harness *harness = harness_new(rows[i].stages);
    if (rows[i].given != NULL) {
      harness_set_field(harness, rows[i].given, "set before");
    }
    document *document = harness_push_text(harness, rows[i].text);
    if (document == NULL) {
      fail_msg("%s: %s", rows[i].stages, harness_error(harness)->message);
    }
    qn_value value = { 0 };
    int found = document_field_get(document, (qn_str){ rows[i].field, strlen(rows[i].field) }, &value);
    if (rows[i].value == NULL) {
      assert_int_not_equal(found, 0);
    } else {
      assert_int_equal(found, 0);
      assert_int_equal(value.as.str.len, strlen(rows[i].value));
      assert_memory_equal(value.as.str.data, rows[i].value, value.as.str.len);
    }
    document_unref(document);
    harness_free(harness);
  }
}

/* What one route sets, a later stage's condition sees. */
static void route_before_a_filter_decides_for_it(void **state) {
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"sentences\"},{\"use\":\"route\",\"with\":{" RULES
                                 ",\"otherwise\":\"short\"}},"
                                 "{\"use\":\"filter\",\"with\":{\"keep\":{\"field\":\"route\",\"is\":\"long\"}}}]");
  document *document = harness_push_text(harness, "Eins. Zwei.");
  assert_non_null(document);
  document_unref(document);
  assert_null(harness_push_text(harness, "Eins."));
  assert_int_equal(harness_status(harness), QN_STATUS_DROP);
  harness_free(harness);
}

static void route_laws_hold(void **state) {
  static const char *const texts[] = { "وصل الوفد أمس. ثم غادر صباح اليوم.", "One. Two. Three.", "" };
  (void)state;
  harness *harness = harness_new(STAGES("{" RULES ",\"otherwise\":\"short\"}"));
  harness_check_laws(harness, texts, 3);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(route_by_first_rule_sets_the_field),
    cmocka_unit_test(route_before_a_filter_decides_for_it),
    cmocka_unit_test(route_laws_hold),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
