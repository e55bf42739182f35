/* SPDX-License-Identifier: Apache-2.0 */

/* A worker's side of a source or a sink, without a worker: what is committed is on the disk at once, so to speak, and told in the next
 * turn of the loop, as it would be; what a sink stores is kept when its flush succeeds. */
#include "harness/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/intake.h"
#include "qanat/keep.h"

enum { KEY_MAX = 256, EMPTY = 0 };

/* A text of one's own. */
typedef struct words {
  char *data;
  size_t len;
} words;

/* Something the source is to hear: that a document was taken, or how it came out. */
typedef struct news {
  struct news *next;
  bool is_finish;
  uint32_t outcome;
  uint64_t cookie;
  words id, record;
} news;

/* A key that was seen, or a document that is watched. */
typedef struct note {
  struct note *next;
  words key, id, record;
  uint64_t cookie;
  uint32_t what; /* QN_INTAKE_FINISH, QN_INTAKE_RECORD; 0: a key */
} note;

struct harness_worker {
  qn_harness *harness;
  const qn_intake_events *events; /* NULL: nobody listens */
  void *instance;
  bool is_creating, is_flushing;
  words key; /* of the document being emitted */
  uint32_t watch;

  pthread_mutex_t lock; /* a synchronous source emits in its thread */
  news *first, **end;
  note *notes;

  harness_kept *kept, own;
  words stored; /* by the flush that runs; data NULL: nothing */
};

static bool words_set(words *to, const void *data, size_t len) {
  char *copy = malloc(len + 1);
  if (copy == NULL) {
    return false;
  }
  if (len > 0) {
    memcpy(copy, data, len);
  }
  free(to->data);
  *to = (words){ copy, len };
  return true;
}

static void words_done(words *old) {
  free(old->data);
  *old = (words){ NULL, 0 };
}

static qn_str lend(const words *from) {
  return (qn_str){ from->data, from->len };
}

static words id_of(const document *held) {
  qn_value value;
  words id = { NULL, 0 };
  if (document_field_get(held, QN_LIT("id"), &value) == 0 && value.type == QN_VALUE_STR) {
    words_set(&id, value.as.str.data, value.as.str.len);
  }
  return id;
}

static harness_worker *worker_of(qn_call *call) {
  return run_of(call)->harness->worker;
}

/* --- the extensions --- */

static int on_listen(qn_env *env, const qn_intake_events *events, void *instance) {
  const qn_harness *harness = env->owner;
  harness_worker *self = harness->worker;
  if (!self->is_creating || self->events != NULL || events == NULL) {
    return -EINVAL;
  }
  self->events = events;
  self->instance = instance;
  return 0;
}

static int on_key(qn_call *call, qn_str key) {
  harness_worker *self = worker_of(call);
  bool can = run_of(call)->emitting != NULL && key.len > 0 && key.len <= KEY_MAX;
  return !can ? -EINVAL : words_set(&self->key, key.data, key.len) ? 0 : -ENOMEM;
}

static int on_watch(qn_call *call, uint32_t what) {
  if (run_of(call)->emitting == NULL || what == EMPTY || (what & ~(QN_INTAKE_FINISH | QN_INTAKE_RECORD)) != 0) {
    return -EINVAL;
  }
  worker_of(call)->watch = what;
  return 0;
}

static int on_load(qn_create *create, qn_str *ret_bytes) {
  const qn_harness *harness = create->env->owner;
  const harness_kept *kept = harness->worker->kept;
  if (kept->bytes == NULL) {
    return -ENOENT;
  }
  *ret_bytes = (qn_str){ kept->bytes, kept->len };
  return 0;
}

static int on_store(qn_call *call, const void *bytes, size_t len) {
  harness_worker *self = worker_of(call);
  return !self->is_flushing || self->stored.data != NULL ? -EINVAL
         : len > QN_KEEP_MAX_BYTES                       ? -E2BIG
         : words_set(&self->stored, bytes, len)          ? 0
                                                         : -ENOMEM;
}

static int kept_set(harness_kept *kept, const void *bytes, size_t len) {
  words copy = { NULL, 0 };
  if (!words_set(&copy, bytes, len)) {
    return -ENOMEM;
  }
  free(kept->bytes);
  *kept = (harness_kept){ copy.data, copy.len };
  return 0;
}

static int on_begin(qn_create *create, const void *bytes, size_t len) {
  const qn_harness *harness = create->env->owner;
  harness_kept *kept = harness->worker->kept;
  return len > QN_KEEP_MAX_BYTES ? -E2BIG : kept->bytes != NULL ? 0 : kept_set(kept, bytes, len);
}

const void *worker_lent(const char *name) {
  static const qn_intake intake = {
    .size = sizeof intake, .listen = on_listen, .emit_key = on_key, .emit_watch = on_watch
  };
  static const qn_keep keep = { .size = sizeof keep, .load = on_load, .store = on_store, .begin = on_begin };
  static const qn_worker worker = { .size = sizeof worker };
  return strcmp(name, QN_INTAKE_1) == 0   ? (const void *)&intake
         : strcmp(name, QN_KEEP_1) == 0   ? (const void *)&keep
         : strcmp(name, QN_WORKER_1) == 0 ? (const void *)&worker
                                          : NULL;
}

int worker_keep(harness_worker *self, const void *bytes, size_t len) {
  return kept_set(self->kept, bytes, len);
}

int qn_harness_kept(const qn_harness *harness, qn_str *ret_bytes) {
  if (harness->worker == NULL || harness->worker->kept->bytes == NULL) {
    return -ENOENT;
  }
  *ret_bytes = (qn_str){ harness->worker->kept->bytes, harness->worker->kept->len };
  return 0;
}

/* --- its life --- */

int worker_new(qn_harness *harness, harness_kept *kept, harness_worker **ret_worker) {
  harness_worker *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  self->harness = harness;
  self->kept = kept != NULL ? kept : &self->own;
  self->end = &self->first;
  self->is_creating = true;
  pthread_mutex_init(&self->lock, NULL);
  *ret_worker = self;
  return 0;
}

void kept_done(harness_kept *kept) {
  free(kept->bytes);
  *kept = (harness_kept){ NULL, 0 };
}

static void news_free(news *old) {
  words_done(&old->id);
  words_done(&old->record);
  free(old);
}

void worker_free(harness_worker *self) {
  if (self == NULL) {
    return;
  }
  while (self->first != NULL) {
    news *old = self->first;
    self->first = old->next;
    news_free(old);
  }
  while (self->notes != NULL) {
    note *old = self->notes;
    self->notes = old->next;
    words_done(&old->key);
    words_done(&old->id);
    words_done(&old->record);
    free(old);
  }
  worker_forget(self);
  words_done(&self->stored);
  kept_done(&self->own);
  pthread_mutex_destroy(&self->lock);
  free(self);
}

void worker_created(harness_worker *self) {
  if (self != NULL) {
    self->is_creating = false;
  }
}

/* --- documents --- */

void worker_forget(harness_worker *self) {
  if (self != NULL) {
    words_done(&self->key);
    self->watch = 0;
  }
}

static note *note_find(harness_worker *self, const words *key) {
  note *found = self->notes;
  while (found != NULL &&
         (found->key.data == NULL || found->key.len != key->len || memcmp(found->key.data, key->data, key->len) != 0)) {
    found = found->next;
  }
  return found;
}

static void news_put(harness_worker *self, const news *from) {
  news *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return;
  }
  *made = *from;
  made->next = NULL;
  *self->end = made;
  self->end = &made->next;
}

bool worker_knows(harness_worker *self, const document *held, const qn_emit *emit) {
  if (self == NULL) {
    return false;
  }
  words id = id_of(held);
  pthread_mutex_lock(&self->lock);
  const note *known = self->key.data != NULL ? note_find(self, &self->key) : NULL;
  news said = { .outcome = known != NULL ? QN_INTAKE_KNOWN : QN_INTAKE_ACCEPTED, .cookie = emit->cookie };
  words_set(&said.id, known != NULL ? known->id.data : id.data, known != NULL ? known->id.len : id.len);
  note *made = known == NULL && (self->key.data != NULL || self->watch != 0) ? calloc(1, sizeof *made) : NULL;
  if (made != NULL) {
    *made = (note){ .next = self->notes, .key = self->key, .cookie = emit->cookie, .what = self->watch };
    words_set(&made->id, id.data, id.len);
    self->notes = made;
    self->key = (words){ NULL, 0 };
  }
  news_put(self, &said);
  pthread_mutex_unlock(&self->lock);
  words_done(&id);
  worker_forget(self);
  return known != NULL;
}

void worker_shown(harness_worker *self, document *held, const qn_emit *emit) {
  if (self == NULL) {
    return;
  }
  qn_str record;
  words id = id_of(held);
  pthread_mutex_lock(&self->lock);
  for (note *it = self->notes; it != NULL; it = it->next) {
    bool same = it->cookie == emit->cookie && it->id.len == id.len && memcmp(it->id.data, id.data, id.len) == 0;
    if (same && (it->what & QN_INTAKE_RECORD) != 0 && record_encode(self->harness->encoder, held, NULL, &record) == 0) {
      words_set(&it->record, record.data, record.len);
    }
  }
  pthread_mutex_unlock(&self->lock);
  words_done(&id);
}

static void settle_one(harness_worker *self, const qn_receipt *receipt) {
  for (note *it = self->notes; it != NULL; it = it->next) {
    if (it->what != 0 && it->cookie == receipt->cookie) {
      news said = { .is_finish = true, .outcome = receipt->outcome, .cookie = it->cookie };
      words_set(&said.id, it->id.data, it->id.len);
      if (receipt->outcome == QN_OUTCOME_DELIVERED) {
        said.record = it->record;
        it->record = (words){ NULL, 0 };
      }
      it->what = 0;
      news_put(self, &said);
      return;
    }
  }
}

void worker_settled(harness_worker *self, const qn_receipt *receipts, uint32_t n_receipts) {
  if (self == NULL) {
    return;
  }
  pthread_mutex_lock(&self->lock);
  for (uint32_t i = 0; i < n_receipts; i++) {
    settle_one(self, &receipts[i]);
  }
  pthread_mutex_unlock(&self->lock);
  worker_tell(self);
}

static void tell_one(const harness_worker *self, const news *said) {
  const qn_intake_events *events = self->events;
  static const char why[] = "simulated: a stage failed on it";
  if (said->is_finish && events->finished != NULL) {
    bool failed = said->outcome == QN_OUTCOME_DEAD_LETTERED;
    const qn_finish finish = { .size = sizeof finish,
                               .outcome = said->outcome,
                               .cookie = said->cookie,
                               .id = lend(&said->id),
                               .record = lend(&said->record),
                               .stage = failed ? QN_LIT("simulated") : (qn_str){ NULL, 0 },
                               .slug = failed ? QN_LIT("simulated") : (qn_str){ NULL, 0 },
                               .message = failed ? (qn_str){ why, sizeof why - 1 } : (qn_str){ NULL, 0 },
                               .attempts = 1 };
    const qn_finish *const all[] = { &finish };
    events->finished(self->instance, all, 1);
  } else if (!said->is_finish && events->accepted != NULL) {
    const qn_acceptance acceptance = {
      .size = sizeof acceptance, .outcome = said->outcome, .cookie = said->cookie, .id = lend(&said->id)
    };
    const qn_acceptance *const all[] = { &acceptance };
    events->accepted(self->instance, all, 1);
  }
}

void worker_tell(harness_worker *self) {
  if (self == NULL) {
    return;
  }
  pthread_mutex_lock(&self->lock);
  news *first = self->first;
  self->first = NULL;
  self->end = &self->first;
  pthread_mutex_unlock(&self->lock);
  while (first != NULL) {
    news *said = first;
    first = said->next;
    if (self->events != NULL) {
      tell_one(self, said);
    }
    news_free(said);
  }
}

/* --- sinks --- */

void worker_flush_begin(harness_worker *self) {
  if (self != NULL) {
    words_done(&self->stored);
    self->is_flushing = true;
  }
}

void worker_flush_end(harness_worker *self, bool is_ok) {
  if (self == NULL) {
    return;
  }
  self->is_flushing = false;
  if (is_ok && self->stored.data != NULL) {
    kept_set(self->kept, self->stored.data, self->stored.len);
  }
  words_done(&self->stored);
}
