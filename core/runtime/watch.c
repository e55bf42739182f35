/* SPDX-License-Identifier: Apache-2.0 */

/* The loop's look at a thread. */
#include "runtime/watch.h"

uint64_t watch_grace_ns(uint64_t limit_ns) {
  return limit_ns < WATCH_GRACE_MIN_NS   ? WATCH_GRACE_MIN_NS
         : limit_ns > WATCH_GRACE_MAX_NS ? WATCH_GRACE_MAX_NS
                                         : limit_ns;
}

bool watch_look(watch *self, uint64_t now_ns) {
  uint64_t state = atomic_load(&self->state);
  uint64_t due_ns = atomic_load(&self->due_ns);
  uint64_t limit_ns = atomic_load(&self->limit_ns);
  host_call *calls = atomic_load(&self->call);
  uint32_t n_calls = atomic_load(&self->n_calls);
  size_t stride = atomic_load(&self->stride);
  if ((state & WATCH_RUNNING) == 0 || now_ns < due_ns || atomic_load(&self->state) != state) {
    return false;
  }
  /* Should the call have ended by now, the flag is raised in vain: the next one clears it. */
  for (uint32_t i = 0; i < n_calls; i++) {
    host_call *call = (host_call *)(void *)((char *)calls + i * stride);
    atomic_store_explicit(&call->cancelled, 1, memory_order_relaxed);
  }
  uint64_t lost = (state & ~(uint64_t)WATCH_RUNNING) | WATCH_LOST;
  return now_ns - due_ns >= watch_grace_ns(limit_ns) && atomic_compare_exchange_strong(&self->state, &state, lost);
}
