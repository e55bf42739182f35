/* SPDX-License-Identifier: Apache-2.0 */

/* A compiled lexicon, read in place.
 *
 * Opening checks size, version, checksum and every index, so that no later look-up needs to; a lexicon from anywhere
 * may be opened. Nothing is copied or allocated; a lexicon is read-only and may be shared by threads. */
#ifndef ENTITIES_LEXICON_H
#define ENTITIES_LEXICON_H

#include "entities/key.h"
#include "entities/lexicon_form.h"
#include "qanat/doc.h"

typedef struct lexicon {
  const qlex_header *header;
  const qlex_slot *slots;
  const qlex_payload *payloads;
  const qlex_entry *entries;
  const uint64_t *first;
  const uint64_t *held;
  const int8_t *likeness;
  const qlex_spelling *spellings;
  const qlex_part *parts;
  const char *strings;
  uint64_t slot_mask;
  uint32_t part_mask;
} lexicon;

/* Why a lexicon was refused, for people. */
typedef struct lexicon_fault {
  const char *what; /* a constant sentence without a stop */
} lexicon_fault;

/* Opens bytes, which must be aligned to 8 and hold as long as the lexicon is used. 0; -EINVAL with fault set. */
int lexicon_open(qn_str bytes, lexicon *ret_lexicon, lexicon_fault *fault);

/* Bytes as the checksum of the header counts them. */
uint64_t lexicon_checksum(const uint8_t *bytes, size_t len);

/* True if an alias may begin with this word. */
static inline int lexicon_begins(const lexicon *lex, uint64_t print) {
  uint64_t bit = print >> (64 - QLEX_FIRST_BITS);
  return (int)(lex->first[bit >> 6] >> (bit & 63) & 1);
}

/* Says that a key will be looked up soon. */
static inline void lexicon_expect(const lexicon *lex, uint64_t print) {
  __builtin_prefetch(&lex->first[print >> (64 - QLEX_FIRST_BITS) >> 6]);
  __builtin_prefetch(&lex->slots[print & lex->slot_mask]);
}

/* The slot of a key, or NULL: of one that is likely to be there, or that lexicon_expect has had fetched. */
const qlex_slot *lexicon_search(const lexicon *lex, uint64_t print);

/* The bit of a key in held; shared with the compiler. */
static inline uint64_t lexicon_held_bit(uint64_t print) {
  return print >> (64 - QLEX_HELD_BITS);
}

/* The slot of a key, or NULL. Three of four keys that are not there are told by their bit alone. */
static inline const qlex_slot *lexicon_find(const lexicon *lex, uint64_t print) {
  uint64_t bit = lexicon_held_bit(print);
  return (lex->held[bit >> 6] >> (bit & 63) & 1) != 0 ? lexicon_search(lex, print) : NULL;
}

/* What the lexicon's longer names say of a word, by its print: 0 if they do not have it (lexicon_form.h). */
uint32_t lexicon_part(const lexicon *lex, uint64_t print);

/* The canonical name of an entry. */
static inline qn_str lexicon_name(const lexicon *lex, uint32_t entry) {
  qn_str name = { lex->strings + lex->entries[entry].name, lex->entries[entry].name_len };
  return name;
}

/* How much a folded word looks like a name rather than an ordinary word, by its letters alone: above 0 a name,
 * mean log-odds of its trigrams in sixteenths. */
int lexicon_likeness(const lexicon *lex, const char *form, size_t len);

/* The place of a trigram's weight; shared with the compiler. */
static inline uint32_t lexicon_trigram(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t x = a * 0x9E3779B1u ^ b * 0x85EBCA6Bu ^ c * 0xC2B2AE35u;
  return (x ^ x >> 15) * 0x2C1B3C6Du >> (32 - QLEX_LIKENESS_BITS);
}

#endif
