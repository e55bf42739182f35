/* SPDX-License-Identifier: Apache-2.0 */

/* Cuts words down to stems, sorts them, and hashes them together. */
#include "entities/wordings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LETTER = 2, STEM_MIN = 3 * LETTER, WORDS_MAX = 12, TELLING_MIN = 3, FORM_MAX = KEY_BYTES_MAX };

typedef struct stem {
  const char *text;
  size_t len;
} stem;

/* Words that say nothing of what is meant. Folded. */
static const char *const silent[] = { "في", "من", "على",    "علي",   "عن",   "الي", "بين",
                                      "مع", "و",  "العامه", "العام", "عامه", "عام" };

/* Stems that stand for each other in translations, and the one that all of a kind become. هيي is of هيئة. */
static const struct {
  const char *word;
  const char *meant;
} same[] = {
  { "امريك", "اميرك" }, { "تكنولوج", "تقن" },   { "فيدرال", "اتحاد" },   { "فدرال", "اتحاد" }, { "قوم", "وطن" },
  { "مصرف", "بنك" },    { "مخابر", "استخبار" }, { "محارب", "مكافح" },    { "مراقب", "رقاب" },  { "وكال", "هيي" },
  { "سلط", "هيي" },     { "جهاز", "هيي" },      { "مفوض", "هيي" },       { "مصلح", "هيي" },    { "اوروب", "اورب" },
  { "دول", "عالم" },    { "مكتب", "هيي" },      { "سيبران", "الكترون" },
};

/* True if a stem is just this text of Arabic letters. The first of them tells most apart without a call. */
static inline bool is(const stem *s, const char *text) {
  return s->len >= LETTER && s->text[0] == text[0] && s->text[1] == text[1] && strlen(text) == s->len &&
         memcmp(text, s->text, s->len) == 0;
}

static bool starts(const stem *s, const char *with) {
  size_t n = strlen(with);
  return s->len >= n + STEM_MIN && memcmp(s->text, with, n) == 0;
}

static bool cut_end(stem *s, const char *ending) {
  size_t n = strlen(ending);
  if (s->len < n + STEM_MIN || memcmp(s->text + s->len - n, ending, n) != 0) {
    return false;
  }
  s->len -= n;
  return true;
}

static void cut_begin(stem *s, const char *with) {
  s->text += strlen(with);
  s->len -= strlen(with);
}

/* Without what is attached before it and the endings of adjectives, of the feminine and of its plural. */
static void cut_down(stem *s) {
  static const char *const before[] = { "وال", "ولل", "بال", "لل", "ال" };
  for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
    if (starts(s, before[i])) {
      cut_begin(s, before[i]);
      break;
    }
  }
  if (starts(s, "ل")) {
    cut_begin(s, "ل"); /* of every word that begins so, with a preposition or not */
  }
  while (cut_end(s, "ات") || cut_end(s, "يه") || cut_end(s, "ه") || cut_end(s, "ي") || cut_end(s, "يا") ||
         cut_end(s, "ا")) {
  }
  for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
    if (is(s, same[i].word)) {
      s->text = same[i].meant;
      s->len = strlen(same[i].meant);
      return;
    }
  }
}

static bool is_silent(const stem *s) {
  for (size_t i = 0; i < sizeof silent / sizeof silent[0]; i++) {
    if (is(s, silent[i])) {
      return true;
    }
  }
  return false;
}

static int compare(const void *left, const void *right) {
  const stem *a = left;
  const stem *b = right;
  int by_bytes = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
  return by_bytes != 0 ? by_bytes : (a->len > b->len) - (a->len < b->len);
}

/* The telling stems of a form; 0 if one of its words is not in Arabic letters, or there are too many. */
static uint32_t stems_of(const char *form, size_t len, stem stems[WORDS_MAX]) {
  uint32_t n = 0;
  for (size_t pos = 0; pos < len;) {
    size_t begin = pos;
    while (pos < len && form[pos] != ' ' && form[pos] != '-') {
      pos++;
    }
    stem word = { form + begin, pos - begin };
    pos++;
    if (word.len == 0 || is_silent(&word)) {
      continue;
    }
    if (n == WORDS_MAX || (uint8_t)word.text[0] < 0x80) {
      return 0;
    }
    cut_down(&word);
    stems[n++] = word;
  }
  return n;
}

key wordings_key(const char *form, size_t len) {
  key none = { 0, KEY_BYTES_MAX + 1 };
  char text[FORM_MAX + 1];
  stem stems[WORDS_MAX];
  uint32_t n = len <= FORM_MAX ? stems_of(form, len, stems) : 0;
  if (n < TELLING_MIN) {
    return none;
  }
  qsort(stems, n, sizeof *stems, compare);
  size_t used = 0;
  uint32_t n_telling = 0; /* names of letters are not */
  text[used++] = '+';     /* no text has a plus before Arabic letters */
  for (uint32_t i = 0; i < n; i++) {
    bool again = i > 0 && compare(&stems[i], &stems[i - 1]) == 0;
    if (!again && used + stems[i].len + 1 > FORM_MAX) {
      return none;
    }
    if (!again) {
      memcpy(text + used, stems[i].text, stems[i].len);
      used += stems[i].len;
      text[used++] = '+';
      n_telling += stems[i].len >= STEM_MIN;
    }
  }
  return n_telling >= TELLING_MIN ? key_of(text, used) : none;
}

size_t wordings_second_end(const char *form, size_t len) {
  const char *first = memchr(form, ' ', len);
  size_t at = first != NULL ? (size_t)(first - form) + 1 : len;
  const char *second = at < len ? memchr(form + at, ' ', len - at) : NULL;
  return second != NULL ? (size_t)(second - form) : 0;
}

key wordings_beginning(const char *form, size_t len) {
  static const char *const heads[] = { "معهد ",  "جامعه ", "مستشفي ",   "متحف ", "مركز ",
                                       "موسسه ", "مختبر ", "اكاديميه ", "كليه " };
  static const char BEGINS[] = "++";
  key none = { 0, KEY_BYTES_MAX + 1 };
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    size_t n = strlen(heads[i]);
    bool definite = len >= n + 4 && memcmp(form + n, "ال", 4) == 0;
    if (len >= n + STEM_MIN && memcmp(form, heads[i], n) == 0 && !definite) {
      key k = key_of(form, len);
      return k.len + sizeof BEGINS <= KEY_BYTES_MAX ? key_join(key_of(BEGINS, sizeof BEGINS - 1), k) : none;
    }
  }
  return none;
}
