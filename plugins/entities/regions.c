/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the province of a town's name where the word before it says that it is one. Other mentions on the page stay the town: tried
 * the other way, as many were wrong as right. */
#include "entities/regions.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "qanat/layers.h"
#include "text/fold.h"

enum { NAME_MAX = 128 };

/* What provinces are called, before their names. Folded. */
static const char *const announcements[] = {
  "محافظه", "محافظ", "محافظتي", "محافظتا", "ولايه", "ولايتي", "ولايتا", "والي", "مقاطعه", "مقاطعتي", "مقاطعتا",
};

/* The words that aliases of provinces begin with, and what their English names end with. Folded. */
static const char *const heads[] = { "محافظه", "ولايه", "مقاطعه", "اقليم", "منطقه" };
static const char *const tails[] = { " governorate", " province", " prefecture", " region",  " state",
                                     " county",      " oblast",   " department", " regency", " district" };

static bool is_town(const scan *s, const candidate *c) {
  return c->chosen != 0 && c->type == QN_ENTITY_TYPE_LOCATION && c->entry != SCAN_NONE && c->composed == 0 &&
         s->lexicons[c->lexicon].entries[c->entry].class == QLEX_CLASS_CITY;
}

/* True if the core of word i is one of n folded words. */
static bool is_one_of(const scan *s, uint32_t i, const char *const *words, size_t n) {
  const scan_word *w = &s->words[i];
  uint32_t skip = w->key_len > KEY_BYTES_MAX ? 0 : (uint32_t)(w->key_len - w->core_len);
  const char *core = s->heap + w->form + skip;
  size_t len = (size_t)w->form_len - skip;
  for (size_t k = 0; k < n; k++) {
    if (strlen(words[k]) == len && memcmp(words[k], core, len) == 0) {
      return true;
    }
  }
  return false;
}

static bool is_announced(const scan *s, const candidate *c) {
  return c->first > 0 && !scan_parts(s, c->first) &&
         is_one_of(s, c->first - 1, announcements, sizeof announcements / sizeof announcements[0]);
}

/* The region of this country that a lexicon calls so, or SCAN_NONE. */
static uint32_t region_called(const lexicon *lex, key k, uint32_t country) {
  const qlex_slot *slot = k.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(k)) : NULL;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    const qlex_entry *entry = &lex->entries[payload->entry];
    if (payload->kind == QLEX_ENTITY && entry->type == QN_ENTITY_TYPE_LOCATION && entry->class == QLEX_CLASS_REGION &&
        entry->country == country) {
      return payload->entry;
    }
  }
  return SCAN_NONE;
}

/* The province that is called like a town, in Arabic with a word for it before, or in English with one behind; SCAN_NONE if there
 * is none. */
static uint32_t region_of(const scan *s, const candidate *c) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  uint32_t country = lex->entries[c->entry].country;
  key k = match_key(s, c->first, c->last, c->begin);
  qn_str name = lexicon_name(lex, c->entry);
  char form[FOLD_BOUND(NAME_MAX)];
  size_t len = 0;
  uint32_t found = SCAN_NONE;
  if (country >= QLEX_ANY_COUNTRY) {
    return SCAN_NONE;
  }
  for (size_t i = 0; i < sizeof heads / sizeof heads[0] && found == SCAN_NONE; i++) {
    found =
        k.len <= KEY_BYTES_MAX ? region_called(lex, key_join(key_of(heads[i], strlen(heads[i])), k), country) : found;
  }
  while (len < name.len && name.data[len] != ',' && name.data[len] != '(') {
    len++;
  }
  len = len <= NAME_MAX ? fold_key((const uint8_t *)name.data, len, (uint8_t *)form) : 0;
  for (size_t i = 0; i < sizeof tails / sizeof tails[0] && found == SCAN_NONE && len > 0; i++) {
    found = region_called(lex, key_join(key_of(form, len), key_of(tails[i], strlen(tails[i]))), country);
  }
  return found;
}

/* "ولاية" is a town with what belongs to it in Oman. */
static bool is_local(const scan *s, const candidate *c) {
  const lexicon *lex = &s->lexicons[c->lexicon];
  uint32_t country = lex->entries[c->entry].country;
  qn_str name = country < QLEX_ANY_COUNTRY ? lexicon_name(lex, country) : (qn_str){ NULL, 0 };
  return name.len == 4 && memcmp(name.data, "Oman", 4) == 0;
}

void regions_tell(scan *s) {
  for (uint32_t i = 0; i < s->n_candidates; i++) {
    candidate *c = &s->candidates[i];
    uint32_t region = is_town(s, c) && is_announced(s, c) && !is_local(s, c) ? region_of(s, c) : SCAN_NONE;
    c->entry = region != SCAN_NONE ? region : c->entry;
  }
}

/* What towns are called, before their names. Folded. */
static const char *const towns[] = { "مدينه", "مدينتي", "مدينتا", "بلده", "بلدتي", "بلدتا", "قريه", "ضاحيه" };

/* A name without the word for a province that it ends with; empty if it ends with none. */
static qn_str without_tail(qn_str name, qn_str *ret_tail) {
  static const char *const words[] = { " Governorate", " Province",   " Prefecture", " Region",  " County",
                                       " Oblast",      " Department", " Regency",    " District" };
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    size_t n = strlen(words[i]);
    if (name.len > n && memcmp(name.data + name.len - n, words[i], n) == 0) {
      *ret_tail = (qn_str){ words[i], n };
      return (qn_str){ name.data, name.len - n };
    }
  }
  return (qn_str){ NULL, 0 };
}

int regions_town(const scan *s, const candidate *c, qn_str *ret_name) {
  static const char *const area[] = { "منطقه" }; /* larger than a governorate it is not */
  static const char *const local[] = { "ولايه" };
  bool asked = c->chosen != 0 && c->type == QN_ENTITY_TYPE_LOCATION && c->entry != SCAN_NONE && c->composed == 0 &&
               c->first > 0 && !scan_parts(s, c->first) &&
               s->lexicons[c->lexicon].entries[c->entry].class == QLEX_CLASS_REGION;
  qn_str tail = { NULL, 0 };
  qn_str name = asked ? without_tail(lexicon_name(&s->lexicons[c->lexicon], c->entry), &tail) : tail;
  bool governorate = tail.len > 1 && tail.data[1] == 'G';
  if (name.len == 0 || !(is_one_of(s, c->first - 1, towns, sizeof towns / sizeof towns[0]) ||
                         (governorate && is_one_of(s, c->first - 1, area, 1)) ||
                         (governorate && is_local(s, c) && is_one_of(s, c->first - 1, local, 1)))) {
    return 0;
  }
  *ret_name = name;
  return 1;
}
