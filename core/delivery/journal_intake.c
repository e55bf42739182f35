/* SPDX-License-Identifier: Apache-2.0 */

/* The source's side: room within the bounds, and into the queue. */
#include <errno.h>
#include <stdlib.h>

#include "delivery/journal_body.h"
#include "delivery/journal_inside.h"

bool journal_has_bounds(const journal *self, size_t payload_bytes) {
  const journal_options *bounds = &self->options;
  uint64_t left = self->charged_bytes < bounds->max_bytes ? bounds->max_bytes - self->charged_bytes : 0;
  return self->charged_documents < bounds->max_documents && payload_bytes <= left;
}

/* Large ones have memory of their own: they would never find all of it free while small ones come and go. */
static bool is_large(const journal *self, size_t payload_bytes) {
  return payload_bytes > self->options.memory_bytes / 4;
}

/* What is not on the disk yet is in memory. One document must pass, however large. */
bool journal_has_room(const journal *self, size_t payload_bytes) {
  size_t used = is_large(self, payload_bytes) ? self->filling_large_bytes : self->filling_bytes;
  return journal_has_bounds(self, payload_bytes) && (used == 0 || used + payload_bytes <= self->options.memory_bytes);
}

/* There may be room now for those that wait for it. [locked] */
static void ease(journal *self) {
  pthread_cond_broadcast(&self->eased);
  for (const journal_line *line = self->lines; line != NULL; line = line->next) {
    if (line->wants_room) {
      self->room_due = true;
      pthread_cond_signal(&self->queued);
      return;
    }
  }
}

void journal_uncharge(journal *self, uint64_t n_documents, uint64_t n_bytes) {
  self->charged_documents -= n_documents;
  self->charged_bytes -= n_bytes;
  ease(self);
}

static size_t *filling(journal *self, bool large) {
  return large ? &self->filling_large_bytes : &self->filling_bytes;
}

void journal_filled(journal *self, const entry_inside *entry, size_t n_bytes) {
  *filling(self, entry->is_large) -= n_bytes;
}

/* [locked] */
static void charge(journal *self, size_t payload_bytes) {
  self->charged_documents++;
  self->charged_bytes += payload_bytes;
  *filling(self, is_large(self, payload_bytes)) += payload_bytes;
}

/* Makes an entry that has been charged. */
static int make(journal_line *line, size_t payload_bytes, journal_entry **ret_entry) {
  journal *owner = line->journal;
  entry_inside *entry = journal_entry_new(line, payload_bytes);
  bool large = is_large(owner, payload_bytes);
  if (entry != NULL) {
    entry->is_large = large;
    *ret_entry = &entry->shown;
    return 0;
  }
  pthread_mutex_lock(&owner->mutex);
  *filling(owner, large) -= payload_bytes;
  journal_uncharge(owner, 1, payload_bytes);
  pthread_mutex_unlock(&owner->mutex);
  return -ENOMEM;
}

int journal_reserve(journal_line *line, size_t payload_bytes, journal_entry **ret_entry) {
  journal *owner = line->journal;
  if (payload_bytes > owner->options.max_bytes) {
    return -EFBIG;
  }
  pthread_mutex_lock(&owner->mutex);
  bool may = !owner->fails && journal_has_room(owner, payload_bytes);
  if (may) {
    charge(owner, payload_bytes);
  } else {
    bool is_least = !line->wants_room || payload_bytes < line->wanted_bytes;
    line->wanted_bytes = is_least ? payload_bytes : line->wanted_bytes;
    line->wants_room = true;
  }
  pthread_mutex_unlock(&owner->mutex);
  return may ? make(line, payload_bytes, ret_entry) : -EAGAIN;
}

int journal_reserve_wait(journal_line *line, size_t payload_bytes, journal_entry **ret_entry) {
  journal *owner = line->journal;
  if (payload_bytes > owner->options.max_bytes) {
    return -EFBIG;
  }
  pthread_mutex_lock(&owner->mutex);
  while (!line->intake_interrupted && (owner->fails || !journal_has_room(owner, payload_bytes))) {
    pthread_cond_wait(&owner->eased, &owner->mutex);
  }
  bool may = !line->intake_interrupted;
  if (may) {
    charge(owner, payload_bytes);
  }
  pthread_mutex_unlock(&owner->mutex);
  return may ? make(line, payload_bytes, ret_entry) : -ECANCELED;
}

void journal_interrupt_intake(journal_line *line, bool interrupted) {
  journal *owner = line->journal;
  pthread_mutex_lock(&owner->mutex);
  line->intake_interrupted = interrupted;
  pthread_cond_broadcast(&owner->eased);
  pthread_mutex_unlock(&owner->mutex);
}

/* Rooms are often larger than what came: memory that waits must not hold on to that. */
static void trim(journal_entry *entry, size_t payload_bytes) {
  if (payload_bytes == 0) {
    free(entry->payload);
    entry->payload = NULL;
  } else if (payload_bytes < entry->payload_bytes - entry->payload_bytes / 8) {
    uint8_t *smaller = realloc(entry->payload, payload_bytes);
    entry->payload = smaller != NULL ? smaller : entry->payload;
  }
  entry->payload_bytes = payload_bytes;
}

void journal_put(journal_entry *shown, size_t payload_bytes) {
  entry_inside *entry = journal_entry_of(shown);
  journal *owner = shown->line->journal;
  size_t given_back = entry->room_bytes - payload_bytes;
  trim(shown, payload_bytes);
  entry->room_bytes = payload_bytes;
  entry->hash = journal_body_hash(shown->payload, payload_bytes);
  entry->is_body = payload_bytes > owner->options.body_bytes;
  entry->op.kind = OP_PUT;
  pthread_mutex_lock(&owner->mutex);
  owner->charged_bytes -= given_back;
  journal_filled(owner, entry, given_back);
  if (given_back > 0) {
    ease(owner);
  }
  journal_push(owner, &entry->op);
  pthread_mutex_unlock(&owner->mutex);
}

void journal_cancel(journal_entry *shown) {
  if (shown == NULL) {
    return;
  }
  entry_inside *entry = journal_entry_of(shown);
  journal *owner = shown->line->journal;
  pthread_mutex_lock(&owner->mutex);
  journal_filled(owner, entry, entry->room_bytes);
  journal_uncharge(owner, 1, entry->room_bytes);
  pthread_mutex_unlock(&owner->mutex);
  journal_entry_free(entry);
}
