/* SPDX-License-Identifier: Apache-2.0 */

/* The broker confirms single numbers, or all up to one. A message that it could route to no queue it returns first and confirms
 * then, so what was returned is found by its id among those not yet confirmed. */
#include "amqp/confirms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int confirms_init(confirms *self, uint32_t capacity) {
  *self = (confirms){ .capacity = capacity, .next = 1 };
  self->entries = calloc(capacity, sizeof *self->entries);
  return self->entries == NULL ? -ENOMEM : 0;
}

void confirms_done(confirms *self) {
  free(self->entries);
  *self = (confirms){ 0 };
}

void confirms_begin(confirms *self) {
  self->first = self->n = 0;
  self->next = 1;
  self->in_return = false;
}

bool confirms_full(const confirms *self) {
  return self->n == self->capacity;
}

static confirm_entry *at(const confirms *self, uint32_t index) {
  return &self->entries[(self->first + index) % self->capacity];
}

static uint64_t hash_of(const char *bytes, size_t len) {
  uint64_t hash = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(1099511628211);
  }
  return hash;
}

void confirms_add(confirms *self, uint64_t token, qn_str id) {
  *at(self, self->n++) = (confirm_entry){ .token = token, .id_hash = hash_of(id.data, id.len) };
  self->next++;
}

typedef struct telling {
  void (*told)(void *arg, uint64_t token, const broker_fault *fault);
  void *arg;
} telling;

static void settle(confirms *self, confirm_entry *entry, bool is_refused, const telling *to) {
  broker_fault fault;
  if (entry->is_done) {
    return;
  }
  entry->is_done = true;
  if (entry->is_returned) {
    broker_fault_set(
        &fault, -EHOSTUNREACH, "amqp-unroutable",
        "the broker could bring a message to no queue (%s): declare the queue, or bind it to the exchange; "
        "trying again",
        self->return_text);
  } else if (is_refused) {
    broker_fault_set(&fault, -EBUSY, "amqp-nack",
                     "the broker refused a message: its queue is full, or has no leader just now; trying again");
  }
  to->told(to->arg, entry->token, entry->is_returned || is_refused ? &fault : NULL);
}

static int take_verdict(confirms *self, uint64_t number, bool multiple, bool is_refused, const telling *to) {
  uint64_t first = self->next - self->n; /* number of the first entry */
  if (number >= self->next || (number < first && number != 0)) {
    return number >= self->next ? -EPROTO : 0;
  }
  uint32_t index = number == 0 ? self->n - 1 : (uint32_t)(number - first); /* 0: all so far */
  for (uint32_t i = multiple ? 0 : index; self->n > 0 && i <= index; i++) {
    settle(self, at(self, i), is_refused, to);
  }
  while (self->n > 0 && at(self, 0)->is_done) {
    self->first = (self->first + 1) % self->capacity;
    self->n--;
  }
  return 0;
}

static void take_return_header(confirms *self, const amqp_frame_t *frame) {
  const amqp_basic_properties_t *given = frame->payload.properties.decoded;
  self->left_of_return = frame->payload.properties.body_size;
  self->in_return = self->left_of_return > 0;
  if ((given->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) == 0) {
    return;
  }
  uint64_t hash = hash_of(given->message_id.bytes, given->message_id.len);
  for (uint32_t i = 0; i < self->n; i++) {
    confirm_entry *entry = at(self, i);
    if (!entry->is_done && !entry->is_returned && entry->id_hash == hash) {
      entry->is_returned = true;
      return;
    }
  }
}

int confirms_take_frame(confirms *self, const amqp_frame_t *frame,
                        void (*told)(void *arg, uint64_t token, const broker_fault *fault), void *arg) {
  const telling to = { told, arg };
  if (frame->frame_type == AMQP_FRAME_HEADER && self->in_return) {
    take_return_header(self, frame);
    return 0;
  }
  if (frame->frame_type == AMQP_FRAME_BODY && self->in_return) {
    size_t len = frame->payload.body_fragment.len;
    self->left_of_return -= len < self->left_of_return ? len : self->left_of_return;
    self->in_return = self->left_of_return > 0;
    return 0;
  }
  if (frame->frame_type != AMQP_FRAME_METHOD) {
    return -EPROTO;
  }
  if (frame->payload.method.id == AMQP_BASIC_ACK_METHOD) {
    const amqp_basic_ack_t *ack = frame->payload.method.decoded;
    return take_verdict(self, ack->delivery_tag, ack->multiple != 0, false, &to);
  }
  if (frame->payload.method.id == AMQP_BASIC_NACK_METHOD) {
    const amqp_basic_nack_t *nack = frame->payload.method.decoded;
    return take_verdict(self, nack->delivery_tag, nack->multiple != 0, true, &to);
  }
  if (frame->payload.method.id == AMQP_BASIC_RETURN_METHOD) {
    const amqp_basic_return_t *why = frame->payload.method.decoded;
    self->in_return = true;
    snprintf(self->return_text, sizeof self->return_text, "%.*s, routing key \"%.*s\"",
             (int)(why->reply_text.len < 40 ? why->reply_text.len : 40), (const char *)why->reply_text.bytes,
             (int)(why->routing_key.len < 80 ? why->routing_key.len : 80), (const char *)why->routing_key.bytes);
  }
  return 0;
}
