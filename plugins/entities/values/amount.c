/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers in words, digits and both: "ثلاثة وعشرون مليونا", "8.4 مليار", "أربعة ملايين وربع المليون", "57bn".
 *
 * A number is a row of groups; each is digits or words below a thousand, and a scale. Groups go on with و and fall in
 * scale. */
#include "grammar.h"

#include <math.h>

enum { MINUS = 0x2212 };

/* A group while it is read. */
typedef struct group {
  const value_item *next;
  double value; /* without the scale */
  double scale; /* 1: none */
  int n_parts;
} group;

/* A numeral that may stand inside of a number: no article. */
static uint32_t numeral(const value_item *item) {
  return (item->flags & ITEM_AL) != 0 ? 0 : item_word(item)->senses & (SENSE_NUMERAL | SENSE_SCALES);
}

static int is_joined(const value_item *item) {
  return item_follows(item) && (item->flags & ITEM_BY) == 0;
}

/* Takes one numeral below a thousand into the group. 1 if it fits. */
static int group_take(group *g, const value_item *item, uint32_t senses) {
  double value = item_word(item)->number;
  int has_and = (item->flags & ITEM_AND) != 0;
  int below_hundred = (int)fmod(g->value, 100);
  if (g->n_parts == 0) {
    g->value = value;
    return 1;
  }
  if ((senses & SENSE_HUNDRED) != 0 && !has_and && g->value >= 3 && g->value <= 9) { /* ثلاث مئة */
    g->value *= 100;
    return 1;
  }
  if ((senses & SENSE_ONE) != 0 && value == 10 && !has_and && below_hundred >= 1 &&
      below_hundred <= 9) { /* ثلاث عشرة */
    g->value += 10;
    return 1;
  }
  if ((senses & SENSE_TEN) != 0 && has_and && below_hundred < 10) {
    g->value += value;
    return 1;
  }
  if ((senses & (SENSE_ONE | SENSE_TEEN)) != 0 && below_hundred == 0 && (has_and || (item->flags & ITEM_LATIN) != 0)) {
    g->value += value;
    return 1;
  }
  if ((senses & SENSE_ONE) != 0 && value < 10 && below_hundred >= 20 && fmod(g->value, 10) == 0 &&
      (item->flags & ITEM_LATIN) != 0) { /* twenty five */
    g->value += value;
    return 1;
  }
  return 0;
}

/* "twenty-five": the hyphen between two glued words. */
static const value_item *skip_hyphen(const value_item *item) {
  return item_is_mark(item, '-') && item_is_glued(item) && item_is_glued(item + 1) && numeral(item + 1) != 0 ? item + 1
                                                                                                             : item;
}

static void words_read(group *g, const value_item *item) {
  for (;;) {
    uint32_t senses = numeral(item);
    if ((senses & (SENSE_ONE | SENSE_TEEN | SENSE_TEN | SENSE_HUNDRED | SENSE_HUNDREDS)) == 0 ||
        (g->n_parts > 0 && !is_joined(item)) || !group_take(g, item, senses)) {
      break;
    }
    g->n_parts++;
    g->next = item + 1;
    item = skip_hyphen(item + 1);
  }
}

/* Scales right behind the group: "8.4 مليار", "500 ألف مليون". */
static void scales_read(group *g, int is_first_word) {
  const value_item *item = g->next;
  while (is_joined(item) || is_first_word) {
    uint32_t senses = numeral(item);
    double scale = item_word(item)->number;
    if ((senses & (SENSE_SCALE | SENSE_SCALES | SENSE_SINGLE | SENSE_DUAL)) == 0 ||
        ((item->flags & ITEM_AND) != 0 && !is_first_word)) {
      break;
    }
    if ((senses & SENSE_DUAL) != 0 && g->n_parts > 0) {
      break;
    }
    g->scale *= scale;
    g->n_parts++;
    g->next = ++item;
    is_first_word = 0;
  }
}

/* A scale without a number before it counts one of it, in the dual two. */
static double lone_scale(const value_item *item) {
  uint32_t senses = numeral(item);
  int goes_on = item_follows(item + 1) && (item[1].flags & ITEM_AND) != 0 &&
                (numeral(item + 1) != 0 || item[1].kind == ITEM_NUMBER);
  if ((senses & SENSE_DUAL) != 0) {
    return 2;
  }
  if ((senses & SENSE_SINGLE) != 0 && !goes_on) { /* ألفا عام: two thousand; ألفا وخمسمئة: one */
    return 2;
  }
  return 1;
}

/* "ثلاثة أرباع المليار", "نصف المليون": the scale has the article. */
static void fraction_of_scale(group *g) {
  const value_item *scale = g->next;
  if (g->scale == 1 && item_follows(scale) && (scale->flags & (ITEM_AL | ITEM_AND | ITEM_BY)) == ITEM_AL &&
      item_has(scale, SENSE_SCALE)) {
    g->scale = item_word(scale)->number;
    g->next++;
  }
}

/* "ربع ساعة", "نصف قرن". */
static int is_part_of_time(const value_item *unit) {
  return item_has(unit, SENSE_TIME) && (unit->flags & (ITEM_AL | ITEM_AND | ITEM_BY)) == 0;
}

static int group_read(const value_scratch *s, const value_item *item, group *ret_group) {
  group g = { .next = item, .scale = 1 };
  uint32_t senses = numeral(item);
  if (item->kind == ITEM_NUMBER) {
    const value_number *number = &s->numbers[item->ref];
    if ((number->flags & NUMBER_BAD) != 0) {
      return 0;
    }
    g.value = (number->flags & NUMBER_COMMA) != 0 && !s->dots_part ? number->grouped : number->amount;
    g.n_parts = 1;
    g.next = item + 1;
    scales_read(&g, 0);
  } else if ((senses & (SENSE_SCALE | SENSE_SINGLE | SENSE_DUAL)) != 0 && (item->flags & ITEM_LATIN) == 0 &&
             !item_has(item, SENSE_DOUBTFUL)) {
    g.value = lone_scale(item);
    scales_read(&g, 1);
  } else if ((senses & SENSE_FRACTION) != 0) {
    g.value = item_word(item)->number;
    g.n_parts = 1;
    g.next = item + 1;
    scales_read(&g, 0);
    fraction_of_scale(&g);
    if (g.scale == 1 && !(is_joined(g.next) && (item_has(g.next, SENSE_CURRENCY) || is_part_of_time(g.next)))) {
      return 0; /* half of what? */
    }
  } else {
    words_read(&g, item);
    if (g.n_parts > 0) {
      scales_read(&g, 0);
    }
  }
  *ret_group = g;
  return g.n_parts > 0;
}

/* "ونصف المليار", "ونصف": a fraction of the last scale. 1 if it was taken. */
static int fraction_take(amount *a, const value_item **item) {
  const value_item *at = *item;
  if ((at->flags & ITEM_AND) == 0 || !item_follows(at) || !item_has(at, SENSE_FRACTION) || a->scale <= 1 ||
      (at->flags & ITEM_AL) != 0) {
    return 0;
  }
  a->value += item_word(at)->number * a->scale;
  a->end = at->end;
  at++;
  if (item_follows(at) && (at->flags & (ITEM_AND | ITEM_BY)) == 0 && item_has(at, SENSE_SCALE) &&
      item_word(at)->number == a->scale) {
    a->end = at->end;
    at++;
  }
  *item = at;
  return 1;
}

/* "-31°", "ناقص 12 درجة". A hyphen glued to what stands before it is none. */
static int is_minus(const value_item *sign, const value_item *number) {
  if (!item_follows(number) || sign->end == sign->begin) {
    return 0;
  }
  if (item_links(sign, LINK_MINUS)) {
    return (sign->flags & (ITEM_AL | ITEM_BY)) == 0;
  }
  return (item_is_mark(sign, '-') || item_is_mark(sign, MINUS)) && item_is_glued(number) &&
         (!item_is_glued(sign) || item_is_mark(sign - 1, '(') || item_links(sign - 1, LINK_AND)) &&
         (number->flags & (ITEM_AND | ITEM_BY)) == 0;
}

static void first_group(const value_scratch *s, const value_item *item, const group *g, amount *a) {
  *a = (amount){ .begin = item->begin, .end = g->next[-1].end, .value = g->value * g->scale, .scale = g->scale };
  a->grouped = a->value;
  a->flags = (item->kind != ITEM_NUMBER ? AMOUNT_SPELLED : 0) | (g->scale > 1 ? AMOUNT_SCALED : 0);
  if (item->kind == ITEM_NUMBER) {
    a->digits = &s->numbers[item->ref];
    if (g->next == item + 1) {
      a->flags |= AMOUNT_LONE;
      a->grouped = a->digits->grouped;
    }
    if (is_minus(item - 1, item)) {
      a->begin = (item - 1)->begin;
      a->flags |= AMOUNT_NEGATIVE;
    }
  }
}

/* The group behind و, if it can be part of the same number: smaller in scale. */
static int more_read(const value_scratch *s, const value_item *item, const amount *a, group *ret_group) {
  if (!is_joined(item) || a->scale <= 1) {
    return 0;
  }
  if (item_links(item, LINK_AND) && item->kind == ITEM_WORD && item_follows(item + 1)) {
    item++; /* و standing alone */
  } else if ((item->flags & ITEM_AND) == 0) {
    return 0;
  }
  if ((item->flags & ITEM_LATIN) != 0 || !group_read(s, item, ret_group)) {
    return 0;
  }
  return ret_group->scale < a->scale && ret_group->value * ret_group->scale < a->scale;
}

int amount_read(const value_scratch *s, const value_item *i, amount *ret_amount) {
  group g;
  if ((i->kind != ITEM_NUMBER && numeral(i) == 0) || !group_read(s, i, &g)) {
    return 0;
  }
  amount a;
  first_group(s, i, &g, &a);
  const value_item *next = g.next;
  while (!fraction_take(&a, &next) && more_read(s, next, &a, &g)) {
    a.value += g.value * g.scale;
    a.scale = g.scale;
    a.end = g.next[-1].end;
    a.flags &= ~(uint32_t)AMOUNT_LONE;
    next = g.next;
  }
  if ((a.flags & AMOUNT_LONE) == 0) {
    a.grouped = a.value;
  }
  a.next = next;
  *ret_amount = a;
  return 1;
}
