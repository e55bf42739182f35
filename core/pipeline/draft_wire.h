/* SPDX-License-Identifier: Apache-2.0 */

/* What a stage wants of layers and views, from its manifest and its configuration together. Floor 3. */
#ifndef CORE_PIPELINE_DRAFT_WIRE_H
#define CORE_PIPELINE_DRAFT_WIRE_H

#include "pipeline/draft.h"

/* A layer that a stage names: in its manifest (pointer NULL) or under "with"."layers". */
typedef struct wanted_layer {
  const char *name;
  layer_access access;
  const char *pointer;
} wanted_layer;

/* A view that a source's documents bring. */
typedef struct wanted_view {
  const char *name;
  const char *pointer;
} wanted_view;

typedef struct wanted_layers {
  uint32_t n, n_views;
  wanted_layer all[STAGE_LAYERS_MAX];
  wanted_view views[SCHEMA_VIEWS_MAX];
  manifest declared; /* only its schemas: those of "with"."layers"."schemas". wanted_layers_done frees them */
} wanted_layers;

/* Collects them; what is wrong with the configured ones is a fault. 0 or -ENOMEM. */
int wanted_layers_read(draft *draft, const draft_stage *stage, wanted_layers *ret_wanted);
void wanted_layers_done(wanted_layers *wanted);

/* The schema of a layer: one that the stage declares, or any that is installed. NULL: nobody declares it. */
const layer_schema *wanted_layers_schema(const draft *draft, const wanted_layers *wanted, const char *name);

/* A hint like `; did you mean "token/1"?`, or "" (in the plan's memory). */
const char *wanted_layer_hint(draft *draft, const char *name);

/* Who could supply what a stage misses, as the end of a sentence (in the plan's memory): a stage that stands
 * elsewhere in the pipeline, or an installed one. Exactly one of layer and view is set. */
const char *supplier_advice(draft *draft, const draft_stage *stage, const char *layer, const char *view);

#endif
