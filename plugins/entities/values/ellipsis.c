/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers whose unit was named just before: "334 صوتا مقابل 324", "10 آبار من أصل 247", "5.6 مليارات دولار من 3.5 مليارات", "12
 * مليون دولار ثم 147 مليونا". */
#include "grammar.h"

#include <math.h>

enum { ITEMS_APART = 8, ITEMS_FAR = 60, SHORT_BYTES = 4, YEAR_FIRST = 1800, YEAR_LAST = 2100 };

/* True if the item ends what is said. */
static int ends_clause(const value_item *item) {
  return item_is_mark(item, '.') || item_is_mark(item, '!') || item_is_mark(item, '?') || item_is_mark(item, 0x61F) ||
         item_is_mark(item, ';') || item_is_mark(item, 0x61B) || item_is_mark(item, ':');
}

/* The last mention that counts something, if it stands in the same line and, unless far is allowed, in the same clause. */
static const value_mention *counted_before(const value_scratch *s, const value_item *item, int far) {
  const value_mention *last = NULL;
  for (uint32_t i = s->n_mentions; i > 0 && i + 2 > s->n_mentions && last == NULL; i--) {
    const value_mention *m = &s->mentions[i - 1];
    last = m->type == VALUE_MONEY || m->type == VALUE_QUANTITY ? m : NULL;
  }
  for (uint32_t n = 0; last != NULL && item->begin >= last->end; n++, item--) {
    if (!item_follows(item) || n == ITEMS_FAR || (!far && (n == ITEMS_APART || ends_clause(item)))) {
      return NULL;
    }
  }
  return last;
}

/* The word that sets two numbers side by side, right before the number or before its "مع". */
static const value_item *link_before(const value_item *item) {
  const value_item *before = item - 1;
  if (before->kind == ITEM_WORD && before->end - before->begin <= SHORT_BYTES && item_follows(before)) {
    before--; /* مع, with, or a ب that stands alone */
  }
  return before;
}

static int may_be_year(const amount *a) {
  return (a->flags & AMOUNT_LONE) != 0 && a->value >= YEAR_FIRST && a->value <= YEAR_LAST && fmod(a->value, 1) == 0;
}

const value_item *ellipsis_read(const value_scratch *scratch, const value_item *i, value_mention *ret_mention) {
  amount a;
  const value_item *link = link_before(i);
  int is_versus = item_links(link, LINK_VERSUS) && (link->flags & ITEM_AL) == 0;
  int is_from = item_links(i - 1, LINK_OF) && item_follows(i);
  if (i->kind != ITEM_NUMBER || !amount_read(scratch, i, &a)) {
    return i;
  }
  int is_scaled = (a.flags & AMOUNT_SCALED) != 0; /* "147 مليونا" can be nothing but an amount */
  if (!is_versus && !is_from && !is_scaled) {
    return i;
  }
  const value_mention *whole = counted_before(scratch, i, is_scaled);
  if (whole == NULL || may_be_year(&a) || (is_from && (a.flags & AMOUNT_SCALED) == 0) ||
      (whole->type == VALUE_MONEY && (a.flags & AMOUNT_SCALED) == 0)) {
    return i;
  }
  *ret_mention = *whole;
  ret_mention->begin = a.begin;
  ret_mention->end = a.end;
  ret_mention->amount = a.grouped;
  ret_mention->amount_max = NAN;
  ret_mention->score = 0.7;
  ret_mention->modifier = modifier_before(i);
  return a.next;
}
