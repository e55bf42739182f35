/* SPDX-License-Identifier: Apache-2.0 */

/* A plugin's manifest: read from the ELF note of its file, without running any of its code. Floor 2. */
#ifndef CORE_PLUGIN_MANIFEST_H
#define CORE_PLUGIN_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "document/builder.h"
#include "document/schema.h"

typedef enum stage_role { ROLE_SOURCE = 0, ROLE_TRANSFORM = 1, ROLE_SINK = 2 } stage_role;
typedef enum stage_concurrency {
  CONCURRENCY_PARALLEL = 0,
  CONCURRENCY_ORDERED = 1,
  CONCURRENCY_SERIAL = 2
} stage_concurrency;
/* Transforms: ONE, BATCH, ASYNC. Sources and sinks: SYNC, ASYNC. */
typedef enum stage_call { CALL_ONE = 0, CALL_BATCH = 1, CALL_ASYNC = 2, CALL_SYNC = 3 } stage_call;

typedef struct manifest_layer {
  const char *name;
  layer_access access;
} manifest_layer;

/* What one stage declares. Strings belong to the manifest. */
typedef struct stage_info {
  const struct manifest *manifest;
  const char *name;
  const char *description;
  stage_role role;
  stage_concurrency concurrency;
  stage_call call;
  bool splits;         /* emits documents of its own (a generator) */
  bool replays;        /* a source: what has not settled it gives again, so a worker need not journal it */
  uint32_t batch_size; /* CALL_BATCH: defaults */
  uint32_t batch_wait_ms;
  uint32_t n_views_read; /* preferences, best first; "text" if the manifest says nothing */
  const char *const *views_read;
  const char *view_provided; /* NULL: none */
  uint32_t n_layers;         /* reads, may_read, provides, modifies, in that order: the ABI's layer indices */
  const manifest_layer *layers;
  bool layers_from_config;                  /* config "layers" may declare more, see docs/abi.md */
  uint32_t n_fields_read, n_fields_written; /* "*": any */
  const char *const *fields_read;
  const char *const *fields_written;
  uint32_t n_needs; /* "network", "files", "time" */
  const char *const *needs;
  const char *exclusive; /* config key naming the output it owns, or NULL */
  const cJSON *config;   /* its config schema: an object schema; never NULL */
} stage_info;

typedef struct manifest {
  char *path; /* of the .so */
  char *name, *version, *license, *description;
  uint32_t abi_major, abi_minor;
  uint32_t n_stages, n_data, n_schemas;
  stage_info *stages;
  const char **data;     /* file names, beside the .so */
  layer_schema *schemas; /* layers it declares, vendor-prefixed */
  cJSON *json;           /* the whole, owned */
} manifest;

/* Reads and validates the note of the file. error says file, reason, versions and remedy. -ENOEXEC (not ELF), -ENOMSG
 * (no manifest), -EINVAL (malformed; all faults listed), -EPROTO (ABI too old or new), -EPERM (writable by group or
 * others; allow_writable lifts it), other errno from opening. */
int manifest_read(const char *path, bool allow_writable, manifest **ret_manifest, qn_error *error);
/* The same from JSON text (for the build step and tests). */
int manifest_parse(const char *path, const char *json, size_t len, manifest **ret_manifest, qn_error *error);
void manifest_free(manifest *manifest);

#endif
