/* SPDX-License-Identifier: Apache-2.0 */

/* A source under a harness: what it emitted and the test has not taken yet. Private to core/harness. */
#ifndef CORE_HARNESS_SOURCE_H
#define CORE_HARNESS_SOURCE_H

#include "harness/harness_body.h"

typedef struct source_body source_body;

/* Credit for one document: waits (synchronous) or -EAGAIN; -ECANCELED once it is to stop. NULL: -EINVAL. */
int source_credit_take(source_body *source);
/* The same, waiting for up to wait_ms; -EAGAIN. Synchronous sources. */
int source_credit_take_within(source_body *source, uint32_t wait_ms);
void source_credit_give(source_body *source);
/* Takes held over. error: it was rejected for that. 0, -ENOMEM. */
int source_put(source_body *source, document *held, const qn_emit *emit, const qn_error *error);
/* Stops and frees it. 0, -EPROTO (it does not end, and stays as it is). */
int source_close(qn_harness *harness, qn_error *error);

#endif
