/* SPDX-License-Identifier: Apache-2.0 */

/* What becomes of a leaf by the status that a stage gave it. Floor 4. */
#ifndef CORE_RUNTIME_OUTCOME_H
#define CORE_RUNTIME_OUTCOME_H

#include "runtime/flow.h"

typedef enum verdict {
  VERDICT_PASSED = 0, /* on to the next */
  VERDICT_ENDED = 1,  /* its state says how */
  VERDICT_AGAIN = 2   /* another try after a while */
} verdict;

/* Decides, counts in the cell, and gives the leaf its state. error is why, if it is no OK. [worker] */
verdict outcome_of(runtime *runtime, leaf *leaf, const instance *stage, metrics_cell *cell, qn_status status,
                   qn_error *error);
/* Carries it out: onward, ended, or to the retries. Takes the leaf. */
void outcome_carry_out(flow *flow, const segment *segment, leaf *leaf, const instance *stage, verdict verdict);

/* Whether what wants another try is left as it is, since a worker's run ends before that: its source gives it again. */
bool outcome_is_left(const runtime *runtime, const leaf *leaf, const instance *stage);
/* Whether its source gives it again if it does not settle: a worker's, with a journal or a broker behind it. */
bool outcome_comes_again(const runtime *runtime, const leaf *leaf);

/* How long the leaf is to wait before the try that outcome_of has granted. */
uint32_t outcome_delay_ms(const instance *stage, const leaf *leaf);
/* Tells admission what the document has grown to. */
void outcome_charge(runtime *runtime, leaf *leaf);

#endif
