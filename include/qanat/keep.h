/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.keep/1": a few bytes that a sink keeps with the documents it has made durable, so that after a crash
 * it can undo what it wrote since: then every document comes out once, although some are delivered again.
 *
 * Get it with host->extension(env, QN_KEEP_1) in create; there is one only in a worker, and only if all documents of the
 * pipeline go by its journal. What flush() stores is committed together with the documents of that flush. */
#ifndef QANAT_KEEP_H
#define QANAT_KEEP_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_KEEP_1 "qanat.keep/1"

enum { QN_KEEP_MAX_BYTES = 4096 };

typedef struct qn_keep {
  uint32_t size;
  uint32_t reserved;

  /* What this stage (by its id in the pipeline) stored last. Lent until create returns. 0, -ENOENT. [create] */
  int (*load)(qn_create *create, qn_str *ret_bytes);

  /* Inside flush, once: keep these bytes from now on, if the flush succeeds. 0, -E2BIG, -ENOMEM. [lent or loop] */
  int (*store)(qn_call *call, const void *bytes, size_t len);

  /* Keeps these bytes at once, if there are none yet: where a sink begins. Without it, what is written before the first flush
   * counts could not be undone. 0, -E2BIG, -ENOMEM, or the errno of writing it. NULL in hosts that cannot. [create] */
  int (*begin)(qn_create *create, const void *bytes, size_t len);
} qn_keep;

/* The extension "qanat.worker/1": there if and only if the pipeline runs in a worker (`qanat serve`), where it goes on after
 * this process. A sink then adds to what its output has and never replaces it, and what flush() has said OK to must outlive
 * the machine's fall. It has no functions: that it is there says all. */
#define QN_WORKER_1 "qanat.worker/1"

typedef struct qn_worker {
  uint32_t size;
  uint32_t reserved;
} qn_worker;

#ifdef __cplusplus
}
#endif

#endif
