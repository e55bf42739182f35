/* SPDX-License-Identifier: Apache-2.0 */

/* The long form of a pipeline, typed: every stage with its id, its plugin's declarations, its checked configuration
 * and its edges. The short form is expanded here; everything after works on drafts only. Floor 3. */
#ifndef CORE_PIPELINE_DRAFT_H
#define CORE_PIPELINE_DRAFT_H

#include "pipeline/entries.h"
#include "pipeline/keys.h"
#include "pipeline/pipeline_file.h"
#include "pipeline/plan.h"

/* Of stage.batch_wait_ms, where 0 is a value. */
#define DRAFT_UNSET UINT32_MAX

/* A stage on the way to a plan. stage holds what is known so far; its from are indices into draft.stages. */
typedef struct draft_stage {
  plan_stage stage; /* info is NULL while the stage is unknown or in the wrong place */
  stage_role place;
  const char *use; /* NULL: missing or no string */
  const cJSON *with;
  const cJSON *from; /* as given, or NULL */
  bool has_batch;
  bool has_network, has_paths; /* in "isolate": agreed or refused, but not left open */
} draft_stage;

typedef struct draft {
  pipeline_file *file;
  const registry *registry;
  const char *name;
  bool any_order;
  plan_limits limits;
  bool has_stages; /* the key, of whatever value */
  uint32_t n_stages;
  draft_stage *stages; /* sources, then stages, then sinks, each as in the file */
} draft;

/* The keys of a pipeline, and of a stage by its place: what can be read and what plan_file_schema publishes. */
const key_rule *draft_rules(uint32_t *ret_n_rules);
const key_rule *draft_stage_rules(stage_role place, uint32_t *ret_n_rules);

/* Reads the file's tree into a draft: forms, names, configurations. Reports all that is wrong and goes on. */
int draft_read(pipeline_file *file, const registry *registry, draft *ret_draft);

/* The parts of draft_read. All return 0 (also after faults) or -ENOMEM. */
int draft_stage_read(pipeline_file *file, draft_stage *stage, const cJSON *object);
int draft_stage_resolve(draft *draft, draft_stage *stage);
/* Of "isolate"; target is the draft_stage. */
int draft_isolate_read(pipeline_file *file, void *target, const cJSON *value, const char *pointer);

/* Turns "from", or its absence, into edges; reports cycles, dead ends and what no document reaches. Stages come out
 * ordered: ret_order holds indices, sources first, then so that each follows all it reads from, sinks last. It has
 * n_stages entries, from the plan's memory; ret_ordered is false if there is a cycle, and ret_order then useless. */
int draft_connect(draft *draft, uint32_t **ret_order, bool *ret_ordered);

/* Gives layers and views their slots and fills the layouts; reports what is missing, out of order or made twice. */
int draft_wire(draft *draft, const uint32_t *order, schema_set *schemas);

/* Reports isolated stages whose manifest and pipeline do not agree on what they may reach. */
void draft_check_isolation(draft *draft);

/* Reports what this version can't run yet. The one place for it. */
void draft_check_support(draft *draft);

/* Fills a plan that has its memory and schemas. Only after all checks have found nothing. 0 or -ENOMEM. */
int draft_build(const draft *draft, const uint32_t *order, plan *plan);

/* The pointer of a member of a stage, for messages. */
const char *draft_pointer(draft *draft, const draft_stage *stage, const char *key);

#endif
