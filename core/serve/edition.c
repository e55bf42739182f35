/* SPDX-License-Identifier: Apache-2.0 */

/* Reading a pipeline file, and putting feeds in the place of sources that cannot give documents again. */
#include "serve/edition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_journaled(const plan_stage *stage) {
  return stage->info->role == ROLE_SOURCE && !stage->info->replays;
}

static int find_sources(edition *self) {
  self->journaled = calloc(self->plan->n_stages + 1, sizeof *self->journaled);
  if (self->journaled == NULL) {
    return -ENOMEM;
  }
  self->all_journaled = true;
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    plan_stage *stage = &self->plan->stages[i];
    if (!is_journaled(stage)) {
      self->all_journaled &= stage->info->role != ROLE_SOURCE;
      continue;
    }
    journaled *made = &self->journaled[self->n_journaled++];
    made->original = stage->info;
    made->stage = i;
    made->feed_info = *stage->info;
    made->feed_info.call = CALL_SYNC;
    stage->info = &made->feed_info;
  }
  return 0;
}

int edition_new(const char *path, const registry *from, const char *const *sets, uint32_t n_sets, edition **ret_edition,
                faults *found) {
  edition *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  atomic_init(&made->n_users, 1);
  const plan_options options = { .sets = sets, .n_sets = n_sets };
  int rc = plan_make(path, from, &options, &made->plan, found);
  rc = rc == 0 ? find_sources(made) : rc;
  if (rc != 0) {
    edition_unref(made);
    return rc;
  }
  *ret_edition = made;
  return 0;
}

edition *edition_ref(edition *self) {
  atomic_fetch_add(&self->n_users, 1);
  return self;
}

void edition_unref(edition *self) {
  if (self == NULL || atomic_fetch_sub(&self->n_users, 1) != 1) {
    return;
  }
  plan_free(self->plan);
  free(self->journaled);
  free(self);
}

/* What the stage owns, e.g. the path of a file; NULL: nothing. */
static const cJSON *owned(const plan_stage *stage) {
  const char *key = stage->info->exclusive;
  return key == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(stage->config, key);
}

/* They would own the same, or, being of one name, keep what is theirs in one place of the journal. */
static bool stages_exclude(const plan_stage *one, const plan_stage *other) {
  const cJSON *mine = owned(one);
  const cJSON *theirs = owned(other);
  if (mine == NULL || theirs == NULL || one->info->manifest != other->info->manifest) {
    return false;
  }
  return cJSON_Compare(mine, theirs, true) || (one->info->role == ROLE_SINK && strcmp(one->id, other->id) == 0);
}

bool edition_excludes(const edition *one, const edition *other) {
  for (uint32_t i = 0; i < one->plan->n_stages; i++) {
    for (uint32_t k = 0; k < other->plan->n_stages; k++) {
      if (stages_exclude(&one->plan->stages[i], &other->plan->stages[k])) {
        return true;
      }
    }
  }
  return false;
}

bool edition_same_source(const edition *one, const journaled *of_one, const edition *other, const journaled *of_other) {
  const plan_stage *a = &one->plan->stages[of_one->stage];
  const plan_stage *b = &other->plan->stages[of_other->stage];
  return of_one->original == of_other->original && strcmp(a->id, b->id) == 0 &&
         one->plan->limits.document_bytes == other->plan->limits.document_bytes &&
         strcmp(one->plan->base_folder, other->plan->base_folder) == 0 && cJSON_Compare(a->config, b->config, true);
}
