/* SPDX-License-Identifier: Apache-2.0 */

/* Places are taken once and never given back, so a reader needs no more than to see that one is in use. */
#include "observe/reasons.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { FREE = 0, BEING_WRITTEN = 1, IN_USE = 2 };

/* True if the place has this slug, now or already before. */
static bool take_place(reason *at, const char *slug) {
  uint32_t phase = FREE;
  if (atomic_compare_exchange_strong(&at->phase, &phase, BEING_WRITTEN)) {
    snprintf(at->slug, REASON_BYTES, "%s", slug);
    atomic_store(&at->phase, IN_USE);
    return true;
  }
  while (phase == BEING_WRITTEN) {
    sched_yield(); /* another thread is at its fifty bytes */
    phase = atomic_load(&at->phase);
  }
  return strncmp(at->slug, slug, REASON_BYTES - 1) == 0;
}

void reasons_count(reasons *self, const char *slug) {
  const char *name = slug[0] != '\0' ? slug : "unnamed";
  uint32_t i = 0;
  while (i < REASONS_MAX - 1 && !take_place(&self->all[i], name)) {
    i++;
  }
  if (i == REASONS_MAX - 1) {
    take_place(&self->all[i], "other");
  }
  atomic_fetch_add_explicit(&self->all[i].n, 1, memory_order_relaxed);
}

void reasons_sum_of(const reasons *self, reasons_sum *ret_sum) {
  ret_sum->n = 0;
  for (uint32_t i = 0; i < REASONS_MAX; i++) {
    if (atomic_load(&self->all[i].phase) == IN_USE) {
      memcpy(ret_sum->all[ret_sum->n].slug, self->all[i].slug, REASON_BYTES);
      ret_sum->all[ret_sum->n++].n = atomic_load_explicit(&self->all[i].n, memory_order_relaxed);
    }
  }
}
