/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers as text: exact rows, and random doubles that must read back the same from as few digits as any. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/decimal.h"

static void number_is_written_as_expected(void **state) {
  (void)state;
  static const struct {
    double value;
    const char *text;
  } rows[] = {
    { 0, "0" },
    { -0.0, "0" },
    { 1, "1" },
    { -3.25, "-3.25" },
    { 0.1, "0.1" },
    { 0.97, "0.97" },
    { 0.3, "0.3" },
    { 2.0 / 3, "0.6666666666666666" },
    { 0.5, "0.5" },
    { 57e9, "57000000000" },
    { 57.5e9, "57500000000" },
    { 9007199254740992.0, "9007199254740992" },
    { 9007199254740994.0, "9007199254740994" },
    { 123456.789, "123456.789" },
    { 4.35, "4.35" },
    { 0.000123, "0.000123" },
    { 0.000001, "0.000001" },
    { 1e-7, "1e-7" },
    { 1.5e-7, "1.5e-7" },
    { 1e20, "100000000000000000000" },
    { 123456789012345680000.0, "123456789012345680000" },
    { 1e21, "1e+21" },
    { 5e-324, "5e-324" },
    { 2.2250738585072014e-308, "2.2250738585072014e-308" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[DECIMAL_BYTES_MAX + 1];
    size_t len = decimal_write_f64(rows[i].value, text);
    text[len] = '\0';
    assert_string_equal(text, rows[i].text);
  }
}

static void whole_number_is_written_as_expected(void **state) {
  (void)state;
  static const uint64_t rows[] = { 0, 9, 10, 99, 100, 12345, 4294967296u, 9999999999u, UINT64_MAX };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[DECIMAL_BYTES_MAX + 1], expected[DECIMAL_BYTES_MAX + 1];
    text[decimal_write_u64(rows[i], text)] = '\0';
    snprintf(expected, sizeof expected, "%llu", (unsigned long long)rows[i]);
    assert_string_equal(text, expected);
  }
}

/* Digits without leading and trailing zeros. */
static int significant(const char *text) {
  int n = 0;
  int zeros = 0;
  for (; *text != '\0' && *text != 'e'; text++) {
    if (*text < '0' || *text > '9' || (n == 0 && *text == '0')) {
      continue;
    }
    n++;
    zeros = *text == '0' ? zeros + 1 : 0;
  }
  return n - zeros;
}

static int fewest(double value) {
  char text[64];
  for (int precision = 0; precision < 17; precision++) {
    snprintf(text, sizeof text, "%.*e", precision, value);
    if (strtod(text, NULL) == value) {
      break;
    }
  }
  return significant(text);
}

static void random_number_reads_back_from_the_fewest_digits(void **state) {
  (void)state;
  uint64_t bits = 88172645463325252u;
  for (int round = 0; round < 40000; round++) {
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    double value;
    if (round % 3 == 0) {
      memcpy(&value, &bits, sizeof value);
    } else {
      value = round % 3 == 1 ? (double)(bits % 1000000007u) / 1000 : (double)(bits >> 11) * 0x1p-53;
    }
    if (!isfinite(value)) {
      continue;
    }
    char text[DECIMAL_BYTES_MAX + 1];
    size_t len = decimal_write_f64(value, text);
    assert_true(len <= DECIMAL_BYTES_MAX);
    text[len] = '\0';
    assert_true(strtod(text, NULL) == value);
    if (significant(text) != fewest(value)) {
      fail_msg("%s has more digits than %.17g needs", text, value);
    }
  }
}

static void every_small_number_is_written_as_printf_does(void **state) {
  (void)state;
  for (uint32_t value = 0; value < 20000; value++) {
    char text[DECIMAL_BYTES_MAX + 1], expected[DECIMAL_BYTES_MAX + 1];
    text[decimal_write_u64(value, text)] = '\0';
    snprintf(expected, sizeof expected, "%u", (unsigned)value);
    assert_string_equal(text, expected);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(number_is_written_as_expected),
    cmocka_unit_test(whole_number_is_written_as_expected),
    cmocka_unit_test(every_small_number_is_written_as_printf_does),
    cmocka_unit_test(random_number_reads_back_from_the_fewest_digits),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
