/* SPDX-License-Identifier: Apache-2.0 */

/* Runs a pipeline of probe stages by the real planner and runtime, and keeps what tests ask about. */
#ifndef TESTS_SUPPORT_RIG_H
#define TESTS_SUPPORT_RIG_H

#include "runtime/runtime.h"

typedef struct rig {
  /* Set before rig_run. */
  runtime_options options;
  const char *limits; /* what stands under "limits", or NULL */
  bool any_order;
  void (*before)(struct rig *rig); /* just before stages are created, or NULL */
  void (*after)(struct rig *rig);  /* just after they are destroyed, or NULL */
  void (*during)(struct rig *rig); /* runs on a thread of its own while the pipeline does, or NULL */

  /* Set by rig_run. */
  int created; /* what runtime_load returned */
  int code;    /* what runtime_run returned */
  qn_error error;
  runtime_counts counts;
  metrics_sum sums[8]; /* by index in the plan */
  letter_store *letters;
  char *output;     /* what the sink wrote; NULL if nothing */
  char *log;        /* "stage: text\n" for each line */
  runtime *runtime; /* while it runs */
} rig;

void rig_init(rig *rig);
/* source, stages and sink are what stands under these names in a pipeline file, with ' for ". The sink's path is the
 * rig's own. What makes no plan fails the test. */
void rig_run(rig *rig, const char *source, const char *stages, const char *sink);
void rig_done(rig *rig);

/* For during: stops the run when it has delivered RIG_SOME documents. */
enum { RIG_SOME = 20 };
void rig_stop_after_some(rig *rig);

/* How often a line of the log reads "stage: text". */
uint32_t rig_logged(const rig *rig, const char *stage, const char *text);
/* Asserts that the output holds the numbers below n in order, but for those that left_out names. */
void rig_assert_output(const rig *rig, uint32_t n, bool (*left_out)(uint32_t number));
/* The same in any order. */
void rig_assert_output_set(const rig *rig, uint32_t n, bool (*left_out)(uint32_t number));

#endif
