/* SPDX-License-Identifier: Apache-2.0 */

/* A source on a lent thread: takes entries a few at a time, emits them, and settles them when they have come out. A document that was
 * in hand when the worker died twice is not tried a third time. */
#include "serve/feed.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/host.h"

enum { TAKE_MAX = 32, CRASHES_MAX = 2 };

struct feed {
  const journaled *of;
  const plan *plan;
  journal_line *line;
  docket *docket;
  feed_finished finished;
  void *arg;
  journal_entry *taken; /* not emitted yet [lent] */

  pthread_mutex_t mutex; /* what follows */
  bool stopping;
  trial *trials;
};

/* --- emitting [lent] --- */

/* Sinks that have the document already get nothing. One that the pipeline has no more is no matter. */
static void confirm_sinks(const feed *self, qn_call *call, qn_str confirmed) {
  size_t at = 0;
  while (at < confirmed.len) {
    const char *line = confirmed.data + at;
    const char *end = memchr(line, '\n', confirmed.len - at);
    size_t len = end != NULL ? (size_t)(end - line) : confirmed.len - at;
    for (uint32_t i = 0; i < self->plan->n_stages; i++) {
      const plan_stage *stage = &self->plan->stages[i];
      if (stage->info->role == ROLE_SINK && strlen(stage->id) == len && memcmp(stage->id, line, len) == 0) {
        runtime_confirm(call, i);
      }
    }
    at += len + 1;
  }
}

static int emit_fields(qn_call *call, const journal_entry *entry) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < entry->n_fields; i++) {
    rc = call->host->emit_field(call, entry->fields[i].name, &entry->fields[i].value);
  }
  return rc;
}

static int commit(qn_call *call, const journal_entry *entry, size_t bytes, uint64_t cookie) {
  const qn_emit emit = { .source = entry->source,
                         .id = entry->id,
                         .media_type = entry->media_type,
                         .ordinal = entry->ordinal,
                         .cookie = cookie };
  char text[160];
  if (entry->slug.len > 0) {
    char slug[49];
    snprintf(slug, sizeof slug, "%.*s", (int)entry->slug.len, entry->slug.data);
    return call->host->emit_reject(call, &emit, slug, entry->message.data, entry->message.len);
  }
  if (entry->crashes >= CRASHES_MAX) {
    snprintf(text, sizeof text,
             "a stage was working on it %u times when the worker died; it is not tried again by itself",
             entry->crashes);
    return runtime_emit_failed(call, bytes, &emit, "crashed", text);
  }
  return call->host->emit_commit(call, bytes, &emit);
}

/* The entry belongs to the docket once it is entered there, whatever becomes of it. */
static int emit(feed *self, qn_call *call, journal_entry *entry) {
  uint8_t *room;
  size_t bytes = entry->payload_bytes;
  int rc = call->host->emit_reserve(call, bytes, &room);
  if (rc != 0) {
    return rc;
  }
  if (bytes > 0) {
    memcpy(room, entry->payload, bytes);
  }
  rc = emit_fields(call, entry);
  if (rc != 0) {
    return rc;
  }
  confirm_sinks(self, call, entry->confirmed);
  uint64_t cookie;
  hand *slot;
  rc = docket_enter(self->docket, entry, NULL, &cookie, &slot);
  if (rc != 0) {
    return rc;
  }
  runtime_emit_hand(call, slot);
  if ((entry->watched & JOURNAL_WATCH_RECORD) != 0) {
    runtime_emit_record(call);
  }
  journal_unload(entry);
  rc = commit(call, entry, bytes, cookie);
  if (rc != 0) {
    docket_leave(self->docket, cookie);
  }
  return rc;
}

/* What cannot be given to the pipeline is a dead letter without a payload, so that nothing is stuck behind it. */
static int emit_unreadable(feed *self, qn_call *call, journal_entry *entry, const char *slug, const char *text) {
  uint64_t cookie;
  hand *slot;
  int rc = docket_enter(self->docket, entry, NULL, &cookie, &slot);
  if (rc != 0) {
    return rc;
  }
  const qn_emit emit = { .source = entry->source,
                         .id = entry->id,
                         .media_type = entry->media_type,
                         .ordinal = entry->ordinal,
                         .cookie = cookie };
  rc = call->host->emit_reject(call, &emit, slug, text, strlen(text));
  if (rc != 0) {
    docket_leave(self->docket, cookie);
  }
  return rc;
}

/* What cannot be read for the moment is tried again, by the pipeline as a whole; only what is damaged is given up. */
static int emit_entry(feed *self, qn_call *call, journal_entry *entry, qn_error *error) {
  int rc = journal_load(entry, error);
  if (rc != 0) {
    return rc == -EBADMSG ? emit_unreadable(self, call, entry, "journal", error->message) : -EIO;
  }
  rc = emit(self, call, entry);
  if (rc == -EFBIG) {
    return emit_unreadable(self, call, entry, "too-large",
                           "it is larger than limits.document_bytes, which was more when it was accepted");
  }
  return rc == 0 || rc == -ECANCELED || rc == -ENOMEM
             ? rc
             : emit_unreadable(self, call, entry, "journal", "what the journal has of it is no document any more");
}

static int emit_trial(feed *self, qn_call *call, trial *of) {
  uint8_t *room;
  int rc = call->host->emit_reserve(call, of->len, &room);
  if (rc != 0) {
    return rc;
  }
  if (of->len > 0) {
    memcpy(room, of->bytes, of->len);
  }
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    if (self->plan->stages[i].info->role == ROLE_SINK) {
      runtime_confirm(call, i);
    }
  }
  uint64_t cookie;
  hand *slot;
  rc = docket_enter(self->docket, NULL, of, &cookie, &slot);
  if (rc != 0) {
    return rc;
  }
  runtime_emit_record(call);
  const qn_emit emit = { .source = QN_LIT("trial"),
                         .id = QN_LIT("trial"),
                         .media_type = { of->media_type, strlen(of->media_type) },
                         .cookie = cookie };
  rc = call->host->emit_commit(call, of->len, &emit);
  if (rc != 0) {
    docket_leave(self->docket, cookie);
  }
  return rc;
}

/* --- the source --- */

static int create(qn_create *call, void **ret_instance) {
  const journaled *of =
      (const journaled *)(const void *)((const char *)call->env->info - offsetof(journaled, feed_info));
  *ret_instance = of->feed;
  return 0;
}

static void destroy(void *instance) {
  (void)instance; /* belongs to the worker */
}

static trial *take_trials(feed *self, bool *ret_stopping) {
  pthread_mutex_lock(&self->mutex);
  trial *first = self->trials;
  self->trials = NULL;
  *ret_stopping = self->stopping;
  pthread_mutex_unlock(&self->mutex);
  return first;
}

static void end_trials(trial *first) {
  while (first != NULL) {
    trial *next = first->next;
    trial_end(first, NULL);
    first = next;
  }
}

static void run_trials(feed *self, qn_call *call, trial *first) {
  while (first != NULL) {
    trial *next = first->next;
    if (emit_trial(self, call, first) != 0) {
      trial_end(first, NULL);
    }
    first = next;
  }
}

/* The line was interrupted: for an end, or for documents to be tried. True: it goes on. */
static bool look_up(feed *self, qn_call *call) {
  bool stopping;
  journal_interrupt_take(self->line, false); /* first: what comes after it interrupts again */
  trial *first = take_trials(self, &stopping);
  if (stopping) {
    end_trials(first);
    return false;
  }
  run_trials(self, call, first);
  return true;
}

static qn_status next(void *instance, qn_call *call) {
  feed *self = instance;
  if (self->taken == NULL) {
    int rc = journal_take(self->line, TAKE_MAX, &self->taken);
    if (rc == -ECANCELED) {
      return look_up(self, call) ? QN_STATUS_MORE : QN_STATUS_OK;
    }
    if (rc != 0) {
      return qn_fail(call, QN_STATUS_FATAL, "journal", strerror(-rc));
    }
  }
  journal_entry *entry = self->taken;
  journal_entry *rest = entry->next;
  qn_error error = { 0 };
  int rc = emit_entry(self, call, entry, &error);
  if (rc == 0) {
    self->taken = rest;
    return QN_STATUS_MORE;
  }
  if (rc == -ECANCELED) {
    return QN_STATUS_OK;
  }
  return qn_fail(call, QN_STATUS_FATAL, "journal",
                 error.message[0] != '\0' ? error.message : "no memory for a document of the journal");
}

static void interrupt(void *instance) {
  feed *self = instance;
  pthread_mutex_lock(&self->mutex);
  self->stopping = true;
  pthread_mutex_unlock(&self->mutex);
  journal_interrupt_take(self->line, true);
}

static void settled(void *instance, const qn_receipt *receipts, uint32_t n_receipts) {
  (void)instance, (void)receipts, (void)n_receipts; /* the ends say more */
}

const qn_stage *feed_table(void) {
  static const qn_source source = { .size = sizeof source,
                                    .create = create,
                                    .destroy = destroy,
                                    .next = next,
                                    .interrupt = interrupt,
                                    .settled = settled };
  static const qn_stage table = { .size = sizeof table, .name = "journal", .source = &source };
  return &table;
}

/* --- the worker's side --- */

static void on_ends(void *arg, const runtime_end *ends, uint32_t n) {
  feed *self = arg;
  for (uint32_t i = 0; i < n; i++) {
    place was = docket_leave(self->docket, ends[i].cookie);
    if (was.trial != NULL) {
      trial_end(was.trial, &ends[i]);
      continue;
    }
    if (was.entry->watched != 0 && self->finished != NULL) {
      self->finished(self->arg, was.entry, &ends[i]);
    }
    journal_settle(was.entry);
  }
}

int feed_new(journaled *of, const plan *planned, journal_line *line, docket *in, feed_finished finished, void *arg,
             feed **ret_feed) {
  feed *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  *made = (feed){ .of = of, .plan = planned, .line = line, .docket = in, .finished = finished, .arg = arg };
  pthread_mutex_init(&made->mutex, NULL);
  journal_interrupt_take(line, false);
  of->feed = made;
  *ret_feed = made;
  return 0;
}

void feed_return_taken(feed *self) {
  while (self->taken != NULL) {
    journal_entry *next = self->taken->next;
    journal_return(self->taken);
    self->taken = next;
  }
}

void feed_free(feed *self) {
  if (self == NULL) {
    return;
  }
  feed_return_taken(self);
  end_trials(self->trials);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

void feed_attach(feed *self, runtime *run) {
  runtime_watch_ends(run, self->of->stage, on_ends, self);
}

void feed_try(feed *self, trial *of) {
  pthread_mutex_lock(&self->mutex);
  bool stopping = self->stopping;
  if (!stopping) {
    of->next = self->trials;
    self->trials = of;
  }
  pthread_mutex_unlock(&self->mutex);
  if (stopping) {
    trial_end(of, NULL);
  } else {
    journal_interrupt_take(self->line, true);
  }
}
