/* SPDX-License-Identifier: Apache-2.0 */

/* Divides a name into the words of a pattern and a place, and looks both up. */
#include "entities/patterns.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "qanat/layers.h"
#include "text/fold.h"

enum {
  BEFORE_MAX = 3, /* words of a pattern before its place, and behind it */
  AFTER_MAX = 2,
  NAME_MAX = 128 /* bytes of an English name that is looked up */
};

/* Belief in words that a pattern has before and behind a place. */
#define PROPOSED_SCORE 0.8f

/* What the lexicon has for the words before and behind a place. */
static const qlex_slot *slot_of(const lexicon *lex, key before, key after) {
  key star = key_of("+", 1);
  uint32_t len = 2 * star.len + before.len + after.len;
  if (before.len > KEY_BYTES_MAX || after.len > KEY_BYTES_MAX || len > KEY_BYTES_MAX) {
    return NULL;
  }
  return lexicon_find(lex, key_print(key_join(key_join(key_join(star, before), star), after)));
}

/* What names of provinces end with and names that are made of them leave off. */
static const char *const tails[] = { " Department", " Governorate", " Province",   " Region", " Regency",
                                     " District",   " County",      " Prefecture", " Oblast" };

static qn_str without_tail(qn_str name) {
  for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
    size_t n = strlen(tails[i]);
    if (name.len > n && memcmp(name.data + name.len - n, tails[i], n) == 0) {
      return (qn_str){ name.data, name.len - n };
    }
  }
  return name;
}

static qn_str without_explanation(qn_str name) {
  size_t len = 0;
  while (len < name.len && name.data[len] != ',' && name.data[len] != '(') {
    len++;
  }
  while (len > 0 && name.data[len - 1] == ' ') {
    len--;
  }
  return without_tail((qn_str){ name.data, len });
}

/* How well an alias is this place here; below 0: not at all. A town rather than the region called after it. */
static float place_fit(const scan *s, const senses *d, const hit *here, const qlex_payload *payload) {
  const qlex_entry *entry = &s->lexicons[here->lexicon].entries[payload->entry];
  if (payload->kind != QLEX_ENTITY || entry->type != QN_ENTITY_TYPE_LOCATION) {
    return -1.0f;
  }
  float doubt = (payload->flags & QLEX_AMBIGUOUS) != 0 ? 0.03f : 0.0f;
  return 0.5f - doubt + (entry->class == QLEX_CLASS_REGION ? -0.02f : 0.0f) + senses_weigh(d, s, here, payload);
}

/* The English name of the one place that words [first, last) name; empty if there is none or several fit as well. */
static qn_str place_called(const scan *s, const senses *d, uint32_t first, uint32_t last, uint32_t begin) {
  key k = match_key(s, first, last, begin);
  for (uint32_t which = 0; k.len <= KEY_BYTES_MAX && which < s->n_lexicons; which++) {
    const lexicon *lex = &s->lexicons[which];
    const qlex_slot *slot = lexicon_find(lex, key_print(k));
    hit here = { .first = first, .last = last, .begin = begin, .lexicon = (uint8_t)which };
    float best = 0.0f;
    float second = 0.0f;
    qn_str found = { NULL, 0 };
    for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
      const qlex_payload *payload = &lex->payloads[slot->first + p];
      float fit = place_fit(s, d, &here, payload);
      qn_str name = without_explanation(lexicon_name(lex, payload->entry));
      bool same = found.len > 0 && found.len == name.len && memcmp(found.data, name.data, name.len) == 0;
      if (fit > best) {
        second = same ? second : best;
        best = fit;
        found = name;
      } else if (fit > second && !same) {
        second = fit;
      }
    }
    if (found.len > 0) {
      return best > second + 0.015f ? found : (qn_str){ NULL, 0 };
    }
  }
  return (qn_str){ NULL, 0 };
}

/* The entry of this type that is called as the pattern says and nothing else is, or SCAN_NONE. */
static uint32_t known_as(const lexicon *lex, qn_str pattern, qn_str place, uint8_t type) {
  char name[NAME_MAX];
  char form[FOLD_BOUND(NAME_MAX)];
  const char *star = memchr(pattern.data, '*', pattern.len);
  if (star == NULL || pattern.len + place.len > NAME_MAX) {
    return SCAN_NONE;
  }
  size_t before = (size_t)(star - pattern.data);
  memcpy(name, pattern.data, before);
  memcpy(name + before, place.data, place.len);
  memcpy(name + before + place.len, star + 1, pattern.len - before - 1);
  size_t len = fold_key((const uint8_t *)name, pattern.len - 1 + place.len, (uint8_t *)form);
  const qlex_slot *slot = lexicon_find(lex, key_print(key_of(form, len)));
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && lex->entries[payload->entry].type == type &&
        (payload->flags & QLEX_AMBIGUOUS) == 0) {
      return payload->entry;
    }
  }
  return SCAN_NONE;
}

/* True if a place's name has the words of a pattern already: the nuclear power plant of that name. */
static bool says_twice(qn_str pattern, qn_str place) {
  const char *star = memchr(pattern.data, '*', pattern.len);
  size_t before = star != NULL ? (size_t)(star - pattern.data) : 0;
  size_t after = star != NULL ? pattern.len - before - 1 : 0;
  return (before > 0 && place.len > before && memcmp(place.data, pattern.data, before) == 0) ||
         (after > 0 && place.len > after && memcmp(place.data + place.len - after, star + 1, after) == 0);
}

/* What the patterns of a slot make of a place: what is known goes before what is composed. */
static bool apply(const scan *s, uint32_t which, const qlex_slot *slot, uint8_t type, qn_str place,
                  pattern_match *ret_match) {
  const lexicon *lex = &s->lexicons[which];
  uint32_t composed = SCAN_NONE;
  for (uint32_t p = 0; p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind != QLEX_PATTERN || lex->entries[payload->entry].type != type) {
      continue;
    }
    uint32_t known = known_as(lex, lexicon_name(lex, payload->entry), place, type);
    if (known != SCAN_NONE) {
      *ret_match = (pattern_match){ which, known, 0, place };
      return true;
    }
    composed = (payload->flags & QLEX_AMBIGUOUS) == 0 ? payload->entry : composed;
  }
  *ret_match = (pattern_match){ which, composed, 1, place };
  return composed != SCAN_NONE && !says_twice(lexicon_name(lex, composed), place);
}

static bool has_patterns(const lexicon *lex, const qlex_slot *slot, uint8_t type) {
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_PATTERN && lex->entries[payload->entry].type == type) {
      return true;
    }
  }
  return false;
}

int patterns_find(const scan *s, const senses *d, const candidate *c, pattern_match *ret_match) {
  uint32_t n = c->last - c->first;
  for (uint32_t after = n > 2 ? (n - 2 < AFTER_MAX ? n - 2 : AFTER_MAX) : 0; n >= 2; after--) {
    for (uint32_t before = 1; before <= BEFORE_MAX && before + after < n; before++) {
      uint32_t first = c->first + before;
      uint32_t last = c->last - after;
      key words_before = match_key(s, c->first, first, c->begin);
      key words_after = after > 0 ? match_key(s, last, c->last, s->words[last].begin) : (key){ 0, 0 };
      for (uint32_t which = 0; which < s->n_lexicons; which++) {
        const qlex_slot *slot = slot_of(&s->lexicons[which], words_before, words_after);
        qn_str place = has_patterns(&s->lexicons[which], slot, c->type)
                           ? place_called(s, d, first, last, s->words[first].begin)
                           : (qn_str){ NULL, 0 };
        if (place.len > 0 && apply(s, which, slot, c->type, place, ret_match)) {
          return 1;
        }
      }
    }
    if (after == 0) {
      break;
    }
  }
  return 0;
}

int patterns_find_with(const scan *s, const senses *d, const candidate *c, const char *head, uint8_t type,
                       pattern_match *ret_match) {
  key before = key_of(head, strlen(head));
  for (uint32_t which = 0; which < s->n_lexicons; which++) {
    const qlex_slot *slot = slot_of(&s->lexicons[which], before, (key){ 0, 0 });
    qn_str place = has_patterns(&s->lexicons[which], slot, type) ? place_called(s, d, c->first, c->last, c->begin)
                                                                 : (qn_str){ NULL, 0 };
    if (place.len > 0 && apply(s, which, slot, type, place, ret_match)) {
      return 1;
    }
  }
  return 0;
}

/* Proposes what the patterns of a slot make of words [first, last), once for each type. What is a place itself may be called without
 * these words. */
static void propose_slot(scan *s, const lexicon *lex, const qlex_slot *slot, uint32_t first, uint32_t last) {
  uint8_t proposed = 0;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    uint8_t type = lex->entries[payload->entry].type;
    if (payload->kind == QLEX_PATTERN && type != QN_ENTITY_TYPE_LOCATION && (proposed >> type & 1) == 0) {
      proposed |= (uint8_t)(1u << type);
      scan_propose(s, &(candidate){ .first = first,
                                    .last = last,
                                    .begin = s->words[first].core,
                                    .end = s->words[last - 1].end,
                                    .score = PROPOSED_SCORE,
                                    .type = type,
                                    .from = FROM_PATTERN,
                                    .entry = SCAN_NONE,
                                    .value = SCAN_NONE });
    }
  }
}

/* Looks at so many words before and behind a place. */
static void propose_around(scan *s, const hit *h, uint32_t before, uint32_t after) {
  uint32_t first = h->first - before;
  uint32_t last = h->last + after;
  key words_before = match_key(s, first, h->first, s->words[first].core);
  key words_after = after > 0 ? match_key(s, h->last, last, s->words[h->last].begin) : (key){ 0, 0 };
  for (uint32_t which = 0; which < s->n_lexicons; which++) {
    propose_slot(s, &s->lexicons[which], slot_of(&s->lexicons[which], words_before, words_after), first, last);
  }
}

static bool is_place(const scan *s, const hit *h) {
  for (uint32_t p = 0; p < h->n_payloads && h->clitics == 0; p++) {
    const qlex_payload *payload = &h->payloads[p];
    if (payload->kind == QLEX_ENTITY &&
        s->lexicons[h->lexicon].entries[payload->entry].type == QN_ENTITY_TYPE_LOCATION) {
      return true;
    }
  }
  return false;
}

void patterns_propose(scan *s) {
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const hit h = s->hits[i];
    if (!is_place(s, &h) || scan_parts(s, h.first)) {
      continue;
    }
    for (uint32_t before = 1; before <= BEFORE_MAX && before <= h.first; before++) {
      for (uint32_t after = before == 1; after <= AFTER_MAX; after++) {
        if (after > 0 && (scan_parts(s, h.last + after - 1) || scan_mark(s, h.last + after - 1) != 0)) {
          break;
        }
        propose_around(s, &h, before, after);
      }
      if (scan_parts(s, h.first - before)) {
        break;
      }
    }
  }
}
