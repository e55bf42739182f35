/* SPDX-License-Identifier: Apache-2.0 */

/* Gives roles to the lines of hostile pages. What is no UTF-8 is made so first, as decode would. */
#include <stdlib.h>
#include <string.h>

#include "declutter/roles.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char tsv[] =
    "notice\tجميع الحقوق\ninside\tread more\nprompt\tشارك\nlist\tاقرأ أيضا\nnav\tأخبار\nfunction\tفي\n"
    "caption\tصورة\nbyline\tكتب\nagency\tوكالات\nplatform\tx\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  roles_options options = {
    .min_duplicate_words = 3, .duplicate_similarity = 0.8, .title = (const uint8_t *)"x y z", .title_len = 5
  };
  page_roles roles;
  phrase_table *phrases = NULL;
  uint32_t len = 0, bad_line;
  uint8_t *text = malloc(size + 1);
  if (text == NULL || size > 1 << 18 || phrases_new(tsv, sizeof tsv - 1, &phrases, &bad_line) != 0) {
    free(text);
    return 0;
  }
  for (size_t at = 0; at < size;) {
    uint32_t n;
    if (utf8_decode(data + at, size - at, &n) != UTF8_INVALID && data[at] != 0) {
      memcpy(text + len, data + at, n);
      len += n;
    }
    at += n;
  }
  memset(&roles, 0, sizeof roles);
  if (roles_find(&roles, text, len, phrases, &options) == 0) {
    for (uint32_t i = 0; i < roles.page.n_lines; i++) {
      const page_line *line = &roles.page.lines[i];
      if (line->begin >= line->end || line->end > len || (i > 0 && line->begin < line[-1].end) || roles.role[i] > 7 ||
          (roles.found.of[i] != REPEAT_NONE && roles.found.of[i] >= i)) {
        abort();
      }
    }
  }
  roles_done(&roles);
  phrases_free(phrases);
  free(text);
  return 0;
}
