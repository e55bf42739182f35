/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.progress/1": a source says how far it is, so that people can be told how long it takes.
 *
 * Get it with host->extension(env, QN_PROGRESS_1) in create; it is NULL where nobody looks, and then counting ahead would
 * be for nothing. */
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

  /* So much of the input is taken, of so much in all, in a unit of the source's choice (bytes of its files). total is 0 while
   * it is not known. Cheap, but not worth saying for every document. [any] */
  void (*tell)(qn_env *env, uint64_t done, uint64_t total);
} qn_progress;

#ifdef __cplusplus
}
#endif

#endif
