/* SPDX-License-Identifier: Apache-2.0 */

/* Money, percentages and quantities: a number, or two with a range between them, and what it counts. */
#include "grammar.h"
#include "text/fold.h"
#include "text/hash.h"
#include "text/utf8.h"

#include <math.h>
#include <string.h>

/* What a number counts. */
typedef struct suffix {
  const value_item *next;
  uint32_t end;
  uint32_t type;       /* VALUE_* */
  uint32_t unit;       /* into value_units; 0: the noun itself, from noun_begin to end */
  uint32_t unit_begin; /* of a currency's word; end if there is none */
  uint32_t noun_begin; /* 0: none; no number stands before the first byte */
  int is_noun;         /* things, of which there are no fractions */
} suffix;

/* --- what may be counted --- */

/* The folded letters at the ends of an unknown word. */
typedef struct word_shape {
  uint32_t first;
  uint32_t second;
  uint32_t before_last;
  uint32_t last;
  uint32_t n_letters;
} word_shape;

static word_shape shape_of(const value_scratch *s, const value_item *item) {
  word_shape shape = { 0 };
  for (uint32_t at = item->begin; at < item->end;) {
    uint32_t code = fold_code(utf8_next(s->view.data, &at));
    if (code == 0) {
      continue;
    }
    if (shape.n_letters == 0) {
      shape.first = code;
    } else if (shape.n_letters == 1) {
      shape.second = code;
    }
    shape.before_last = shape.last;
    shape.last = code;
    shape.n_letters++;
  }
  return shape;
}

enum {
  LETTER_ALEF = 0x627,
  LETTER_BA = 0x628,
  LETTER_TA = 0x62A,
  LETTER_SIN = 0x633,
  LETTER_KAF = 0x643,
  LETTER_LAM = 0x644,
  LETTER_FA = 0x641,
  LETTER_HA = 0x647,
  LETTER_WAW = 0x648,
  LETTER_YA = 0x64A
};

static int ends_in_at(const word_shape *shape) {
  return shape->last == LETTER_TA && shape->before_last == LETTER_ALEF;
}

/* Whether a word that no table knows can be a counted noun. Verbs and words with a proclitic cannot. */
static int looks_like_noun(const value_scratch *s, const value_item *item) {
  if (item->ref != 0 || (item->flags & (ITEM_AL | ITEM_LATIN)) != 0 || item->letters < 3) {
    return 0;
  }
  word_shape shape = shape_of(s, item);
  if (shape.n_letters >= 5 && shape.before_last == LETTER_WAW && shape.last == LETTER_ALEF) {
    return 0; /* قدموا */
  }
  int has_ending = ends_in_at(&shape) || shape.last == LETTER_ALEF || shape.last == LETTER_HA;
  switch (shape.first) {
  case LETTER_YA:
    return 0;
  case LETTER_WAW:
  case LETTER_FA:
    return ends_in_at(&shape) && shape.n_letters <= 6; /* وحدات, but not وتحديثات */
  case LETTER_BA:
  case LETTER_LAM:
  case LETTER_KAF:
    return ends_in_at(&shape) || shape.last == LETTER_ALEF;
  case LETTER_TA:
    return has_ending;
  case LETTER_SIN:
    return (shape.second != LETTER_YA && shape.second != LETTER_TA) || has_ending;
  default:
    return 1;
  }
}

/* Spelled numbers from 11 to 99 have their noun in the accusative singular; where it is not, they are names. */
static int agrees(const value_scratch *s, const amount *a, const value_item *noun) {
  if ((a->flags & AMOUNT_SPELLED) == 0) {
    return 1;
  }
  double below = fmod(a->value, 100);
  if (below < 11) {
    return 1;
  }
  word_shape shape = shape_of(s, noun);
  return shape.last == LETTER_ALEF || shape.last == LETTER_HA || shape.last == LETTER_YA;
}

static int is_counted_noun(const value_scratch *s, const value_item *item) {
  if (item->kind != ITEM_WORD || !item_follows(item) || (item->flags & (ITEM_AL | ITEM_AND | ITEM_BY)) != 0) {
    return 0;
  }
  if (item_has(item, SENSE_STOP)) {
    return 0;
  }
  return item_has(item, SENSE_NOUN) || looks_like_noun(s, item);
}

/* --- suffixes --- */

static int is_percent(const value_item *item, uint32_t *ret_n_items) {
  if (!item_follows(item)) {
    return 0;
  }
  if (item_has(item, SENSE_PERCENT) && (item->flags & ITEM_AND) == 0) {
    *ret_n_items = 1;
    return 1;
  }
  if (item_links(item, LINK_PREP) && item_follows(item + 1) && item_has(item + 1, SENSE_HUNDRED) &&
      (item[1].flags & (ITEM_AL | ITEM_AND | ITEM_BY)) == ITEM_AL) { /* في المئة */
    *ret_n_items = 2;
    return 1;
  }
  return 0;
}

/* "17 عام 1972": the year of a date. */
static int begins_year(const value_scratch *s, const value_item *item) {
  const value_item *year = item + 1;
  return item_plays(item, ROLE_YEAR) && item_follows(year) && year->kind == ITEM_NUMBER &&
         (year->flags & (ITEM_AND | ITEM_BY)) == 0 && s->numbers[year->ref].n_digits == 4 &&
         (s->numbers[year->ref].flags & NUMBER_PLAIN) != 0;
}

/* A unit or currency word behind a number: no و, and no article but for a currency ("بالدولار" is none). */
static int is_plain(const value_item *item) {
  return item_follows(item) && (item->flags & (ITEM_AND | ITEM_BY | ITEM_AL)) == 0;
}

/* "م²": the unit's square or cube, as the tables have it with a digit. Takes in the exponent. */
static void take_exponent(const value_scratch *s, const value_item *unit, suffix *found) {
  enum { UNIT_BYTES_MAX = 16, SUPERSCRIPT_TWO = 0xB2, SUPERSCRIPT_THREE = 0xB3 };
  const value_item *power = unit + 1;
  uint8_t form[FOLD_BOUND(UNIT_BYTES_MAX) + 1];
  uint32_t len = unit->end - unit->begin;
  char exponent = 0;
  if (item_is_mark(power, SUPERSCRIPT_TWO) || item_is_mark(power, SUPERSCRIPT_THREE)) {
    exponent = item_is_mark(power, SUPERSCRIPT_TWO) ? '2' : '3';
  }
  if (exponent == 0 || !item_is_glued(power) || len > UNIT_BYTES_MAX) {
    return;
  }
  size_t n = fold_key(s->view.data + unit->begin, len, form);
  form[n] = (uint8_t)exponent;
  const value_word *word = &value_words[value_place(hash_word(HASH_SEED, form, n + 1)) & ~VALUE_PLACE_ON];
  if ((word->senses & SENSE_UNIT) != 0) {
    found->unit = word->unit;
    found->end = power->end;
    found->next = power + 1;
  }
}

static int suffix_read(const value_scratch *s, const amount *a, suffix *ret_suffix) {
  const value_item *item = a->next;
  suffix found = { .next = item + 1, .end = item->end, .unit_begin = item->begin };
  uint32_t n_items = 0;
  if (is_percent(item, &n_items)) {
    found.type = VALUE_PERCENT;
    found.next = item + n_items;
    found.end = found.next[-1].end;
  } else if (is_plain(item) && item_has(item, SENSE_CURRENCY)) {
    found.type = VALUE_MONEY;
    found.unit = item_word(item)->unit;
  } else if (is_plain(item) && item_has(item, SENSE_UNIT)) {
    if (begins_year(s, item)) {
      return 0;
    }
    found.type = VALUE_QUANTITY;
    found.unit = item_word(item)->unit;
    take_exponent(s, item, &found);
    found.is_noun = value_units[found.unit].countable;
  } else if (is_counted_noun(s, item) && agrees(s, a, item)) {
    found.type = VALUE_QUANTITY;
    found.noun_begin = item->begin;
    found.is_noun = 1;
  } else {
    return 0;
  }
  *ret_suffix = found;
  return 1;
}

/* د.إ and د.أ are one word once folded; the hamza that the text has tells dirham from dinar. */
static int is_spelled_for(const value_scratch *s, const suffix *of, uint32_t unit) {
  enum { LEAD = 0xD8, HAMZA_ABOVE = 0xA3, HAMZA_BELOW = 0xA5, SHORT_BYTES = 8 };
  uint32_t begin = of->unit_begin;
  for (uint32_t at = begin; at + 1 < of->end && of->end - begin <= SHORT_BYTES; at++) {
    if (s->view.data[at] == LEAD && s->view.data[at + 1] == HAMZA_ABOVE) {
      return strcmp(value_units[unit].name, "JOD") == 0;
    }
    if (s->view.data[at] == LEAD && s->view.data[at + 1] == HAMZA_BELOW) {
      return strcmp(value_units[unit].name, "AED") == 0;
    }
  }
  return 0;
}

/* Of currencies that share a name, the one that the document is about: written out in full, or its country named
 * most; in doubt the first of the table. */
static uint32_t currency_choose(const value_scratch *s, const suffix *of) {
  uint32_t unit = of->unit;
  uint32_t best = unit;
  uint32_t best_count = 0;
  for (uint32_t i = unit; i != 0; i = value_units[i].next) {
    uint32_t code = value_units[i].code;
    uint32_t count = 8u * s->currencies[code] + s->countries[code] + (is_spelled_for(s, of, i) ? 1000u : 0);
    if (count > best_count) {
      best = i;
      best_count = count;
    }
  }
  return best;
}

/* --- ranges --- */

const value_item *range_gap(const value_item *first, const value_item *gap) {
  const value_item *next = gap + 1;
  if (!item_follows(gap)) {
    return NULL;
  }
  if (item_is_mark(gap, '-')) {
    return item_follows(next) && item_is_glued(gap) == item_is_glued(next) ? next : NULL;
  }
  if (item_links(gap, LINK_TO) && (gap->flags & (ITEM_AND | ITEM_BY)) == 0) {
    return item_follows(next) ? next : NULL;
  }
  if (!item_links(first - 1, LINK_BETWEEN)) {
    return NULL;
  }
  if ((gap->flags & ITEM_AND) != 0) {
    return gap;
  }
  return item_links(gap, LINK_AND) && item_follows(next) ? next : NULL;
}

/* "12.000" parts thousands whatever else the document does. */
static double amount_of(const value_scratch *s, const amount *a, int is_noun) {
  return is_noun || fmod(a->grouped, 1000) == 0 || s->dots_part || a->digits == NULL ||
                 (a->digits->flags & NUMBER_DOT) == 0
             ? a->grouped
             : a->value;
}

/* --- modifiers --- */

static const char *const modifier_names[] = { "", "about", "over", "under", "early", "mid", "end" };

qn_str modifier_name(uint32_t modifier) {
  const char *name = modifier_names[modifier];
  return (qn_str){ modifier == MODIFIER_NONE ? NULL : name, strlen(name) };
}

/* "حوالي", "أكثر من", "ما لا يقل عن", before the value. */
qn_str modifier_before(const value_item *first) {
  const value_item *word = first - 1;
  if (item_links(word, LINK_OF) && item_follows(word)) {
    word--;
  }
  if (!item_has(word, SENSE_MODIFIER)) {
    return (qn_str){ NULL, 0 };
  }
  return modifier_name(item_word(word)->modifier);
}

/* --- putting a mention together --- */

/* Words that count only in part: one of something is no quantity, "ميتا" is a company before it is two hundred, the
 * عشر of "الرابع عشر" belongs to its ordinal, and "Three Mile Island" is a name. */
static int may_be_spelled(const value_scratch *s, const value_item *first, const amount *a, const suffix *of) {
  if ((a->flags & AMOUNT_SPELLED) == 0) {
    return 1;
  }
  if (item_has(first, SENSE_DOUBTFUL) && of->noun_begin != 0) {
    return 0;
  }
  if (item_has(first - 1, SENSE_ORDINAL) && ((first - 1)->flags & ITEM_AL) != 0 && item_has(first, SENSE_ONE) &&
      item_word(first)->number == 10) {
    return 0;
  }
  uint8_t letter = s->view.data[a->next->begin];
  if ((first->flags & ITEM_LATIN) != 0 && letter >= 'A' && letter <= 'Z') {
    return 0;
  }
  return a->value != 1 || of->type != VALUE_QUANTITY;
}

static void mention_fill(const value_scratch *s, const amount *low, const amount *high, const suffix *of,
                         value_mention *m) {
  *m = (value_mention){ .begin = low->begin, .end = of->end, .type = of->type, .score = 0.95, .amount_max = NAN };
  uint32_t unit = of->type == VALUE_MONEY ? currency_choose(s, of) : of->unit;
  double factor = unit != 0 ? value_units[unit].factor : 1;
  int is_noun = of->is_noun;
  if ((low->flags & AMOUNT_NEGATIVE) != 0) {
    factor = -factor;
  }
  if (of->type == VALUE_PERCENT) { /* 3.125% */
    m->amount = low->value * (factor < 0 ? -1 : 1);
  } else {
    m->amount = amount_of(s, low, is_noun) * factor;
  }
  if (high != NULL) {
    m->amount_max = of->type == VALUE_PERCENT ? high->value : amount_of(s, high, is_noun) * fabs(factor);
    if (low->scale == 1 && high->scale > 1 && m->amount < high->value / high->scale * factor + 1e-9) {
      m->amount *= high->scale; /* من 2 إلى 3 مليارات */
    }
  }
  if (unit != 0) {
    m->unit = (qn_str){ value_units[unit].name, value_units[unit].len };
  } else if (of->noun_begin != 0) {
    m->unit = (qn_str){ (const char *)s->view.data + of->noun_begin, of->end - of->noun_begin };
    m->score = 0.8;
  }
}

/* "$57bn", "US$ 1.5 million", "USD 20". */
static const value_item *prefixed_read(const value_scratch *s, const value_item *i, value_mention *m) {
  const value_item *next = i + 1;
  amount a;
  if (!item_has(i, SENSE_CURRENCY) || (i->flags & ITEM_LATIN) == 0 || next->kind != ITEM_NUMBER ||
      !item_follows(next) || ((i - 1)->kind == ITEM_NUMBER && item_follows(i)) || !amount_read(s, next, &a)) {
    return i;
  }
  suffix of = { .next = a.next, .end = a.end, .type = VALUE_MONEY, .unit = item_word(i)->unit };
  suffix behind;
  if (suffix_read(s, &a, &behind) && behind.type == VALUE_MONEY) { /* $5 million dollars */
    of.next = behind.next;
    of.end = behind.end;
  }
  a.begin = i->begin;
  mention_fill(s, &a, NULL, &of, m);
  m->modifier = modifier_before(i);
  return of.next;
}

/* A mark of percent begins a value unless it ends one: "و%25", but not "5%25". */
static int may_begin_glued(const value_item *item) {
  enum { CLITIC_BYTES = 4 };
  const value_item *before = item - 1;
  return !item_is_glued(item) || (before->kind == ITEM_WORD && (before->flags & ITEM_LATIN) == 0 &&
                                  before->end - before->begin <= CLITIC_BYTES);
}

/* "%25", as right-to-left writing sometimes has it. */
static const value_item *percent_prefixed_read(const value_scratch *s, const value_item *i, value_mention *m) {
  const value_item *next = i + 1;
  uint32_t n_items = 0;
  amount a;
  if (!item_has(i, SENSE_PERCENT) || next->kind != ITEM_NUMBER || !item_is_glued(next) || !may_begin_glued(i) ||
      !amount_read(s, next, &a) || is_percent(a.next, &n_items)) {
    return i;
  }
  suffix of = { .next = a.next, .end = a.end, .type = VALUE_PERCENT };
  a.begin = i->begin;
  mention_fill(s, &a, NULL, &of, m);
  m->modifier = modifier_before(i);
  return of.next;
}

/* "ثلاث سنوات ونصف": a fraction of the unit behind it. */
static void take_fraction_of_unit(const value_item *unit, amount *a, suffix *of) {
  const value_item *fraction = of->next;
  if (item_has(unit, SENSE_TIME) && item_follows(fraction) && item_has(fraction, SENSE_FRACTION) &&
      (fraction->flags & (ITEM_AND | ITEM_AL | ITEM_BY)) == ITEM_AND &&
      !(item_follows(fraction + 1) && item_has(fraction + 1, SENSE_SCALE | SENSE_CURRENCY))) {
    a->value += item_word(fraction)->number;
    a->grouped = a->value;
    of->end = fraction->end;
    of->next = fraction + 1;
    if (item_follows(of->next) && (of->next->flags & ITEM_AL) != 0 && item_word(of->next)->unit == of->unit) {
      of->end = of->next->end; /* ونصف السنة */
      of->next++;
    }
  }
}

/* "ساعتين": two of a unit of time, or two dollars, in one word. */
static const value_item *pair_read(const value_scratch *s, const value_item *i, value_mention *m) {
  if (!item_has(i, SENSE_PAIR) || (i->flags & ITEM_AL) != 0) {
    return i;
  }
  amount a = { .begin = i->begin, .end = i->end, .next = i + 1, .flags = AMOUNT_SPELLED, .value = 2, .grouped = 2 };
  suffix of = { .next = i + 1, .end = i->end, .unit = item_word(i)->unit };
  of.type = item_has(i, SENSE_CURRENCY) ? VALUE_MONEY : VALUE_QUANTITY;
  a.scale = 1;
  take_fraction_of_unit(i, &a, &of);
  mention_fill(s, &a, NULL, &of, m);
  m->modifier = modifier_before(i);
  return of.next;
}

/* "شهر واحد", "ساعة ونصف الساعة". "يوم واحد" is a way to say "a single day", and counts nothing. */
static const value_item *lone_unit_read(const value_scratch *s, const value_item *i, value_mention *m) {
  const value_item *next = i + 1;
  if (!item_has(i, SENSE_TIME) || (i->flags & (ITEM_AL | ITEM_LATIN)) != 0 || !item_follows(next) ||
      (next->flags & (ITEM_AL | ITEM_BY)) != 0 || (i - 1)->kind == ITEM_NUMBER) {
    return i;
  }
  amount a = { .begin = i->begin, .flags = AMOUNT_SPELLED, .scale = 1 };
  suffix of = { .end = next->end, .type = VALUE_QUANTITY, .unit = item_word(i)->unit, .next = next + 1 };
  if ((next->flags & ITEM_AND) == 0 && item_has(next, SENSE_ONE) && item_word(next)->number == 1 &&
      !item_plays(i, ROLE_DAY)) {
    a.value = 1;
  } else if ((next->flags & ITEM_AND) != 0 && item_has(next, SENSE_FRACTION)) {
    a.value = 1 + item_word(next)->number;
    if (item_follows(next + 1) && (next[1].flags & ITEM_AL) != 0 && item_word(next + 1)->unit == of.unit) {
      of.end = next[1].end;
      of.next++;
    }
  } else {
    return i;
  }
  a.grouped = a.value;
  mention_fill(s, &a, NULL, &of, m);
  m->modifier = modifier_before(i);
  return of.next;
}

/* Both ends with a unit of their own: "بين 9 سنوات و27 سنة". */
static int far_range_read(const value_scratch *s, const value_item *i, const amount *low, const suffix *of,
                          value_mention *m) {
  const value_item *behind = range_gap(i, of->next);
  amount high;
  suffix high_of;
  if (behind == NULL || item_is_mark(of->next, '-') || item_links(of->next, LINK_TO) ||
      !amount_read(s, behind, &high) || !suffix_read(s, &high, &high_of) || high_of.type != of->type || of->unit == 0 ||
      strcmp(value_units[of->unit].name, value_units[high_of.unit].name) != 0) {
    return 0;
  }
  high_of.is_noun |= of->is_noun;
  mention_fill(s, low, &high, &high_of, m);
  return 1;
}

/* "في 2023 إلى 8 دولارات": a year, and what came of something in it. */
static int is_year_of_change(const value_item *i, const amount *low, const amount *high) {
  return (low->flags & AMOUNT_LONE) != 0 && low->digits != NULL && low->digits->n_digits == 4 &&
         (low->digits->flags & NUMBER_PLAIN) != 0 && low->value >= 1900 && low->value <= 2100 &&
         high->value < low->value && item_links(i - 1, LINK_PREP);
}

const value_item *measure_read(const value_scratch *s, const value_item *i, value_mention *m) {
  amount low;
  amount high;
  suffix of;
  const value_item *next = prefixed_read(s, i, m);
  next = next == i ? percent_prefixed_read(s, i, m) : next;
  next = next == i ? pair_read(s, i, m) : next;
  next = next == i ? lone_unit_read(s, i, m) : next;
  if (next != i || !amount_read(s, i, &low)) {
    return next;
  }
  const value_item *behind = range_gap(i, low.next);
  int is_change = behind != NULL && item_links(low.next, LINK_TO) && item_links(i - 1, LINK_OF);
  if (behind != NULL && amount_read(s, behind, &high) && suffix_read(s, &high, &of) &&
      may_be_spelled(s, i, &high, &of) && !(is_change && of.type == VALUE_PERCENT) &&
      !is_year_of_change(i, &low, &high)) {
    mention_fill(s, &low, &high, &of, m);
    m->modifier = modifier_before(i);
    return of.next;
  }
  if (!suffix_read(s, &low, &of) || !may_be_spelled(s, i, &low, &of)) {
    return i;
  }
  m->modifier = modifier_before(i);
  if (far_range_read(s, i, &low, &of, m)) {
    const value_item *end = of.next;
    while (end->begin < m->end && end->end > end->begin) {
      end++;
    }
    return end;
  }
  take_fraction_of_unit(low.next, &low, &of);
  mention_fill(s, &low, NULL, &of, m);
  m->modifier = modifier_before(i);
  return of.next;
}
