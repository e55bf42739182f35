/* SPDX-License-Identifier: Apache-2.0 */

/* What the two halves of the date grammar share: dates that name themselves and dates relative to the day of writing.
 *
 * Readers return the item behind what they read, or NULL if it does not stand there; what they leave in the span is
 * then worth nothing. */
#ifndef ENTITIES_VALUES_DATE_H
#define ENTITIES_VALUES_DATE_H

#include "grammar.h"

/* A date while it is read. */
typedef struct date_span {
  date_parts parts;
  uint32_t end;     /* bytes */
  uint8_t modifier; /* MODIFIER_EARLY, MODIFIER_MID, MODIFIER_END */
} date_span;

const value_item *named_read(const value_scratch *s, const value_item *item, date_span *d);
const value_item *year_read(const value_scratch *s, const value_item *item, int has_cue, date_span *d);
const value_item *numeric_read(const value_scratch *s, const value_item *item, date_span *d);
const value_item *calendar_day_read(const value_scratch *s, const value_item *item, date_span *d);
const value_item *month_read(const value_item *item, date_span *d);

const value_item *relative_read(const value_scratch *s, const value_item *item, date_span *d);

/* "من العام", "من العام المقبل" behind a quarter; item if there is none. */
const value_item *relative_year_after(const value_item *item, date_span *d);

/* "القرن الماضي" behind a decade; item if there is none. */
const value_item *relative_period_after(const value_item *item, date_span *d);

/* True if a month's name that is also something else (مارس, May) stands where a month does. */
int month_is_certain(const value_item *item);

#endif
