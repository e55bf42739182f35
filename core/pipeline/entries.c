/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the stages in the file and names them. Short and long form meet here: "source" is one source, "sources"
 * several. Ids that are given come first, so that adding a stage never renames one that has an id. */
#include "pipeline/entries.h"

#include <errno.h>
#include <string.h>

#include "pipeline/plan.h"
#include "plugin/config.h"

/* Longer names are faults, told elsewhere; here they must not be copied a few hundred times. */
enum { NAME_MAX_LEN = 128 };

static const char *name_of(const cJSON *object, const char *key) {
  const cJSON *value = cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : NULL;
  size_t len = cJSON_IsString(value) ? strlen(value->valuestring) : 0;
  return len > 0 && len <= NAME_MAX_LEN ? value->valuestring : NULL;
}

static int entry_add(pipeline_file *file, stage_entries *entries, cJSON *object, const char *pointer,
                     stage_role place) {
  if (pointer == NULL) {
    return -ENOMEM;
  }
  if (entries->n == PLAN_STAGES_MAX) {
    pipeline_file_fault(file, pointer, false, "more than %d stages in one pipeline", PLAN_STAGES_MAX);
    return -E2BIG;
  }
  entries->all[entries->n++] = (stage_entry){ .object = object, .pointer = pointer, .place = place };
  return 0;
}

static int entries_add(pipeline_file *file, stage_entries *entries, const char *one, const char *several,
                       stage_role place) {
  cJSON *single = one == NULL ? NULL : cJSON_GetObjectItemCaseSensitive(file->root, one);
  cJSON *array = cJSON_GetObjectItemCaseSensitive(file->root, several);
  int result = 0;
  if (single != NULL) {
    result = entry_add(file, entries, single, pipeline_file_child(file, "", one), place);
  }
  const char *base = pipeline_file_child(file, "", several);
  if (base == NULL) {
    return -ENOMEM;
  }
  uint32_t index = 0;
  cJSON *child = cJSON_IsArray(array) ? array->child : NULL;
  for (; child != NULL && result == 0; child = child->next) {
    result = entry_add(file, entries, child, pipeline_file_item(file, base, index++), place);
  }
  return result;
}

static void take_given(pipeline_file *file, bool report, stage_entries *entries) {
  for (uint32_t i = 0; i < entries->n; i++) {
    stage_entry *entry = &entries->all[i];
    const char *id = name_of(entry->object, "id");
    const stage_entry *other = id == NULL ? NULL : stage_entries_find(entries, id);
    if (other == NULL) {
      entry->id = id;
    } else if (report) {
      pipeline_file_fault(file, pipeline_file_child(file, entry->pointer, "id"), false,
                          "two stages have the id \"%s\": the other is at %s; give this one another", id,
                          other->pointer);
    }
  }
}

/* use, then use-2, use-3, ... */
static const char *make_id(pipeline_file *file, const stage_entries *entries, const char *use) {
  const char *id = use;
  for (uint32_t n = 2; id != NULL && stage_entries_find(entries, id) != NULL; n++) {
    id = plan_memory_format(file->memory, "%s-%u", use, n);
  }
  return id;
}

int stage_entries_read(pipeline_file *file, bool report, stage_entries *ret_entries) {
  stage_entries entries = { .all = plan_memory_take(file->memory, PLAN_STAGES_MAX, sizeof(stage_entry)) };
  if (entries.all == NULL) {
    return -ENOMEM;
  }
  int result = entries_add(file, &entries, "source", "sources", ROLE_SOURCE);
  if (result == 0) {
    result = entries_add(file, &entries, NULL, "stages", ROLE_TRANSFORM);
  }
  if (result == 0) {
    result = entries_add(file, &entries, "sink", "sinks", ROLE_SINK);
  }
  if (result != 0) {
    return result;
  }
  take_given(file, report, &entries);
  for (uint32_t i = 0; i < entries.n; i++) {
    const char *use = name_of(entries.all[i].object, "use");
    if (entries.all[i].id == NULL && use != NULL) {
      entries.all[i].id = make_id(file, &entries, use);
      if (entries.all[i].id == NULL) {
        return -ENOMEM;
      }
    }
  }
  *ret_entries = entries;
  return 0;
}

const stage_entry *stage_entries_find(const stage_entries *entries, const char *id) {
  for (uint32_t i = 0; i < entries->n; i++) {
    if (entries->all[i].id != NULL && strcmp(entries->all[i].id, id) == 0) {
      return &entries->all[i];
    }
  }
  return NULL;
}

const char *stage_entries_nearest(const stage_entries *entries, const char *id) {
  const char *ids[PLAN_STAGES_MAX];
  unsigned n = 0;
  for (uint32_t i = 0; i < entries->n; i++) {
    if (entries->all[i].id != NULL) {
      ids[n++] = entries->all[i].id;
    }
  }
  return config_nearest(id, ids, n);
}
