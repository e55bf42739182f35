/* SPDX-License-Identifier: Apache-2.0 */

/* Counts what a page says of clubs, and looks for clubs among the meanings of its cities. */
#include "entities/clubs.h"

#include <stdbool.h>

#include "entities/context.h"
#include "entities/match.h"
#include "qanat/layers.h"

enum { CLUBS_ENOUGH = 3 }; /* mentions of clubs and teams without doubt that make a page one about sport */

static bool is_club(const scan *s, const candidate *c) {
  const qlex_entry *entry = c->entry != SCAN_NONE ? &s->lexicons[c->lexicon].entries[c->entry] : NULL;
  return c->chosen != 0 && entry != NULL && (entry->class == QLEX_CLASS_CLUB || entry->class == QLEX_CLASS_TEAM);
}

static bool is_about_sport(const scan *s) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_candidates && n < CLUBS_ENOUGH; i++) {
    n += is_club(s, &s->candidates[i]);
  }
  return n >= CLUBS_ENOUGH;
}

/* Somebody is there, comes from there, or it is called a city. */
static bool is_place(const scan *s, const candidate *c) {
  const trigger *t = &s->triggers[c->first];
  return context_is_located(s, c->first) || (t->direct & 1u << QN_ENTITY_TYPE_LOCATION) != 0 ||
         (t->title & 1u << QN_ENTITY_TYPE_LOCATION) != 0;
}

/* The one club that the lexicon of a city calls as the text calls the city; SCAN_NONE if there is none or several. */
static uint32_t club_called(const scan *s, const candidate *c) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  key k = match_key(s, c->first, c->last, c->begin);
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  uint32_t found = SCAN_NONE;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    bool club = payload->kind == QLEX_ENTITY && lex->entries[payload->entry].class == QLEX_CLASS_CLUB;
    if (club && found != SCAN_NONE && found != payload->entry) {
      return SCAN_NONE;
    }
    found = club ? payload->entry : found;
  }
  return found;
}

void clubs_tell(scan *s) {
  int sport = -1;
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    candidate *c = &s->candidates[i];
    if (c->chosen == 0 || c->type != QN_ENTITY_TYPE_LOCATION || c->entry == SCAN_NONE || is_place(s, c) ||
        s->lexicons[c->lexicon].entries[c->entry].class != QLEX_CLASS_CITY) {
      continue;
    }
    uint32_t club = sport != 0 ? club_called(s, c) : SCAN_NONE;
    if (club != SCAN_NONE) {
      sport = sport < 0 ? is_about_sport(s) : sport;
      c->entry = sport != 0 ? club : c->entry;
      c->type = sport != 0 ? QN_ENTITY_TYPE_ORGANIZATION : c->type;
    }
  }
}
