/* SPDX-License-Identifier: Apache-2.0 */

/* The plan for programs. Secrets are masked. */
#include "pipeline/plan.h"

/* One failure spoils it all, so it is looked at once at the end. */
typedef struct json_writer {
  const plan *plan;
  bool failed;
} json_writer;

/* Puts value under key, or at the end of a list if key is NULL; takes it. */
static cJSON *put(json_writer *w, cJSON *parent, const char *key, cJSON *value) {
  bool good = parent != NULL && value != NULL &&
              (key == NULL ? cJSON_AddItemToArray(parent, value) : cJSON_AddItemToObject(parent, key, value));
  if (!good) {
    cJSON_Delete(value);
    w->failed = true;
    return NULL;
  }
  return value;
}

static void put_text(json_writer *w, cJSON *parent, const char *key, const char *text) {
  put(w, parent, key, cJSON_CreateString(text));
}

static void put_number(json_writer *w, cJSON *parent, const char *key, double number) {
  put(w, parent, key, cJSON_CreateNumber(number));
}

static void put_layers(json_writer *w, cJSON *parent, const char *key, const stage_layout *layout,
                       layer_access access) {
  cJSON *list = put(w, parent, key, cJSON_CreateArray());
  for (uint32_t i = 0; i < layout->n_layers; i++) {
    if (layout->layer_access[i] == access && layout->layer_slot[i] < schema_set_count(w->plan->schemas)) {
      put_text(w, list, NULL, schema_set_at(w->plan->schemas, layout->layer_slot[i])->name);
    }
  }
}

static void put_paths(json_writer *w, cJSON *parent, const char *key, const char *const *paths, uint32_t n) {
  cJSON *list = put(w, parent, key, cJSON_CreateArray());
  for (uint32_t i = 0; i < n; i++) {
    put_text(w, list, NULL, paths[i]);
  }
}

static void put_isolation(json_writer *w, cJSON *parent, const plan_isolation *from) {
  cJSON *json = put(w, parent, "isolate", cJSON_CreateObject());
  put_number(w, json, "memory_bytes", (double)from->memory_bytes);
  put_number(w, json, "cpu_ms", from->cpu_ms);
  put_number(w, json, "open_files", from->open_files);
  put_number(w, json, "file_bytes", (double)from->file_bytes);
  put(w, json, "network", cJSON_CreateBool(from->network));
  put_paths(w, json, "read", from->read, from->n_read);
  put_paths(w, json, "write", from->write, from->n_write);
}

static void put_stage(json_writer *w, cJSON *stages, const plan_stage *stage) {
  static const char *const roles[] = { "source", "transform", "sink" };
  static const char *const on_error[] = { "dead-letter", "drop", "stop" };
  const stage_info *info = stage->info;
  cJSON *json = put(w, stages, NULL, cJSON_CreateObject());
  put_text(w, json, "id", stage->id);
  put_text(w, json, "use", info->name);
  put_text(w, json, "plugin", info->manifest->name);
  put_text(w, json, "version", info->manifest->version);
  put_text(w, json, "role", roles[info->role]);
  put_text(w, json, "pointer", stage->pointer);
  cJSON *from = put(w, json, "from", cJSON_CreateArray());
  for (uint32_t i = 0; i < stage->n_from; i++) {
    put_text(w, from, NULL, w->plan->stages[stage->from[i]].id);
  }
  if (stage->when != NULL) {
    put(w, json, "when", cJSON_Duplicate(stage->when, true));
  }
  if (info->role != ROLE_SOURCE) {
    put_text(w, json, "view", schema_set_view_name(w->plan->schemas, stage->layout.view_reads));
    put_text(w, json, "on_error", on_error[stage->on_error]);
  }
  if (stage->layout.view_provides != SCHEMA_VIEW_NONE) {
    put_text(w, json, "makes_view", schema_set_view_name(w->plan->schemas, stage->layout.view_provides));
  }
  if (stage->isolate) {
    put_isolation(w, json, &stage->isolation);
  }
  put_layers(w, json, "reads", &stage->layout, LAYER_READS);
  put_layers(w, json, "may_read", &stage->layout, LAYER_MAY_READ);
  put_layers(w, json, "makes", &stage->layout, LAYER_PROVIDES);
  put_layers(w, json, "changes", &stage->layout, LAYER_MODIFIES);
  put(w, json, "with", plan_config_shown(stage));
  put_number(w, json, "segment", stage->segment);
}

static void put_segment(json_writer *w, cJSON *segments, const plan_segment *segment) {
  static const char *const kinds[] = { "source", "parallel", "ordered", "serial", "batch",
                                       "async",  "isolated", "split",   "sink" };
  cJSON *json = put(w, segments, NULL, cJSON_CreateObject());
  put_text(w, json, "kind", kinds[segment->kind]);
  cJSON *stages = put(w, json, "stages", cJSON_CreateArray());
  for (uint32_t i = 0; i < segment->n_stages; i++) {
    put_text(w, stages, NULL, w->plan->stages[segment->stages[i]].id);
  }
  cJSON *next = put(w, json, "next", cJSON_CreateArray());
  for (uint32_t i = 0; i < segment->n_next; i++) {
    put_number(w, next, NULL, segment->next[i]);
  }
}

cJSON *plan_json(const plan *self) {
  json_writer w = { .plan = self };
  cJSON *root = cJSON_CreateObject();
  put_text(&w, root, "name", self->name);
  put_text(&w, root, "order", self->any_order ? "any" : "source");
  cJSON *limits = put(&w, root, "limits", cJSON_CreateObject());
  put_number(&w, limits, "documents", self->limits.documents);
  put_number(&w, limits, "bytes", (double)self->limits.bytes);
  put_number(&w, limits, "document_bytes", (double)self->limits.document_bytes);
  put_number(&w, limits, "document_memory", (double)self->limits.document_memory);
  cJSON *stages = put(&w, root, "stages", cJSON_CreateArray());
  for (uint32_t i = 0; i < self->n_stages; i++) {
    put_stage(&w, stages, &self->stages[i]);
  }
  cJSON *segments = put(&w, root, "segments", cJSON_CreateArray());
  for (uint32_t i = 0; i < self->n_segments; i++) {
    put_segment(&w, segments, &self->segments[i]);
  }
  if (w.failed) {
    cJSON_Delete(root);
    return NULL;
  }
  return root;
}
