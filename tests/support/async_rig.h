/* SPDX-License-Identifier: Apache-2.0 */

/* Runs one asynchronous transform on a loop with the real "qanat.io/1", with no more of the runtime: what it does with
 * each document is seen as soon as it is done, and tests say when a document is given up.
 *
 * Stages before it run in the calling thread, as in the harness. What fails in setting up fails the test. */
#ifndef TESTS_SUPPORT_ASYNC_RIG_H
#define TESTS_SUPPORT_ASYNC_RIG_H

#include <stdbool.h>

#include "document/error.h"
#include "qanat/stage.h"

typedef struct async_rig async_rig;

/* stages_json: what stands under "stages" in a pipeline file, with ' for "; the last is the asynchronous one. */
async_rig *async_rig_new(const char *stages_json);
/* The same for a stage whose create must fail: gives its message, to be freed. */
char *async_rig_refusal(const char *stages_json);
/* Ends the stage. Asserts that it leaves no handle, no memory of the host's, no document, no child process and no open
 * descriptor. */
void async_rig_free(async_rig *rig);

/* Pushes a document through; gives its number, from 0. attempt is what the stage sees. */
uint32_t async_rig_push(async_rig *rig, const char *text);
uint32_t async_rig_push_again(async_rig *rig, const char *text, uint32_t attempt);
/* Runs the loop until all documents are done; fails the test if that takes longer. */
void async_rig_wait(async_rig *rig, uint32_t limit_ms);
/* Runs the loop for so long, or until `n_done` documents are done. */
void async_rig_run(async_rig *rig, uint32_t n_done, uint32_t limit_ms);
/* Nobody waits for this document any more. */
void async_rig_cancel(async_rig *rig, uint32_t number);

bool async_rig_is_done(const async_rig *rig, uint32_t number);
/* How it ended, once it is done. */
qn_status async_rig_status(const async_rig *rig, uint32_t number);
const qn_error *async_rig_error(const async_rig *rig, uint32_t number);
/* Its record, if it ended OK; lent. */
const char *async_rig_record(const async_rig *rig, uint32_t number);
/* All that was logged so far, "text\n" for each line. */
const char *async_rig_log(async_rig *rig);

#endif
