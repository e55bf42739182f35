/* SPDX-License-Identifier: Apache-2.0 */

/* Compares unlinked names with linked ones of the same document. */
#include "entities/relatives.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "qanat/layers.h"
#include "text/fold.h"

enum {
  COMPARED_MAX = 512, /* unlinked names of a document that are compared with all others */
  MAKERS_MAX = 12,    /* organisations of a document whose models are looked for */
  NAME_MAX = 64,      /* bytes of a maker's name */
  PART_LETTERS = 3    /* of the shortest single word that stands for a longer name */
};

static bool is_linked(const candidate *c) {
  return c->entry != SCAN_NONE || c->link.end > c->link.begin || c->composed != 0;
}

static bool same_key(key a, key b) {
  return a.len <= KEY_BYTES_MAX && a.len == b.len && a.hash == b.hash;
}

/* True if the n words of part are those of whole from word at on. */
static bool has_words(const scan *s, const candidate *whole, uint32_t at, const candidate *part, uint32_t n) {
  for (uint32_t k = 0; k < n; k++) {
    uint32_t i = whole->first + at + k;
    key of_whole = match_key(s, i, i + 1, at + k == 0 ? whole->begin : s->words[i].begin);
    uint32_t j = part->first + k;
    key of_part = match_key(s, j, j + 1, k == 0 ? part->begin : s->words[j].begin);
    if (!same_key(of_whole, of_part)) {
      return false;
    }
  }
  return true;
}

/* "كاسافا" of "كاسافا تكنولوجيز", "دي كار" of "لورانس دي كار": how longer names are shortened. */
static bool is_short_for(const scan *s, const candidate *part, const candidate *whole) {
  uint32_t n = part->last - part->first;
  uint32_t n_whole = whole->last - whole->first;
  if (part->type != whole->type || n >= n_whole) {
    return false;
  }
  bool person = part->type == QN_ENTITY_TYPE_PERSON;
  return has_words(s, whole, person ? n_whole - n : 0, part, n);
}

static bool same_link(const candidate *a, const candidate *b) {
  if (a->composed != b->composed || a->entry != b->entry) {
    return false;
  }
  bool by_entry = a->entry != SCAN_NONE && a->composed == 0;
  return by_entry ? a->lexicon == b->lexicon : a->link.begin == b->link.begin && a->link.end == b->link.end;
}

/* One word must tell more than "الهيئة" does. Single names of persons: namesakes.h. */
static bool can_be_short(const scan *s, const candidate *c) {
  const scan_word *w = &s->words[c->first];
  if (c->last > c->first + 1) {
    return true;
  }
  uint16_t lore = c->begin == w->begin ? w->lore : w->core_lore;
  bool told =
      (s->triggers[c->first].head | s->triggers[c->first].open) == 0 && (lore & (LORE_COMMON | LORE_TITLE)) == 0;
  return c->type != QN_ENTITY_TYPE_PERSON && told && (w->shape & WORD_ARTICLE) == 0 && w->core_len >= PART_LETTERS * 2;
}

/* The one linked name that this is short for; NULL if there is none or several differ. */
static const candidate *long_form(const scan *s, const candidate *c) {
  const candidate *found = NULL;
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    const candidate *other = &s->candidates[i];
    if (other->chosen == 0 || other->type != c->type || !is_linked(other) || !is_short_for(s, c, other)) {
      continue;
    }
    if (found != NULL && !same_link(found, other)) {
      return NULL;
    }
    found = other;
  }
  return found;
}

static void adopt(candidate *c, const candidate *of) {
  c->entry = of->entry;
  c->lexicon = of->lexicon;
  c->link = of->link;
  c->composed = of->composed;
}

/* An organisation that the document names, as its models begin with it. */
typedef struct maker {
  uint32_t lexicon;
  uint32_t entry;
  key called;  /* in the text */
  key english; /* the first word of its canonical name */
} maker;

static key first_word(qn_str name) {
  char form[FOLD_BOUND(NAME_MAX)];
  const char *space = memchr(name.data, ' ', name.len);
  size_t len = space != NULL ? (size_t)(space - name.data) : name.len;
  while (len > 0 && (name.data[len - 1] == ',' || name.data[len - 1] == '.')) {
    len--;
  }
  if (len > NAME_MAX) {
    return (key){ 0, KEY_BYTES_MAX + 1 };
  }
  len = fold_key((const uint8_t *)name.data, len, (uint8_t *)form);
  return key_of(form, len);
}

static uint32_t gather_makers(const scan *s, maker all[MAKERS_MAX]) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_candidates && n < MAKERS_MAX; i++) {
    const candidate *c = &s->candidates[i];
    if (c->chosen == 0 || c->type != QN_ENTITY_TYPE_ORGANIZATION || c->entry == SCAN_NONE || c->composed != 0) {
      continue;
    }
    uint32_t k = 0;
    while (k < n && (all[k].entry != c->entry || all[k].lexicon != c->lexicon)) {
      k++;
    }
    if (k == n) {
      all[n++] = (maker){ c->lexicon, c->entry, match_key(s, c->first, c->first + 1, c->begin),
                          first_word(lexicon_name(&s->lexicons[c->lexicon], c->entry)) };
    }
  }
  return n;
}

/* The product that a lexicon calls so, or SCAN_NONE. */
static uint32_t product_called(const lexicon *lex, key maker, key model) {
  if (maker.len > KEY_BYTES_MAX || maker.len + model.len > KEY_BYTES_MAX) {
    return SCAN_NONE;
  }
  const qlex_slot *slot = lexicon_find(lex, key_print(key_join(maker, model)));
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && lex->entries[payload->entry].type == QN_ENTITY_TYPE_PRODUCT) {
      return payload->entry;
    }
  }
  return SCAN_NONE;
}

/* "EV9" where Kia is named, too, and Kia EV9 is known. */
static void link_model(const scan *s, candidate *c, const maker *makers, uint32_t n) {
  key model = match_key(s, c->first, c->last, c->begin);
  uint32_t found = SCAN_NONE;
  uint32_t lexicon = 0;
  for (uint32_t k = 0; k < n && model.len <= KEY_BYTES_MAX; k++) {
    const struct lexicon *lex = &s->lexicons[makers[k].lexicon];
    uint32_t called = product_called(lex, makers[k].called, model);
    called = called != SCAN_NONE ? called : product_called(lex, makers[k].english, model);
    if (called != SCAN_NONE && found != SCAN_NONE && called != found) {
      return;
    }
    found = called != SCAN_NONE ? called : found;
    lexicon = called != SCAN_NONE ? makers[k].lexicon : lexicon;
  }
  if (found != SCAN_NONE) {
    c->entry = found;
    c->lexicon = (uint8_t)lexicon;
  }
}

/* True if a lexicon says of a mention's words that they mean something else, too, than what it is linked with. "البنك الأهلي" is what
 * the page calls so in full, if it does. Persons' names: second_pass.c. */
static bool is_doubtful(const scan *s, const candidate *c) {
  bool asked = c->entry != SCAN_NONE && c->composed == 0 && c->type != QN_ENTITY_TYPE_PERSON && c->last > c->first + 1;
  const lexicon *lex = &s->lexicons[c->lexicon];
  key k = asked ? match_key(s, c->first, c->last, c->begin) : (key){ 0, KEY_BYTES_MAX + 1 };
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && payload->entry == c->entry) {
      return (payload->flags & QLEX_AMBIGUOUS) != 0;
    }
  }
  return false;
}

void relatives_link(scan *s) {
  maker makers[MAKERS_MAX];
  uint32_t n_makers = 0;
  uint32_t n_compared = 0;
  bool gathered = false;
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    candidate *c = &s->candidates[i];
    if (c->chosen == 0 || c->type > QN_ENTITY_TYPE_EVENT || (is_linked(c) && !is_doubtful(s, c))) {
      continue;
    }
    bool compared = n_compared < COMPARED_MAX && can_be_short(s, c);
    const candidate *of = compared ? long_form(s, c) : NULL;
    n_compared += compared;
    if (of != NULL) {
      adopt(c, of);
    } else if (c->type == QN_ENTITY_TYPE_PRODUCT && !is_linked(c)) {
      n_makers = gathered ? n_makers : gather_makers(s, makers);
      gathered = true;
      link_model(s, c, makers, n_makers);
    }
  }
}
