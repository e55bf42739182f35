/* SPDX-License-Identifier: Apache-2.0 */

/* Days, weeks and months: arithmetic without clock, locale or time zone, and how dates are written. */
#include "grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct civil {
  int32_t year;
  uint32_t month;
  uint32_t day;
} civil;

/* Days since 1970-01-01, proleptic Gregorian; the year begins in March so that leap days come last. */
static int32_t day_number(int32_t year, uint32_t month, uint32_t day) {
  int32_t y = month <= 2 ? year - 1 : year;
  int32_t era = (y >= 0 ? y : y - 399) / 400;
  int32_t of_era = y - era * 400;
  int32_t of_year = (153 * ((int32_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + (int32_t)day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static civil day_civil(int32_t number) {
  int32_t z = number + 719468;
  int32_t era = (z >= 0 ? z : z - 146096) / 146097;
  int32_t of_era = z - era * 146097;
  int32_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int32_t of_year = of_era - (365 * y + y / 4 - y / 100);
  int32_t m = (5 * of_year + 2) / 153;
  civil date = { y + era * 400, (uint32_t)(m < 10 ? m + 3 : m - 9), (uint32_t)(of_year - (153 * m + 2) / 5 + 1) };
  date.year += date.month <= 2;
  return date;
}

/* 1 Monday to 7 Sunday. */
static uint32_t day_weekday(int32_t number) {
  int32_t of_week = (number + 3) % 7;
  return (uint32_t)(of_week < 0 ? of_week + 8 : of_week + 1);
}

static uint32_t month_days(int32_t year, uint32_t month) {
  static const uint8_t days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && year != 0 && !is_leap ? 28 : days[month - 1];
}

int calendar_valid(int32_t year, uint32_t month, uint32_t day) {
  return month >= 1 && month <= 12 && day >= 1 && day <= month_days(year, month);
}

static int read_digits(const char *text, uint32_t n, int32_t *ret_value) {
  int32_t value = 0;
  for (uint32_t i = 0; i < n; i++) {
    if (text[i] < '0' || text[i] > '9') {
      return 0;
    }
    value = value * 10 + (text[i] - '0');
  }
  *ret_value = value;
  return 1;
}

int32_t calendar_parse(qn_str iso) {
  int32_t year = 0;
  int32_t month = 0;
  int32_t day = 0;
  if (iso.len < 10 || iso.data[4] != '-' || iso.data[7] != '-' || !read_digits(iso.data, 4, &year) ||
      !read_digits(iso.data + 5, 2, &month) || !read_digits(iso.data + 8, 2, &day) || year == 0 ||
      !calendar_valid(year, (uint32_t)month, (uint32_t)day)) {
    return CALENDAR_NO_DAY;
  }
  return day_number(year, (uint32_t)month, (uint32_t)day);
}

/* Months of 30 and 29 days in turn, eleven leap days in thirty years; counted so that 1 Muharram 1 is a Friday. */
int32_t calendar_hijri(int32_t year, uint32_t month, uint32_t day) {
  int32_t months_before = (int32_t)(29 * (month - 1) + month / 2);
  return (int32_t)day + months_before + (year - 1) * 354 + (3 + 11 * year) / 30 - 492149;
}

/* --- writing --- */

__attribute__((format(printf, 2, 3))) static uint8_t write_text(char *out, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(out, VALUE_DATE_MAX, format, args);
  va_end(args);
  return (uint8_t)(len > 0 && len < VALUE_DATE_MAX ? len : 0);
}

static uint8_t write_day(char *out, int32_t number) {
  civil date = day_civil(number);
  return write_text(out, "%04d-%02u-%02u", date.year, date.month, date.day);
}

/* ISO 8601: the week that has the year's first Thursday is its first. */
static uint8_t write_week(char *out, int32_t number) {
  int32_t thursday = number - (int32_t)day_weekday(number) + 4;
  int32_t year = day_civil(thursday).year;
  return write_text(out, "%04d-W%02d", year, (thursday - day_number(year, 1, 1)) / 7 + 1);
}

static uint8_t write_month(char *out, int32_t year, int32_t months) {
  int32_t m = year * 12 + months;
  return write_text(out, "%04d-%02d", m / 12, m % 12 + 1);
}

/* Dates of the Hijri year are written as the Gregorian ones they fall on. */
static void write_hijri(const date_parts *p, value_mention *m) {
  if (p->year == 0 || p->month == 0) {
    return;
  }
  int32_t day = calendar_hijri(p->year, p->month, p->day != 0 ? p->day : 15);
  int32_t off = p->day != 0 && p->weekday != 0 ? ((int32_t)p->weekday - (int32_t)day_weekday(day) + 7) % 7 : 0;
  day +=
      off == 1 || off == 6 ? (off == 1 ? 1 : -1) : 0; /* the moon was seen a day later or earlier: the weekday tells */
  civil date = day_civil(day);
  m->date_len = p->day != 0 ? write_day(m->date, day) : write_text(m->date, "%04d-%02u", date.year, date.month);
}

static void write_named(const date_parts *p, value_mention *m) {
  if (p->calendar == CALENDAR_HIJRI) {
    write_hijri(p, m);
  } else if (p->calendar != CALENDAR_GREGORIAN) {
    return;
  } else if (p->last_year != 0) {
    m->date_len = write_text(m->date, "%04d/%04d", p->year, p->last_year);
  } else if (p->year != 0 && p->quarter != 0) {
    m->date_len = write_text(m->date, "%04d-Q%u", p->year, p->quarter);
  } else if (p->year != 0 && p->half != 0) {
    m->date_len = write_text(m->date, "%04d-H%u", p->year, p->half);
  } else if (p->year != 0 && p->month != 0 && p->day != 0) {
    m->date_len = write_text(m->date, "%04d-%02u-%02u", p->year, p->month, p->day);
  } else if (p->year != 0 && p->month != 0) {
    m->date_len = write_text(m->date, "%04d-%02u", p->year, p->month);
  } else if (p->year != 0) {
    m->date_len = write_text(m->date, p->year < 1000 ? "%d" : "%04d", p->year);
  } else if (p->month != 0 && p->day != 0) {
    m->date_len = write_text(m->date, "--%02u-%02u", p->month, p->day);
  } else if (p->month != 0) {
    m->date_len = write_text(m->date, "--%02u", p->month);
  }
}

/* --- resolving --- */

/* The year that a month without one means: after الماضي the last, after المقبل the next, else the nearest. */
static int32_t near_year(const date_parts *p, civil today) {
  int32_t months = (int32_t)p->month - (int32_t)today.month;
  int is_after = months > 0 || (months == 0 && p->day > today.day);
  if (p->has_shift && p->shift < 0) {
    return is_after || (months == 0 && p->day == 0) ? today.year - 1 : today.year;
  }
  if (p->has_shift && p->shift > 0) {
    return is_after ? today.year : today.year + 1;
  }
  return months > 6 ? today.year - 1 : months < -6 ? today.year + 1 : today.year;
}

static void resolve_month(const date_parts *p, int32_t today, value_mention *m) {
  int32_t year = near_year(p, day_civil(today));
  if (p->day != 0 && calendar_valid(year, p->month, p->day)) {
    m->resolved_len = write_text(m->resolved, "%04d-%02u-%02u", year, p->month, p->day);
  } else if (p->day == 0) {
    m->resolved_len = write_text(m->resolved, "%04d-%02u", year, p->month);
  }
}

static void resolve_weekday(const date_parts *p, int32_t today, value_mention *m) {
  int32_t back = ((int32_t)day_weekday(today) - p->weekday + 7) % 7;
  if (p->has_shift && p->shift > 0) {
    m->resolved_len = write_day(m->resolved, today + 7 - back);
  } else {
    m->resolved_len = write_day(m->resolved, today - (p->has_shift && p->shift < 0 && back == 0 ? 7 : back));
  }
}

static void resolve_period(const date_parts *p, int32_t today, value_mention *m) {
  civil date = day_civil(today);
  int32_t shift = p->shift;
  int32_t quarter = date.year * 4 + (int32_t)(date.month - 1) / 3 + shift;
  switch (p->period) {
  case PERIOD_DAY:
    m->resolved_len = write_day(m->resolved, today + shift);
    break;
  case PERIOD_WEEK:
    m->resolved_len = write_week(m->resolved, today + 7 * shift);
    break;
  case PERIOD_MONTH:
    m->resolved_len = write_month(m->resolved, date.year, (int32_t)date.month - 1 + shift);
    break;
  case PERIOD_QUARTER:
    m->resolved_len = write_text(m->resolved, "%04d-Q%d", quarter / 4, quarter % 4 + 1);
    break;
  case PERIOD_YEAR:
    m->resolved_len = write_text(m->resolved, "%04d", date.year + shift);
    break;
  default:
    break;
  }
}

/* "الربع الثالث" of no year. What is two quarters ahead or more is last year's: of that results are told, of the next one forecasts. */
static int32_t part_year(const date_parts *p, civil today) {
  unsigned now = (today.month - 1) / 3 + 1;
  int is_far = p->quarter != 0 ? p->quarter > now + 1 : p->half == 2 && now == 1;
  return p->has_shift ? today.year + p->shift : today.year - is_far;
}

static void resolve_part(const date_parts *p, int32_t today, value_mention *m) {
  int32_t year = part_year(p, day_civil(today));
  m->resolved_len = p->quarter != 0 ? write_text(m->resolved, "%04d-Q%u", year, p->quarter)
                                    : write_text(m->resolved, "%04d-H%u", year, p->half);
}

void calendar_write(const date_parts *parts, int32_t today, value_mention *mention) {
  mention->date_len = 0;
  mention->resolved_len = 0;
  write_named(parts, mention);
  if (today == CALENDAR_NO_DAY || parts->year != 0 || parts->calendar != CALENDAR_GREGORIAN) {
    return;
  }
  if (parts->quarter != 0 || parts->half != 0) {
    resolve_part(parts, today, mention);
  } else if (parts->month != 0) {
    resolve_month(parts, today, mention);
  } else if (parts->weekday != 0) {
    resolve_weekday(parts, today, mention);
  } else if (parts->period != PERIOD_NONE && parts->has_shift) {
    resolve_period(parts, today, mention);
  }
}
