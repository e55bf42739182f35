/* SPDX-License-Identifier: Apache-2.0 */

/* Lets announcements flow from titles to the names they introduce. */
#include "entities/triggers.h"

#include <stdbool.h>
#include <string.h>

#include "qanat/layers.h"

enum { REACH = 7, SPOKEN_REACH = 2 }; /* words that an announcement may travel */

static bool is_arabic_word(const scan_word *w) {
  return (w->shape & WORD_ARABIC) != 0 && (w->shape & WORD_LETTERS) != 0;
}

static bool ends_with(const scan *s, const scan_word *w, const char *end) {
  size_t len = strlen(end);
  return w->form_len > len && memcmp(s->heap + w->form + w->form_len - len, end, len) == 0;
}

/* An attribute of the title: a definite adjective (الصيني, السابقة), or one without article (أميركية). */
static bool is_attribute(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  if (!is_arabic_word(w) || (w->lore & LORE_NAME_ANY & ~(LORE_GIVEN_MAYBE | LORE_FAMILY_MAYBE)) != 0) {
    return false;
  }
  if ((w->shape & WORD_ARTICLE) != 0 && scan_is_whole(w)) {
    return (w->lore & LORE_COMMON) != 0 || ends_with(s, w, "\xD9\x8A") || ends_with(s, w, "\xD9\x8A\xD9\x87");
  }
  return ends_with(s, w, "\xD9\x8A\xD9\x87");
}

/* What completes an indefinite title: "مديرة اللوجستيات", "رئيس قسم العمليات". */
static bool is_complement(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  if (!is_arabic_word(w) || !scan_is_whole(w) || (w->lore & LORE_STOP) != 0) {
    return false;
  }
  if ((w->shape & WORD_ARTICLE) != 0) {
    return (w->lore & (LORE_GIVEN | LORE_FAMILY)) == 0;
  }
  bool noun = (w->lore & LORE_COMMON) != 0 && (w->lore & LORE_NAME_ANY) == 0 && w->form_len >= 6;
  return noun && !scan_parts(s, i + 1) && (s->words[i + 1].shape & WORD_ARTICLE) != 0;
}

static uint8_t bit_of(const scan *s, const hit *h, const qlex_payload *payload) {
  return (uint8_t)(1u << s->lexicons[h->lexicon].entries[payload->entry].type);
}

/* A name that stands here without doubt. */
static void place_owner(scan *s, const hit *h, const qlex_payload *payload, uint8_t bit) {
  trigger *t = &s->triggers[h->first];
  if ((payload->flags & QLEX_AMBIGUOUS) == 0 && (h->clitics == 0 || h->begin == s->words[h->first].core)) {
    t->owned |= bit;
    t->owned_end = h->last > t->owned_end ? h->last : t->owned_end;
  }
}

static void place_head(scan *s, const hit *h, const qlex_payload *payload, uint8_t bit) {
  trigger *t = &s->triggers[h->first];
  if (h->last != h->first + 1) {
    return;
  }
  if ((payload->flags & QLEX_AFTER) != 0) {
    t->tail |= bit;
  } else if ((payload->flags & QLEX_OPEN) != 0) {
    t->open |= bit;
  } else {
    t->head |= bit;
  }
}

/* Writes down what each title and cue announces right beside it. */
static void place(scan *s, const hit *h) {
  for (uint32_t i = 0; i < h->n_payloads; i++) {
    const qlex_payload *payload = &h->payloads[i];
    uint8_t bit = bit_of(s, h, payload);
    if (payload->kind == QLEX_ENTITY) {
      place_owner(s, h, payload, bit);
    } else if (payload->kind == QLEX_HEAD) {
      place_head(s, h, payload, bit);
    } else if (payload->kind != QLEX_TITLE && payload->kind != QLEX_CUE) {
      continue;
    } else if ((payload->flags & QLEX_AFTER) != 0) {
      s->triggers[h->first].follows |= bit;
    } else if (payload->kind == QLEX_TITLE) {
      s->triggers[h->last].title |= bit;
      s->triggers[h->last].direct |= bit;
    } else {
      s->triggers[h->last].cue |= bit;
    }
  }
}

void triggers_spread(scan *s) {
  const uint8_t person = 1u << QN_ENTITY_TYPE_PERSON;
  for (uint32_t i = 0; i < s->n_hits; i++) {
    place(s, &s->hits[i]);
  }
  uint32_t reach = 0;
  uint32_t spoken = SPOKEN_REACH; /* words that a reporting verb may still be carried on */
  bool completing = false;        /* an indefinite title is being completed */
  for (uint32_t i = 0; i < s->n_words; i++) {
    trigger *here = &s->triggers[i];
    if (scan_parts(s, i)) {
      here->title = here->direct = here->cue = 0;
    }
    if (here->direct != 0) {
      reach = i + REACH;
    }
    /* "قالت المترجمة فيروز": who speaks is introduced by what she is, whatever that is. */
    if ((here->cue & person) != 0 && spoken-- > 0 && is_complement(s, i) && (s->words[i].shape & WORD_ARTICLE) != 0) {
      s->triggers[i + 1].cue |= person;
    } else {
      spoken = SPOKEN_REACH;
    }
    if (here->title == 0 || i > reach) {
      continue;
    }
    trigger *next = &s->triggers[i + 1];
    bool construct = (here->direct & person) != 0 && i > 0 && (s->words[i - 1].shape & WORD_ARTICLE) == 0;
    completing = construct || (completing && here->direct == 0);
    if (is_attribute(s, i)) {
      next->title |= here->title;
    } else if (completing && is_complement(s, i)) {
      next->title |= here->title & person;
    }
    const uint8_t owners = 1u << QN_ENTITY_TYPE_ORGANIZATION | 1u << QN_ENTITY_TYPE_LOCATION;
    if ((here->title & person) != 0 && (here->owned & owners) != 0) {
      s->triggers[here->owned_end].title |= person;
    }
    /* "رئيس شركة X": the head between a title and its owner. */
    if ((here->title & person) != 0 && (next->direct & ~person) != 0 && (s->words[i].core_lore & LORE_TITLE) != 0) {
      next->title |= person;
    }
  }
}
