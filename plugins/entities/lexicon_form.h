/* SPDX-License-Identifier: Apache-2.0 */

/* The compiled lexicon (.qlex) as it lies in memory and on disk: position independent, little-endian, mapped and
 * used in place.
 *
 *   header | slots | payloads | entries | first | held | likeness | spellings | parts | strings
 *
 * slots is a hash table of key prints with linear probing: every alias, and every beginning of an alias that ends
 * with a word. first is a bit set that says cheaply that no alias begins with a word, held one that says so of any key:
 * both stay in a core's own cache, for which slots is too large. spellings are the aliases that
 * an unknown spelling may be a variant of, in the order of their skeletons. */
#ifndef ENTITIES_LEXICON_FORM_H
#define ENTITIES_LEXICON_FORM_H

#include <stdint.h>

#define QLEX_MAGIC 0x58454C51u /* "QLEX" */

enum {
  QLEX_VERSION = 7,
  QLEX_FIRST_BITS = 19,
  QLEX_FIRST_WORDS = 1 << (QLEX_FIRST_BITS - 6),
  QLEX_HELD_BITS = 20,
  QLEX_HELD_WORDS = 1 << (QLEX_HELD_BITS - 6),
  QLEX_LIKENESS_BITS = 14,
  QLEX_LIKENESS_SIZE = 1 << QLEX_LIKENESS_BITS,
  QLEX_PARTS_LOG2_MAX = 24,
  QLEX_PARTS_PROBES = 8,
  QLEX_SLOTS_LOG2_MAX = 26,
  QLEX_NAME_MAX = 1024 /* bytes of a canonical name */
};
/* Of an entry: nobody owns it. */
#define QLEX_NO_OWNER UINT32_MAX
/* Of an entry: it belongs to no country, or (a name that ends with "(*)") to whichever the document speaks of. */
#define QLEX_NO_COUNTRY UINT32_MAX
#define QLEX_ANY_COUNTRY (UINT32_MAX - 1)

/* What a line of the lexicon is. */
enum {
  QLEX_ENTITY = 0,
  QLEX_GIVEN = 1,
  QLEX_FAMILY = 2,
  QLEX_TITLE = 3,    /* stands beside a name, announces its type */
  QLEX_CUE = 4,      /* a weaker announcement */
  QLEX_COMMON = 5,   /* an ordinary word */
  QLEX_HEAD = 6,     /* a part of names: what they begin with, or (AFTER) end with */
  QLEX_STOP = 7,     /* a definite word that ends a descriptive name */
  QLEX_PARTICLE = 8, /* joins the parts of a person's name */
  QLEX_LETTER = 9,   /* the name of a Latin letter: acronyms are spelled so */
  QLEX_PLACE = 10,   /* a preposition of place */
  QLEX_PATTERN =
      11, /* names that are made with a place; "+" in the alias and "*" in the name of its entry stand for it */
  QLEX_MISREAD = 12, /* what machine translation makes of something that is no name (misread.h) */
  QLEX_SIGN = 13,    /* of a document in which such words are that, or (AGAINST) the name that they look like */
  QLEX_WORDING = 14, /* an entity by how it may be worded (wordings.h) */
  QLEX_KINDS = 15
};

/* Facts about one alias. */
enum {
  QLEX_AMBIGUOUS = 1u << 0, /* means something else too: believed only with support */
  QLEX_LATIN = 1u << 1,
  QLEX_CAPS = 1u << 2,      /* written in capitals only (WHO, IMF) */
  QLEX_CAPITAL = 1u << 3,   /* begins with a capital */
  QLEX_AFTER = 1u << 4,     /* title and cue: stands after the name */
  QLEX_CANONICAL = 1u << 5, /* the canonical name itself */
  QLEX_FREQUENT = 1u << 6,  /* common: met five times or more */
  QLEX_FEMININE = 1u << 7,  /* given name of a woman */
  QLEX_OPEN = 1u << 8,      /* head: a part of descriptive names only, not of proper ones */
  QLEX_DERIVED = 1u << 9,   /* common: an inflected form that nobody listed; gives way to every other meaning */
  QLEX_NATIONAL = 1u << 10, /* every country has one: it means that of the document's country */
  QLEX_AGAINST = 1u << 11   /* sign: speaks for the name */
};

/* What all meanings of a key say of a word together, in its slot: for most words nothing else need be read. */
enum {
  LORE_GIVEN = 1u << 0,
  LORE_GIVEN_MAYBE = 1u << 1,
  LORE_FAMILY = 1u << 2,
  LORE_FAMILY_MAYBE = 1u << 3,
  LORE_COMMON = 1u << 4,
  LORE_FREQUENT = 1u << 5,
  LORE_TITLE = 1u << 6,  /* a title or cue by itself */
  LORE_ENTITY = 1u << 7, /* an alias by itself, not ambiguous */
  LORE_STOP = 1u << 8,   /* ends a descriptive name */
  LORE_PHRASE = 1u << 9, /* in an ordinary phrase of several words; never in a slot */
  LORE_PARTICLE = 1u << 10,
  LORE_LETTER = 1u << 11,
  LORE_PLACE = 1u << 12,  /* a preposition of place */
  LORE_ALIAS = 1u << 13,  /* an alias of something that is no person, ambiguous or not */
  LORE_PREFIX = 1u << 14, /* of the slot: a longer alias begins so */
  LORE_SPOKEN = 1u << 15, /* of the slot: has meanings that the lore does not tell: entities, titles, heads */
  LORE_NAME_ANY = LORE_GIVEN | LORE_GIVEN_MAYBE | LORE_FAMILY | LORE_FAMILY_MAYBE
};

typedef struct qlex_slot {
  uint64_t print; /* 0: empty */
  uint32_t first; /* its payloads: place ... */
  uint16_t n;     /* ... and number */
  uint16_t lore;  /* LORE_* */
} qlex_slot;

typedef struct qlex_payload {
  uint32_t entry;
  uint16_t flags; /* QLEX_AMBIGUOUS ... */
  uint8_t kind;   /* QLEX_ENTITY ... */
  uint8_t n_words;
} qlex_payload;

typedef struct qlex_entry {
  uint32_t name; /* place in strings */
  uint16_t name_len;
  uint8_t type;     /* QN_ENTITY_TYPE_*: PERSON to EVENT */
  uint8_t class;    /* QLEX_CLASS_* */
  uint32_t country; /* the entry that it lies in or belongs to, QLEX_NO_COUNTRY, QLEX_ANY_COUNTRY */
  uint32_t owner;   /* the organisation that makes or owns it, QLEX_NO_OWNER */
} qlex_entry;

/* A folded alias, to be compared with spellings that are no alias (spelling.h). */
typedef struct qlex_spelling {
  uint32_t skeleton;
  uint32_t entry;
  uint32_t form; /* place in strings */
  uint16_t form_len;
  uint16_t shortened; /* not 0: no alias, but what is left of one (shortnames.h); has no variants of its own */
} qlex_spelling;

/* A word of longer names: which types of names it is a part of, and where in them (parts.h). A cell of a hash table. */
typedef struct qlex_part {
  uint16_t check;
  uint16_t use; /* 0: empty */
} qlex_part;

/* The classes that the recognizers tell apart; all others are OTHER. */
enum {
  QLEX_CLASS_OTHER = 0,
  QLEX_CLASS_COUNTRY = 1,
  QLEX_CLASS_CITY = 2,
  QLEX_CLASS_REGION = 3,
  QLEX_CLASS_CLUB = 4,
  QLEX_CLASS_COMPANY = 5,
  QLEX_CLASS_MINISTRY = 6,
  QLEX_CLASS_TEAM = 7
};

typedef struct qlex_header {
  uint32_t magic;
  uint32_t version;
  uint64_t file_size;
  uint64_t checksum; /* of everything after this field */
  uint32_t header_size;
  uint32_t slots_log2;
  uint32_t n_payloads;
  uint32_t n_entries;
  uint32_t n_aliases;
  uint32_t n_strings; /* bytes */
  uint64_t slots;     /* byte offsets from the start of the file, multiples of 8 */
  uint64_t payloads;
  uint64_t entries;
  uint64_t first;
  uint64_t held;
  uint64_t likeness;
  uint64_t spellings;
  uint64_t parts;
  uint64_t strings;
  uint32_t n_spellings;
  uint32_t parts_log2;
} qlex_header;

#endif
