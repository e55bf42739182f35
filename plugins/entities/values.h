/* SPDX-License-Identifier: Apache-2.0 */

/* Finds values in text: money, percentages, dates and quantities, with what they amount to.
 *
 * The grammars read tokens for the borders of words and the view for everything else: they fold letters, take
 * off proclitics and read numbers for themselves, so that "بـ25%", "$57bn" and "وعشرون" come out the same
 * however the tokenizer divides them. Nothing is allocated per token: the scratch grows to the largest document
 * it has seen and is kept. */
#ifndef ENTITIES_VALUES_H
#define ENTITIES_VALUES_H

#include "qanat/stage.h"

/* In the order of the symbols of entity/1 "type" from MONEY on: type column = QN_ENTITY_MONEY + this. */
enum { VALUE_MONEY = 0, VALUE_PERCENT = 1, VALUE_DATE = 2, VALUE_QUANTITY = 3 };

enum { VALUE_DATE_MAX = 24 };

/* One mention. Strings that are qn_str point into constant tables or into the view. */
typedef struct value_mention {
  uint32_t begin; /* bytes of the view; attached clitics and approximators are left out */
  uint32_t end;
  uint32_t type;     /* VALUE_* */
  double score;      /* confidence, 0 to 1 */
  double amount;     /* MONEY, PERCENT, QUANTITY; of a range the lower end; NaN for a date */
  double amount_max; /* the upper end of a range, otherwise NaN */
  qn_str unit;       /* MONEY: ISO 4217 code; QUANTITY: unit or counted noun; otherwise empty */
  qn_str modifier;   /* "about", "over", "under", "early", "mid", "end", or empty */
  uint8_t date_len;  /* bytes of date; 0: relative, it has no value of its own */
  uint8_t resolved_len;
  char date[VALUE_DATE_MAX];     /* ISO 8601: YYYY, YYYY-MM, YYYY-MM-DD, --MM, --MM-DD, YYYY-Qn, YYYY-Hn */
  char resolved[VALUE_DATE_MAX]; /* a relative or incomplete date resolved against the day of publication */
} value_mention;

/* Working memory of one worker. */
typedef struct value_scratch value_scratch;

/* Memory comes from the host. 0, -ENOMEM. */
int value_scratch_open(const qn_host *host, qn_env *env, value_scratch **ret_scratch);

/* Accepts NULL. */
void value_scratch_close(value_scratch *scratch);

/* Finds the values of a document: sorted by begin, disjoint, on code point borders, never across a break or a
 * line end. tokens is a token/1 layer of the view; published the ISO date of publication, or empty. The mentions
 * belong to the scratch and hold until its next use. 0, -ENOMEM. */
int values_find(value_scratch *scratch, const qn_view *view, const qn_layer *tokens, qn_str published,
                const value_mention **ret_mentions, uint32_t *ret_n_mentions);

#endif
