/* SPDX-License-Identifier: Apache-2.0 */

/* Decodes hostile bytes as the stage does: find the encoding, convert, take the text out of HTML, compose the
 * alignments. The result must be what the host accepts. The first byte chooses whether the rest is a page. */
#include <stdlib.h>
#include <string.h>

#include "decode/convert.h"
#include "decode/html_text.h"
#include "decode/junk.h"
#include "qanat/doc.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds) {
  if (!holds) {
    abort();
  }
}

/* The rules of a view: valid UTF-8 without NUL, runs in order and inside, copies that are copies. */
static void check(const aligned_text *text, const uint8_t *source, uint32_t len) {
  require(utf8_valid_prefix(text->bytes, text->len) == text->len);
  require(text->len == 0 || (memchr(text->bytes, 0, text->len) == NULL && text->n_runs > 0));
  for (uint32_t i = 0; i < text->n_runs; i++) {
    int last = i + 1 == text->n_runs;
    uint32_t end = last ? text->len : text->derived[i + 1], base_end = last ? len : text->base[i + 1];
    require(i > 0 || text->derived[0] == 0);
    require(text->derived[i] <= end && text->base[i] <= base_end && base_end <= len);
    require(text->derived[i] == text->len || utf8_is_lead(text->bytes[text->derived[i]]));
    if (text->kind[i] == QN_RUN_COPY) {
      require(end - text->derived[i] <= base_end - text->base[i]);
      require(memcmp(text->bytes + text->derived[i], source + text->base[i], end - text->derived[i]) == 0);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  aligned_text converted = { .len = 0 }, page = { .len = 0 }, composed = { .len = 0 };
  charset_converter *converter;
  html_facts facts;
  charset set;
  qn_str label = { "", 0 };
  uint64_t n_replaced;
  if (size == 0 || size > 1 << 20 || converter_new(&converter) != 0) {
    return 0;
  }
  int is_page = data[0] % 2 == 0;
  const uint8_t *bytes = data + 1;
  uint32_t len = (uint32_t)size - 1;
  if (is_page) {
    html_declared_charset(bytes, len, &label);
  }
  (void)junk_kind(bytes, len);
  charset_find(bytes, len, label.data, label.len, &set);
  if (converter_run(converter, &set, bytes, len, &converted, &n_replaced) == 0) {
    check(&converted, bytes, len);
    (void)junk_language(converted.bytes, converted.len);
    if (is_page && html_text(converted.bytes, 0, converted.len, &page, &facts) == 0) {
      check(&page, converted.bytes, converted.len);
      if (aligned_compose(&composed, &page, &converted, len) == 0) {
        check(&composed, bytes, len);
        require(composed.len == page.len && (page.len == 0 || memcmp(composed.bytes, page.bytes, page.len) == 0));
      }
    }
  }
  aligned_done(&converted);
  aligned_done(&page);
  aligned_done(&composed);
  converter_free(converter);
  return 0;
}
