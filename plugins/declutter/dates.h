/* SPDX-License-Identifier: Apache-2.0 */

/* Finds a calendar date in a short line: numbers (2026/01/16, ١٨-٥-٢٠٢٦) and month names as Arab and English-language
 * papers write them. Islamic dates are known as dates but not turned into ISO ones. */
#ifndef DECLUTTER_DATES_H
#define DECLUTTER_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATE_ISO_BYTES = 10 };

typedef struct line_date {
  bool found;               /* there is a date with its year, or a clock time with a day */
  bool only;                /* the line says nothing else: no word besides weekdays, times and "published" */
  char iso[DATE_ISO_BYTES]; /* 2026-01-16; iso[0] is 0 if the date has none */
} line_date;

void date_find(const uint8_t *text, uint32_t begin, uint32_t end, line_date *ret_date);

#endif
