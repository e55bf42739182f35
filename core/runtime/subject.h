/* SPDX-License-Identifier: Apache-2.0 */

/* Which document the calling thread has in a stage's hands, for log lines: a stage's log() says nothing of it. Floor 4. */
#ifndef CORE_RUNTIME_SUBJECT_H
#define CORE_RUNTIME_SUBJECT_H

#include "document/document.h"
#include "qanat/stage.h"

/* One for each thread, set around each call of a stage that has one document; that is all that may be global here. */
extern _Thread_local const document *subject_now __attribute__((tls_model("initial-exec")));

static inline void subject_begin(const document *of) {
  subject_now = of;
}

static inline void subject_end(void) {
  subject_now = NULL;
}

/* Its id; empty if there is none. Lent until the stage returns. [inside a stage's call, as runtime_options.log is] */
qn_str subject_id(void);

#endif
