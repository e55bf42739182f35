/* SPDX-License-Identifier: Apache-2.0 */

/* The plan: a checked pipeline, cut into segments, with every name resolved to a slot or an index.
 *
 * Made by plan_make from a pipeline file and a registry; read-only afterwards and shared by all threads. The runtime
 * needs nothing else. Floor 3. */
#ifndef CORE_PIPELINE_PLAN_H
#define CORE_PIPELINE_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "document/builder.h"
#include "plugin/predicate.h"
#include "plugin/registry.h"

enum { PLAN_STAGES_MAX = 256 };

typedef enum plan_on_error { ON_ERROR_DEAD_LETTER = 0, ON_ERROR_DROP = 1, ON_ERROR_STOP = 2 } plan_on_error;

typedef struct plan_retry {
  uint32_t attempts; /* tries in all; 1: no retry */
  uint32_t delay_ms, delay_max_ms;
} plan_retry;

/* What the processes of an isolated stage may use and reach. Meant only if plan_stage.isolate. */
typedef struct plan_isolation {
  size_t memory_bytes; /* of address space, each */
  uint64_t file_bytes; /* of a file that it writes, and of what it hands back */
  uint32_t cpu_ms;     /* processor time of a document, or a call with a batch; 0: no limit */
  uint32_t open_files;
  bool network;                           /* the manifest needs it and the pipeline agrees */
  uint32_t n_read, n_write;               /* likewise */
  const char *const *read, *const *write; /* files and folders, as the run can open them */
} plan_isolation;

#define PLAN_ISOLATED_MEMORY_BYTES ((size_t)4 << 30)
#define PLAN_ISOLATED_FILE_BYTES ((uint64_t)4 << 30)
#define PLAN_ISOLATED_OPEN_FILES 256

typedef struct plan_stage {
  const char *id; /* unique; defaults to use, then use-2, ... */
  const stage_info *info;
  const cJSON *config; /* checked, with defaults */
  stage_layout layout;
  uint32_t n_from; /* incoming edges: indices of stages; sources have none */
  const uint32_t *from;
  const cJSON *when;          /* condition on the edge into it, or NULL */
  const predicate *predicate; /* the same compiled; NULL: none, or "otherwise" */
  bool otherwise;             /* takes what no other reader of the same stage takes by its condition */
  plan_on_error on_error;
  plan_retry retry;
  uint32_t timeout_ms; /* 0: none */
  uint32_t batch_size, batch_wait_ms;
  bool isolate;
  plan_isolation isolation;
  uint32_t segment;    /* which segment it belongs to */
  uint32_t sink_slot;  /* sinks: 0, 1, ... in order; prepared bytes live there */
  const char *pointer; /* JSON pointer into the pipeline file, for messages */
  uint32_t n_secrets;  /* values that came from ${file:...}, as JSON pointers into config: never print those */
  const char *const *secrets;
} plan_stage;

/* A run of stages that one worker executes for a document without a queue between them.
 *
 * A parallel segment that feeds a sink holds the sink's index as its last one: the sink's prepare runs there, at the
 * end. Before every sink stands such a segment, if need be with nothing else in it; so a line is always
 * source, segments..., one that ends with the prepare, sink. plan_stage.segment of a sink is its own SEGMENT_SINK. */
typedef enum segment_kind {
  SEGMENT_SOURCE = 0,   /* one source stage */
  SEGMENT_PARALLEL = 1, /* synchronous parallel transforms, then the prepare of the sink that follows */
  SEGMENT_ORDERED = 2,
  SEGMENT_SERIAL = 3,
  SEGMENT_BATCH = 4,
  SEGMENT_ASYNC = 5,
  SEGMENT_ISOLATED = 6,
  SEGMENT_SPLIT = 7, /* one transform that emits documents of its own */
  SEGMENT_SINK = 8   /* one sink stage */
} segment_kind;

typedef struct plan_segment {
  segment_kind kind;
  uint32_t n_stages;
  const uint32_t *stages; /* indices into plan.stages, in running order */
  uint32_t n_next;
  const uint32_t *next; /* segments fed by this one */
} plan_segment;

typedef struct plan_limits {
  uint32_t documents; /* in flight */
  size_t bytes;       /* in flight */
  size_t document_bytes;
  size_t document_memory;
} plan_limits;

typedef struct plan {
  const char *name;
  const char *path; /* of the pipeline file */
  const char *base_folder;
  bool any_order;
  plan_limits limits;
  uint32_t n_stages;
  plan_stage *stages; /* sources first, then in topological order, sinks last */
  uint32_t n_segments;
  plan_segment *segments;
  uint32_t n_sinks;
  schema_set *schemas;
  struct plan_memory *memory; /* what everything above lives in; the planner's own */
} plan;

/* Where faults go, all of them at once. */
typedef struct faults faults;

int faults_new(faults **ret_faults);
void faults_free(faults *faults);
uint32_t faults_count(const faults *faults);
/* Prints each with file:line:column, JSON pointer, the source line and a caret; colour if asked. */
void faults_print(const faults *faults, FILE *stream, bool colour);
/* The same for programs: an array of objects. Owned by the caller; NULL: no memory. */
cJSON *faults_json(const faults *faults);

typedef struct plan_options {
  const char *const *sets; /* "stages.summarize.with.sentences=5" */
  uint32_t n_sets;
  const char *const *inputs; /* replace the paths of the one source; NULL: as the file says */
  uint32_t n_inputs;
  const char *output; /* -o: replaces the path of the one sink, or NULL */
  bool to_look_at;    /* also plans that this version can't run yet */
} plan_options;

/* Reads, substitutes, checks and plans. -EINVAL with faults filled; -errno of reading the file (also a fault). */
int plan_make(const char *path, const registry *registry, const plan_options *options, plan **ret_plan, faults *faults);
/* The same from a text in memory; path is for messages and the folder that "file" values are relative to. */
int plan_parse(const char *path, const char *text, size_t len, const registry *registry, const plan_options *options,
               plan **ret_plan, faults *faults);
void plan_free(plan *plan);

/* The plan for people: stages with ids, layers, views, segments. */
void plan_print(const plan *plan, FILE *stream);
/* The same for programs. Owned by the caller; NULL: no memory. */
cJSON *plan_json(const plan *plan);

/* A stage's config with its secrets replaced by "[secret]": what may be shown. Owned by the caller; NULL: no memory. */
cJSON *plan_config_shown(const plan_stage *stage);

/* The JSON Schema (draft 7) of pipeline files that use the installed stages. Owned by the caller; NULL: no memory. */
cJSON *plan_file_schema(const registry *registry);

#endif
