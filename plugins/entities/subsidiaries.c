/* SPDX-License-Identifier: Apache-2.0 */

/* Looks for a country behind the name of a company. */
#include "entities/subsidiaries.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "entities/nationalities.h"
#include "entities/shortnames.h"
#include "qanat/layers.h"

enum {
  COUNTRY_WORDS_MAX = 2,
  NEIGHBOURS = 64 /* candidates on each side among which the same pair is looked for */
};

/* What a lexicon calls so without doubt, of this type and class; SCAN_NONE if there is nothing, or something else, too. */
static uint32_t called(const lexicon *lex, key k, uint8_t type, uint8_t class) {
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  uint32_t found = SCAN_NONE;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    const qlex_entry *entry = &lex->entries[payload->entry];
    if (payload->kind != QLEX_ENTITY) {
      continue;
    }
    if (entry->type != type || entry->class != class || (payload->flags & QLEX_AMBIGUOUS) != 0) {
      return SCAN_NONE;
    }
    found = found == SCAN_NONE ? payload->entry : found;
  }
  return found;
}

/* The name without an explanation and without "Group" or "Holdings" at its end. */
static qn_str without_tail(qn_str name) {
  char lower[QLEX_NAME_MAX]; /* as long as any name, so that none is cut inside a character */
  size_t len = 0;
  while (len < name.len && len < sizeof lower && name.data[len] != ',' && name.data[len] != '(') {
    char c = name.data[len];
    lower[len++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  while (len > 0 && name.data[len - 1] == ' ') {
    len--;
  }
  return (qn_str){ name.data, len > 0 ? shortnames_length(lower, len) : name.len };
}

/* The name of a country without what explains it; whole if it begins with that. */
static qn_str without_explanation(qn_str name) {
  const char *explained = memchr(name.data, '(', name.len);
  size_t len = explained != NULL && explained > name.data ? (size_t)(explained - name.data) : name.len;
  while (len > 1 && len < name.len && name.data[len - 1] == ' ') {
    len--;
  }
  return (qn_str){ name.data, len };
}

static bool is_company(const scan *s, uint32_t which, uint32_t entry) {
  return entry != SCAN_NONE && s->lexicons[which].entries[entry].class == QLEX_CLASS_COMPANY;
}

/* True if words [first, last) are a country's name in some lexicon, and no adjective as "السعودية" may be; sets it. */
static bool is_country(const scan *s, uint32_t first, uint32_t last, qn_str *ret_country) {
  const scan_word *w = &s->words[first];
  key k = match_key(s, first, last, w->begin);
  for (uint32_t which = 0; which < s->n_lexicons; which++) {
    const lexicon *lex = &s->lexicons[which];
    uint32_t country = called(lex, k, QN_ENTITY_TYPE_LOCATION, QLEX_CLASS_COUNTRY);
    if (country != SCAN_NONE) {
      if (nationalities_country(s->heap + w->form, w->form_len).len > 0) {
        return false;
      }
      *ret_country = without_explanation(lexicon_name(lex, country));
      return true;
    }
  }
  return false;
}

static bool is_form(const scan *s, uint32_t i, const char *form) {
  const scan_word *w = &s->words[i];
  return w->form_len == strlen(form) && memcmp(s->heap + w->form, form, w->form_len) == 0;
}

/* True if no object can begin behind this company, so that a country there belongs to it: it stands at the beginning, behind
 * "شركة", a title or a preposition. Behind a verb it may be who does something to the country: "اتهمت غوغل روسيا". */
static bool is_led(const scan *s, const candidate *c) {
  static const char *const prepositions[] = { "في", "من", "مع", "عن", "الي", "علي", "لدي", "بين", "ضد", "عبر", "قبل" };
  const scan_word *w = &s->words[c->first];
  if (c->first == 0 || scan_parts(s, c->first) || scan_mark(s, c->first - 1) == '.' ||
      (s->triggers[c->first].title | s->triggers[c->first].direct) != 0) {
    return true;
  }
  for (size_t i = 0; i < sizeof prepositions / sizeof prepositions[0]; i++) {
    if (is_form(s, c->first - 1, prepositions[i])) {
      return true;
    }
  }
  for (uint32_t at = w->begin; at + 1 < c->begin; at += 2) {
    static const char LAM[] = "ل";
    static const char BA[] = "ب";
    if (memcmp(s->view.data + at, LAM, 2) == 0 || memcmp(s->view.data + at, BA, 2) == 0) {
      return true;
    }
  }
  return false;
}

/* True if words [first, last) and [other, ...) are the same. */
static bool same_words(const scan *s, uint32_t first, uint32_t last, uint32_t other) {
  for (uint32_t i = first; i < last; i++, other++) {
    if (scan_parts(s, other) || s->words[i].key_len != s->words[other].key_len ||
        s->words[i].hash != s->words[other].hash) {
      return false;
    }
  }
  return true;
}

/* True if the company and the country in words [c->last, last) are a name: here, or where they stand together nearby. */
static bool is_believed(const scan *s, const candidate *c, uint32_t last) {
  if (is_led(s, c)) {
    return true;
  }
  uint32_t at = (uint32_t)(c - s->candidates);
  uint32_t end = s->n_candidates - at > NEIGHBOURS ? at + NEIGHBOURS : s->n_candidates;
  for (uint32_t i = at > NEIGHBOURS ? at - NEIGHBOURS : 0; i < end; i++) {
    const candidate *other = &s->candidates[i];
    if (other->chosen != 0 && other->entry == c->entry && other->lexicon == c->lexicon && other->first != c->first &&
        same_words(s, c->last, last, other->last) && is_led(s, other)) {
      return true;
    }
  }
  return false;
}

/* A country behind the company that a mention is linked with. */
static int find_behind(const scan *s, const candidate *c, subsidiary *ret_found) {
  for (uint32_t n = COUNTRY_WORDS_MAX; n > 0; n--) {
    uint32_t last = c->last;
    while (last < c->last + n && !scan_parts(s, last) && s->words[last].mark == 0) {
      last++;
    }
    if (last == c->last + n && is_country(s, c->last, last, &ret_found->country)) {
      ret_found->company = without_tail(lexicon_name(&s->lexicons[c->lexicon], c->entry));
      return is_believed(s, c, last);
    }
  }
  return 0;
}

/* A company and a country that make a mention together. */
static int find_inside(const scan *s, const candidate *c, subsidiary *ret_found) {
  for (uint32_t which = 0; which < s->n_lexicons; which++) {
    for (uint32_t n = COUNTRY_WORDS_MAX; n > 0; n--) {
      uint32_t last = c->last > c->first + n ? c->last - n : c->first;
      if (last == c->first || !is_country(s, last, c->last, &ret_found->country)) {
        continue;
      }
      key company = match_key(s, c->first, last, c->begin);
      uint32_t entry = called(&s->lexicons[which], company, QN_ENTITY_TYPE_ORGANIZATION, QLEX_CLASS_COMPANY);
      if (entry != SCAN_NONE) {
        ret_found->company = without_tail(lexicon_name(&s->lexicons[which], entry));
        return 1;
      }
    }
  }
  return 0;
}

int subsidiaries_find(const scan *s, const candidate *c, subsidiary *ret_found) {
  bool arabic = (s->words[c->first].shape & WORD_ARABIC) != 0;
  if (!arabic || c->type != QN_ENTITY_TYPE_ORGANIZATION || c->composed != 0) {
    return 0;
  }
  if (c->entry == SCAN_NONE) {
    return find_inside(s, c, ret_found);
  }
  return is_company(s, c->lexicon, c->entry) ? find_behind(s, c, ret_found) : 0;
}
