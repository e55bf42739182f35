/* SPDX-License-Identifier: Apache-2.0 */

/* Evidence from spelling, lists and likeness. */
#include "entities/names.h"

#include <stdbool.h>
#include <string.h>

int names_is_particle(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  return (w->lore & LORE_PARTICLE) != 0 && (w->shape & WORD_ARTICLE) == 0 &&
         (w->shape & (WORD_LATIN | WORD_CAPITAL)) != (WORD_LATIN | WORD_CAPITAL);
}

uint32_t names_starts(const scan *s, uint32_t i, name_start *starts) {
  const scan_word *w = &s->words[i];
  if ((w->shape & WORD_LETTERS) == 0) {
    return 0;
  }
  name_start whole = { w->begin, w->lore, 0 };
  name_start core = { w->core, w->core_lore, 1 };
  if ((w->shape & WORD_CLITIC) == 0) {
    starts[0] = whole;
    return 1;
  }
  if ((w->lore & (LORE_FREQUENT | LORE_NAME_ANY)) == LORE_FREQUENT && !names_is_joined(s, i)) {
    return 0; /* "قال لها محمد": not ل and "ها" */
  }
  /* Behind a title no preposition stands: "شركة بروتون" is not ب and "روتون". */
  if (s->triggers[i].direct != 0 && !names_is_joined(s, i) && (w->core_lore & (LORE_COMMON | LORE_TITLE)) == 0) {
    starts[0] = whole;
    return 1;
  }
  if ((w->lore & (LORE_NAME_ANY | LORE_ENTITY)) == 0) {
    starts[0] = core;
    return 1;
  }
  bool sure = (w->lore & (LORE_GIVEN | LORE_FAMILY)) != 0 && !names_is_joined(s, i); /* "قال ليانغ" */
  starts[sure] = core;
  starts[!sure] = whole;
  return 2;
}

/* A verb in the present, by its prefix: تستحوذ، يستعد. */
static bool is_verb_like(const scan *s, const scan_word *w) {
  const char *form = s->heap + w->form;
  bool prefix = w->form_len >= 8 && (memcmp(form, "ي", 2) == 0 || memcmp(form, "ت", 2) == 0);
  return (prefix && memcmp(form + 2, "ست", 4) == 0) || (w->form_len >= 8 && memcmp(form, "است", 6) == 0);
}

int names_has_pronoun(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  if ((w->shape & WORD_ARTICLE) != 0) {
    return 0;
  }
  static const char *const pronouns[] = { "ه", "ها", "هم", "هما" };
  for (size_t k = 0; k < sizeof pronouns / sizeof pronouns[0]; k++) {
    size_t len = strlen(pronouns[k]);
    if (w->end - w->core >= len + 6 && memcmp(s->view.data + w->end - len, pronouns[k], len) == 0) {
      return 1;
    }
  }
  return 0;
}

static float arabic_value(const scan *s, uint32_t i, uint16_t lore) {
  const scan_word *w = &s->words[i];
  float value = 0.0f;
  if ((lore & (LORE_GIVEN | LORE_FAMILY)) != 0) {
    value = 3.0f;
  } else if ((lore & (LORE_GIVEN_MAYBE | LORE_FAMILY_MAYBE)) != 0) {
    value = 1.6f;
  } else if ((lore & (LORE_ENTITY | LORE_ALIAS)) == LORE_ENTITY) {
    value = 2.0f; /* somebody is known by it */
  } else if ((lore & (LORE_ENTITY | LORE_TITLE)) != 0) {
    value = -1.5f;
  } else if ((lore & LORE_COMMON) == 0) {
    value = w->likeness > 4 ? 1.6f : w->likeness > -4 ? 1.1f : w->likeness > -10 ? 0.5f : -0.2f;
    value -= is_verb_like(s, w) ? 1.6f : 0.0f;
    value -= w->likeness < 2 && names_has_pronoun(s, i) ? 1.4f : 0.0f;
  }
  if ((lore & LORE_FREQUENT) != 0) {
    value -= (lore & LORE_NAME_ANY) != 0 ? 1.4f : 4.0f;
  } else if ((lore & LORE_COMMON) != 0) {
    value -= (lore & LORE_NAME_ANY) != 0 ? 0.7f : 1.6f;
  }
  return value;
}

static float latin_value(const scan_word *w, uint16_t lore) {
  if ((w->shape & WORD_CAPITAL) == 0 || (w->shape & WORD_DIGITS) != 0) {
    return -4.0f;
  }
  if ((lore & (LORE_GIVEN | LORE_FAMILY)) != 0) {
    return 3.0f;
  }
  if ((lore & LORE_TITLE) != 0) {
    return -4.0f; /* "Mayor James Whitfield" */
  }
  if ((lore & (LORE_GIVEN_MAYBE | LORE_FAMILY_MAYBE)) != 0) {
    return 2.0f;
  }
  return (w->shape & WORD_CAPS) != 0 ? -0.5f : (lore & LORE_ENTITY) != 0 ? 0.2f : 1.5f;
}

float names_person_value(const scan *s, uint32_t i, uint16_t lore) {
  const scan_word *w = &s->words[i];
  if ((w->shape & WORD_LETTERS) == 0 || ((w->shape & WORD_ARABIC) != 0 && w->core_len < 4)) {
    return -4.0f;
  }
  return (w->shape & WORD_LATIN) != 0 ? latin_value(w, lore) : arabic_value(s, i, lore);
}

int names_is_proper(const scan *s, uint32_t i, uint16_t lore) {
  const scan_word *w = &s->words[i];
  if ((w->shape & WORD_LETTERS) == 0) {
    return 0;
  }
  if ((w->shape & WORD_LATIN) != 0) {
    return (w->shape & (WORD_CAPITAL | WORD_DIGITS)) != 0 && (lore & (LORE_COMMON | LORE_ENTITY)) != LORE_COMMON;
  }
  return (w->shape & WORD_ARABIC) != 0 && (lore & (LORE_COMMON | LORE_TITLE | LORE_PHRASE)) == 0 && w->core_len >= 4;
}

uint32_t names_spelled_end(const scan *s, uint32_t i) {
  uint32_t end = i;
  uint32_t n = 0;
  enum { SPELLED_MAX = 12 };
  for (uint32_t k = i; k < s->n_words && n < SPELLED_MAX && (k == i || !scan_parts(s, k)); k++) {
    bool mark = k > i && (s->words[k].mark == '.' || s->words[k].mark == '-') && (s->words[k].shape & WORD_GLUED) != 0;
    if ((s->words[k].lore & LORE_LETTER) != 0) {
      n++;
      end = k + 1;
    } else if (!mark) {
      break;
    }
  }
  return n >= 2 ? end : i;
}

static bool ends(const scan *s, const scan_word *w, const char *end) {
  size_t len = strlen(end);
  return w->form_len > len + 2 && memcmp(s->heap + w->form + w->form_len - len, end, len) == 0;
}

int names_is_joined(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  const uint8_t *at = s->view.data + w->begin;
  return (w->shape & WORD_CLITIC) != 0 && at[0] == 0xD9 && (at[1] == 0x88 || at[1] == 0x81);
}

int names_is_adjective(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  return (w->shape & WORD_ARABIC) != 0 && (ends(s, w, "ي") || ends(s, w, "ه"));
}

int names_is_ordinary(const scan *s, uint32_t i) {
  const scan_word *w = &s->words[i];
  if ((w->shape & WORD_ARABIC) == 0) {
    return 0;
  }
  return ends(s, w, "يه") || ends(s, w, "يون") || ends(s, w, "يين") || ends(s, w, "يا") || ends(s, w, "ات") ||
         is_verb_like(s, w);
}

int names_follows_in(const scan *s, uint32_t i) {
  return i > 0 && s->words[i - 1].form_len >= 4 && s->words[i - 1].form_len <= 6 &&
         memcmp(s->heap + s->words[i - 1].form + s->words[i - 1].form_len - 4, "في", 4) == 0;
}

/* "University of Florida": an "of" inside a Latin name among Arabic words, or behind what organisations end with. */
static bool is_of(const scan *s, uint32_t first, uint32_t i) {
  const scan_word *w = &s->words[i];
  if (w->form_len != 2 || memcmp(s->heap + w->form, "of", 2) != 0) {
    return false;
  }
  bool among_arabic = first == 0 || scan_parts(s, first) || (s->words[first - 1].shape & WORD_LATIN) == 0;
  return among_arabic || s->triggers[i - 1].tail != 0;
}

/* A stop that ends a sentence ("Duqm. Hormuz"), not one inside of a word (Booking.com) or behind an initial (J. Smith). */
static bool is_full_stop(const scan *s, uint32_t i) {
  bool glued = !scan_parts(s, i + 1) && (s->words[i + 1].shape & WORD_GLUED) != 0;
  return s->words[i].mark == '.' && !glued && s->words[i - 1].form_len > 2;
}

uint32_t names_latin_end(const scan *s, uint32_t i) {
  uint32_t end = i;
  for (uint32_t k = i; k < s->n_words && (k == i || !scan_parts(s, k)); k++) {
    const scan_word *w = &s->words[k];
    bool hyphened = k > i && (w->shape & WORD_GLUED) != 0 && s->words[k - 1].mark == '-';
    bool named = (w->shape & WORD_LATIN) != 0 && ((w->shape & (WORD_CAPITAL | WORD_DIGITS)) != 0 || hyphened);
    bool number = k > i && (w->shape & WORD_NUMBER) != 0;
    bool glued_mark = k > i && (w->shape & WORD_GLUED) != 0 &&
                      (w->mark == '-' || w->mark == '.' || w->mark == '\'' || w->mark == '&' || w->mark == 0x2019 ||
                       w->mark == 0x2013 || w->mark == '+');
    bool joins =
        k > i && (w->mark == '&' || ((w->shape & WORD_LATIN) != 0 && names_is_particle(s, k)) || is_of(s, i, k));
    if (k > i && ((w->core > w->begin) || is_full_stop(s, k))) {
      break; /* "وGoogle": a clitic begins another name */
    }
    if (named || number) {
      end = k + 1;
      if (w->form_len > 2 && memcmp(s->heap + w->form + w->form_len - 2, "'s", 2) == 0) {
        break;
      }
    } else if (!glued_mark && !joins) {
      break;
    }
  }
  return end;
}
