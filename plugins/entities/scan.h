/* SPDX-License-Identifier: Apache-2.0 */

/* The document as the recognizers see it: words with keys and shapes, what the lexicon says at each place, and the
 * candidates that the recognizers propose. One scan belongs to one worker; its arrays grow to the largest document seen
 * and are kept, so that nothing is allocated per word.
 *
 * The rooms, in the order in which they work: scan_words (this file), match_all (match.h), triggers_spread
 * (triggers.h), the recognizers (context.h, persons.h, names.h), choose_best (choose.h), second_pass (second_pass.h). */
#ifndef ENTITIES_SCAN_H
#define ENTITIES_SCAN_H

#include "entities/lexicon.h"
#include "entities/values.h"
#include "qanat/stage.h"

enum { SCAN_LEXICONS_MAX = 8 };
/* No entry, no candidate. */
#define SCAN_NONE UINT32_MAX

/* What stands at a place: facts of shape. */
enum {
  WORD_LETTERS = 1u << 0, /* a word: letters, perhaps with digits */
  WORD_NUMBER = 1u << 1,
  WORD_ARABIC = 1u << 2,
  WORD_LATIN = 1u << 3,
  WORD_CAPITAL = 1u << 4,  /* Latin, begins with a capital */
  WORD_CAPS = 1u << 5,     /* Latin, capitals only, two or more */
  WORD_DIGITS = 1u << 6,   /* a word with digits: H20, GPT4 */
  WORD_GLUED = 1u << 7,    /* no space before it */
  WORD_FIRST = 1u << 8,    /* first of a line, or after something that was cut out: no mention reaches across */
  WORD_SENTENCE = 1u << 9, /* first of a sentence */
  WORD_ARTICLE = 1u << 10, /* its core begins with the article */
  WORD_CLITIC = 1u << 11   /* the tokenizer took a proclitic off */
};

typedef struct scan_word {
  uint64_t hash;      /* of the whole form ... */
  uint64_t core_hash; /* ... and without proclitics */
  uint32_t begin;     /* bytes of the view */
  uint32_t end;
  uint32_t core; /* where the core begins; begin if there is no proclitic */
  uint32_t form; /* place of the form in the token layer's heap */
  uint16_t form_len;
  uint16_t shape;  /* WORD_* */
  uint8_t key_len; /* over KEY_BYTES_MAX: no key */
  uint8_t core_len;
  uint16_t mark;      /* punctuation and symbols: the code point (0xFFFF if larger); 0 for words and numbers */
  uint16_t lore;      /* LORE_* of the whole form */
  uint16_t core_lore; /* LORE_* of the core, which may be the whole */
  int8_t likeness;    /* letters like a name's: above 0; of Arabic words */
  uint8_t reserved;
} scan_word;

/* One way to read the beginning of a word: whole, or with letters taken off. */
typedef struct reading {
  key key;
  uint32_t begin;    /* byte */
  uint8_t n_clitics; /* letters taken off; 0: whole */
} reading;

enum { READINGS_MAX = 5 }; /* of one word */

/* An alias found: words [first, last) from byte begin on. */
typedef struct hit {
  const qlex_payload *payloads;
  uint32_t first;
  uint32_t last;
  uint32_t begin;
  uint16_t n_payloads;
  uint8_t lexicon;
  uint8_t clitics; /* letters that were taken off the first word */
} hit;

/* Which room proposed a candidate. */
enum { FROM_LEXICON = 0, FROM_VALUES = 1, FROM_PATTERN = 2, FROM_DOCUMENT = 3 };

/* A possible mention. score is a confidence; below SCAN_THRESHOLD it waits for support and is not chosen. */
typedef struct candidate {
  uint32_t first; /* words [first, last) */
  uint32_t last;
  uint32_t begin; /* bytes */
  uint32_t end;
  float score;
  uint8_t type; /* QN_ENTITY_TYPE_* */
  uint8_t from; /* FROM_* */
  uint8_t lexicon;
  uint8_t chosen;
  uint8_t composed; /* its link is a text of links.h, whatever its entry is called */
  uint32_t entry;   /* its row in lexicon, or SCAN_NONE */
  uint32_t value;   /* its row in values, or SCAN_NONE */
  qn_span link;     /* without entry: the Latin spelling in the view that names it; empty if there is none */
} candidate;

#define SCAN_THRESHOLD 0.5f

/* Announcements at a place: bit 1 << type. */
typedef struct trigger {
  uint8_t title;      /* a title ends just before this word, or reaches it across attributes */
  uint8_t direct;     /* the part of title with nothing in between */
  uint8_t cue;        /* a weaker announcement ends just before */
  uint8_t follows;    /* an announcement that looks back begins here */
  uint8_t head;       /* this word is what names begin with */
  uint8_t open;       /* the same, but only of descriptive names */
  uint8_t tail;       /* this word is what Latin names end with */
  uint8_t owned;      /* a name without doubt begins here: bits of its types */
  uint32_t owned_end; /* ... and the longest such ends here */
} trigger;

typedef struct scan {
  const qn_host *host;
  qn_env *env;
  const lexicon *lexicons;
  uint32_t n_lexicons;
  qn_view view;
  const char *heap; /* of the token layer: forms */
  scan_word *words;
  uint32_t n_words;
  uint32_t word_capacity;
  reading *readings; /* of all words, by match_all ... */
  uint32_t reading_capacity;
  uint32_t *first_readings; /* ... and where those of each begin; one past the end */
  uint32_t first_capacity;
  hit *hits; /* sorted by first */
  uint32_t n_hits;
  uint32_t hit_capacity;
  candidate *candidates;
  uint32_t n_candidates;
  uint32_t candidate_capacity;
  trigger *triggers; /* one a word, and one past the end */
  uint32_t trigger_capacity;
  const value_mention *values;
  uint32_t n_values;
  int failed; /* -ENOMEM once an array could not grow; what was found stays valid */
} scan;

typedef struct scan_input {
  qn_view view;
  qn_layer tokens;
  qn_layer parts;     /* n_rows 0: none */
  qn_layer sentences; /* n_rows 0: none */
} scan_input;

/* Makes an array larger, to hold at least n elements of size bytes, doubling. 0, -ENOMEM (the array stays as it was). */
int scan_grow_to(scan *s, void **array, uint32_t *capacity, uint32_t n, size_t size);

/* The same where it may be large enough. */
static inline int scan_grow(scan *s, void **array, uint32_t *capacity, uint32_t n, size_t size) {
  return n <= *capacity ? 0 : scan_grow_to(s, array, capacity, n, size);
}

/* Fills words from the layers. 0, -ENOMEM. */
int scan_words(scan *s, const scan_input *input);

/* Frees the arrays; a scan that was only zeroed is accepted. */
void scan_done(scan *s);

/* True if word i is الله by itself, with a proclitic or without: no person's name begins so, be it learnt from "نصر الله". */
int scan_is_god(const scan *s, uint32_t i);

/* Adds a candidate, unless it would be a person called الله; a failure is kept in s->failed. */
void scan_propose(scan *s, const candidate *candidate);

/* True if no mention may hold both the word before i and i: a new line, a cut, or the end. */
static inline int scan_parts(const scan *s, uint32_t i) {
  return i >= s->n_words || (s->words[i].shape & WORD_FIRST) != 0;
}

/* The code point of punctuation at i, 0 for a word, a number or the end. */
static inline uint32_t scan_mark(const scan *s, uint32_t i) {
  return i < s->n_words ? s->words[i].mark : 0;
}

/* True if the core of word i begins at its first byte. */
static inline int scan_is_whole(const scan_word *w) {
  return w->core == w->begin;
}

#endif
