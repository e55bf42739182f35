/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.block/1": whole documents that travel, with text, views, layers and fields, so that a pipeline can
 * be cut in two and its second half go on in another process with what the first has found.
 *
 * A sink prepares a document's block; a source emits a document out of one. What the source's documents bring stands in
 * its configuration: "layers": { "views": ["text", ...], "provides": ["token/1", ...] } (docs/abi.md). Of a block only that
 * is taken, and the fields; a block that lacks some of it is refused. Blocks are of one version of Qanat and of the layers'
 * columns as they are there; both are checked, as is every offset, so that a block may come from anywhere.
 *
 * Get it with host->extension(env, QN_BLOCK_1) in create. */
#ifndef QANAT_BLOCK_H
#define QANAT_BLOCK_H

#include "qanat/stage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define QN_BLOCK_1 "qanat.block/1"

/* What says that bytes are a block. */
#define QN_BLOCK_MEDIA_TYPE "application/vnd.qanat.block"

typedef struct qn_block {
  uint32_t size;
  uint32_t reserved;

  /* Makes the document's block what write() will find in the item: instead of prepared_set. Inside a sink's prepare. 0,
   * -EFBIG (over most_bytes), -ENOMEM. [worker] */
  int (*prepare)(qn_call *call, size_t most_bytes);

  /* Waits for credit as emit_reserve does, and begins a document out of the block, which is copied. emit_field and
   * emit_commit(call, 0, emit) follow; without an id in there the document keeps the one it has. 0, -EBADMSG (no valid block, or not what
   * the source's configuration says; ret_reason says why, lent until next() returns), and what emit_reserve gives. */
  int (*emit)(qn_call *call, const void *block, size_t len, qn_str *ret_reason);
} qn_block;

#ifdef __cplusplus
}
#endif

#endif
