/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.keep/1": what a sink keeps goes to whoever journals the documents, with the documents of its flush. */
#include "qanat/keep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/sink.h"

static int keep_load(qn_create *create, qn_str *ret_bytes) {
  instance *stage = create->env->owner;
  const runtime_keeper *keeper = stage->runtime->options.keeper;
  void *bytes = NULL;
  size_t size = 0;
  int rc = keeper->load(keeper->arg, stage->index, &bytes, &size);
  if (rc != 0) {
    return rc;
  }
  free(stage->kept);
  stage->kept = bytes;
  *ret_bytes = (qn_str){ bytes, size };
  return 0;
}

static int keep_store(qn_call *call, const void *bytes, size_t len) {
  instance *stage = call->env->owner;
  sink *self = stage->sink;
  if (len > QN_KEEP_MAX_BYTES) {
    return -E2BIG;
  }
  void *copy = malloc(len + 1);
  if (copy == NULL) {
    return -ENOMEM;
  }
  memcpy(copy, bytes, len);
  sink_flush_begin(self);
  self->kept = copy;
  self->kept_bytes = len;
  return 0;
}

/* Written in the order of all that goes to the journal: before any document that comes after. */
static int keep_begin(qn_create *create, const void *bytes, size_t len) {
  instance *stage = create->env->owner;
  const runtime_keeper *keeper = stage->runtime->options.keeper;
  if (len > QN_KEEP_MAX_BYTES) {
    return -E2BIG;
  }
  return keeper->flushed(keeper->arg, stage->index, NULL, 0, bytes, len);
}

const void *keep_extension(void) {
  static const qn_keep table = { .size = sizeof table, .load = keep_load, .store = keep_store, .begin = keep_begin };
  return &table;
}
