/* SPDX-License-Identifier: Apache-2.0 */

/* Pushes texts through the stages and writes down the names. */
#include "entity_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

#include <cmocka.h>

#include "qanat/layers.h"

static const char *const type_names[] = { "PERSON", "ORGANIZATION", "LOCATION", "PRODUCT", "EVENT",
                                          "MONEY",  "PERCENT",      "DATE",     "QUANTITY" };

/* The names of a document in the form of a row, to be freed. */
static char *names_of(harness *h, document *d) {
  qn_layer layer = harness_layer(h, d, "entity/1");
  char *out = calloc(1, 1);
  size_t len = 0;
  assert_non_null(out);
  for (uint32_t i = 0; i < layer.n_rows; i++) {
    uint32_t type = qn_layer_u32(&layer, QN_ENTITY_TYPE, i);
    qn_str link = qn_layer_str(&layer, QN_ENTITY_LINK, i);
    char *surface = harness_text_of(d, layer.begin[i], layer.end[i]);
    double score = qn_layer_f64(&layer, QN_ENTITY_SCORE, i);
    assert_true(score >= 0.0 && score <= 1.0);
    assert_true(i == 0 || layer.begin[i] >= layer.end[i - 1]);
    if (type <= QN_ENTITY_TYPE_EVENT) {
      size_t room = len + strlen(type_names[type]) + strlen(surface) + link.len + 8;
      out = realloc(out, room);
      assert_non_null(out);
      len += (size_t)snprintf(out + len, room - len, "%s%s:%s=%.*s", len > 0 ? "|" : "", type_names[type], surface,
                              (int)link.len, link.len > 0 ? link.data : "");
    }
    free(surface);
  }
  return out;
}

void entity_rows_check(const char *with, const entity_row *rows, size_t n_rows) {
  harness *h = harness_new(with);
  for (size_t i = 0; i < n_rows; i++) {
    document *d = harness_push_text(h, rows[i].text);
    assert_non_null(d);
    char *got = names_of(h, d);
    if (strcmp(got, rows[i].mentions) != 0) {
      print_error("row %zu: %s\n", i, rows[i].text);
    }
    assert_string_equal(got, rows[i].mentions);
    free(got);
    document_unref(d);
  }
  harness_free(h);
}

void entity_rows_lexicon(const char *text, char path[64], char *stages_json, size_t size) {
  strcpy(path, "/tmp/qanat-lexicon-XXXXXX");
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  close(fd);
  int n = snprintf(stages_json, size,
                   ENTITY_STAGES("{\"use\":\"entities\",\"with\":{\"model\":false,\"lexicons\":[\"%s\"]}}"), path);
  assert_true(n > 0 && (size_t)n < size);
}
