/* SPDX-License-Identifier: Apache-2.0 */

/* What a line means: a token, a document, or a fault. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "socket/connection.h"

enum { TURN_LINES = 16, TOKEN_MAX = 4096, ID_MAX = 256 };

/* How a line went. */
typedef enum taken {
  TAKEN,       /* it is answered, or will be */
  TAKEN_LATER, /* not now: there is no credit */
  TAKEN_NEVER  /* nothing more is taken from anybody */
} taken;

static const qn_str nothing = { NULL, 0 };

static void say(connection *self, uint32_t number, answer_status status, const char *message) {
  answers_give(&self->answers, number, status, nothing, (qn_str){ message, strlen(message) });
}

static bool is_blank(const line *from) {
  for (size_t i = 0; i < from->len; i++) {
    if (from->data[i] != ' ' && from->data[i] != '\t' && from->data[i] != '\r') {
      return false;
    }
  }
  return !from->too_long;
}

/* --- the first line, where there are tokens --- */

static bool is_token(const socket_source *source, const line *from) {
  static const char word[] = "Bearer ";
  char given[TOKEN_MAX];
  size_t skip = sizeof word - 1;
  if (from->too_long || from->len <= skip || from->len - skip >= sizeof given || memcmp(from->data, word, skip) != 0 ||
      memchr(from->data, '\0', from->len) != NULL) {
    return false;
  }
  memcpy(given, from->data + skip, from->len - skip);
  given[from->len - skip] = '\0';
  bool found = tokens_have(source->tokens, given);
  explicit_bzero(given, sizeof given);
  return found;
}

static void greet(connection *self, const line *from, uint32_t number) {
  if (is_token(self->source, from)) {
    self->is_welcome = true;
    answers_give(&self->answers, number, ANSWER_ACCEPTED, nothing, nothing);
    return;
  }
  say(self, number, ANSWER_REJECTED, "the first line must be \"Bearer TOKEN\", with a token that is known here");
  connection_end(self);
}

/* --- documents --- */

/* The id that the line gives, or one made here, which no other document has, in this process or another. */
static qn_str id_of(socket_source *source, const json_document *read, char *ret_made) {
  if (read->id != NULL) {
    return json_document_id(read);
  }
  int len = snprintf(ret_made, ID_MAX, "%.200s-%016" PRIx64 "-%" PRIu64, source->settings.name, source->mark,
                     source->n_emitted);
  return (qn_str){ ret_made, (size_t)len };
}

static int name_key(const socket_source *source, const json_document *read) {
  char *key = NULL;
  size_t len;
  int rc = source->intake == NULL ? 0 : json_document_string(read, source->key_member, &key, &len);
  if (rc == 0 && key != NULL) {
    rc = source->intake->emit_key(source->call, (qn_str){ key, len });
  }
  free(key);
  return rc;
}

/* Fills and admits the document whose room is reserved. */
static int admit(connection *self, const json_document *read, uint32_t number, uint8_t *payload, file_fault *fault) {
  socket_source *source = self->source;
  char made[ID_MAX];
  size_t len;
  int rc = json_document_fill(&source->members, source->call, read, payload, &len, fault);
  rc = rc == 0 ? name_key(source, read) : rc;
  if (rc == -EINVAL) {
    fault_set(fault, "bad-key", "the key is longer than 256 bytes");
    rc = -EBADMSG;
  }
  if (rc != 0) {
    return rc;
  }
  const qn_emit emit = {
    .source = { source->settings.name, strlen(source->settings.name) },
    .id = id_of(source, read, made),
    .media_type = json_document_media_type(&source->members, read),
    .ordinal = source->n_emitted,
    .cookie = connection_cookie(self, number),
  };
  answers_name(&self->answers, number, emit.id);
  rc = source->host->emit_commit(source->call, len, &emit);
  source->n_emitted += rc == 0;
  return rc;
}

static int emit(connection *self, const json_document *read, uint32_t number, file_fault *fault) {
  socket_source *source = self->source;
  uint8_t *payload;
  int rc = source->host->emit_reserve(source->call, json_document_room(read), &payload);
  return rc == 0 ? admit(self, read, number, payload, fault) : rc;
}

static taken take_document(connection *self, const line *from, uint32_t number) {
  json_document read;
  file_fault fault;
  int rc = json_document_read(&self->source->members, from->data, from->len, &read, &fault);
  if (rc == 0) {
    rc = emit(self, &read, number, &fault);
    json_document_done(&read);
  }
  switch (rc) {
  case 0:
    return TAKEN;
  case -EAGAIN:
    return TAKEN_LATER;
  case -ECANCELED:
    return TAKEN_NEVER;
  case -EBADMSG:
    say(self, number, ANSWER_REJECTED, fault.text);
    return TAKEN;
  case -EFBIG:
    say(self, number, ANSWER_REJECTED,
        "the text is larger than limits.document_bytes of the pipeline, or the journal's bound, allows");
    return TAKEN;
  default:
    say(self, number, ANSWER_REFUSED, "no memory for this document now; send it again after a while");
    return TAKEN;
  }
}

static taken take_line(connection *self, const line *from, uint32_t number) {
  char message[160];
  if (!self->is_welcome) {
    greet(self, from, number);
    return TAKEN;
  }
  if (from->too_long) {
    snprintf(message, sizeof message, "the line has %" PRIu64 " bytes; line_bytes of this source allows %zu",
             from->bytes, self->source->settings.line_bytes);
    say(self, number, ANSWER_REJECTED, message);
    return TAKEN;
  }
  return take_document(self, from, number);
}

/* --- turns --- */

/* Takes the line begun, if it can be. */
static taken take_next(connection *self, const line *from) {
  uint32_t number;
  if (is_blank(from)) {
    return TAKEN;
  }
  if (answers_open(&self->answers, from->number, &number) != 0) {
    connection_end(self); /* it cannot even be told so */
    return TAKEN;
  }
  taken how = take_line(self, from, number);
  if (how != TAKEN) {
    answers_withdraw(&self->answers);
  }
  return how;
}

void connection_turn(connection *self) {
  socket_source *source = self->source;
  line next;
  for (int i = 0; i < TURN_LINES && !self->is_ending && self->answers.n < source->settings.n_waiting &&
                  lines_peek(&self->in, &next) != 0;
       i++) {
    taken how = take_next(self, &next);
    if (how == TAKEN_LATER) {
      source->starved = true;
      return;
    }
    if (how == TAKEN_NEVER) {
      connection_end(self);
      return;
    }
    lines_take(&self->in);
    self->turn_ms = socket_now_ms(source);
  }
}
