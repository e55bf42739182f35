/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the words behind a mention as a country, and looks among the things that are called as the mention is. */
#include "entities/beside.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "entities/national.h"
#include "entities/nationalities.h"
#include "qanat/layers.h"

static const char IN[] = "في";

/* The country of the adjective that word i is, or SCAN_NONE. */
static uint32_t country_of_adjective(const scan *s, const lexicon *lex, uint32_t i) {
  const scan_word *w = &s->words[i];
  bool asked = !scan_parts(s, i) && (w->shape & (WORD_ARABIC | WORD_ARTICLE)) == (WORD_ARABIC | WORD_ARTICLE) &&
               (w->shape & WORD_CLITIC) == 0;
  qn_str name = asked ? nationalities_country(s->heap + w->form, w->form_len) : (qn_str){ NULL, 0 };
  return name.len > 0 ? national_country(lex, name) : SCAN_NONE;
}

/* The country that words i and following name without doubt, or SCAN_NONE. */
static uint32_t country_named(const scan *s, uint32_t which, uint32_t i) {
  for (uint32_t at = match_hit_at(s, i); at < s->n_hits && s->hits[at].first == i; at++) {
    const hit *h = &s->hits[at];
    for (uint32_t p = 0; h->lexicon == which && h->clitics == 0 && p < h->n_payloads; p++) {
      const qlex_payload *payload = &h->payloads[p];
      if (payload->kind == QLEX_ENTITY && (payload->flags & QLEX_AMBIGUOUS) == 0 &&
          s->lexicons[which].entries[payload->entry].class == QLEX_CLASS_COUNTRY) {
        return payload->entry;
      }
    }
  }
  return SCAN_NONE;
}

/* The country right behind a mention, or SCAN_NONE. */
static uint32_t country_behind(const scan *s, const candidate *c) {
  uint32_t found = country_of_adjective(s, &s->lexicons[c->lexicon], c->last);
  bool in = found == SCAN_NONE && !scan_parts(s, c->last) && !scan_parts(s, c->last + 1) &&
            s->words[c->last].form_len == sizeof IN - 1 &&
            memcmp(s->heap + s->words[c->last].form, IN, sizeof IN - 1) == 0;
  return in ? country_named(s, c->lexicon, c->last + 1) : found;
}

/* The one thing of a mention's type and words that lies in a country, or SCAN_NONE. */
static uint32_t called_there(const scan *s, const candidate *c, uint32_t country) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  key k = match_key(s, c->first, c->last, c->begin);
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  uint32_t found = SCAN_NONE;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    const qlex_entry *entry = &lex->entries[payload->entry];
    if (payload->kind != QLEX_ENTITY || entry->type != c->type || entry->country != country) {
      continue;
    }
    if (found != SCAN_NONE && found != payload->entry) {
      return SCAN_NONE;
    }
    found = payload->entry;
  }
  return found;
}

/* True if word i says that somebody is a club's. Folded. */
static bool is_person(const scan *s, uint32_t i) {
  static const char *const words[] = { "مدرب", "لاعب", "مهاجم", "مدافع", "حارس", "نجم", "رئيس",
                                       "قائد", "مدير", "هداف",  "جناح",  "ظهير", "وسط", "نجوم" };
  const scan_word *w = &s->words[i];
  uint32_t skip = w->key_len > KEY_BYTES_MAX ? 0 : (uint32_t)(w->key_len - w->core_len);
  size_t len = (size_t)w->form_len - skip;
  for (size_t k = 0; k < sizeof words / sizeof words[0]; k++) {
    if (strlen(words[k]) == len && memcmp(words[k], s->heap + w->form + skip, len) == 0) {
      return true;
    }
  }
  return false;
}

/* "الأهلي الليبي" is no club of Egypt, but "مدرب الأهلي الكرواتي" is one's trainer. Others than clubs have daughters abroad. */
static bool is_contradicted(const scan *s, const candidate *c, uint32_t country) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  const qlex_entry *entry = &lex->entries[c->entry];
  bool someones = c->first > 0 && !scan_parts(s, c->first) && is_person(s, c->first - 1);
  return entry->class == QLEX_CLASS_CLUB && entry->country < QLEX_ANY_COUNTRY && !someones &&
         country_of_adjective(s, lex, c->last) == country;
}

void beside_tell(const scan *s, candidate *c) {
  bool asked = c->chosen != 0 && c->entry != SCAN_NONE && c->composed == 0 &&
               (c->type == QN_ENTITY_TYPE_LOCATION || c->type == QN_ENTITY_TYPE_ORGANIZATION);
  uint32_t country = asked ? country_behind(s, c) : SCAN_NONE;
  if (country == SCAN_NONE || s->lexicons[c->lexicon].entries[c->entry].country == country) {
    return;
  }
  uint32_t other = called_there(s, c, country);
  if (other != SCAN_NONE || is_contradicted(s, c, country)) {
    c->entry = other;
  }
}
