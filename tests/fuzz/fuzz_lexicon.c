/* SPDX-License-Identifier: Apache-2.0 */

/* Opens hostile compiled lexicons. The checksum is made right first: forging it is easy, and what is to be tested lies
 * behind it. What opens is looked up in. */
#include <stdlib.h>
#include <string.h>

#include "entities/lexicon.h"
#include "entities/spelling.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const lexicon *lex, const uint8_t *data, size_t size) {
  for (size_t i = 0; i + 8 <= size && i < 512; i += 8) {
    uint64_t print;
    memcpy(&print, data + i, sizeof print);
    const qlex_slot *slot = lexicon_find(lex, print != 0 ? print : 1);
    (void)lexicon_begins(lex, print);
    for (uint32_t k = 0; slot != NULL && k < slot->n; k++) {
      qn_str name = lexicon_name(lex, lex->payloads[slot->first + k].entry);
      if (name.len > 0 && name.data[name.len - 1] == '\0' && name.data[0] == '\1') {
        abort(); /* reads both ends */
      }
    }
  }
  (void)lexicon_likeness(lex, "abc", 3);
  spelling_match match;
  for (uint32_t i = 0; i < lex->header->n_spellings && i < 64; i++) {
    const qlex_spelling *at = &lex->spellings[i];
    (void)spelling_find(lex, lex->strings + at->form, at->form_len, i % 5, &match);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  lexicon lex;
  lexicon_fault fault;
  uint8_t *bytes = aligned_alloc(8, (size + 8) & ~(size_t)7);
  if (bytes == NULL) {
    return 0;
  }
  memcpy(bytes, data, size);
  if (size >= sizeof(qlex_header)) {
    qlex_header header;
    size_t begin = offsetof(qlex_header, checksum) + sizeof header.checksum;
    memcpy(&header, bytes, sizeof header);
    header.checksum = lexicon_checksum(bytes + begin, size - begin);
    memcpy(bytes, &header, sizeof header);
  }
  if (lexicon_open((qn_str){ (const char *)bytes, size }, &lex, &fault) == 0) {
    look_up(&lex, data, size);
  }
  free(bytes);
  return 0;
}
