/* SPDX-License-Identifier: Apache-2.0 */

/* A small loop with qanat.io/1, for one stage, turned by the thread that waits for something. Private to core/harness. */
#ifndef CORE_HARNESS_TURN_H
#define CORE_HARNESS_TURN_H

#include <stdint.h>

#include "qanat/io.h"

typedef struct turner turner;

int turner_new(turner **ret_turner);
void turner_free(turner *turner); /* NULL is fine */
/* Closes what the stage left open, and waits for work it offloaded. How many there were. */
uint32_t turner_close(turner *turner);
/* Runs what is ready, waiting up to timeout_ms for it; a wake ends the wait. How many callbacks ran. */
uint32_t turner_turn(turner *turner, uint32_t timeout_ms);
void turner_wake(turner *turner); /* [any] */
/* The extension; finds the turner through the harness that owns the env. */
const qn_io *turner_io(void);

#endif
