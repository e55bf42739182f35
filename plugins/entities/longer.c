/* SPDX-License-Identifier: Apache-2.0 */

/* Looks for an alias that begins one word before a mention and ends with it. */
#include "entities/longer.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "qanat/layers.h"

/* Words behind which the town is meant as often as what lies in it: annotators differ. Folded. */
static const char *const in_towns[] = { "ميناء", "مرفا", "مطار", "معبر", "منفذ", "ممر", "اقليم" };

static bool is_in_town(const scan *s, const candidate *c) {
  const scan_word *w = &s->words[c->first - 1];
  bool city = c->entry != SCAN_NONE && s->lexicons[c->lexicon].entries[c->entry].class == QLEX_CLASS_CITY;
  for (size_t i = 0; city && i < sizeof in_towns / sizeof in_towns[0]; i++) {
    size_t len = strlen(in_towns[i]);
    if (w->form_len >= len && memcmp(s->heap + w->form + w->form_len - len, in_towns[i], len) == 0) {
      return true;
    }
  }
  return false;
}

/* True if an alias says without doubt that this is something of a type, and if a place, neither inhabited nor a province. */
static bool is_certain(const lexicon *lex, const qlex_payload *payload, uint8_t type) {
  const qlex_entry *entry = &lex->entries[payload->entry];
  return payload->kind == QLEX_ENTITY && entry->type == type &&
         (type != QN_ENTITY_TYPE_LOCATION || entry->class == QLEX_CLASS_OTHER) &&
         (payload->flags & (QLEX_AMBIGUOUS | QLEX_NATIONAL)) == 0;
}

/* Places whatever they are linked with; of the other types what is linked is right as often as the longer name. */
static bool is_asked(const scan *s, const candidate *c) {
  bool place = c->type == QN_ENTITY_TYPE_LOCATION;
  bool unlinked = c->entry == SCAN_NONE && c->link.end == c->link.begin;
  bool other = unlinked && c->type != QN_ENTITY_TYPE_PERSON && c->type <= QN_ENTITY_TYPE_EVENT;
  return c->chosen != 0 && (place || other) && c->composed == 0 && c->first > 0 &&
         c->begin == s->words[c->first].begin && !scan_parts(s, c->first);
}

void longer_link(const scan *s, candidate *c) {
  for (uint32_t i = is_asked(s, c) ? match_hit_at(s, c->first - 1) : s->n_hits;
       i < s->n_hits && s->hits[i].first < c->first; i++) {
    const hit *h = &s->hits[i];
    for (uint32_t p = 0; h->last == c->last && p < h->n_payloads; p++) {
      if (is_certain(&s->lexicons[h->lexicon], &h->payloads[p], c->type) && !is_in_town(s, c)) {
        c->entry = h->payloads[p].entry;
        c->lexicon = h->lexicon;
        return;
      }
    }
  }
}
