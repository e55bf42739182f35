/* SPDX-License-Identifier: Apache-2.0 */

/* Time limits of stages in process: a thread says what it is about to run and until when; the loop looks now and then. Floor 4.
 *
 * A thread cannot be ended from outside. When the time is up the call's cancel flag is raised; a stage that returns then
 * has failed on the document, and all goes on. One that does not return is given up: its document is taken from it. */
#ifndef CORE_RUNTIME_WATCH_H
#define CORE_RUNTIME_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "plugin/host.h"
#include "runtime/receipt.h"

/* How long a stage may go on once its flag is raised: its limit again, within these bounds. */
#define WATCH_GRACE_MIN_NS UINT64_C(1000000000)
#define WATCH_GRACE_MAX_NS UINT64_C(10000000000)

/* How a thread stands, in the lower bits of watch.state; above them is the number of the call, so that the loop never takes one
 * call for another. */
enum { WATCH_IDLE = 0, WATCH_RUNNING = 1, WATCH_LOST = 2, WATCH_BITS = 2 };

typedef struct watch {
  _Atomic uint64_t state;
  _Atomic uint64_t due_ns, limit_ns; /* of the call, on the metrics' clock */
  host_call *_Atomic call;           /* the first of n_calls ... */
  _Atomic uint32_t n_calls;
  _Atomic size_t stride; /* ... so many bytes apart */
  /* Written before state says RUNNING; who has set LOST may read them. */
  leaf *leaf;     /* NULL: a batch or a generator, whose thread cannot be given up alone */
  uint32_t stage; /* index in the plan */
} watch;

/* Of calls that lie in something larger. [the thread] */
static inline void watch_begin_apart(watch *self, leaf *it, host_call *calls, uint32_t n_calls, size_t stride,
                                     uint32_t stage, uint64_t now_ns, uint64_t limit_ns) {
  uint64_t number = (atomic_load_explicit(&self->state, memory_order_relaxed) >> WATCH_BITS) + 1;
  self->leaf = it;
  self->stage = stage;
  atomic_store(&self->call, calls);
  atomic_store(&self->n_calls, n_calls);
  atomic_store(&self->stride, stride);
  atomic_store(&self->limit_ns, limit_ns);
  atomic_store(&self->due_ns, now_ns + limit_ns);
  atomic_store(&self->state, number << WATCH_BITS | WATCH_RUNNING);
}

/* [the thread] */
static inline void watch_begin(watch *self, leaf *it, host_call *calls, uint32_t n_calls, uint32_t stage,
                               uint64_t now_ns, uint64_t limit_ns) {
  watch_begin_apart(self, it, calls, n_calls, sizeof *calls, stage, now_ns, limit_ns);
}

/* False: the thread was given up, and the leaf is no longer its own. [the thread] */
static inline bool watch_end(watch *self) {
  uint64_t running = atomic_load_explicit(&self->state, memory_order_relaxed);
  return (running & WATCH_LOST) == 0 &&
         atomic_compare_exchange_strong(&self->state, &running, running & ~(uint64_t)WATCH_RUNNING);
}

/* How long what has been told that nobody waits may still take. */
uint64_t watch_grace_ns(uint64_t limit_ns);

/* Raises the flag of what is over its time. True, once: it was given up, and its leaf is the caller's. [loop] */
bool watch_look(watch *watch, uint64_t now_ns);

#endif
