/* SPDX-License-Identifier: Apache-2.0 */

/* From the bytes of a body to drafts of documents. What takes long goes to a lent thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "http/request.h"

/* A body of so many bytes is taken apart in well under a millisecond. */
enum { AT_ONCE_BYTES = 128 << 10 };

void request_body_free(request *self) {
  free(self->body);
  drafts_done(&self->drafts);
  self->source->bodies_bytes -= self->charged;
  self->body = NULL;
  self->len = self->capacity = self->charged = 0;
}

static int unpack_body(request *self) {
  char *bytes = NULL;
  size_t len = 0;
  int rc = unpack(self->coding, self->body, self->len, self->source->settings.body_bytes, &bytes, &len);
  if (rc == 0) {
    free(self->body);
    self->body = bytes;
    self->len = self->capacity = len;
  }
  return rc;
}

/* The one document that a body of text is. */
static int draft_text(request *self) {
  draft *it = drafts_add(&self->drafts, 0);
  if (it == NULL) {
    return -ENOMEM;
  }
  it->text = (qn_str){ self->body, self->len };
  it->media_type = (qn_str){ self->content_type, strlen(self->content_type) };
  it->id = (qn_str){ self->id, self->id == NULL ? 0 : strlen(self->id) };
  int rc = 0;
  size_t bytes = 0;
  for (uint32_t i = 0; i < self->n_fields && rc == 0; i++) {
    rc = drafts_add_field(&self->drafts, self->fields[i].name, &self->fields[i].value);
    bytes += self->fields[i].value.as.str.len;
  }
  if (bytes > DRAFT_FIELDS_MAX) {
    draft_spoil(&self->drafts, it, "bad-field", "its fields are longer than 56 KiB in all");
  }
  return rc;
}

/* Any thread, but only one. */
static void make_drafts(void *arg) {
  request *self = arg;
  const json_rules *rules = &self->source->settings.rules;
  int rc = self->coding == CODING_NONE ? 0 : unpack_body(self);
  if (rc == 0 && (self->kind == MEDIA_JSON || self->kind == MEDIA_LINES)) {
    static char nothing[1];
    char *bytes = self->body == NULL ? nothing : self->body;
    rc = json_documents_read(rules, bytes, self->len, self->kind == MEDIA_LINES, &self->drafts);
  } else if (rc == 0) {
    rc = draft_text(self);
  }
  self->prepared = rc;
}

static void refuse(request *self) {
  request_body_free(self);
  switch (self->prepared) {
  case -EBADMSG:
    problem_answer(&self->answer, 400, "bad-encoding", "the body is not what Content-Encoding says, or it is cut off");
    break;
  case -EFBIG:
    problem_answer(&self->answer, 413, "body-too-large",
                   "the unpacked body is longer than \"body_bytes\" of the source allows");
    break;
  case -E2BIG:
    problem_answer(&self->answer, 413, "too-many-documents",
                   "the body holds more documents than \"documents\" of the source allows");
    break;
  case -ENOBUFS:
    problem_answer(&self->answer, 503, "busy", "too many large requests are under way; send it again");
    break;
  default:
    problem_answer(&self->answer, 503, "no-memory", "there is no memory for the request now");
  }
  self->phase = REQUEST_ANSWERED;
}

static void have_drafts(request *self) {
  if (self->prepared != 0) {
    refuse(self);
  } else if (self->source->is_stopping) {
    problem_answer(&self->answer, 503, "stopping", "the worker is being stopped or changed; send it again");
    self->phase = REQUEST_ANSWERED;
  } else if (self->drafts.n == 0) {
    problem_answer(&self->answer, 400, "no-documents", "the body holds no document");
    self->phase = REQUEST_ANSWERED;
  } else {
    request_take(self);
  }
}

/* What a body has grown to counts as well. False: that is too much for all of them together. */
static bool charge(request *self) {
  http_source *source = self->source;
  if (self->capacity > self->charged) {
    source->bodies_bytes += self->capacity - self->charged;
    self->charged = self->capacity;
  }
  return source->bodies_bytes <= source->settings.bodies_bytes;
}

static void on_drafts(void *arg) {
  request *self = arg;
  http_source *source = self->source;
  self->is_offloaded = false;
  source->n_offloads--;
  if (!charge(self) && self->prepared == 0) {
    self->prepared = -ENOBUFS;
  }
  have_drafts(self);
  if (self->phase == REQUEST_ANSWERED) {
    request_resume(self);
  }
  server_kick(source);
}

void request_prepare(request *self) {
  http_source *source = self->source;
  bool is_json = self->kind == MEDIA_JSON || self->kind == MEDIA_LINES;
  bool slow = self->coding != CODING_NONE || (is_json && self->len > AT_ONCE_BYTES);
  self->phase = REQUEST_PREPARED;
  if (!slow) {
    make_drafts(self);
    have_drafts(self);
    return;
  }
  self->is_offloaded = true;
  source->n_offloads++;
  if (source->io->offload(source->env, make_drafts, on_drafts, self) != 0) {
    self->is_offloaded = false;
    source->n_offloads--;
    self->prepared = -ENOMEM;
    have_drafts(self);
  }
}
