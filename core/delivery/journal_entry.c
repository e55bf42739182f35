/* SPDX-License-Identifier: Apache-2.0 */

/* Entries in memory: their payload, and their strings in rooms that live as long as they do. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_fields.h"
#include "delivery/journal_inside.h"
#include "document/made_id.h"

enum {
  SOURCE_MAX = 4096,
  ID_MAX = MADE_ID_MAX,
  KEY_MAX = 256,
  MEDIA_TYPE_MAX = 4096,
  MESSAGE_MAX = 4096,
  SLUG_MAX = 48,
  CONFIRMED_MAX = 65536
};
enum { CHUNK_BYTES = 1024, FIRST_FIELDS = 8 };

entry_inside *journal_entry_new(journal_line *line, size_t payload_bytes) {
  entry_inside *self = malloc(sizeof *self);
  if (self == NULL) {
    return NULL;
  }
  memset(self, 0, offsetof(entry_inside, room));
  self->shown.line = line;
  self->shown.payload_bytes = payload_bytes;
  self->room_bytes = payload_bytes;
  self->op.entry = self;
  if (payload_bytes > 0) {
    self->shown.payload = malloc(payload_bytes);
    if (self->shown.payload == NULL) {
      free(self);
      return NULL;
    }
  }
  return self;
}

void journal_entry_free(entry_inside *self) {
  if (self == NULL) {
    return;
  }
  for (entry_chunk *chunk = self->chunks, *next; chunk != NULL; chunk = next) {
    next = chunk->next;
    free(chunk);
  }
  free(self->shown.payload);
  free(self->confirmed_since);
  free(self);
}

void *journal_entry_alloc(entry_inside *self, size_t size_bytes) {
  size_t rounded = (size_bytes + 7) & ~(size_t)7;
  entry_chunk *chunk = self->chunks;
  if (rounded <= ENTRY_ROOM_BYTES - self->room_used) {
    self->room_used += rounded;
    return self->room + self->room_used - rounded;
  }
  if (chunk == NULL || rounded > chunk->size - chunk->used) {
    size_t size = rounded > CHUNK_BYTES ? rounded : CHUNK_BYTES;
    chunk = malloc(sizeof *chunk + size);
    if (chunk == NULL) {
      return NULL;
    }
    *chunk = (entry_chunk){ .next = self->chunks, .size = size };
    self->chunks = chunk;
  }
  chunk->used += rounded;
  return chunk->bytes + chunk->used - rounded;
}

qn_str journal_entry_copy(entry_inside *self, qn_str text) {
  if (text.len == 0) {
    return (qn_str){ NULL, 0 };
  }
  char *copy = journal_entry_alloc(self, text.len);
  if (copy == NULL) {
    return (qn_str){ NULL, 0 };
  }
  memcpy(copy, text.data, text.len);
  return (qn_str){ copy, text.len };
}

size_t journal_entry_size(const entry_inside *self) {
  size_t size = sizeof *self + self->confirmed_bytes;
  for (const entry_chunk *chunk = self->chunks; chunk != NULL; chunk = chunk->next) {
    size += sizeof *chunk + chunk->size;
  }
  return size + (self->shown.payload != NULL ? self->shown.payload_bytes : 0);
}

/* --- filling it in --- */

/* 0, -ENOMEM. */
static int set(entry_inside *self, qn_str text, qn_str *ret_copy) {
  qn_str copy = journal_entry_copy(self, text);
  if (copy.len != text.len) {
    return -ENOMEM;
  }
  *ret_copy = copy;
  return 0;
}

int journal_describe(journal_entry *entry, const qn_emit *emit) {
  entry_inside *self = journal_entry_of(entry);
  char made[MADE_ID_MAX]; /* what the runtime would call it, so that its sender can be told */
  if (emit->source.len > SOURCE_MAX || emit->id.len > ID_MAX || emit->media_type.len > MEDIA_TYPE_MAX) {
    return -EINVAL;
  }
  int rc = set(self, emit->source, &entry->source);
  rc = rc == 0 ? set(self, emit->id.len > 0 ? emit->id : (qn_str){ made, made_id(emit->source, emit->ordinal, made) },
                     &entry->id)
               : rc;
  rc = rc == 0 ? set(self, emit->media_type, &entry->media_type) : rc;
  entry->ordinal = emit->ordinal;
  entry->cookie = emit->cookie;
  return rc;
}

int journal_name_confirmed(journal_entry *entry, qn_str sinks) {
  entry_inside *self = journal_entry_of(entry);
  return sinks.len <= CONFIRMED_MAX ? set(self, sinks, &entry->confirmed) : -EINVAL;
}

int journal_name_key(journal_entry *entry, qn_str key) {
  return key.len > KEY_MAX ? -EINVAL : set(journal_entry_of(entry), key, &entry->key);
}

static bool same(qn_str a, qn_str b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* The slot of that name, or a new one. NULL: no memory. */
static journal_field *slot_of(entry_inside *self, qn_str name) {
  journal_entry *shown = &self->shown;
  for (uint32_t i = 0; i < shown->n_fields; i++) {
    if (same(shown->fields[i].name, name)) {
      return &shown->fields[i];
    }
  }
  if (shown->n_fields == self->n_field_slots) {
    uint32_t n_slots = self->n_field_slots == 0 ? FIRST_FIELDS : 2 * self->n_field_slots;
    journal_field *fields = journal_entry_alloc(self, n_slots * sizeof *fields);
    if (fields == NULL) {
      return NULL;
    }
    if (shown->n_fields > 0) {
      memcpy(fields, shown->fields, shown->n_fields * sizeof *fields);
    }
    shown->fields = fields;
    self->n_field_slots = n_slots;
  }
  shown->fields[shown->n_fields] = (journal_field){ { NULL, 0 }, { 0 } };
  return &shown->fields[shown->n_fields];
}

int journal_set_field(journal_entry *entry, qn_str name, const qn_value *value) {
  entry_inside *self = journal_entry_of(entry);
  journal_field field = { { NULL, 0 }, *value };
  if (name.len == 0 || name.len > JOURNAL_FIELD_NAME_MAX || value->type < QN_VALUE_BOOL || value->type > QN_VALUE_STR) {
    return -EINVAL;
  }
  size_t added = name.len + (value->type == QN_VALUE_STR ? value->as.str.len : sizeof(uint64_t));
  journal_field *slot = slot_of(self, name);
  if (slot == NULL) {
    return -ENOMEM;
  }
  bool is_new = slot->name.len == 0;
  if ((is_new && entry->n_fields == JOURNAL_FIELDS_MAX) || added > JOURNAL_FIELDS_MAX_BYTES ||
      journal_fields_size(entry->fields, entry->n_fields) + added > JOURNAL_FIELDS_MAX_BYTES) {
    return -E2BIG;
  }
  int rc = is_new ? set(self, name, &field.name) : 0;
  field.name = is_new ? field.name : slot->name;
  if (rc == 0 && value->type == QN_VALUE_STR) {
    rc = set(self, value->as.str, &field.value.as.str);
  }
  if (rc == 0) {
    *slot = field;
    entry->n_fields += is_new;
  }
  return rc;
}

int journal_reject(journal_entry *entry, const char *slug, const char *message, size_t len) {
  entry_inside *self = journal_entry_of(entry);
  size_t slug_bytes = strlen(slug);
  if (slug_bytes == 0 || slug_bytes > SLUG_MAX) {
    return -EINVAL;
  }
  int rc = set(self, (qn_str){ slug, slug_bytes }, &entry->slug);
  return rc != 0 ? rc : set(self, (qn_str){ message, len < MESSAGE_MAX ? len : MESSAGE_MAX }, &entry->message);
}
