/* SPDX-License-Identifier: Apache-2.0 */

/* A ring of positions in the order in which they were begun; ended ones leave it at its front. */
#include "broker/track.h"

#include <errno.h>
#include <stdlib.h>

enum { CAPACITY_FIRST = 64, CAPACITY_MAX = 1 << 24 };

typedef struct broker_track_entry {
  uint64_t position;
  bool ended;
} broker_track_entry;

void broker_track_init(broker_track *self) {
  *self = (broker_track){ 0 };
}

void broker_track_done(broker_track *self) {
  free(self->entries);
  *self = (broker_track){ 0 };
}

void broker_track_clear(broker_track *self) {
  self->first = 0;
  self->n = 0;
  self->has_settled = false;
}

static broker_track_entry *at(const broker_track *self, uint32_t index) {
  return &self->entries[(self->first + index) & (self->capacity - 1)];
}

static int grow(broker_track *self) {
  uint32_t capacity = self->capacity == 0 ? CAPACITY_FIRST : self->capacity * 2;
  if (capacity > CAPACITY_MAX) {
    return -ENOMEM;
  }
  broker_track_entry *entries = calloc(capacity, sizeof *entries);
  if (entries == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->n; i++) {
    entries[i] = *at(self, i);
  }
  free(self->entries);
  self->entries = entries;
  self->capacity = capacity;
  self->first = 0;
  return 0;
}

int broker_track_begin(broker_track *self, uint64_t position) {
  if ((self->n > 0 && position <= at(self, self->n - 1)->position) ||
      (self->has_settled && position <= self->settled)) {
    return -EINVAL;
  }
  if (self->n == self->capacity && grow(self) != 0) {
    return -ENOMEM;
  }
  *at(self, self->n++) = (broker_track_entry){ .position = position };
  return 0;
}

static broker_track_entry *find(const broker_track *self, uint64_t position) {
  uint32_t low = 0;
  uint32_t high = self->n;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (at(self, middle)->position < position) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < self->n && at(self, low)->position == position ? at(self, low) : NULL;
}

bool broker_track_end(broker_track *self, uint64_t position) {
  broker_track_entry *entry = find(self, position);
  if (entry == NULL) {
    return false;
  }
  entry->ended = true;
  bool moved = false;
  while (self->n > 0 && at(self, 0)->ended) {
    self->settled = at(self, 0)->position;
    self->has_settled = true;
    self->first = (self->first + 1) & (self->capacity - 1);
    self->n--;
    moved = true;
  }
  return moved;
}

uint32_t broker_track_open(const broker_track *self) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n; i++) {
    n += !at(self, i)->ended;
  }
  return n;
}
