/* SPDX-License-Identifier: Apache-2.0 */

/* Emits the documents of requests, in turns, and learns what becomes of them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/request.h"

/* What one turn of the loop may take on, and how much of it one request. */
enum { TURN_DOCUMENTS = 256, TURN_BYTES = 1 << 20, SLICE_DOCUMENTS = 64, ID_BYTES = 40, KEY_BYTES = 256 };

/* --- what is known --- */

static void end_free(take_end *end) {
  if (end != NULL) {
    free(end->record);
    free(end->stage);
    free(end->slug);
    free(end->message);
    free(end);
  }
}

/* What is told of a document's end beyond its state; that there is no memory for it changes nothing else. */
static take_end *end_new(taken *it) {
  if (it->end == NULL) {
    it->end = calloc(1, sizeof *it->end);
  }
  return it->end;
}

void request_documents_free(request *self) {
  for (uint32_t i = 0; i < self->n_documents; i++) {
    cookies_drop(&self->source->cookies, self->documents[i].cookie);
    free(self->documents[i].id);
    end_free(self->documents[i].end);
  }
  free(self->documents);
  self->documents = NULL;
  self->n_documents = 0;
}

static void answer_now(request *self) {
  self->phase = REQUEST_ANSWERED;
  outcome_answer(self);
  request_resume(self);
}

static void answer_if_all_is_known(request *self) {
  if (self->phase == REQUEST_TAKEN && self->n_open == 0 && self->n_emitted == self->n_documents) {
    answer_now(self);
  }
}

/* Nothing more will be heard of the document, or nothing more is wanted. */
static void close_one(request *self, uint32_t index, take_state state) {
  taken *it = &self->documents[index];
  cookies_drop(&self->source->cookies, it->cookie);
  it->cookie = 0;
  it->state = state;
  self->n_open--;
}

void request_leave(request *self) {
  request_list *line = &self->source->taking;
  if (!self->is_in_line) {
    return;
  }
  request **link = &line->first;
  while (*link != self) {
    link = &(*link)->next_to_take;
  }
  *link = self->next_to_take;
  line->link = *link == NULL ? link : line->link;
  self->is_in_line = false;
}

static void join_line(request *self) {
  request_list *line = &self->source->taking;
  self->is_in_line = true;
  self->next_to_take = NULL;
  *line->link = self;
  line->link = &self->next_to_take;
}

void request_give_up(request *self, take_state rest) {
  request_leave(self);
  for (uint32_t i = 0; i < self->n_documents; i++) {
    taken *it = &self->documents[i];
    it->state = it->state == TAKE_TODO ? rest : it->state;
    if (it->cookie != 0) {
      close_one(self, i, it->state);
    }
  }
  self->n_emitted = self->n_documents;
  answer_now(self);
}

/* --- emitting --- */

static char *make_id(http_source *source, qn_str given) {
  if (given.len > 0) {
    return strndup(given.data, given.len);
  }
  char *id = malloc(ID_BYTES);
  if (id != NULL) {
    snprintf(id, ID_BYTES, "%016" PRIx64 "-%06" PRIx64, source->nonce, source->n_emitted);
  }
  return id;
}

/* The sender's trace goes on in every document of the request that names none itself. */
static int set_trace(http_source *source, const request *self, const draft *from) {
  static const char name[] = "traceparent";
  if (self->trace_parent == NULL) {
    return 0;
  }
  for (uint32_t i = 0; i < from->n_fields; i++) {
    if (strcmp(self->drafts.fields[from->first_field + i].name, name) == 0) {
      return 0;
    }
  }
  const qn_value value = { .type = QN_VALUE_STR, .as.str = { self->trace_parent, strlen(self->trace_parent) } };
  return source->host->emit_field(source->call, (qn_str){ name, sizeof name - 1 }, &value);
}

static int set_fields(http_source *source, const request *self, const draft *from) {
  int rc = 0;
  for (uint32_t i = 0; i < from->n_fields && rc == 0; i++) {
    const draft_field *field = &self->drafts.fields[from->first_field + i];
    rc = source->host->emit_field(source->call, (qn_str){ field->name, strlen(field->name) }, &field->value);
  }
  return rc == 0 ? set_trace(source, self, from) : rc;
}

static int set_intake(http_source *source, const request *self, uint32_t index, const draft *from) {
  char key[KEY_BYTES];
  int rc = 0;
  if (source->intake == NULL) {
    return 0;
  }
  if (self->key != NULL) {
    int len = from->line == 0 ? snprintf(key, sizeof key, "%s", self->key)
                              : snprintf(key, sizeof key, "%s %u", self->key, index); /* no sender's key has a space */
    rc = source->intake->emit_key(source->call, (qn_str){ key, (size_t)len });
  }
  return rc == 0 && self->waits ? source->intake->emit_watch(source->call, QN_INTAKE_FINISH | QN_INTAKE_RECORD) : rc;
}

/* Fills the room and sends the document off. It may be told of before emit_commit is back. */
static int send_off(request *self, uint32_t index, uint8_t *room) {
  http_source *source = self->source;
  const draft *from = &self->drafts.all[index];
  taken *it = &self->documents[index];
  const settings *set = &source->settings;
  it->id = make_id(source, from->id);
  if (it->id == NULL || cookies_take(&source->cookies, self, index, &it->cookie) != 0) {
    return -ENOMEM;
  }
  it->state = TAKE_SENT;
  self->n_open++;
  if (from->text.len > 0) {
    memcpy(room, from->text.data, from->text.len);
  }
  int rc = set_fields(source, self, from);
  rc = rc == 0 ? set_intake(source, self, index, from) : rc;
  if (rc == 0) {
    qn_emit emit = { .source = { set->source_name, strlen(set->source_name) },
                     .id = { it->id, strlen(it->id) },
                     .media_type = from->media_type,
                     .ordinal = source->n_emitted++,
                     .cookie = it->cookie };
    if (emit.media_type.len == 0) {
      emit.media_type = (qn_str){ set->media_type, strlen(set->media_type) };
    }
    rc = source->host->emit_commit(source->call, from->text.len, &emit);
  }
  if (rc != 0 && it->state == TAKE_SENT) {
    close_one(self, index, TAKE_FAILED);
  }
  return rc;
}

static take_state state_of(int rc) {
  switch (rc) {
  case -EFBIG:
    return TAKE_LARGE;
  case -ECANCELED:
    return TAKE_STOPPED;
  default:
    return TAKE_FAILED;
  }
}

/* A full journal is the sender's to be patient with (429); one that cannot be written is the worker's fault (503). */
static void refuse_for_want_of_room(request *self, taken *it) {
  http_source *source = self->source;
  qn_str why = { "", 0 };
  bool asks = source->intake != NULL && QN_HAS(source->intake, trouble) && source->intake->trouble != NULL;
  it->state = TAKE_FULL;
  if (!asks || source->intake->trouble(source->env, &why) == 0) {
    return;
  }
  take_end *end = end_new(it);
  char said[600];
  snprintf(said, sizeof said, "the journal cannot be written now (%.*s); send the document again later", (int)why.len,
           why.data);
  it->state = TAKE_FAILED;
  if (end != NULL) {
    free(end->message);
    end->message = strdup(said);
  }
}

/* Emits one document. False: there is no room now. Who sends a document waits for some, but once there has been none for a while, all are
 * told at once until there is some again. */
static bool emit_one(request *self, uint32_t index) {
  http_source *source = self->source;
  taken *it = &self->documents[index];
  uint8_t *room = NULL;
  int rc = source->call == NULL ? -ECANCELED
                                : source->host->emit_reserve(source->call, self->drafts.all[index].text.len, &room);
  if (rc == -EAGAIN && !source->is_full) {
    return false;
  }
  source->is_full = rc == -EAGAIN;
  if (rc == -EAGAIN) {
    refuse_for_want_of_room(self, it);
    return true;
  }
  rc = rc == 0 ? send_off(self, index, room) : rc;
  if (rc != 0 && it->state != TAKE_FAILED) {
    it->state = state_of(rc);
  }
  return true;
}

/* A piece of one request. False: there is no credit now. */
static bool take_slice(request *self, uint32_t *documents, size_t *bytes) {
  for (uint32_t n = 0; n < SLICE_DOCUMENTS && self->n_emitted < self->n_documents && *bytes < TURN_BYTES; n++) {
    uint32_t index = self->n_emitted;
    if (self->documents[index].state == TAKE_TODO && !emit_one(self, index)) {
      return false;
    }
    self->n_emitted++;
    *bytes += self->drafts.all[index].text.len;
    *documents += 1;
  }
  return true;
}

void taking_run(http_source *source) {
  uint32_t documents = 0;
  size_t bytes = 0;
  if (source->is_taking) {
    return; /* the host told of a document while it was emitted, and a further request came by that */
  }
  source->is_taking = true;
  while (source->taking.first != NULL && !source->is_starved && documents < TURN_DOCUMENTS && bytes < TURN_BYTES) {
    request *at = source->taking.first;
    request_leave(at);
    source->is_starved = !take_slice(at, &documents, &bytes);
    source->starved_ms = source->now_ms;
    if (at->n_emitted < at->n_documents) {
      join_line(at);
    } else {
      request_body_free(at);
      answer_if_all_is_known(at);
    }
  }
  source->is_taking = false;
  if (source->taking.first != NULL && !source->is_starved) {
    server_kick_later(source);
  }
}

void taking_sweep(http_source *source) {
  if (source->is_starved && source->intake != NULL && source->now_ms - source->starved_ms >= source->settings.full_ms) {
    source->is_starved = false;
    source->is_full = true;
    taking_run(source);
  }
}

void request_take(request *self) {
  self->documents = calloc(self->drafts.n, sizeof *self->documents);
  if (self->documents == NULL) {
    problem_answer(&self->answer, 503, "no-memory", "there is no memory for the request now");
    self->phase = REQUEST_ANSWERED;
    return;
  }
  self->n_documents = self->drafts.n;
  for (uint32_t i = 0; i < self->n_documents; i++) {
    const draft *from = &self->drafts.all[i];
    self->documents[i] = (taken){
      .state = from->slug == NULL ? TAKE_TODO : TAKE_BAD, .line = from->line, .slug = from->slug, .detail = from->detail
    };
  }
  self->phase = REQUEST_TAKEN;
  self->deadline_ms = self->source->now_ms + self->source->settings.wait_ms;
  join_line(self);
  taking_run(self->source);
}

/* --- what the host tells --- */

static char *copy_of(qn_str text) {
  return text.len == 0 ? NULL : strndup(text.data, text.len);
}

static void on_acceptance(request *self, uint32_t index, const qn_acceptance *told) {
  taken *it = &self->documents[index];
  if (told->outcome == QN_INTAKE_ACCEPTED) {
    it->state = TAKE_ACCEPTED;
    if (!self->waits) {
      close_one(self, index, TAKE_ACCEPTED);
    }
    return;
  }
  if (told->outcome == QN_INTAKE_KNOWN) {
    free(it->id);
    it->id = copy_of(told->id); /* without memory the answer has none, rather than a wrong one */
    close_one(self, index, TAKE_KNOWN);
    return;
  }
  take_end *end = end_new(it);
  if (end != NULL) {
    end->message = copy_of(told->message);
  }
  close_one(self, index, TAKE_FAILED);
}

void take_accepted(void *instance, const qn_acceptance *const *acceptances, uint32_t n) {
  http_source *source = instance;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t index = 0;
    request *self = cookies_find(&source->cookies, acceptances[i]->cookie, &index);
    if (self != NULL && self->documents[index].state == TAKE_SENT) {
      on_acceptance(self, index, acceptances[i]);
      answer_if_all_is_known(self);
    }
  }
  server_kick(source);
}

static void on_finish(request *self, uint32_t index, const qn_finish *told) {
  take_end *end = end_new(&self->documents[index]);
  self->documents[index].outcome = told->outcome;
  if (end != NULL) {
    end->attempts = told->attempts;
    end->record = copy_of(told->record);
    end->record_len = end->record == NULL ? 0 : told->record.len;
    end->stage = copy_of(told->stage);
    end->slug = copy_of(told->slug);
    end->message = copy_of(told->message);
  }
  close_one(self, index, TAKE_ENDED);
}

void take_finished(void *instance, const qn_finish *const *finishes, uint32_t n) {
  http_source *source = instance;
  for (uint32_t i = 0; i < n; i++) {
    uint32_t index = 0;
    request *self = cookies_find(&source->cookies, finishes[i]->cookie, &index);
    if (self != NULL) {
      on_finish(self, index, finishes[i]);
      answer_if_all_is_known(self);
    }
  }
  server_kick(source);
}

/* Without a journal this is all that is ever told. */
void take_settled(http_source *source, const qn_receipt *receipts, uint32_t n) {
  for (uint32_t i = 0; i < n && source->intake == NULL; i++) {
    uint32_t index = 0;
    request *self = cookies_find(&source->cookies, receipts[i].cookie, &index);
    if (self != NULL) {
      on_finish(self, index, &(qn_finish){ .outcome = receipts[i].outcome });
      answer_if_all_is_known(self);
    }
  }
  server_kick(source);
}
