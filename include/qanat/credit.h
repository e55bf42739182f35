/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.credit/1": for synchronous sources that hold a session with somebody, which must be kept alive while
 * there is no credit for another document. emit_reserve waits for as long as it takes; this waits for as long as it is told.
 *
 * Get it with host->extension(env, QN_CREDIT_1) in create. Where it is NULL, emit_reserve is all there is. */
#ifndef QANAT_CREDIT_H
#define QANAT_CREDIT_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_CREDIT_1 "qanat.credit/1"

typedef struct qn_credit {
  uint32_t size;
  uint32_t reserved;

  /* Waits for up to wait_ms for credit for a document of so many bytes, and keeps it for the emit_reserve (or the block's
   * emit, qanat/block.h) that follows in the same next(), which then does not wait. 0, -EAGAIN (none yet), -ECANCELED (stopping; return soon),
   * -EINVAL (no synchronous source). [lent] */
  int (*wait)(qn_call *call, size_t bytes, uint32_t wait_ms);

  /* How many documents of all sources are in flight. Once it is 0 and settled() has told of the last ones, nothing more will
   * settle: the rest was left to a later run. NULL where nobody knows. [lent] */
  uint32_t (*in_flight)(qn_call *call);
} qn_credit;

#ifdef __cplusplus
}
#endif

#endif
