/* SPDX-License-Identifier: Apache-2.0 */

/* The stages of a pipeline file, wherever they stand in it, each with its pointer and its id. Floor 3. */
#ifndef CORE_PIPELINE_ENTRIES_H
#define CORE_PIPELINE_ENTRIES_H

#include "pipeline/pipeline_file.h"
#include "plugin/manifest.h"

typedef struct stage_entry {
  cJSON *object;       /* may be of any type: nothing is checked here */
  const char *pointer; /* "/stages/3", "/source", "/sinks/0" */
  stage_role place;    /* by where it stands: among the sources, the stages or the sinks */
  const char *id;      /* unique; as given, or made from "use"; NULL if there is neither */
} stage_entry;

typedef struct stage_entries {
  uint32_t n;
  stage_entry *all; /* sources first, then stages, then sinks, each as in the file */
} stage_entries;

/* Looks at what is there and reports only two stages of one id. 0, -ENOMEM, -E2BIG with a fault. */
int stage_entries_read(pipeline_file *file, bool report, stage_entries *ret_entries);

/* The entry with that id, or NULL. */
const stage_entry *stage_entries_find(const stage_entries *entries, const char *id);
/* The id that is meant, or NULL. */
const char *stage_entries_nearest(const stage_entries *entries, const char *id);

#endif
