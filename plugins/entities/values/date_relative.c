/* SPDX-License-Identifier: Apache-2.0 */

/* Dates relative to the day of writing, and what may stand before any date: "نهاية", "صباح", "يوم". */
#include "date.h"

#include <math.h>
#include <string.h>

/* The item goes on with what stands before it: same line, no و and no preposition. */
static int joins(const value_item *item) {
  return item_follows(item) && (item->flags & (ITEM_AND | ITEM_BY)) == 0;
}

static int is_definite(const value_item *item) {
  return (item->flags & ITEM_AL) != 0;
}

static int is_shift(const value_item *item) {
  return joins(item) && is_definite(item) && item_plays(item, ROLE_SHIFT);
}

static void take_shift(const value_item *item, date_span *d) {
  d->parts.has_shift = 1;
  d->parts.shift = item_word(item)->shift;
  d->end = item->end;
}

/* The period that a word names; a season of nature counts as one of sport. */
static uint8_t period_of(const value_item *item) {
  if (item_plays(item, ROLE_SEASON)) {
    return PERIOD_SEASON;
  }
  return item_plays(item, ROLE_PERIOD | ROLE_STRETCH) ? item_word(item)->period : PERIOD_NONE;
}

/* "المدير العام السابق": whoever was that, not last year. */
static int is_office(const value_scratch *s, const value_item *item) {
  static const char *const offices[] = { "مدير", "أمين", "امين", "مدعي", "مفتش", "نائب", "منسق", "قنصل", "مراقب" };
  const value_item *office = item - 1;
  if (!item_follows(item) || office->kind != ITEM_WORD) {
    return 0;
  }
  for (size_t k = 0; k < sizeof offices / sizeof offices[0]; k++) {
    size_t len = strlen(offices[k]);
    for (uint32_t at = office->begin; at + len <= office->end; at++) {
      if (memcmp(s->view.data + at, offices[k], len) == 0) {
        return 1;
      }
    }
  }
  return 0;
}

/* "العام المقبل", "السنة المالية الماضية", "الأشهر الستة الماضية", "العام نفسه". */
static const value_item *period_read(const value_scratch *s, const value_item *item, date_span *d) {
  uint8_t period = period_of(item);
  const value_item *next = item + 1;
  if (period == PERIOD_NONE || !is_definite(item) || (period == PERIOD_YEAR && is_office(s, item))) {
    return NULL;
  }
  if (joins(next) && is_definite(next) && item_plays(next, ROLE_FISCAL)) {
    next++;
  }
  if (joins(next) && is_definite(next) && (item_has(next, SENSE_ONE | SENSE_TEN) || item_plays(next, ROLE_FEW)) &&
      is_shift(next + 1)) {
    d->parts.period = PERIOD_NONE; /* a stretch of time; which one, ISO 8601 has no short way to say */
    d->end = next[1].end;
    return next + 2;
  }
  if (!is_shift(next)) {
    return NULL;
  }
  d->parts.period = item_plays(item, ROLE_PERIOD) ? period : PERIOD_NONE;
  take_shift(next, d);
  return next + 1;
}

/* "هذا العام", "this week". */
static const value_item *this_read(const value_item *item, date_span *d) {
  const value_item *next = item + 1;
  uint8_t period = period_of(next);
  if (!item_plays(item, ROLE_THIS) || !joins(next) || period == PERIOD_NONE || period == PERIOD_DAY) {
    return NULL;
  }
  if (is_definite(next) == ((item->flags & ITEM_LATIN) != 0)) {
    return NULL;
  }
  if (joins(next + 1) && is_definite(next + 1) && item_has(next + 1, SENSE_ORDINAL)) {
    return NULL; /* "هذه السنة الثانية على التوالي" */
  }
  d->parts.period = period;
  d->parts.has_shift = 1;
  d->end = next->end;
  return next + 1;
}

/* "last year", "next Monday". */
static const value_item *before_read(const value_item *item, date_span *d) {
  const value_item *next = item + 1;
  if (!item_plays(item, ROLE_BEFORE) || !joins(next)) {
    return NULL;
  }
  if (period_of(next) != PERIOD_NONE) {
    d->parts.period = period_of(next);
  } else if (item_has(next, SENSE_WEEKDAY)) {
    d->parts.weekday = item_word(next)->weekday;
  } else if (item_has(next, SENSE_MONTH)) {
    d->parts.month = item_word(next)->month;
  } else {
    return NULL;
  }
  d->parts.has_shift = 1;
  d->parts.shift = item_word(item)->shift;
  d->end = next->end;
  return next + 1;
}

static int is_weekday(const value_item *item) {
  return item_has(item, SENSE_WEEKDAY) && (is_definite(item) || (item->flags & ITEM_LATIN) != 0);
}

/* "الأحد", "الاثنين المقبل", "الخميس 12 مارس 2026", "الاثنين والثلاثاء" after يومي. */
static const value_item *weekday_read(const value_scratch *s, const value_item *item, date_span *d) {
  if (!is_weekday(item)) {
    return NULL;
  }
  const value_item *next = item + 1;
  d->parts.weekday = item_word(item)->weekday;
  d->end = item->end;
  if (is_shift(next)) {
    take_shift(next, d);
    next++;
  }
  const value_item *day = next;
  if (item_follows(day) && (item_is_mark(day, ',') || item_is_mark(day, 0x60C))) {
    day++;
  }
  if (joins(day)) {
    date_span whole = *d;
    const value_item *behind = calendar_day_read(s, day, &whole);
    if (behind != NULL) {
      *d = whole;
      return behind;
    }
  }
  return next;
}

/* "في اليوم", "اليوم الواحد", "اليوم نفسه": no day in particular. */
static int is_per_day(const value_item *item) {
  const value_item *next = item + 1;
  if (item_follows(item) && item_links(item - 1, LINK_PREP)) {
    return 1;
  }
  return joins(next) && (item_plays(next, ROLE_SAME) || (is_definite(next) && !item_has(next, SENSE_WEEKDAY)));
}

/* "أمس", "غدا الثلاثاء", "اليوم السبت". */
static const value_item *dayword_read(const value_scratch *s, const value_item *item, date_span *d) {
  if (!item_plays(item, ROLE_WORD) || (item->flags & ITEM_AL) != 0) {
    return NULL;
  }
  d->parts.period = PERIOD_DAY;
  d->parts.has_shift = 1;
  d->parts.shift = item_word(item)->shift;
  d->end = item->end;
  if (d->parts.shift == 0 && (is_per_day(item) || (item_follows(item) && item_plays(item - 1, ROLE_THIS)))) {
    return NULL;
  }
  if (joins(item + 1)) {
    date_span weekday = *d;
    const value_item *next = weekday_read(s, item + 1, &weekday);
    if (next != NULL) {
      d->end = weekday.end;
      if (weekday.parts.year != 0 || weekday.parts.month != 0) {
        d->parts = weekday.parts;
      }
      return next;
    }
  }
  return item + 1;
}

const value_item *relative_read(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *next = NULL;
  if (item_has(item, SENSE_WEEKDAY)) {
    return weekday_read(s, item, d);
  }
  if (!item_has(item, SENSE_DATE)) {
    return NULL;
  }
  next = dayword_read(s, item, d);
  next = next != NULL ? next : this_read(item, d);
  next = next != NULL ? next : before_read(item, d);
  return next != NULL ? next : period_read(s, item, d);
}

const value_item *relative_year_after(const value_item *item, date_span *d) {
  const value_item *year = item;
  if (item_follows(year) && item_links(year, LINK_OF)) {
    year++;
  }
  if (!item_follows(year) || (year->flags & ITEM_AND) != 0 || !is_definite(year) || period_of(year) != PERIOD_YEAR) {
    return item;
  }
  d->end = year->end;
  if (is_shift(year + 1)) {
    take_shift(year + 1, d);
    return year + 2;
  }
  return year + 1;
}

const value_item *relative_period_after(const value_item *item, date_span *d) {
  const value_item *century = item;
  if (item_follows(century) && item_links(century, LINK_OF)) {
    century++;
  }
  if (!joins(century) || period_of(century) != PERIOD_CENTURY || !is_shift(century + 1)) {
    return item;
  }
  d->end = century[1].end;
  return century + 2;
}

int month_is_certain(const value_item *item) {
  const value_item *before = item - 1;
  if (!item_follows(item) || (item->flags & ITEM_BY) != 0) {
    return 0;
  }
  return item_links(before, LINK_PREP | LINK_TO | LINK_BETWEEN | LINK_OF) ||
         item_plays(before, ROLE_EDGE | ROLE_MONTH) || item_has(before, SENSE_MONTH);
}

/* --- what stands before a date --- */

/* A date of any kind without what stands before it. */
static const value_item *core_read(const value_scratch *s, const value_item *item, date_span *d) {
  date_span named = *d;
  const value_item *next = named_read(s, item, &named);
  if (next == NULL) {
    named = *d;
    next = relative_read(s, item, &named);
  }
  if (next != NULL) {
    *d = named;
  }
  return next;
}

static int is_day(const date_parts *parts) {
  return parts->day != 0 || parts->weekday != 0 || parts->period == PERIOD_DAY;
}

/* Not a day of a month: "يوم" before "19 سبتمبر" stays outside. */
static int is_weekday_or_word(const date_parts *parts) {
  return parts->weekday != 0 || parts->period == PERIOD_DAY;
}

/* "يوم الجمعة", "شهر مارس", "يومي الاثنين والثلاثاء". */
static const value_item *cued_read(const value_scratch *s, const value_item *item, date_span *d) {
  if (is_definite(item) || !item_plays(item, ROLE_DAY | ROLE_DAYS | ROLE_MONTH) || !joins(item + 1)) {
    return core_read(s, item, d);
  }
  date_span cued = *d;
  const value_item *next = core_read(s, item + 1, &cued);
  if (next == NULL || (item_plays(item, ROLE_MONTH) ? cued.parts.month == 0 || cued.parts.day != 0
                                                    : !is_weekday_or_word(&cued.parts))) {
    return core_read(s, item, d);
  }
  if (item_plays(item, ROLE_DAYS) && item_follows(next) && (next->flags & ITEM_AND) != 0 && is_weekday(next)) {
    cued.end = next->end;
    next++;
  }
  *d = cued;
  return next;
}

/* "صباح الأحد", "ليلة أمس", from the part of the day on, which is no part of the date. */
static const value_item *daypart_read(const value_scratch *s, const value_item *item, date_span *d) {
  if (is_definite(item) || !item_plays(item, ROLE_DAYPART) || !joins(item + 1)) {
    return NULL;
  }
  const value_item *next = cued_read(s, item + 1, d);
  return next != NULL && is_day(&d->parts) ? next : NULL;
}

/* "نهاية 2027", "منتصف العام", from the edge on, which is its modifier and no part of it. */
static const value_item *edge_read(const value_scratch *s, const value_item *item, date_span *d) {
  const value_item *next = item + 1;
  if (is_definite(item) || !item_plays(item, ROLE_EDGE) || !joins(next) || item_plays(next, ROLE_THIS)) {
    return NULL;
  }
  d->modifier = item_word(item)->modifier;
  date_span edged = *d;
  const value_item *behind = cued_read(s, next, &edged);
  if (behind != NULL) {
    *d = edged;
    return behind;
  }
  uint8_t period = period_of(next);
  if (!is_definite(next) || (period != PERIOD_YEAR && period != PERIOD_MONTH && period != PERIOD_WEEK)) {
    return NULL;
  }
  d->parts.period = period;
  d->parts.has_shift = 1;
  d->end = next->end;
  return next + 1;
}

const value_item *date_read(const value_scratch *s, const value_item *i, value_mention *m) {
  date_span empty = { .parts = { .year = 0 } };
  date_span d = empty;
  if (i->kind != ITEM_NUMBER && !item_has(i, SENSE_DATE | SENSE_MONTH | SENSE_WEEKDAY | SENSE_ORDINAL)) {
    return i;
  }
  const value_item *first = i + 1;
  const value_item *next = daypart_read(s, i, &d);
  if (next == NULL) {
    d = empty;
    next = edge_read(s, i, &d);
  }
  if (next == NULL) {
    d = empty;
    first = i;
    next = cued_read(s, i, &d);
  }
  if (next == NULL) {
    return i;
  }
  *m = (value_mention){
    .begin = first->begin, .end = d.end, .type = VALUE_DATE, .score = 0.95, .amount = NAN, .amount_max = NAN
  };
  if (d.modifier != MODIFIER_NONE) {
    m->modifier = modifier_name(d.modifier);
  } else if (item_plays(i - 1, ROLE_EDGE)) {
    m->modifier = modifier_name(item_word(i - 1)->modifier);
  } else {
    m->modifier = modifier_before(i);
  }
  calendar_write(&d.parts, s->today, m);
  return next;
}
