/* SPDX-License-Identifier: Apache-2.0 */

/* The edges of the graph, and what can be wrong with them.
 *
 * A stage without "from" reads from the stage before it in the list, the first one from all sources, a sink from the
 * last stage: so the short form is a line. */
#include <errno.h>
#include <string.h>

#include "pipeline/draft.h"
#include "plugin/config.h"

#define UNPLACED UINT32_MAX

typedef struct connector {
  draft *draft;
  bool faulty_names; /* some "from" names nothing: then who is read by whom is not known */
} connector;

/* --- edges --- */

static uint32_t stage_index(const draft *self, const char *id) {
  for (uint32_t i = 0; i < self->n_stages; i++) {
    if (self->stages[i].stage.id != NULL && strcmp(self->stages[i].stage.id, id) == 0) {
      return i;
    }
  }
  return UNPLACED;
}

static const char *nearest_id(const draft *self, const char *id) {
  const char *ids[PLAN_STAGES_MAX];
  unsigned n = 0;
  for (uint32_t i = 0; i < self->n_stages; i++) {
    if (self->stages[i].stage.id != NULL && self->stages[i].place != ROLE_SINK) {
      ids[n++] = self->stages[i].stage.id;
    }
  }
  return config_nearest(id, ids, n);
}

/* Adds the edge that one string of "from" names. */
static void edge_add(connector *c, draft_stage *stage, uint32_t *edges, const char *id, const char *pointer) {
  draft *self = c->draft;
  uint32_t index = stage_index(self, id);
  c->faulty_names = true; /* until it is found to be good */
  if (index == UNPLACED) {
    const char *near = nearest_id(self, id);
    pipeline_file_fault(self->file, pointer, false, "no stage has the id \"%.100s\"%s%s%s", id,
                        near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near, near == NULL ? "" : "\"?");
    return;
  }
  if (&self->stages[index] == stage) {
    pipeline_file_fault(self->file, pointer, false, "a stage can't read from itself");
    return;
  }
  if (self->stages[index].place == ROLE_SINK) {
    pipeline_file_fault(self->file, pointer, false, "\"%s\" is a sink: nothing can be read from it", id);
    return;
  }
  for (uint32_t i = 0; i < stage->stage.n_from; i++) {
    if (edges[i] == index) {
      pipeline_file_fault(self->file, pointer, false, "\"%s\" is named twice: remove one", id);
      return;
    }
  }
  c->faulty_names = false;
  edges[stage->stage.n_from++] = index;
}

static int edges_given(connector *c, draft_stage *stage) {
  const char *pointer = draft_pointer(c->draft, stage, "from");
  bool is_list = cJSON_IsArray(stage->from);
  uint32_t n = is_list ? (uint32_t)cJSON_GetArraySize(stage->from) : 1;
  uint32_t *edges = plan_memory_take(c->draft->file->memory, n, sizeof *edges);
  if (pointer == NULL || edges == NULL) {
    return -ENOMEM;
  }
  bool faulty = false;
  uint32_t index = 0;
  const cJSON *id = is_list ? stage->from->child : stage->from;
  for (; id != NULL && index < n; id = id->next) {
    const char *here = is_list ? pipeline_file_item(c->draft->file, pointer, index) : pointer;
    index++;
    if (cJSON_IsString(id)) {
      edge_add(c, stage, edges, id->valuestring, here);
    }
    faulty = faulty || c->faulty_names || !cJSON_IsString(id);
  }
  c->faulty_names = faulty;
  stage->stage.from = edges;
  return 0;
}

/* The stage before it, or all sources. */
static int edges_implied(connector *c, uint32_t index) {
  draft *self = c->draft;
  draft_stage *stage = &self->stages[index];
  uint32_t *edges = plan_memory_take(self->file->memory, self->n_stages, sizeof *edges);
  if (edges == NULL) {
    return -ENOMEM;
  }
  uint32_t last = UNPLACED;
  for (uint32_t i = 0; i < index; i++) {
    if (self->stages[i].place == ROLE_TRANSFORM) {
      last = i;
    } else if (self->stages[i].place == ROLE_SOURCE) {
      edges[stage->stage.n_from++] = i;
    }
  }
  if (last != UNPLACED) {
    edges[0] = last;
    stage->stage.n_from = 1;
  }
  stage->stage.from = edges;
  return 0;
}

/* --- what is wrong with the graph --- */

static bool reads_from(const draft_stage *stage, uint32_t index) {
  for (uint32_t i = 0; i < stage->stage.n_from; i++) {
    if (stage->stage.from[i] == index) {
      return true;
    }
  }
  return false;
}

static void check_dead_ends(draft *self) {
  if (self->n_stages == 0 || self->stages[self->n_stages - 1].place != ROLE_SINK) {
    return; /* the missing sink is what is wrong, and told */
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    const draft_stage *stage = &self->stages[i];
    bool is_read = stage->place == ROLE_SINK;
    for (uint32_t k = 0; k < self->n_stages && !is_read; k++) {
      is_read = reads_from(&self->stages[k], i);
    }
    if (!is_read) {
      const char *id = stage->stage.id == NULL ? "this stage" : stage->stage.id;
      pipeline_file_fault(self->file, stage->stage.pointer, false,
                          "nothing reads from \"%s\": name it in the \"from\" of a stage or a sink, or remove it", id);
    }
  }
}

static bool is_otherwise(const draft_stage *stage) {
  return cJSON_IsString(stage->stage.when);
}

/* "otherwise" means: not the others, so there must be others, with conditions, and no second "otherwise". */
static void check_otherwise(draft *self) {
  for (uint32_t i = 0; i < self->n_stages; i++) {
    const draft_stage *stage = &self->stages[i];
    bool has_condition = !is_otherwise(stage);
    const draft_stage *second = NULL;
    for (uint32_t k = 0; k < self->n_stages && is_otherwise(stage); k++) {
      const draft_stage *other = &self->stages[k];
      bool beside = false;
      for (uint32_t f = 0; f < stage->stage.n_from; f++) {
        beside = beside || reads_from(other, stage->stage.from[f]);
      }
      has_condition = has_condition || (beside && cJSON_IsObject(other->stage.when));
      second = beside && k < i && is_otherwise(other) ? other : second;
    }
    if (second != NULL) {
      pipeline_file_fault(self->file, draft_pointer(self, stage, "when"), false,
                          "\"%s\" is already what happens otherwise: only one can be", second->stage.id);
    } else if (!has_condition && stage->stage.n_from > 0) {
      pipeline_file_fault(self->file, draft_pointer(self, stage, "when"), false,
                          "\"otherwise\" needs a stage beside it, reading from the same one, with a condition");
    }
  }
}

/* path holds the cycle against the flow, n stages. */
static void report_cycle(draft *self, const uint32_t *path, uint32_t n) {
  char way[256] = "";
  size_t len = 0;
  for (uint32_t i = 1; i < n; i++) {
    const char *id = self->stages[path[i]].stage.id;
    len += (size_t)snprintf(way + len, sizeof way - len, "%s\"%.60s\"", i > 1 ? ", " : "", id == NULL ? "?" : id);
    if (len >= sizeof way) {
      memcpy(way + sizeof way - 4, "...", 4);
      break;
    }
  }
  const draft_stage *first = &self->stages[path[0]];
  const char *key = first->from != NULL ? "from" : "use";
  pipeline_file_fault(self->file, draft_pointer(self, first, key), false,
                      "a cycle: \"%s\" reads from itself by way of %s", first->stage.id == NULL ? "?" : first->stage.id,
                      way);
}

/* Every stage that is not placed reads from another such; walking up, the walk bites its tail. */
static void check_cycles(draft *self, const bool *placed, bool *seen) {
  uint32_t path[PLAN_STAGES_MAX];
  for (uint32_t start = 0; start < self->n_stages; start++) {
    uint32_t n = 0;
    uint32_t at = start;
    while (!placed[at] && !seen[at]) {
      seen[at] = true;
      path[n++] = at;
      const plan_stage *stage = &self->stages[at].stage;
      for (uint32_t i = 0; i < stage->n_from; i++) {
        if (!placed[stage->from[i]]) {
          at = stage->from[i];
          break;
        }
      }
    }
    for (uint32_t i = 0; i < n; i++) {
      if (path[i] == at && !placed[at]) {
        report_cycle(self, path + i, n - i);
        break;
      }
    }
  }
}

/* --- order --- */

static bool is_ready(const draft_stage *stage, const bool *placed) {
  bool ready = true;
  for (uint32_t i = 0; i < stage->stage.n_from; i++) {
    ready = ready && placed[stage->stage.from[i]];
  }
  return ready;
}

/* Of those that are ready always the first in the file: sources stand first and sinks last there already. */
static uint32_t order_make(const draft *self, uint32_t *order, bool *placed) {
  uint32_t n = 0;
  bool more = true;
  while (more) {
    more = false;
    for (uint32_t i = 0; i < self->n_stages && !more; i++) {
      if (!placed[i] && is_ready(&self->stages[i], placed)) {
        placed[i] = true;
        order[n++] = i;
        more = true;
      }
    }
  }
  return n;
}

int draft_connect(draft *self, uint32_t **ret_order, bool *ret_ordered) {
  connector c = { .draft = self };
  bool faulty_names = false;
  for (uint32_t i = 0; i < self->n_stages; i++) {
    draft_stage *stage = &self->stages[i];
    if (stage->place == ROLE_SOURCE) {
      continue;
    }
    c.faulty_names = false;
    int result = stage->from != NULL ? edges_given(&c, stage) : edges_implied(&c, i);
    if (result != 0) {
      return result;
    }
    faulty_names = faulty_names || c.faulty_names;
  }
  uint32_t *order = plan_memory_take(self->file->memory, self->n_stages, sizeof *order);
  bool *flags = plan_memory_take(self->file->memory, 2 * (size_t)self->n_stages, sizeof *flags);
  if (order == NULL || flags == NULL) {
    return -ENOMEM;
  }
  bool ordered = order_make(self, order, flags) == self->n_stages;
  if (!ordered) {
    check_cycles(self, flags, flags + self->n_stages);
  }
  if (!faulty_names) {
    check_dead_ends(self);
    check_otherwise(self);
  }
  *ret_order = order;
  *ret_ordered = ordered;
  return 0;
}
