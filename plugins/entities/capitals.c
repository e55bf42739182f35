/* SPDX-License-Identifier: Apache-2.0 */

/* Goes through the chosen places in their order and looks at each two that are joined. */
#include "entities/capitals.h"

#include <stdbool.h>

#include "entities/match.h"
#include "qanat/layers.h"

static uint8_t class_of(const scan *s, const candidate *c) {
  bool linked = c->type == QN_ENTITY_TYPE_LOCATION && c->entry != SCAN_NONE && c->composed == 0;
  return linked ? s->lexicons[c->lexicon].entries[c->entry].class : QLEX_CLASS_OTHER;
}

/* The one town of a country that is called like it; SCAN_NONE if there is none or several. */
static uint32_t town_called(const scan *s, const candidate *c) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  key k = match_key(s, c->first, c->last, c->begin);
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  uint32_t found = SCAN_NONE;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    const qlex_entry *entry = &lex->entries[payload->entry];
    if (payload->kind != QLEX_ENTITY || entry->class != QLEX_CLASS_CITY || entry->country != c->entry) {
      continue;
    }
    if (found != SCAN_NONE && found != payload->entry) {
      return SCAN_NONE;
    }
    found = payload->entry;
  }
  return found;
}

/* True if و stands right before word i, as a part of it or, as translators leave it, by itself between it and the word end. */
static bool is_joined(const scan *s, uint32_t end, const candidate *c) {
  const scan_word *w = &s->words[c->first];
  uint32_t at = c->first == end ? w->begin : s->words[end].begin;
  bool alone = c->first == end + 1 && s->words[end].end - at == 2;
  bool led = c->first == end && c->begin == w->begin + 2;
  return (alone || led) && !scan_parts(s, c->first) && !scan_parts(s, end) && s->view.data[at] == 0xD9 &&
         s->view.data[at + 1] == 0x88;
}

static void take_town(const scan *s, candidate *c) {
  uint32_t town = class_of(s, c) == QLEX_CLASS_COUNTRY ? town_called(s, c) : SCAN_NONE;
  c->entry = town != SCAN_NONE ? town : c->entry;
}

/* The next chosen name is a place right behind this one: "تونس - المغرب" are two teams, or two ends of a way. */
static bool is_before_place(const scan *s, uint32_t i) {
  uint32_t k = i + 1;
  while (k < s->n_candidates && s->candidates[k].chosen == 0) {
    k++;
  }
  return k < s->n_candidates && s->candidates[k].type == QN_ENTITY_TYPE_LOCATION &&
         s->candidates[k].first == s->candidates[i].last + 1;
}

/* "الجزائر - " at the begin of a line. */
static bool is_dateline(const scan *s, const candidate *c) {
  uint32_t mark = scan_mark(s, c->last);
  return scan_parts(s, c->first) && !scan_parts(s, c->last) && (mark == '-' || mark == 0x2013 || mark == 0x2014) &&
         (s->words[c->last].shape & WORD_GLUED) == 0;
}

void capitals_tell(scan *s) {
  candidate *before = NULL;
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    candidate *c = &s->candidates[i];
    if (c->chosen == 0 || c->type > QN_ENTITY_TYPE_EVENT) {
      continue;
    }
    if (is_dateline(s, c) && !is_before_place(s, i)) {
      take_town(s, c);
    }
    if (before != NULL && is_joined(s, before->last, c)) {
      uint8_t left = class_of(s, before);
      uint8_t right = class_of(s, c);
      if (left == QLEX_CLASS_CITY) {
        take_town(s, c);
      } else if (right == QLEX_CLASS_CITY) {
        take_town(s, before);
      }
    }
    before = c;
  }
}
