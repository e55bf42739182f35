/* SPDX-License-Identifier: Apache-2.0 */

/* Weighs what a document says of the countries of places of one name. */
#include "entities/spoken.h"

#include <stdbool.h>

#include "entities/match.h"
#include "qanat/layers.h"

/* What a document must say of a country for a town in it to be meant rather than another of its name, and how much more than of that
 * one's (national_weight). */
#define SPOKEN_OF 1.0f
#define SPOKEN_OF_MORE 2.0f

/* The country that an entry is or that its town lies in; QLEX_NO_COUNTRY for what is neither. */
static uint32_t country_of(const lexicon *lex, uint32_t entry) {
  uint8_t class = lex->entries[entry].class;
  return class == QLEX_CLASS_COUNTRY ? entry : class == QLEX_CLASS_CITY ? lex->entries[entry].country : QLEX_NO_COUNTRY;
}

void spoken_tell(national *of, const scan *s, candidate *c) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  bool asked = c->chosen != 0 && c->type == QN_ENTITY_TYPE_LOCATION && c->entry != SCAN_NONE && c->composed == 0;
  uint32_t own = asked ? country_of(lex, c->entry) : QLEX_NO_COUNTRY;
  key k = own < QLEX_ANY_COUNTRY ? match_key(s, c->first, c->last, c->begin) : (key){ 0, KEY_BYTES_MAX + 1 };
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  uint32_t found = SCAN_NONE;
  float best = 0.0f;
  bool sure = false; /* the one that it is linked with is what the words mean first of all */
  for (uint32_t p = 0; slot != NULL && slot->n > 1 && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    sure =
        sure || (payload->kind == QLEX_ENTITY && payload->entry == c->entry && (payload->flags & QLEX_AMBIGUOUS) == 0);
    bool place = payload->kind == QLEX_ENTITY && lex->entries[payload->entry].type == c->type;
    uint32_t country = place ? country_of(lex, payload->entry) : QLEX_NO_COUNTRY;
    float weight =
        country < QLEX_ANY_COUNTRY && country != own ? national_weight(of, s, c->first, c->lexicon, country) : 0.0f;
    found = weight > best ? payload->entry : found;
    best = weight > best ? weight : best;
  }
  if (!sure && best >= SPOKEN_OF && best >= SPOKEN_OF_MORE * national_weight(of, s, c->first, c->lexicon, own)) {
    c->entry = found;
  }
}
