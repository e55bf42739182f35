/* SPDX-License-Identifier: Apache-2.0 */

/* Dates in bylines: numbers, month names of the Arab press and of English, what is no date, lines that are only one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "declutter/dates.h"

typedef struct date_row {
  const char *line;
  const char *iso; /* "": none */
  bool found, only;
} date_row;

static const date_row rows[] = {
  { "2026/01/16 13:20", "2026-01-16", true, true },
  { "16-1-2026", "2026-01-16", true, true },
  { "01/16/2026", "2026-01-16", true, true },
  { "١٦/٠١/٢٠٢٦", "2026-01-16", true, true },
  { "الجمعة 16 يناير 2026", "2026-01-16", true, true },
  { "الجمعة 16 كانون الثاني 2026 - 04:35 م", "2026-01-16", true, true },
  { "14 تشرين الأول 2026", "2026-10-14", true, true },
  { "2 كانون الأول 2025", "2025-12-02", true, true },
  { "11 نونبر 2025", "2025-11-11", true, true },
  { "9 جويلية 2026", "2026-07-09", true, true },
  { "نشر في 3 شباط 2026", "2026-02-03", true, true },
  { "January 16, 2026", "2026-01-16", true, true },
  { "Published on 16 Jan 2026", "2026-01-16", true, true },
  { "كتب: شريف البنداري - ١٨ مايو ٢٠٢٦ 02:40 م", "2026-05-18", true, false },
  { "وكالة2026/01/16 13:20", "2026-01-16", true, false },
  { "الأربعاء _27 _أغسطس _2025AH", "2025-08-27", true, true },
  { "محرم 1447هـ", "", true, true },
  { "مسقط في ٥ ذي القعدة ١٤٤٧هـ", "", true, false },
  { "14:05 14:02 13:57", "", false, true },
  { "32/13/2026", "", false, true },
  { "1/2", "", false, true },
  { "99999999999999/1/1", "", false, true },
  { "بلغ النمو 4,6 في المائة", "", false, false },
  { "الرئيسية", "", false, false },
  { "مايو", "", false, false },
  { "", "", false, false },
};

static void date_in_line_is_found(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    line_date date;
    date_find((const uint8_t *)rows[i].line, 0, (uint32_t)strlen(rows[i].line), &date);
    assert_int_equal(date.found, rows[i].found);
    assert_int_equal(date.only, rows[i].only);
    assert_int_equal(date.iso[0] != '\0', rows[i].iso[0] != '\0');
    if (rows[i].iso[0] != '\0') {
      assert_memory_equal(date.iso, rows[i].iso, DATE_ISO_BYTES);
    }
  }
}

static void date_many_items_are_survived(void **state) {
  char line[2000] = "";
  line_date date;
  (void)state;
  for (int i = 0; i < 300; i++) {
    strcat(line, "1/1/ ");
  }
  date_find((const uint8_t *)line, 0, (uint32_t)strlen(line), &date);
  assert_false(date.found);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(date_in_line_is_found),
    cmocka_unit_test(date_many_items_are_survived),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
