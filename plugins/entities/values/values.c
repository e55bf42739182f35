/* SPDX-License-Identifier: Apache-2.0 */

/* Runs the value grammars over a document. What depends on the document as a whole is settled first: how it writes
 * thousands, and which country's currency it means. */
#include "entities/values.h"
#include "grammar.h"
#include "text/lent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int value_scratch_open(const qn_host *host, qn_env *env, value_scratch **ret_scratch) {
  value_scratch *scratch = host->alloc(env, sizeof(*scratch));
  if (scratch == NULL) {
    return -ENOMEM;
  }
  memset(scratch, 0, sizeof(*scratch));
  scratch->host = host;
  scratch->env = env;
  *ret_scratch = scratch;
  return 0;
}

void value_scratch_close(value_scratch *scratch) {
  if (scratch == NULL) {
    return;
  }
  scratch->host->release(scratch->env, scratch->items);
  scratch->host->release(scratch->env, scratch->numbers);
  scratch->host->release(scratch->env, scratch->mentions);
  scratch->host->release(scratch->env, scratch);
}

/* The items around the text, which are no word and follow nothing. */
static void ends_write(value_scratch *s) {
  const value_item nothing = { .kind = ITEM_MARK, .flags = ITEM_FRESH };
  for (uint32_t i = 0; i < ITEMS_BEFORE; i++) {
    s->items[i] = nothing;
  }
  for (uint32_t i = 0; i < ITEMS_AFTER; i++) {
    s->items[ITEMS_BEFORE + s->n_items + i] = nothing;
  }
}

/* Points part thousands where commas stand before decimals, or where no point stands before decimals and none before
 * three digits could do so. */
static void numbers_survey(value_scratch *s) {
  uint32_t n_point_decimals = 0;
  uint32_t n_comma_decimals = 0;
  for (uint32_t i = 0; i < s->n_numbers; i++) {
    uint32_t flags = s->numbers[i].flags;
    if ((flags & NUMBER_DECIMAL) != 0) {
      n_point_decimals += (flags & NUMBER_DOT) != 0;
      n_comma_decimals += (flags & NUMBER_COMMA) != 0;
    }
  }
  s->dots_part = n_comma_decimals > n_point_decimals || n_point_decimals == 0;
}

static void countries_survey(value_scratch *s) {
  memset(s->countries, 0, sizeof(s->countries));
  memset(s->currencies, 0, sizeof(s->currencies));
  for (uint32_t i = 0; i < s->n_items; i++) {
    const value_word *word = item_word(&s->items[ITEMS_BEFORE + i]);
    if ((word->senses & (SENSE_COUNTRY | SENSE_CURRENCY)) == 0) {
      continue;
    }
    if ((word->senses & SENSE_COUNTRY) != 0 && s->countries[word->country] < UINT16_MAX) {
      s->countries[word->country]++;
    }
    const value_unit *unit = &value_units[word->unit];
    if ((word->senses & SENSE_CURRENCY) != 0 && unit->next == 0 && s->currencies[unit->code] < UINT16_MAX) {
      s->currencies[unit->code]++;
    }
  }
}

static int mention_push(value_scratch *s, const value_mention *mention) {
  if (s->n_mentions == s->mentions_capacity) {
    void *mentions = s->mentions;
    int fault = lent_room(s->host, s->env, &mentions, &s->mentions_capacity, s->n_mentions + 1, sizeof(*s->mentions));
    s->mentions = mentions;
    if (fault != 0) {
      return fault;
    }
  }
  s->mentions[s->n_mentions++] = *mention;
  return 0;
}

static int may_begin_value(const value_item *item) {
  static const uint32_t starts = SENSE_NUMERAL | SENSE_ORDINAL | SENSE_PERCENT | SENSE_CURRENCY | SENSE_PAIR |
                                 SENSE_TIME | SENSE_MONTH | SENSE_WEEKDAY | SENSE_DATE;
  return item->kind == ITEM_NUMBER || (item->kind == ITEM_WORD && item_has(item, starts));
}

static int grammars_run(value_scratch *s) {
  const value_item *item = s->items + ITEMS_BEFORE;
  const value_item *end = item + s->n_items;
  while (item < end) {
    value_mention mention;
    if (!may_begin_value(item)) {
      item++;
      continue;
    }
    const value_item *next = date_read(s, item, &mention);
    if (next == item) {
      next = duration_read(s, item, &mention);
    }
    if (next == item) {
      next = ellipsis_read(s, item, &mention);
    }
    if (next == item) {
      item++;
      continue;
    }
    int fault = mention_push(s, &mention);
    if (fault != 0) {
      return fault;
    }
    item = next;
  }
  return 0;
}

int values_find(value_scratch *scratch, const qn_view *view, const qn_layer *tokens, qn_str published,
                const value_mention **ret_mentions, uint32_t *ret_n_mentions) {
  scratch->view = *view;
  scratch->today = calendar_parse(published);
  scratch->n_mentions = 0;
  int fault = lexer_run(scratch, tokens);
  if (fault == 0 && scratch->n_items > 0) {
    ends_write(scratch);
    numbers_survey(scratch);
    countries_survey(scratch);
    fault = grammars_run(scratch);
  }
  if (fault != 0) {
    return fault;
  }
  *ret_mentions = scratch->mentions;
  *ret_n_mentions = scratch->n_mentions;
  return 0;
}
