/* SPDX-License-Identifier: Apache-2.0 */

/* A window of documents, and a window of parts for each document that was split. */
#include "runtime/order.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

int order_init(order *self, uint32_t n_leaves, bool has_groups, uint32_t index) {
  memset((void *)self, 0, sizeof *self);
  self->has_groups = has_groups;
  self->n_leaves = n_leaves;
  self->index = index;
  atomic_init(&self->current, NULL);
  pthread_mutex_init(&self->mutex, NULL);
  return window_init(&self->window, n_leaves);
}

void order_done(order *self) {
  for (uint32_t i = 0; i < self->n_made; i++) {
    window_done(&self->made[i]->window);
    free(self->made[i]);
  }
  free((void *)self->made);
  window_done(&self->window);
  pthread_mutex_destroy(&self->mutex);
}

void order_put(order *self, leaf *it) {
  window *in = it->receipt->from == NULL ? &self->window : &it->receipt->from->groups[self->index]->window;
  window_put(in, it->receipt->sequence, it);
}

/* All parts have come out and been read. */
static bool is_over(const group *self) {
  return atomic_load(&self->window.next) == atomic_load(&self->n_parts);
}

bool order_ready(const order *self) {
  const group *in = atomic_load(&self->current);
  return in == NULL ? window_ready(&self->window) : window_ready(&in->window) || is_over(in);
}

static void give_back(order *self, group *idle) {
  pthread_mutex_lock(&self->mutex);
  idle->next_idle = self->idle;
  self->idle = idle;
  pthread_mutex_unlock(&self->mutex);
}

/* The reader goes back to where the group stands; the document's own leaf is what it reads there. */
static leaf *leave(order *self, group *from) {
  leaf *place = from->place;
  place->group = NULL;
  atomic_store(&self->current, atomic_load(&from->above));
  give_back(self, from);
  return place;
}

static void enter(order *self, leaf *place) {
  group *into = place->group;
  into->place = place;
  atomic_store(&into->above, atomic_load(&self->current));
  atomic_store(&self->current, into);
}

static leaf *take_one(order *self) {
  for (;;) {
    group *in = atomic_load(&self->current);
    void *item = NULL;
    if (window_take(in == NULL ? &self->window : &in->window, &item, 1) == 0) {
      return in != NULL && is_over(in) ? leave(self, in) : NULL;
    }
    leaf *it = item;
    if (it->group == NULL) {
      return it;
    }
    enter(self, it);
  }
}

uint32_t order_take(order *self, leaf **leaves, uint32_t n_max) {
  if (!self->has_groups) {
    return window_take(&self->window, (void **)leaves, n_max);
  }
  uint32_t n = 0;
  while (n < n_max) {
    leaf *it = take_one(self);
    if (it == NULL) {
      break;
    }
    leaves[n++] = it;
  }
  return n;
}

static group *make(order *self) {
  if (self->n_made == self->made_room) {
    uint32_t room = self->made_room == 0 ? 4 : self->made_room * 2;
    group **made = realloc((void *)self->made, room * sizeof *made);
    if (made == NULL) {
      return NULL;
    }
    self->made = made;
    self->made_room = room;
  }
  group *fresh = aligned_alloc(_Alignof(group), sizeof *fresh);
  if (fresh == NULL) {
    return NULL;
  }
  memset((void *)fresh, 0, sizeof *fresh);
  if (window_init(&fresh->window, self->n_leaves) != 0) {
    free(fresh);
    return NULL;
  }
  self->made[self->n_made++] = fresh;
  return fresh;
}

group *order_group(order *self) {
  pthread_mutex_lock(&self->mutex);
  group *taken = self->idle;
  if (taken != NULL) {
    self->idle = taken->next_idle;
  } else {
    taken = make(self);
  }
  pthread_mutex_unlock(&self->mutex);
  if (taken != NULL) {
    atomic_store(&taken->n_parts, UINT64_MAX);
    atomic_store(&taken->window.next, 0);
  }
  return taken;
}

void order_group_close(group *self, uint64_t n_parts) {
  atomic_store(&self->n_parts, n_parts);
}

void order_group_drop(order *self, group *unused) {
  give_back(self, unused);
}
