/* SPDX-License-Identifier: Apache-2.0 */

/* A small parser of dates in bylines. */
#include "declutter/dates.h"

#include <stdio.h>
#include <string.h>

#include "text/fold.h"
#include "text/letters.h"
#include "text/utf8.h"

enum {
  ITEMS_MAX = 32,
  WORD_BYTES = 64,
  KEY_BYTES = FOLD_BOUND(WORD_BYTES) + 1,
  YEAR_MIN = 1990,
  YEAR_MAX = 2099,
  HIJRI_MIN = 1400,
  HIJRI_MAX = 1500
};

/* One number or word of the line. */
typedef enum item_kind { ITEM_NUMBER, ITEM_MONTH, ITEM_HIJRI_MONTH, ITEM_FILLER, ITEM_WORD } item_kind;

typedef struct item {
  item_kind kind;
  uint32_t value; /* number, or month 1..12 */
  uint32_t n_digits;
  uint32_t joined; /* the mark that joins it to the item before without blanks: '/', '-', '.', ':'; 0: none */
} item;

typedef struct named {
  const char *name; /* folded, as fold_key writes it */
  uint32_t value;
} named;

static const named months[] = {
  { "يناير", 1 },     { "فبراير", 2 },    { "مارس", 3 },    { "ابريل", 4 },    { "مايو", 5 },      { "يونيو", 6 },
  { "يوليو", 7 },     { "اغسطس", 8 },     { "سبتمبر", 9 },  { "اكتوبر", 10 },  { "نوفمبر", 11 },   { "ديسمبر", 12 },
  { "شباط", 2 },      { "اذار", 3 },      { "نيسان", 4 },   { "ايار", 5 },     { "حزيران", 6 },    { "تموز", 7 },
  { "اب", 8 },        { "ايلول", 9 },     { "جانفي", 1 },   { "فيفري", 2 },    { "افريل", 4 },     { "ماي", 5 },
  { "جوان", 6 },      { "جويليه", 7 },    { "اوت", 8 },     { "غشت", 8 },      { "شتنبر", 9 },     { "نونبر", 11 },
  { "دجنبر", 12 },    { "يوليوز", 7 },    { "january", 1 }, { "february", 2 }, { "march", 3 },     { "april", 4 },
  { "may", 5 },       { "june", 6 },      { "july", 7 },    { "august", 8 },   { "september", 9 }, { "october", 10 },
  { "november", 11 }, { "december", 12 }, { "jan", 1 },     { "feb", 2 },      { "mar", 3 },       { "apr", 4 },
  { "jun", 6 },       { "jul", 7 },       { "aug", 8 },     { "sep", 9 },      { "sept", 9 },      { "oct", 10 },
  { "nov", 11 },      { "dec", 12 },
};

/* Months of two words: the first, then the second with the number. */
static const struct {
  const char *first;
  named second;
} long_months[] = {
  { "كانون", { "الثاني", 1 } },
  { "كانون", { "الاول", 12 } },
  { "تشرين", { "الاول", 10 } },
  { "تشرين", { "الثاني", 11 } },
};

static const char *const hijri_months[] = { "محرم", "صفر",   "رجب",    "شعبان", "رمضان", "شوال",
                                            "ربيع", "جمادي", "القعده", "الحجه", "ذو",    "ذي" };

/* Words that add nothing to a date. */
static const char *const fillers[] = {
  "السبت",   "الاحد",   "الاثنين", "الثلاثاء", "الاربعاء", "الخميس", "الجمعه", "يوم",     "تاريخ",     "التاريخ",
  "نشر",     "نشرت",    "النشر",   "بتاريخ",   "في",       "الساعه", "اخر",    "تحديث",   "م",         "ص",
  "مساء",    "صباحا",   "هـ",      "ه",        "ah",       "am",     "pm",     "gmt",     "utc",       "published",
  "updated", "on",      "at",      "last",     "saturday", "sunday", "monday", "tuesday", "wednesday", "thursday",
  "friday",  "sat",     "sun",     "mon",      "tue",      "wed",    "thu",    "fri",     "بتوقيت",    "غرينتش",
  "جرينتش",  "الموافق", "الاول",   "الثاني",   "الاخر",    "الاخره",
};

/* True if two words are the same. Their first two bytes tell most apart before a call. */
static inline bool same(const char *a, const char *b) {
  return a[0] == b[0] && a[0] != '\0' && a[1] == b[1] && strcmp(a, b) == 0;
}

static bool is_among(const char *word, const char *const *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (same(word, list[i])) {
      return true;
    }
  }
  return false;
}

/* What a folded word means; before is the word in front of it. */
static item read_word(const char *word, const char *before) {
  item found = { ITEM_WORD, 0, 0, 0 };
  for (size_t i = 0; i < sizeof months / sizeof months[0]; i++) {
    if (same(word, months[i].name)) {
      return (item){ ITEM_MONTH, months[i].value, 0, 0 };
    }
  }
  for (size_t i = 0; i < sizeof long_months / sizeof long_months[0]; i++) {
    if (same(word, long_months[i].second.name) && same(before, long_months[i].first)) {
      return (item){ ITEM_MONTH, long_months[i].second.value, 0, 0 };
    }
    if (same(word, long_months[i].first)) {
      found.kind = ITEM_FILLER;
    }
  }
  if (is_among(word, hijri_months, sizeof hijri_months / sizeof hijri_months[0])) {
    found.kind = ITEM_HIJRI_MONTH;
  } else if (is_among(word, fillers, sizeof fillers / sizeof fillers[0])) {
    found.kind = ITEM_FILLER;
  }
  return found;
}

/* --- items --- */

/* Reads the number or word at *at; moves past it. before holds the last word and gets this one. */
static item read_item(const uint8_t *text, uint32_t *at, uint32_t end, char *before) {
  uint32_t from = *at, pos = *at;
  int digit = letters_digit(utf8_peek(text, pos));
  if (digit >= 0) {
    item number = { ITEM_NUMBER, 0, 0, 0 };
    while (pos < end && (digit = letters_digit(utf8_peek(text, pos))) >= 0) {
      number.value = number.n_digits < 9 ? number.value * 10 + (uint32_t)digit : UINT32_MAX;
      number.n_digits++;
      utf8_next(text, &pos);
    }
    *at = pos;
    before[0] = '\0';
    return number;
  }
  while (pos < end) {
    uint32_t next = pos, code = utf8_next(text, &next), kind = letters_kind(code);
    if ((kind != LETTERS_LETTER && kind != LETTERS_MARK && kind != LETTERS_TATWEEL) || letters_digit(code) >= 0) {
      break;
    }
    pos = next;
  }
  uint8_t folded[KEY_BYTES];
  size_t len = pos - from <= WORD_BYTES ? fold_key(text + from, pos - from, folded) : 0;
  folded[len] = '\0';
  item word = read_word((const char *)folded, before);
  memcpy(before, folded, len + 1);
  *at = pos;
  return word;
}

static uint32_t read_items(const uint8_t *text, uint32_t begin, uint32_t end, item *items) {
  char before[KEY_BYTES] = "";
  uint32_t n = 0, joined = 0;
  for (uint32_t at = begin; at < end && n < ITEMS_MAX;) {
    uint32_t next = at, code = utf8_next(text, &next), kind = letters_kind(code);
    if (kind != LETTERS_LETTER && kind != LETTERS_DIGIT) {
      joined = kind == LETTERS_PUNCT || kind == LETTERS_SYMBOL ? code : kind == LETTERS_SPACE ? 0 : joined;
      at = next;
      continue;
    }
    uint32_t from = at;
    items[n] = read_item(text, &at, end, before);
    items[n].joined = joined;
    n++;
    joined = 0;
    at = at == from ? next : at;
  }
  return n;
}

/* --- dates --- */

static bool is_year(uint32_t value) {
  return value >= YEAR_MIN && value <= YEAR_MAX;
}

static bool set_date(line_date *date, uint32_t year, uint32_t month, uint32_t day) {
  if (!is_year(year) || month < 1 || month > 12 || day < 1 || day > 31) {
    return false;
  }
  char iso[40];
  snprintf(iso, sizeof iso, "%04u-%02u-%02u", year, month, day);
  memcpy(date->iso, iso, DATE_ISO_BYTES);
  date->found = true;
  return true;
}

static bool joins(uint32_t mark) {
  return mark == '/' || mark == '-' || mark == '.' || mark == 0x2013;
}

/* Three joined numbers: year first or last; day before month, as the Arab press writes, unless that is no month. */
static bool read_numbers(const item *items, line_date *date) {
  if (items[0].kind != ITEM_NUMBER || items[1].kind != ITEM_NUMBER || items[2].kind != ITEM_NUMBER ||
      !joins(items[1].joined) || !joins(items[2].joined)) {
    return false;
  }
  uint32_t a = items[0].value, b = items[1].value, c = items[2].value;
  if (is_year(a)) {
    return set_date(date, a, b, c) || set_date(date, a, c, b);
  }
  return set_date(date, c, b, a) || set_date(date, c, a, b);
}

/* 16 يناير 2026, and January 16, 2026. */
static bool read_month(const item *items, uint32_t i, uint32_t n, line_date *date) {
  uint32_t month = items[i].value;
  uint32_t back = i > 0 && items[i - 1].kind == ITEM_FILLER ? 2 : 1; /* كانون الثاني is two */
  if (i >= back && i + 1 < n && items[i - back].kind == ITEM_NUMBER && items[i + 1].kind == ITEM_NUMBER &&
      set_date(date, items[i + 1].value, month, items[i - back].value)) {
    return true;
  }
  return i + 2 < n && items[i + 1].kind == ITEM_NUMBER && items[i + 2].kind == ITEM_NUMBER &&
         set_date(date, items[i + 2].value, month, items[i + 1].value);
}

static bool is_hijri(const item *items, uint32_t i, uint32_t n) {
  for (uint32_t j = i; j < n && j < i + 4; j++) {
    if (items[j].kind == ITEM_NUMBER && items[j].value >= HIJRI_MIN && items[j].value <= HIJRI_MAX) {
      return true;
    }
  }
  return false;
}

void date_find(const uint8_t *text, uint32_t begin, uint32_t end, line_date *ret_date) {
  item items[ITEMS_MAX];
  uint32_t n = read_items(text, begin, end, items);
  bool day = false, words = false, month = false;
  memset(ret_date, 0, sizeof *ret_date);
  for (uint32_t i = 0; i < n; i++) {
    if (!ret_date->found && items[i].kind == ITEM_NUMBER && i + 2 < n) {
      read_numbers(items + i, ret_date);
    } else if (!ret_date->found && items[i].kind == ITEM_MONTH) {
      read_month(items, i, n, ret_date);
    }
    month |= items[i].kind == ITEM_MONTH;
    day |= items[i].kind == ITEM_HIJRI_MONTH && is_hijri(items, i, n);
    words |= items[i].kind == ITEM_WORD;
  }
  ret_date->found |= day;
  bool numbers = n > 0 && items[0].kind == ITEM_NUMBER;
  ret_date->only = !words && n > 0 && n < ITEMS_MAX && (ret_date->found || (month && n > 1) || numbers);
}
