/* SPDX-License-Identifier: Apache-2.0 */

/* Sets of stages as bits, from the sources down. */
#include "pipeline/draft_routes.h"

#include <errno.h>
#include <string.h>

#include "plugin/predicate.h"

enum { WORDS = PLAN_STAGES_MAX / 64 };

typedef struct stage_set {
  uint64_t words[WORDS];
} stage_set;

struct routes {
  const draft *draft;
  stage_set *above;   /* by stage: itself, and all it reads from directly or not */
  stage_set *certain; /* of those, the ones that every document has passed */
};

/* --- sets --- */

static void set_add(stage_set *self, uint32_t stage) {
  self->words[stage / 64] |= UINT64_C(1) << (stage % 64);
}

static bool set_has(const stage_set *self, uint32_t stage) {
  return (self->words[stage / 64] >> (stage % 64) & 1) != 0;
}

static void set_join(stage_set *self, const stage_set *other) {
  for (uint32_t i = 0; i < WORDS; i++) {
    self->words[i] |= other->words[i];
  }
}

static void set_meet(stage_set *self, const stage_set *other) {
  for (uint32_t i = 0; i < WORDS; i++) {
    self->words[i] &= other->words[i];
  }
}

int routes_make(const draft *from, const uint32_t *order, routes **ret_routes) {
  plan_memory *memory = from->file->memory;
  routes *made = plan_memory_take(memory, 1, sizeof *made);
  stage_set *above = plan_memory_take(memory, from->n_stages, sizeof *above);
  stage_set *certain = plan_memory_take(memory, from->n_stages, sizeof *certain);
  if (made == NULL || above == NULL || certain == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < from->n_stages; i++) {
    uint32_t at = order[i];
    const plan_stage *stage = &from->stages[at].stage;
    for (uint32_t k = 0; k < stage->n_from; k++) {
      set_join(&above[at], &above[stage->from[k]]);
      if (k == 0) {
        certain[at] = certain[stage->from[k]];
      } else {
        set_meet(&certain[at], &certain[stage->from[k]]);
      }
    }
    set_add(&above[at], at);
    set_add(&certain[at], at);
  }
  *made = (routes){ from, above, certain };
  *ret_routes = made;
  return 0;
}

bool routes_is_above(const routes *self, uint32_t stage, uint32_t below) {
  return set_has(&self->above[below], stage);
}

/* --- exclusion --- */

/* Both read from the same stage alone, by conditions of which at most one can hold. */
static bool choices_exclude(const draft *from, uint32_t a, uint32_t b) {
  const plan_stage *x = &from->stages[a].stage;
  const plan_stage *y = &from->stages[b].stage;
  if (x->n_from != 1 || y->n_from != 1 || x->from[0] != y->from[0] || x->when == NULL || y->when == NULL) {
    return false;
  }
  bool one_otherwise = cJSON_IsString(x->when) != cJSON_IsString(y->when);
  return one_otherwise || predicate_excludes(x->when, y->when);
}

static bool part_ways(const draft *from, uint32_t a, uint32_t b) {
  bool both_sources = from->stages[a].place == ROLE_SOURCE && from->stages[b].place == ROLE_SOURCE;
  return a != b && (both_sources || choices_exclude(from, a, b));
}

bool routes_exclude(const routes *self, uint32_t a, uint32_t b) {
  for (uint32_t x = 0; x < self->draft->n_stages; x++) {
    for (uint32_t y = 0; set_has(&self->certain[a], x) && y < self->draft->n_stages; y++) {
      if (set_has(&self->certain[b], y) && part_ways(self->draft, x, y)) {
        return true;
      }
    }
  }
  return false;
}

/* What stands on this way and not on all the others has no condition, and comes from the same sources. */
bool routes_is_certain(const routes *self, uint32_t stage, uint32_t from) {
  const plan_stage *reader = &self->draft->stages[stage].stage;
  stage_set common = self->above[reader->from[0]];
  stage_set sources = self->above[reader->from[0]];
  for (uint32_t i = 1; i < reader->n_from; i++) {
    set_meet(&common, &self->above[reader->from[i]]);
    set_join(&sources, &self->above[reader->from[i]]);
  }
  for (uint32_t i = 0; i < self->draft->n_stages; i++) {
    const draft_stage *other = &self->draft->stages[i];
    bool is_here = set_has(&self->above[from], i);
    bool other_source = other->place == ROLE_SOURCE && set_has(&sources, i) && !is_here;
    bool is_choice = is_here && !set_has(&common, i) && other->stage.when != NULL;
    if (other_source || is_choice) {
      return false;
    }
  }
  return true;
}

/* --- what may not meet --- */

static const char *id_of(const draft *self, uint32_t stage) {
  const char *id = self->stages[stage].stage.id;
  return id == NULL ? "?" : id;
}

static const char *shared_field(const stage_info *a, const stage_info *b) {
  for (uint32_t i = 0; a != NULL && b != NULL && i < a->n_fields_written; i++) {
    for (uint32_t k = 0; k < b->n_fields_written; k++) {
      const char *name = a->fields_written[i];
      if (strcmp(name, "*") != 0 && strcmp(name, b->fields_written[k]) == 0) {
        return name;
      }
    }
  }
  return NULL;
}

static const char *from_pointer(draft *self, uint32_t stage) {
  return draft_pointer(self, &self->stages[stage], self->stages[stage].from != NULL ? "from" : "use");
}

static void check_fields(routes *self, draft *from, uint32_t stage, uint32_t x, uint32_t y) {
  const char *name = shared_field(from->stages[x].stage.info, from->stages[y].stage.info);
  if (name != NULL && !routes_exclude(self, x, y)) {
    pipeline_file_fault(
        from->file, from_pointer(from, stage), false,
        "two branches that meet here both set the field \"%s\": \"%s\" and \"%s\"; leave one of them out", name,
        id_of(from, x), id_of(from, y));
  }
}

static void check_split(routes *self, draft *from, uint32_t stage, uint32_t x, uint32_t other) {
  const stage_info *info = from->stages[x].stage.info;
  if (info != NULL && info->splits && !routes_exclude(self, x, other)) {
    pipeline_file_fault(from->file, from_pointer(from, stage), false,
                        "\"%s\" splits documents on one of the branches that meet here, and what comes by \"%s\" has "
                        "nothing to meet: split before the branches part, or lead them to different stages",
                        id_of(from, x), id_of(from, other));
  }
}

/* Pairs of stages of which one stands on the first way only, and the other on the second only. */
static void check_ways(routes *self, draft *from, uint32_t stage, uint32_t a, uint32_t b) {
  for (uint32_t x = 0; x < from->n_stages; x++) {
    bool on_a = set_has(&self->above[a], x) && !set_has(&self->above[b], x);
    bool on_b = set_has(&self->above[b], x) && !set_has(&self->above[a], x);
    if (on_a || on_b) {
      check_split(self, from, stage, x, on_a ? b : a);
    }
    for (uint32_t y = 0; on_a && y < from->n_stages; y++) {
      if (set_has(&self->above[b], y) && !set_has(&self->above[a], y)) {
        check_fields(self, from, stage, x, y);
      }
    }
  }
}

void routes_check_join(routes *self, draft *from, uint32_t stage) {
  const plan_stage *reader = &from->stages[stage].stage;
  for (uint32_t i = 0; i < reader->n_from; i++) {
    for (uint32_t k = i + 1; k < reader->n_from; k++) {
      check_ways(self, from, stage, reader->from[i], reader->from[k]);
    }
  }
}
