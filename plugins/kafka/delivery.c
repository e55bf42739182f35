/* SPDX-License-Identifier: Apache-2.0 */

/* Messages as the room sees them: strings are the library's own, headers are looked up once. Deliveries are reused, so that a
 * message costs no allocation. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "kafka/consumer.h"
#include "qanat/block.h"

enum { HEADERS_FIRST = 8, HEADERS_MAX = 256 };

static delivery *take_spare(consumer *self) {
  delivery *spare = self->spare;
  if (spare == NULL) {
    return calloc(1, sizeof *spare);
  }
  self->spare = spare->next;
  broker_header *headers = spare->headers;
  uint32_t capacity = spare->capacity;
  memset(spare, 0, offsetof(delivery, id)); /* and not the longest member */
  spare->headers = headers;
  spare->capacity = capacity;
  return spare;
}

static void recycle(consumer *self, delivery *held) {
  held->next = self->spare;
  self->spare = held;
}

static int make_room(delivery *self) {
  uint32_t capacity = self->capacity == 0 ? HEADERS_FIRST : self->capacity * 2;
  broker_header *larger = realloc(self->headers, capacity * sizeof *larger);
  if (larger == NULL) {
    return -ENOMEM;
  }
  self->headers = larger;
  self->capacity = capacity;
  return 0;
}

/* What has a place of its own in a message goes there, the rest stays a header. */
static int add_header(const consumer *self, delivery *to, const char *name, qn_str value) {
  broker_message *message = &to->message;
  if (strcmp(name, "content-type") == 0) {
    message->content_type = value;
    return 0;
  }
  if (strcmp(name, self->id_header) == 0) {
    message->id = value;
    return 0;
  }
  if (message->n_headers == to->capacity && make_room(to) != 0) {
    return -ENOMEM;
  }
  broker_header *header = &to->headers[message->n_headers++];
  *header = (broker_header){ .name = { name, strlen(name) } };
  header->value.type = QN_VALUE_STR;
  header->value.as.str = value;
  return 0;
}

static int read_headers(const consumer *self, delivery *to) {
  rd_kafka_headers_t *headers;
  const char *name;
  const void *value;
  size_t len;
  if (rd_kafka_message_headers(to->kafka, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return 0; /* there are none, or rubbish: the body is what counts */
  }
  for (size_t i = 0; i < HEADERS_MAX && rd_kafka_header_get_all(headers, i, &name, &value, &len) == 0; i++) {
    if (add_header(self, to, name, (qn_str){ value == NULL ? "" : value, value == NULL ? 0 : len }) != 0) {
      return -ENOMEM;
    }
  }
  return 0;
}

static bool is_block(qn_str type) {
  const qn_str block = QN_LIT(QN_BLOCK_MEDIA_TYPE);
  return type.len == block.len && memcmp(type.data, block.data, block.len) == 0;
}

/* A message without an id of its own is named by its place, which is the same for whoever reads it. */
static qn_str name_by_place(delivery *self, const lane *at, int64_t offset) {
  char digits[24];
  size_t n = 0, len = strlen(at->name);
  do {
    digits[n++] = (char)('0' + offset % 10);
    offset /= 10;
  } while (offset > 0);
  if (len + 1 + n > sizeof self->id) {
    return (qn_str){ NULL, 0 };
  }
  memcpy(self->id, at->name, len);
  self->id[len++] = '/';
  while (n > 0) {
    self->id[len++] = digits[--n];
  }
  return (qn_str){ self->id, len };
}

static void link_live(consumer *self, delivery *held) {
  held->behind = self->live;
  if (self->live != NULL) {
    self->live->before = held;
  }
  self->live = held;
}

static void unlink_live(consumer *self, delivery *held) {
  *(held->before != NULL ? &held->before->behind : &self->live) = held->behind;
  if (held->behind != NULL) {
    held->behind->before = held->before;
  }
  held->before = held->behind = NULL;
}

delivery *delivery_new(consumer *self, lane *at, rd_kafka_message_t *kafka, uint32_t sequence) {
  rd_kafka_timestamp_type_t kind;
  delivery *made = take_spare(self);
  if (made == NULL) {
    return NULL;
  }
  made->kafka = kafka;
  made->n_refs = 1;
  broker_message *message = &made->message;
  if (read_headers(self, made) != 0) {
    recycle(self, made);
    return NULL;
  }
  link_live(self, made);
  if (message->id.len == 0 && !is_block(message->content_type)) { /* a block has an id inside */
    message->id = name_by_place(made, at, kafka->offset);
  }
  int64_t timestamp_ms = rd_kafka_message_timestamp(kafka, &kind);
  message->body = (qn_str){ kafka->payload == NULL ? "" : kafka->payload, kafka->payload == NULL ? 0 : kafka->len };
  message->key = (qn_str){ kafka->key == NULL ? "" : kafka->key, kafka->key == NULL ? 0 : kafka->key_len };
  message->source = (qn_str){ at->name, strlen(at->name) };
  message->ordinal = (uint64_t)kafka->offset;
  message->timestamp_ms = timestamp_ms > 0 ? timestamp_ms : 0;
  message->attempt = 1;
  message->headers = made->headers;
  message->tag = (broker_tag){ .position = sequence, .lane = at->index, .session = at->session };
  return made;
}

delivery *delivery_ref(delivery *held) {
  held->n_refs++;
  return held;
}

/* Given back without having settled: it comes again in another run. */
static void note_unsettled(const consumer *self, broker_tag tag) {
  lane *at = lanes_of(self, tag);
  if (at != NULL && offsets_is_open(&at->window, (uint32_t)tag.position)) {
    at->n_parked++;
  }
}

static void empty(consumer *self, delivery *held) {
  if (held->kafka != NULL) {
    rd_kafka_message_destroy(held->kafka);
    held->kafka = NULL;
    unlink_live(self, held);
  }
}

void delivery_let_go(consumer *self, delivery *held) {
  if (--held->n_refs == 0) {
    empty(self, held);
    recycle(self, held);
  }
}

void delivery_unref(consumer *self, delivery *held) {
  if (held != NULL) {
    if (held->n_refs == 1) {
      note_unsettled(self, held->message.tag);
    }
    delivery_let_go(self, held);
  }
}

void delivery_empty_all(consumer *self) {
  while (self->live != NULL) {
    delivery *first = self->live;
    empty(self, first);
    first->message = (broker_message){ .tag = first->message.tag };
  }
}

void delivery_park(delivery **list, delivery *held) {
  while (*list != NULL && (*list)->due_ms <= held->due_ms) {
    list = &(*list)->next;
  }
  held->next = *list;
  *list = held;
}

void delivery_free_spare(consumer *self) {
  while (self->spare != NULL) {
    delivery *next = self->spare->next;
    free(self->spare->headers);
    free(self->spare);
    self->spare = next;
  }
}
