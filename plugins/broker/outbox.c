/* SPDX-License-Identifier: Apache-2.0 */

/* A ring of messages: copies, but for bodies that are lent. */
#include "broker/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A place keeps its storage for the next message if that is not large. */
enum { WINDOWS = 2, ROOM_LEAST = 256, ROOM_KEPT = 4096 };

int outbox_init(outbox *self, uint32_t window, bool lends) {
  uint32_t capacity = window < UINT32_MAX / WINDOWS ? window * WINDOWS : window;
  *self = (outbox){ .capacity = capacity, .window = window, .lends = lends };
  self->entries = calloc(capacity, sizeof *self->entries);
  return self->entries == NULL ? -ENOMEM : 0;
}

static outbox_entry *at(const outbox *self, uint32_t index) {
  uint32_t place = self->first + index;
  return &self->entries[place < self->capacity ? place : place - self->capacity];
}

void outbox_done(outbox *self) {
  for (uint32_t i = 0; self->entries != NULL && i < self->capacity; i++) {
    free(self->entries[i].storage);
  }
  free(self->entries);
  *self = (outbox){ 0 };
}

bool outbox_is_full(const outbox *self, uint64_t most_bytes) {
  return self->n == self->capacity || self->n - self->n_confirmed >= self->window ||
         (self->n > 0 && self->bytes >= most_bytes);
}

/* Moves the string behind *to. */
static void keep(char **to, qn_str *text) {
  if (text->len > 0) {
    memcpy(*to, text->data, text->len);
  }
  text->data = *to;
  *to += text->len;
}

static size_t size_of(const broker_message *message) {
  size_t bytes = message->n_headers * sizeof *message->headers + message->body.len + message->content_type.len +
                 message->id.len + message->key.len + message->source.len;
  for (uint32_t i = 0; i < message->n_headers; i++) {
    const broker_header *header = &message->headers[i];
    bytes += header->name.len + (header->value.type == QN_VALUE_STR ? header->value.as.str.len : 0);
  }
  return bytes;
}

static bool make_room(outbox_entry *entry, size_t bytes) {
  if (bytes <= entry->room_bytes) {
    return true;
  }
  size_t room_bytes = bytes < ROOM_LEAST ? ROOM_LEAST : bytes;
  char *storage = malloc(room_bytes);
  if (storage == NULL) {
    return false;
  }
  free(entry->storage);
  entry->storage = storage;
  entry->room_bytes = room_bytes;
  return true;
}

int outbox_put(outbox *self, const broker_message *message) {
  size_t lent_bytes = self->lends ? message->body.len : 0;
  size_t bytes = size_of(message) - lent_bytes;
  outbox_entry *entry = at(self, self->n);
  if (!make_room(entry, bytes)) {
    return -ENOMEM;
  }
  entry->message = *message;
  entry->size_bytes = entry->room_bytes + lent_bytes;
  entry->state = OUTBOX_NEW;
  entry->not_before_ms = 0;
  entry->n_refused = 0;
  broker_header *headers = (broker_header *)(void *)entry->storage;
  char *to = entry->storage + message->n_headers * sizeof *headers;
  for (uint32_t i = 0; i < message->n_headers; i++) {
    headers[i] = message->headers[i];
    keep(&to, &headers[i].name);
    if (headers[i].value.type == QN_VALUE_STR) {
      keep(&to, &headers[i].value.as.str);
    }
  }
  entry->message.headers = headers;
  if (!self->lends) {
    keep(&to, &entry->message.body);
  }
  keep(&to, &entry->message.content_type);
  keep(&to, &entry->message.id);
  keep(&to, &entry->message.key);
  keep(&to, &entry->message.source);
  self->n++;
  self->n_unsent++;
  self->bytes += entry->size_bytes;
  return 0;
}

/* What was never sent stands behind what was, but for refused ones: only then is it more than a step from the end. */
outbox_entry *outbox_next(outbox *self, uint64_t now_ms, uint64_t *ret_token) {
  uint32_t left = self->n_unsent;
  for (uint32_t i = self->n; i > 0 && left > 0; i--) {
    left -= at(self, i - 1)->state == OUTBOX_NEW;
    if (left > 0) {
      continue;
    }
    for (uint32_t k = i - 1; k < self->n; k++) {
      outbox_entry *entry = at(self, k);
      if (entry->state == OUTBOX_NEW && entry->not_before_ms <= now_ms) {
        *ret_token = self->first_token + k;
        return entry;
      }
    }
  }
  return NULL;
}

static outbox_entry *find(const outbox *self, uint64_t token) {
  return token >= self->first_token && token - self->first_token < self->n
             ? at(self, (uint32_t)(token - self->first_token))
             : NULL;
}

void outbox_sent(outbox *self, uint64_t token) {
  outbox_entry *entry = find(self, token);
  if (entry != NULL && entry->state == OUTBOX_NEW) {
    entry->state = OUTBOX_SENT;
    self->n_unsent--;
  }
}

static void let_go(outbox *self, outbox_entry *entry) {
  self->bytes -= entry->size_bytes;
  self->n_refused -= entry->n_refused;
  self->n--;
  if (entry->room_bytes > ROOM_KEPT) {
    free(entry->storage);
    entry->storage = NULL;
    entry->room_bytes = 0;
  }
}

void outbox_take_back(outbox *self) {
  outbox_entry *entry = at(self, self->n - 1);
  self->n_unsent--;
  let_go(self, entry);
}

static void leave(outbox *self) {
  while (self->n > 0 && at(self, 0)->state == OUTBOX_CONFIRMED) {
    let_go(self, at(self, 0));
    self->n_confirmed--;
    self->first = self->first + 1 < self->capacity ? self->first + 1 : 0;
    self->first_token++;
  }
}

bool outbox_confirm(outbox *self, uint64_t token) {
  outbox_entry *entry = find(self, token);
  if (entry == NULL || entry->state != OUTBOX_SENT) {
    return false;
  }
  entry->state = OUTBOX_CONFIRMED;
  self->n_confirmed++;
  leave(self);
  return true;
}

uint32_t outbox_refuse(outbox *self, uint64_t token, uint64_t not_before_ms) {
  outbox_entry *entry = find(self, token);
  if (entry == NULL || entry->state != OUTBOX_SENT) {
    return 0;
  }
  entry->state = OUTBOX_NEW;
  entry->not_before_ms = not_before_ms;
  self->n_unsent++;
  self->n_refused++;
  return ++entry->n_refused;
}

void outbox_unsend(outbox *self) {
  for (uint32_t i = 0; i < self->n; i++) {
    outbox_entry *entry = at(self, i);
    if (entry->state == OUTBOX_SENT) {
      entry->state = OUTBOX_NEW;
      entry->not_before_ms = 0;
      self->n_unsent++;
    }
  }
}

uint64_t outbox_due_ms(const outbox *self, uint64_t now_ms) {
  uint64_t due_ms = UINT64_MAX;
  for (uint32_t i = 0; self->n_unsent > 0 && i < self->n; i++) {
    const outbox_entry *entry = at(self, i);
    if (entry->state == OUTBOX_NEW) {
      uint64_t wait_ms = entry->not_before_ms > now_ms ? entry->not_before_ms - now_ms : 0;
      due_ms = wait_ms < due_ms ? wait_ms : due_ms;
    }
  }
  return due_ms;
}
