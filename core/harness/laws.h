/* SPDX-License-Identifier: Apache-2.0 */

/* The laws, over whatever takes documents: one stage, or several behind each other. Private to core/harness. */
#ifndef CORE_HARNESS_LAWS_H
#define CORE_HARNESS_LAWS_H

#include <stdbool.h>

#include "qanat/harness.h"

typedef struct laws_subject {
  qn_harness *maker; /* of the documents */
  qn_status (*process)(void *arg, qn_harness_doc *doc, qn_harness_outcome *ret_outcome);
  /* The same for many at once, as qn_harness_process_threads. */
  int (*threads)(void *arg, qn_harness_doc *const *docs, uint32_t n_docs, uint32_t n_threads,
                 qn_harness_outcome *ret_outcomes);
  void *arg;
  bool any_order; /* what comes out does not depend on what came before */
  bool parallel;  /* may be called from several threads */
} laws_subject;

/* 0; -EPROTO with the first law broken; -ENOMEM. */
int laws_check(const laws_subject *subject, const char *const *texts, uint32_t n_texts, uint64_t seed, char *message,
               size_t size);

#endif
