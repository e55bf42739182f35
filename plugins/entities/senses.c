/* SPDX-License-Identifier: Apache-2.0 */

/* Counts countries, and weighs meanings by country and by class. */
#include "entities/senses.h"

#include <stdbool.h>
#include <string.h>

#include "entities/marks.h"

/* What a word says of the name behind it. Folded. */
static const struct {
  const char *word;
  uint8_t class;
} announcements[] = {
  { "مدينه", QLEX_CLASS_CITY },    { "بلده", QLEX_CLASS_CITY },       { "العاصمه", QLEX_CLASS_CITY },
  { "عاصمه", QLEX_CLASS_CITY },    { "ضاحيه", QLEX_CLASS_CITY },      { "بلديه", QLEX_CLASS_CITY },
  { "محافظه", QLEX_CLASS_REGION }, { "ولايه", QLEX_CLASS_REGION },    { "اقليم", QLEX_CLASS_REGION },
  { "مقاطعه", QLEX_CLASS_REGION }, { "جهه", QLEX_CLASS_REGION },      { "محافظ", QLEX_CLASS_REGION },
  { "دوله", QLEX_CLASS_COUNTRY },  { "جمهوريه", QLEX_CLASS_COUNTRY }, { "سلطنه", QLEX_CLASS_COUNTRY },
  { "مملكه", QLEX_CLASS_COUNTRY }, { "حكومه", QLEX_CLASS_COUNTRY },   { "نادي", QLEX_CLASS_CLUB },
  { "النادي", QLEX_CLASS_CLUB },   { "فريق", QLEX_CLASS_CLUB },       { "مدرب", QLEX_CLASS_CLUB },
  { "لاعب", QLEX_CLASS_CLUB },     { "مهاجم", QLEX_CLASS_CLUB },      { "حارس", QLEX_CLASS_CLUB },
  { "ضيفه", QLEX_CLASS_CLUB },     { "مضيفه", QLEX_CLASS_CLUB },      { "منتخب", QLEX_CLASS_TEAM },
  { "شركه", QLEX_CLASS_COMPANY },  { "مجموعه", QLEX_CLASS_COMPANY },  { "بنك", QLEX_CLASS_COMPANY },
};

/* The class that the word before a hit announces, QLEX_CLASS_OTHER if none. */
static uint8_t announced(const scan *s, const hit *h) {
  if (h->first == 0 || scan_parts(s, h->first)) {
    return QLEX_CLASS_OTHER;
  }
  const scan_word *w = &s->words[h->first - 1];
  const char *form = s->heap + w->form;
  for (size_t i = 0; i < sizeof announcements / sizeof announcements[0]; i++) {
    size_t len = strlen(announcements[i].word);
    bool ends = w->form_len >= len && w->form_len <= len + 4 &&
                memcmp(form + w->form_len - len, announcements[i].word, len) == 0;
    if (ends && (w->form_len == len || w->core - w->begin == w->form_len - len)) {
      return announcements[i].class;
    }
  }
  return QLEX_CLASS_OTHER;
}

static void add(senses *d, uint32_t lexicon, uint32_t entry, float weight) {
  d->total += weight;
  for (uint32_t i = 0; i < d->n_countries; i++) {
    if (d->countries[i].entry == entry && d->countries[i].lexicon == lexicon) {
      d->countries[i].weight += weight;
      return;
    }
  }
  if (d->n_countries < SENSES_COUNTRIES_MAX) {
    d->countries[d->n_countries++] = (sense_country){ entry, lexicon, weight };
  }
}

uint32_t senses_country(const scan *s, const hit *h, float *ret_weight) {
  uint32_t found = QLEX_NO_COUNTRY;
  float weight = 0.0f;
  for (uint32_t p = 0; p < h->n_payloads; p++) {
    const qlex_payload *payload = &h->payloads[p];
    const qlex_entry *entry = &s->lexicons[h->lexicon].entries[payload->entry];
    int told = payload->kind == QLEX_ENTITY && h->n_payloads > 1
                   ? marks_tell(s, h->last - 1, &s->lexicons[h->lexicon], payload->entry)
                   : 0;
    uint32_t doubt = payload->flags & (told > 0 ? QLEX_NATIONAL : QLEX_AMBIGUOUS | QLEX_NATIONAL);
    if (payload->kind != QLEX_ENTITY || doubt != 0 || told < 0) {
      continue;
    }
    bool is_country = entry->class == QLEX_CLASS_COUNTRY;
    uint32_t country = is_country ? payload->entry : entry->country;
    if (country >= QLEX_ANY_COUNTRY) {
      continue;
    }
    if (found != QLEX_NO_COUNTRY && found != country) {
      *ret_weight = 0.0f; /* عمان: in two countries */
      return QLEX_NO_COUNTRY;
    }
    found = country;
    weight = is_country || weight >= 1.0f ? 1.0f : 0.5f;
  }
  *ret_weight = weight;
  return found;
}

static float weight_of(const senses *d, uint32_t lexicon, uint32_t entry) {
  for (uint32_t i = 0; i < d->n_countries; i++) {
    if (d->countries[i].entry == entry && d->countries[i].lexicon == lexicon) {
      return d->countries[i].weight;
    }
  }
  return 0.0f;
}

void senses_count(senses *d, const scan *s) {
  d->n_countries = 0;
  d->total = 0.0f;
  d->clear = SCAN_NONE;
  for (uint32_t i = 0; i < s->n_hits; i++) {
    const hit *h = &s->hits[i];
    float weight = 0.0f;
    uint32_t country = senses_country(s, h, &weight);
    if (country != QLEX_NO_COUNTRY) {
      add(d, h->lexicon, country, weight);
    }
  }
  for (uint32_t i = 0; i < d->n_countries; i++) {
    if (d->countries[i].weight >= 2.0f && d->countries[i].weight >= 0.55f * d->total) {
      d->clear = i;
    }
  }
}

/* Agreement with the word before: classes that are told apart only. */
static float weigh_class(const scan *s, const hit *h, uint8_t class) {
  uint8_t wanted = announced(s, h);
  if (wanted == QLEX_CLASS_OTHER) {
    return 0.0f;
  }
  return wanted == class ? 0.06f : class == QLEX_CLASS_OTHER ? -0.02f : -0.06f;
}

float senses_weigh(const senses *d, const scan *s, const hit *h, const qlex_payload *payload) {
  const qlex_entry *entry = &s->lexicons[h->lexicon].entries[payload->entry];
  float sense = weigh_class(s, h, entry->class);
  uint32_t country = entry->class == QLEX_CLASS_COUNTRY ? payload->entry : entry->country;
  if (country < QLEX_ANY_COUNTRY && d->total > 0.0f) {
    float share = weight_of(d, h->lexicon, country) / d->total;
    sense += share > 0.0f ? 0.02f + 0.04f * share : -0.03f;
  }
  return sense;
}

float senses_share(const senses *d, uint32_t lexicon, uint32_t country) {
  return d->total > 0.0f ? weight_of(d, lexicon, country) / d->total : 0.0f;
}

int senses_is_national(const senses *d, const scan *s, const hit *h, const qlex_payload *payload) {
  uint32_t country = s->lexicons[h->lexicon].entries[payload->entry].country;
  if (d->clear == SCAN_NONE || country == QLEX_NO_COUNTRY) {
    return 0;
  }
  const sense_country *clear = &d->countries[d->clear];
  return country == QLEX_ANY_COUNTRY || (clear->entry == country && clear->lexicon == h->lexicon);
}
