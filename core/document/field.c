/* SPDX-License-Identifier: Apache-2.0 */

/* The field list: searching, bounds, and copy on write. */
#include "document/field.h"

#include <errno.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

uint32_t field_find(const field_list *list, qn_str name) {
  for (uint32_t i = 0; i < list->n; i++) {
    const qn_str *other = &list->entries[i].name;
    if (other->len == name.len && memcmp(other->data, name.data, name.len) == 0) {
      return i;
    }
  }
  return list->n;
}

size_t field_bytes(const field *entry) {
  return entry->name.len + (entry->value.type == QN_VALUE_STR ? entry->value.as.str.len : sizeof entry->value.as);
}

int field_check(const field *entry) {
  if (entry->value.type > QN_VALUE_SPAN || entry->name.len == 0) {
    return -EINVAL;
  }
  bool too_long = entry->name.len > FIELD_BYTES_MAX ||
                  (entry->value.type == QN_VALUE_STR && entry->value.as.str.len > FIELD_BYTES_MAX);
  return too_long ? -E2BIG : 0;
}

static int make_room(field_list *list, arena *memory) {
  if (list->n < list->capacity) {
    return 0;
  }
  uint32_t capacity = list->n < FIRST_CAPACITY ? FIRST_CAPACITY : FIELDS_MAX;
  field *entries = arena_alloc(memory, capacity * sizeof *entries);
  if (entries == NULL) {
    return -ENOMEM;
  }
  if (list->n > 0) {
    memcpy(entries, list->entries, list->n * sizeof *entries);
  }
  list->entries = entries;
  list->capacity = capacity;
  return 0;
}

/* True if the list with entry at index keeps within its bounds. */
static bool fits(const field_list *list, uint32_t index, const field *entry) {
  size_t bytes = field_bytes(entry);
  for (uint32_t i = 0; i < list->n; i++) {
    bytes += i != index ? field_bytes(&list->entries[i]) : 0;
  }
  return bytes <= FIELD_BYTES_MAX && (index < list->n || list->n < FIELDS_MAX);
}

static int str_copy(arena *memory, qn_str *str) {
  char *copy = arena_alloc(memory, str->len);
  if (copy == NULL) {
    return -ENOMEM;
  }
  if (str->len > 0) {
    memcpy(copy, str->data, str->len);
  }
  str->data = copy;
  return 0;
}

/* Names that most documents have need no copy: what is written a thousand times is not in any cache, and these are. */
static const char *known_name(qn_str name) {
  static const char *const known[] = { "id", "source", "media_type", "title", "language", "published" };
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strlen(known[i]) == name.len && memcmp(known[i], name.data, name.len) == 0) {
      return known[i];
    }
  }
  return NULL;
}

static int name_copy(arena *memory, qn_str *name) {
  const char *known = known_name(*name);
  if (known == NULL) {
    return str_copy(memory, name);
  }
  name->data = known;
  return 0;
}

static int entry_remove(field_list *list, arena *memory, uint32_t index) {
  if (index == list->n) {
    return 0;
  }
  if (list->capacity == 0) { /* make_room copies only a full or shared list */
    int rc = make_room(list, memory);
    if (rc != 0) {
      return rc;
    }
  }
  memmove(&list->entries[index], &list->entries[index + 1], (list->n - index - 1) * sizeof *list->entries);
  list->n--;
  return 0;
}

int field_put(field_list *list, arena *memory, const field *entry) {
  int rc = field_check(entry);
  if (rc != 0) {
    return rc;
  }
  uint32_t index = field_find(list, entry->name);
  if (entry->value.type == QN_VALUE_NONE) {
    return entry_remove(list, memory, index);
  }
  if (!fits(list, index, entry)) {
    return -E2BIG;
  }
  field copy = *entry;
  copy.value.reserved = 0;
  rc = copy.value.type == QN_VALUE_STR ? str_copy(memory, &copy.value.as.str) : 0;
  if (rc == 0 && index == list->n) {
    rc = name_copy(memory, &copy.name);
  }
  if (rc == 0 && (index == list->n || list->capacity == 0)) {
    rc = make_room(list, memory);
  }
  if (rc != 0) {
    return rc;
  }
  if (index < list->n) {
    copy.name = list->entries[index].name;
  }
  list->entries[index] = copy;
  list->n += index == list->n;
  return 0;
}
