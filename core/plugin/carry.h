/* SPDX-License-Identifier: Apache-2.0 */

/* Documents that travel between pipelines as blocks: what a sink's prepare and a source's emit of "qanat.block/1" do with
 * the document itself. Credit and the way on are the runtime's or the harness's. Floor 2. */
#ifndef CORE_PLUGIN_CARRY_H
#define CORE_PLUGIN_CARRY_H

#include "plugin/host.h"

/* What a source's documents bring: views and layers by slot, one bit each. */
typedef struct carry_promise {
  const schema_set *set;
  uint32_t views;
  uint64_t layers;
} carry_promise;

carry_promise carry_promise_of(const schema_set *set, const stage_layout *layout);

/* The block's document with what is promised and nothing else. 0; -EBADMSG with the reason in error; -ENOMEM. */
int carry_read(document_pool *pool, const carry_promise *promise, const void *block, size_t len,
               document **ret_document, qn_error *error);

/* The document of a sink's prepare call becomes its item's prepared bytes. 0, -EINVAL (no such call), -EFBIG, -ENOMEM. */
int carry_prepare(qn_call *call, size_t most_bytes);

#endif
