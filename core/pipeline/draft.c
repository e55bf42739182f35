/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a whole pipeline file into a draft. */
#include "pipeline/draft.h"

#include <errno.h>
#include <string.h>

#include "pipeline/keys.h"

/* What a pipeline gets that says nothing of limits. */
enum { SINKS_MAX = 8 }; /* a document has as many places for what a sink's prepare leaves */
enum { DOCUMENTS_STANDARD = 256, DOCUMENTS_MAX = 65536, NAME_BYTES_MAX = 256, DESCRIPTION_BYTES_MAX = 65536 };
static const uint64_t KIB = 1024;
static const uint64_t MIB = 1024 * 1024;
static const uint64_t GIB = 1024 * 1024 * 1024;

/* --- limits --- */

/* Sizes stay 64 bits wide until all are known. */
typedef struct limits_read {
  uint32_t documents;
  uint64_t bytes, document_bytes, document_memory;
} limits_read;

static int read_documents(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  limits_read *limits = target;
  keys_count(file, value, pointer, 1, DOCUMENTS_MAX, &limits->documents);
  return 0;
}

static int read_bytes(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  limits_read *limits = target;
  keys_size(file, value, pointer, 64 * KIB, 1024 * GIB, &limits->bytes);
  return 0;
}

static int read_document_bytes(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  limits_read *limits = target;
  keys_size(file, value, pointer, 1, GIB, &limits->document_bytes);
  return 0;
}

static int read_document_memory(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  limits_read *limits = target;
  keys_size(file, value, pointer, 64 * KIB, 64 * GIB, &limits->document_memory);
  return 0;
}

static int read_limits(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  static const key_rule rules[] = { { "documents", read_documents, NULL, NULL },
                                    { "bytes", read_bytes, NULL, NULL },
                                    { "document_bytes", read_document_bytes, NULL, NULL },
                                    { "document_memory", read_document_memory, NULL, NULL } };
  draft *d = target;
  limits_read limits = { DOCUMENTS_STANDARD, 256 * MIB, 64 * MIB, 0 };
  int result = cJSON_IsNull(value) ? 0 : keys_read(file, value, pointer, "\"limits\"", rules, 4, &limits);
  if (limits.document_memory == 0) {
    uint64_t memory = 16 * limits.document_bytes; /* annotations are some three times the text, in several views */
    limits.document_memory = memory > MIB ? memory : MIB;
  } else if (limits.document_memory < limits.document_bytes) {
    pipeline_file_fault(file, pipeline_file_child(file, pointer, "document_memory"), false,
                        "must not be less than \"document_bytes\" (%llu): the document itself must fit in",
                        (unsigned long long)limits.document_bytes);
  }
  d->limits = (plan_limits){ .documents = limits.documents,
                             .bytes = (size_t)limits.bytes,
                             .document_bytes = (size_t)limits.document_bytes,
                             .document_memory = (size_t)limits.document_memory };
  return result;
}

/* --- the other keys of a pipeline --- */

static int read_name(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft *d = target;
  keys_text(file, value, pointer, NAME_BYTES_MAX, &d->name);
  return 0;
}

static int read_text(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  const char *text = NULL;
  (void)target;
  keys_text(file, value, pointer, DESCRIPTION_BYTES_MAX, &text);
  return 0;
}

static int read_order(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  static const char *const choices[] = { "source", "any" };
  draft *d = target;
  uint32_t choice = 0;
  keys_choice(file, value, pointer, choices, 2, &choice);
  d->any_order = choice == 1;
  return 0;
}

/* Single stages are read through their entries. */
static int read_nothing(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  (void)file;
  (void)target;
  (void)value;
  (void)pointer;
  return 0;
}

static int read_list(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  (void)target;
  if (!cJSON_IsArray(value)) {
    pipeline_file_fault(file, pointer, false, "must be a list [ ... ], found %s", keys_found(value));
  }
  return 0;
}

#define TEXT_SCHEMA(description) "{\"type\":\"string\",\"minLength\":1,\"description\":\"" description "\"}"
#define REF_SCHEMA(definition) "{\"$ref\":\"#/definitions/" definition "\"}"
#define LIST_SCHEMA(definition) "{\"type\":\"array\",\"items\":" REF_SCHEMA(definition) "}"
#define SIZE_SCHEMA(minimum, maximum, standard, description)                                                           \
  "{\"description\":\"" description "\",\"default\":\"" standard                                                       \
  "\",\"anyOf\":[{\"type\":\"integer\",\"minimum\":" minimum ",\"maximum\":" maximum                                   \
  "},{\"type\":\"string\",\"pattern\":\"^[0-9]+([.][0-9]+)? ?([KMG](iB|B)?|kB|B)?$\"}]}"
#define LIMITS_SCHEMA                                                                                                  \
  "{\"type\":\"object\",\"additionalProperties\":false,\"description\":\"How much may be at work at "                  \
  "once.\",\"properties\":{"                                                                                           \
  "\"documents\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":65536,\"default\":256,"                               \
  "\"description\":\"Documents in flight.\"},"                                                                         \
  "\"bytes\":" SIZE_SCHEMA("65536", "1099511627776", "256MiB",                                                         \
                           "Memory of all documents in flight.") ","                                                   \
                                                                 "\"document_bytes\":" SIZE_SCHEMA(                    \
                                                                     "1", "1073741824", "64MiB",                       \
                                                                     "Size of one document, and of its "               \
                                                                     "text.") ","                                      \
                                                                              "\"document_"                            \
                                                                              "memory\":" SIZE_SCHEMA(                 \
                                                                                  "65536", "68719476736", "1GiB",      \
                                                                                  "Memory of one document "            \
                                                                                  "with all that is known "            \
                                                                                  "of it.") "}}"

static const key_rule pipeline_rules[] = {
  { "$schema", read_text, NULL, TEXT_SCHEMA("Where the JSON Schema of this file is, for editors.") },
  { "name", read_name, NULL, TEXT_SCHEMA("What the pipeline is called; the file's name if not given.") },
  { "description", read_text, NULL, TEXT_SCHEMA("For people: what the pipeline is for.") },
  { "source", read_nothing, NULL, REF_SCHEMA("source") },
  { "sources", read_list, NULL, LIST_SCHEMA("source") },
  { "stages", read_list, NULL, LIST_SCHEMA("stage") },
  { "sink", read_nothing, NULL, REF_SCHEMA("sink") },
  { "sinks", read_list, NULL, LIST_SCHEMA("sink") },
  { "limits", read_limits, NULL, LIMITS_SCHEMA },
  { "order", read_order, NULL,
    "{\"enum\":[\"source\",\"any\"],\"default\":\"source\","
    "\"description\":\"Whether documents come out in the order they came in.\"}" }
};

const key_rule *draft_rules(uint32_t *ret_n_rules) {
  *ret_n_rules = sizeof pipeline_rules / sizeof *pipeline_rules;
  return pipeline_rules;
}

static uint32_t count_place(const draft *self, stage_role place) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < self->n_stages; i++) {
    n += self->stages[i].place == place;
  }
  return n;
}

/* Some installed stages of a role, for people: "files, null". */
static void list_installed(const registry *installed, stage_role role, char *ret_list, size_t capacity) {
  size_t len = 0;
  ret_list[0] = '\0';
  for (uint32_t i = 0; i < registry_n_stages(installed) && len + 80 < capacity; i++) {
    const stage_info *info = registry_stage_at(installed, i);
    if (info->role == role) {
      len += (size_t)snprintf(ret_list + len, capacity - len, "%s%.60s", len == 0 ? "" : ", ", info->name);
    }
  }
}

static void check_end(draft *self, stage_role place, const char *one, const char *several) {
  const cJSON *single = cJSON_GetObjectItemCaseSensitive(self->file->root, one);
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(self->file->root, several);
  if (single != NULL && list != NULL) {
    pipeline_file_fault(self->file, pipeline_file_child(self->file, "", one), true,
                        "either \"%s\" or \"%s\", not both: move this one into the list", one, several);
  } else if (count_place(self, place) == 0 && (list == NULL || cJSON_IsArray(list))) {
    char installed[400];
    list_installed(self->registry, place, installed, sizeof installed);
    pipeline_file_fault(self->file, "", false, "a pipeline needs a \"%s\": { \"use\": ... }; installed: %s", one,
                        installed[0] == '\0' ? "none" : installed);
  }
}

/* A pipeline has an end on either side. */
static void check_ends(draft *self) {
  if (count_place(self, ROLE_SINK) > SINKS_MAX) {
    pipeline_file_fault(self->file, "/sinks", true, "more than %d sinks in one pipeline", SINKS_MAX);
  }
  check_end(self, ROLE_SOURCE, "source", "sources");
  check_end(self, ROLE_SINK, "sink", "sinks");
}

/* The value of the setting that names an output only one stage may own, or NULL. */
static const char *exclusive_of(const draft_stage *stage) {
  const stage_info *info = stage->stage.info;
  const char *key = info == NULL ? NULL : info->exclusive;
  const cJSON *value = key == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(stage->stage.config, key);
  return cJSON_IsString(value) ? value->valuestring : NULL;
}

static void check_exclusive(draft *self) {
  for (uint32_t i = 0; i < self->n_stages; i++) {
    draft_stage *stage = &self->stages[i];
    const char *owned = exclusive_of(stage);
    for (uint32_t k = 0; owned != NULL && k < i; k++) {
      const draft_stage *other = &self->stages[k];
      const char *theirs = other->stage.info == stage->stage.info ? exclusive_of(other) : NULL;
      if (theirs != NULL && strcmp(theirs, owned) == 0) {
        const char *key = stage->stage.info->exclusive;
        const char *with = draft_pointer(self, stage, stage->with == NULL ? "use" : "with");
        const char *pointer = with == NULL || stage->with == NULL ? with : pipeline_file_child(self->file, with, key);
        pipeline_file_fault(self->file, pointer, false,
                            "\"%.200s\" belongs to \"%s\" already: give this stage another \"%s\"", owned,
                            other->stage.id, key);
        break;
      }
    }
  }
}

static const char *name_from_path(pipeline_file *file) {
  const char *slash = strrchr(file->path, '/');
  const char *base = slash == NULL ? file->path : slash + 1;
  const char *dot = strrchr(base, '.');
  return plan_memory_copy(file->memory, base, dot == NULL || dot == base ? strlen(base) : (size_t)(dot - base));
}

static int read_pipeline(draft *self) {
  pipeline_file *file = self->file;
  self->name = name_from_path(file);
  if (self->name == NULL) {
    return -ENOMEM;
  }
  const cJSON none = { .type = cJSON_NULL };
  int result = read_limits(file, self, &none, "/limits");
  if (result == 0) {
    uint32_t n_rules = 0;
    const key_rule *rules = draft_rules(&n_rules);
    result = keys_read(file, file->root, "", "a pipeline", rules, n_rules, self);
  }
  return result;
}

int draft_read(pipeline_file *file, const registry *installed, draft *ret_draft) {
  draft made = { .file = file, .registry = installed };
  stage_entries entries = { 0 };
  int result = read_pipeline(&made);
  if (result == 0) {
    result = stage_entries_read(file, true, &entries);
  }
  made.stages = result == 0 ? plan_memory_take(file->memory, entries.n, sizeof *made.stages) : NULL;
  if (result != 0 || made.stages == NULL) {
    return result != 0 ? result : -ENOMEM;
  }
  for (uint32_t i = 0; i < entries.n && result == 0; i++) {
    draft_stage *stage = &made.stages[made.n_stages++];
    stage->place = entries.all[i].place;
    stage->stage.pointer = entries.all[i].pointer;
    stage->stage.id = entries.all[i].id;
    result = draft_stage_read(file, stage, entries.all[i].object);
    if (result == 0) {
      result = draft_stage_resolve(&made, stage);
    }
  }
  if (result == 0) {
    check_ends(&made);
    check_exclusive(&made);
    *ret_draft = made;
  }
  return result;
}

const char *draft_pointer(draft *self, const draft_stage *stage, const char *key) {
  return pipeline_file_child(self->file, stage->stage.pointer, key);
}
