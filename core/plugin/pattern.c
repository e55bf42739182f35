/* SPDX-License-Identifier: Apache-2.0 */

/* A compiled pattern is shared by all workers; what one match writes to is not. So each pattern has a few places to match
 * in, taken and given back by an atomic flag: no allocation, no lock, and no state that belongs to a thread. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "plugin/pattern.h"

#include <errno.h>
#include <pcre2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
  PLACES = 16,
  MATCH_STEPS_MAX = 1000000, /* some ten milliseconds at worst */
  MATCH_DEPTH_MAX = 100000,
  MATCH_HEAP_KIB = 16 * 1024
};

typedef struct match_place {
  atomic_flag taken;
  pcre2_match_data *data;
} match_place;

struct pattern {
  pcre2_code *code;
  pcre2_match_context *limits;
  match_place places[PLACES];
};

/* PCRE2 counts bytes; people count characters, from 1. */
static size_t character_at(const char *text, size_t offset) {
  size_t n = 1;
  for (size_t i = 0; i < offset && text[i] != '\0'; i++) {
    n += ((unsigned char)text[i + 1] & 0xC0) != 0x80;
  }
  return n;
}

/* Our own allocator, so that tests of failing memory reach into the library. */
static void *take(PCRE2_SIZE bytes, void *data) {
  (void)data;
  return malloc(bytes);
}

static void give(void *memory, void *data) {
  (void)data;
  free(memory);
}

static int compile(pattern *self, const char *text, size_t len, pcre2_general_context *memory, qn_error *error) {
  int wrong = 0;
  PCRE2_SIZE offset = 0;
  uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
  pcre2_compile_context *settings = pcre2_compile_context_create(memory);
  if (settings == NULL) {
    return -ENOMEM;
  }
  self->code = pcre2_compile((PCRE2_SPTR)text, len, options, &wrong, &offset, settings);
  pcre2_compile_context_free(settings);
  if (self->code != NULL) {
    return 0;
  }
  if (wrong == PCRE2_ERROR_HEAP_FAILED) {
    return -ENOMEM;
  }
  PCRE2_UCHAR why[160] = "";
  pcre2_get_error_message(wrong, why, sizeof why);
  return error_set(error, -EINVAL, "bad-pattern", "bad regular expression at character %zu: %s",
                   character_at(text, offset), (const char *)why);
}

static int places_make(pattern *self, pcre2_general_context *memory) {
  self->limits = pcre2_match_context_create(memory);
  if (self->limits == NULL) {
    return -ENOMEM;
  }
  pcre2_set_match_limit(self->limits, MATCH_STEPS_MAX);
  pcre2_set_depth_limit(self->limits, MATCH_DEPTH_MAX);
  pcre2_set_heap_limit(self->limits, MATCH_HEAP_KIB);
  for (int i = 0; i < PLACES; i++) {
    atomic_flag_clear(&self->places[i].taken);
    self->places[i].data = pcre2_match_data_create(1, memory);
    if (self->places[i].data == NULL) {
      return -ENOMEM;
    }
  }
  return 0;
}

int pattern_compile(const char *text, pattern **ret_pattern, qn_error *error) {
  size_t len = strlen(text);
  if (len == 0 || len > PATTERN_BYTES_MAX) {
    return error_set(error, -EINVAL, "bad-pattern", "a regular expression has 1 to %d bytes", PATTERN_BYTES_MAX);
  }
  pattern *self = calloc(1, sizeof *self);
  pcre2_general_context *memory = pcre2_general_context_create(take, give, NULL);
  int result = self != NULL && memory != NULL ? compile(self, text, len, memory, error) : -ENOMEM;
  if (result == 0) {
    result = places_make(self, memory);
  }
  pcre2_general_context_free(memory); /* what was made of it keeps what it needs */
  if (result != 0) {
    pattern_free(self);
    return result;
  }
  /* Where it is not to be had, matching is only slower. Its code reads whole vectors, also a few bytes behind a subject
   * though never on another page, of which valgrind complains. */
  if (getenv("QANAT_NO_JIT") == NULL) {
    pcre2_jit_compile(self->code, PCRE2_JIT_COMPLETE);
  }
  *ret_pattern = self;
  return 0;
}

void pattern_free(pattern *self) {
  if (self == NULL) {
    return;
  }
  for (int i = 0; i < PLACES; i++) {
    pcre2_match_data_free(self->places[i].data);
  }
  pcre2_match_context_free(self->limits);
  pcre2_code_free(self->code);
  free(self);
}

/* A free place. Threads begin to look at different ones, since their stacks lie apart. NULL: all are taken. */
static match_place *place_take(const pattern *self) {
  char here;
  size_t first = (size_t)((uintptr_t)&here >> 16);
  for (size_t i = 0; i < PLACES; i++) {
    match_place *place = (match_place *)&self->places[(first + i) % PLACES]; /* the flags are what is not const */
    if (!atomic_flag_test_and_set_explicit(&place->taken, memory_order_acquire)) {
      return place;
    }
  }
  return NULL;
}

static int match(const pattern *self, qn_str subject, pcre2_match_data *data) {
  PCRE2_SPTR bytes = (PCRE2_SPTR)(subject.data != NULL ? subject.data : "");
  int found = pcre2_match(self->code, bytes, subject.len, 0, 0, data, self->limits);
  if (found == PCRE2_ERROR_JIT_STACKLIMIT) {
    found = pcre2_match(self->code, bytes, subject.len, 0, PCRE2_NO_JIT, data, self->limits);
  }
  if (found >= 0 || found == PCRE2_ERROR_NOMATCH) {
    return found >= 0;
  }
  return found == PCRE2_ERROR_NOMEMORY ? -ENOMEM : -ELOOP;
}

int pattern_matches(const pattern *self, qn_str subject) {
  match_place *place = place_take(self);
  if (place != NULL) {
    int found = match(self, subject, place->data);
    atomic_flag_clear_explicit(&place->taken, memory_order_release);
    return found;
  }
  pcre2_match_data *data = pcre2_match_data_create(1, NULL);
  int found = data != NULL ? match(self, subject, data) : -ENOMEM;
  pcre2_match_data_free(data);
  return found;
}
