/* SPDX-License-Identifier: Apache-2.0 */

/* Makes the plan of a draft in which nothing is wrong. */
#include <errno.h>

#include "pipeline/draft.h"
#include "pipeline/segments.h"

/* The draft's stages in running order, their edges renumbered. */
static int place_stages(const draft *self, const uint32_t *order, plan *made) {
  made->stages = plan_memory_take(made->memory, self->n_stages, sizeof *made->stages);
  uint32_t *place = plan_memory_take(made->memory, self->n_stages, sizeof *place);
  if (made->stages == NULL || place == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    place[order[i]] = i;
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    plan_stage *stage = &made->stages[i];
    *stage = self->stages[order[i]].stage;
    uint32_t *from = plan_memory_take(made->memory, stage->n_from, sizeof *from);
    if (from == NULL) {
      return -ENOMEM;
    }
    for (uint32_t k = 0; k < stage->n_from; k++) {
      from[k] = place[stage->from[k]];
    }
    stage->from = from;
    if (stage->info->role == ROLE_SINK) {
      stage->sink_slot = made->n_sinks++;
    }
  }
  made->n_stages = self->n_stages;
  return 0;
}

static void release_predicate(void *object) {
  predicate_free(object);
}

static int compile_conditions(plan *made) {
  for (uint32_t i = 0; i < made->n_stages; i++) {
    plan_stage *stage = &made->stages[i];
    predicate *compiled = NULL;
    stage->otherwise = cJSON_IsString(stage->when);
    if (stage->when == NULL || stage->otherwise) {
      continue;
    }
    int result = predicate_compile(stage->when, made->schemas, &compiled, NULL);
    if (result == 0) {
      result = plan_memory_own(made->memory, release_predicate, compiled);
    }
    if (result != 0) {
      return result;
    }
    stage->predicate = compiled;
  }
  return 0;
}

int draft_build(const draft *self, const uint32_t *order, plan *made) {
  made->name = self->name;
  made->path = self->file->path;
  made->base_folder = self->file->base_folder;
  made->any_order = self->any_order;
  made->limits = self->limits;
  int result = place_stages(self, order, made);
  if (result == 0) {
    result = compile_conditions(made);
  }
  return result != 0 ? result : segments_cut(made, made->memory);
}
