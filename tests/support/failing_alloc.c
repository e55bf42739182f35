/* SPDX-License-Identifier: Apache-2.0 */

/* Wraps the allocating functions by the linker's --wrap, so that the code under test needs no hook. */
#include "failing_alloc.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

static _Atomic unsigned countdown;
static _Atomic bool failed;
static _Atomic bool for_good;

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *memory, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t len);
int __real_vasprintf(char **ret_text, const char *format, va_list args);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *memory, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);
int __wrap_vasprintf(char **ret_text, const char *format, va_list args);

void failing_alloc_set(unsigned n) {
  countdown = n;
  failed = false;
  for_good = false;
}

void failing_alloc_set_for_good(unsigned n) {
  failing_alloc_set(n);
  for_good = true;
}

bool failing_alloc_failed(void) {
  return failed;
}

static bool fails_now(void) {
  unsigned left = countdown;
  while (left != 0 && !atomic_compare_exchange_weak(&countdown, &left, left - 1)) {
  }
  if (left == 0) {
    return failed && for_good;
  }
  if (left != 1) {
    return false;
  }
  failed = true;
  return true;
}

void *__wrap_malloc(size_t bytes) {
  return fails_now() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes) {
  return fails_now() ? NULL : __real_calloc(n, bytes);
}

void *__wrap_realloc(void *memory, size_t bytes) {
  return fails_now() ? NULL : __real_realloc(memory, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
  return fails_now() ? NULL : __real_aligned_alloc(alignment, bytes);
}

char *__wrap_strdup(const char *text) {
  return fails_now() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t len) {
  return fails_now() ? NULL : __real_strndup(text, len);
}

int __wrap_vasprintf(char **ret_text, const char *format, va_list args) {
  return fails_now() ? -1 : __real_vasprintf(ret_text, format, args);
}
