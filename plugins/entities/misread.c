/* SPDX-License-Identifier: Apache-2.0 */

/* Weighs the signs that the lexicon lists for a misread name. */
#include "entities/misread.h"

#include <stdbool.h>

#include "entities/match.h"

enum { DISTINCT_MAX = 8 }; /* misread names of one document */

/* A name that may be a mistranslation in this document, and what speaks for and against that. */
typedef struct misreading {
  uint32_t entry;
  uint32_t lexicon;
  bool is_for;         /* a sign for it stands in the document: */
  uint64_t first_sign; /* this one ... */
  bool is_for_twice;   /* ... and another. One word often said is no second sign */
  bool is_against;
} misreading;

/* What a hit means of this kind; NULL if nothing. */
static const qlex_payload *meaning(const hit *h, uint8_t kind) {
  for (uint32_t p = 0; p < h->n_payloads; p++) {
    if (h->payloads[p].kind == kind) {
      return &h->payloads[p];
    }
  }
  return NULL;
}

static misreading *find(misreading *found, uint32_t n, uint32_t lexicon, uint32_t entry) {
  for (uint32_t i = 0; i < n; i++) {
    if (found[i].entry == entry && found[i].lexicon == lexicon) {
      return &found[i];
    }
  }
  return NULL;
}

static uint32_t gather(const scan *s, misreading *found) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const hit *h = &s->hits[i];
    const qlex_payload *payload = meaning(h, QLEX_MISREAD);
    if (payload != NULL && n < DISTINCT_MAX && find(found, n, h->lexicon, payload->entry) == NULL) {
      found[n++] = (misreading){ payload->entry, h->lexicon, false, 0, false, false };
    }
  }
  return n;
}

static void weigh_sign(const scan *s, const hit *h, uint16_t flags, misreading *of) {
  uint64_t sign = key_print(match_key(s, h->first, h->last, h->begin));
  if ((flags & QLEX_AGAINST) != 0) {
    of->is_against = true;
  } else if (!of->is_for) {
    of->is_for = true;
    of->first_sign = sign;
  } else {
    of->is_for_twice = of->is_for_twice || sign != of->first_sign;
  }
}

static void weigh_signs(const scan *s, misreading *found, uint32_t n) {
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const hit *h = &s->hits[i];
    for (uint32_t p = 0; p < h->n_payloads; p++) {
      misreading *of = h->payloads[p].kind == QLEX_SIGN ? find(found, n, h->lexicon, h->payloads[p].entry) : NULL;
      if (of != NULL) {
        weigh_sign(s, h, h->payloads[p].flags, of);
      }
    }
  }
}

/* A lexicon means nothing by the words [first, last), nor by a part of them. Hits are sorted by their first word. A name that
 * another lexicon lists is its composer's word. */
static void take_back(scan *s, uint32_t at) {
  uint32_t first = s->hits[at].first;
  uint32_t last = s->hits[at].last;
  uint8_t lexicon = s->hits[at].lexicon;
  bool is_others = false;
  while (at > 0 && s->hits[at - 1].first == first) {
    at--;
  }
  for (; at < s->n_hits && s->hits[at].first < last; at++) {
    if (s->hits[at].last > last) {
      continue;
    }
    if (s->hits[at].lexicon == lexicon) {
      s->hits[at].n_payloads = 0;
    }
    is_others = is_others || (s->hits[at].lexicon != lexicon && meaning(&s->hits[at], QLEX_ENTITY) != NULL);
  }
  for (uint32_t i = first; i < last && !is_others; i++) {
    s->words[i].lore |= LORE_PHRASE;
    s->words[i].core_lore |= LORE_PHRASE;
  }
}

void misread_take_back(scan *s) {
  misreading found[DISTINCT_MAX];
  uint32_t n = gather(s, found);
  if (n == 0) {
    return;
  }
  weigh_signs(s, found, n);
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const qlex_payload *payload = meaning(&s->hits[i], QLEX_MISREAD);
    const misreading *of = payload != NULL ? find(found, n, s->hits[i].lexicon, payload->entry) : NULL;
    if (of != NULL && of->is_for_twice && !of->is_against) {
      take_back(s, i);
    }
  }
}
