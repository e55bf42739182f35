/* SPDX-License-Identifier: Apache-2.0 */

/* Links what the lexicon does not list. */
#include "entities/links.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "entities/beside.h"
#include "entities/campuses.h"
#include "entities/capitals.h"
#include "entities/clubs.h"
#include "entities/editions.h"
#include "entities/headed.h"
#include "entities/longer.h"
#include "entities/marks.h"
#include "entities/match.h"
#include "entities/namesakes.h"
#include "entities/near.h"
#include "entities/patterns.h"
#include "entities/racing.h"
#include "entities/regions.h"
#include "entities/relatives.h"
#include "entities/sounding.h"
#include "entities/spelled.h"
#include "entities/spelling.h"
#include "entities/spoken.h"
#include "entities/subsidiaries.h"
#include "entities/worded.h"
#include "qanat/layers.h"
#include "text/fold.h"

enum {
  FORM_MAX = 192,    /* bytes of a folded mention that is compared */
  APART_LETTERS = 5, /* the shortest spelling that is found again in the other script */
  APART_NEAR = 10,   /* ... and how near it must be, and how much nearer than any other */
  APART_MARGIN = 6,
  APART_MENTIONS = 64, /* unlinked names of a document that are compared with each other */
};

/* The part of what a document says of countries from which on it speaks of one. */
#define COUNTRY_SPOKEN_OF 0.1f

void links_done(links *l, const scan *s) {
  if (s->host != NULL) {
    s->host->release(s->env, l->text);
  }
}

static bool is_unlinked(const candidate *c) {
  return c->chosen != 0 && c->entry == SCAN_NONE && c->link.end == c->link.begin && c->type <= QN_ENTITY_TYPE_EVENT;
}

/* The folded form of a mention, its proclitics taken off; 0 if it does not fit. */
static uint32_t form_of(const scan *s, const candidate *c, char form[FORM_MAX]) {
  static const char ARTICLE[] = "\xD8\xA7\xD9\x84";
  enum { LETTER = 2 };
  const reading *readings;
  uint32_t n = match_readings(s, c->first, &readings);
  uint32_t used = 0;
  for (uint32_t i = c->first; i < c->last; i++) {
    const scan_word *w = &s->words[i];
    const char *from = s->heap + w->form;
    uint32_t len = w->form_len;
    if (i == c->first && c->begin != w->begin) {
      uint32_t k = 0;
      while (k < n && readings[k].begin != c->begin) {
        k++;
      }
      uint32_t taken = k < n ? readings[k].n_clitics * LETTER : len;
      bool article = k < n && readings[k].key.len + taken > len && len > taken;
      if (taken >= len || (article && used + sizeof ARTICLE > FORM_MAX)) {
        return 0;
      }
      if (article) {
        memcpy(form + used, ARTICLE, sizeof ARTICLE - 1);
        used += sizeof ARTICLE - 1;
      }
      from += taken;
      len -= taken;
    }
    if (used + len + 1 > FORM_MAX) {
      return 0;
    }
    if (used > 0 && i > c->first && (w->shape & WORD_GLUED) == 0) {
      form[used++] = ' ';
    }
    memcpy(form + used, from, len);
    used += len;
  }
  return used;
}

/* True if a doubtful name of two words or more may be this person's: its last word is nobody's given name, which would make it
 * many people's, and the document speaks of their country, if that is known. */
static bool is_rare_name(const scan *s, const senses *d, const hit *here, const qlex_entry *entry, const candidate *c) {
  bool rare = c->last > c->first + 1 && (s->words[c->last - 1].lore & (LORE_GIVEN | LORE_GIVEN_MAYBE)) == 0;
  return rare &&
         (entry->country >= QLEX_ANY_COUNTRY || senses_share(d, here->lexicon, entry->country) >= COUNTRY_SPOKEN_OF);
}

/* How well an alias of this form and type fits here; below 0: not at all. */
static float fit_of(const scan *s, const senses *d, const hit *here, const qlex_payload *payload, const candidate *c) {
  const qlex_entry *entry = &s->lexicons[here->lexicon].entries[payload->entry];
  bool doubtful = (payload->flags & QLEX_AMBIGUOUS) != 0;
  bool national = (payload->flags & QLEX_NATIONAL) != 0;
  bool other = entry->type != c->type;
  bool town =
      entry->class == QLEX_CLASS_CITY || entry->class == QLEX_CLASS_REGION || entry->class == QLEX_CLASS_COUNTRY;
  bool described = (s->triggers[c->first].head | s->triggers[c->first].open) != 0; /* many offices share a name */
  bool person = entry->type == QN_ENTITY_TYPE_PERSON || c->type == QN_ENTITY_TYPE_PERSON;
  qn_str name = lexicon_name(&s->lexicons[here->lexicon], payload->entry);
  bool explained = name.data[name.len - 1] == ')'; /* "Angara (rocket)" is no airline */
  if (payload->kind != QLEX_ENTITY || (person && (other || (doubtful && !is_rare_name(s, d, here, entry, c)))) ||
      (other && (doubtful || national || town || explained)) ||
      ((national || (doubtful && described)) && !senses_is_national(d, s, here, payload))) {
    return -1.0f;
  }
  return (doubtful ? 0.5f : other ? 0.46f : 0.56f) + senses_weigh(d, s, here, payload);
}

/* A mention that the lexicon lists with its type, though something else proposed it: what made the alias doubtful is
 * settled. Of several things that fit equally well, none is meant. */
static void link_listed(const scan *s, const senses *d, candidate *c, const char *form, uint32_t len) {
  enum { ENOUGH = 3 }; /* hundredths by which the best must lead */
  uint64_t print = key_print(key_of(form, len));
  for (uint32_t which = 0; which < s->n_lexicons && c->entry == SCAN_NONE; which++) {
    const qlex_slot *slot = lexicon_find(&s->lexicons[which], print);
    float best = 0.0f;
    float second = 0.0f;
    const qlex_payload *found = NULL;
    for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
      const qlex_payload *payload = &s->lexicons[which].payloads[slot->first + p];
      hit here = { .first = c->first, .last = c->last, .begin = c->begin, .lexicon = (uint8_t)which };
      float fit = fit_of(s, d, &here, payload, c);
      if (fit > best) {
        second = best;
        best = fit;
        found = payload;
      } else if (fit > second) {
        second = fit;
      }
    }
    if (found != NULL && best >= second + ENOUGH / 100.0f) {
      c->entry = found->entry;
      c->lexicon = (uint8_t)which;
    }
  }
}

/* One word of a person's name is not enough: many share it. */
static bool is_telling(const candidate *c) {
  return c->type != QN_ENTITY_TYPE_PERSON || c->last > c->first + 1;
}

/* A name that no lexicon has, as letters. */
typedef struct unknown {
  candidate *c;
  spelling letters;
  bool latin;
} unknown;

/* The nearest spelling in the other script, if it is near enough and no other comes close. */
static const unknown *counterpart(const unknown *all, uint32_t n, const unknown *of) {
  uint32_t nearest = SPELLING_FAR;
  uint32_t second = SPELLING_FAR;
  const unknown *found = NULL;
  for (uint32_t i = 0; i < n; i++) {
    const unknown *other = &all[i];
    if (other->latin == of->latin || other->c->type != of->c->type) {
      continue;
    }
    uint32_t distance = spelling_distance(spelling_costs, &of->letters, &other->letters, APART_NEAR + APART_MARGIN);
    bool same = found != NULL && found->letters.n == other->letters.n &&
                memcmp(found->letters.letters, other->letters.letters, other->letters.n) == 0;
    if (distance < nearest) {
      second = same ? second : nearest;
      nearest = distance;
      found = other;
    } else if (!same && distance < second) {
      second = distance;
    }
  }
  return nearest <= APART_NEAR && second >= nearest + APART_MARGIN ? found : NULL;
}

/* Names that stand in both scripts, apart from each other: the Latin spelling is the name. Persons are left alone, as where
 * they stand side by side (second_pass.c). */
static void link_apart(scan *s) {
  unknown all[APART_MENTIONS];
  uint32_t n = 0;
  for (uint32_t i = 0; i < s->n_candidates && n < APART_MENTIONS; i++) {
    candidate *c = &s->candidates[i];
    char form[FORM_MAX];
    bool latin = (s->words[c->first].shape & WORD_LATIN) != 0; /* such a name may be linked to itself */
    bool unlisted = latin ? c->chosen != 0 && c->entry == SCAN_NONE && c->type < QN_ENTITY_TYPE_EVENT : is_unlinked(c);
    if (!unlisted || c->type == QN_ENTITY_TYPE_PERSON || (s->words[c->first].shape & WORD_CAPS) != 0) {
      continue;
    }
    uint32_t len = form_of(s, c, form);
    spelling_of(form, len, &all[n].letters);
    all[n].c = c;
    all[n].latin = latin;
    n += len > 0 && all[n].letters.n >= APART_LETTERS ? 1 : 0;
  }
  for (uint32_t i = 0; i < n; i++) {
    const unknown *other = counterpart(all, n, &all[i]);
    if (other != NULL) {
      const candidate *named = all[i].latin ? all[i].c : other->c;
      bool has_link = named->link.end > named->link.begin;
      all[i].c->link = has_link ? named->link : (qn_span){ named->begin, named->end };
    }
  }
}

/* Room for so many bytes of a composed name. 0, -ENOMEM. */
static int make_room(links *l, scan *s, size_t bytes) {
  if (bytes > (size_t)INT32_MAX - l->text_used) {
    return -ENOMEM;
  }
  return scan_grow(s, (void **)&l->text, &l->text_capacity, (uint32_t)(l->text_used + bytes), 1);
}

/* Writes where room was made. */
static void put(links *l, const char *bytes, size_t len) {
  memcpy(l->text + l->text_used, bytes, len);
  l->text_used += (uint32_t)len;
}

/* The last len bytes that were written are the link of c. */
static void take_text(const links *l, candidate *c, size_t len) {
  c->link = (qn_span){ (uint32_t)(l->text_used - len), l->text_used };
  c->composed = 1;
}

/* "Ministry of Finance (*)" of a country, "* Dam" at a place. Both names were checked when opened. */
static int compose(links *l, scan *s, qn_str place, candidate *c) {
  qn_str name = lexicon_name(&s->lexicons[c->lexicon], c->entry);
  const char *star = memchr(name.data, '*', name.len);
  int r = star != NULL ? make_room(l, s, name.len + place.len) : 0;
  if (star == NULL || r != 0) {
    return r;
  }
  size_t before = (size_t)(star - name.data);
  put(l, name.data, before);
  put(l, place.data, place.len);
  put(l, star + 1, name.len - before - 1);
  take_text(l, c, name.len - 1 + place.len);
  return 0;
}

/* Where the number begins that text ends with; its end if it ends with none. */
static size_t number_begin(const char *text, size_t len) {
  size_t at = len;
  while (at > 0 && text[at - 1] >= '0' && text[at - 1] <= '9') {
    at--;
  }
  return at;
}

/* "787-9": the number behind a number says which 787. */
static bool is_version(const scan *s, const candidate *c) {
  return c->last >= c->first + 3 && s->words[c->last - 2].mark == '-' &&
         (s->words[c->last - 3].shape & WORD_NUMBER) != 0;
}

/* True if a model is named by a number that the name of its entry does not have. */
static bool has_other_number(const scan *s, const candidate *c) {
  const scan_word *number = &s->words[c->last - 1];
  if (c->type != QN_ENTITY_TYPE_PRODUCT || c->entry == SCAN_NONE || (number->shape & WORD_NUMBER) == 0 ||
      number_begin(s->heap + number->form, number->form_len) > 0 || is_version(s, c)) {
    return false;
  }
  qn_str name = lexicon_name(&s->lexicons[c->lexicon], c->entry);
  if (memchr("IVX", name.data[name.len - 1], 3) != NULL) {
    return false; /* Artemis II */
  }
  for (size_t at = 0; at + number->form_len <= name.len; at++) {
    if (memcmp(name.data + at, s->heap + number->form, number->form_len) == 0) {
      return false;
    }
  }
  return true;
}

/* "سنتينل-1" where only Sentinel-2 is known, or Sentinel: the number stands in the link, too. */
static int compose_numbered(links *l, scan *s, candidate *c) {
  qn_str name = lexicon_name(&s->lexicons[c->lexicon], c->entry);
  const scan_word *number = &s->words[c->last - 1];
  const char *explained = memchr(name.data, '(', name.len);
  size_t len = explained != NULL && explained > name.data ? (size_t)(explained - name.data) - 1 : name.len;
  size_t kept = number_begin(name.data, len);
  bool replaces = kept < len && kept > 0 && memchr(" -.", name.data[kept - 1], 3) != NULL;
  int r = make_room(l, s, len + 1 + number->form_len);
  if (r != 0) {
    return r;
  }
  put(l, name.data, replaces ? kept : len);
  put(l, " ", replaces ? 0 : 1);
  put(l, s->heap + number->form, number->form_len);
  take_text(l, c, (replaces ? kept : len + 1) + number->form_len);
  return 0;
}

static bool is_of_all(const scan *s, const candidate *c) {
  return c->entry != SCAN_NONE && s->lexicons[c->lexicon].entries[c->entry].country == QLEX_ANY_COUNTRY;
}

/* "BPFDoor": nobody writes a common word so. */
static bool has_inner_capital(const scan *s, const scan_word *w) {
  for (uint32_t i = w->core + 1; i < w->end; i++) {
    if (s->view.data[i] >= 'A' && s->view.data[i] <= 'Z') {
      return true;
    }
  }
  return false;
}

/* A Latin name is its own link where it can be the whole of it (latin.c), whatever proposed it. */
static bool is_own_link(const scan *s, const candidate *c) {
  const scan_word *w = &s->words[c->first];
  bool plain = (w->shape & (WORD_LATIN | WORD_CAPITAL | WORD_CAPS | WORD_DIGITS)) == (WORD_LATIN | WORD_CAPITAL);
  if (!plain || c->type == QN_ENTITY_TYPE_PERSON) {
    return false;
  }
  bool product = c->type == QN_ENTITY_TYPE_PRODUCT && has_inner_capital(s, w);
  return c->last > c->first + 1 ||
         (w->core_len >= 4 && (product || (c->type != QN_ENTITY_TYPE_PRODUCT && c->type != QN_ENTITY_TYPE_EVENT)));
}

/* Links what belongs to a country. */
static int take_national(links *l, scan *s, candidate *c, const national_found *found) {
  const lexicon *lex = &s->lexicons[found->lexicon];
  c->entry = found->entry;
  c->lexicon = (uint8_t)found->lexicon;
  return lex->entries[found->entry].country == QLEX_ANY_COUNTRY ? compose(l, s, lexicon_name(lex, found->country), c)
                                                                : 0;
}

/* Appends the definite words behind a mention, two at most, which may say whose it is; returns the longer length. */
static uint32_t with_adjectives(const scan *s, const candidate *c, char form[FORM_MAX], uint32_t len) {
  for (uint32_t i = c->last; i < c->last + 2 && !scan_parts(s, i); i++) {
    const scan_word *w = &s->words[i];
    if ((w->shape & (WORD_ARABIC | WORD_ARTICLE)) != (WORD_ARABIC | WORD_ARTICLE) || len + 1 + w->form_len > FORM_MAX) {
      break;
    }
    form[len++] = ' ';
    memcpy(form + len, s->heap + w->form, w->form_len);
    len += w->form_len;
  }
  return len;
}

/* True if "في" and a country stand behind a mention, which is how it says whose it is: "المحكمة العليا" before "في كينيا". */
static bool is_of_place(const scan *s, const candidate *c, char form[FORM_MAX], uint32_t len,
                        national_found *ret_found) {
  static const char IN[] = "في";
  enum { COUNTRY_WORDS_MAX = 3 };
  for (uint32_t i = c->last; i <= c->last + COUNTRY_WORDS_MAX && !scan_parts(s, i); i++) {
    const scan_word *w = &s->words[i];
    bool in = w->form_len == sizeof IN - 1 && memcmp(s->heap + w->form, IN, sizeof IN - 1) == 0;
    if ((w->shape & WORD_ARABIC) == 0 || (i == c->last && !in) || len + 1 + w->form_len > FORM_MAX) {
      return false;
    }
    form[len++] = ' ';
    memcpy(form + len, s->heap + w->form, w->form_len);
    len += w->form_len;
    if (i > c->last && national_named(s, form, len, ret_found)) {
      return true;
    }
  }
  return false;
}

/* What every country has: whose it is is said in the name, behind it, or by the document. */
static int link_national(links *l, scan *s, candidate *c, char form[FORM_MAX], uint32_t len) {
  national_found found;
  bool is_found = c->last > c->first + 1 && national_named(s, form, len, &found);
  if (!is_found) {
    uint32_t longer = with_adjectives(s, c, form, len);
    is_found = longer > len && national_named(s, form, longer, &found);
  }
  is_found = is_found || is_of_place(s, c, form, len, &found) ||
             national_meant(&l->national, s, c->first, c->last, form, len, &found);
  return is_found ? take_national(l, s, c, &found) : 0;
}

/* "الحماية المدنية البرتغالية" where the document is about another country: the adjective behind a mention decides. */
static int correct_national(links *l, scan *s, candidate *c) {
  const qlex_entry *entry = c->entry != SCAN_NONE ? &s->lexicons[c->lexicon].entries[c->entry] : NULL;
  char form[FORM_MAX];
  national_found found;
  if (c->chosen == 0 || c->type != QN_ENTITY_TYPE_ORGANIZATION || entry == NULL || entry->country == QLEX_NO_COUNTRY ||
      scan_parts(s, c->last) || (s->words[c->last].shape & WORD_ARABIC) == 0) {
    return 0;
  }
  uint32_t len = form_of(s, c, form);
  uint32_t longer = len > 0 ? with_adjectives(s, c, form, len) : 0;
  bool is_found =
      longer > len ? national_named(s, form, longer, &found) : len > 0 && is_of_place(s, c, form, len, &found);
  bool other = is_found && (found.lexicon != c->lexicon || found.country != entry->country);
  return other ? take_national(l, s, c, &found) : 0;
}

/* Of several things of one name the one whose name it is. */
static void prefer_own_name(const scan *s, const senses *d, candidate *c) {
  char form[FORM_MAX];
  bool asked = c->chosen != 0 && c->entry != SCAN_NONE && c->type < QN_ENTITY_TYPE_EVENT;
  uint32_t len = asked ? form_of(s, c, form) : 0;
  if (len > 0) {
    sounding_tell(s, d, c, form, len);
  }
}

/* A Latin name that is its own link, unless it is short for a longer one: "Stadler" of Stadler Rail. */
static void link_short(const scan *s, candidate *c) {
  char form[FORM_MAX];
  bool own = c->chosen != 0 && c->entry == SCAN_NONE && c->composed == 0 && c->type == QN_ENTITY_TYPE_ORGANIZATION &&
             c->link.begin == c->begin && c->link.end == c->end && c->end > c->begin;
  uint32_t len = own ? form_of(s, c, form) : 0;
  for (uint32_t which = 0; len > 0 && which < s->n_lexicons; which++) {
    spelling_match match;
    if (spelling_find(&s->lexicons[which], form, len, c->type, &match) && match.distance == 0 && match.runner_up > 0) {
      c->entry = match.entry;
      c->lexicon = (uint8_t)which;
      return;
    }
  }
}

/* "2019 Africa Cup of Nations", where the lexicon has those of 2021 and 2023. */
static int link_edition(links *l, editions *e, scan *s, candidate *c) {
  const char *year = editions_link(e, s, c);
  qn_str name = year != NULL ? lexicon_name(&s->lexicons[c->lexicon], c->entry) : (qn_str){ NULL, 0 };
  int r = year != NULL ? make_room(l, s, EDITIONS_YEAR + 1 + name.len) : 1;
  if (r != 0) {
    return r < 0 ? r : 0;
  }
  put(l, year, EDITIONS_YEAR);
  put(l, " ", 1);
  put(l, name.data, name.len);
  take_text(l, c, EDITIONS_YEAR + 1 + name.len);
  return 0;
}

/* "Nestlé" and "Ghana". */
static int link_subsidiary(links *l, scan *s, candidate *c) {
  subsidiary found;
  int r = c->chosen != 0 && subsidiaries_find(s, c, &found) ? make_room(l, s, found.company.len + 1 + found.country.len)
                                                            : 1;
  if (r != 0) {
    return r < 0 ? r : 0;
  }
  put(l, found.company.data, found.company.len);
  put(l, " ", 1);
  put(l, found.country.data, found.country.len);
  take_text(l, c, found.company.len + 1 + found.country.len);
  return 0;
}

/* "مدينة البريمي" where only the governorate is known. */
static int link_town(links *l, scan *s, candidate *c) {
  qn_str name;
  int r = regions_town(s, c, &name) ? make_room(l, s, name.len) : 1;
  if (r != 0) {
    return r < 0 ? r : 0;
  }
  put(l, name.data, name.len);
  take_text(l, c, name.len);
  return 0;
}

/* What is made of a word and a place. */
static int link_pattern(links *l, scan *s, const senses *d, candidate *c) {
  pattern_match match;
  if (!patterns_find(s, d, c, &match)) {
    return 0;
  }
  c->entry = match.entry;
  c->lexicon = (uint8_t)match.lexicon;
  return match.is_composed != 0 ? compose(l, s, match.place, c) : 0;
}

static int link_unlinked(links *l, scan *s, const senses *d, candidate *c) {
  char form[FORM_MAX];
  uint32_t len = form_of(s, c, form);
  int r = 0;
  if (len > 0 && is_telling(c)) {
    link_listed(s, d, c, form, len);
  }
  if (len > 0 && c->entry == SCAN_NONE && c->type == QN_ENTITY_TYPE_ORGANIZATION) {
    r = link_national(l, s, c, form, len);
  }
  if (c->entry == SCAN_NONE) {
    headed_link(s, d, c);
  }
  if (c->entry == SCAN_NONE) {
    spelled_link(s, c);
  }
  if (len > 0 && c->entry == SCAN_NONE) {
    worded_link(s, d, c, form, len);
  }
  if (r == 0 && c->entry == SCAN_NONE) {
    r = link_pattern(l, s, d, c);
  }
  if (len > 0 && is_telling(c) && c->entry == SCAN_NONE) {
    variants_link(&l->variants, s, d, c, form, len);
  }
  if (len > 0 && c->entry == SCAN_NONE) {
    near_link(s, d, c, form, len);
  }
  if (c->entry == SCAN_NONE && is_own_link(s, c)) {
    c->link = (qn_span){ c->begin, c->end };
  }
  return r;
}

/* Composes what is not called as its entry is. */
static int compose_name(links *l, scan *s, const senses *d, candidate *c) {
  if (c->composed != 0 || c->chosen == 0) {
    return 0;
  }
  if (has_other_number(s, c)) {
    return compose_numbered(l, s, c);
  }
  if (!is_of_all(s, c) || d->clear == SCAN_NONE) {
    return 0;
  }
  const sense_country *clear = &d->countries[d->clear];
  return compose(l, s, lexicon_name(&s->lexicons[clear->lexicon], clear->entry), c);
}

int links_find(links *l, scan *s, const senses *d) {
  uint32_t n_unlinked = 0;
  int r = 0;
  variants_begin(&l->variants);
  l->text_used = 0;
  national_begin(&l->national);
  clubs_tell(s);
  for (uint32_t i = 0; i < s->n_candidates && r == 0; i++) {
    candidate *c = &s->candidates[i];
    if (is_unlinked(c)) {
      r = link_unlinked(l, s, d, c);
      n_unlinked += is_unlinked(c);
    } else {
      link_short(s, c);
      prefer_own_name(s, d, c);
      spoken_tell(&l->national, s, c);
      marks_correct(s, c);
      beside_tell(s, c);
    }
    r = r == 0 ? correct_national(l, s, c) : r;
    r = r == 0 ? link_subsidiary(l, s, c) : r;
    r = r == 0 ? compose_name(l, s, d, c) : r;
  }
  relatives_link(s);
  if (n_unlinked > 0) {
    link_apart(s);
  }
  namesakes_link(s);
  editions named;
  editions_begin(&named, s);
  for (uint32_t i = 0; i < s->n_candidates && r == 0; i++) {
    r = link_edition(l, &named, s, &s->candidates[i]);
    longer_link(s, &s->candidates[i]);
    r = r == 0 ? link_town(l, s, &s->candidates[i]) : r;
  }
  regions_tell(s);
  capitals_tell(s);
  campuses_tell(s, d);
  racing_tell(s);
  return r;
}

qn_str links_name(const links *l, const scan *s, const candidate *c) {
  if (c->composed != 0) {
    return (qn_str){ l->text + c->link.begin, c->link.end - c->link.begin };
  }
  if (c->entry != SCAN_NONE) {
    return is_of_all(s, c) ? (qn_str){ NULL, 0 } : lexicon_name(&s->lexicons[c->lexicon], c->entry);
  }
  if (c->link.end > c->link.begin) {
    return (qn_str){ (const char *)s->view.data + c->link.begin, c->link.end - c->link.begin };
  }
  return (qn_str){ NULL, 0 };
}
