/* SPDX-License-Identifier: Apache-2.0 */

/* Slots with generations; a claim is one compare-and-exchange. */
#include "runtime/ticket.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

int ticket_table_init(ticket_table *table, uint32_t n_slots) {
  table->slots = calloc(n_slots == 0 ? 1 : n_slots, sizeof *table->slots);
  if (table->slots == NULL) {
    return -ENOMEM;
  }
  table->n_slots = n_slots;
  table->n_reserved = 0;
  return 0;
}

void ticket_table_done(ticket_table *table) {
  free(table->slots);
  *table = (ticket_table){ 0 };
}

uint32_t ticket_reserve(ticket_table *table, uint32_t n_slots) {
  assert(table->n_slots - table->n_reserved >= n_slots);
  uint32_t first = table->n_reserved;
  table->n_reserved += n_slots;
  return first;
}

qn_ticket ticket_open(ticket_table *table, uint32_t slot, void *holder) {
  ticket_slot *opened = &table->slots[slot];
  uint32_t generation = atomic_load(&opened->generation) + 1;
  assert((generation & 1) == 1);
  opened->holder = holder;
  atomic_store(&opened->generation, generation);
  return (qn_ticket){ .slot = slot, .generation = generation };
}

void *ticket_claim(ticket_table *table, qn_ticket ticket) {
  if (ticket.slot >= table->n_reserved || (ticket.generation & 1) == 0) {
    return NULL;
  }
  ticket_slot *claimed = &table->slots[ticket.slot];
  uint32_t generation = ticket.generation;
  /* The holder is read by whoever shut the slot, before anybody can open it again. */
  return atomic_compare_exchange_strong(&claimed->generation, &generation, generation + 1) ? claimed->holder : NULL;
}
