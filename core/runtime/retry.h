/* SPDX-License-Identifier: Apache-2.0 */

/* Leaves that wait before a step is tried again. Floor 4. */
#ifndef CORE_RUNTIME_RETRY_H
#define CORE_RUNTIME_RETRY_H

#include "runtime/state.h"

struct retries {
  runtime *runtime;
  leaf *_Atomic arrived; /* from any thread */
  bell bell;
  leaf **heap; /* by due time [loop] */
  uint32_t n_waiting, n_room;
  uv_timer_t timer;
  bool has_timer;
};

int retries_new(runtime *runtime, retries **ret_retries);
void retries_close(retries *retries); /* closes the timer; run the loop, then free [loop] */
void retries_free(retries *retries);

/* How long to wait before the next try after so many: doubling, bounded, and spread by the sequence so that what
 * failed together does not come back together. */
uint32_t retry_delay_ms(const plan_retry *retry, uint32_t attempts, uint64_t sequence);

/* Takes the leaf for as long as the policy says; it then goes back to its segment's border. [any] */
void retries_add(retries *retries, leaf *leaf, uint32_t delay_ms);
/* Lets all go at once: the run stops. [loop] */
void retries_hurry(retries *retries);

#endif
