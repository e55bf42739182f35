/* SPDX-License-Identifier: Apache-2.0 */

/* What a pipeline file may say and this version can't run yet: this file is the only one that holds it back. */
#include "pipeline/draft.h"

static void refuse(draft *self, const draft_stage *stage, const char *key, const char *what) {
  pipeline_file_fault(self->file, draft_pointer(self, stage, key), key[0] != 'u', "not supported yet: %s", what);
}

void draft_check_support(draft *self) {
  for (uint32_t i = 0; i < self->n_stages; i++) {
    const draft_stage *stage = &self->stages[i];
    const stage_info *info = stage->stage.info;
    if (stage->stage.isolate && info != NULL && info->splits) {
      refuse(self, stage, "isolate", "isolation of stages that split documents");
    }
  }
}
