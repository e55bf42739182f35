/* SPDX-License-Identifier: Apache-2.0 */

/* Walks the words, takes proclitics off by arithmetic on keys, and follows aliases through the table of beginnings. */
#include "entities/match.h"

#include <stdbool.h>
#include <string.h>

#include "text/letters.h"
#include "text/utf8.h"

/* Letters of the proclitics, as they are folded. */
static const char WAW[] = "\xD9\x88";
static const char FA[] = "\xD9\x81";
static const char BA[] = "\xD8\xA8";
static const char KAF[] = "\xD9\x83";
static const char LAM[] = "\xD9\x84";
static const char ARTICLE[] = "\xD8\xA7\xD9\x84";

enum { LETTER = 2, SHORTEST = 4 }; /* bytes: of an Arabic letter, of what may be left */

/* Words between asking memory for a slot and reading it, so that it has come: a lexicon is larger than the caches. */
enum { AHEAD = 8 };

static bool starts(const char *form, uint32_t len, const char *letter) {
  return len >= LETTER && memcmp(form, letter, LETTER) == 0;
}

/* The byte behind the first n letters of word w, skipping marks and tatweel. */
static uint32_t behind_letters(const scan *s, const scan_word *w, uint32_t n) {
  uint32_t pos = w->begin;
  while (pos < w->end && n > 0) {
    n -= letters_kind(utf8_next(s->view.data, &pos)) == LETTERS_LETTER;
  }
  while (pos < w->end && letters_kind(utf8_peek(s->view.data, pos)) != LETTERS_LETTER &&
         letters_kind(utf8_peek(s->view.data, pos)) != LETTERS_DIGIT) {
    utf8_next(s->view.data, &pos);
  }
  return pos;
}

/* Adds the reading without the first n letters; restored is put before what is left (the article after لل). */
static uint32_t add_reading(const scan *s, const scan_word *w, uint32_t n, const char *restored, reading *readings,
                            uint32_t n_readings) {
  const char *form = s->heap + w->form;
  key whole = { w->hash, w->key_len };
  key prefix = key_of(form, (size_t)n * LETTER);
  key rest = key_after(whole, prefix);
  if (n_readings >= READINGS_MAX || whole.len < prefix.len + SHORTEST) {
    return n_readings;
  }
  if (restored != NULL) {
    rest = key_join(key_of(restored, strlen(restored)), rest);
  }
  readings[n_readings] = (reading){ rest, behind_letters(s, w, n), (uint8_t)n };
  return n_readings + 1;
}

static uint32_t read_word(const scan *s, uint32_t i, reading *readings) {
  const scan_word *w = &s->words[i];
  const char *form = s->heap + w->form;
  uint32_t len = w->form_len;
  if (w->key_len > KEY_BYTES_MAX) {
    return 0;
  }
  uint32_t n = 1;
  readings[0] = (reading){ { w->hash, w->key_len }, w->begin, 0 };
  uint32_t taken = 0;
  if (starts(form, len, WAW) || starts(form, len, FA)) {
    taken = 1;
    n = add_reading(s, w, 1, NULL, readings, n);
  }
  const char *rest = form + (size_t)taken * LETTER;
  uint32_t rest_len = len - taken * LETTER;
  if (starts(rest, rest_len, BA) || starts(rest, rest_len, KAF) || starts(rest, rest_len, LAM)) {
    bool two_lams = starts(rest, rest_len, LAM) && starts(rest + LETTER, rest_len - LETTER, LAM);
    n = add_reading(s, w, taken + 1, NULL, readings, n);
    if (two_lams) {
      n = add_reading(s, w, taken + 2, ARTICLE, readings, n);
      n = add_reading(s, w, taken + 2, NULL, readings, n);
    }
  }
  return n;
}

int match_next(const scan *s, uint32_t i, uint32_t *ret_next) {
  uint32_t next = i + 1;
  if (scan_parts(s, next)) {
    return 0;
  }
  uint32_t mark = s->words[next].mark;
  if (mark == '-' || mark == '.' || mark == '\'' || mark == 0x2019 || mark == 0x2013 || mark == 0x2011 || mark == '&') {
    next++;
    bool point = mark == '.';
    if (scan_parts(s, next) || (point && (s->words[next].shape & WORD_GLUED) == 0)) {
      return 0;
    }
  }
  if (s->words[next].key_len > KEY_BYTES_MAX) {
    return 0;
  }
  *ret_next = next;
  return 1;
}

static void add_hit(scan *s, const hit *found) {
  int r = scan_grow(s, (void **)&s->hits, &s->hit_capacity, s->n_hits + 1, sizeof(hit));
  if (r != 0) {
    s->failed = r;
    return;
  }
  s->hits[s->n_hits++] = *found;
}

/* Keeps what a one-word alias says of the word. */
static void note_lore(scan *s, uint32_t i, const reading *from, uint16_t lore) {
  scan_word *w = &s->words[i];
  uint16_t told = (uint16_t)(lore & ~(LORE_PREFIX | LORE_SPOKEN));
  if (from->n_clitics == 0) {
    w->lore |= told;
  }
  if (from->begin == w->core) {
    w->core_lore |= told;
  }
}

/* An ordinary phrase: its words are no names there. */
static void note_phrase(scan *s, uint32_t first, uint32_t last) {
  for (uint32_t i = first; i < last; i++) {
    s->words[i].lore |= LORE_PHRASE;
    s->words[i].core_lore |= LORE_PHRASE;
  }
}

static void follow(scan *s, uint32_t first, const reading *from, uint32_t which) {
  const lexicon *lex = &s->lexicons[which];
  uint64_t print = key_print(from->key);
  if (!lexicon_begins(lex, print)) {
    return;
  }
  key k = from->key;
  uint32_t last = first;
  for (const qlex_slot *slot = lexicon_search(lex, print); slot != NULL;) {
    if (last == first) {
      note_lore(s, first, from, slot->lore);
    } else if ((slot->lore & LORE_COMMON) != 0) {
      note_phrase(s, first, last + 1);
    }
    if ((slot->lore & LORE_SPOKEN) != 0) {
      hit found = {
        lex->payloads + slot->first, first, last + 1, from->begin, slot->n, (uint8_t)which, from->n_clitics
      };
      add_hit(s, &found);
    }
    if ((slot->lore & LORE_PREFIX) == 0 || !match_next(s, last, &last)) {
      return;
    }
    k = key_join(k, (key){ s->words[last].hash, s->words[last].key_len });
    slot = lexicon_find(lex, key_print(k));
  }
}

/* Reads word i, and has the slots of its readings fetched from memory. */
static void read_ahead(scan *s, uint32_t i) {
  uint32_t first = s->first_readings[i];
  uint32_t n = 0;
  int r = scan_grow(s, (void **)&s->readings, &s->reading_capacity, first + READINGS_MAX, sizeof(reading));
  if (r == 0) {
    n = read_word(s, i, s->readings + first);
  } else {
    s->failed = r;
  }
  s->first_readings[i + 1] = first + n;
  for (uint32_t k = first; k < first + n; k++) {
    uint64_t print = key_print(s->readings[k].key);
    for (uint32_t which = 0; which < s->n_lexicons; which++) {
      lexicon_expect(&s->lexicons[which], print);
    }
  }
}

void match_all(scan *s) {
  for (uint32_t i = 0; i < s->n_words && i < AHEAD; i++) {
    read_ahead(s, i);
  }
  for (uint32_t i = 0; i < s->n_words; i++) {
    const reading *readings;
    if (i + AHEAD < s->n_words) {
      read_ahead(s, i + AHEAD);
    }
    uint32_t n = match_readings(s, i, &readings);
    for (uint32_t r = 0; r < n; r++) {
      for (uint32_t which = 0; which < s->n_lexicons; which++) {
        follow(s, i, &readings[r], which);
      }
    }
    scan_word *w = &s->words[i];
    if ((w->shape & WORD_ARABIC) != 0 && (w->shape & WORD_LETTERS) != 0 && (w->core_lore & LORE_FREQUENT) == 0 &&
        s->n_lexicons > 0 && w->core_len <= KEY_BYTES_MAX) {
      uint32_t skip = (uint32_t)(w->key_len - w->core_len);
      w->likeness = (int8_t)lexicon_likeness(&s->lexicons[s->n_lexicons - 1], s->heap + w->form + skip,
                                             (size_t)w->form_len - skip);
    }
  }
}

static key first_key(const scan *s, uint32_t i, uint32_t begin) {
  const scan_word *w = &s->words[i];
  if (begin == w->begin || begin == w->core) {
    return begin == w->begin ? (key){ w->hash, w->key_len } : (key){ w->core_hash, w->core_len };
  }
  const reading *readings;
  uint32_t n = match_readings(s, i, &readings);
  for (uint32_t k = 0; k < n; k++) {
    if (readings[k].begin == begin) {
      return readings[k].key;
    }
  }
  return (key){ 0, KEY_BYTES_MAX + 1 };
}

key match_key(const scan *s, uint32_t first, uint32_t last, uint32_t begin) {
  key k = first_key(s, first, begin);
  for (uint32_t i = first + 1; i < last && k.len <= KEY_BYTES_MAX; i++) {
    const scan_word *w = &s->words[i];
    if (w->mark == 0) {
      k = w->key_len > KEY_BYTES_MAX ? (key){ 0, KEY_BYTES_MAX + 1 } : key_join(k, (key){ w->hash, w->key_len });
    }
  }
  return k;
}

uint32_t match_hit_at(const scan *s, uint32_t word) {
  uint32_t low = 0;
  uint32_t high = s->n_hits;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (s->hits[middle].first < word) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
