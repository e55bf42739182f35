/* SPDX-License-Identifier: Apache-2.0 */

/* What the value grammars know of a word: the senses it may have, and the numbers that go with them.
 *
 * compile_words makes the tables from lexicon/units.tsv and lexicon/value-words.tsv when Qanat is built. A key is the
 * hash (text/hash.h) of a folded word (text/fold.h), or of the words of a phrase in turn; every beginning of a phrase is a key too, marked as going on. Keys are
 * compared by their 64 bits alone: a chance match would be one in 10^14 words. */
#ifndef ENTITIES_VALUES_WORDS_H
#define ENTITIES_VALUES_WORDS_H

#include "text/hash.h"

/* The senses of a word; most have one, "ثانية" is an ordinal, a unit and a time. */
enum {
  SENSE_ONE = 1u << 0,      /* number: 1 to 10 */
  SENSE_TEEN = 1u << 1,     /* number: 11 to 19 */
  SENSE_TEN = 1u << 2,      /* number: 20 to 90 */
  SENSE_HUNDRED = 1u << 3,  /* number: 100, which multiplies */
  SENSE_HUNDREDS = 1u << 4, /* number: 200 to 900 */
  SENSE_SCALE = 1u << 5,    /* number: thousand, million ... */
  SENSE_SCALES = 1u << 6,   /* its plural, which needs a number before it */
  SENSE_DUAL = 1u << 7,     /* number: the scale, to be doubled */
  SENSE_SINGLE = 1u << 8,   /* number: the scale in the accusative, or, in the construct state, twice it */
  SENSE_FRACTION = 1u << 9, /* number */
  SENSE_ORDINAL = 1u << 10, /* number: 1 to 10; -1 the last */
  SENSE_PERCENT = 1u << 11,
  SENSE_CURRENCY = 1u << 12, /* unit: first of a chain of currencies */
  SENSE_UNIT = 1u << 13,     /* unit */
  SENSE_TIME = 1u << 14,     /* unit, which spelled numbers count too */
  SENSE_PAIR = 1u << 15,     /* the unit in the dual: two of it without a number */
  SENSE_NOUN = 1u << 16,     /* a counted noun that looks as if a proclitic began it */
  SENSE_STOP = 1u << 17,     /* never a counted noun */
  SENSE_MONTH = 1u << 18,    /* month, calendar */
  SENSE_WEEKDAY = 1u << 19,  /* weekday */
  SENSE_DATE = 1u << 20,     /* role: ROLE_* */
  SENSE_MODIFIER = 1u << 21, /* modifier */
  SENSE_LINK = 1u << 22,     /* link: LINK_*, a set */
  SENSE_COUNTRY = 1u << 23,  /* country: number of a currency code */
  SENSE_DOUBTFUL = 1u << 24, /* has another, more usual meaning */
  SENSE_NUMERAL = SENSE_ONE | SENSE_TEEN | SENSE_TEN | SENSE_HUNDRED | SENSE_HUNDREDS | SENSE_SCALE | SENSE_DUAL |
                  SENSE_SINGLE | SENSE_FRACTION
};

/* The parts a word can play in a date; a set. */
enum {
  ROLE_YEAR = 1u << 0,     /* عام before a year */
  ROLE_DAY = 1u << 1,      /* يوم before a weekday or date */
  ROLE_DAYS = 1u << 2,     /* يومي */
  ROLE_MONTH = 1u << 3,    /* شهر before a month */
  ROLE_PERIOD = 1u << 4,   /* period: العام, الشهر ... */
  ROLE_SEASON = 1u << 5,   /* shift: 1 spring to 4 winter */
  ROLE_SHIFT = 1u << 6,    /* shift: الماضي, المقبل, الجاري, after the period */
  ROLE_SAME = 1u << 7,     /* نفسه */
  ROLE_BEFORE = 1u << 8,   /* shift: last, next */
  ROLE_THIS = 1u << 9,     /* هذا */
  ROLE_WORD = 1u << 10,    /* shift: أمس, غدا */
  ROLE_DAYPART = 1u << 11, /* صباح */
  ROLE_EDGE = 1u << 12,    /* modifier: نهاية */
  ROLE_ERA = 1u << 13,     /* shift: 1 AD, 2 AH, 3 BC */
  ROLE_FISCAL = 1u << 14,  /* المالي */
  ROLE_QUARTER = 1u << 15, /* shift: Q1 to Q4 */
  ROLE_HALF = 1u << 16,    /* shift: H1, H2 */
  ROLE_DECADE = 1u << 17,  /* shift: 20 to 90 */
  ROLE_STRETCH = 1u << 18, /* period: the plural, of which there is no one in particular: الأيام */
  ROLE_FEW = 1u << 19      /* القليلة */
};

enum {
  PERIOD_NONE = 0,
  PERIOD_DAY,
  PERIOD_WEEK,
  PERIOD_MONTH,
  PERIOD_QUARTER,
  PERIOD_HALF,
  PERIOD_YEAR,
  PERIOD_SEASON, /* of a sport; of nature: ROLE_SEASON */
  PERIOD_DECADE,
  PERIOD_CENTURY
};

/* Small words between values; a set. */
enum {
  LINK_PREP = 1u << 0,
  LINK_TO = 1u << 1,
  LINK_BETWEEN = 1u << 2,
  LINK_OF = 1u << 3,
  LINK_AND = 1u << 4,
  LINK_VERSUS = 1u << 5,
  LINK_MINUS = 1u << 6
};

enum { MODIFIER_NONE = 0, MODIFIER_ABOUT, MODIFIER_OVER, MODIFIER_UNDER, MODIFIER_EARLY, MODIFIER_MID, MODIFIER_END };

enum { CALENDAR_GREGORIAN = 0, CALENDAR_HIJRI = 1, CALENDAR_OTHER = 2 };

typedef struct value_word {
  uint32_t senses; /* SENSE_* */
  uint32_t roles;  /* ROLE_* */
  double number;
  uint16_t unit; /* into value_units */
  uint16_t country;
  uint8_t month;
  uint8_t calendar;
  uint8_t weekday; /* 1 Monday to 7 */
  uint8_t period;
  int8_t shift;
  uint8_t modifier;
  uint8_t link;
} value_word;

typedef struct value_unit {
  const char *name;
  uint16_t len;
  uint16_t code;      /* of a currency: its number, below VALUE_CODES_MAX */
  uint16_t countable; /* things, of which there are no fractions */
  uint16_t next;      /* the next currency of the same name; 0: no more */
  double factor;      /* what one is worth in the currency: 0.01 for a cent */
} value_unit;

enum { VALUE_CODES_MAX = 256 };

enum { VALUE_SIEVE_BITS = 1 << 15 };

extern const uint64_t
    value_sieve[VALUE_SIEVE_BITS / 64]; /* a bit for each key: 4 KB tell of most words that none is here */
extern const uint32_t value_slot_mask;
extern const uint64_t value_hashes[]; /* open addressing; 0: empty */
extern const uint16_t value_places[]; /* into value_words, 0: none; VALUE_PLACE_ON: phrases go on */
extern const value_word value_words[];
extern const value_unit value_units[];

#define VALUE_PLACE_ON 0x8000u

static inline uint32_t value_hash_slot(uint64_t hash) {
  return (uint32_t)(hash >> 20);
}

static inline uint32_t value_sieve_bit(uint64_t hash) {
  return (uint32_t)(hash >> 40) % VALUE_SIEVE_BITS;
}

/* The place of a key, or 0. */
static inline uint32_t value_place(uint64_t hash) {
  uint32_t bit = value_sieve_bit(hash);
  if ((value_sieve[bit / 64] >> bit % 64 & 1) == 0) {
    return 0;
  }
  uint32_t slot = value_hash_slot(hash) & value_slot_mask;
  while (value_hashes[slot] != 0) {
    if (value_hashes[slot] == hash) {
      return value_places[slot];
    }
    slot = (slot + 1) & value_slot_mask;
  }
  return 0;
}

#endif
