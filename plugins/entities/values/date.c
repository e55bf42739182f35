/* SPDX-License-Identifier: Apache-2.0 */

/* Dates that name themselves: days, months, years, quarters, seasons, decades and centuries. What is relative to the
 * day of writing is read in date_relative.c. */
#include "date.h"

#include <math.h>
#include <string.h>

/* --- years --- */

/* Plain digits as a number, or -1. */
static int32_t plain_number(const value_scratch *s, const value_item *item, uint32_t min_digits, uint32_t max_digits) {
  if (item->kind != ITEM_NUMBER) {
    return -1;
  }
  const value_number *number = &s->numbers[item->ref];
  if ((number->flags & NUMBER_PLAIN) == 0 || number->n_digits < min_digits || number->n_digits > max_digits) {
    return -1;
  }
  return (int32_t)number->amount;
}

/* An era behind a year: "1447هـ", "2020م", "سنة 638 هجرية". */
static const value_item *era_read(const value_item *item, date_span *d) {
  if (!item_follows(item) || !item_plays(item, ROLE_ERA) || (item->flags & (ITEM_AND | ITEM_BY)) != 0) {
    return item;
  }
  if (item->end - item->begin <= 3 && !item_is_glued(item) && item_word(item)->shift == 1) {
    return item; /* a lone م is metres, or the afternoon */
  }
  d->parts.calendar = item_word(item)->shift == 2 ? CALENDAR_HIJRI : item_word(item)->shift == 3 ? CALENDAR_OTHER : 0;
  d->end = item->end;
  item++;
  if (item_is_mark(item, 0x640) && item_is_glued(item)) { /* هـ whose tatweel the tokenizer left alone */
    item++;
  }
  return item;
}

const value_item *year_read(const value_scratch *s, const value_item *item, int has_cue, date_span *d) {
  int32_t year = plain_number(s, item, has_cue ? 3 : 4, 4);
  int32_t first = has_cue ? 100 : 1300;
  if (year < first || year > 2199 || (item->flags & ITEM_FRESH) != 0) {
    return NULL;
  }
  d->parts.year = year;
  d->end = item->end;
  return era_read(item + 1, d);
}

/* The year behind a day, month or quarter: "2026", "من عام 2026", "لعام 2026", ", 2026", "من العام 2027". */
static const value_item *year_after(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *at = item;
  int has_cue = 0;
  if (!item_follows(at)) {
    return item;
  }
  if ((item_links(at, LINK_OF) || item_is_mark(at, ',') || item_is_mark(at, 0x60C)) && item_follows(at + 1)) {
    at++;
  }
  if (item_plays(at, ROLE_YEAR) && item_follows(at + 1) && (at->flags & ITEM_AND) == 0) {
    at++;
    has_cue = 1;
  }
  date_span year = *d;
  const value_item *next = year_read(s, at, has_cue, &year);
  if (next == NULL || (at->flags & (ITEM_AND | ITEM_BY)) != 0) {
    return item;
  }
  *d = year;
  return next;
}

/* --- months --- */

/* "شباط/فبراير", "يناير (كانون الثاني)": the same month twice. */
static const value_item *month_twice(const value_item *item, const value_word *month, date_span *d) {
  const value_item *second = item + 1;
  if (!item_follows(item) || !item_follows(second) || !(item_is_mark(item, '/') || item_is_mark(item, '(')) ||
      !item_has(second, SENSE_MONTH) || item_word(second)->month != month->month) {
    return item;
  }
  d->end = second->end;
  if (item_is_mark(item, '(') && item_is_mark(second + 1, ')')) {
    d->end = second[1].end;
    return second + 2;
  }
  return second + 1;
}

const value_item *month_read(const value_item *item, date_span *d) {
  if (!item_has(item, SENSE_MONTH) || (item->flags & ITEM_AL) != 0) {
    return NULL;
  }
  const value_word *word = item_word(item);
  d->parts.month = word->month;
  d->parts.calendar = word->calendar;
  d->end = item->end;
  item++;
  if (item_is_mark(item, '.') && item_is_glued(item) && (item[-1].flags & ITEM_LATIN) != 0 && item_follows(item + 1)) {
    item++; /* Jan. 16 */
  }
  return month_twice(item, word, d);
}

/* A shift behind a month or weekday: "المقبل", "الماضي". */
static const value_item *shift_after(const value_item *item, date_span *d) {
  if (!item_follows(item) || !item_plays(item, ROLE_SHIFT) ||
      (item->flags & (ITEM_AL | ITEM_AND | ITEM_BY)) != ITEM_AL) {
    return item;
  }
  d->parts.has_shift = 1;
  d->parts.shift = item_word(item)->shift;
  d->end = item->end;
  return item + 1;
}

static const value_item *month_tail(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *next = year_after(s, item, d);
  return next != item ? next : shift_after(item, d);
}

/* --- days --- */

static int takes_month(const value_item *item) {
  return item_has(item, SENSE_MONTH) && (item->flags & (ITEM_AL | ITEM_AND | ITEM_BY)) == 0;
}

/* "25 تموز", "27_أغسطس", "16 من يناير", "16 January". */
static const value_item *day_month_read(const value_scratch *s, const value_item *item, date_span *d) {
  int32_t day = plain_number(s, item, 1, 2);
  const value_item *at = item + 1;
  if (day < 1 || day > 31 || !item_follows(at)) {
    return NULL;
  }
  if (item_plays(at, ROLE_ERA) || item_is_mark(at, '_') || item_is_mark(at, '-') || item_is_mark(at, '/')) {
    at += item_is_glued(at) && item_is_glued(at + 1);
  } else if (item_links(at, LINK_OF) && item_follows(at + 1)) {
    at++;
  }
  if (item_plays(at, ROLE_MONTH) && item_follows(at + 1)) { /* 10 من شهر رمضان */
    at++;
  }
  if (!takes_month(at) || !item_follows(at)) {
    return NULL;
  }
  const value_item *next = month_read(at, d);
  if (d->parts.calendar == CALENDAR_GREGORIAN && !calendar_valid(0, d->parts.month, (uint32_t)day)) {
    return NULL;
  }
  d->parts.day = (uint8_t)day;
  if ((item_is_mark(next, '_') || item_is_mark(next, '-')) && item_is_glued(next) && item_is_glued(next + 1)) {
    next++;
  }
  return month_tail(s, next, d);
}

/* "18 و19 مارس": two days, of which the first has its month behind the second. */
static const value_item *day_of_two_read(const value_scratch *s, const value_item *item, date_span *d) {
  int32_t day = plain_number(s, item, 1, 2);
  const value_item *second = item + 1;
  if (day < 1 || !item_follows(second) || (second->flags & (ITEM_AND | ITEM_BY)) != ITEM_AND) {
    return NULL;
  }
  if (day_month_read(s, second, d) == NULL || day >= d->parts.day) {
    return NULL;
  }
  d->parts.day = (uint8_t)day;
  d->end = item->end;
  return second;
}

/* "15 إلى 23 ماي", "3-5 March": written as its first day. */
static const value_item *day_range_read(const value_scratch *s, const value_item *item, date_span *d) {
  int32_t day = plain_number(s, item, 1, 2);
  const value_item *behind = range_gap(item, item + 1);
  if (day < 1 || behind == NULL || behind == item + 1) {
    return NULL;
  }
  const value_item *next = day_month_read(s, behind, d);
  if (next == NULL || day >= d->parts.day) {
    return NULL;
  }
  d->parts.day = (uint8_t)day;
  return next;
}

/* "19 من الشهر الجاري", "10 من هذا الشهر". */
static const value_item *day_of_month_read(const value_scratch *s, const value_item *item, date_span *d) {
  int32_t day = plain_number(s, item, 1, 2);
  if (day < 1 || day > 31 || !item_links(item + 1, LINK_OF) || !item_follows(item + 1) || !item_follows(item + 2) ||
      (item[2].flags & (ITEM_AND | ITEM_BY)) != 0) {
    return NULL;
  }
  const value_item *next = relative_read(s, item + 2, d);
  if (next == NULL || d->parts.period != PERIOD_MONTH) {
    return NULL;
  }
  d->parts.period = PERIOD_NONE; /* which day that is, is not written out */
  return next;
}

/* "الثاني من نوفمبر", "الأول من يناير 2027". */
static const value_item *ordinal_month_read(const value_scratch *s, const value_item *item, date_span *d) {
  if (!item_has(item, SENSE_ORDINAL) || (item->flags & ITEM_AL) == 0 || item_word(item)->number < 1 ||
      !item_links(item + 1, LINK_OF) || !item_follows(item + 1) || !takes_month(item + 2) || !item_follows(item + 2)) {
    return NULL;
  }
  const value_item *next = month_read(item + 2, d);
  d->parts.day = (uint8_t)item_word(item)->number;
  return month_tail(s, next, d);
}

/* "March 27, 2025". */
static const value_item *month_day_read(const value_scratch *s, const value_item *item, date_span *d) {
  if ((item->flags & ITEM_LATIN) == 0 || !item_has(item, SENSE_MONTH)) {
    return NULL;
  }
  const value_item *next = month_read(item, d);
  int32_t day = plain_number(s, next, 1, 2);
  if (day < 1 || !item_follows(next) || !calendar_valid(0, d->parts.month, (uint32_t)day)) {
    return NULL;
  }
  d->parts.day = (uint8_t)day;
  d->end = next->end;
  return year_after(s, next + 1, d);
}

/* --- dates in digits --- */

/* Three numbers as a date: year first if it has four digits, else day first unless that cannot be. */
static int numeric_parts(const int32_t *n, const uint8_t *n_digits, date_parts *parts) {
  int32_t year = n_digits[0] == 4 ? n[0] : n[2];
  int32_t month = n[1];
  int32_t day = n_digits[0] == 4 ? n[2] : n[0];
  if (n_digits[0] != 4 && n_digits[2] != 4) {
    return 0;
  }
  if (month > 12 && day <= 12) {
    month = day;
    day = n[1];
  }
  if (year < 1300 || year > 2199 || !calendar_valid(year, (uint32_t)month, (uint32_t)day)) {
    return 0;
  }
  parts->year = year;
  parts->month = (uint8_t)month;
  parts->day = (uint8_t)day;
  parts->calendar = year < 1600 ? CALENDAR_HIJRI : CALENDAR_GREGORIAN;
  return 1;
}

/* "16.01.2026" is one number to the lexer. */
static const value_item *dotted_read(const value_scratch *s, const value_item *item, date_span *d) {
  const uint8_t *text = s->view.data;
  int32_t n[3] = { 0, 0, 0 };
  uint8_t n_digits[3] = { 0, 0, 0 };
  uint32_t part = 0;
  if ((s->numbers[item->ref].flags & NUMBER_BAD) == 0 || item->end - item->begin > 10) {
    return NULL;
  }
  for (uint32_t at = item->begin; at < item->end; at++) {
    if (text[at] == '.' && part < 2) {
      part++;
    } else if (text[at] >= '0' && text[at] <= '9') {
      n[part] = n[part] * 10 + (text[at] - '0');
      n_digits[part]++;
    } else {
      return NULL;
    }
  }
  d->end = item->end;
  return part == 2 && numeric_parts(n, n_digits, &d->parts) ? item + 1 : NULL;
}

/* "2026/01/16", "10-11-2026". */
const value_item *numeric_read(const value_scratch *s, const value_item *item, date_span *d) {
  int32_t n[3];
  uint8_t n_digits[3];
  if (item->kind != ITEM_NUMBER) {
    return NULL;
  }
  if ((s->numbers[item->ref].flags & NUMBER_PLAIN) == 0) {
    return dotted_read(s, item, d);
  }
  for (uint32_t i = 0; i < 3; i++) {
    const value_item *at = item + 2 * i;
    n[i] = plain_number(s, at, 1, 4);
    n_digits[i] = n[i] < 0 ? 0 : s->numbers[at->ref].n_digits;
    if (n[i] < 0 ||
        (i > 0 && !(item_is_glued(at) && item_is_glued(at - 1) &&
                    (item_is_mark(at - 1, '/') || item_is_mark(at - 1, '-')) && at[-1].ref == item[1].ref))) {
      return NULL;
    }
  }
  d->end = item[4].end;
  return numeric_parts(n, n_digits, &d->parts) ? era_read(item + 5, d) : NULL;
}

/* --- bare years --- */

/* What a number of four digits counts: 0 nothing, 1 a noun, 2 a unit, money or percents. */
static int counts_what(const value_scratch *s, const value_item *item) {
  value_mention measure;
  if (measure_read(s, item, &measure) == item) {
    return 0;
  }
  return measure.score < MEASURE_CERTAIN ? 1 : 2;
}

/* "2025-2026", "1996 و2012" after بين: two years in one. */
static const value_item *year_range(const value_scratch *s, const value_item *next, date_span *d) {
  if (!item_is_mark(next, '-') && !item_is_mark(next, '/')) {
    return next;
  }
  int32_t last = plain_number(s, next + 1, 4, 4);
  if (!item_is_glued(next) || !item_is_glued(next + 1) || last <= d->parts.year || last > d->parts.year + 100) {
    return next;
  }
  d->parts.last_year = last;
  d->end = next[1].end;
  return next + 2;
}

/* "-2025", "/2025": part of something else. */
static int is_attached(const value_item *item) {
  const value_item *before = item - 1;
  return item_is_glued(item) && (item->flags & (ITEM_AND | ITEM_BY)) == 0 && before->kind == ITEM_MARK &&
         !item_is_mark(before, '(') && !item_is_mark(before, '"');
}

static int is_year_in_place(const value_scratch *s, const value_item *item, int32_t year) {
  const value_item *before = item - 1;
  int counts = counts_what(s, item);
  if (item_links(before, LINK_PREP | LINK_BETWEEN) || item_plays(before, ROLE_EDGE) || (item->flags & ITEM_BY) != 0 ||
      ((item->flags & ITEM_AND) != 0 && before->kind == ITEM_NUMBER)) {
    return year >= 1500 && counts < (year >= 1900 && year <= 2100 ? 2 : 1);
  }
  return year >= 1800 && year <= 2100 && counts == 0 && !item_has(before, SENSE_MODIFIER) && !is_attached(item);
}

static const value_item *bare_year_read(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *next = year_read(s, item, 0, d);
  if (next == NULL) {
    return NULL;
  }
  int has_era = next != item + 1;
  if (!has_era && (d->parts.year < 1500 || !is_year_in_place(s, item, d->parts.year))) {
    return NULL;
  }
  return year_range(s, next, d);
}

/* --- quarters, halves, seasons, decades, centuries --- */

/* "القرن التاسع عشر الميلادي", from the item behind the ordinal. */
static const value_item *century_read(const value_item *next, date_span *d) {
  d->parts.calendar = CALENDAR_OTHER;
  if (item_follows(next) && item_has(next, SENSE_ONE) && item_word(next)->number == 10) {
    d->end = next->end;
    next++;
  }
  if (item_follows(next) && item_plays(next, ROLE_ERA)) {
    d->end = next->end;
    next++;
  }
  return next;
}

/* "الأسبوع الأول من فيفري", from the item behind the ordinal. */
static const value_item *week_of_month(const value_scratch *s, const value_item *next, date_span *d) {
  if (!item_links(next, LINK_OF) || !item_follows(next) || !takes_month(next + 1) || !item_follows(next + 1)) {
    return NULL;
  }
  date_span month = *d;
  next = month_tail(s, month_read(next + 1, &month), &month);
  d->end = month.end;
  d->parts.calendar = CALENDAR_OTHER;
  return next;
}

/* "الربع الثالث من 2027", "النصف الأول", "القرن التاسع عشر". */
static const value_item *part_read(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *next = item + 2;
  double ordinal = item_word(item + 1)->number;
  if (!item_plays(item, ROLE_PERIOD) || (item->flags & ITEM_AL) == 0 || !item_has(item + 1, SENSE_ORDINAL) ||
      !item_follows(item + 1) || (item[1].flags & (ITEM_AL | ITEM_AND | ITEM_BY)) != ITEM_AL) {
    return NULL;
  }
  d->end = item[1].end;
  switch (item_word(item)->period) {
  case PERIOD_QUARTER:
    d->parts.quarter = ordinal >= 1 && ordinal <= 4 ? (uint8_t)ordinal : ordinal < 0 ? 4 : 0;
    break;
  case PERIOD_HALF:
    d->parts.half = ordinal >= 1 && ordinal <= 2 ? (uint8_t)ordinal : ordinal < 0 ? 2 : 0;
    break;
  case PERIOD_CENTURY:
    return century_read(next, d);
  case PERIOD_WEEK:
    return week_of_month(s, next, d);
  default:
    return NULL;
  }
  const value_item *after = year_after(s, next, d);
  return after != next ? after : relative_year_after(next, d);
}

/* "third quarter of 2027", "Q3 2027", "H1 2026". */
static const value_item *latin_part_read(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *next = item + 1;
  if (item_plays(item, ROLE_QUARTER)) {
    d->parts.quarter = (uint8_t)item_word(item)->shift;
  } else if (item_plays(item, ROLE_HALF)) {
    d->parts.half = (uint8_t)item_word(item)->shift;
  } else if (item_has(item, SENSE_ORDINAL) && (item->flags & ITEM_LATIN) != 0 && item_follows(next) &&
             item_plays(next, ROLE_PERIOD) && item_word(item)->number >= 1) {
    uint8_t number = (uint8_t)item_word(item)->number;
    if (item_word(next)->period == PERIOD_QUARTER && number <= 4) {
      d->parts.quarter = number;
    } else if (item_word(next)->period == PERIOD_HALF && number <= 2) {
      d->parts.half = number;
    } else {
      return NULL;
    }
    next++;
  } else {
    return NULL;
  }
  d->end = next[-1].end;
  return year_after(s, next, d);
}

/* "صيف 2027", "السبعينيات", "تسعينيات القرن الماضي". */
static const value_item *season_read(const value_scratch *s, const value_item *item, date_span *d) {
  if (item_plays(item, ROLE_SEASON) && (item->flags & ITEM_AL) == 0) {
    d->end = item->end;
    const value_item *next = year_after(s, item + 1, d);
    if (next == item + 1) {
      d->parts.period = PERIOD_YEAR; /* صيف العام المقبل */
      next = relative_year_after(next, d);
    }
    return next != item + 1 ? next : NULL;
  }
  if (!item_plays(item, ROLE_DECADE)) {
    return NULL;
  }
  d->end = item->end;
  d->parts.calendar = CALENDAR_OTHER;
  return relative_period_after(item + 1, d);
}

/* --- everything together --- */

static const value_item *month_first_read(const value_scratch *s, const value_item *item, date_span *d) {
  date_span day = *d;
  const value_item *next = month_day_read(s, item, &day);
  if (next != NULL) {
    *d = day;
    return next;
  }
  next = month_tail(s, month_read(item, d), d);
  if (item_has(item, SENSE_DOUBTFUL) && d->parts.year == 0 && !d->parts.has_shift && !month_is_certain(item)) {
    return NULL;
  }
  return next;
}

/* "العام الدراسي 2025-2026", "السنة المالية 2026". */
static const value_item *fiscal_year_read(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *year = item + 2;
  if (!item_plays(item, ROLE_PERIOD) || item_word(item)->period != PERIOD_YEAR || (item->flags & ITEM_AL) == 0 ||
      !item_plays(item + 1, ROLE_FISCAL) || (item[1].flags & (ITEM_AL | ITEM_AND | ITEM_BY)) != ITEM_AL ||
      !item_follows(item + 1) || !item_follows(year) || (year->flags & (ITEM_AND | ITEM_BY)) != 0) {
    return NULL;
  }
  const value_item *next = year_read(s, year, 0, d);
  return next != NULL ? year_range(s, next, d) : NULL;
}

static const value_item *year_cue_read(const value_scratch *s, const value_item *item, date_span *d) {
  if (!item_plays(item, ROLE_YEAR) || !item_follows(item + 1) || (item[1].flags & (ITEM_AND | ITEM_BY)) != 0) {
    return NULL;
  }
  const value_item *next = year_read(s, item + 1, 1, d);
  return next != NULL ? year_range(s, next, d) : NULL;
}

typedef const value_item *(*date_reader)(const value_scratch *s, const value_item *item, date_span *d);

/* The first reader that finds something. */
static const value_item *first_read(const date_reader *readers, const value_scratch *s, const value_item *item,
                                    date_span *d) {
  date_span empty = *d;
  for (; *readers != NULL; readers++) {
    *d = empty;
    const value_item *next = (*readers)(s, item, d);
    if (next != NULL) {
      return next;
    }
  }
  return NULL;
}

const value_item *calendar_day_read(const value_scratch *s, const value_item *item, date_span *d) {
  static const date_reader readers[] = {
    day_month_read, day_of_two_read, day_range_read, numeric_read, ordinal_month_read, month_day_read, NULL
  };
  return first_read(readers, s, item, d);
}

const value_item *named_read(const value_scratch *s, const value_item *item, date_span *d) {
  static const date_reader of_numbers[] = {
    day_month_read, day_of_two_read, day_range_read, numeric_read, day_of_month_read, bare_year_read, NULL
  };
  static const date_reader of_words[] = { ordinal_month_read, latin_part_read, year_cue_read, fiscal_year_read,
                                          part_read,          season_read,     NULL };
  if (item->kind == ITEM_NUMBER) {
    return first_read(of_numbers, s, item, d);
  }
  if (item_has(item, SENSE_MONTH) && (item->flags & ITEM_AL) == 0) {
    return month_first_read(s, item, d);
  }
  return item_has(item, SENSE_DATE | SENSE_ORDINAL) ? first_read(of_words, s, item, d) : NULL;
}
