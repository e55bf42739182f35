/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.progress/1": a source says how much is to come, so that people can be told how long it takes.
 *
 * Get it with host->extension(env, QN_PROGRESS_1); hosts that show no progress may not have it. */
#ifndef QANAT_PROGRESS_H
#define QANAT_PROGRESS_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_PROGRESS_1 "qanat.progress/1"

typedef struct qn_progress {
  uint32_t size;
  uint32_t reserved;

  /* How many documents and bytes of payload this source will have emitted when it is done, as far as it knows now; 0
   * means that it does not know. May be said again as it learns more. [any] */
  void (*expect)(qn_env *env, uint64_t n_documents, uint64_t n_bytes);
} qn_progress;

#ifdef __cplusplus
}
#endif

#endif
