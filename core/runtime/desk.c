/* SPDX-License-Identifier: Apache-2.0 */

/* Letters in batches: all that are there are put, made durable together, and then their receipts settle. */
#include "runtime/desk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runtime/outcome.h"
#include "runtime/settle.h"

enum { RETRY_MS = 200 };

struct desk {
  runtime *runtime;
  settler settler; /* the thread's own */
  receipt *_Atomic arrived;
  park park;
  _Atomic bool closing;
  bool broken; /* the store failed, and it was said */
  pthread_t thread;
};

static qn_str field_of(const document *self, qn_str name) {
  qn_value value;
  qn_str none = { "", 0 };
  if (self == NULL || document_field_get(self, name, &value) != 0 || value.type != QN_VALUE_STR) {
    return none;
  }
  return value.as.str;
}

/* Sinks that need nothing more by this letter: they have the document, or a letter of their own. */
static uint32_t confirmed_sinks(const runtime *self, const leaf *for_leaf, const char **names) {
  const receipt *of = for_leaf->receipt;
  uint32_t bits = atomic_load(&of->confirmed);
  for (const leaf *other = atomic_load(&of->failed); other != NULL; other = other->next) {
    const plan_stage *stage = other->failure != NULL ? &self->plan->stages[other->failure->stage] : NULL;
    bool is_sink = stage != NULL && stage->info->role == ROLE_SINK;
    bits |= other != for_leaf && is_sink ? UINT32_C(1) << stage->sink_slot : 0;
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n_instances; i++) {
    const plan_stage *stage = &self->plan->stages[i];
    if (stage->info->role == ROLE_SINK && (bits & UINT32_C(1) << stage->sink_slot) != 0) {
      names[n++] = stage->id;
    }
  }
  return n;
}

static int write_letter(const runtime *self, const leaf *it) {
  const failure *why = it->failure;
  const receipt *of = it->receipt;
  const char *confirmed[32];
  letter note = {
    .stage = why != NULL ? self->plan->stages[why->stage].id : "",
    .slug = why != NULL ? why->error.slug : "no-memory",
    .message = why != NULL ? why->error.message : "failed, and there was no memory to keep the reason",
    .attempts = why != NULL ? why->attempts : 1,
    .time_ms = of->now_ms,
    .source = field_of(it->document, QN_LIT("source")),
    .id = field_of(it->document, QN_LIT("id")),
    .origin = self->plan->stages[runtime_source_stage(self, of->source)].id,
    .is_part = of->parent != NULL,
    .n_confirmed = confirmed_sinks(self, it, confirmed),
    .confirmed = confirmed,
    .document = it->document,
  };
  return self->options.letters->put(self->options.letters, &note);
}

/* Another branch of it, or of what it came out of, did not end: all of it is given again, and what failed fails again then. A letter
 * beside that would be a second one, and both could be retried. */
static bool comes_again(const runtime *self, const receipt *of) {
  bool is_unfinished = false;
  for (const receipt *at = of; at != NULL; at = at->parent) {
    is_unfinished = is_unfinished || atomic_load(&at->worst) == LEAF_UNFINISHED;
  }
  return is_unfinished && outcome_comes_again(self, &of->first);
}

static int write_letters(const runtime *self, const receipt *of) {
  if (comes_again(self, of)) {
    return 0;
  }
  int worst = 0;
  for (const leaf *it = atomic_load(&of->failed); it != NULL; it = it->next) {
    int rc = write_letter(self, it);
    worst = rc != 0 ? rc : worst;
  }
  return worst;
}

/* The first reason stays with the receipt, for a source that is told of it. */
static void free_failed(desk *self, receipt *of) {
  leaf *it = atomic_exchange(&of->failed, NULL);
  bool is_told = of->parent == NULL && self->runtime->options.serves;
  while (it != NULL) {
    leaf *next = it->next;
    if (is_told && of->why == NULL) {
      of->why = it->failure;
    } else {
      free(it->failure);
    }
    it->failure = NULL;
    if (it->document != NULL) {
      settle_document(&self->settler, it);
    }
    it = next;
  }
}

/* In the order in which they came. */
static receipt *in_order(receipt *list) {
  receipt *out = NULL;
  while (list != NULL) {
    receipt *next = list->next;
    list->next = out;
    out = list;
    list = next;
  }
  return out;
}

static int write_batch(const desk *self, const receipt *batch) {
  letter_store *store = self->runtime->options.letters;
  int rc = 0;
  for (const receipt *at = batch; at != NULL; at = at->next) {
    int put = write_letters(self->runtime, at);
    rc = put != 0 ? put : rc;
  }
  int flushed = store->flush != NULL ? store->flush(store) : 0;
  return rc == 0 ? flushed : rc;
}

static void nap(void) {
  const struct timespec pause = { .tv_nsec = RETRY_MS * 1000000L };
  nanosleep(&pause, NULL);
}

/* A worker loses nothing: while letters cannot be kept, its failed documents stay in flight, and what is abandoned meanwhile is unfinished. */
static int write_until_kept(desk *self, receipt *batch) {
  int rc = write_batch(self, batch);
  bool waited = false;
  while (rc != 0 && self->runtime->options.serves && runtime_standing(self->runtime) != RUN_FAILED) {
    if (!waited) {
      runtime_log(
          self->runtime, "dead letters", QN_LOG_ERROR,
          "cannot keep failed documents: %s; they wait, and so does what comes after them, until it can be done",
          strerror(-rc));
    }
    waited = true;
    nap();
    rc = write_batch(self, batch);
  }
  if (waited && rc == 0) {
    runtime_log(self->runtime, "dead letters", QN_LOG_WARNING, "failed documents are kept again");
  }
  for (receipt *at = batch; rc != 0 && self->runtime->options.serves && at != NULL; at = at->next) {
    atomic_store(&at->worst, LEAF_UNFINISHED);
  }
  return rc;
}

static void settle_batch(desk *self, receipt *batch) {
  int rc = write_until_kept(self, batch);
  if (rc != 0 && !self->broken) {
    self->broken = true;
    runtime_log(self->runtime, "dead letters", QN_LOG_ERROR, "cannot keep failed documents any more: %s",
                strerror(-rc));
  }
  while (batch != NULL) {
    receipt *next = batch->next;
    free_failed(self, batch);
    settle_receipt(&self->settler, batch);
    batch = next;
  }
  settle_flush(&self->settler);
}

static void *desk_main(void *arg) {
  desk *self = arg;
  for (;;) {
    receipt *batch = in_order(atomic_exchange(&self->arrived, NULL));
    if (batch != NULL) {
      settle_batch(self, batch);
      continue;
    }
    uint32_t key = park_prepare(&self->park);
    if (atomic_load(&self->arrived) != NULL) {
      park_cancel(&self->park);
    } else if (atomic_load(&self->closing)) {
      park_cancel(&self->park);
      return NULL;
    } else {
      park_wait(&self->park, key, 0);
    }
  }
}

int desk_new(runtime *self, desk **ret_desk) {
  desk *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->runtime = self;
  settler_init(&made->settler, self);
  park_init(&made->park);
  int rc = runtime_thread(&made->thread, desk_main, made, "letters");
  if (rc != 0) {
    free(made);
    return rc;
  }
  *ret_desk = made;
  return 0;
}

void desk_free(desk *self) {
  if (self == NULL) {
    return;
  }
  atomic_store(&self->closing, true);
  park_wake_all(&self->park);
  pthread_join(self->thread, NULL);
  free(self);
}

void desk_take(desk *self, receipt *held) {
  held->next = atomic_load(&self->arrived);
  while (!atomic_compare_exchange_weak(&self->arrived, &held->next, held)) {
  }
  park_wake(&self->park);
}
