/* SPDX-License-Identifier: Apache-2.0 */

/* Asks the lexicon for a wording, alone and with the countries that the document speaks of. */
#include "entities/worded.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "entities/nationalities.h"
#include "entities/wordings.h"
#include "qanat/layers.h"

enum { FORM_MAX = 192, MORE_MAX = 3 };

/* The part of what a document says of countries from which on it speaks of one, and speaks of it much. */
#define HERE 0.1f
#define HERE_MUCH 0.25f

typedef struct finding {
  uint32_t lexicon;
  uint32_t entry;
  float share; /* of its country in what the document says of countries */
  bool several;
  bool of_country;
} finding;

static const finding NOTHING = { 0, SCAN_NONE, 0.0f, false, false };

static bool same_name(const lexicon *lex, uint32_t a, uint32_t b) {
  qn_str left = lexicon_name(lex, a);
  qn_str right = lexicon_name(lex, b);
  return left.len == right.len && memcmp(left.data, right.data, left.len) == 0;
}

/* True if the words say that every country has one: "جهاز الأمن الوطني" of one that is not told is nobody's. */
static bool is_some_nations(const char *form, uint32_t len) {
  static const char *const words[] = { "الوطني", "القومي", "المركزي", "الاتحادي", "الفيدرالي", "الفدرالي" };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    size_t n = strlen(words[i]);
    for (size_t at = 0; at + n <= len; at++) {
      if (memcmp(form + at, words[i], n) == 0) {
        return true;
      }
    }
  }
  return false;
}

/* True if the document speaks of countries, and not of this finding's. */
static bool is_elsewhere(const senses *d, const finding *f) {
  return f->share <= 0.0f && f->of_country && d->clear != SCAN_NONE;
}

/* How much the document speaks of the country of what a wording means; below 0: it cannot be meant. */
static float share_of(const senses *d, uint32_t which, const qlex_payload *payload, const qlex_entry *entry) {
  bool doubtful = (payload->flags & QLEX_AMBIGUOUS) != 0;
  if (payload->kind != QLEX_WORDING || (payload->flags & QLEX_NATIONAL) != 0 || entry->country == QLEX_ANY_COUNTRY ||
      (doubtful && entry->country == QLEX_NO_COUNTRY)) {
    return -1.0f;
  }
  if (entry->country == QLEX_NO_COUNTRY) {
    return 0.0f;
  }
  float share = senses_share(d, which, entry->country);
  return share >= HERE || !doubtful ? share : -1.0f;
}

static void look_up(const scan *s, const senses *d, key wording, uint8_t type, finding *f) {
  for (uint32_t which = 0; wording.len <= KEY_BYTES_MAX && which < s->n_lexicons; which++) {
    const lexicon *lex = &s->lexicons[which];
    const qlex_slot *slot = lexicon_find(lex, key_print(wording));
    for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
      const qlex_payload *payload = &lex->payloads[slot->first + p];
      const qlex_entry *entry = &lex->entries[payload->entry];
      float share = entry->type == type ? share_of(d, which, payload, entry) : -1.0f;
      if (share < 0.0f) {
        continue;
      }
      if (f->entry == SCAN_NONE || (which == f->lexicon && share > f->share)) {
        *f = (finding){ which, payload->entry, share, false, entry->country != QLEX_NO_COUNTRY };
      } else if (which == f->lexicon && share >= f->share && !same_name(lex, f->entry, payload->entry)) {
        f->several = true;
      }
    }
  }
}

/* What is somebody else's is not meant: of a country of which the document does not speak where every country has one, or where the
 * document is about another. */
static void drop_others(const senses *d, const char *form, uint32_t len, finding *f) {
  if (f->entry != SCAN_NONE && ((f->share < HERE && is_some_nations(form, len)) || is_elsewhere(d, f))) {
    *f = NOTHING;
  }
}

/* "وكالة الأرصاد الجوية" on a page about Spain: with the adjective of the country. */
static void look_up_with_countries(const scan *s, const senses *d, uint8_t type, const char *form, uint32_t len,
                                   finding *f) {
  char longer[FORM_MAX];
  for (uint32_t i = 0; i < d->n_countries; i++) {
    const sense_country *of = &d->countries[i];
    uint32_t at = 0;
    const char *adjective = of->weight >= HERE_MUCH * d->total
                                ? nationalities_adjective(lexicon_name(&s->lexicons[of->lexicon], of->entry), &at)
                                : NULL;
    size_t n = adjective != NULL ? strlen(adjective) : 0;
    if (n > 0 && len + 1 + n <= FORM_MAX) {
      memcpy(longer, form, len);
      longer[len] = ' ';
      memcpy(longer + len + 1, adjective, n);
      look_up(s, d, wordings_key(longer, len + 1 + n), type, f);
    }
  }
}

/* Appends up to n words behind a mention, which may have lost its end; returns how many were. */
static uint32_t append_words(const scan *s, const candidate *c, uint32_t n, char longer[FORM_MAX], uint32_t *len) {
  uint32_t taken = 0;
  while (taken < n && !scan_parts(s, c->last + taken)) {
    const scan_word *w = &s->words[c->last + taken];
    if (w->mark != 0 || (w->shape & WORD_ARABIC) == 0 || *len + 1 + w->form_len > FORM_MAX) {
      break;
    }
    longer[(*len)++] = ' ';
    memcpy(longer + *len, s->heap + w->form, w->form_len);
    *len += w->form_len;
    taken++;
  }
  return taken;
}

/* "المحكمة المركزية" before "في سيول": with the words behind it, the most first. */
static void look_up_longer(const scan *s, const senses *d, const candidate *c, const char *form, uint32_t len,
                           finding *f) {
  for (uint32_t n = MORE_MAX; n > 0 && f->entry == SCAN_NONE && len <= FORM_MAX; n--) {
    char longer[FORM_MAX];
    uint32_t longer_len = len;
    memcpy(longer, form, len);
    if (append_words(s, c, n, longer, &longer_len) == n) {
      look_up(s, d, wordings_key(longer, longer_len), c->type, f);
      drop_others(d, longer, longer_len, f);
    }
  }
}

/* Words at the end of a name that the lexicon may have without them: "مطار كوتوكا الدولي", "الدوري الإسباني لكرة القدم". Folded, the
 * last first. */
static const char *const ends[][2] = { { "الدولي", NULL }, { "القدم", "لكره" } };

/* How many words of a mention are such an end. */
static uint32_t end_length(const scan *s, const candidate *c, const char *const end[2]) {
  uint32_t n = 0;
  while (n < 2 && end[n] != NULL) {
    const scan_word *w = &s->words[c->last - 1 - n];
    if (c->last < c->first + n + 3 || w->form_len != strlen(end[n]) ||
        memcmp(s->heap + w->form, end[n], w->form_len) != 0) {
      return 0;
    }
    n++;
  }
  return n;
}

/* The one thing of a mention's type that its words but for the last n call. */
static void look_up_without(const scan *s, const candidate *c, uint32_t n, finding *f) {
  key k = match_key(s, c->first, c->last - n, c->begin);
  for (uint32_t which = 0; k.len <= KEY_BYTES_MAX && which < s->n_lexicons && f->entry == SCAN_NONE; which++) {
    const lexicon *lex = &s->lexicons[which];
    const qlex_slot *slot = lexicon_find(lex, key_print(k));
    for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
      const qlex_payload *payload = &lex->payloads[slot->first + p];
      bool asked = payload->kind == QLEX_ENTITY && (payload->flags & (QLEX_AMBIGUOUS | QLEX_NATIONAL)) == 0 &&
                   lex->entries[payload->entry].type == c->type;
      f->several = f->several || (asked && f->entry != SCAN_NONE && f->entry != payload->entry);
      f->entry = asked ? payload->entry : f->entry;
      f->lexicon = asked ? which : f->lexicon;
    }
  }
}

void worded_link(const scan *s, const senses *d, candidate *c, const char *form, uint32_t len) {
  finding f = NOTHING;
  if (c->type == QN_ENTITY_TYPE_PERSON || (s->words[c->first].shape & WORD_ARABIC) == 0) {
    return;
  }
  look_up_longer(s, d, c, form, len, &f);
  if (f.entry == SCAN_NONE) {
    look_up_with_countries(s, d, c->type, form, len, &f);
  }
  if (f.entry == SCAN_NONE) {
    look_up(s, d, wordings_key(form, len), c->type, &f);
    drop_others(d, form, len, &f);
  }
  if (f.entry == SCAN_NONE && c->type == QN_ENTITY_TYPE_ORGANIZATION && c->last == c->first + 2) {
    look_up(s, d, wordings_beginning(form, len), c->type, &f);
  }
  for (size_t i = 0; i < sizeof ends / sizeof ends[0] && f.entry == SCAN_NONE; i++) {
    uint32_t n = end_length(s, c, ends[i]);
    if (n > 0) {
      look_up_without(s, c, n, &f);
    }
  }
  if (f.entry != SCAN_NONE && !f.several) {
    c->entry = f.entry;
    c->lexicon = (uint8_t)f.lexicon;
  }
}
