/* SPDX-License-Identifier: Apache-2.0 */

/* Tries the Latin letters that a row of letter names may stand for. */
#include "entities/spelled.h"

#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"

enum { LETTERS_MIN = 3, LETTERS_MAX = 6, TRIES_MAX = 128 };

/* Folded names of letters, and what each may be. */
static const struct {
  const char *name;
  const char *letters;
} names[] = {
  { "ايه", "a" },    { "اي", "iae" }, { "بي", "bp" }, { "سي", "c" },   { "دي", "d" },  { "اف", "f" },
  { "جي", "gj" },    { "جيه", "jg" }, { "اتش", "h" }, { "ايتش", "h" }, { "كيه", "k" }, { "كاي", "k" },
  { "كي", "k" },     { "ال", "l" },   { "ام", "m" },  { "ان", "n" },   { "او", "o" },  { "كيو", "q" },
  { "ار", "r" },     { "اس", "s" },   { "تي", "t" },  { "يو", "u" },   { "في", "v" },  { "دبليو", "w" },
  { "دابليو", "w" }, { "اكس", "x" },  { "واي", "y" }, { "زد", "z" },   { "زي", "z" },  { "زيد", "z" },
};

static const char *letters_of(const scan *s, uint32_t i, uint32_t begin) {
  const scan_word *w = &s->words[i];
  uint32_t skip = begin != w->begin && w->key_len <= KEY_BYTES_MAX ? (uint32_t)(w->key_len - w->core_len) : 0;
  const char *form = s->heap + w->form + skip;
  size_t len = (size_t)w->form_len - skip;
  for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
    if (strlen(names[k].name) == len && memcmp(names[k].name, form, len) == 0) {
      return names[k].letters;
    }
  }
  return NULL;
}

/* The letters of every word; 0 if one of them is no letter's name. */
static uint32_t read_letters(const scan *s, const candidate *c, const char *letters[LETTERS_MAX]) {
  uint32_t n = 0;
  for (uint32_t i = c->first; i < c->last; i++) {
    uint32_t mark = s->words[i].mark;
    if (mark == '.' || mark == '-') {
      continue;
    }
    const char *of = n < LETTERS_MAX ? letters_of(s, i, i == c->first ? c->begin : s->words[i].begin) : NULL;
    if (of == NULL) {
      return 0;
    }
    letters[n++] = of;
  }
  return n;
}

/* The one thing of this type that has one of the acronyms in a lexicon; SCAN_NONE if there is none or several. */
static uint32_t find(const lexicon *lex, const char *const letters[LETTERS_MAX], uint32_t n, uint8_t type) {
  uint32_t found = SCAN_NONE;
  uint32_t tries = 1;
  for (uint32_t i = 0; i < n; i++) {
    tries *= (uint32_t)strlen(letters[i]);
  }
  for (uint32_t t = 0; t < tries && tries <= TRIES_MAX; t++) {
    char acronym[LETTERS_MAX];
    uint32_t rest = t;
    for (uint32_t i = 0; i < n; i++) {
      uint32_t choices = (uint32_t)strlen(letters[i]);
      acronym[i] = letters[i][rest % choices];
      rest /= choices;
    }
    const qlex_slot *slot = lexicon_find(lex, key_print(key_of(acronym, n)));
    for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
      const qlex_payload *payload = &lex->payloads[slot->first + p];
      if (payload->kind != QLEX_ENTITY || (payload->flags & QLEX_CAPS) == 0 ||
          lex->entries[payload->entry].type != type) {
        continue;
      }
      if (found != SCAN_NONE && found != payload->entry) {
        return SCAN_NONE;
      }
      found = payload->entry;
    }
  }
  return found;
}

void spelled_link(const scan *s, candidate *c) {
  const char *letters[LETTERS_MAX];
  uint32_t n_words = c->last - c->first;
  if (n_words < LETTERS_MIN || (s->words[c->first].core_lore & LORE_LETTER) == 0 ||
      (c->type != QN_ENTITY_TYPE_ORGANIZATION && c->type != QN_ENTITY_TYPE_PRODUCT)) {
    return;
  }
  uint32_t n = read_letters(s, c, letters);
  for (uint32_t which = 0; n >= LETTERS_MIN && which < s->n_lexicons && c->entry == SCAN_NONE; which++) {
    uint32_t entry = find(&s->lexicons[which], letters, n, c->type);
    c->entry = entry;
    c->lexicon = entry != SCAN_NONE ? (uint8_t)which : c->lexicon;
  }
}
