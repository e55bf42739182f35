/* SPDX-License-Identifier: Apache-2.0 */

/* Asks the lexicons for the nearest spelling, and says how near it must be. */
#include "entities/variants.h"

#include <stdbool.h>
#include <string.h>

#include "entities/spelling.h"
#include "qanat/layers.h"

void variants_begin(variants *v) {
  v->document++;
  if (v->document == UINT32_MAX) {
    memset(v->cache, 0, sizeof v->cache);
    v->document = 1;
  }
}

/* True if the digits of two forms are the same ones: "Snapdragon X2" is no spelling of "Snapdragon X". */
static bool same_digits(const char *a, size_t a_len, qn_str b) {
  size_t at = 0;
  for (size_t i = 0; i < a_len; i++) {
    if (a[i] < '0' || a[i] > '9') {
      continue;
    }
    while (at < b.len && (b.data[at] < '0' || b.data[at] > '9')) {
      at++;
    }
    if (at == b.len || b.data[at++] != a[i]) {
      return false;
    }
  }
  while (at < b.len && (b.data[at] < '0' || b.data[at] > '9')) {
    at++;
  }
  return at == b.len;
}

/* How near a spelling must be to a person's name, of which it has the first or the last word in common. */
enum { OTHER_NAME = 0, STRICT = 1, FREE = 2 };

/* True if the words that differ are near by themselves: "السادة" is not "أسد", whoever both are. */
static bool is_near_part(const char *part, uint32_t len, const char *other, uint32_t other_len) {
  spelling own;
  spelling theirs;
  spelling_of(part, len, &own);
  spelling_of(other, other_len, &theirs);
  return spelling_distance(spelling_costs, &own, &theirs, SPELLING_NEAR_LONG) <= SPELLING_NEAR_LONG;
}

/* "ماركوس غالبيرين" is "ماركوس غالبرين", as nobody else is called by the word that differs; "محمود" is not "محمد". */
static int person_margin(const scan *s, const candidate *c, const char *form, uint32_t len, qn_str other) {
  const char *space = memchr(form, ' ', len);
  uint16_t given = s->words[c->first].core_lore;
  uint16_t family = s->words[c->last - 1].lore;
  uint32_t same = 0;
  if (space == NULL || c->last != c->first + 2) {
    return STRICT;
  }
  uint32_t first_len = (uint32_t)(space - form);
  if (first_len < other.len && memcmp(form, other.data, first_len + 1) == 0) {
    bool free =
        (family & (LORE_NAME_ANY | LORE_ENTITY)) == 0 &&
        is_near_part(form + first_len, len - first_len, other.data + first_len, (uint32_t)other.len - first_len);
    return (family & LORE_NAME_ANY) != 0 ? OTHER_NAME : free ? FREE : STRICT;
  }
  while (same < len - first_len && same < other.len && form[len - 1 - same] == other.data[other.len - 1 - same]) {
    same++;
  }
  if (same < len - first_len) {
    return STRICT;
  }
  uint32_t rest = len - same;
  bool free = (given & (LORE_NAME_ANY | LORE_PARTICLE | LORE_ENTITY)) == 0 &&
              is_near_part(form, rest, other.data, (uint32_t)other.len - same);
  return (given & LORE_GIVEN) != 0 ? OTHER_NAME : free ? FREE : STRICT;
}

/* True if a match is near enough for what it is of. */
static bool is_variant(const scan *s, const candidate *c, const char *form, uint32_t len, const spelling_match *match) {
  int margin = c->type == QN_ENTITY_TYPE_PERSON ? person_margin(s, c, form, len, match->form) : FREE;
  return (margin != OTHER_NAME || match->distance == 0) && spelling_is_near(match, margin != FREE);
}

/* The entry of which a spelling is a variant, in the first lexicon that has one. */
static void ask(const scan *s, const candidate *c, const char *form, uint32_t len, variants_answer *ret_answer) {
  uint32_t type = c->type;
  ret_answer->entry = SCAN_NONE;
  for (uint32_t which = 0; which < s->n_lexicons; which++) {
    spelling_match match;
    if (spelling_find(&s->lexicons[which], form, len, type, &match) && is_variant(s, c, form, len, &match) &&
        same_digits(form, len, match.form)) {
      ret_answer->entry = match.entry;
      ret_answer->lexicon = which;
      return;
    }
  }
}

/* A variant of a place's name that lies where the document does not speak of is some other place's. */
static bool is_elsewhere(const scan *s, const senses *d, const variants_answer *answer) {
  const qlex_entry *entry = &s->lexicons[answer->lexicon].entries[answer->entry];
  return entry->type == QN_ENTITY_TYPE_LOCATION && entry->country < QLEX_ANY_COUNTRY && d->clear != SCAN_NONE &&
         senses_share(d, answer->lexicon, entry->country) <= 0.0f;
}

void variants_link(variants *v, const scan *s, const senses *d, candidate *c, const char *form, uint32_t len) {
  uint64_t print = key_print(key_of(form, len)) + c->type;
  variants_answer *answer = &v->cache[print % VARIANTS_CACHE];
  if (answer->document != v->document || answer->print != print) {
    *answer = (variants_answer){ print, v->document, SCAN_NONE, 0 };
    ask(s, c, form, len, answer);
  }
  if (answer->entry != SCAN_NONE && !is_elsewhere(s, d, answer)) {
    c->entry = answer->entry;
    c->lexicon = (uint8_t)answer->lexicon;
  }
}
