/* SPDX-License-Identifier: Apache-2.0 */

/* The trunk of a plan: its transforms over one document at a time, in the calling thread, without the runtime. For looking at what
 * each stage does (`qanat trace`) and for tests of several stages together. One thread. Floor 4. */
#ifndef CORE_HARNESS_TRUNK_H
#define CORE_HARNESS_TRUNK_H

#include "document/document.h"
#include "pipeline/plan.h"
#include "qanat/harness.h"

typedef struct trunk trunk;

/* Zero means the usual for each. */
typedef struct trunk_options {
  int64_t now_ms;
  void (*log)(void *arg, uint32_t level, const char *text, size_t len); /* of any stage; any thread */
  void *arg;
} trunk_options;

/* Where a document has been: by plan stage. */
typedef struct trunk_way {
  bool reached[PLAN_STAGES_MAX];
} trunk_way;

/* Loads and creates the transforms. plan and installed outlive it. 0; -EINVAL (there are none); what create said. */
int trunk_open(const plan *plan, registry *installed, const trunk_options *options, trunk **ret_trunk, qn_error *error);
/* NULL is fine. 0; -EPROTO: a stage left something behind, and error says which and what. */
int trunk_close(trunk *trunk, qn_error *error);

uint32_t trunk_n_stages(const trunk *trunk);
const plan_stage *trunk_stage(const trunk *trunk, uint32_t index); /* in running order */
size_t trunk_stage_memory(const trunk *trunk, uint32_t index);     /* bytes of the host's that it holds */

/* A document with this payload. NULL: no memory, or too large. Free it with qn_harness_doc_free; the rest of it goes by
 * trunk_held. */
qn_harness_doc *trunk_document(trunk *trunk, const void *payload, size_t len);
document *trunk_held(const qn_harness_doc *doc);

/* Whether the document comes to the stage, by the edges and conditions on its way; 1 or 0, -ELOOP, -ENOMEM. Asked once for each
 * stage, in order. */
int trunk_reaches(const trunk *trunk, trunk_way *way, uint32_t index, const qn_harness_doc *doc);
/* Whether it comes to a sink from where it has been; nobody takes it otherwise, and it is dropped. Likewise. */
int trunk_arrives(const trunk *trunk, const trunk_way *way, const qn_harness_doc *doc);
/* The way of what a stage has split off a document: it begins there. And the document itself goes no further from there. */
trunk_way trunk_way_of_part(const trunk *trunk, uint32_t index);
void trunk_way_end(const trunk *trunk, trunk_way *way, uint32_t index);
qn_status trunk_step(trunk *trunk, uint32_t index, qn_harness_doc *doc, qn_harness_outcome *ret_outcome);

/* Through all stages that it reaches, until one does not say OK: its status, and which it was. */
qn_status trunk_push(trunk *trunk, qn_harness_doc *doc, uint32_t *ret_stopped, qn_harness_outcome *ret_outcome);

/* The laws of qn_harness_check_laws, over all stages together. */
int trunk_check_laws(trunk *trunk, const char *const *texts, uint32_t n_texts, char *message, size_t size);

#endif
