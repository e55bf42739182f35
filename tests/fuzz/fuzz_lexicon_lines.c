/* SPDX-License-Identifier: Apache-2.0 */

/* Compiles hostile lexicon lines. Whatever was not refused must open, and what it says must hold together: spellings lie in
 * the order of their skeletons, and each is found again as its own nearest. */
#include <stdlib.h>
#include <string.h>

#include "entities/lexicon_tsv.h"
#include "entities/spelling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *user, uint32_t line, const char *why) {
  uint32_t *last = user;
  if (line <= *last || why == NULL || *why == '\0') {
    abort();
  }
  *last = line;
}

static void check_spellings(const lexicon *lex) {
  for (uint32_t i = 0; i < lex->header->n_spellings && i < 256; i++) {
    const qlex_spelling *at = &lex->spellings[i];
    spelling_match match;
    uint32_t type = lex->entries[at->entry].type;
    uint32_t n = 0;
    spelling_range(lex, at->skeleton, &n);
    if (n == 0 || (i > 0 && lex->spellings[i - 1].skeleton > at->skeleton)) {
      abort();
    }
    if (n <= 256 && (!spelling_find(lex, lex->strings + at->form, at->form_len, type, &match) || match.distance != 0)) {
      abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lexicon_builder *builder = NULL;
  uint8_t *bytes = NULL;
  size_t len = 0;
  uint32_t last = 0;
  lexicon lex;
  lexicon_fault fault = { "" };
  if (lexicon_builder_new(&builder) != 0) {
    return 0;
  }
  int r = lexicon_tsv_read(builder, (qn_str){ (const char *)data, size }, count, &last);
  if (r >= 0 && lexicon_builder_finish(builder, &bytes, &len) == 0) {
    if (lexicon_open((qn_str){ (const char *)bytes, len }, &lex, &fault) != 0) {
      abort();
    }
    check_spellings(&lex);
  }
  lexicon_builder_free(builder);
  free(bytes);
  return 0;
}
