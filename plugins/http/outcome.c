/* SPDX-License-Identifier: Apache-2.0 */

/* The answer to a request with documents: what became of each. */
#include <stdlib.h>
#include <string.h>

#include "http/request.h"

/* One document's status, its name for programs and a sentence for people. */
typedef struct verdict {
  unsigned status;
  const char *slug, *detail;
} verdict;

static const char *or_else(const char *text, const char *other) {
  return text == NULL ? other : text;
}

static verdict verdict_of_end(const taken *it) {
  if (it->outcome != QN_OUTCOME_DEAD_LETTERED) {
    return (verdict){ 200, NULL, NULL };
  }
  return (verdict){ 422, or_else(it->end == NULL ? NULL : it->end->slug, "dead-lettered"),
                    or_else(it->end == NULL ? NULL : it->end->message,
                            "a stage failed on the document; it is among the dead letters") };
}

static verdict verdict_of(const request *self, const taken *it) {
  bool cut_short = self->source->is_stopping && self->waits;
  switch (it->state) {
  case TAKE_ACCEPTED:
    return cut_short ? (verdict){ 503, "stopping",
                                  "the worker is being stopped; the document is safe and will come out later" }
                     : (verdict){ 202, NULL, NULL };
  case TAKE_KNOWN:
    return (verdict){ 200, NULL, NULL };
  case TAKE_ENDED:
    return verdict_of_end(it);
  case TAKE_BAD:
    return (verdict){ 400, it->slug, it->detail };
  case TAKE_LARGE:
    return (
        verdict){ 413, "document-too-large",
                  "the document is larger than limits.document_bytes of the pipeline, or the journal's bound, allows" };
  case TAKE_FULL:
    return (verdict){ 429, "full", "there is no room for the document now; send it again later" };
  case TAKE_FAILED:
    return (verdict){ 503, "not-written",
                      or_else(it->end == NULL ? NULL : it->end->message,
                              "the document could not be taken now; send it again") };
  case TAKE_STOPPED:
    return (verdict){ 503, "stopping", "the worker is being stopped or changed; send the document again" };
  default:
    return (verdict){ 504, "not-known", "it is not known yet what becomes of the document; it is on its way" };
  }
}

/* --- one document --- */

static void member(json_text *text, const char *name, const char *value) {
  json_text_plain(text, ",\"");
  json_text_plain(text, name);
  json_text_plain(text, "\":");
  json_text_string(text, (qn_str){ value, strlen(value) });
}

static void write_dead(json_text *text, const take_end *end) {
  if (end->stage != NULL) {
    member(text, "stage", end->stage);
  }
  if (end->attempts > 0) {
    json_text_plain(text, ",\"attempts\":");
    json_text_u64(text, end->attempts);
  }
}

static void write_end(json_text *text, const taken *it, bool with_record) {
  static const char *const outcomes[] = { "delivered", "dropped", "dead-lettered" };
  if (it->state != TAKE_ENDED) {
    return;
  }
  member(text, "outcome", outcomes[it->outcome <= QN_OUTCOME_DEAD_LETTERED ? it->outcome : 0]);
  if (it->outcome == QN_OUTCOME_DEAD_LETTERED && it->end != NULL) {
    write_dead(text, it->end);
  }
  if (with_record && it->end != NULL && it->end->record != NULL) {
    json_text_plain(text, ",\"record\":");
    json_text_add(text, it->end->record, it->end->record_len);
  }
}

/* What an answer says of the document, inside its object; begins with a comma. */
static void write_facts(json_text *text, const taken *it, bool with_record) {
  bool was_taken =
      it->state == TAKE_ACCEPTED || it->state == TAKE_KNOWN || it->state == TAKE_ENDED || it->state == TAKE_SENT;
  if (it->line > 0) {
    json_text_plain(text, ",\"line\":");
    json_text_u64(text, it->line);
  }
  if (was_taken && it->id != NULL) {
    member(text, "id", it->id);
  }
  if (it->state == TAKE_KNOWN) {
    json_text_plain(text, ",\"known\":true");
  }
  write_end(text, it, with_record);
}

static void write_document(json_text *text, const request *self, const taken *it, bool first) {
  json_text facts = { 0 };
  verdict is = verdict_of(self, it);
  write_facts(&facts, it, true);
  if (is.status >= 300) {
    json_text_plain(&facts, ",\"status\":");
    json_text_u64(&facts, is.status);
    member(&facts, "slug", is.slug);
    member(&facts, "detail", is.detail);
  }
  json_text_plain(text, first ? "{" : ",{");
  if (facts.len > 1) {
    json_text_add(text, facts.data + 1, facts.len - 1); /* without the first comma */
  }
  text->spoilt = text->spoilt || facts.spoilt;
  json_text_plain(text, "}");
  json_text_done(&facts);
}

static void write_documents(json_text *text, const request *self) {
  json_text_plain(text, "\"documents\":[");
  for (uint32_t i = 0; i < self->n_documents; i++) {
    write_document(text, self, &self->documents[i], i == 0);
  }
  json_text_plain(text, "]");
}

/* --- the whole --- */

static void finish(request *self, unsigned status, const char *type, json_text *text) {
  answer_body(&self->answer, status, type, text);
  self->answer.retry_later = status == 429 || status == 503;
  if (self->answer.body == NULL) {
    problem_answer(&self->answer, 500, "no-memory",
                   "there is no memory for the answer; the documents may have been taken");
  }
}

static void answer_good(request *self, unsigned status) {
  json_text text = { 0 };
  json_text_plain(&text, "{");
  write_documents(&text, self);
  json_text_plain(&text, "}\n");
  finish(self, status, problem_json, &text);
}

static void answer_one(request *self) {
  taken *it = &self->documents[0];
  verdict is = verdict_of(self, it);
  json_text text = { 0 };
  if (is.status == 200 && self->waits && it->end != NULL && it->end->record != NULL) {
    self->answer.status = 200;
    self->answer.type = problem_json;
    self->answer.body = it->end->record;
    self->answer.len = it->end->record_len;
    it->end->record = NULL;
    return;
  }
  if (is.status < 300) {
    answer_good(self, is.status);
    return;
  }
  problem_begin(&text, is.status, is.slug, (qn_str){ is.detail, strlen(is.detail) });
  write_facts(&text, it, false);
  json_text_plain(&text, "}\n");
  finish(self, is.status, problem_type, &text);
}

/* What is true of the documents of a request with several. */
typedef struct tally {
  uint32_t n_bad, n_large; /* not taken, and never will be */
  uint32_t n_full, n_failed, n_unknown, n_accepted;
} tally;

static tally count(const request *self) {
  tally is = { 0 };
  for (uint32_t i = 0; i < self->n_documents; i++) {
    unsigned status = verdict_of(self, &self->documents[i]).status;
    is.n_bad += status == 400 || status == 413;
    is.n_large += status == 413;
    is.n_full += status == 429;
    is.n_failed += status == 503;
    is.n_unknown += status == 504;
    is.n_accepted += status == 202;
  }
  return is;
}

static void answer_problem(request *self, verdict is) {
  json_text text = { 0 };
  problem_begin(&text, is.status, is.slug, (qn_str){ is.detail, strlen(is.detail) });
  json_text_plain(&text, ",");
  write_documents(&text, self);
  json_text_plain(&text, "}\n");
  finish(self, is.status, problem_type, &text);
}

static void answer_many(request *self) {
  tally is = count(self);
  if (is.n_failed > 0) {
    answer_problem(self, (verdict){ 503, "not-all-taken",
                                    "some of the documents were not taken or not waited for; each says so" });
  } else if (is.n_full > 0) {
    answer_problem(self, (verdict){ 429, "full",
                                    "there was no room for all of the documents; those without an id were not taken" });
  } else if (is.n_unknown > 0) {
    answer_problem(self,
                   (verdict){ 504, "not-known",
                              "it is not known yet what becomes of some of the documents; they are on their way" });
  } else if (is.n_bad == self->n_documents) {
    answer_problem(self, is.n_large == is.n_bad ? (verdict){ 413, "document-too-large", "every document is too large" }
                                                : (verdict){ 400, "bad-documents", "none of the lines is a document" });
  } else {
    answer_good(self, is.n_accepted > 0 ? 202 : 200);
  }
}

void outcome_answer(request *self) {
  if (self->n_documents == 1 && self->documents[0].line == 0) {
    answer_one(self);
  } else {
    answer_many(self);
  }
}
