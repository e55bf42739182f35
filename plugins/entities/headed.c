/* SPDX-License-Identifier: Apache-2.0 */

/* Looks for a name once more with such a word before it, or without its own. */
#include "entities/headed.h"

#include <stdbool.h>
#include <string.h>

#include "entities/match.h"
#include "entities/nationalities.h"
#include "entities/shortnames.h"
#include "qanat/layers.h"

/* Parts of what a document says of countries: it speaks of one, and it speaks of it much. */
#define HERE 0.1f
#define HERE_MUCH 0.25f

/* What may be known by the name behind such a word. */
enum { ANY = 0, NATURE = 1, INHABITED = 2, CLUB = 3, COMPANY = 4 };

enum { SHORT = 8 }; /* bytes of a name that says too little by itself */

/* Words that names are known with and without. Folded. */
static const struct {
  const char *word;
  uint8_t type;
  uint8_t meant; /* by the name without the word */
} heads[] = {
  { "حزب", QN_ENTITY_TYPE_ORGANIZATION, ANY },      { "حركه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "بنك", QN_ENTITY_TYPE_ORGANIZATION, ANY },      { "مصرف", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "مجموعه", QN_ENTITY_TYPE_ORGANIZATION, ANY },   { "شركه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "نادي", QN_ENTITY_TYPE_ORGANIZATION, ANY },     { "جماعه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "صحيفه", QN_ENTITY_TYPE_ORGANIZATION, ANY },    { "قناه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "فريق", QN_ENTITY_TYPE_ORGANIZATION, ANY },     { "منظمه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "فرقه", QN_ENTITY_TYPE_ORGANIZATION, ANY },     { "كيبوتس", QN_ENTITY_TYPE_LOCATION, ANY },
  { "وكاله", QN_ENTITY_TYPE_ORGANIZATION, ANY },    { "تنظيم", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "شبكه", QN_ENTITY_TYPE_ORGANIZATION, ANY },     { "تطبيق", QN_ENTITY_TYPE_PRODUCT, ANY },
  { "منصه", QN_ENTITY_TYPE_PRODUCT, ANY },          { "جبال", QN_ENTITY_TYPE_LOCATION, NATURE },
  { "جبل", QN_ENTITY_TYPE_LOCATION, NATURE },       { "نهر", QN_ENTITY_TYPE_LOCATION, NATURE },
  { "بحيره", QN_ENTITY_TYPE_LOCATION, NATURE },     { "وادي", QN_ENTITY_TYPE_LOCATION, NATURE },
  { "صحراء", QN_ENTITY_TYPE_LOCATION, NATURE },     { "خليج", QN_ENTITY_TYPE_LOCATION, NATURE },
  { "مضيق", QN_ENTITY_TYPE_LOCATION, NATURE },      { "جزيره", QN_ENTITY_TYPE_LOCATION, ANY },
  { "جزر", QN_ENTITY_TYPE_LOCATION, ANY },          { "مدينه", QN_ENTITY_TYPE_LOCATION, INHABITED },
  { "بلده", QN_ENTITY_TYPE_LOCATION, INHABITED },   { "ولايه", QN_ENTITY_TYPE_LOCATION, INHABITED },
  { "محافظه", QN_ENTITY_TYPE_LOCATION, INHABITED }, { "اقليم", QN_ENTITY_TYPE_LOCATION, INHABITED },
  { "مقاطعه", QN_ENTITY_TYPE_LOCATION, INHABITED }, { "منطقه", QN_ENTITY_TYPE_LOCATION, INHABITED },
  { "جهه", QN_ENTITY_TYPE_LOCATION, INHABITED },    { "مخيم", QN_ENTITY_TYPE_LOCATION, ANY },
  { "جامعه", QN_ENTITY_TYPE_ORGANIZATION, ANY },    { "معهد", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "موسسه", QN_ENTITY_TYPE_ORGANIZATION, ANY },    { "اذاعه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "تلفزيون", QN_ENTITY_TYPE_ORGANIZATION, ANY },  { "مجله", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "جريده", QN_ENTITY_TYPE_ORGANIZATION, ANY },    { "ميليشيا", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "كتايب", QN_ENTITY_TYPE_ORGANIZATION, ANY },    { "علامه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
  { "هييه", QN_ENTITY_TYPE_ORGANIZATION, ANY },
};

enum { N_HEADS = sizeof heads / sizeof heads[0] };

/* Words that are left off so often that they are tried where they do not stand. Folded. */
static const struct {
  const char *word;
  uint8_t type;
} usual[] = {
  { "حزب", QN_ENTITY_TYPE_ORGANIZATION },   { "حركه", QN_ENTITY_TYPE_ORGANIZATION },
  { "بنك", QN_ENTITY_TYPE_ORGANIZATION },   { "مجموعه", QN_ENTITY_TYPE_ORGANIZATION },
  { "جماعه", QN_ENTITY_TYPE_ORGANIZATION }, { "المجلس", QN_ENTITY_TYPE_ORGANIZATION },
  { "الحزب", QN_ENTITY_TYPE_ORGANIZATION }, { "الحركه", QN_ENTITY_TYPE_ORGANIZATION },
  { "البنك", QN_ENTITY_TYPE_ORGANIZATION }, { "مدينه", QN_ENTITY_TYPE_LOCATION },
  { "جزيره", QN_ENTITY_TYPE_LOCATION },     { "حقل", QN_ENTITY_TYPE_LOCATION },
  { "محطه", QN_ENTITY_TYPE_LOCATION },      { "قلعه", QN_ENTITY_TYPE_LOCATION },
  { "اقليم", QN_ENTITY_TYPE_LOCATION },     { "سد", QN_ENTITY_TYPE_LOCATION },
  { "ملعب", QN_ENTITY_TYPE_LOCATION },      { "مخيم", QN_ENTITY_TYPE_LOCATION },
  { "مركز", QN_ENTITY_TYPE_LOCATION },      { "بحيره", QN_ENTITY_TYPE_LOCATION },
  { "نهر", QN_ENTITY_TYPE_LOCATION },       { "حوض", QN_ENTITY_TYPE_LOCATION },
  { "محافظه", QN_ENTITY_TYPE_LOCATION },    { "مقاطعه", QN_ENTITY_TYPE_LOCATION },
  { "ولايه", QN_ENTITY_TYPE_LOCATION },     { "اداره", QN_ENTITY_TYPE_LOCATION },
  { "منطقه", QN_ENTITY_TYPE_LOCATION },     { "جزر", QN_ENTITY_TYPE_LOCATION },
  { "وادي", QN_ENTITY_TYPE_LOCATION },      { "جبل", QN_ENTITY_TYPE_LOCATION },
  { "خليج", QN_ENTITY_TYPE_LOCATION },      { "محميه", QN_ENTITY_TYPE_LOCATION },
  { "متنزه", QN_ENTITY_TYPE_LOCATION },     { "معبر", QN_ENTITY_TYPE_LOCATION },
  { "قضاء", QN_ENTITY_TYPE_LOCATION },      { "اعصار", QN_ENTITY_TYPE_EVENT },
  { "عاصفه", QN_ENTITY_TYPE_EVENT },        { "العاصفه", QN_ENTITY_TYPE_EVENT },
  { "مهرجان", QN_ENTITY_TYPE_EVENT },       { "جايزه", QN_ENTITY_TYPE_EVENT },
  { "بطوله", QN_ENTITY_TYPE_EVENT },
};

/* One thing that was found, or that several were. */
typedef struct finding {
  uint32_t lexicon;
  uint32_t entry;
  bool several;
} finding;

static bool is_meant(const qlex_entry *entry, uint8_t meant) {
  bool inhabited = entry->class == QLEX_CLASS_CITY || entry->class == QLEX_CLASS_COUNTRY;
  bool region = entry->class == QLEX_CLASS_REGION;
  if (meant == CLUB) {
    return entry->class == QLEX_CLASS_CLUB;
  }
  if (meant == COMPANY) {
    return entry->class == QLEX_CLASS_COMPANY;
  }
  return meant == ANY || (meant == NATURE ? !inhabited && !region : inhabited || region);
}

/* Adds what the lexicons call so and is of this type. */
static void look_up(const scan *s, key k, uint8_t type, uint8_t meant, finding *f) {
  for (uint32_t which = 0; k.len <= KEY_BYTES_MAX && which < s->n_lexicons; which++) {
    const lexicon *lex = &s->lexicons[which];
    const qlex_slot *slot = lexicon_find(lex, key_print(k));
    for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
      const qlex_payload *payload = &lex->payloads[slot->first + p];
      const qlex_entry *entry = &lex->entries[payload->entry];
      bool asked = payload->kind == QLEX_ENTITY && entry->type == type && (payload->flags & QLEX_NATIONAL) == 0 &&
                   is_meant(entry, meant);
      if (asked && (f->entry == SCAN_NONE || which < f->lexicon)) {
        *f = (finding){ which, payload->entry, false };
      } else if (asked && which == f->lexicon && payload->entry != f->entry) {
        f->several = true;
      }
    }
  }
}

/* True if the core of word i is this one. */
static bool is_word(const scan *s, uint32_t i, const char *word) {
  const scan_word *w = &s->words[i];
  uint32_t skip = w->key_len > KEY_BYTES_MAX ? 0 : (uint32_t)(w->key_len - w->core_len);
  size_t len = (size_t)w->form_len - skip;
  return strlen(word) == len && memcmp(word, s->heap + w->form + skip, len) == 0;
}

/* The place of word i in the table, N_HEADS if it is none of them. */
static uint32_t head_at(const scan *s, uint32_t i, uint8_t type) {
  for (uint32_t h = 0; h < N_HEADS; h++) {
    if (heads[h].type == type && is_word(s, i, heads[h].word)) {
      return h;
    }
  }
  return N_HEADS;
}

/* The club that an organisation is if it is called like a city. */
static void find_club(const scan *s, key k, finding *f) {
  static const char CLUB_WORD[] = "\xD9\x86\xD8\xA7\xD8\xAF\xD9\x8A"; /* نادي */
  finding city = { 0, SCAN_NONE, false };
  look_up(s, k, QN_ENTITY_TYPE_LOCATION, INHABITED, &city);
  key word = key_of(CLUB_WORD, sizeof CLUB_WORD - 1);
  if (city.entry != SCAN_NONE && word.len + k.len <= KEY_BYTES_MAX) {
    look_up(s, key_join(word, k), QN_ENTITY_TYPE_ORGANIZATION, CLUB, f);
  }
}

/* True if nothing speaks against what was found: it belongs to no country, or to one that the document speaks of. */
static bool is_here(const scan *s, const senses *d, const finding *f) {
  uint32_t country = f->entry != SCAN_NONE ? s->lexicons[f->lexicon].entries[f->entry].country : QLEX_NO_COUNTRY;
  return country >= QLEX_ANY_COUNTRY || senses_share(d, f->lexicon, country) >= HERE;
}

/* True if the text says what place it is, by another word: "حي طويق" is no mountain. */
static bool is_other_place(const scan *s, const candidate *c, const char *word) {
  bool told = c->type == QN_ENTITY_TYPE_LOCATION && c->first > 0 && !scan_parts(s, c->first) &&
              (s->triggers[c->first].direct >> QN_ENTITY_TYPE_LOCATION & 1) != 0;
  return told && !is_word(s, c->first - 1, word);
}

/* With one of the usual words, if only one thing is called so. */
static void find_usual(const scan *s, const senses *d, const candidate *c, key k, finding *f) {
  uint8_t type = c->type;
  for (size_t h = 0; h < sizeof usual / sizeof usual[0]; h++) {
    key word = key_of(usual[h].word, strlen(usual[h].word));
    if (usual[h].type == type && !is_other_place(s, c, usual[h].word) && word.len + k.len <= KEY_BYTES_MAX) {
      look_up(s, key_join(word, k), type, ANY, f);
    }
  }
  bool nowhere = f->entry != SCAN_NONE && s->lexicons[f->lexicon].entries[f->entry].country >= QLEX_ANY_COUNTRY;
  if (!is_here(s, d, f) || (nowhere && k.len < SHORT)) {
    f->entry = SCAN_NONE;
  }
}

/* A company without the word that it ends with: "هيتيرو" of "هيتيرو للأدوية". A short name of one that lies nowhere must be announced as a
 * company's. */
static void find_tailed(const scan *s, const senses *d, const candidate *c, key k, finding *f) {
  size_t at = 0;
  for (const char *tail = shortnames_tail(at); tail != NULL; tail = shortnames_tail(++at)) {
    key word = key_of(tail, strlen(tail));
    if (word.len + k.len <= KEY_BYTES_MAX) {
      look_up(s, key_join(k, word), QN_ENTITY_TYPE_ORGANIZATION, COMPANY, f);
    }
  }
  bool nowhere = f->entry != SCAN_NONE && s->lexicons[f->lexicon].entries[f->entry].country >= QLEX_ANY_COUNTRY;
  bool told = (s->triggers[c->first].direct >> QN_ENTITY_TYPE_ORGANIZATION & 1) != 0;
  if (!is_here(s, d, f) || (nowhere && k.len <= SHORT && !told)) {
    f->entry = SCAN_NONE;
  }
}

/* "مانتا الإكوادورية" where the document speaks of Ecuador. */
static void find_adjectival(const scan *s, const senses *d, key k, uint8_t type, finding *f) {
  static const char ARTICLE[] = "\xD8\xA7\xD9\x84";
  static const char HE[] = "\xD9\x87";
  for (uint32_t i = 0; i < d->n_countries; i++) {
    const sense_country *of = &d->countries[i];
    qn_str country = lexicon_name(&s->lexicons[of->lexicon], of->entry);
    uint32_t at = 0;
    if (of->weight < HERE_MUCH * d->total) {
      continue;
    }
    for (const char *a = nationalities_adjective(country, &at); a != NULL; a = nationalities_adjective(country, &at)) {
      key longer = key_join(key_join(k, key_of(ARTICLE, sizeof ARTICLE - 1)), key_of(a, strlen(a)));
      if (longer.len + sizeof HE <= KEY_BYTES_MAX) {
        look_up(s, longer, type, ANY, f);
        look_up(s, key_join(longer, key_of(HE, sizeof HE - 1)), type, ANY, f);
      }
    }
  }
}

/* With the word that stands before it. */
static void find_longer(const scan *s, const senses *d, const candidate *c, finding *f) {
  uint32_t h = c->first > 0 && !scan_parts(s, c->first) ? head_at(s, c->first - 1, c->type) : N_HEADS;
  key k = match_key(s, c->first, c->last, c->begin);
  if (h < N_HEADS && k.len <= KEY_BYTES_MAX) {
    look_up(s, key_join(key_of(heads[h].word, strlen(heads[h].word)), k), c->type, ANY, f);
  } else if (c->type == QN_ENTITY_TYPE_ORGANIZATION && k.len <= KEY_BYTES_MAX) {
    find_club(s, k, f);
  }
  if (f->entry == SCAN_NONE && k.len <= KEY_BYTES_MAX / 2) {
    find_adjectival(s, d, k, c->type, f);
  }
  if (f->entry == SCAN_NONE && k.len <= KEY_BYTES_MAX / 2) {
    find_usual(s, d, c, k, f);
  }
  if (f->entry == SCAN_NONE && c->type == QN_ENTITY_TYPE_ORGANIZATION && k.len <= KEY_BYTES_MAX / 2) {
    find_tailed(s, d, c, k, f);
  }
}

void headed_link(const scan *s, const senses *d, candidate *c) {
  finding f = { 0, SCAN_NONE, false };
  if ((s->words[c->first].shape & WORD_ARABIC) == 0 || c->type == QN_ENTITY_TYPE_PERSON) {
    return;
  }
  uint32_t own = c->last > c->first + 1 ? head_at(s, c->first, c->type) : N_HEADS;
  if (own < N_HEADS) {
    uint32_t rest = c->first + 1;
    look_up(s, match_key(s, rest, c->last, s->words[rest].begin), c->type, heads[own].meant, &f);
  } else {
    find_longer(s, d, c, &f);
  }
  if (f.entry != SCAN_NONE && !f.several) {
    c->entry = f.entry;
    c->lexicon = (uint8_t)f.lexicon;
  }
}
