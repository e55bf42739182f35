/* SPDX-License-Identifier: Apache-2.0 */

/* The dedupe stage: the first of a family of near copies is remembered and goes on; the others are dropped or marked, and
 * not remembered, so that likeness cannot drift from copy to copy.
 *
 * The window belongs to the instance: the stage is ordered, so one document at a time reaches it, and the state file must be
 * read, or refused, before any document comes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "dedupe/print.h"
#include "dedupe/shingles.h"
#include "dedupe/state.h"
#include "dedupe/window.h"
#include "qanat/stage.h"

enum {
  WORDS_SHINGLE = 3,
  LETTERS_SHINGLE = 12,
  SAVE_DOCUMENTS = 256, /* so many are forgotten at most when the process is killed ... */
  SAVE_MS = 1000,       /* ... or those of so long, if more come */
  LINE_MAX = STATE_MESSAGE_MAX + 64
};

typedef struct dedupe {
  const qn_host *host;
  qn_env *env;
  bool mark, save_failing, told_full;
  shingle_form form;
  uint32_t distance, shortest;
  double similarity;
  uint64_t n_documents, n_copies, n_again, n_short;
  int64_t saved_ms;
  window *window;
  state *state; /* NULL: nothing is kept */
  print wanted, other;
} dedupe;

static int create_fail(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, qn_cstr_len(text));
}

static void tell(const dedupe *self, uint32_t level, const char *text) {
  self->host->log(self->env, level, text, strlen(text));
}

/* --- create and destroy --- */

static void read_config(dedupe *self, qn_create *create) {
  self->mark = qn_config_str(create, "/action").len == strlen("mark") &&
               memcmp(qn_config_str(create, "/action").data, "mark", strlen("mark")) == 0;
  self->form.letters = qn_config_str(create, "/unit").len == strlen("letters");
  self->form.size = (uint32_t)qn_config_i64(create, "/shingle", self->form.letters ? LETTERS_SHINGLE : WORDS_SHINGLE);
  self->similarity = qn_config_f64(create, "/similarity", 0.7);
  self->distance = (uint32_t)qn_config_i64(create, "/distance", print_distance_of(self->similarity));
  self->shortest = (uint32_t)qn_config_i64(create, "/shortest", 5);
}

static int open_state(dedupe *self, qn_create *create) {
  state_message message;
  qn_str path = qn_config_str(create, "/state");
  if (path.len == 0) {
    return 0;
  }
  if (state_open(path, &self->form, self->window, &self->other, &self->state, &message) != 0) {
    return create_fail(create, message.text);
  }
  if (message.text[0] != '\0') {
    tell(self, QN_LOG_ERROR, message.text);
  }
  return 0;
}

static void dedupe_free(dedupe *self) {
  state_close(self->state);
  window_free(self->window);
  self->host->release(self->env, self);
}

static int dedupe_create(qn_create *create, void **ret_instance) {
  dedupe *self = create->host->alloc(create->env, sizeof *self);
  if (self == NULL) {
    return create_fail(create, "no memory for the stage");
  }
  memset(self, 0, sizeof *self);
  self->host = create->host;
  self->env = create->env;
  read_config(self, create);
  const window_bounds bounds = {
    .documents = (uint64_t)qn_config_i64(create, "/documents", 1000000),
    .bytes = (uint64_t)qn_config_i64(create, "/memory_mib", 256) << 20,
  };
  int rc = window_new(self->host, self->env, &bounds, &self->window);
  rc = rc != 0 ? create_fail(create, "no memory for the window; lower memory_mib") : open_state(self, create);
  if (rc != 0) {
    dedupe_free(self);
    return rc;
  }
  *ret_instance = self;
  return 0;
}

/* What cannot be written is told once, and once more when it can. */
static void save(dedupe *self) {
  state_message message;
  bool failed = state_save(self->state, &message) != 0;
  if (failed && !self->save_failing) {
    tell(self, QN_LOG_ERROR, message.text);
  } else if (!failed && self->save_failing) {
    tell(self, QN_LOG_WARNING, "the state file can be written again; nothing is missing from it");
  }
  self->save_failing = failed;
}

static void tell_counts(const dedupe *self) {
  char line[LINE_MAX];
  window_counts counts = window_count(self->window);
  snprintf(line, sizeof line,
           "of %" PRIu64 " documents %" PRIu64 " were copies (%s), %" PRIu64 " came again, %" PRIu64
           " were too short; %" PRIu64 " are remembered in %.1f MiB, %" PRIu64 " were forgotten",
           self->n_documents, self->n_copies, self->mark ? "marked" : "dropped", self->n_again, self->n_short,
           counts.documents, (double)counts.bytes / (1 << 20), counts.forgotten);
  tell(self, QN_LOG_INFO, line);
}

static void dedupe_destroy(void *instance) {
  dedupe *self = instance;
  if (self == NULL) {
    return;
  }
  if (self->state != NULL) {
    save(self);
  }
  tell_counts(self);
  dedupe_free(self);
}

/* --- documents --- */

static qn_str id_of(qn_call *call) {
  qn_value value;
  qn_str none = { NULL, 0 };
  bool has = call->host->field_get(call, QN_LIT("id"), &value) == 0 && value.type == QN_VALUE_STR;
  return has ? value.as.str : none;
}

static qn_status mark(qn_call *call, const window_document *first, double similarity) {
  qn_value of = { .type = QN_VALUE_STR }, share = { .type = QN_VALUE_F64 };
  of.as.str = first->id;
  share.as.f64 = similarity;
  int rc = call->host->field_set(call, QN_LIT("duplicate_of"), &of);
  rc = rc == 0 ? call->host->field_set(call, QN_LIT("similarity"), &share) : rc;
  if (rc == -ENOMEM) {
    return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory for the fields duplicate_of and similarity");
  }
  return rc == 0 ? QN_STATUS_OK
                 : qn_fail(call, QN_STATUS_REJECT, "no-room",
                           "the document has no room for the fields duplicate_of and similarity");
}

static qn_status end_copy(dedupe *self, qn_call *call, qn_str id, const window_match *match) {
  window_document first = { 0 };
  char line[LINE_MAX];
  qn_status status = QN_STATUS_DROP;
  window_get(self->window, match->number, &first);
  snprintf(line, sizeof line, "%.*s is a copy of %.*s (%.3f)", (int)id.len, id.len > 0 ? id.data : "",
           (int)first.id.len, first.id.len > 0 ? first.id.data : "", match->similarity);
  if (self->mark) {
    status = mark(call, &first, match->similarity);
  }
  if (status == QN_STATUS_OK || status == QN_STATUS_DROP) {
    self->n_copies++;
    tell(self, QN_LOG_DEBUG, line);
  }
  return status;
}

static qn_status no_memory(qn_call *call) {
  return qn_fail(call, QN_STATUS_RETRY, "no-memory", "no memory to remember the document; lower memory_mib");
}

static void after_adding(dedupe *self, int64_t now_ms) {
  if (!self->told_full && window_count(self->window).forgotten > 0) {
    self->told_full = true;
    tell(self, QN_LOG_INFO,
         "the window is full: from here on the oldest documents are forgotten; raise \"documents\" or \"memory_mib\" "
         "to find "
         "copies of older ones");
  }
  if (self->state == NULL || state_behind(self->state) == 0) {
    return;
  }
  if (state_behind(self->state) >= SAVE_DOCUMENTS || now_ms - self->saved_ms >= SAVE_MS) {
    save(self);
    self->saved_ms = now_ms;
  }
}

/* Without memory it only stays as old as it is. */
static void refresh(dedupe *self, uint64_t number) {
  if (window_refresh(self->window, number, &self->other) > 0 && self->state != NULL) {
    state_forget(self->state, number);
  }
}

static qn_status look_up(dedupe *self, qn_call *call) {
  window_match match;
  qn_str id = id_of(call);
  if (!window_find(self->window, &self->wanted, id, self->distance, self->similarity, &self->other, &match)) {
    return window_add(self->window, &self->wanted, id) == 0 ? QN_STATUS_OK : no_memory(call);
  }
  qn_status status = QN_STATUS_OK;
  if (match.itself) {
    self->n_again++;
  } else {
    status = end_copy(self, call, id, &match);
  }
  if (status == QN_STATUS_OK || status == QN_STATUS_DROP) {
    refresh(self, match.number);
  }
  return status;
}

static qn_status dedupe_process(void *instance, void *context, qn_call *call) {
  dedupe *self = instance;
  qn_view view;
  (void)context;
  if (call->host->view_get(call, &view) != 0) {
    return qn_fail(call, QN_STATUS_REJECT, "no-text", "the document has no text; put decode before dedupe");
  }
  shingles_make(&self->form, view.data, view.len, &self->wanted);
  if (self->wanted.n < self->shortest) {
    self->n_documents++;
    self->n_short++;
    return QN_STATUS_OK;
  }
  qn_status status = look_up(self, call);
  self->n_documents += status == QN_STATUS_OK || status == QN_STATUS_DROP;
  after_adding(self, call->now_ms);
  return status;
}

static const qn_transform transform = {
  .size = sizeof(qn_transform),
  .create = dedupe_create,
  .destroy = dedupe_destroy,
  .process = dedupe_process,
};

static const qn_stage stage = { .size = sizeof(qn_stage), .name = "dedupe", .transform = &transform };
static const qn_stage *const stages[] = { &stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
