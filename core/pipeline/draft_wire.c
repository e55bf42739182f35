/* SPDX-License-Identifier: Apache-2.0 */

/* Follows layers and views along the edges: gives each its slot, and finds what a stage needs that nothing before it
 * makes.
 *
 * A thing missing is told once, at the first stage that misses it, and then taken for granted: whoever adds the
 * supplier there has helped all the others. Behind a stage that is unknown nothing can be said to be missing. */
#include "pipeline/draft_wire.h"

#include <errno.h>
#include <string.h>

#include "pipeline/condition.h"
#include "pipeline/draft_routes.h"

enum { NOBODY = 0, GRANTED = UINT16_MAX, SLOT_NONE = 255 };

/* What has been made when a document leaves a stage: by slot, the maker's index + 1. */
typedef struct wire_state {
  uint16_t layers[SCHEMA_LAYERS_MAX];
  uint16_t changed[SCHEMA_LAYERS_MAX]; /* by slot, who changed it last */
  uint16_t views[SCHEMA_VIEWS_MAX];
  bool is_sure[SCHEMA_VIEWS_MAX]; /* the view was made whatever way a document came */
  bool unknown;                   /* a stage we know nothing of stands above */
} wire_state;

typedef struct wiring {
  draft *draft;
  schema_set *schemas;
  routes *routes;
  wire_state *after; /* one a stage */
  /* the stage at work */
  uint32_t self;
  wire_state now;
  wanted_layers wanted;
} wiring;

static draft_stage *stage_now(wiring *w) {
  return &w->draft->stages[w->self];
}

static const char *id_of(const wiring *w, uint16_t maker) {
  const draft_stage *stage = &w->draft->stages[maker - 1];
  return stage->stage.id == NULL ? stage->use : stage->stage.id;
}

static const char *use_pointer(wiring *w) {
  return draft_pointer(w->draft, stage_now(w), "use");
}

/* --- joins --- */

/* Two branches may both bring a thing only if it is the same thing, or if no document comes by both. */
static uint16_t merge_maker(wiring *w, uint16_t a, uint16_t b, const char *what, const char *name) {
  if (a == b || b == NOBODY || (b == GRANTED && a != NOBODY)) {
    return a;
  }
  if (a == NOBODY || a == GRANTED) {
    return b;
  }
  uint32_t x = a - 1u;
  uint32_t y = b - 1u;
  if (routes_is_above(w->routes, x, y)) {
    return b; /* it came later on the same way */
  }
  if (!routes_is_above(w->routes, y, x) && !routes_exclude(w->routes, x, y)) {
    pipeline_file_fault(w->draft->file, draft_pointer(w->draft, stage_now(w), "from"), false,
                        "two branches that meet here both %s \"%s\": \"%s\" and \"%s\"; leave one of them out, or "
                        "give the branches a \"when\" that excludes the other's",
                        what, name, id_of(w, a), id_of(w, b));
  }
  return a;
}

/* Every document brings the view here. */
static bool view_is_sure(const wiring *w, const plan_stage *stage, uint32_t view) {
  bool by_all = stage->n_from > 0;
  for (uint32_t i = 0; i < stage->n_from; i++) {
    bool is_sure = w->after[stage->from[i]].is_sure[view];
    by_all = by_all && is_sure;
    if (is_sure && routes_is_certain(w->routes, w->self, stage->from[i])) {
      return true;
    }
  }
  return by_all;
}

static void merge(wiring *w) {
  const plan_stage *stage = &stage_now(w)->stage;
  memset(&w->now, 0, sizeof w->now);
  if (stage_now(w)->place == ROLE_SOURCE) {
    w->now.views[SCHEMA_VIEW_PAYLOAD] = (uint16_t)(w->self + 1);
    w->now.is_sure[SCHEMA_VIEW_PAYLOAD] = true;
  }
  w->now.unknown = stage_now(w)->place != ROLE_SOURCE && stage->n_from == 0;
  for (uint32_t i = 0; i < stage->n_from; i++) {
    const wire_state *from = &w->after[stage->from[i]];
    w->now.unknown = w->now.unknown || from->unknown;
    for (uint32_t k = 0; k < schema_set_count(w->schemas); k++) {
      const char *name = schema_set_at(w->schemas, k)->name;
      w->now.layers[k] = merge_maker(w, w->now.layers[k], from->layers[k], "make the layer", name);
      w->now.changed[k] = merge_maker(w, w->now.changed[k], from->changed[k], "change the layer", name);
    }
    for (uint32_t k = 0; k < schema_set_n_views(w->schemas); k++) {
      bool payload = k == SCHEMA_VIEW_PAYLOAD; /* every source makes it */
      w->now.views[k] =
          payload && w->now.views[k] != NOBODY
              ? w->now.views[k]
              : merge_maker(w, w->now.views[k], from->views[k], "make the view", schema_set_view_name(w->schemas, k));
    }
  }
}

/* --- views --- */

static uint32_t view_find(const schema_set *schemas, const char *name) {
  uint32_t n = schema_set_n_views(schemas);
  for (uint32_t i = 0; i < n; i++) {
    if (strcmp(schema_set_view_name(schemas, i), name) == 0) {
      return i;
    }
  }
  return SCHEMA_VIEWS_MAX;
}

/* The view to ask for is the last of the list: the others are made from it, or are only preferred. */
static void view_missing(wiring *w) {
  draft_stage *stage = stage_now(w);
  const stage_info *info = stage->stage.info;
  const char *name = info->views_read[info->n_views_read - 1];
  pipeline_file_fault(w->draft->file, use_pointer(w), false,
                      "\"%s\" reads the view \"%s\", which nothing before it makes; %s", stage->use, name,
                      supplier_advice(w->draft, stage, NULL, name));
  uint32_t slot = view_find(w->schemas, name);
  if (slot < SCHEMA_VIEWS_MAX || schema_set_add_view(w->schemas, name, &slot, NULL) == 0) {
    w->now.views[slot] = GRANTED;
    w->now.is_sure[slot] = true;
  }
}

/* Made somewhere above, but not on every way here. */
static void view_unsure(wiring *w, uint32_t slot) {
  draft_stage *stage = stage_now(w);
  pipeline_file_fault(w->draft->file, use_pointer(w), false,
                      "\"%s\" reads the view \"%s\", which \"%s\" makes, but not every document that comes here has "
                      "passed it; make it on the other ways too, or keep this stage on that way",
                      stage->use, schema_set_view_name(w->schemas, slot), id_of(w, w->now.views[slot]));
}

static void view_read(wiring *w) {
  draft_stage *stage = stage_now(w);
  const stage_info *info = stage->stage.info;
  stage->stage.layout.view_reads = SCHEMA_VIEW_TEXT;
  if (stage->place == ROLE_SOURCE) {
    return;
  }
  stage_layout *layout = &stage->stage.layout;
  uint32_t n_found = 0;
  uint32_t first = SCHEMA_VIEWS_MAX;
  for (uint32_t i = 0; i < info->n_views_read && n_found < STAGE_VIEWS_MAX; i++) {
    uint32_t slot = view_find(w->schemas, info->views_read[i]);
    if (slot == SCHEMA_VIEWS_MAX || w->now.views[slot] == NOBODY) {
      continue;
    }
    if (n_found++ == 0) {
      first = slot;
      layout->view_reads = (uint8_t)slot;
    } else {
      layout->views_else[layout->n_views_else++] = (uint8_t)slot;
    }
    if (w->now.is_sure[slot]) {
      return;
    }
  }
  if (w->now.unknown || info->n_views_read == 0) {
    return;
  }
  if (first == SCHEMA_VIEWS_MAX) {
    view_missing(w);
  } else if (w->now.views[first] != GRANTED) {
    view_unsure(w, first);
  }
}

static void view_provide(wiring *w) {
  draft_stage *stage = stage_now(w);
  const char *name = stage->stage.info->view_provided;
  stage->stage.layout.view_provides = SCHEMA_VIEW_NONE;
  if (name == NULL) {
    return;
  }
  qn_error error = { 0 };
  uint32_t slot = view_find(w->schemas, name);
  if (slot == SCHEMA_VIEWS_MAX && schema_set_add_view(w->schemas, name, &slot, &error) != 0) {
    pipeline_file_fault(w->draft->file, use_pointer(w), false, "the view \"%s\" of \"%s\" does not fit in: %s", name,
                        stage->use, error.message);
    return;
  }
  uint16_t maker = w->now.views[slot];
  if (maker != NOBODY && maker != GRANTED) {
    pipeline_file_fault(w->draft->file, use_pointer(w), false,
                        "\"%s\" makes the view \"%s\", which \"%s\" has made before it: remove one of the two",
                        stage->use, name, id_of(w, maker));
  }
  w->now.views[slot] = (uint16_t)(w->self + 1);
  w->now.is_sure[slot] = true;
  stage->stage.layout.view_provides = (uint8_t)slot;
}

/* What a source's documents bring besides the payload, as its configuration says. */
static void views_given(wiring *w) {
  draft_stage *stage = stage_now(w);
  for (uint32_t i = 0; i < w->wanted.n_views; i++) {
    const wanted_view *given = &w->wanted.views[i];
    qn_error error = { 0 };
    uint32_t slot = view_find(w->schemas, given->name);
    if (slot == SCHEMA_VIEWS_MAX && schema_set_add_view(w->schemas, given->name, &slot, &error) != 0) {
      pipeline_file_fault(w->draft->file, given->pointer, false, "%s", error.message);
      continue;
    }
    w->now.views[slot] = (uint16_t)(w->self + 1);
    w->now.is_sure[slot] = true;
    stage->stage.layout.views_given |= (uint8_t)(1u << slot);
  }
  for (uint32_t i = 0; stage->place == ROLE_SOURCE && i < w->wanted.n; i++) {
    if (w->now.views[SCHEMA_VIEW_TEXT] == NOBODY && w->wanted.all[i].pointer != NULL) {
      pipeline_file_fault(w->draft->file, w->wanted.all[i].pointer, false,
                          "layers lie on the text: \"views\" must name \"text\" as well");
      return;
    }
  }
}

/* --- layers --- */

static bool layer_present(const wiring *w, const char *name, uint32_t *ret_slot) {
  *ret_slot = schema_set_find(w->schemas, name);
  return *ret_slot < SCHEMA_LAYERS_MAX && w->now.layers[*ret_slot] != NOBODY;
}

/* From now on as if somebody had made it. */
static void layer_grant(wiring *w, const layer_schema *schema) {
  uint32_t slot = 0;
  if (schema != NULL && schema_set_add(w->schemas, schema, &slot, NULL) == 0) {
    w->now.layers[slot] = GRANTED;
  }
}

static void layer_missing(wiring *w, const wanted_layer *layer) {
  draft_stage *stage = stage_now(w);
  const char *pointer = layer->pointer != NULL ? layer->pointer : use_pointer(w);
  const layer_schema *schema = wanted_layers_schema(w->draft, &w->wanted, layer->name);
  if (schema == NULL) {
    pipeline_file_fault(w->draft->file, pointer, false, "no layer is called \"%.100s\"%s", layer->name,
                        wanted_layer_hint(w->draft, layer->name));
    return;
  }
  if (!w->now.unknown) {
    pipeline_file_fault(w->draft->file, pointer, false, "\"%s\" %s the layer \"%s\", which nothing before it makes; %s",
                        stage->use, layer->access == LAYER_MODIFIES ? "changes" : "reads", layer->name,
                        supplier_advice(w->draft, stage, layer->name, NULL));
  }
  layer_grant(w, schema);
}

/* Rows that others point at must stay what they are. */
static void layer_modify(wiring *w, const wanted_layer *layer, uint32_t slot) {
  for (uint32_t other = 0; other < schema_set_count(w->schemas); other++) {
    const layer_schema *schema = schema_set_at(w->schemas, other);
    uint16_t maker = w->now.layers[other];
    for (uint32_t i = 0; other != slot && maker != NOBODY && maker != GRANTED && i < schema->n_columns; i++) {
      if (schema_set_ref_slot(w->schemas, other, i) == slot) {
        pipeline_file_fault(w->draft->file, use_pointer(w), false,
                            "\"%s\" changes the layer \"%s\", which \"%s\" of \"%s\" points into: move it up, before "
                            "\"%s\"",
                            stage_now(w)->use, layer->name, schema->name, id_of(w, maker), id_of(w, maker));
        return;
      }
    }
  }
}

static uint32_t layer_provide(wiring *w, const wanted_layer *layer) {
  draft_stage *stage = stage_now(w);
  const char *pointer = layer->pointer != NULL ? layer->pointer : use_pointer(w);
  const layer_schema *schema = wanted_layers_schema(w->draft, &w->wanted, layer->name);
  uint32_t slot = SLOT_NONE;
  qn_error error = { 0 };
  if (schema == NULL) {
    pipeline_file_fault(w->draft->file, pointer, false, "no layer is called \"%.100s\"%s", layer->name,
                        wanted_layer_hint(w->draft, layer->name));
    return SLOT_NONE;
  }
  if (layer_present(w, layer->name, &slot) && w->now.layers[slot] != GRANTED) {
    pipeline_file_fault(w->draft->file, pointer, false,
                        "\"%s\" makes the layer \"%s\", which \"%s\" has made before it: remove one of the two",
                        stage->use, layer->name, id_of(w, w->now.layers[slot]));
    return slot;
  }
  if (schema_set_add(w->schemas, schema, &slot, &error) != 0) {
    pipeline_file_fault(w->draft->file, pointer, false, "%s", error.message);
    return SLOT_NONE;
  }
  return slot;
}

static uint32_t layer_wire(wiring *w, const wanted_layer *layer) {
  uint32_t slot = SLOT_NONE;
  if (layer->access == LAYER_PROVIDES) {
    return layer_provide(w, layer);
  }
  if (layer_present(w, layer->name, &slot)) {
    if (layer->access == LAYER_MODIFIES) {
      layer_modify(w, layer, slot);
    }
    return slot;
  }
  if (layer->access != LAYER_MAY_READ) {
    layer_missing(w, layer);
  } else if (wanted_layers_schema(w->draft, &w->wanted, layer->name) == NULL) {
    pipeline_file_fault(w->draft->file, layer->pointer != NULL ? layer->pointer : use_pointer(w), false,
                        "no layer is called \"%.100s\"%s", layer->name, wanted_layer_hint(w->draft, layer->name));
  }
  return SLOT_NONE;
}

static void layers_wire(wiring *w) {
  stage_layout *layout = &stage_now(w)->stage.layout;
  layout->n_layers = w->wanted.n;
  for (uint32_t i = 0; i < w->wanted.n; i++) {
    layout->layer_slot[i] = (uint8_t)layer_wire(w, &w->wanted.all[i]);
    layout->layer_access[i] = (uint8_t)w->wanted.all[i].access;
  }
  for (uint32_t i = 0; i < w->wanted.n; i++) {
    if (w->wanted.all[i].access == LAYER_PROVIDES && layout->layer_slot[i] != SLOT_NONE) {
      w->now.layers[layout->layer_slot[i]] = (uint16_t)(w->self + 1);
    }
    if (w->wanted.all[i].access == LAYER_MODIFIES && layout->layer_slot[i] != SLOT_NONE) {
      w->now.changed[layout->layer_slot[i]] = (uint16_t)(w->self + 1);
    }
  }
}

/* A layer out of a block whose rows point into another needs that one too, or no block would pass. */
static void given_refs_check(wiring *w) {
  for (uint32_t i = 0; stage_now(w)->place == ROLE_SOURCE && i < w->wanted.n; i++) {
    const wanted_layer *given = &w->wanted.all[i];
    const layer_schema *schema = wanted_layers_schema(w->draft, &w->wanted, given->name);
    for (uint32_t k = 0; schema != NULL && k < schema->n_columns; k++) {
      const char *target = schema->columns[k].layer;
      uint32_t slot = 0;
      if (target != NULL && strcmp(target, given->name) != 0 && !layer_present(w, target, &slot)) {
        pipeline_file_fault(w->draft->file, given->pointer, false,
                            "the layer \"%s\" points into \"%s\": name that one as well", given->name, target);
        layer_grant(w, registry_layer(w->draft->registry, target));
      }
    }
  }
}

/* --- conditions --- */

static int condition_layer(void *arg, const char *name, const char *pointer) {
  wiring *w = arg;
  uint32_t slot = 0;
  if (layer_present(w, name, &slot) || w->now.unknown) {
    return 0;
  }
  const layer_schema *schema = registry_layer(w->draft->registry, name);
  if (schema == NULL) {
    pipeline_file_fault(w->draft->file, pointer, false, "no layer is called \"%.100s\"%s", name,
                        wanted_layer_hint(w->draft, name));
  } else {
    pipeline_file_fault(w->draft->file, pointer, false, "nothing before this stage makes the layer \"%s\"; %s", name,
                        supplier_advice(w->draft, stage_now(w), name, NULL));
  }
  layer_grant(w, schema);
  return 0;
}

static int condition_wire(wiring *w) {
  draft_stage *stage = stage_now(w);
  if (stage->stage.when == NULL || !cJSON_IsObject(stage->stage.when)) {
    return 0;
  }
  const char *pointer = draft_pointer(w->draft, stage, "when");
  return pointer == NULL ? -ENOMEM : condition_layers(w->draft->file, stage->stage.when, pointer, condition_layer, w);
}

/* --- the whole --- */

static void fields_wire(draft_stage *stage) {
  const stage_info *info = stage->stage.info;
  stage_layout *layout = &stage->stage.layout;
  layout->n_fields_written = info->n_fields_written;
  layout->fields_written = info->fields_written;
  for (uint32_t i = 0; i < info->n_fields_written; i++) {
    layout->may_set_any_field |= strcmp(info->fields_written[i], "*") == 0;
  }
}

/* What comes out of a stage that splits are other documents: they have a payload and nothing else. */
static void begin_anew(wiring *w) {
  w->now = (wire_state){ .unknown = w->now.unknown };
  w->now.views[SCHEMA_VIEW_PAYLOAD] = (uint16_t)(w->self + 1);
  w->now.is_sure[SCHEMA_VIEW_PAYLOAD] = true;
}

static int stage_wire(wiring *w) {
  draft_stage *stage = stage_now(w);
  merge(w);
  routes_check_join(w->routes, w->draft, w->self);
  for (uint32_t i = 0; i < SCHEMA_VIEWS_MAX; i++) {
    w->now.is_sure[i] |= view_is_sure(w, &stage->stage, i);
  }
  int result = condition_wire(w);
  if (result != 0) {
    return result;
  }
  if (stage->stage.info == NULL) {
    w->now.unknown = true;
    return 0;
  }
  result = wanted_layers_read(w->draft, stage, &w->wanted);
  if (result == 0) {
    view_read(w);
    views_given(w);
    layers_wire(w);
    given_refs_check(w);
    view_provide(w);
    fields_wire(stage);
    if (stage->stage.info->splits) {
      begin_anew(w);
    }
  }
  wanted_layers_done(&w->wanted);
  return result;
}

int draft_wire(draft *self, const uint32_t *order, schema_set *schemas) {
  wiring w = { .draft = self, .schemas = schemas };
  w.after = plan_memory_take(self->file->memory, self->n_stages, sizeof *w.after);
  if (w.after == NULL || routes_make(self, order, &w.routes) != 0) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    w.self = order[i];
    int result = stage_wire(&w);
    if (result != 0) {
      return result;
    }
    w.after[w.self] = w.now;
  }
  return 0;
}
