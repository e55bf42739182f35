/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.direct/1": for sinks that know, once they have read their configuration, that prepare() has nothing to do in this
 * pipeline. Documents then come to write() without the way over a worker, which for short ones costs as much as writing them; as they do
 * for a sink that has no prepare() at all.
 *
 * Get it with host->extension(env, QN_DIRECT_1) in create; NULL where there is none, and then prepare() is called as ever. */
#ifndef QANAT_DIRECT_H
#define QANAT_DIRECT_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_DIRECT_1 "qanat.direct/1"

typedef struct qn_direct {
  uint32_t size;
  uint32_t reserved;

  /* prepare(), context_open() and context_close() are not called, and items come with no prepared bytes. 0, -EINVAL (no such sink).
   * [create] */
  int (*unprepared)(qn_env *env);
} qn_direct;

#ifdef __cplusplus
}
#endif

#endif
