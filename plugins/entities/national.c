/* SPDX-License-Identifier: Apache-2.0 */

/* Finds countries beside the names of institutions, and weighs what a document says of countries. */
#include "entities/national.h"

#include <stdbool.h>
#include <string.h>

#include "entities/nationalities.h"
#include "entities/wordings.h"
#include "text/fold.h"

enum {
  FORM_MAX = 192, /* bytes of a name's folded form */
  COUNTRY_WORDS_MAX = 3,
  COUNTRIES_MAX = 24, /* that are weighed against each other */
};

/* Evidence in the institution's own sentence counts so much more; the country that is meant has so much of all evidence,
 * and so much at least. */
#define NEAR_MORE 1.5f
#define SHARE_MEANT 0.5f
#define WEIGHT_MEANT 1.0f

void national_begin(national *of) {
  of->n = 0;
  of->gathered = 0;
}

/* The country that a lexicon knows by this key, or SCAN_NONE. doubtful: even if it means something else, too, as "عمان" does. */
static uint32_t country_of_key(const lexicon *lex, key alias, bool doubtful) {
  const qlex_slot *slot = lexicon_find(lex, key_print(alias));
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind == QLEX_ENTITY && (doubtful || (payload->flags & QLEX_AMBIGUOUS) == 0) &&
        lex->entries[payload->entry].class == QLEX_CLASS_COUNTRY) {
      return payload->entry;
    }
  }
  return SCAN_NONE;
}

uint32_t national_country(const lexicon *lex, qn_str name) {
  char form[FOLD_BOUND(FORM_MAX)];
  const char *explained = memchr(name.data, '(', name.len);
  size_t len = explained != NULL ? (size_t)(explained - name.data) : name.len;
  len = fold_key((const uint8_t *)name.data, len < FORM_MAX ? len : FORM_MAX, (uint8_t *)form);
  return country_of_key(lex, key_of(form, len), true);
}

/* What an alias that every country has means in this one: the country's own entry, else the one for all; SCAN_NONE if there
 * is neither. */
static uint32_t entry_of_country(const lexicon *lex, key alias, uint8_t kind, uint32_t country) {
  const qlex_slot *slot = alias.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(alias)) : NULL;
  uint32_t found = SCAN_NONE;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    if (payload->kind != kind || (payload->flags & QLEX_NATIONAL) == 0) {
      continue;
    }
    if (lex->entries[payload->entry].country == country) {
      return payload->entry;
    }
    found = lex->entries[payload->entry].country == QLEX_ANY_COUNTRY ? payload->entry : found;
  }
  return found;
}

/* The same of a form that may lack the word for ministry, or the article that a country's name behind it takes the place of, or
 * be worded otherwise. */
static uint32_t institution_of(const lexicon *lex, const char *form, uint32_t len, uint32_t country) {
  static const char MINISTRY[] = "\xD9\x88\xD8\xB2\xD8\xA7\xD8\xB1\xD9\x87"; /* وزاره */
  static const char ARTICLE[] = "\xD8\xA7\xD9\x84";
  key alias = key_of(form, len);
  uint32_t found = entry_of_country(lex, alias, QLEX_ENTITY, country);
  if (found == SCAN_NONE) {
    found = entry_of_country(lex, key_join(key_of(MINISTRY, sizeof MINISTRY - 1), alias), QLEX_ENTITY, country);
  }
  if (found == SCAN_NONE) {
    found = entry_of_country(lex, key_join(key_of(ARTICLE, sizeof ARTICLE - 1), alias), QLEX_ENTITY, country);
  }
  return found != SCAN_NONE ? found : entry_of_country(lex, wordings_key(form, len), QLEX_WORDING, country);
}

/* Where the last n words of a form begin; 0 if nothing is before them. */
static uint32_t last_words(const char *form, uint32_t len, uint32_t n) {
  uint32_t at = len;
  while (at > 0 && (form[at - 1] != ' ' || --n > 0)) {
    at--;
  }
  return at;
}

/* The country that these words are called, perhaps behind ل; SCAN_NONE if they are none. */
static uint32_t country_named(const lexicon *lex, const char *form, uint32_t len) {
  static const char FOR[] = "\xD9\x84";
  uint32_t found = country_of_key(lex, key_of(form, len), false);
  bool led = len > sizeof FOR + 4 && memcmp(form, FOR, sizeof FOR - 1) == 0;
  return found == SCAN_NONE && led ? country_of_key(lex, key_of(form + 2, len - 2), false) : found;
}

/* Where the words before byte at end, "في" and the space left off. */
static uint32_t without_in(const char *form, uint32_t at) {
  static const char IN[] = " \xD9\x81\xD9\x8A";
  uint32_t end = at > 0 ? at - 1 : 0;
  uint32_t len = sizeof IN - 1;
  return end > len && memcmp(form + end - len, IN, len) == 0 ? end - len : end;
}

int national_named(const scan *s, const char *form, uint32_t len, national_found *ret_found) {
  for (uint32_t n = COUNTRY_WORDS_MAX; n > 0; n--) {
    uint32_t at = last_words(form, len, n);
    qn_str adjective =
        at > 0 && n < COUNTRY_WORDS_MAX ? nationalities_country(form + at, len - at) : (qn_str){ NULL, 0 };
    for (uint32_t which = 0; at > 0 && which < s->n_lexicons; which++) {
      const lexicon *lex = &s->lexicons[which];
      uint32_t country = adjective.len > 0 ? national_country(lex, adjective) : country_named(lex, form + at, len - at);
      uint32_t found = country != SCAN_NONE ? institution_of(lex, form, without_in(form, at), country) : SCAN_NONE;
      if (found != SCAN_NONE) {
        *ret_found = (national_found){ which, found, country };
        return 1;
      }
    }
  }
  return 0;
}

static void add(national *of, uint32_t word, uint32_t lexicon, uint32_t country, float weight) {
  if (of->n < NATIONAL_EVIDENCE_MAX) {
    of->all[of->n++] = (national_evidence){ word, lexicon, country, weight };
  }
}

/* "المالية" is of finance far more often than of Mali. */
static bool is_financial(const char *form, uint32_t len) {
  static const char ROOT[] = "\xD9\x85\xD8\xA7\xD9\x84\xD9\x8A"; /* مالي */
  uint32_t root = sizeof ROOT - 1;
  return (len >= root && memcmp(form + len - root, ROOT, root) == 0) ||
         (len >= root + 2 && memcmp(form + len - root - 2, ROOT, root) == 0);
}

/* Adjectives of nationality: "الجيش الإثيوبي". */
static void gather_adjectives(national *of, const scan *s) {
  for (uint32_t i = 0; i < s->n_words; i++) {
    const scan_word *w = &s->words[i];
    const char *end = s->heap + w->form + w->form_len;
    bool adjective = (w->shape & WORD_ARABIC) != 0 && w->form_len > 8 &&
                     (memcmp(end - 2, "\xD9\x8A", 2) == 0 || memcmp(end - 4, "\xD9\x8A\xD9\x87", 4) == 0);
    const char *form = s->heap + w->form;
    bool asked = adjective && !is_financial(form, w->form_len);
    qn_str name = asked ? nationalities_country(form, w->form_len) : (qn_str){ NULL, 0 };
    for (uint32_t which = 0; name.len > 0 && which < s->n_lexicons; which++) {
      uint32_t country = national_country(&s->lexicons[which], name);
      if (country != SCAN_NONE) {
        add(of, i, which, country, 0.5f);
        break;
      }
    }
  }
}

static void gather(national *of, const scan *s) {
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const hit *h = &s->hits[i];
    float weight = 0.0f;
    uint32_t country = senses_country(s, h, &weight);
    if (country != QLEX_NO_COUNTRY) {
      add(of, h->first, h->lexicon, country, weight);
    }
  }
  gather_adjectives(of, s);
  of->gathered = 1;
}

typedef struct tally {
  uint32_t lexicon;
  uint32_t country;
  float weight;
} tally;

/* The words of the sentence around word i. */
static void sentence_around(const scan *s, uint32_t i, uint32_t *ret_first, uint32_t *ret_last) {
  const uint16_t begins = WORD_SENTENCE | WORD_FIRST;
  uint32_t first = i;
  uint32_t last = i + 1;
  while (first > 0 && (s->words[first].shape & begins) == 0) {
    first--;
  }
  while (last < s->n_words && (s->words[last].shape & begins) == 0) {
    last++;
  }
  *ret_first = first;
  *ret_last = last;
}

/* Weighs the countries around word i; returns their total. */
static float weigh_all(const national *of, const scan *s, uint32_t i, tally all[COUNTRIES_MAX], uint32_t *ret_n) {
  uint32_t first;
  uint32_t last;
  uint32_t n = 0;
  float total = 0.0f;
  sentence_around(s, i, &first, &last);
  for (uint32_t e = 0; e < of->n; e++) {
    const national_evidence *at = &of->all[e];
    float weight = at->weight * (at->word >= first && at->word < last ? 1.0f + NEAR_MORE : 1.0f);
    uint32_t k = 0;
    while (k < n && (all[k].country != at->country || all[k].lexicon != at->lexicon)) {
      k++;
    }
    if (k == n && n < COUNTRIES_MAX) {
      all[n++] = (tally){ at->lexicon, at->country, 0.0f };
    }
    if (k < n) {
      all[k].weight += weight;
    }
    total += weight;
  }
  *ret_n = n;
  return total;
}

int national_meant(national *of, const scan *s, uint32_t first, uint32_t last, const char *form, uint32_t len,
                   national_found *ret_found) {
  tally all[COUNTRIES_MAX];
  uint32_t n = 0;
  if (last > s->n_words) {
    return 0;
  }
  if (of->gathered == 0) {
    gather(of, s);
  }
  float total = weigh_all(of, s, first, all, &n);
  for (uint32_t k = 0; k < n; k++) {
    if (all[k].weight < WEIGHT_MEANT || all[k].weight < SHARE_MEANT * total) {
      continue;
    }
    uint32_t found = institution_of(&s->lexicons[all[k].lexicon], form, len, all[k].country);
    if (found != SCAN_NONE) {
      *ret_found = (national_found){ all[k].lexicon, found, all[k].country };
      return 1;
    }
  }
  return 0;
}

float national_weight(national *of, const scan *s, uint32_t word, uint32_t lexicon, uint32_t country) {
  tally all[COUNTRIES_MAX];
  uint32_t n = 0;
  if (of->gathered == 0) {
    gather(of, s);
  }
  weigh_all(of, s, word, all, &n);
  for (uint32_t k = 0; k < n; k++) {
    if (all[k].lexicon == lexicon && all[k].country == country) {
      return all[k].weight;
    }
  }
  return 0.0f;
}
