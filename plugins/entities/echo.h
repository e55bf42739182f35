/* SPDX-License-Identifier: Apache-2.0 */

/* What the same word was chosen as elsewhere in the document. */
#ifndef ENTITIES_ECHO_H
#define ENTITIES_ECHO_H

#include "entities/scan.h"

typedef struct echo_slot {
  uint64_t core;
  uint16_t n;       /* how often it stands here; 0: empty */
  uint8_t types[5]; /* how often chosen as PERSON to EVENT */
  uint8_t reserved;
} echo_slot;

/* The memory of one worker; zeroed at first. */
typedef struct echo_table {
  echo_slot *slots;
  uint32_t capacity; /* a power of two, as far as it is used */
  uint32_t slots_capacity;
} echo_table;

/* Forgets everything and makes room for the words of s. 0, -ENOMEM. */
int echo_begin(echo_table *t, scan *s);

/* True if word i can be told apart from others by its core: a word, and not one of the most frequent. */
int echo_counts(const scan *s, uint32_t i);

/* Writes down that a core stands somewhere, chosen as type or (QN_ENTITY_TYPE_EVENT + 1 or more) as no name. */
void echo_note(echo_table *t, uint64_t core, uint32_t type);

/* What a word's core was chosen as elsewhere than here, where it was chosen as type: two bits a type, then how often it
 * stands in the document, up to three. */
uint64_t echo_of(const echo_table *t, uint64_t core, uint32_t type);

void echo_done(echo_table *t, const scan *s);

#endif
