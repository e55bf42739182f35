/* SPDX-License-Identifier: Apache-2.0 */

/* Any answer to qanat top: its head, its JSON, and what is shown of it, which must never move a cursor. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "command/top_fetch.h"
#include "command/top_text.h"
#include "document/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void text_check(const top_look *now, const top_look *before, unsigned columns) {
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  const top_style style = { .columns = columns };
  top_text_write(now, before, &style, stream);
  fclose(stream);
  assert(utf8_valid((const uint8_t *)text, len));
  for (size_t i = 0; i < len; i++) {
    assert((uint8_t)text[i] >= 0x20 || text[i] == '\n');
    assert((uint8_t)text[i] != 0x7F);
    assert((uint8_t)text[i] != 0xC2 || (uint8_t)text[i + 1] >= 0xA0);
  }
  free(text);
}

/* Two looks, with a 0xFF byte between. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *body;
  size_t len;
  qn_error error = { 0 };
  top_look *now = NULL, *before = NULL;
  int status = top_fetch_split((const char *)data, size, &body, &len);
  assert(status == -71 /* EPROTO */ || (status >= 0 && body + len == (const char *)data + size));
  const uint8_t *cut = memchr(data, 0xFF, size);
  size_t first = cut != NULL ? (size_t)(cut - data) : size;
  if (top_look_read((const char *)data, first, &now, &error) == 0) {
    text_check(now, NULL, 80);
    text_check(now, now, 1);
    if (cut != NULL && top_look_read((const char *)cut + 1, size - first - 1, &before, &error) == 0) {
      text_check(now, before, 200);
    }
  }
  top_look_free(now);
  top_look_free(before);
  return 0;
}
