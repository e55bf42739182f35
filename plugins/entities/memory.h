/* SPDX-License-Identifier: Apache-2.0 */

/* What a document has already named: a small table of keys with what each of them stands for. Kept by a worker and
 * emptied for each document. */
#ifndef ENTITIES_MEMORY_H
#define ENTITIES_MEMORY_H

#include "entities/scan.h"

/* How a name was learnt, the surest first. */
enum {
  MEMORY_FULL = 0,
  MEMORY_SURNAME = 1,  /* last part of a person's name */
  MEMORY_GUESS = 2,    /* in full, but only guessed to be a name */
  MEMORY_SHORT = 3,    /* first word of an organisation's or product's name */
  MEMORY_GIVEN = 4,    /* first part of a person's name */
  MEMORY_BEGINNING = 5 /* it only begins a longer name */
};

typedef struct memory_slot {
  uint64_t print;
  uint32_t entry; /* of the lexicon, or SCAN_NONE */
  qn_span link;   /* as in candidate */
  float score;
  uint8_t type;
  uint8_t how; /* MEMORY_*: BEGINNING if it only begins a longer name */
  uint8_t lexicon;
  uint8_t prefix;    /* not 0: begins a longer name */
  uint32_t document; /* the document it belongs to; another: empty */
} memory_slot;

enum { MEMORY_SIEVE_BITS = 2048 };

typedef struct memory {
  uint64_t sieve[MEMORY_SIEVE_BITS / 64]; /* a bit for each print of this document: most words have none */
  memory_slot *slots;
  uint32_t capacity; /* a power of two, at most half full; 0 at first */
  uint32_t slots_capacity;
  uint32_t n;
  uint32_t n_max;    /* names beyond it are not learnt: by the document, not by what room there happens to be */
  uint32_t document; /* numbers the documents, so that slots need not be cleared */
} memory;

/* Forgets everything and makes room for n names. 0, -ENOMEM. */
int memory_begin(memory *m, scan *s, uint32_t n);

void memory_done(memory *m, const scan *s);

/* Learns that a key stands for what c is. A name in full is not replaced by a part of another. */
void memory_learn(memory *m, key k, const candidate *c, uint8_t how);

/* Learns that a key begins a longer name. */
void memory_begins(memory *m, key k);

/* What a key stands for, or NULL. */
const memory_slot *memory_find(const memory *m, key k);

#endif
