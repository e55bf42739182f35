/* SPDX-License-Identifier: Apache-2.0 */

/* Sleeping on a futex: waking nobody costs one load, and that is the common case. */
#include "runtime/park.h"

#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { NS_PER_S = 1000000000 };

static void futex_wake(_Atomic uint32_t *word, int n) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

void park_init(park *self) {
  atomic_init(&self->epoch, 0);
  atomic_init(&self->n_waiting, 0);
  atomic_init(&self->signalled, 0);
}

/* About a microsecond of waiting in place, then a few turns for others who have something to do. */
bool park_pause(uint32_t round) {
  enum { ROUNDS_IN_PLACE = 32, ROUNDS = 36 };
  if (round >= ROUNDS) {
    return false;
  }
  if (round < ROUNDS_IN_PLACE) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  } else {
    sched_yield();
  }
  return true;
}

/* `signalled` is cleared before the sleeper looks for work: whoever skips a wake because it was set has published
 * before, so that look finds the work. */
uint32_t park_prepare(park *self) {
  atomic_fetch_add(&self->n_waiting, 1);
  atomic_store(&self->signalled, 0);
  return atomic_load(&self->epoch);
}

static void leave(park *self) {
  atomic_fetch_sub(&self->n_waiting, 1);
  atomic_store(&self->signalled, 0);
}

void park_cancel(park *self) {
  leave(self);
}

void park_wait(park *self, uint32_t key, uint64_t timeout_ns) {
  struct timespec timeout = { .tv_sec = (time_t)(timeout_ns / NS_PER_S), .tv_nsec = (long)(timeout_ns % NS_PER_S) };
  syscall(SYS_futex, &self->epoch, FUTEX_WAIT_PRIVATE, key, timeout_ns != 0 ? &timeout : NULL, NULL, 0);
  leave(self);
}

void park_wake(park *self) {
  if (atomic_load(&self->n_waiting) == 0 || atomic_exchange(&self->signalled, 1) != 0) {
    return;
  }
  atomic_fetch_add(&self->epoch, 1);
  futex_wake(&self->epoch, 1);
}

void park_wake_all(park *self) {
  atomic_fetch_add(&self->epoch, 1);
  futex_wake(&self->epoch, INT_MAX);
}
