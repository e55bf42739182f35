/* SPDX-License-Identifier: Apache-2.0 */

/* The layers of a stage: its manifest's, then those its configuration adds if the manifest lets it. */
#include <errno.h>
#include <string.h>

#include "pipeline/condition.h"
#include "pipeline/draft_wire.h"
#include "pipeline/keys.h"
#include "pipeline/typed_values.h"
#include "plugin/config.h"
#include "plugin/manifest_parts.h"

enum { CANDIDATES_MAX = 512 };

typedef struct wanted_target {
  draft *draft;
  wanted_layers *wanted;
  layer_access access;
} wanted_target;

static int add(wanted_target *target, const char *name, layer_access access, const char *pointer) {
  wanted_layers *wanted = target->wanted;
  for (uint32_t i = 0; i < wanted->n; i++) {
    if (strcmp(wanted->all[i].name, name) == 0) {
      pipeline_file_fault(target->draft->file, pointer, false, "the stage has the layer \"%s\" already: remove it here",
                          name);
      return 0;
    }
  }
  if (wanted->n == STAGE_LAYERS_MAX) {
    pipeline_file_fault(target->draft->file, pointer, false, "more than %d layers for one stage", STAGE_LAYERS_MAX);
    return 0;
  }
  wanted->all[wanted->n++] = (wanted_layer){ name, access, pointer };
  return 0;
}

static int read_names(wanted_target *target, const cJSON *value, const char *pointer, layer_access access) {
  uint32_t index = 0;
  const cJSON *name = NULL;
  if (!cJSON_IsArray(value)) {
    pipeline_file_fault(target->draft->file, pointer, false, "must be a list of layers like [\"token/1\"]");
    return 0;
  }
  cJSON_ArrayForEach(name, value) {
    const char *here = pipeline_file_item(target->draft->file, pointer, index++);
    if (here == NULL) {
      return -ENOMEM;
    }
    if (!cJSON_IsString(name)) {
      pipeline_file_fault(target->draft->file, here, false, "must be the name of a layer like \"token/1\"");
      continue;
    }
    add(target, name->valuestring, access, here);
  }
  return 0;
}

static int read_reads(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  (void)file;
  return read_names(target, value, pointer, LAYER_READS);
}

static int read_may_read(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  (void)file;
  return read_names(target, value, pointer, LAYER_MAY_READ);
}

static int read_provides(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  (void)file;
  return read_names(target, value, pointer, LAYER_PROVIDES);
}

static bool has_view(const wanted_layers *wanted, const char *name) {
  for (uint32_t i = 0; i < wanted->n_views; i++) {
    if (strcmp(wanted->views[i].name, name) == 0) {
      return true;
    }
  }
  return strcmp(name, "payload") == 0;
}

static void add_view(wanted_target *target, const cJSON *name, const char *pointer) {
  wanted_layers *wanted = target->wanted;
  if (!cJSON_IsString(name) || !manifest_view_ok(name->valuestring)) {
    pipeline_file_fault(target->draft->file, pointer, false, "must be the name of a view like \"text\"");
  } else if (has_view(wanted, name->valuestring)) {
    pipeline_file_fault(target->draft->file, pointer, false,
                        "the documents have the view \"%s\" already: remove it here", name->valuestring);
  } else if (wanted->n_views == SCHEMA_VIEWS_MAX) {
    pipeline_file_fault(target->draft->file, pointer, false, "more than %d views", SCHEMA_VIEWS_MAX);
  } else {
    wanted->views[wanted->n_views++] = (wanted_view){ name->valuestring, pointer };
  }
}

/* Of sources only: which views their documents bring besides the payload. */
static int read_views(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  uint32_t index = 0;
  const cJSON *name = NULL;
  if (!cJSON_IsArray(value)) {
    pipeline_file_fault(file, pointer, false, "must be a list of views like [\"text\"]");
    return 0;
  }
  cJSON_ArrayForEach(name, value) {
    const char *here = pipeline_file_item(file, pointer, index++);
    if (here == NULL) {
      return -ENOMEM;
    }
    add_view(target, name, here);
  }
  return 0;
}

static int read_schemas(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  wanted_target *t = target;
  manifest_faults wrong = { 0 };
  int result = manifest_read_layers(&t->wanted->declared, value, &wrong);
  if (wrong.count > 0) {
    pipeline_file_fault(file, pointer, false, "%s", wrong.text);
  }
  return wrong.no_memory ? -ENOMEM : result;
}

static int read_configured(draft *self, const draft_stage *stage, wanted_target *target) {
  /* In the order of the ABI's indices, whatever the order in the file. */
  static const key_rule rules[] = { { "reads", read_reads, NULL, NULL },
                                    { "may_read", read_may_read, NULL, NULL },
                                    { "provides", read_provides, NULL, NULL },
                                    { "schemas", read_schemas, NULL, NULL } };
  static const key_rule source_rules[] = { { "views", read_views, NULL, NULL },
                                           { "provides", read_provides, NULL, NULL },
                                           { "schemas", read_schemas, NULL, NULL } };
  const cJSON *layers = cJSON_GetObjectItemCaseSensitive(stage->with, "layers");
  const char *with = draft_pointer(self, stage, "with");
  const char *pointer = with == NULL ? NULL : pipeline_file_child(self->file, with, "layers");
  if (pointer == NULL) {
    return -ENOMEM;
  }
  if (layers == NULL) {
    return 0;
  }
  if (stage->place == ROLE_SOURCE) {
    const uint32_t n_rules = sizeof source_rules / sizeof *source_rules;
    return keys_read(self->file, layers, pointer, "\"layers\"", source_rules, n_rules, target);
  }
  return keys_read(self->file, layers, pointer, "\"layers\"", rules, sizeof rules / sizeof *rules, target);
}

/* The manifest's own come first; the configured ones are sorted by access, each kind in the file's order. */
static void sort_configured(wanted_layers *wanted, uint32_t n_own) {
  for (uint32_t i = n_own + 1; i < wanted->n; i++) {
    wanted_layer moved = wanted->all[i];
    uint32_t at = i;
    for (; at > n_own && wanted->all[at - 1].access > moved.access; at--) {
      wanted->all[at] = wanted->all[at - 1];
    }
    wanted->all[at] = moved;
  }
}

/* A layer that a condition names is read, whatever else the stage does with it. */
static int add_of_condition(void *arg, const char *name, const char *pointer) {
  wanted_target *target = arg;
  for (uint32_t i = 0; i < target->wanted->n; i++) {
    if (strcmp(target->wanted->all[i].name, name) == 0) {
      return 0;
    }
  }
  return add(target, name, LAYER_READS, pointer);
}

static int visit_condition(void *arg, const cJSON *value, const char *pointer) {
  wanted_target *target = arg;
  return condition_layers(target->draft->file, value, pointer, add_of_condition, target);
}

/* Those that settings of type "predicate" name; behind all others, since the ABI has no index for them. */
static int read_conditions(draft *self, const draft_stage *stage, wanted_target *target) {
  const typed_values conditions = { self->file, "predicate", visit_condition, target };
  return typed_values_walk(&conditions, stage->stage.info->config, stage->with, draft_pointer(self, stage, "with"));
}

int wanted_layers_read(draft *self, const draft_stage *stage, wanted_layers *ret_wanted) {
  const stage_info *info = stage->stage.info;
  wanted_target target = { .draft = self, .wanted = ret_wanted };
  memset(ret_wanted, 0, sizeof *ret_wanted);
  for (uint32_t i = 0; i < info->n_layers; i++) {
    add(&target, info->layers[i].name, info->layers[i].access, NULL);
  }
  uint32_t n_own = ret_wanted->n;
  int result = info->layers_from_config ? read_configured(self, stage, &target) : 0;
  sort_configured(ret_wanted, n_own);
  return result != 0 ? result : read_conditions(self, stage, &target);
}

void wanted_layers_done(wanted_layers *wanted) {
  manifest_free_layers(&wanted->declared);
}

const layer_schema *wanted_layers_schema(const draft *self, const wanted_layers *wanted, const char *name) {
  for (uint32_t i = 0; i < wanted->declared.n_schemas; i++) {
    if (strcmp(wanted->declared.schemas[i].name, name) == 0) {
      return &wanted->declared.schemas[i];
    }
  }
  return registry_layer(self->registry, name);
}

const char *wanted_layer_hint(draft *self, const char *name) {
  const char *names[CANDIDATES_MAX];
  unsigned n = 0;
  const layer_schema *known = NULL;
  for (uint32_t i = 0; (known = schema_known_at(i)) != NULL && n < CANDIDATES_MAX; i++) {
    names[n++] = known->name;
  }
  for (uint32_t i = 0; i < registry_n_stages(self->registry); i++) {
    const stage_info *info = registry_stage_at(self->registry, i);
    for (uint32_t k = 0; k < info->n_layers && n < CANDIDATES_MAX; k++) {
      names[n++] = info->layers[k].name;
    }
  }
  const char *near = config_nearest(name, names, n);
  const char *hint = near == NULL ? "" : plan_memory_format(self->file->memory, "; did you mean \"%s\"?", near);
  return hint == NULL ? "" : hint;
}

/* --- suppliers --- */

static bool supplies(const stage_info *info, const char *layer, const char *view) {
  if (info == NULL) {
    return false;
  }
  if (view != NULL) {
    return info->view_provided != NULL && strcmp(info->view_provided, view) == 0;
  }
  for (uint32_t i = 0; i < info->n_layers; i++) {
    if (info->layers[i].access == LAYER_PROVIDES && strcmp(info->layers[i].name, layer) == 0) {
      return true;
    }
  }
  return false;
}

static const draft_stage *supplier_in_draft(const draft *self, const draft_stage *stage, const char *layer,
                                            const char *view) {
  for (uint32_t i = 0; i < self->n_stages; i++) {
    if (&self->stages[i] != stage && supplies(self->stages[i].stage.info, layer, view)) {
      return &self->stages[i];
    }
  }
  return NULL;
}

/* A stage between the two that splits documents. */
static const draft_stage *split_between(const draft_stage *above, const draft_stage *below) {
  for (const draft_stage *at = above + 1; above < below && at < below; at++) {
    if (at->stage.info != NULL && at->stage.info->splits) {
      return at;
    }
  }
  return NULL;
}

static const char *installed_advice(draft *self, const char *layer, const char *view) {
  const stage_info *found[3];
  uint32_t n = 0;
  for (uint32_t i = 0; i < registry_n_stages(self->registry) && n < 3; i++) {
    const stage_info *info = registry_stage_at(self->registry, i);
    if (supplies(info, layer, view)) {
      found[n++] = info;
    }
  }
  if (n == 0) {
    return "and no installed stage does; `qanat stages` lists what is there";
  }
  const char *more[3] = { "", "", "" };
  for (uint32_t i = 1; i < n; i++) {
    more[i] = plan_memory_format(self->file->memory, " (or \"%s\")", found[i]->name);
  }
  const char *advice = plan_memory_format(self->file->memory, "add { \"use\": \"%s\" } before it%s%s", found[0]->name,
                                          more[1] == NULL ? "" : more[1], more[2] == NULL ? "" : more[2]);
  return advice == NULL ? "" : advice;
}

const char *supplier_advice(draft *self, const draft_stage *stage, const char *layer, const char *view) {
  const draft_stage *other = supplier_in_draft(self, stage, layer, view);
  if (other == NULL) {
    return installed_advice(self, layer, view);
  }
  bool line = stage->from == NULL && other->from == NULL;
  const char *id = other->stage.id == NULL ? other->use : other->stage.id;
  const draft_stage *split = split_between(other, stage);
  const char *advice =
      split != NULL ? plan_memory_format(
                          self->file->memory,
                          "\"%s\" does, but what comes out of \"%s\" are other documents, with a payload only: put "
                          "one more { \"use\": \"%s\" } behind it",
                          id, split->use, other->use)
      : line ? plan_memory_format(self->file->memory, "\"%s\" does, but only later: move it up, before this one", id)
             : plan_memory_format(self->file->memory,
                                  "\"%s\" does, but this one does not read from it: see its \"from\"", id);
  return advice == NULL ? "" : advice;
}
