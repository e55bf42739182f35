/* SPDX-License-Identifier: Apache-2.0 */

/* What a pipeline file may say and this version can't run yet. The planner and everything else know graphs already;
 * this file is the only one that holds them back. */
#include "pipeline/draft.h"

static void refuse(draft *self, const draft_stage *stage, const char *key, const char *what) {
  pipeline_file_fault(self->file, draft_pointer(self, stage, key), key[0] != 'u', "not supported yet: %s", what);
}

static void check_keys(draft *self, const draft_stage *stage) {
  if (stage->stage.when != NULL) {
    refuse(self, stage, "when", "conditions");
  }
  if (stage->stage.isolate) {
    refuse(self, stage, "isolate", "isolation");
  }
  if (stage->stage.timeout_ms != 0) {
    refuse(self, stage, "timeout_ms", "time limits");
  }
  if (stage->has_batch) {
    refuse(self, stage, "batch", "batches");
  }
}

static void check_declarations(draft *self, const draft_stage *stage, const stage_info *info) {
  if (stage->place != ROLE_TRANSFORM) {
    return;
  }
  if (info->call == CALL_BATCH) {
    refuse(self, stage, "use", "stages that take batches");
  }
  if (info->call == CALL_ASYNC) {
    refuse(self, stage, "use", "asynchronous transforms");
  }
  if (info->concurrency != CONCURRENCY_PARALLEL) {
    refuse(self, stage, "use", info->concurrency == CONCURRENCY_ORDERED ? "ordered transforms" : "serial transforms");
  }
  if (info->splits) {
    refuse(self, stage, "use", "stages that split documents");
  }
}

/* A second reader of a stage is a fork, a second thing read is a join. */
static void check_line(draft *self) {
  bool is_read[PLAN_STAGES_MAX] = { false };
  bool has[3] = { false };
  for (uint32_t i = 0; i < self->n_stages; i++) {
    const draft_stage *stage = &self->stages[i];
    const char *key = stage->from != NULL ? "from" : "use";
    if (stage->place != ROLE_TRANSFORM && has[stage->place]) {
      refuse(self, stage, "use", stage->place == ROLE_SOURCE ? "several sources" : "several sinks");
      continue;
    }
    has[stage->place] = true;
    if (stage->stage.n_from > 1) {
      refuse(self, stage, key, "a stage that reads from several others");
    } else if (stage->stage.n_from == 1 && is_read[stage->stage.from[0]]) {
      refuse(self, stage, key, "a second stage that reads from the same one: the pipeline must be a line");
    }
    for (uint32_t k = 0; k < stage->stage.n_from; k++) {
      is_read[stage->stage.from[k]] = true;
    }
  }
}

void draft_check_support(draft *self) {
  check_line(self);
  for (uint32_t i = 0; i < self->n_stages; i++) {
    const draft_stage *stage = &self->stages[i];
    check_keys(self, stage);
    if (stage->stage.info != NULL) {
      check_declarations(self, stage, stage->stage.info);
    }
  }
}
