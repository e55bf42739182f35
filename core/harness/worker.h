/* SPDX-License-Identifier: Apache-2.0 */

/* What a worker lends that a run does not: qanat.intake/1, qanat.keep/1 and qanat.worker/1, with a journal that takes everything
 * at once. Private to core/harness. */
#ifndef CORE_HARNESS_WORKER_H
#define CORE_HARNESS_WORKER_H

#include "harness/harness_body.h"

typedef struct harness_worker harness_worker;

/* kept outlives it; NULL: it keeps for itself. 0, -ENOMEM. */
int worker_new(qn_harness *harness, harness_kept *kept, harness_worker **ret_worker);
void worker_free(harness_worker *worker);
int worker_keep(harness_worker *worker, const void *bytes, size_t len); /* as if an earlier life had. 0, -ENOMEM */
void kept_done(harness_kept *kept);

/* The extension of that name, or NULL. */
const void *worker_lent(const char *name);

/* --- all of these: NULL is fine, and does nothing --- */

void worker_created(harness_worker *worker); /* create has returned */

/* A document that a source commits: true if it is known by its key and not to be taken. The source will hear of it either way. */
bool worker_knows(harness_worker *worker, const document *held, const qn_emit *emit);
void worker_forget(harness_worker *worker); /* it is not committed after all */
/* A document that is about to be shown to the test. [loop] */
void worker_shown(harness_worker *worker, document *held, const qn_emit *emit);
void worker_settled(harness_worker *worker, const qn_receipt *receipts, uint32_t n_receipts); /* [loop] */
/* Tells the source what it waits to hear. [loop] */
void worker_tell(harness_worker *worker);

void worker_flush_begin(harness_worker *worker);
void worker_flush_end(harness_worker *worker, bool is_ok);

#endif
