/* SPDX-License-Identifier: Apache-2.0 */

/* A list of rung bells behind one uv_async_t. */
#include "runtime/loop.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>

/* The order in which bells were rung is kept; it reads better in a debugger and costs nothing. */
static bell *reversed(bell *first) {
  bell *result = NULL;
  while (first != NULL) {
    bell *next = first->next;
    first->next = result;
    result = first;
    first = next;
  }
  return result;
}

static void answer(uv_async_t *async) {
  loop *self = async->data;
  bell *rung = reversed(atomic_exchange(&self->rung, NULL));
  while (rung != NULL) {
    struct bell *next = rung->next;
    /* Before it runs: a ring during the run is a new one. */
    atomic_store(&rung->rung, false);
    rung->run(rung->arg);
    rung = next;
  }
}

int loop_init(loop *self) {
  atomic_init(&self->rung, NULL);
  int rc = uv_loop_init(&self->uv);
  if (rc != 0) {
    return rc;
  }
  rc = uv_async_init(&self->uv, &self->async, answer);
  if (rc != 0) {
    uv_loop_close(&self->uv);
    return rc;
  }
  self->async.data = self;
  return 0;
}

void loop_done(loop *self) {
  uv_close((uv_handle_t *)&self->async, NULL);
  uv_run(&self->uv, UV_RUN_DEFAULT);
  int rc = uv_loop_close(&self->uv);
  assert(rc == 0);
  (void)rc;
}

void bell_init(bell *self, void (*run)(void *arg), void *arg) {
  self->next = NULL;
  atomic_init(&self->rung, false);
  self->run = run;
  self->arg = arg;
}

void loop_ring(loop *self, bell *rung) {
  if (atomic_exchange(&rung->rung, true)) {
    return;
  }
  rung->next = atomic_load(&self->rung);
  while (!atomic_compare_exchange_weak(&self->rung, &rung->next, rung)) {
  }
  uv_async_send(&self->async);
}
