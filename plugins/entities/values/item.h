/* SPDX-License-Identifier: Apache-2.0 */

/* What the lexer hands to the value grammars: the document as a row of items, and the working memory around them. */
#ifndef ENTITIES_VALUES_ITEM_H
#define ENTITIES_VALUES_ITEM_H

#include "entities/values.h"
#include "words.h"

enum {
  ITEM_WORD = 0,   /* ref: into value_words, 0 if none of the grammars knows it */
  ITEM_NUMBER = 1, /* digits; ref: into numbers */
  ITEM_MARK = 2,   /* ref: the folded code point */
  ITEM_OTHER = 3   /* an address, or a number that is part of a name (H100, 910D) */
};

enum {
  ITEM_GLUED = 1u << 0,   /* nothing stands between this item and the one before */
  ITEM_FRESH = 1u << 1,   /* a line or a cut begins here */
  ITEM_AND = 1u << 2,     /* the proclitic و or ف was taken off */
  ITEM_BY = 1u << 3,      /* ب, ل or ك was taken off */
  ITEM_AL = 1u << 4,      /* the word has the article, which stays inside the item */
  ITEM_LATIN = 1u << 5,   /* the word begins with a Latin letter */
  ITEM_FIRST_WA = 1u << 6 /* an unknown word whose first letter is و or ف, clitic or not */
};

typedef struct value_item {
  uint32_t begin; /* proclitics left out */
  uint32_t end;
  uint32_t ref;
  uint8_t kind;
  uint8_t flags;
  uint8_t n_words; /* of a phrase */
  uint8_t letters; /* of an unknown word, as far as counted */
} value_item;

enum {
  NUMBER_PLAIN = 1u << 0,   /* digits only */
  NUMBER_DOT = 1u << 1,     /* has a point, as "2.140", where grouped is for a point that parts thousands */
  NUMBER_COMMA = 1u << 2,   /* has a comma, as "2,140" */
  NUMBER_DECIMAL = 1u << 3, /* has decimals for certain */
  NUMBER_GROUPED = 1u << 4, /* has thousands parted for certain */
  NUMBER_BAD = 1u << 5      /* 3.5.1: no number */
};

typedef struct value_number {
  double amount;    /* read with the point (or comma) before decimals */
  double grouped;   /* read with it between thousands */
  uint8_t n_digits; /* of the integer part */
  uint8_t flags;
} value_number;

/* What stands before the items of the first line, so that grammars may look back without a test. */
enum { ITEMS_BEFORE = 4, ITEMS_AFTER = 8 };

/* What the tables say of a word in all its readings, where that depends on no other word: of nearly all. Kept between
 * documents, so that a word is looked up once; what is kept is what the tables would say. Two words share a place; a word
 * is told by its hash alone, as in the tables. */
enum { KEPT_PLACES = 2048 };

typedef struct value_kept {
  uint64_t hash;   /* 0: empty */
  uint16_t ref;    /* into value_words; 0: unknown */
  uint8_t n_bytes; /* of proclitics */
  uint8_t flags;
  uint8_t letters; /* of an unknown word */
} value_kept;

struct value_scratch {
  const qn_host *host;
  qn_env *env;
  value_item *items; /* with ITEMS_BEFORE empty ones before and ITEMS_AFTER behind */
  value_number *numbers;
  value_mention *mentions;
  uint32_t n_items;
  uint32_t n_numbers;
  uint32_t n_mentions;
  uint32_t items_capacity; /* those before and after included */
  uint32_t numbers_capacity;
  uint32_t mentions_capacity;
  qn_view view;      /* of the call */
  int32_t today;     /* day of publication, or CALENDAR_NO_DAY */
  uint8_t dots_part; /* in this document points part thousands; commas always do unless points do and they don't */
  uint16_t countries[VALUE_CODES_MAX];  /* how often each currency's country was named */
  uint16_t currencies[VALUE_CODES_MAX]; /* how often each was written out in full */
  value_kept kept[KEPT_PLACES][2];
};

/* Fills the items and numbers of scratch from its view. 0, -ENOMEM. */
int lexer_run(value_scratch *scratch, const qn_layer *tokens);

/* Reads the number that begins with the digit at begin; end is where the line ends. Returns where the number ends. */
uint32_t digits_read(const uint8_t *text, uint32_t begin, uint32_t end, value_number *ret_number);

/* --- small questions about items --- */

static inline const value_word *item_word(const value_item *item) {
  return &value_words[item->kind == ITEM_WORD ? item->ref : 0];
}

static inline int item_has(const value_item *item, uint32_t senses) {
  return (item_word(item)->senses & senses) != 0;
}

static inline int item_plays(const value_item *item, uint32_t roles) {
  return (item_word(item)->roles & roles) != 0;
}

static inline int item_links(const value_item *item, uint32_t links) {
  return (item_word(item)->link & links) != 0;
}

static inline int item_is_mark(const value_item *item, uint32_t code) {
  return item->kind == ITEM_MARK && item->ref == code;
}

static inline int item_is_glued(const value_item *item) {
  return (item->flags & ITEM_GLUED) != 0;
}

/* True if the item follows the one before it within a line, with nothing but space or an attached clitic between. */
static inline int item_follows(const value_item *item) {
  return (item->flags & ITEM_FRESH) == 0;
}

#endif
