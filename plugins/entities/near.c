/* SPDX-License-Identifier: Apache-2.0 */

/* Writes the spellings one letter away, and asks the lexicons for each. */
#include "entities/near.h"

#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"

enum { LETTER = 2, FORM_MAX = 64, LETTERS_MIN = 3 };

/* The part of what a document says of countries from which on it speaks of one. */
#define HERE 0.1f

/* Letters that come and go between spellings, and those that stand for each other. Folded. */
static const char *const weak[] = { "ا", "و", "ي" };
static const char *const alike[] = { "غجقك", "تطث", "دضذ", "سصزش", "اهي", "فب", "حهخ" };

typedef struct search {
  const scan *s;
  const senses *d;
  uint8_t type;
  uint32_t lexicon;
  uint32_t entry;
  bool several;
} search;

static bool is_asked(const search *f, const lexicon *lex, uint32_t which, const qlex_payload *payload) {
  const qlex_entry *entry = &lex->entries[payload->entry];
  return payload->kind == QLEX_ENTITY && (payload->flags & (QLEX_NATIONAL | QLEX_AMBIGUOUS)) == 0 &&
         entry->type == f->type && entry->country < QLEX_ANY_COUNTRY &&
         senses_share(f->d, which, entry->country) >= HERE;
}

static void look_up(search *f, const char *form, size_t len) {
  key k = key_of(form, len);
  for (uint32_t which = 0; k.len <= KEY_BYTES_MAX && which < f->s->n_lexicons; which++) {
    const lexicon *lex = &f->s->lexicons[which];
    const qlex_slot *slot = lexicon_find(lex, key_print(k));
    for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
      const qlex_payload *payload = &lex->payloads[slot->first + p];
      if (!is_asked(f, lex, which, payload)) {
        continue;
      }
      f->several = f->several || (f->entry != SCAN_NONE && (f->entry != payload->entry || f->lexicon != which));
      f->entry = payload->entry;
      f->lexicon = which;
    }
  }
}

/* The form with the letter at byte at replaced by n bytes of with (none: it is left out), or with them put before it. */
static void try(search *f, const char *form, size_t len, size_t at, size_t dropped, const char *with) {
  char other[FORM_MAX + LETTER];
  size_t n = strlen(with) < LETTER ? 0 : LETTER;
  memcpy(other, form, at);
  memcpy(other + at, with, n);
  memcpy(other + at + n, form + at + dropped, len - at - dropped);
  look_up(f, other, len + n - dropped);
}

static bool is_letter(const char *at, const char *letter) {
  return memcmp(at, letter, LETTER) == 0;
}

static void try_alike(search *f, const char *form, size_t len, size_t at) {
  for (size_t g = 0; g < sizeof alike / sizeof alike[0]; g++) {
    const char *group = alike[g];
    const char *own = group;
    while (*own != '\0' && !is_letter(form + at, own)) {
      own += LETTER;
    }
    bool at_end = at + LETTER == len || form[at + LETTER] == ' ';
    bool ends_only = is_letter(group, "ا"); /* ا ه ي are one sound at the end */
    for (const char *other = group; *own != '\0' && *other != '\0' && (!ends_only || at_end); other += LETTER) {
      if (other != own) {
        try(f, form, len, at, LETTER, other);
      }
    }
  }
}

static void try_all(search *f, const char *form, size_t len) {
  for (size_t at = 0; at < len; at += form[at] == ' ' ? 1 : LETTER) {
    bool inner = at > 0 && form[at] != ' ' && form[at - 1] != ' ';
    for (size_t w = 0; w < sizeof weak / sizeof weak[0]; w++) {
      if (inner && is_letter(form + at, weak[w])) {
        try(f, form, len, at, LETTER, "");
      }
      if (inner) {
        try(f, form, len, at, 0, weak[w]);
      }
    }
    if (form[at] != ' ') {
      try_alike(f, form, len, at);
    }
  }
}

static bool is_arabic(const char *form, uint32_t len) {
  for (uint32_t i = 0; i < len; i++) {
    if ((uint8_t)form[i] < 0x80 && form[i] != ' ') {
      return false;
    }
  }
  return len >= LETTERS_MIN * LETTER && len <= FORM_MAX && form[0] != ' ';
}

void near_link(const scan *s, const senses *d, candidate *c, const char *form, uint32_t len) {
  bool acronym = (s->words[c->first].core_lore & LORE_LETTER) != 0; /* one letter more or less is another */
  bool asked = (c->type == QN_ENTITY_TYPE_LOCATION || c->type == QN_ENTITY_TYPE_ORGANIZATION) && !acronym;
  search f = { .s = s, .d = d, .type = c->type, .entry = SCAN_NONE };
  if (asked && is_arabic(form, len)) {
    try_all(&f, form, len);
  }
  if (f.entry != SCAN_NONE && !f.several) {
    c->entry = f.entry;
    c->lexicon = (uint8_t)f.lexicon;
  }
}
