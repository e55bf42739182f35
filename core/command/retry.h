/* SPDX-License-Identifier: Apache-2.0 */

/* A source that gives dead letters to a pipeline again, in the place of the one it names. Floor 5.
 *
 * A letter goes when its document was delivered or dropped, or failed again and is kept anew. Nothing goes before that
 * is on the disk, so a run that is killed tries some letters twice and loses none. */
#ifndef CORE_COMMAND_RETRY_H
#define CORE_COMMAND_RETRY_H

#include "pipeline/plan.h"

typedef struct retry retry;

typedef struct retry_counts {
  uint64_t n_tried;
  uint64_t n_delivered, n_dropped;
  uint64_t n_failed;     /* again */
  uint64_t n_unreadable; /* without bytes: their source could not read them */
  uint64_t n_too_large;  /* for limits.document_bytes as it is now */
  uint64_t n_parts;      /* came out of other documents: no source can give them again */
} retry_counts;

/* Takes the letters of the plan's pipeline in the file, or those whose numbers are given (borrowed). Makes itself the
 * source of the plan, whose own is neither loaded nor created. 0, or a negative errno with error filled. */
int retry_new(const char *path, plan *plan, const int64_t *numbers, uint32_t n_numbers, retry **ret_retry,
              qn_error *error);
void retry_free(retry *retry); /* NULL is fine; after the runtime */

/* The tables of all stages of the plan, this source's among them. tables has room for PLAN_STAGES_MAX. */
int retry_tables(retry *retry, registry *registry, const qn_stage **tables, qn_error *error);

/* After the run: removes the letters that have settled; those that failed again only if they are kept anew. */
int retry_conclude(retry *retry, bool failures_kept, retry_counts *ret_counts, qn_error *error);

#endif
