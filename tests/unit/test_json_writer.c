/* SPDX-License-Identifier: Apache-2.0 */

/* Strings of every length, with what needs an escape at every place, beside a writer that goes byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "document/json_writer.h"

enum { TEXT_MAX = 3 * JSON_PUT_MAX };

static size_t write_plainly(const char *text, size_t len, char *out) {
  char *at = out;
  *at++ = '"';
  for (size_t i = 0; i < len; i++) {
    const char *form = strchr("\bb\tt\nn\ff\rr\"\"\\\\", text[i]);
    if (form != NULL && text[i] != '\0' && ((uint8_t)text[i] < 0x20 || text[i] == '"' || text[i] == '\\')) {
      *at++ = '\\';
      *at++ = form[1];
    } else if ((uint8_t)text[i] < 0x20) {
      at += sprintf(at, "\\u%04x", (unsigned)text[i]);
    } else {
      *at++ = text[i];
    }
  }
  *at++ = '"';
  return (size_t)(at - out);
}

static void compare(json_writer *out, const char *text, size_t len, char *expected) {
  size_t expected_len = write_plainly(text, len, expected);
  /* In memory of its very size, so that a sanitizer sees each byte that is read beyond. */
  char *exact = calloc(len > 0 ? len : 1, 1);
  assert_non_null(exact);
  memcpy(exact, text, len);
  out->len = 0;
  json_string(out, exact, len);
  assert_int_equal(out->len, expected_len);
  assert_memory_equal(out->bytes, expected, expected_len);
  if (len <= JSON_PUT_MAX) {
    out->len = 0;
    char *at = json_open(out, JSON_STRING_BYTES(len));
    assert_non_null(at);
    json_close(out, json_put_string(at, exact, len));
    assert_int_equal(out->len, expected_len);
    assert_memory_equal(out->bytes, expected, expected_len);
  }
  free(exact);
}

static void string_with_an_escape_at_any_place_is_written_as_byte_by_byte(void **state) {
  (void)state;
  static const uint8_t bytes[] = { '"', '\\', '\n', '\t', '\r', '\b', '\f', 0x01, 0x1F, 0x20, 0x21, 0x7F, 0x80, 0xFF };
  char text[80];
  char *expected = malloc(sizeof text * JSON_ESCAPE_BYTES + 2);
  json_writer out = { 0 };
  for (size_t len = 0; len < sizeof text; len++) {
    for (size_t place = 0; place <= len; place++) {
      memset(text, 'x', len);
      if (place < len) {
        text[place] = (char)bytes[(len + place) % sizeof bytes];
        text[(place * 7) % len] = (char)bytes[place % sizeof bytes];
      }
      compare(&out, text, len, expected);
    }
  }
  json_writer_done(&out);
  free(expected);
}

static void string_over_slices_is_written_as_byte_by_byte(void **state) {
  (void)state;
  static const size_t sizes[] = { JSON_PUT_MAX - 1, JSON_PUT_MAX, JSON_PUT_MAX + 1, 2 * JSON_PUT_MAX, TEXT_MAX };
  char *text = malloc(TEXT_MAX);
  char *expected = malloc((size_t)TEXT_MAX * JSON_ESCAPE_BYTES + 2);
  json_writer out = { 0 };
  for (size_t i = 0; i < TEXT_MAX; i++) {
    text[i] = i % 97 == 0 ? '"' : (char)('a' + i % 23);
  }
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    compare(&out, text, sizes[i], expected);
  }
  json_writer_done(&out);
  free(expected);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(string_with_an_escape_at_any_place_is_written_as_byte_by_byte),
    cmocka_unit_test(string_over_slices_is_written_as_byte_by_byte),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
