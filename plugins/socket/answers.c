/* SPDX-License-Identifier: Apache-2.0 */

/* A ring of answers, and how one is written. */
#include "socket/answers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 16, ID_MAX_BYTES = 256, MESSAGE_MAX_BYTES = 1024 };

static answer *at(const answers *self, uint32_t number) {
  return &self->ring[number & (self->capacity - 1)];
}

static void answer_done(answer *old) {
  free(old->id);
  free(old->message);
}

void answers_done(answers *self) {
  for (uint32_t i = 0; i < self->n; i++) {
    answer_done(at(self, self->first + i));
  }
  free(self->ring);
  *self = (answers){ 0 };
}

static int grow(answers *self) {
  uint32_t capacity = self->capacity == 0 ? FIRST : self->capacity * 2;
  answer *ring = calloc(capacity, sizeof *ring);
  if (ring == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->n; i++) {
    ring[(self->first + i) & (capacity - 1)] = *at(self, self->first + i);
  }
  free(self->ring);
  self->ring = ring;
  self->capacity = capacity;
  return 0;
}

int answers_open(answers *self, uint64_t line, uint32_t *ret_number) {
  int rc = self->n == self->capacity ? grow(self) : 0;
  if (rc != 0) {
    return rc;
  }
  *ret_number = self->first + self->n++;
  *at(self, *ret_number) = (answer){ .line = line };
  return 0;
}

void answers_withdraw(answers *self) {
  self->n--;
  answer_done(at(self, self->first + self->n));
}

static char *copy(qn_str text, size_t max) {
  return text.len == 0 ? NULL : strndup(text.data, text.len < max ? text.len : max);
}

void answers_name(answers *self, uint32_t number, qn_str id) {
  answer *named = at(self, number);
  free(named->id);
  named->id = copy(id, ID_MAX_BYTES);
}

void answers_give(answers *self, uint32_t number, answer_status status, qn_str id, qn_str message) {
  if (number - self->first >= self->n || at(self, number)->status != ANSWER_WAITED_FOR) {
    return;
  }
  answer *given = at(self, number);
  char *known = copy(id, ID_MAX_BYTES);
  given->status = status;
  if (known != NULL) {
    free(given->id);
    given->id = known;
  }
  given->message = copy(message, MESSAGE_MAX_BYTES);
}

static void write_one(const answer *one, json_text *to) {
  static const char *const names[] = { "", "accepted", "known", "refused", "rejected" };
  json_text_plain(to, "{\"line\":");
  json_text_u64(to, one->line);
  if (one->id != NULL) {
    json_text_plain(to, ",\"id\":");
    json_text_string(to, (qn_str){ one->id, strlen(one->id) });
  }
  json_text_plain(to, ",\"status\":\"");
  json_text_plain(to, names[one->status]);
  json_text_plain(to, "\"");
  if (one->message != NULL) {
    json_text_plain(to, ",\"message\":");
    json_text_string(to, (qn_str){ one->message, strlen(one->message) });
  }
  json_text_plain(to, "}\n");
}

void answers_write(answers *self, json_text *to) {
  while (self->n > 0 && at(self, self->first)->status != ANSWER_WAITED_FOR) {
    answer *one = at(self, self->first);
    write_one(one, to);
    answer_done(one);
    self->first++;
    self->n--;
  }
}
