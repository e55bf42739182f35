/* SPDX-License-Identifier: Apache-2.0 */

/* Slots with generations. */
#include "http/cookies.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST = 64 };

static int grow(cookies *self) {
  uint32_t wanted = self->capacity == 0 ? FIRST : self->capacity * 2;
  cookie_slot *grown = self->capacity > UINT32_MAX / 4 ? NULL : reallocarray(self->slots, wanted, sizeof *grown);
  if (grown == NULL) {
    return -ENOMEM;
  }
  self->slots = grown;
  self->capacity = wanted;
  return 0;
}

int cookies_take(cookies *self, struct request *request, uint32_t index, uint64_t *ret_cookie) {
  uint32_t at = self->first_free;
  if (at == 0) {
    int rc = self->n == self->capacity ? grow(self) : 0;
    if (rc != 0) {
      return rc;
    }
    self->slots[self->n] = (cookie_slot){ .generation = 1 };
    at = ++self->n;
  } else {
    self->first_free = self->slots[at - 1].index;
  }
  cookie_slot *slot = &self->slots[at - 1];
  slot->request = request;
  slot->index = index;
  *ret_cookie = (uint64_t)slot->generation << 32 | at;
  return 0;
}

static cookie_slot *slot_of(const cookies *self, uint64_t cookie) {
  uint32_t at = (uint32_t)cookie;
  cookie_slot *slot = at == 0 || at > self->n ? NULL : &self->slots[at - 1];
  return slot != NULL && slot->request != NULL && slot->generation == (uint32_t)(cookie >> 32) ? slot : NULL;
}

struct request *cookies_find(const cookies *self, uint64_t cookie, uint32_t *ret_index) {
  const cookie_slot *slot = slot_of(self, cookie);
  if (slot == NULL) {
    return NULL;
  }
  *ret_index = slot->index;
  return slot->request;
}

void cookies_drop(cookies *self, uint64_t cookie) {
  cookie_slot *slot = slot_of(self, cookie);
  if (slot != NULL) {
    slot->request = NULL;
    slot->generation++;
    slot->index = self->first_free;
    self->first_free = (uint32_t)cookie;
  }
}

void cookies_done(cookies *self) {
  free(self->slots);
  *self = (cookies){ 0 };
}
