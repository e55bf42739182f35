/* SPDX-License-Identifier: Apache-2.0 */

/* A place where threads sleep until there is something to do, woken without a lock. Floor 4.
 *
 * The sleeper announces itself, looks once more for work, and only then sleeps; whoever makes work looks for
 * announced sleepers afterwards. Both looks and both announcements are sequentially consistent, so one of the two sees the
 * other. The data that the work consists of must be published with sequentially consistent stores as well. */
#ifndef CORE_RUNTIME_PARK_H
#define CORE_RUNTIME_PARK_H

#include <stdbool.h>
#include <stdint.h>

typedef struct park {
  _Atomic uint32_t epoch;     /* what sleepers wait on: changes with every wake */
  _Atomic uint32_t n_waiting; /* announced, asleep or about to be */
  _Atomic uint32_t signalled; /* a sleeper was woken and has not looked for work yet: no need to wake another */
} park;

void park_init(park *park);

/* Waits a moment for work that may be just about to come, since sleeping and waking cost more than many documents do:
 * look, then pause with rounds from 0 until it says false. [any] */
bool park_pause(uint32_t round);

/* Announces a sleeper. Look for work after it, then call exactly one of cancel and wait. [any] */
uint32_t park_prepare(park *park);
void park_cancel(park *park);
/* Sleeps until woken, or for timeout_ns if that is not 0. May also return for no reason. */
void park_wait(park *park, uint32_t key, uint64_t timeout_ns);

/* Wakes one sleeper if there is one. A woken thread that finds more work than it takes must wake the next. [any] */
void park_wake(park *park);
void park_wake_all(park *park);

#endif
