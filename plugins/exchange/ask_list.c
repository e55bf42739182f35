/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of asks: short (a window, a batch) or used at their ends. */
#include "exchange/exchange.h"

void ask_list_init(ask_list *self) {
  self->first = NULL;
  self->link = &self->first;
  self->n = 0;
}

void ask_list_push(ask_list *self, ask *ask) {
  ask->next = NULL;
  *self->link = ask;
  self->link = &ask->next;
  self->n++;
}

void ask_list_push_front(ask_list *self, ask *ask) {
  ask->next = self->first;
  if (self->first == NULL) {
    self->link = &ask->next;
  }
  self->first = ask;
  self->n++;
}

static ask *take_at(ask_list *self, ask **link) {
  ask *taken = *link;
  *link = taken->next;
  if (taken->next == NULL) {
    self->link = link;
  }
  taken->next = NULL;
  self->n--;
  return taken;
}

ask *ask_list_pull(ask_list *self) {
  return self->first == NULL ? NULL : take_at(self, &self->first);
}

ask *ask_list_take_id(ask_list *self, uint64_t id) {
  for (ask **link = &self->first; *link != NULL; link = &(*link)->next) {
    if ((*link)->id == id) {
      return take_at(self, link);
    }
  }
  return NULL;
}

ask *ask_list_take_ticket(ask_list *self, qn_ticket ticket) {
  for (ask **link = &self->first; *link != NULL; link = &(*link)->next) {
    if ((*link)->ticket.slot == ticket.slot && (*link)->ticket.generation == ticket.generation) {
      return take_at(self, link);
    }
  }
  return NULL;
}
