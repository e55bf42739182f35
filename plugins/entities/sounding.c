/* SPDX-License-Identifier: Apache-2.0 */

/* Compares a mention with the canonical names of what it may be, letter by letter. */
#include "entities/sounding.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "entities/spelling.h"
#include "qanat/layers.h"
#include "text/fold.h"

/* The part of what a document says of countries from which on it speaks of one. */
#define HERE 0.1f

/* Sixteenths of a nat a letter: so near is the same name, and so far is none of it. */
enum { NEAR = 10, FAR = 22, NAME_MAX = 128 };

/* How far the name of an entry lies from the letters of a mention, what explains it left off. */
static uint32_t distance_of(const lexicon *lex, uint32_t entry, const spelling *letters) {
  qn_str name = lexicon_name(lex, entry);
  char form[FOLD_BOUND(NAME_MAX)];
  spelling other;
  size_t len = 0;
  while (len < name.len && name.data[len] != ',' && name.data[len] != '(') {
    len++;
  }
  if (len > NAME_MAX) {
    return SPELLING_FAR;
  }
  len = fold_key((const uint8_t *)name.data, len, (uint8_t *)form);
  spelling_of(form, len, &other);
  return spelling_distance(spelling_costs, letters, &other, FAR);
}

/* What is called by the mention's words and may be meant instead: not what lies in a country that the document does not speak of. */
static bool is_rival(const lexicon *lex, const senses *d, const qlex_payload *payload, const candidate *c) {
  const qlex_entry *entry = &lex->entries[payload->entry];
  bool asked = payload->kind == QLEX_ENTITY && payload->entry != c->entry && entry->type == c->type &&
               (payload->flags & QLEX_NATIONAL) == 0;
  return asked && (entry->country >= QLEX_ANY_COUNTRY || entry->country == lex->entries[c->entry].country ||
                   senses_share(d, c->lexicon, entry->country) >= HERE);
}

void sounding_tell(const scan *s, const senses *d, candidate *c, const char *form, uint32_t len) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  if (c->type == QN_ENTITY_TYPE_PERSON || c->entry == SCAN_NONE || c->composed != 0 ||
      (s->words[c->first].shape & WORD_ARABIC) == 0 || lex->entries[c->entry].class == QLEX_CLASS_COUNTRY) {
    return;
  }
  key k = key_of(form, len);
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  uint32_t found = SCAN_NONE;
  uint32_t nearest = SPELLING_FAR;
  spelling letters;
  letters.n = 0;
  for (uint32_t p = 0; slot != NULL && slot->n > 1 && p < slot->n; p++) {
    if (!is_rival(lex, d, &lex->payloads[slot->first + p], c)) {
      continue;
    }
    if (letters.n == 0) {
      spelling_of(form, len, &letters);
    }
    uint32_t distance = distance_of(lex, lex->payloads[slot->first + p].entry, &letters);
    found = distance < nearest ? lex->payloads[slot->first + p].entry : found;
    nearest = distance < nearest ? distance : nearest;
  }
  if (found != SCAN_NONE && nearest <= NEAR && distance_of(lex, c->entry, &letters) >= FAR) {
    c->entry = found;
  }
}
