/* SPDX-License-Identifier: Apache-2.0 */

/* Takes runs of words with capitals, parts known makers from their models, and guesses a type by the last word, by
 * digits, and by what stands around. */
#include "entities/latin.h"

#include <stdbool.h>

#include "entities/context.h"
#include "entities/names.h"
#include "qanat/layers.h"

enum { ORG = 1u << QN_ENTITY_TYPE_ORGANIZATION };

typedef struct run {
  uint32_t first;
  uint32_t last;
  uint32_t n_words;
  uint32_t n_common;
  bool digits;
  bool caps;    /* one word of capitals */
  uint8_t tail; /* types that the words beyond the first speak for; the last weighs most */
} run;

static run measure(const scan *s, uint32_t first, uint32_t last) {
  run r = { first, last, 0, 0, false, false, 0 };
  for (uint32_t i = first; i < last; i++) {
    const scan_word *w = &s->words[i];
    if (w->mark != 0) {
      continue;
    }
    r.n_words++;
    r.n_common += (w->lore & (LORE_COMMON | LORE_NAME_ANY | LORE_ENTITY)) == LORE_COMMON ||
                  (w->lore & LORE_FREQUENT & LORE_COMMON) != 0;
    r.digits = r.digits || (w->shape & (WORD_DIGITS | WORD_NUMBER)) != 0;
    bool of = i == first && i + 2 < last && s->words[i + 1].mark == 0 && (s->words[i + 1].shape & WORD_CAPITAL) == 0;
    if ((i > first || of) && s->triggers[i].tail != 0) {
      r.tail = s->triggers[i].tail;
    }
  }
  r.caps = r.n_words == 1 && (s->words[first].shape & WORD_CAPS) != 0;
  return r;
}

/* A name in Latin letters is its own link, as far as it is known by what is written here: an acronym stands for a longer
 * name, a model alone for one with its maker, and few persons whom the lexicon lacks are known elsewhere. */
static bool is_own_link(const scan *s, const run *r, uint32_t type) {
  const scan_word *w = &s->words[r->first];
  if (r->n_words >= 2) {
    return type != QN_ENTITY_TYPE_PERSON;
  }
  return type == QN_ENTITY_TYPE_ORGANIZATION && !r->caps && !r->digits && w->core_len >= 4 &&
         (w->shape & WORD_CAPITAL) != 0;
}

static void propose(scan *s, const run *r, uint32_t type, float score) {
  candidate proposed = {
    .first = r->first,
    .last = r->last,
    .begin = s->words[r->first].core,
    .end = s->words[r->last - 1].end,
    .score = score,
    .type = (uint8_t)type,
    .from = FROM_PATTERN,
    .entry = SCAN_NONE,
    .value = SCAN_NONE,
  };
  if (is_own_link(s, r, type)) {
    proposed.link = (qn_span){ proposed.begin, proposed.end };
  }
  scan_propose(s, &proposed);
}

/* Latin text all around: then a capital at the begin of a sentence says nothing. */
static bool in_latin_text(const scan *s, const run *r) {
  bool before = r->first > 0 && !scan_parts(s, r->first) && (s->words[r->first - 1].shape & WORD_LATIN) != 0;
  bool after = !scan_parts(s, r->last) && (s->words[r->last].shape & WORD_LATIN) != 0;
  return before || after;
}

/* Two or three words with nothing that says otherwise: as often a person as not. */
static bool looks_like_person(const scan *s, const run *r) {
  if (r->n_words < 2 || r->n_words > 3 || r->digits || r->tail != 0 || r->n_common > 0 ||
      (s->triggers[r->first].owned & ~(1u << QN_ENTITY_TYPE_PERSON)) != 0) {
    return false;
  }
  for (uint32_t i = r->first; i < r->last; i++) {
    if ((s->words[i].shape & WORD_CAPS) != 0 || s->words[i].mark == '&') {
      return false;
    }
  }
  return true;
}

/* Without the titles that it begins with: "Mayor James Whitfield". */
static run without_titles(const scan *s, const run *r) {
  uint32_t first = r->first;
  while (first + 1 < r->last && (s->words[first].lore & (LORE_TITLE | LORE_GIVEN)) == LORE_TITLE) {
    first++;
  }
  return first > r->first ? measure(s, first, r->last) : *r;
}

static void guess(scan *s, const run *r) {
  run named = without_titles(s, r);
  bool latin_text = in_latin_text(s, r);
  float base = latin_text ? 0.54f : 0.62f;
  if (r->n_common == r->n_words || (latin_text && (s->words[r->first].shape & WORD_SENTENCE) != 0 && r->n_words == 1)) {
    return;
  }
  if (r->n_words == 1 && s->words[r->first].key_len < 2) {
    return;
  }
  if (looks_like_person(s, &named)) {
    propose(s, &named, QN_ENTITY_TYPE_PERSON,
            base - 0.06f + context_support(s, named.first, named.last, QN_ENTITY_TYPE_PERSON) * 0.4f);
  }
  for (uint32_t type = QN_ENTITY_TYPE_ORGANIZATION; type <= QN_ENTITY_TYPE_EVENT; type++) {
    float support = context_support(s, r->first, r->last, type);
    float score = base - 0.1f + support * 0.4f;
    bool by_tail = (r->tail >> type & 1) != 0;
    score += by_tail ? 0.12f : r->tail != 0 ? -0.12f : 0.0f;
    if (r->digits && r->tail == 0) {
      score += type == QN_ENTITY_TYPE_PRODUCT ? 0.12f : -0.06f;
    }
    if (type == QN_ENTITY_TYPE_ORGANIZATION) {
      score += r->caps ? 0.1f : looks_like_person(s, r) ? 0.0f : 0.06f;
    } else if (type == QN_ENTITY_TYPE_LOCATION && r->n_words == 1 && !r->caps && context_is_located(s, r->first)) {
      score += 0.06f;
    } else if (type != QN_ENTITY_TYPE_PRODUCT && !by_tail && support <= 0.0f) {
      continue;
    }
    propose(s, r, type, score);
  }
}

/* Behind a maker: its model. */
static void guess_model(scan *s, const run *r) {
  if (r->n_common < r->n_words && !(r->n_words == 1 && s->words[r->first].key_len < 2)) {
    propose(s, r, QN_ENTITY_TYPE_PRODUCT, r->digits ? 0.74f : 0.6f);
  }
}

static void take_run(scan *s, uint32_t first, uint32_t last) {
  run whole = measure(s, first, last);
  const trigger *t = &s->triggers[first];
  guess(s, &whole);
  if ((t->owned & ORG) != 0 && t->owned_end > first && t->owned_end < last && whole.tail == 0) {
    uint32_t model = t->owned_end;
    while (model < last && s->words[model].mark != 0) {
      model++;
    }
    run rest = measure(s, model, last);
    if (rest.n_words > 0) {
      guess_model(s, &rest);
    }
  }
}

/* "Cambridge, Ontario": a place and the region it lies in are one name. */
static void take_region(scan *s, uint32_t first, uint32_t last) {
  const uint8_t place = 1u << QN_ENTITY_TYPE_LOCATION;
  uint32_t region = last + 1;
  if (scan_mark(s, last) != ',' || scan_parts(s, last) || scan_parts(s, region) || last - first > 2 ||
      (s->triggers[region].owned & place) == 0 || (s->words[region].shape & WORD_LATIN) == 0) {
    return;
  }
  run whole = { .first = first, .last = s->triggers[region].owned_end, .n_words = 2 };
  propose(s, &whole, QN_ENTITY_TYPE_LOCATION, 0.75f);
}

void latin_propose(scan *s) {
  for (uint32_t i = 0; i < s->n_words;) {
    const scan_word *w = &s->words[i];
    uint32_t end = i;
    if ((w->shape & WORD_LATIN) != 0 && (w->shape & (WORD_CAPITAL | WORD_DIGITS)) != 0) {
      end = names_latin_end(s, i);
    }
    if (end > i) {
      take_run(s, i, end);
      take_region(s, i, end);
      i = end;
    } else {
      i++;
    }
  }
}
