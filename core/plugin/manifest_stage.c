/* SPDX-License-Identifier: Apache-2.0 */

/* One stage of a manifest: what it is, how it is called, what it reads and writes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/config.h"
#include "plugin/manifest_parts.h"

enum { BATCH_SIZE_DEFAULT = 32, BATCH_SIZE_MAX = 4096, BATCH_WAIT_DEFAULT_MS = 20, BATCH_WAIT_MAX_MS = 60000 };

/* What the readers of one stage's parts pass on. */
typedef struct stage_reader {
  manifest *manifest;
  const cJSON *json;
  stage_info *stage;
  manifest_faults *faults;
  char what[96];
} stage_reader;

static bool any_ok(const char *text) {
  return text[0] != '\0';
}

static uint32_t count_read(stage_reader *reader, const cJSON *batch, const char *key, uint32_t low, uint32_t high,
                           uint32_t fallback) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(batch, key);
  if (item == NULL) {
    return fallback;
  }
  double value = cJSON_IsNumber(item) ? item->valuedouble : -1;
  if (!(value >= low && value <= high) || value != (double)(uint32_t)value) {
    manifest_fault(reader->faults, "%s \"batch\".\"%s\" must be an integer from %u to %u", reader->what, key, low,
                   high);
    return fallback;
  }
  return (uint32_t)value;
}

static void batch_read(stage_reader *reader) {
  static const char *const keys[] = { "size", "wait_ms", NULL };
  const cJSON *batch = cJSON_GetObjectItemCaseSensitive(reader->json, "batch");
  if (batch != NULL && reader->stage->call != CALL_BATCH) {
    manifest_fault(reader->faults, "%s has \"batch\", which goes with the call form \"batch\"", reader->what);
  } else if (batch == NULL || manifest_keys(reader->faults, reader->what, batch, keys)) {
    reader->stage->batch_size = count_read(reader, batch, "size", 1, BATCH_SIZE_MAX, BATCH_SIZE_DEFAULT);
    reader->stage->batch_wait_ms = count_read(reader, batch, "wait_ms", 0, BATCH_WAIT_MAX_MS, BATCH_WAIT_DEFAULT_MS);
  }
}

/* Role, concurrency and call form: the table of legal combinations in docs/abi.md. */
static void forms_read(stage_reader *reader) {
  static const char *const roles[] = { "source", "transform", "sink", NULL };
  static const char *const ways[] = { "parallel", "ordered", "serial", NULL };
  static const char *const transform_calls[] = { "one", "batch", "async", NULL };
  static const char *const other_calls[] = { "sync", "async", NULL };
  stage_info *stage = reader->stage;
  const char *what = reader->what;
  if (cJSON_GetObjectItemCaseSensitive(reader->json, "role") == NULL) {
    manifest_fault(reader->faults, "%s lacks \"role\"", what);
  }
  stage->role = (stage_role)manifest_choice(reader->faults, what, reader->json, "role", roles, ROLE_TRANSFORM);
  unsigned fixed = stage->role == ROLE_SOURCE ? CONCURRENCY_SERIAL : CONCURRENCY_ORDERED;
  unsigned standard = stage->role == ROLE_TRANSFORM ? CONCURRENCY_PARALLEL : fixed;
  stage->concurrency =
      (stage_concurrency)manifest_choice(reader->faults, what, reader->json, "concurrency", ways, standard);
  stage->splits = manifest_bool(reader->faults, what, reader->json, "splits");
  if (stage->role == ROLE_TRANSFORM) {
    stage->call = (stage_call)manifest_choice(reader->faults, what, reader->json, "call", transform_calls, CALL_ONE);
  } else {
    unsigned call = manifest_choice(reader->faults, what, reader->json, "call", other_calls, 0);
    stage->call = call == 0 ? CALL_SYNC : CALL_ASYNC;
    if ((unsigned)stage->concurrency != fixed) {
      manifest_fault(reader->faults, "%s is a %s, whose \"concurrency\" can only be \"%s\"", what, roles[stage->role],
                     ways[fixed]);
    }
  }
  if (stage->role == ROLE_TRANSFORM && stage->call == CALL_ASYNC && stage->concurrency != CONCURRENCY_PARALLEL) {
    manifest_fault(reader->faults, "%s is async and %s; asynchronous calls end in any order, so they must be parallel",
                   what, ways[stage->concurrency]);
  }
  if (stage->splits && stage->call != CALL_ONE) {
    manifest_fault(reader->faults, "%s splits, which is for transforms with the call form \"one\"", what);
  }
  stage->replays = manifest_bool(reader->faults, what, reader->json, "replays");
  if (stage->replays && stage->role != ROLE_SOURCE) {
    manifest_fault(reader->faults, "%s replays, which is for sources", what);
  }
  batch_read(reader);
}

/* A list of strings as an array of its own, which the stage owns. */
static int list_read(stage_reader *reader, const char *what, const cJSON *object, const char *key,
                     bool (*is_ok)(const char *text), const char *const **ret_list, uint32_t *ret_n) {
  const char *names[MANIFEST_STRINGS_MAX];
  uint32_t n_names = 0;
  manifest_strings(reader->faults, what, object, key, is_ok, names, MANIFEST_STRINGS_MAX, &n_names);
  if (n_names == 0) {
    return 0;
  }
  const char **list = malloc(n_names * sizeof *list);
  if (list == NULL) {
    return -ENOMEM;
  }
  memcpy(list, names, n_names * sizeof *list);
  *ret_list = list;
  *ret_n = n_names;
  return 0;
}

static bool reads_view(const stage_info *stage, const char *name) {
  for (uint32_t i = 0; i < stage->n_views_read; i++) {
    if (strcmp(stage->views_read[i], name) == 0) {
      return true;
    }
  }
  return false;
}

static void provided_view_check(stage_reader *reader) {
  const stage_info *stage = reader->stage;
  const char *name = stage->view_provided;
  if (name == NULL) {
    return;
  }
  bool from_payload = reads_view(stage, "payload");
  if (stage->role == ROLE_SINK) {
    manifest_fault(reader->faults, "%s is a sink, which provides no view", reader->what);
  } else if (!manifest_view_ok(name) || strcmp(name, "payload") == 0 || reads_view(stage, name)) {
    manifest_fault(reader->faults, "%s cannot provide the view \"%.64s\"", reader->what, name);
  } else if ((strcmp(name, "text") == 0) != from_payload) {
    manifest_fault(
        reader->faults,
        "%s provides \"%.64s\": the view \"text\" is made from \"payload\", every other from \"text\" or one "
        "made from it",
        reader->what, name);
  }
}

static int view_read(stage_reader *reader) {
  static const char *const keys[] = { "reads", "provides", NULL };
  const cJSON *view = cJSON_GetObjectItemCaseSensitive(reader->json, "view");
  stage_info *stage = reader->stage;
  if (view != NULL && stage->role == ROLE_SOURCE) {
    manifest_fault(reader->faults, "%s is a source, which reads no view", reader->what);
  }
  if (view != NULL && manifest_keys(reader->faults, reader->what, view, keys)) {
    int rc = list_read(reader, reader->what, view, "reads", manifest_view_ok, &stage->views_read, &stage->n_views_read);
    if (rc != 0) {
      return rc;
    }
    stage->view_provided = manifest_string(reader->faults, reader->what, view, "provides", MANIFEST_NAME_MAX, false);
  }
  if (stage->n_views_read == 0 && stage->role != ROLE_SOURCE) {
    const char **standard = malloc(sizeof *standard);
    if (standard == NULL) {
      return -ENOMEM;
    }
    standard[0] = "text";
    stage->views_read = standard;
    stage->n_views_read = 1;
  }
  if (stage->n_views_read > 1 && reads_view(stage, "payload")) {
    manifest_fault(reader->faults, "%s reads the view \"payload\", which stands alone", reader->what);
  }
  provided_view_check(reader);
  return 0;
}

static void layer_check(stage_reader *reader, const char *name) {
  const manifest *self = reader->manifest;
  bool found = schema_known(name) != NULL;
  for (uint32_t i = 0; i < self->n_schemas && !found; i++) {
    found = strcmp(self->schemas[i].name, name) == 0;
  }
  if (!found) {
    manifest_fault(reader->faults, "%s has the layer \"%.64s\", which is neither known nor declared under \"layers\"",
                   reader->what, name);
  }
}

static int layers_read(stage_reader *reader) {
  static const char *const keys[] = { "reads", "may_read", "provides", "modifies", "from_config", NULL };
  static const layer_access access[] = { LAYER_READS, LAYER_MAY_READ, LAYER_PROVIDES, LAYER_MODIFIES };
  const cJSON *layers = cJSON_GetObjectItemCaseSensitive(reader->json, "layers");
  stage_info *stage = reader->stage;
  if (layers == NULL || !manifest_keys(reader->faults, reader->what, layers, keys)) {
    return 0;
  }
  stage->layers_from_config = manifest_bool(reader->faults, reader->what, layers, "from_config");
  if (stage->role == ROLE_SOURCE && (!stage->layers_from_config || cJSON_GetArraySize(layers) != 1)) {
    manifest_fault(reader->faults,
                   "%s is a source, which has no layers but those its configuration names (from_config)", reader->what);
  }
  const char *names[STAGE_LAYERS_MAX];
  manifest_layer copies[STAGE_LAYERS_MAX];
  uint32_t n_names = 0, n_copies = 0;
  for (unsigned i = 0; i < 4; i++) {
    /* One list for all four, so that a layer named under two of them is noticed. */
    manifest_strings(reader->faults, reader->what, layers, keys[i], any_ok, names, STAGE_LAYERS_MAX, &n_names);
    if (stage->role == ROLE_SINK && i >= 2 && n_names > n_copies) {
      manifest_fault(reader->faults, "%s is a sink, which %s no layer", reader->what, keys[i]);
    }
    for (; n_copies < n_names; n_copies++) {
      layer_check(reader, names[n_copies]);
      copies[n_copies] = (manifest_layer){ names[n_copies], access[i] };
    }
  }
  manifest_layer *kept = calloc(n_copies + 1, sizeof *kept);
  if (kept == NULL) {
    return -ENOMEM;
  }
  memcpy(kept, copies, n_copies * sizeof *kept);
  stage->layers = kept;
  stage->n_layers = n_copies;
  return 0;
}

static int fields_read(stage_reader *reader) {
  static const char *const keys[] = { "reads", "writes", NULL };
  const cJSON *fields = cJSON_GetObjectItemCaseSensitive(reader->json, "fields");
  stage_info *stage = reader->stage;
  if (fields == NULL || !manifest_keys(reader->faults, reader->what, fields, keys)) {
    return 0;
  }
  int rc =
      list_read(reader, reader->what, fields, "reads", manifest_field_ok, &stage->fields_read, &stage->n_fields_read);
  if (rc == 0) {
    rc = list_read(reader, reader->what, fields, "writes", manifest_field_ok, &stage->fields_written,
                   &stage->n_fields_written);
  }
  if ((stage->role == ROLE_SOURCE && stage->n_fields_read > 0) ||
      (stage->role == ROLE_SINK && stage->n_fields_written > 0)) {
    manifest_fault(reader->faults, "%s: a source reads no fields and a sink writes none", reader->what);
  }
  return rc;
}

static bool is_need(const char *word) {
  return strcmp(word, "network") == 0 || strcmp(word, "files") == 0 || strcmp(word, "time") == 0;
}

static int needs_read(stage_reader *reader) {
  stage_info *stage = reader->stage;
  int rc = list_read(reader, reader->what, reader->json, "needs", any_ok, &stage->needs, &stage->n_needs);
  for (uint32_t i = 0; rc == 0 && i < stage->n_needs; i++) {
    if (!is_need(stage->needs[i])) {
      manifest_fault(reader->faults, "%s needs \"%.64s\", which is not \"network\", \"files\" or \"time\"",
                     reader->what, stage->needs[i]);
    }
  }
  return rc;
}

static void schema_fault(void *arg, const char *pointer, int at_key, const char *message) {
  const stage_reader *reader = arg;
  (void)at_key;
  manifest_fault(reader->faults, "%s config%s: %s", reader->what, pointer, message);
}

/* A stage without "config" gets an empty schema, so that nobody has to ask. */
static int config_read(stage_reader *reader) {
  stage_info *stage = reader->stage;
  stage->config = cJSON_GetObjectItemCaseSensitive(reader->json, "config");
  if (stage->config == NULL) {
    cJSON *json = (cJSON *)(uintptr_t)reader->json;
    cJSON *empty = cJSON_AddObjectToObject(json, "config");
    if (empty == NULL || cJSON_AddStringToObject(empty, "type", "object") == NULL) {
      return -ENOMEM;
    }
    stage->config = empty;
  } else {
    config_schema_check(stage->config, schema_fault, reader);
  }
  stage->exclusive = manifest_string(reader->faults, reader->what, reader->json, "exclusive", MANIFEST_NAME_MAX, false);
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(stage->config, "properties");
  if (stage->exclusive != NULL && cJSON_GetObjectItemCaseSensitive(properties, stage->exclusive) == NULL) {
    manifest_fault(reader->faults, "%s \"exclusive\" names \"%.64s\", which its config does not have", reader->what,
                   stage->exclusive);
  }
  return 0;
}

int manifest_read_stage(manifest *self, const cJSON *member, stage_info *stage, manifest_faults *faults) {
  static const char *const keys[] = { "role", "description", "concurrency", "call",  "batch",     "splits", "replays",
                                      "view", "layers",      "fields",      "needs", "exclusive", "config", NULL };
  stage_reader reader = { self, member, stage, faults, "" };
  snprintf(reader.what, sizeof reader.what, "stage \"%.64s\"", member->string);
  stage->manifest = self;
  stage->name = member->string;
  if (!manifest_name_ok(member->string)) {
    manifest_fault(faults, "%s must be named in lower-case words joined by '-', '_' or '.'", reader.what);
  }
  if (!manifest_keys(faults, reader.what, member, keys)) {
    return 0;
  }
  stage->description = manifest_string(faults, reader.what, member, "description", 1000, true);
  forms_read(&reader);
  int (*const parts[])(stage_reader *) = { view_read, layers_read, fields_read, needs_read, config_read };
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    int rc = parts[i](&reader);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

void manifest_free_stage(stage_info *stage) {
  free((void *)(uintptr_t)stage->views_read);
  free((void *)(uintptr_t)stage->layers);
  free((void *)(uintptr_t)stage->fields_read);
  free((void *)(uintptr_t)stage->fields_written);
  free((void *)(uintptr_t)stage->needs);
}
