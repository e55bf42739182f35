/* SPDX-License-Identifier: Apache-2.0 */

/* Sinks: prepare, write, flush and finish in every order that a pipeline may call them in. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/check.h"
#include "harness/worker.h"

enum { SAMPLES = 12, WRITE_AT_ONCE = 5 };

typedef struct sink_state {
  stand on;
  teller *teller;
  uint32_t n_documents;
  qn_harness_doc *documents[SAMPLES];
  uint32_t n_failed; /* writes and flushes that were not OK */
} sink_state;

static void said(sink_state *self, const char *what, const qn_harness_outcome *ended) {
  self->n_failed += ended->status != QN_STATUS_OK;
  if (ended->timed_out != 0) {
    teller_find(self->teller, RULE_ASYNC_ENDS, "%s was not completed in time", what);
  } else if (ended->is_fault != 0) {
    teller_find(self->teller, strcmp(ended->slug, "no-message") == 0 ? RULE_SAY_WHY : RULE_STATUS_ALLOWED, "%s: %s",
                what, ended->message);
  }
}

static bool state_open_with(sink_state *self, const subject *what, teller *to, const stand_options *options) {
  *self = (sink_state){ .teller = to };
  return check_stand_open(what, to, options, &self->on);
}

static bool state_open(sink_state *self, const subject *what, teller *to) {
  return state_open_with(self, what, to, NULL);
}

/* Makes and prepares documents. */
static void state_prepare(sink_state *self) {
  const subject *what = self->on.subject;
  for (uint32_t i = 0; i < SAMPLES && self->n_documents == i; i++) {
    sample from;
    qn_harness_outcome ended = { 0 };
    if (sample_make(what->seed, i, &from) != 0) {
      return;
    }
    qn_harness_doc *document = stand_document(&self->on, &from);
    sample_done(&from);
    teller_at(self->teller, i, "prepare");
    if (document != NULL) {
      qn_harness_prepare(self->on.harness, document, &ended);
      said(self, "prepare", &ended);
      self->documents[self->n_documents++] = document;
    }
  }
}

static void state_write(sink_state *self, uint32_t first, uint32_t n) {
  qn_harness_outcome ended[SAMPLES];
  memset(ended, 0, sizeof ended);
  teller_at(self->teller, first, "write of %u documents", n);
  qn_harness_write(self->on.harness, self->documents + first, n, ended);
  for (uint32_t i = 0; i < n; i++) {
    said(self, "write", &ended[i]);
    if (ended[i].status == QN_STATUS_FATAL && ended[i].is_fault == 0) {
      self->n_failed++; /* of a broken destination, not of a document: that is legal */
    }
  }
}

static void state_write_all(sink_state *self) {
  for (uint32_t i = 0; i < self->n_documents; i += WRITE_AT_ONCE) {
    state_write(self, i, self->n_documents - i < WRITE_AT_ONCE ? self->n_documents - i : WRITE_AT_ONCE);
  }
}

static void state_flush(sink_state *self) {
  qn_harness_outcome ended = { 0 };
  teller_at(self->teller, NO_DOCUMENT, "flush");
  qn_harness_flush(self->on.harness, &ended);
  said(self, "flush", &ended);
}

static void state_finish(sink_state *self, int success) {
  qn_harness_outcome ended = { 0 };
  teller_at(self->teller, NO_DOCUMENT, "finish(%d)", success);
  qn_harness_finish(self->on.harness, success, &ended);
  said(self, "finish", &ended);
}

static void state_close(sink_state *self) {
  for (uint32_t i = 0; i < self->n_documents; i++) {
    qn_harness_doc_free(self->documents[i]);
  }
  stand_close(&self->on);
}

/* --- lives --- */

static uint32_t usual_life(const subject *what, teller *to) {
  sink_state self;
  if (!state_open(&self, what, to)) {
    return UINT32_MAX;
  }
  state_prepare(&self);
  state_write_all(&self);
  state_flush(&self);
  state_finish(&self, 1);
  uint32_t n_failed = self.n_failed;
  state_close(&self);
  return n_failed;
}

typedef enum odd_life {
  LIFE_NOTHING,        /* create and destroy */
  LIFE_NO_DOCUMENT,    /* finish alone */
  LIFE_EMPTY_FLUSH,    /* flush with nothing written, then finish */
  LIFE_FLUSH_EACH,     /* flush after each */
  LIFE_FLUSH_TWICE,    /* twice in a row */
  LIFE_WITHOUT_FINISH, /* destroyed in the middle */
  LIFE_N
} odd_life;

static const char *const odd_names[LIFE_N] = {
  "nothing at all",           "no document, then finish", "a flush with nothing written",
  "a flush after each write", "two flushes in a row",     "no finish"
};

static void odd_life_do(sink_state *self, odd_life which) {
  switch (which) {
  case LIFE_NO_DOCUMENT:
    state_finish(self, 1);
    break;
  case LIFE_EMPTY_FLUSH:
    state_flush(self);
    state_finish(self, 1);
    break;
  case LIFE_FLUSH_EACH:
    state_prepare(self);
    for (uint32_t i = 0; i < self->n_documents; i++) {
      state_write(self, i, 1);
      state_flush(self);
    }
    state_finish(self, 1);
    break;
  case LIFE_FLUSH_TWICE:
    state_prepare(self);
    state_write_all(self);
    state_flush(self);
    state_flush(self);
    state_finish(self, 1);
    break;
  case LIFE_WITHOUT_FINISH:
    state_prepare(self);
    state_write_all(self);
    break;
  default:
    break;
  }
}

static void odd_lives(const subject *what, teller *to) {
  for (odd_life which = 0; which < LIFE_N; which++) {
    sink_state self;
    if (!state_open(&self, what, to)) {
      return;
    }
    odd_life_do(&self, which);
    if (self.n_failed > 0) {
      teller_find(to, RULE_SINK_LIFE, "with %s, %u calls fail that do not fail in the usual order", odd_names[which],
                  self.n_failed);
    }
    state_close(&self);
  }
}

/* --- retries --- */

/* Items that come again, as after a RETRY, alone and among others. */
static void retried_life(const subject *what, teller *to) {
  sink_state self;
  if (!state_open(&self, what, to)) {
    return;
  }
  state_prepare(&self);
  if (self.n_documents == SAMPLES) {
    state_write(&self, 0, 3);
    state_write(&self, 0, 1);
    state_write(&self, 1, 3);
    state_flush(&self);
    state_write(&self, 2, 1);
    state_flush(&self);
  }
  state_finish(&self, 1);
  if (self.n_failed > 0) {
    teller_find(to, RULE_SINK_RETRY, "%u calls fail when documents come a second time", self.n_failed);
  }
  state_close(&self);
}

/* --- a worker --- */

/* Two lives in a worker, the first of which is cut off in the middle: the second begins with what the first had kept. */
static void worker_lives(const subject *what, teller *to) {
  harness_kept kept = { NULL, 0 };
  const stand_options options = { .worker = true, .kept = &kept };
  uint32_t n_failed = 0;
  for (uint32_t life = 0; life < 2; life++) {
    sink_state self;
    teller_at(to, NO_DOCUMENT, "create, life %u in a worker", life + 1);
    if (!state_open_with(&self, what, to, &options)) {
      break;
    }
    state_prepare(&self);
    if (self.n_documents == SAMPLES) {
      state_write(&self, 0, 4);
      state_flush(&self);
      state_write(&self, 4, 4);
    }
    if (life == 1) {
      state_flush(&self);
      state_finish(&self, 1);
    }
    n_failed += self.n_failed;
    state_close(&self);
  }
  if (n_failed > 0) {
    teller_find(to, RULE_SINK_LIFE, "as in a worker, with a first life that is cut off, %u calls fail", n_failed);
  }
  kept_done(&kept);
}

/* --- halves --- */

/* Where the sink writes, if its manifest names one place that only it may own, and that is a file. */
static bool output_path(const subject *what, char *ret_path, size_t capacity) {
  const char *key = what->info->exclusive;
  const cJSON *value = key != NULL ? cJSON_GetObjectItemCaseSensitive(what->config, key) : NULL;
  if (!cJSON_IsString(value) || strcmp(value->valuestring, "-") == 0) {
    return false;
  }
  int wrote = snprintf(ret_path, capacity, "%s", value->valuestring);
  return wrote > 0 && (size_t)wrote < capacity;
}

/* A sink that writes PATH.part has said that PATH is only ever whole. */
static void half_life(const subject *what, teller *to) {
  char path[PATH_MAX], part[PATH_MAX + 8];
  struct stat info;
  sink_state self;
  if (!output_path(what, path, sizeof path) || (unlink(path) != 0 && errno != ENOENT) || !state_open(&self, what, to)) {
    return;
  }
  snprintf(part, sizeof part, "%s.part", path);
  state_prepare(&self);
  state_write_all(&self);
  state_flush(&self);
  bool promised = stat(part, &info) == 0;
  state_finish(&self, 0);
  if (promised && stat(path, &info) == 0) {
    teller_find(to, RULE_SINK_HALF, "after finish(0) its output is at its place, though it was written to .part");
  }
  state_close(&self);
}

void check_sink(const subject *what, teller *to) {
  uint32_t n_failed = usual_life(what, to);
  if (n_failed == UINT32_MAX) {
    return;
  }
  teller_blame(to, RULE_SINK_LIFE, RULE_SINK_LIFE);
  if (n_failed == 0) {
    odd_lives(what, to);
    retried_life(what, to);
    worker_lives(what, to);
  } else {
    teller_skip(to, "%u calls fail where nothing is unusual: its destination is not there", n_failed);
  }
  half_life(what, to);
}
