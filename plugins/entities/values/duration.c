/* SPDX-License-Identifier: Apache-2.0 */

/* One stretch of time in two units or three: "ثلاث ساعات وأربع دقائق", "17 عاما وستة أشهر". */
#include "grammar.h"

#include <math.h>
#include <string.h>

/* A unit of time and how many of the next finer one make it. Hours and what is finer are added up in the finest unit that
 * is named, years and months in years. */
typedef struct time_unit {
  const char *name;
  double finer;
  int stays; /* the sum is told in this unit */
} time_unit;

static const time_unit ladder[] = {
  { "year", 12, 1 }, { "month", 0, 0 }, { "day", 24, 0 }, { "hour", 60, 0 }, { "minute", 60, 0 }, { "second", 0, 0 },
};

enum { N_LADDER = sizeof(ladder) / sizeof(ladder[0]) };

/* The place of a mention's unit; N_LADDER if it is no plain stretch of time. */
static size_t place_of(const value_mention *m) {
  size_t i = 0;
  if (m->type != VALUE_QUANTITY || !isnan(m->amount_max)) {
    return N_LADDER;
  }
  while (i < N_LADDER &&
         (m->unit.len != strlen(ladder[i].name) || memcmp(m->unit.data, ladder[i].name, m->unit.len) != 0)) {
    i++;
  }
  return i;
}

/* The item with which the finer part begins; NULL if nothing is added. */
static const value_item *added_item(const value_item *next) {
  if (!item_follows(next)) {
    return NULL;
  }
  if ((next->flags & ITEM_AND) != 0) {
    return next;
  }
  return item_links(next, LINK_AND) && item_follows(next + 1) ? next + 1 : NULL;
}

/* Adds what the finer mention says to m, if it is less than one of m's unit. Seconds may follow hours. */
static int take_finer(value_mention *m, const value_mention *finer) {
  size_t from = place_of(m);
  size_t to = place_of(finer);
  double ratio = 1;
  if (from >= N_LADDER || to >= N_LADDER || to <= from) {
    return 0;
  }
  for (size_t i = from; i < to; i++) {
    ratio *= ladder[i].finer;
  }
  if (finer->amount >= ratio || finer->amount < 0) {
    return 0;
  }
  m->end = finer->end;
  if (ladder[from].stays) {
    m->amount += finer->amount / ratio;
  } else {
    m->amount = m->amount * ratio + finer->amount;
    m->unit = finer->unit;
  }
  return 1;
}

const value_item *duration_read(const value_scratch *s, const value_item *i, value_mention *m) {
  const value_item *next = measure_read(s, i, m);
  while (next != i && place_of(m) < N_LADDER) {
    value_mention finer;
    const value_item *begin = added_item(next);
    const value_item *behind = begin != NULL ? measure_read(s, begin, &finer) : NULL;
    if (behind == NULL || behind == begin || !take_finer(m, &finer)) {
      break;
    }
    next = behind;
  }
  return next;
}
