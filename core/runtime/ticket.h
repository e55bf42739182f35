/* SPDX-License-Identifier: Apache-2.0 */

/* Tickets: names for operations that a plugin ends later, honoured exactly once. Floor 4.
 *
 * A ticket is a slot and a generation by value. Claiming it succeeds for one caller and only while it is open; late
 * and repeated completions find another generation and are ignored. */
#ifndef CORE_RUNTIME_TICKET_H
#define CORE_RUNTIME_TICKET_H

#include <stdint.h>

#include "qanat/stage.h"

/* A slot is open while its generation is odd. */
typedef struct ticket_slot {
  _Atomic uint32_t generation;
  void *holder; /* set before opening */
} ticket_slot;

typedef struct ticket_table {
  ticket_slot *slots;
  uint32_t n_slots, n_reserved;
} ticket_table;

/* The number of slots is fixed. 0, -ENOMEM. */
int ticket_table_init(ticket_table *table, uint32_t n_slots);
void ticket_table_done(ticket_table *table);

/* Hands out slots for good, each to one holder at a time. While setting up. Asserts that there are enough. */
uint32_t ticket_reserve(ticket_table *table, uint32_t n_slots);

/* Opens a slot that is shut. [its holder] */
qn_ticket ticket_open(ticket_table *table, uint32_t slot, void *holder);
/* The holder, and the ticket is shut; or NULL: not open, or not any more. [any] */
void *ticket_claim(ticket_table *table, qn_ticket ticket);

#endif
