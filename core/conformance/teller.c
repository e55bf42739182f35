/* SPDX-License-Identifier: Apache-2.0 */

/* The child's end of the pipe. */
#include "conformance/teller.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(tell_record) <= 4096, "a record must go through a pipe in one piece");

void teller_at(teller *self, uint32_t document, const char *format, ...) {
  va_list args;
  atomic_store(&self->scene->document, document);
  va_start(args, format);
  vsnprintf(self->scene->doing, sizeof self->scene->doing, format, args);
  va_end(args);
}

void teller_blame(teller *self, rule_id crash_rule, rule_id hang_rule) {
  atomic_store(&self->scene->crash_rule, (uint32_t)crash_rule);
  atomic_store(&self->scene->hang_rule, (uint32_t)hang_rule);
}

static void send(teller *self, tell_record *record, const char *format, va_list args) {
  if (format != NULL) {
    vsnprintf(record->text, sizeof record->text, format, args);
  }
  /* Nobody to tell it to if that fails: the parent sees the end of the pipe. */
  if (write(self->fd, record, sizeof *record) < 0) {
    _exit(1);
  }
}

void teller_find(teller *self, rule_id rule, const char *format, ...) {
  if (atomic_fetch_add(&self->told[rule], 1) >= TELL_EACH_MAX) {
    return;
  }
  tell_record record = { .kind = TELL_FINDING, .rule = rule, .document = atomic_load(&self->scene->document) };
  va_list args;
  va_start(args, format);
  send(self, &record, format, args);
  va_end(args);
}

void teller_skip(teller *self, const char *format, ...) {
  tell_record record = { .kind = TELL_SKIPPED, .document = NO_DOCUMENT };
  va_list args;
  va_start(args, format);
  send(self, &record, format, args);
  va_end(args);
}

void teller_made(teller *self, uint32_t layer) {
  uint32_t bit = UINT32_C(1) << layer;
  if ((atomic_fetch_or(&self->made, bit) & bit) == 0) {
    tell_record record = { .kind = TELL_MADE, .document = layer };
    va_list none;
    memset(&none, 0, sizeof none);
    send(self, &record, NULL, none);
  }
}

void teller_done(teller *self) {
  tell_record record = { .kind = TELL_DONE, .document = NO_DOCUMENT };
  va_list none;
  memset(&none, 0, sizeof none);
  send(self, &record, NULL, none);
}

int teller_has(teller *self, rule_id rule) {
  return atomic_load(&self->told[rule]) > 0;
}
