/* SPDX-License-Identifier: Apache-2.0 */

/* The rules a plugin keeps, with ids that never change: what a finding of the conformance checker names.
 *
 * docs/rules.md is printed from this table. A rule that is given up keeps its id, which is not used again. Floor 4. */
#ifndef CORE_CONFORMANCE_RULE_H
#define CORE_CONFORMANCE_RULE_H

#include <stdio.h>

typedef enum rule_id {
  /* the file, before any of its code runs */
  RULE_FILE_SHARED,
  RULE_FILE_EXPORTS,
  RULE_FILE_TEXT_RELOCATIONS,
  RULE_FILE_STATIC_TLS,
  RULE_FILE_SYMBOLS,
  RULE_FILE_LINKS_QANAT,
  RULE_FILE_STACK,
  RULE_FILE_LOADS,
  RULE_MANIFEST_THERE,
  RULE_MANIFEST_FORM,
  RULE_MANIFEST_ABI,
  RULE_MANIFEST_DATA,
  RULE_MANIFEST_SAME,
  RULE_MANIFEST_OPENS,
  /* whatever it does */
  RULE_RUN_CRASH,
  RULE_RUN_HANG,
  RULE_RUN_EXIT,
  RULE_RUN_SANITIZER,
  /* configuration */
  RULE_CONFIG_REFUSED,
  RULE_CONFIG_TAKEN,
  RULE_CONFIG_DECLARED,
  /* the host */
  RULE_HOST_OLDER,
  RULE_HOST_NEWER,
  RULE_CALL_ALLOWED,
  /* life */
  RULE_LIFE_NULL,
  RULE_LIFE_MEMORY,
  RULE_LIFE_GROWTH,
  RULE_LIFE_DESCRIPTORS,
  RULE_LIFE_THREADS,
  RULE_LIFE_CREATE_FAILS,
  RULE_LIFE_PROCESS_FAILS,
  RULE_LIFE_HOST_FAILS,
  /* words */
  RULE_SAY_WHY,
  RULE_SAY_CREATE,
  RULE_SAY_SLUG,
  RULE_SAY_TEXT,
  RULE_SAY_LOG,
  /* statuses */
  RULE_STATUS_ALLOWED,
  RULE_STATUS_FATAL,
  RULE_STATUS_SAID,
  /* what it builds */
  RULE_LAYER_BOUNDS,
  RULE_LAYER_CODE_POINTS,
  RULE_LAYER_ORDER,
  RULE_LAYER_BREAKS,
  RULE_LAYER_CELLS,
  RULE_LAYER_DECLARED,
  RULE_LAYER_COMMIT,
  RULE_LAYER_ROOM,
  RULE_LAYER_READ_ONLY,
  RULE_VIEW_BUILT,
  RULE_VIEW_DECLARED,
  RULE_FIELD_WRITES,
  RULE_FIELD_READS,
  RULE_FIELD_VALUE,
  /* the same result */
  RULE_SAME_AGAIN,
  RULE_SAME_ATTEMPT,
  RULE_SAME_ORDER,
  RULE_SAME_THREADS,
  RULE_SAME_INSTANCES,
  /* batch and async */
  RULE_BATCH_STATUS,
  RULE_BATCH_FALL,
  RULE_ASYNC_ONCE,
  RULE_ASYNC_ENDS,
  RULE_ASYNC_CANCEL,
  /* splitting */
  RULE_SPLIT_ENDS,
  RULE_SPLIT_CREDIT,
  /* sources */
  RULE_SOURCE_ORDINALS,
  RULE_SOURCE_EMIT,
  RULE_SOURCE_STOP,
  RULE_SOURCE_AFTER_STOP,
  RULE_SOURCE_CREDIT,
  RULE_SOURCE_AGAIN,
  /* sinks */
  RULE_SINK_STATUS,
  RULE_SINK_RETRY,
  RULE_SINK_LIFE,
  RULE_SINK_HALF,
  RULE_N
} rule_id;

typedef struct rule {
  const char *id;     /* QN-LAYER-03 */
  const char *says;   /* the rule, a sentence without its stop */
  const char *remedy; /* what to do when it is broken, likewise */
  const char *anchor; /* of docs/abi.md */
} rule;

const rule *rule_get(rule_id id);

/* docs/rules.md. */
void rule_print_all(FILE *stream);

#endif
