/* SPDX-License-Identifier: Apache-2.0 */

/* Memory and files for the trainer of names. */
#include "ner/ground.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void ground_die(const char *what, const char *where) {
  fprintf(stderr, "train-entities: %s: %s\n", where, what);
  exit(1);
}

void *ground_get(size_t n, size_t size) {
  void *memory = calloc(n > 0 ? n : 1, size);
  if (memory == NULL) {
    ground_die("no memory", "training");
  }
  return memory;
}

void *ground_grow(void *old, size_t *capacity, size_t n, size_t size) {
  if (n <= *capacity && old != NULL) {
    return old;
  }
  size_t wanted = *capacity < 64 ? 64 : *capacity;
  while (wanted < n) {
    wanted *= 2;
  }
  void *grown = wanted <= SIZE_MAX / size ? realloc(old, wanted * size) : NULL;
  if (grown == NULL) {
    ground_die("no memory", "training");
  }
  *capacity = wanted;
  return grown;
}

char *ground_read(const char *path, size_t *ret_len) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    ground_die(strerror(errno), path);
  }
  size_t len = 0;
  size_t capacity = 0;
  char *bytes = NULL;
  for (size_t got = 1; got > 0; len += got) {
    bytes = ground_grow(bytes, &capacity, len + (1 << 16), 1);
    got = fread(bytes + len, 1, capacity - len - 1, file);
  }
  fclose(file);
  bytes[len] = '\0';
  *ret_len = len;
  return bytes;
}

static void *take(qn_env *env, size_t bytes) {
  return (void)env, malloc(bytes);
}

static void *change(qn_env *env, void *old, size_t bytes) {
  return (void)env, realloc(old, bytes);
}

static void give(qn_env *env, void *old) {
  (void)env;
  free(old);
}

const qn_host ground_host = { .size = sizeof(qn_host), .alloc = take, .resize = change, .release = give };
