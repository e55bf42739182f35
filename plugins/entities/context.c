/* SPDX-License-Identifier: Apache-2.0 */

/* Scores lexicon hits. The figures are weights that were set on the project's own articles, not probabilities; what
 * counts is on which side of SCAN_THRESHOLD they fall and which of two readings is the larger. */
#include "entities/context.h"

#include <stdbool.h>
#include <string.h>

#include "entities/marks.h"
#include "entities/match.h"
#include "entities/owners.h"
#include "qanat/layers.h"
#include "text/letters.h"

/* Belief in a doubtful name that its vowel signs tell. */
#define TOLD_SCORE 0.9f

int context_is_located(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  if ((w->shape & WORD_CLITIC) != 0 && s->view.data[w->begin] == 0xD8 && s->view.data[w->begin + 1] == 0xA8) {
    return 1; /* ب */
  }
  if (i == 0 || scan_parts(s, i)) {
    return 0;
  }
  return (s->words[i - 1].core_lore & LORE_PLACE) != 0;
}

static bool opens(uint32_t mark) {
  return mark == '(' || mark == '[' || letters_is_quote(mark);
}

static bool closes(uint32_t mark) {
  return mark == ')' || mark == ']' || letters_is_quote(mark);
}

int context_is_enclosed(const scan *s, uint32_t first, uint32_t last) {
  return first > 0 && opens(scan_mark(s, first - 1)) && !scan_parts(s, last) && closes(scan_mark(s, last));
}

/* "الزاوية": without its article an ordinary word; whatever is definite can be somewhere to be in. */
static bool is_ordinary_definite(const scan *s, uint32_t i) {
  static const char ARTICLE[] = "\xD8\xA7\xD9\x84";
  const scan_word *w = &s->words[i];
  if ((w->shape & WORD_ARTICLE) == 0 || w->core_len > KEY_BYTES_MAX || w->core_len <= sizeof ARTICLE + 4) {
    return false;
  }
  key rest = key_after((key){ w->core_hash, w->core_len }, key_of(ARTICLE, sizeof ARTICLE - 1));
  for (uint32_t which = 0; which < s->n_lexicons; which++) {
    const qlex_slot *slot = lexicon_find(&s->lexicons[which], key_print(rest));
    if (slot != NULL && (slot->lore & LORE_COMMON) != 0) {
      return true;
    }
  }
  return false;
}

float context_support(const scan *s, uint32_t first, uint32_t last, uint32_t type) {
  const trigger *before = &s->triggers[first];
  const trigger *after = &s->triggers[last];
  uint8_t bit = (uint8_t)(1u << type);
  float support = 0.0f;
  if ((before->direct & bit) != 0) {
    support += 0.45f;
  } else if ((before->title & bit) != 0) {
    support += 0.3f;
  } else if (before->direct != 0) {
    support -= 0.2f;
  }
  if ((before->cue & bit) != 0) {
    support += 0.2f;
  }
  if (!scan_parts(s, last) && (after->follows & bit) != 0) {
    support += 0.2f;
  }
  if (type == QN_ENTITY_TYPE_LOCATION && context_is_located(s, first)) {
    support += last == first + 1 && is_ordinary_definite(s, first) ? 0.1f : 0.2f;
  }
  if (context_is_enclosed(s, first, last)) {
    support += 0.1f;
  }
  return support > 0.6f ? 0.6f : support;
}

/* A Latin word among Arabic ones is a name whatever its case; among Latin ones it must be written like the alias. */
static bool stands_in_arabic(const scan *s, const hit *h) {
  bool before = h->first > 0 && !scan_parts(s, h->first) && (s->words[h->first - 1].shape & WORD_LATIN) != 0;
  bool after = !scan_parts(s, h->last) && (s->words[h->last].shape & WORD_LATIN) != 0;
  return !before && !after;
}

/* How well the case of a Latin alias agrees with the text: 0 not at all, 1 fully. */
static float case_agreement(const scan *s, const hit *h, const qlex_payload *payload) {
  uint16_t shape = s->words[h->first].shape;
  if ((payload->flags & QLEX_LATIN) == 0 || (shape & WORD_LATIN) == 0) {
    return 1.0f;
  }
  uint32_t len = s->words[h->first].key_len;
  if ((payload->flags & QLEX_CAPS) != 0 && (shape & WORD_CAPS) == 0 && len <= 4) {
    return (shape & WORD_CAPITAL) != 0 && stands_in_arabic(s, h) ? 0.6f : 0.0f;
  }
  if ((payload->flags & QLEX_CAPITAL) != 0 && (shape & WORD_CAPITAL) == 0) {
    return stands_in_arabic(s, h) && len >= 3 ? 0.85f : 0.0f;
  }
  return 1.0f;
}

/* What taking letters off the first word costs: it may be a part of the word after all. */
static float clitic_doubt(const scan *s, const hit *h) {
  const scan_word *w = &s->words[h->first];
  if (h->clitics == 0) {
    return (w->shape & WORD_CLITIC) != 0 && h->last == h->first + 1 && (w->core_lore & LORE_ENTITY) != 0 ? 0.1f : 0.0f;
  }
  float doubt = 0.02f;
  if (h->begin != w->core) {
    doubt += 0.12f; /* the tokenizer divides it otherwise */
  }
  if ((w->lore & (LORE_ENTITY | LORE_GIVEN | LORE_FAMILY)) != 0) {
    doubt += 0.3f;
  }
  if ((w->lore & LORE_COMMON) != 0 && h->last == h->first + 1) {
    doubt += h->begin == w->core ? 0.1f : 0.3f;
  }
  if (w->end - h->begin <= 6 && h->last == h->first + 1) {
    doubt += 0.1f;
  }
  return doubt;
}

/* An alias of fewer words that the text writes in more: "فيالا" is not "في ألا". Only unusual words are put together. */
static bool is_put_together(const scan *s, const hit *h, const qlex_payload *payload) {
  uint32_t n_words = 0;
  uint32_t n_common = 0;
  for (uint32_t i = h->first; i < h->last; i++) {
    n_words += s->words[i].mark == 0;
    n_common += (s->words[i].core_lore & LORE_COMMON) != 0 ||
                (s->words[i].core_len <= 4 && (s->words[i].shape & WORD_ARABIC) != 0);
  }
  return n_words > payload->n_words && n_common > 0;
}

/* "الشركة السعودية": the name of a country that is an adjective behind a definite noun. */
static bool is_adjective_here(const scan *s, const hit *h) {
  const scan_word *w = &s->words[h->first];
  if (h->clitics > 0 || h->first == 0 || scan_parts(s, h->first) || w->form_len < 10 ||
      memcmp(s->heap + w->form + w->form_len - 4, "\xD9\x8A\xD9\x87", 4) != 0) {
    return false;
  }
  const scan_word *before = &s->words[h->first - 1];
  if ((w->shape & WORD_ARTICLE) == 0) {
    /* "جولة أفريقية": behind an indefinite noun. */
    return (before->shape & (WORD_ARABIC | WORD_ARTICLE)) == WORD_ARABIC && (before->core_lore & LORE_COMMON) != 0 &&
           (before->core_lore & LORE_PLACE) == 0;
  }
  return (before->shape & WORD_ARTICLE) != 0 || (before->shape & WORD_LATIN) != 0 ||
         (before->core_lore & (LORE_ENTITY | LORE_TITLE)) != 0 ||
         ((before->shape & WORD_ARABIC) != 0 && (before->core_lore & LORE_COMMON) == 0);
}

/* Where the name proper begins in an alias that is written with its generic head ("مدينة غزة"): heads stay outside
 * unless they are a part of the name, which they are before descriptive words. */
static uint32_t name_begin(const scan *s, const hit *h, uint8_t type) {
  const trigger *t = &s->triggers[h->first];
  uint32_t rest = h->first + 1;
  if (h->last < h->first + 2 || s->words[rest].mark != 0 || (s->triggers[rest].direct >> type & 1) == 0 ||
      (t->head >> type & 1) != 0) {
    return h->first;
  }
  bool known = (s->triggers[rest].owned >> type & 1) != 0 && s->triggers[rest].owned_end == h->last;
  bool single = h->last == rest + 1;
  bool definite = (s->words[rest].shape & WORD_ARTICLE) != 0;
  if ((known && (single || !definite)) || (single && !definite)) {
    return rest;
  }
  return h->first;
}

/* True if some hit calls words [first, last) the same as payload of h. */
static bool is_called(const scan *s, uint32_t at, const qlex_payload *payload, uint32_t last) {
  const hit *h = &s->hits[at];
  while (at > 0 && s->hits[at - 1].first == h->first) {
    at--;
  }
  for (; at < s->n_hits && s->hits[at].first == h->first; at++) {
    const hit *other = &s->hits[at];
    bool same_words = other->last == last && other->begin == h->begin && other->lexicon == h->lexicon;
    for (uint32_t p = 0; same_words && p < other->n_payloads; p++) {
      bool everybodys = (other->payloads[p].flags & QLEX_NATIONAL) != 0; /* "البرلمان", without its adjective */
      if (other->payloads[p].kind == QLEX_ENTITY && other->payloads[p].entry == payload->entry && !everybodys) {
        return true;
      }
    }
  }
  return false;
}

/* Where the name proper ends in an alias that is written with its nationality ("بتروناس الماليزية"): that stays outside, if the
 * organisation is also called without it and the name is no description. */
static uint32_t name_end(const scan *s, uint32_t at, const qlex_payload *payload, uint8_t type) {
  const hit *h = &s->hits[at];
  const trigger *t = &s->triggers[h->first];
  const scan_word *w = &s->words[h->last - 1];
  const char *form_end = s->heap + w->form + w->form_len;
  if (type != QN_ENTITY_TYPE_ORGANIZATION || h->last < h->first + 2 || t->head != 0 || t->open != 0 ||
      (w->shape & (WORD_ARABIC | WORD_ARTICLE)) != (WORD_ARABIC | WORD_ARTICLE) || w->form_len < 10) {
    return h->last;
  }
  bool adjective = memcmp(form_end - 2, "\xD9\x8A", 2) == 0 || memcmp(form_end - 4, "\xD9\x8A\xD9\x87", 4) == 0;
  return adjective && is_called(s, at, payload, h->last - 1) ? h->last - 1 : h->last;
}

/* owned: the document names who makes or owns it. */
static float score_of(const scan *s, const hit *h, const qlex_payload *payload, uint8_t type, bool owned) {
  const scan_word *w = &s->words[h->first];
  bool single = h->last == h->first + 1;
  bool ambiguous = (payload->flags & QLEX_AMBIGUOUS) != 0;
  uint16_t lore = h->clitics == 0 ? w->lore : w->core_lore;
  float score = ambiguous ? 0.35f : 0.9f;
  float support = context_support(s, h->first, h->last, type);
  if (ambiguous) {
    score += support + (owned ? 0.25f : 0.0f);
    score += single ? 0.0f : 0.2f;
    score += (w->shape & WORD_LATIN) != 0 && (w->shape & WORD_CAPITAL) != 0 ? 0.2f : 0.0f;
  } else {
    score += support * 0.15f;
  }
  bool vouched = owned && support >= 0.3f; /* "سلسلة الصعود" beside Huawei */
  if (single && (lore & LORE_COMMON) != 0 && !vouched) {
    float doubt = (lore & LORE_FREQUENT) != 0 ? 0.45f : 0.22f;
    score -= support >= 0.3f ? doubt * 0.5f : doubt;
  }
  if (single && (lore & LORE_PHRASE) != 0) {
    score -= 0.5f;
  }
  if (single && type == QN_ENTITY_TYPE_LOCATION && is_adjective_here(s, h)) {
    score -= 0.5f;
  }
  score -= clitic_doubt(s, h);
  return score * case_agreement(s, h, payload);
}

/* "لاندسات 9": the number of a model belongs to its name. */
static void propose_numbered(scan *s, const candidate *c) {
  uint32_t number = c->last;
  bool hyphen = scan_mark(s, number) == '-' && !scan_parts(s, number) && (s->words[number].shape & WORD_GLUED) != 0;
  number += hyphen ? 1 : 0;
  if (c->type != QN_ENTITY_TYPE_PRODUCT || scan_parts(s, number) || (s->words[number].shape & WORD_NUMBER) == 0 ||
      s->words[number].key_len > 4 || scan_mark(s, number + 1) == '%') {
    return;
  }
  candidate numbered = *c;
  numbered.last = number + 1;
  numbered.end = s->words[number].end;
  numbered.score -= 0.05f;
  scan_propose(s, &numbered);
}

/* Things that a hit may be the name of. */
static uint32_t count_meanings(const hit *h) {
  uint32_t n = 0;
  for (uint32_t p = 0; p < h->n_payloads; p++) {
    n += h->payloads[p].kind == QLEX_ENTITY;
  }
  return n;
}

/* True if a lexicon that is asked earlier says, without doubt, what these words mean: a composer's own goes before the
 * shipped one. Hits that begin together lie together. */
static bool is_overridden(const scan *s, uint32_t i) {
  const hit *h = &s->hits[i];
  uint32_t at = i;
  while (at > 0 && s->hits[at - 1].first == h->first) {
    at--;
  }
  for (; at < s->n_hits && s->hits[at].first == h->first; at++) {
    const hit *other = &s->hits[at];
    bool same = other->lexicon < h->lexicon && other->last == h->last && other->begin == h->begin;
    for (uint32_t p = 0; same && p < other->n_payloads; p++) {
      if (other->payloads[p].kind == QLEX_ENTITY && (other->payloads[p].flags & QLEX_AMBIGUOUS) == 0) {
        return true;
      }
    }
  }
  return false;
}

/* "ميناء بربرة" without its head: the port lies in a town of the name that is left, and that is meant, as mostly behind "إقليم".
 * "سد دوكان" without it is the dam still. */
static bool names_its_town(const scan *s, const hit *h, uint32_t first) {
  static const char *const heads[] = { "ميناء", "مرفا", "مطار", "معبر", "منفذ", "ممر", "اقليم" };
  const scan_word *head = &s->words[first - 1];
  bool stays = false;
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    size_t len = strlen(heads[i]);
    stays = stays || (head->form_len >= len && memcmp(s->heap + head->form + head->form_len - len, heads[i], len) == 0);
  }
  const lexicon *lex = &s->lexicons[h->lexicon];
  key rest = match_key(s, first, h->last, s->words[first].begin);
  const qlex_slot *slot = stays && rest.len <= KEY_BYTES_MAX ? lexicon_find(lex, key_print(rest)) : NULL;
  for (uint32_t p = 0; slot != NULL && p < slot->n; p++) {
    const qlex_payload *payload = &lex->payloads[slot->first + p];
    uint8_t class = lex->entries[payload->entry].class;
    if (payload->kind == QLEX_ENTITY && (class == QLEX_CLASS_CITY || class == QLEX_CLASS_REGION)) {
      return true;
    }
  }
  return false;
}

void context_propose(scan *s, const senses *d) {
  owners makers = { .gathered = false };
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const hit *h = &s->hits[i];
    if (h->lexicon > 0 && is_overridden(s, i)) {
      continue;
    }
    bool several = h->n_payloads > 1 && count_meanings(h) > 1;
    for (uint32_t p = 0; p < h->n_payloads; p++) {
      const qlex_payload *payload = &h->payloads[p];
      bool national = (payload->flags & QLEX_NATIONAL) != 0;
      if (payload->kind != QLEX_ENTITY || is_put_together(s, h, payload) ||
          (national && !senses_is_national(d, s, h, payload))) {
        continue;
      }
      int told = several ? marks_tell(s, h->last - 1, &s->lexicons[h->lexicon], payload->entry) : 0;
      if (told < 0) {
        continue;
      }
      uint8_t type = s->lexicons[h->lexicon].entries[payload->entry].type;
      uint32_t first = name_begin(s, h, type);
      uint32_t last = first == h->first ? name_end(s, i, payload, type) : h->last;
      bool shortened = first > h->first || last < h->last;
      uint8_t class = s->lexicons[h->lexicon].entries[payload->entry].class;
      bool owned = (payload->flags & QLEX_AMBIGUOUS) != 0 && owners_are_named(&makers, s, h->lexicon, payload->entry);
      bool put_together = class == QLEX_CLASS_OTHER || class == QLEX_CLASS_REGION;
      if (first > h->first && put_together && type == QN_ENTITY_TYPE_LOCATION && names_its_town(s, h, first)) {
        continue;
      }
      candidate proposed = {
        .first = first,
        .last = last,
        .begin = first == h->first ? h->begin : s->words[first].begin,
        .end = s->words[last - 1].end,
        .score =
            score_of(s, h, payload, type, owned) + (shortened ? 0.04f : 0.0f) +         /* the longer alias says more */
            (first > h->first ? 0.15f * context_support(s, first, last, type) : 0.0f) + /* and hears the head, too */
            (several ? senses_weigh(d, s, h, payload) : 0.0f),
        .type = type,
        .from = FROM_LEXICON,
        .lexicon = h->lexicon,
        .entry = payload->entry,
        .value = SCAN_NONE,
      };
      proposed.score = told > 0 ? TOLD_SCORE : proposed.score;
      scan_propose(s, &proposed);
      propose_numbered(s, &proposed);
    }
  }
}
