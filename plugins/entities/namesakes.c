/* SPDX-License-Identifier: Apache-2.0 */

/* Compares single names with the parts of full ones. */
#include "entities/namesakes.h"

#include <stdbool.h>
#include <string.h>

#include "entities/spelling.h"
#include "qanat/layers.h"

enum {
  PERSONS_MAX = 64,
  ACROSS_LETTERS = 3, /* the shortest name that is found again in the other script */
  ACROSS_NEAR = 14    /* ... and how near it must be, in sixteenths of a nat a letter */
};

/* A person named in full: its parts as letters. */
typedef struct full_name {
  const candidate *c;
  spelling first;
  spelling last;
  bool latin;
} full_name;

static bool is_latin(const scan *s, const candidate *c) {
  return (s->words[c->first].shape & WORD_LATIN) != 0;
}

static bool is_linked(const candidate *c) {
  return c->entry != SCAN_NONE || c->link.end > c->link.begin;
}

/* The letters of word i, with what was taken off before its core, or without. */
static void letters_of(const scan *s, uint32_t i, bool whole, spelling *ret_letters) {
  const scan_word *w = &s->words[i];
  uint32_t skip = whole || w->key_len > KEY_BYTES_MAX ? 0 : (uint32_t)(w->key_len - w->core_len);
  spelling_of(s->heap + w->form + skip, (size_t)w->form_len - skip, ret_letters);
}

static uint32_t gather(const scan *s, full_name all[PERSONS_MAX]) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_candidates && n < PERSONS_MAX; i++) {
    const candidate *c = &s->candidates[i];
    if (c->chosen == 0 || c->type != QN_ENTITY_TYPE_PERSON || c->last < c->first + 2) {
      continue;
    }
    all[n].c = c;
    all[n].latin = is_latin(s, c);
    letters_of(s, c->first, c->begin == s->words[c->first].begin, &all[n].first);
    letters_of(s, c->last - 1, true, &all[n].last);
    n++;
  }
  return n;
}

static bool same_person(const full_name *a, const full_name *b) {
  const candidate *x = a->c;
  const candidate *y = b->c;
  if (x->entry != SCAN_NONE || y->entry != SCAN_NONE) {
    return x->entry == y->entry && x->lexicon == y->lexicon;
  }
  return a->latin == b->latin && a->last.n == b->last.n && a->first.n == b->first.n &&
         memcmp(a->last.letters, b->last.letters, a->last.n) == 0 &&
         memcmp(a->first.letters, b->first.letters, a->first.n) == 0;
}

static bool is_part(const spelling *name, const spelling *part, bool across) {
  if (!across) {
    return name->n == part->n && name->n > 0 && memcmp(name->letters, part->letters, name->n) == 0;
  }
  return name->n >= ACROSS_LETTERS && part->n >= ACROSS_LETTERS &&
         spelling_distance(spelling_costs, name, part, ACROSS_NEAR) <= ACROSS_NEAR;
}

/* The one person whose name this is a part of, linked or not; NULL if it is nobody's or several persons'. */
static const full_name *meant(const full_name *all, uint32_t n, const spelling *name, bool latin) {
  const full_name *found = NULL;
  for (uint32_t i = 0; i < n; i++) {
    bool across = all[i].latin != latin;
    if (!is_part(name, &all[i].last, across) && !is_part(name, &all[i].first, across)) {
      continue;
    }
    if (found != NULL && !same_person(found, &all[i])) {
      return NULL;
    }
    found = found != NULL && is_linked(found->c) ? found : &all[i];
  }
  return found;
}

/* True if the lexicon only guesses that this single name is that person's, and nothing says the full name. */
static bool is_guess(const scan *s, const candidate *c, const full_name *all, uint32_t n) {
  const scan_word *w = &s->words[c->first];
  if (c->entry == SCAN_NONE || c->link.end > c->link.begin || w->core_len > KEY_BYTES_MAX) {
    return false;
  }
  for (uint32_t i = 0; i < n; i++) {
    if (all[i].c->entry == c->entry && all[i].c->lexicon == c->lexicon) {
      return false;
    }
  }
  const lexicon *lex = &s->lexicons[c->lexicon];
  key k = c->begin == w->begin ? (key){ w->hash, w->key_len } : (key){ w->core_hash, w->core_len };
  const qlex_slot *slot = lexicon_find(lex, key_print(k));
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && payload->entry == c->entry) {
      return (payload->flags & QLEX_AMBIGUOUS) != 0;
    }
  }
  return false;
}

static void adopt(candidate *c, const full_name *of) {
  c->entry = of->c->entry;
  c->lexicon = of->c->lexicon;
  c->link = of->c->link;
}

void namesakes_link(scan *s) {
  full_name all[PERSONS_MAX];
  uint32_t n = gather(s, all);
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    candidate *c = &s->candidates[i];
    if (c->chosen == 0 || c->type != QN_ENTITY_TYPE_PERSON || c->last != c->first + 1) {
      continue;
    }
    bool guess = is_guess(s, c, all, n);
    if (is_linked(c) && !guess) {
      continue;
    }
    const scan_word *w = &s->words[c->first];
    bool whole = c->begin == w->begin;
    spelling name;
    letters_of(s, c->first, whole, &name);
    const full_name *of = meant(all, n, &name, is_latin(s, c));
    if (of == NULL && !whole) {
      letters_of(s, c->first, true, &name);
      of = meant(all, n, &name, is_latin(s, c));
      c->begin = of != NULL ? w->begin : c->begin;
    }
    if (of != NULL) {
      adopt(c, of); /* of somebody unknown no link, whoever else is called so */
    }
  }
}
