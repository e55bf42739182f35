/* SPDX-License-Identifier: Apache-2.0 */

/* The memory of a plan: a list of blocks. Plans are small and made once, so a block for each request is cheap enough
 * and lets the sanitizers see an overrun of every one. */
#include "pipeline/memory.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct block {
  struct block *next;
  void (*release)(void *object); /* of an object that is owned; such a block has no bytes */
  void *object;
  max_align_t bytes[];
} block;

struct plan_memory {
  block *blocks;
};

int plan_memory_new(plan_memory **ret_memory) {
  plan_memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL) {
    return -ENOMEM;
  }
  *ret_memory = memory;
  return 0;
}

void plan_memory_free(plan_memory *memory) {
  if (memory == NULL) {
    return;
  }
  for (block *next, *b = memory->blocks; b != NULL; b = next) {
    next = b->next;
    if (b->release != NULL) {
      b->release(b->object);
    }
    free(b);
  }
  free(memory);
}

static block *block_add(plan_memory *memory, size_t size_bytes) {
  if (size_bytes > SIZE_MAX - sizeof(block)) {
    return NULL;
  }
  block *added = calloc(1, sizeof(block) + size_bytes);
  if (added != NULL) {
    added->next = memory->blocks;
    memory->blocks = added;
  }
  return added;
}

void *plan_memory_take(plan_memory *memory, size_t n, size_t size) {
  if (size != 0 && n > SIZE_MAX / size) {
    return NULL;
  }
  block *taken = block_add(memory, n * size);
  return taken == NULL ? NULL : taken->bytes;
}

char *plan_memory_copy(plan_memory *memory, const char *text, size_t len) {
  if (len == SIZE_MAX) {
    return NULL;
  }
  char *copy = plan_memory_take(memory, len + 1, 1);
  if (copy != NULL && len != 0) {
    memcpy(copy, text, len);
  }
  return copy;
}

char *plan_memory_format(plan_memory *memory, const char *format, ...) {
  va_list args;
  va_start(args, format);
  va_list again;
  va_copy(again, args);
  int len = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = len < 0 ? NULL : plan_memory_take(memory, (size_t)len + 1, 1);
  if (text != NULL) {
    vsnprintf(text, (size_t)len + 1, format, again);
  }
  va_end(again);
  return text;
}

int plan_memory_own(plan_memory *memory, void (*release)(void *object), void *object) {
  block *holder = object == NULL ? NULL : block_add(memory, 0);
  if (holder == NULL) {
    release(object);
    return -ENOMEM;
  }
  holder->release = release;
  holder->object = object;
  return 0;
}

static void release_json(void *json) {
  cJSON_Delete(json);
}

int plan_memory_adopt(plan_memory *memory, cJSON *json) {
  return plan_memory_own(memory, release_json, json);
}
