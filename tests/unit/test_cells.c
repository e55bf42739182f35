/* SPDX-License-Identifier: Apache-2.0 */

/* Cells of a table: what is quoted, what is guarded, numbers, and memory that runs out. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "csv/cells.h"

#include <cmocka.h>

/* The host's memory, of which no more than so many bytes are given in one piece. */
static size_t most_bytes;

static void *resize(qn_env *env, void *memory, size_t bytes) {
  (void)env;
  return bytes > most_bytes ? NULL : realloc(memory, bytes);
}

static void release(qn_env *env, void *memory) {
  (void)env;
  free(memory);
}

static const qn_host host = { .size = sizeof(qn_host), .resize = resize, .release = release };

static cells begin(char delimiter, bool guard) {
  cells made;
  most_bytes = SIZE_MAX;
  cells_init(&made, &host, NULL, delimiter, guard);
  return made;
}

static void check(cells *made, const char *expected) {
  cells_end_row(made);
  assert_false(made->failed);
  assert_int_equal(made->len, strlen(expected));
  assert_memory_equal(made->bytes, expected, made->len);
  cells_done(made);
}

typedef struct row {
  char delimiter;
  bool guard;
  const char *text;
  const char *expected; /* with an x before and after, so that an empty one is seen */
} row;

static const row rows[] = {
  { ',', false, "plain", "x,plain,x\r\n" },
  { ',', false, "", "x,,x\r\n" },
  { ',', false, "a,b", "x,\"a,b\",x\r\n" },
  { ';', false, "a,b", "x;a,b;x\r\n" },
  { ';', false, "a;b", "x;\"a;b\";x\r\n" },
  { '\t', false, "a\tb", "x\t\"a\tb\"\tx\r\n" },
  { ',', false, "say \"so\"", "x,\"say \"\"so\"\"\",x\r\n" },
  { ',', false, "\"", "x,\"\"\"\",x\r\n" },
  { ',', false, "two\nlines", "x,\"two\nlines\",x\r\n" },
  { ',', false, "a\rb", "x,\"a\rb\",x\r\n" },
  { ',', false, " edge", "x,\" edge\",x\r\n" },
  { ',', false, "edge ", "x,\"edge \",x\r\n" },
  { ',', false, "شركة، نفط", "x,شركة، نفط,x\r\n" },
  { ',', false, "=1+1", "x,=1+1,x\r\n" },
  { ',', true, "=1+1", "x,'=1+1,x\r\n" },
  { ',', true, "+1 555", "x,'+1 555,x\r\n" },
  { ',', true, "-x", "x,'-x,x\r\n" },
  { ',', true, "@name", "x,'@name,x\r\n" },
  { ',', true, "＝1", "x,'＝1,x\r\n" },
  { ',', true, "=HYPERLINK(\"a\",\"b\")", "x,\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\",x\r\n" },
  { ',', true, "\n=1", "x,\"'\n=1\",x\r\n" },
  { ',', true, "1=1", "x,1=1,x\r\n" },
};

static void cells_text_is_quoted_where_it_must_be(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cells made = begin(rows[i].delimiter, rows[i].guard);
    cells_text(&made, "x", 1);
    cells_text(&made, rows[i].text, strlen(rows[i].text));
    cells_text(&made, "x", 1);
    check(&made, rows[i].expected);
  }
}

static void cells_pieces_make_one_quoted_cell(void **state) {
  (void)state;
  cells made = begin(',', true);
  cells_open(&made);
  cells_append(&made, "=a\"b", 4);
  cells_append(&made, "; ", 2);
  cells_append(&made, "=c", 2);
  cells_close(&made);
  cells_empty(&made);
  check(&made, "\"'=a\"\"b; =c\",\r\n");
}

static void cells_single_empty_cell_is_no_empty_line(void **state) {
  (void)state;
  cells made = begin(',', false);
  cells_text(&made, NULL, 0);
  check(&made, "\"\"\r\n");
}

static void cells_mark_stands_before_the_first_cell(void **state) {
  (void)state;
  cells made = begin(',', false);
  cells_mark(&made);
  cells_text(&made, "a", 1);
  cells_text(&made, "b", 1);
  check(&made, "\xEF\xBB\xBF"
               "a,b\r\n");
}

static void cells_numbers_read_back(void **state) {
  (void)state;
  cells made = begin(',', true);
  cells_u64(&made, UINT64_MAX);
  cells_i64(&made, INT64_MIN);
  cells_f64(&made, 57000000000.0);
  cells_f64(&made, -3);
  cells_f64(&made, 0.9);
  cells_f64(&made, 1.0 / 3);
  cells_f64(&made, 1e300);
  cells_f64(&made, 123456789012345680.0);
  cells_f64(&made, (double)NAN);
  cells_f64(&made, (double)INFINITY);
  check(&made, "18446744073709551615,-9223372036854775808,57000000000,-3,0.9,0.3333333333333333,1e+300,"
               "1.2345678901234568e+17,,\r\n");
}

static void cells_without_memory_fail_once_for_all(void **state) {
  (void)state;
  char text[3000];
  memset(text, 'x', sizeof text);
  cells made = begin(',', false);
  most_bytes = 4096;
  cells_text(&made, text, sizeof text);
  assert_false(made.failed);
  cells_text(&made, text, sizeof text);
  assert_true(made.failed);
  cells_text(&made, "x", 1);
  cells_end_row(&made);
  assert_true(made.failed);
  cells_clear(&made);
  cells_text(&made, "x", 1);
  check(&made, "x\r\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(cells_text_is_quoted_where_it_must_be),
    cmocka_unit_test(cells_pieces_make_one_quoted_cell),
    cmocka_unit_test(cells_single_empty_cell_is_no_empty_line),
    cmocka_unit_test(cells_mark_stands_before_the_first_cell),
    cmocka_unit_test(cells_numbers_read_back),
    cmocka_unit_test(cells_without_memory_fail_once_for_all),
  };
  return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
