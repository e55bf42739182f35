/* SPDX-License-Identifier: Apache-2.0 */

/* A ring of copies. */
#include "broker/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 4096, SPARE_MAX = 1024 };

/* Storage of a message that is not larger; while it is spare, a link. */
typedef struct outbox_block {
  struct outbox_block *next;
} outbox_block;

int outbox_init(outbox *self, uint32_t capacity) {
  *self = (outbox){ .capacity = capacity };
  self->entries = calloc(capacity, sizeof *self->entries);
  return self->entries == NULL ? -ENOMEM : 0;
}

static outbox_entry *at(const outbox *self, uint32_t index) {
  uint32_t place = self->first + index;
  return &self->entries[place < self->capacity ? place : place - self->capacity];
}

void outbox_done(outbox *self) {
  for (uint32_t i = 0; self->entries != NULL && i < self->n; i++) {
    free(at(self, i)->storage);
  }
  while (self->spare != NULL) {
    outbox_block *next = self->spare->next;
    free(self->spare);
    self->spare = next;
  }
  free(self->entries);
  *self = (outbox){ 0 };
}

bool outbox_is_full(const outbox *self, uint64_t most_bytes) {
  return self->n == self->capacity || (self->n > 0 && self->bytes >= most_bytes);
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

static char *take_storage(outbox *self, size_t bytes) {
  outbox_block *spare = bytes <= BLOCK_BYTES ? self->spare : NULL;
  if (spare == NULL) {
    return malloc(bytes <= BLOCK_BYTES ? BLOCK_BYTES : bytes);
  }
  self->spare = spare->next;
  self->n_spare--;
  return (char *)spare;
}

static void give_storage(outbox *self, char *storage, size_t bytes) {
  if (bytes > BLOCK_BYTES || self->n_spare == SPARE_MAX) {
    free(storage);
    return;
  }
  outbox_block *spare = (outbox_block *)(void *)storage;
  spare->next = self->spare;
  self->spare = spare;
  self->n_spare++;
}

int outbox_put(outbox *self, const broker_message *message) {
  size_t bytes = size_of(message);
  char *storage = take_storage(self, bytes);
  if (storage == NULL) {
    return -ENOMEM;
  }
  bytes = bytes < BLOCK_BYTES ? BLOCK_BYTES : bytes; /* what it takes */
  outbox_entry *entry = at(self, self->n);
  *entry = (outbox_entry){ .message = *message, .storage = storage, .size_bytes = bytes };
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
  keep(&to, &entry->message.body);
  keep(&to, &entry->message.content_type);
  keep(&to, &entry->message.id);
  keep(&to, &entry->message.key);
  keep(&to, &entry->message.source);
  self->n++;
  self->n_unsent++;
  self->bytes += bytes;
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

static void leave(outbox *self) {
  while (self->n > 0 && at(self, 0)->state == OUTBOX_CONFIRMED) {
    outbox_entry *entry = at(self, 0);
    self->bytes -= entry->size_bytes;
    self->n_refused -= entry->n_refused;
    give_storage(self, entry->storage, entry->size_bytes);
    entry->storage = NULL;
    self->first = self->first + 1 < self->capacity ? self->first + 1 : 0;
    self->first_token++;
    self->n--;
  }
}

bool outbox_confirm(outbox *self, uint64_t token) {
  outbox_entry *entry = find(self, token);
  if (entry == NULL || entry->state != OUTBOX_SENT) {
    return false;
  }
  entry->state = OUTBOX_CONFIRMED;
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
