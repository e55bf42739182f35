/* SPDX-License-Identifier: Apache-2.0 */

/* Dead letters of one run, in memory: enough of them to be told, all of them counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/letter.h"

typedef struct letter_memory {
  letter_store store; /* must be first */
  uint64_t n_all;
  uint32_t n_kept, n_max;
  letter *kept;
} letter_memory;

static void free_letter(letter *self) {
  free((void *)self->stage);
  free((void *)self->slug);
  free((void *)self->message);
  free((void *)self->source.data);
  free((void *)self->id.data);
}

static int copy_str(qn_str from, qn_str *ret_to) {
  char *data = malloc(from.len + 1);
  if (data == NULL) {
    return -ENOMEM;
  }
  if (from.len > 0) {
    memcpy(data, from.data, from.len);
  }
  data[from.len] = '\0';
  *ret_to = (qn_str){ data, from.len };
  return 0;
}

static int put(letter_store *store, const letter *given) {
  letter_memory *memory = (letter_memory *)store;
  memory->n_all++;
  if (memory->n_kept == memory->n_max) {
    return 0;
  }
  letter copy = { .stage = strdup(given->stage),
                  .slug = strdup(given->slug),
                  .message = strdup(given->message),
                  .attempts = given->attempts,
                  .time_ms = given->time_ms };
  if (copy.stage == NULL || copy.slug == NULL || copy.message == NULL || copy_str(given->source, &copy.source) != 0 ||
      copy_str(given->id, &copy.id) != 0) {
    free_letter(&copy);
    return -ENOMEM;
  }
  memory->kept[memory->n_kept++] = copy;
  return 0;
}

static void close_memory(letter_store *store) {
  letter_memory *memory = (letter_memory *)store;
  if (memory == NULL) {
    return;
  }
  for (uint32_t i = 0; i < memory->n_kept; i++) {
    free_letter(&memory->kept[i]);
  }
  free(memory->kept);
  free(memory);
}

int letter_memory_new(uint32_t n_kept, letter_store **ret_store) {
  letter_memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL) {
    return -ENOMEM;
  }
  memory->kept = calloc(n_kept == 0 ? 1 : n_kept, sizeof *memory->kept);
  if (memory->kept == NULL) {
    free(memory);
    return -ENOMEM;
  }
  memory->store = (letter_store){ .put = put, .close = close_memory };
  memory->n_max = n_kept;
  *ret_store = &memory->store;
  return 0;
}

uint64_t letter_memory_count(const letter_store *store) {
  return ((const letter_memory *)store)->n_all;
}

uint32_t letter_memory_kept(const letter_store *store) {
  return ((const letter_memory *)store)->n_kept;
}

const letter *letter_memory_at(const letter_store *store, uint32_t index) {
  const letter_memory *memory = (const letter_memory *)store;
  return index < memory->n_kept ? &memory->kept[index] : NULL;
}
