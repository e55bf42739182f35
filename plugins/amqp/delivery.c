/* SPDX-License-Identifier: Apache-2.0 */

/* deliver, header, body, body, ...: one allocation a message. */
#include "amqp/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "amqp/headers.h"
#include "amqp/wire.h"

enum { ATTEMPTS_MOST = 1 << 20 };

static qn_str keep(char **to, qn_str text) {
  qn_str kept = { *to, text.len };
  if (text.len > 0) {
    memcpy(*to, text.data, text.len);
  }
  *to += text.len;
  return kept;
}

static uint32_t attempt_of(const broker_header *headers, uint32_t n_headers, bool redelivered) {
  int64_t counted = headers_number(headers, n_headers, "x-delivery-count", redelivered ? 1 : 0);
  int64_t before = headers_number(headers, n_headers, AMQP_ATTEMPTS_HEADER, 0);
  int64_t attempt = 1 + (counted > 0 ? counted : 0) + (before > 0 && before < ATTEMPTS_MOST ? before : 0);
  return (uint32_t)(attempt < ATTEMPTS_MOST ? attempt : ATTEMPTS_MOST);
}

static qn_str optional(amqp_flags_t flags, amqp_flags_t flag, amqp_bytes_t bytes) {
  return (flags & flag) != 0 ? wire_str(bytes) : (qn_str){ NULL, 0 };
}

static delivery *delivery_new(const delivery_queue *queue, const amqp_basic_properties_t *given, uint64_t body_bytes) {
  broker_header headers[AMQP_HEADERS_MAX];
  uint32_t n_headers =
      (given->_flags & AMQP_BASIC_HEADERS_FLAG) != 0 ? headers_read(&given->headers, headers, AMQP_HEADERS_MAX) : 0;
  qn_str content_type = optional(given->_flags, AMQP_BASIC_CONTENT_TYPE_FLAG, given->content_type);
  qn_str id = optional(given->_flags, AMQP_BASIC_MESSAGE_ID_FLAG, given->message_id);
  size_t bytes = sizeof(delivery) + n_headers * sizeof *headers + content_type.len + id.len + body_bytes + 1;
  for (uint32_t i = 0; i < n_headers; i++) {
    bytes += headers[i].name.len + (headers[i].value.type == QN_VALUE_STR ? headers[i].value.as.str.len : 0);
  }
  delivery *made = malloc(bytes);
  if (made == NULL) {
    return NULL;
  }
  broker_header *kept = (broker_header *)(void *)(made + 1);
  char *to = (char *)(kept + n_headers);
  for (uint32_t i = 0; i < n_headers; i++) {
    kept[i] = headers[i];
    kept[i].name = keep(&to, headers[i].name);
    if (headers[i].value.type == QN_VALUE_STR) {
      kept[i].value.as.str = keep(&to, headers[i].value.as.str);
    }
  }
  *made = (delivery){ .message = { .content_type = keep(&to, content_type),
                                   .id = keep(&to, id),
                                   .source = queue->source,
                                   .n_headers = n_headers,
                                   .headers = kept } };
  if ((given->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0 && given->timestamp < INT64_MAX / 1000) {
    made->message.timestamp_ms = (int64_t)given->timestamp * 1000;
  }
  made->message.attempt = attempt_of(kept, n_headers, queue->method.redelivered != 0);
  made->message.body = (qn_str){ to, body_bytes };
  made->body = to;
  return made;
}

static int complete(delivery_queue *self) {
  delivery *made = self->partial;
  self->partial = NULL;
  made->message.ordinal = self->ordinal++;
  if (self->last != NULL) {
    self->last->next = made;
  } else {
    self->first = made;
  }
  self->last = made;
  self->n++;
  return 1;
}

static int take_header(delivery_queue *self, const amqp_frame_t *frame, uint32_t session, uint64_t *ret_tag) {
  uint64_t body_bytes = frame->payload.properties.body_size;
  self->expects_header = false;
  if (body_bytes > self->most_bytes) {
    self->skips_body = true;
    self->left_to_skip = body_bytes;
    *ret_tag = self->method.delivery_tag;
    return 2;
  }
  self->partial = delivery_new(self, frame->payload.properties.decoded, body_bytes);
  if (self->partial == NULL) {
    return -ENOMEM;
  }
  self->partial->message.tag = (broker_tag){ .position = self->method.delivery_tag, .session = session };
  return body_bytes == 0 ? complete(self) : 0;
}

static int take_body(delivery_queue *self, amqp_bytes_t piece) {
  if (self->skips_body) {
    self->left_to_skip -= piece.len < self->left_to_skip ? piece.len : self->left_to_skip;
    self->skips_body = self->left_to_skip > 0;
    return 0;
  }
  delivery *into = self->partial;
  if (into == NULL || piece.len > into->message.body.len - into->n_filled) {
    return -EPROTO;
  }
  memcpy(into->body + into->n_filled, piece.bytes, piece.len);
  into->n_filled += piece.len;
  return into->n_filled == into->message.body.len ? complete(self) : 0;
}

int delivery_take_frame(delivery_queue *self, const amqp_frame_t *frame, uint32_t session, uint64_t *ret_tag) {
  if (frame->frame_type == AMQP_FRAME_METHOD && frame->payload.method.id == AMQP_BASIC_DELIVER_METHOD) {
    self->method = *(const amqp_basic_deliver_t *)frame->payload.method.decoded;
    self->expects_header = true;
    return self->partial == NULL ? 0 : -EPROTO;
  }
  if (frame->frame_type == AMQP_FRAME_HEADER) {
    return self->expects_header ? take_header(self, frame, session, ret_tag) : -EPROTO;
  }
  return frame->frame_type == AMQP_FRAME_BODY ? take_body(self, frame->payload.body_fragment) : 0;
}

delivery *delivery_pop(delivery_queue *self) {
  delivery *taken = self->first;
  if (taken != NULL) {
    self->first = taken->next;
    self->last = self->first == NULL ? NULL : self->last;
    self->n--;
  }
  return taken;
}

void delivery_clear(delivery_queue *self) {
  delivery *at;
  while ((at = delivery_pop(self)) != NULL) {
    delivery_free(at);
  }
  delivery_free(self->partial);
  self->partial = NULL;
  self->expects_header = self->skips_body = false;
}

void delivery_free(delivery *self) {
  free(self);
}
