/* SPDX-License-Identifier: Apache-2.0 */

/* A source of documents of one letter each, sound but for what its next or its callbacks do. */
#ifndef TESTS_BADPLUGINS_RULES_LETTERS_H
#define TESTS_BADPLUGINS_RULES_LETTERS_H

#include "../bad.h"

/* Where reading is. */
typedef struct place {
  const qn_host *host;
  qn_env *env;
  uint64_t n;
} place;

static int create(qn_create *with, void **ret_instance) {
  place *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *self = (place){ with->host, with->env, 0 };
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  place *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

/* Emits one document. 0 or a negative errno. */
static inline int emit_letter(qn_call *call, uint64_t ordinal, char letter) {
  uint8_t *room;
  const qn_emit named = { .source = QN_LIT("letters"), .ordinal = ordinal, .cookie = ordinal };
  int rc = call->host->emit_reserve(call, 1, &room);
  if (rc != 0) {
    return rc;
  }
  room[0] = (uint8_t)letter;
  return call->host->emit_commit(call, 1, &named);
}

#endif
