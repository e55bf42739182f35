/* SPDX-License-Identifier: Apache-2.0 */

/* The grammars: what may be read from a place in the row of items. None of them writes to the items. */
#ifndef ENTITIES_VALUES_GRAMMAR_H
#define ENTITIES_VALUES_GRAMMAR_H

#include "item.h"

enum {
  AMOUNT_SPELLED = 1u << 0, /* began with a word */
  AMOUNT_SCALED = 1u << 1,  /* has a word like million in it */
  AMOUNT_LONE = 1u << 2,    /* digits without anything else */
  AMOUNT_NEGATIVE = 1u << 3 /* a minus stands before it, and inside of it */
};

/* A number over one or more items. */
typedef struct amount {
  uint32_t begin; /* bytes */
  uint32_t end;
  const value_item *next; /* the item behind it */
  uint32_t flags;
  double value;
  double grouped;             /* of AMOUNT_LONE digits, if the separator parts thousands; otherwise equal to value */
  double scale;               /* of the last group; 1 without a scale */
  const value_number *digits; /* of the first item, or NULL */
} amount;

/* Reads the number that begins at item i. 1, or 0 if there is none. */
int amount_read(const value_scratch *scratch, const value_item *i, amount *ret_amount);

/* Reads the value that begins at item i. Returns the item behind it and fills ret_mention, or returns i. */
#define MEASURE_CERTAIN 0.9 /* the score of a measure with a unit of the tables is above this */
const value_item *measure_read(const value_scratch *scratch, const value_item *i, value_mention *ret_mention);
/* The same; what is added in a finer unit of time goes with it. */
const value_item *duration_read(const value_scratch *scratch, const value_item *i, value_mention *ret_mention);

const value_item *date_read(const value_scratch *scratch, const value_item *i, value_mention *ret_mention);

/* Reads the bare number at item i as what the last mention counts: "334 صوتا مقابل 324". Returns the item behind it, or i. */
const value_item *ellipsis_read(const value_scratch *scratch, const value_item *i, value_mention *ret_mention);

/* The item behind what may stand between the ends of a range that began with first, or NULL: "-", "إلى", and "و" after
 * "بين". */
const value_item *range_gap(const value_item *first, const value_item *gap);

/* "حوالي", "أكثر من" and the like before a value; or empty. */
qn_str modifier_before(const value_item *first);
qn_str modifier_name(uint32_t modifier);

/* A date with a name of its own, or relative to the day of writing, before it is written out. */
typedef struct date_parts {
  int32_t year; /* 0: not said */
  uint8_t month;
  uint8_t day;
  uint8_t calendar;
  uint8_t quarter;
  uint8_t half;
  uint8_t weekday;
  uint8_t period; /* relative: PERIOD_*, with shift; or a month or weekday with a shift */
  uint8_t has_shift;
  int8_t shift;
  int32_t last_year; /* "2025-2026" */
} date_parts;

enum { CALENDAR_NO_DAY = INT32_MIN };

/* The day number (days since 1970-01-01) of "YYYY-MM-DD", with or without a time; CALENDAR_NO_DAY if it is none. */
int32_t calendar_parse(qn_str iso);

/* The day number of a Hijri date, by the tabular calendar; a day off at times from the calendar of a country. */
int32_t calendar_hijri(int32_t year, uint32_t month, uint32_t day);

/* True if there is such a day in some year (year 0) or in that year. */
int calendar_valid(int32_t year, uint32_t month, uint32_t day);

/* Writes date and resolved of a mention. today is the day of publication or CALENDAR_NO_DAY. */
void calendar_write(const date_parts *parts, int32_t today, value_mention *mention);

#endif
