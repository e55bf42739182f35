/* SPDX-License-Identifier: Apache-2.0 */

/* The hook of the run cache into a parallel segment. Floor 4, private. */
#ifndef CORE_RUNTIME_TRUNK_H
#define CORE_RUNTIME_TRUNK_H

#include "runtime/lane.h"
#include "runtime/run_cache.h"

/* As lane_run, for a leaf of the plan's segment: by what the cache has, if it is the trunk and the leaf is at its begin.
 * The leaf's document may be another then. worker is whose lane this is. [worker] */
qn_status trunk_run(run_cache *cache, uint32_t worker, uint32_t segment, document_pool *pool, lane *lane, leaf *leaf);

#endif
