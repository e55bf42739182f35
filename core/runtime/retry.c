/* SPDX-License-Identifier: Apache-2.0 */

/* A heap of leaves by due time behind one timer of the loop. */
#include "runtime/retry.h"

#include <errno.h>
#include <stdlib.h>

#include "runtime/work.h"

static bool before(const leaf *a, const leaf *b) {
  return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->receipt->sequence < b->receipt->sequence;
}

static void swap(leaf **a, leaf **b) {
  leaf *kept = *a;
  *a = *b;
  *b = kept;
}

static void heap_push(retries *self, leaf *it) {
  uint32_t at = self->n_waiting++;
  self->heap[at] = it;
  while (at > 0 && before(self->heap[at], self->heap[(at - 1) / 2])) {
    swap(&self->heap[at], &self->heap[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
}

static leaf *heap_pop(retries *self) {
  leaf *first = self->heap[0];
  self->heap[0] = self->heap[--self->n_waiting];
  uint32_t at = 0;
  for (;;) {
    uint32_t least = at;
    for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < self->n_waiting; child++) {
      least = before(self->heap[child], self->heap[least]) ? child : least;
    }
    if (least == at) {
      return first;
    }
    swap(&self->heap[at], &self->heap[least]);
    at = least;
  }
}

static void send_back(retries *self, leaf *it) {
  segment *seg = &self->runtime->segments[it->segment];
  if (seg->work->take_back != NULL) {
    seg->work->take_back(seg, it);
  } else {
    border_put(&seg->border, it);
  }
  runtime_wake_workers(self->runtime);
  activity_end(&self->runtime->activity);
}

static void set_timer(retries *retries);

static void release_due(retries *self, bool all) {
  uint64_t now_ms = uv_now(&self->runtime->loop.uv);
  while (self->n_waiting > 0 && (all || self->heap[0]->due_ms <= now_ms)) {
    send_back(self, heap_pop(self));
  }
  set_timer(self);
}

static void on_timer(uv_timer_t *timer) {
  release_due(timer->data, false);
}

static void set_timer(retries *self) {
  if (self->n_waiting == 0) {
    uv_timer_stop(&self->timer);
    return;
  }
  uint64_t now_ms = uv_now(&self->runtime->loop.uv);
  uint64_t due_ms = self->heap[0]->due_ms;
  uv_timer_start(&self->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

/* due_ms holds the delay until the loop sees the leaf: only the loop may read its clock. */
static void take_arrived(void *arg) {
  retries *self = arg;
  uv_update_time(&self->runtime->loop.uv);
  uint64_t now_ms = uv_now(&self->runtime->loop.uv);
  leaf *it = atomic_exchange(&self->arrived, NULL);
  while (it != NULL) {
    struct leaf *next = it->next;
    it->due_ms += now_ms;
    heap_push(self, it);
    it = next;
  }
  release_due(self, runtime_standing(self->runtime) >= RUN_INTERRUPTED);
}

int retries_new(runtime *self, retries **ret_retries) {
  retries *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->runtime = self;
  made->n_room = (self->admission.limit_documents + self->n_segments) * (self->receipts.form.n_spare + 1);
  made->heap = calloc(made->n_room, sizeof(leaf *));
  if (made->heap == NULL) {
    free(made);
    return -ENOMEM;
  }
  bell_init(&made->bell, take_arrived, made);
  uv_timer_init(&self->loop.uv, &made->timer);
  made->timer.data = made;
  made->has_timer = true;
  *ret_retries = made;
  return 0;
}

void retries_close(retries *self) {
  if (self != NULL && self->has_timer) {
    uv_close((uv_handle_t *)&self->timer, NULL);
    self->has_timer = false;
  }
}

void retries_free(retries *self) {
  if (self != NULL) {
    free((void *)self->heap);
    free(self);
  }
}

uint32_t retry_delay_ms(const plan_retry *retry, uint32_t attempts, uint64_t sequence) {
  uint64_t delay_ms = retry->delay_ms;
  for (uint32_t i = 1; i < attempts && delay_ms < retry->delay_max_ms; i++) {
    delay_ms *= 2;
  }
  if (retry->delay_max_ms > 0 && delay_ms > retry->delay_max_ms) {
    delay_ms = retry->delay_max_ms;
  }
  /* Between three quarters and the whole of it, by a hash of the document's place and the attempt. */
  uint64_t hash = (sequence * 8 + attempts) * UINT64_C(0x9E3779B97F4A7C15);
  uint64_t quarter = delay_ms / 4;
  return (uint32_t)(delay_ms - (quarter > 0 ? (hash >> 33) % (quarter + 1) : 0));
}

void retries_add(retries *self, leaf *it, uint32_t delay_ms) {
  it->due_ms = delay_ms;
  activity_begin(&self->runtime->activity);
  it->next = atomic_load(&self->arrived);
  while (!atomic_compare_exchange_weak(&self->arrived, &it->next, it)) {
  }
  loop_ring(&self->runtime->loop, &self->bell);
}

void retries_hurry(retries *self) {
  release_due(self, true);
}
