/* SPDX-License-Identifier: Apache-2.0 */

/* Looks for "2026 FIFA World Cup" where FIFA World Cup was found. */
#include "entities/editions.h"

#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"
#include "text/fold.h"

enum { YEAR_DIGITS = EDITIONS_YEAR, NAME_MAX = 128 };

static bool is_event(const candidate *c) {
  return c->chosen != 0 && c->type == QN_ENTITY_TYPE_EVENT && c->entry != SCAN_NONE && c->composed == 0;
}

static bool is_year(const char *text, size_t len) {
  bool century = len >= YEAR_DIGITS && ((text[0] == '2' && text[1] == '0') || (text[0] == '1' && text[1] == '9'));
  return century && text[2] >= '0' && text[2] <= '9' && text[3] >= '0' && text[3] <= '9';
}

/* The year that a mention ends with or that follows it; NULL if there is none. */
static const char *year_of(const scan *s, const candidate *c) {
  for (uint32_t i = c->last - 1; i <= c->last && i < s->n_words; i++) {
    const scan_word *w = &s->words[i];
    bool apart = i == c->last && scan_parts(s, i);
    if (!apart && (w->shape & WORD_NUMBER) != 0 && w->form_len == YEAR_DIGITS &&
        is_year(s->heap + w->form, w->form_len)) {
      return s->heap + w->form;
    }
  }
  return NULL;
}

/* The entry of that year's edition, or SCAN_NONE. */
static uint32_t edition_of(const lexicon *lex, qn_str name, const char *year) {
  char text[NAME_MAX];
  char form[FOLD_BOUND(NAME_MAX)];
  if (name.len + YEAR_DIGITS + 1 > NAME_MAX) {
    return SCAN_NONE;
  }
  memcpy(text, year, YEAR_DIGITS);
  text[YEAR_DIGITS] = ' ';
  memcpy(text + YEAR_DIGITS + 1, name.data, name.len);
  size_t len = fold_key((const uint8_t *)text, name.len + YEAR_DIGITS + 1, (uint8_t *)form);
  const qlex_slot *slot = lexicon_find(lex, key_print(key_of(form, len)));
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && lex->entries[payload->entry].type == QN_ENTITY_TYPE_EVENT) {
      return payload->entry;
    }
  }
  return SCAN_NONE;
}

/* True if a lexicon has editions of this event that are called by their years, around this one. */
static bool has_editions(const lexicon *lex, qn_str name, const char *year) {
  enum { YEARS_AROUND = 12 };
  int named = (year[2] - '0') * 10 + (year[3] - '0');
  for (int around = named - YEARS_AROUND; around <= named + YEARS_AROUND; around++) {
    char other[YEAR_DIGITS] = { year[0], year[1], (char)('0' + around / 10), (char)('0' + around % 10) };
    if (around >= 0 && around < 100 && edition_of(lex, name, other) != SCAN_NONE) {
      return true;
    }
  }
  return false;
}

/* Keeps an event whose name begins with a year, once. */
static void keep(editions *e, const scan *s, const candidate *c) {
  qn_str name = lexicon_name(&s->lexicons[c->lexicon], c->entry);
  uint32_t i = 0;
  while (i < e->n && (e->named[i].entry != c->entry || e->named[i].lexicon != c->lexicon)) {
    i++;
  }
  if (i == e->n && i < EDITIONS_NAMED_MAX && is_year(name.data, name.len)) {
    e->named[e->n++] = (edition){ c->lexicon, c->entry };
  }
}

void editions_begin(editions *e, const scan *s) {
  e->n = 0;
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    if (is_event(&s->candidates[i])) {
      keep(e, s, &s->candidates[i]);
    }
  }
}

/* The one edition of this event that the page names; SCAN_NONE if it names none or several. */
static uint32_t edition_named(const editions *e, const scan *s, const candidate *c, qn_str name) {
  uint32_t found = SCAN_NONE;
  for (uint32_t i = 0; i < e->n; i++) {
    const edition *other = &e->named[i];
    qn_str longer = lexicon_name(&s->lexicons[other->lexicon], other->entry);
    if (other->lexicon != c->lexicon || longer.len != name.len + YEAR_DIGITS + 1 ||
        memcmp(longer.data + YEAR_DIGITS + 1, name.data, name.len) != 0) {
      continue;
    }
    if (found != SCAN_NONE) {
      return SCAN_NONE;
    }
    found = other->entry;
  }
  return found;
}

const char *editions_link(editions *e, const scan *s, candidate *c) {
  if (!is_event(c)) {
    return NULL;
  }
  const lexicon *lex = &s->lexicons[c->lexicon];
  qn_str name = lexicon_name(lex, c->entry);
  const char *year = is_year(name.data, name.len) ? NULL : year_of(s, c);
  uint32_t meant = year != NULL ? edition_of(lex, name, year) : edition_named(e, s, c, name);
  if (meant != SCAN_NONE) {
    c->entry = meant;
    keep(e, s, c);
  }
  return year != NULL && meant == SCAN_NONE && has_editions(lex, name, year) ? year : NULL;
}
