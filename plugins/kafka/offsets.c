/* SPDX-License-Identifier: Apache-2.0 */

/* Contiguous offsets: a ring of what was taken, and how far it has settled without a gap. */
#include "kafka/offsets.h"

#include <errno.h>
#include <stdlib.h>

int offsets_init(offsets *self, uint32_t capacity) {
  if (capacity == 0 || capacity > OFFSETS_CAPACITY_MAX) {
    return -EINVAL;
  }
  uint32_t rounded = 1;
  while (rounded < capacity) {
    rounded *= 2;
  }
  int64_t *taken = malloc(rounded * sizeof *taken);
  uint8_t *settled = malloc(rounded);
  if (taken == NULL || settled == NULL) {
    free(taken);
    free(settled);
    return -ENOMEM;
  }
  *self = (offsets){ .taken = taken, .settled = settled, .capacity = rounded };
  offsets_clear(self);
  return 0;
}

void offsets_done(offsets *self) {
  free(self->taken);
  free(self->settled);
  *self = (offsets){ 0 };
}

void offsets_clear(offsets *self) {
  self->first = 0;
  self->n_window = 0;
  self->n_unsettled = 0;
  self->last = -1;
  self->position = -1;
  self->committed = -1;
}

int offsets_take(offsets *self, int64_t offset, uint32_t *ret_sequence) {
  if (offset < 0 || offset == INT64_MAX || offset <= self->last) {
    return -EINVAL;
  }
  if (offsets_full(self)) {
    return -ENOBUFS;
  }
  uint32_t sequence = self->first + self->n_window;
  uint32_t place = sequence & (self->capacity - 1);
  self->taken[place] = offset;
  self->settled[place] = 0;
  self->last = offset;
  self->n_window++;
  self->n_unsettled++;
  *ret_sequence = sequence;
  return 0;
}

/* Lets go of all at the front that have settled. Each is let go once, so a settlement costs a constant on average. */
static void advance(offsets *self) {
  while (self->n_window > 0) {
    uint32_t place = self->first & (self->capacity - 1);
    if (self->settled[place] == 0) {
      return;
    }
    self->position = self->taken[place] + 1;
    self->first++;
    self->n_window--;
  }
}

int offsets_settle(offsets *self, uint32_t sequence) {
  uint32_t behind = sequence - self->first; /* wraps as sequences do */
  if (behind >= self->n_window) {
    return -ENOENT;
  }
  uint8_t *settled = &self->settled[sequence & (self->capacity - 1)];
  if (*settled != 0) {
    return -EALREADY;
  }
  *settled = 1;
  self->n_unsettled--;
  if (behind == 0) {
    advance(self);
  }
  return 0;
}

bool offsets_is_open(const offsets *self, uint32_t sequence) {
  return sequence - self->first < self->n_window && self->settled[sequence & (self->capacity - 1)] == 0;
}

bool offsets_due(const offsets *self, int64_t *ret_offset) {
  if (self->position <= self->committed) {
    return false;
  }
  *ret_offset = self->position;
  return true;
}

void offsets_committed(offsets *self, int64_t offset) {
  if (offset > self->committed) {
    self->committed = offset;
  }
}
