/* SPDX-License-Identifier: Apache-2.0 */

/* The host's side of the ABI: the table lent to stages, and the bodies behind qn_env, qn_create and qn_call.
 *
 * The functions of the table that need threads and queues (emit, complete, the io extension) go through host_hooks,
 * which the runtime sets; everything else ends here. Floor 2. */
#ifndef CORE_PLUGIN_HOST_H
#define CORE_PLUGIN_HOST_H

#include <stdatomic.h>

#include "document/builder.h"
#include "document/record.h"
#include "plugin/manifest.h"
#include "qanat/io.h"
#include "qanat/stage.h"

/* What the runtime adds. Any may be NULL: log then writes to standard error, the others refuse. */
typedef struct host_hooks {
  void (*log)(void *arg, qn_env *env, uint32_t level, const char *text, size_t len);
  int (*emit_reserve)(qn_call *call, size_t bytes, uint8_t **ret_payload);
  int (*emit_field)(qn_call *call, qn_str name, const qn_value *value);
  int (*emit_commit)(qn_call *call, size_t bytes, const qn_emit *emit);
  int (*emit_reject)(qn_call *call, const qn_emit *emit, const char *slug, const char *text, size_t len);
  void (*complete)(qn_env *env, qn_ticket ticket, qn_status status, const char *slug, const char *text, size_t len);
  const void *(*extension)(qn_env *env, const char *name);
  /* Opens a file that is lent to a stage, for reading: a descriptor that becomes the caller's, or a negative errno. NULL:
   * the host opens it itself. */
  int (*file_open)(void *arg, const char *path);
  void *arg;
} host_hooks;

/* One stage of one pipeline: what qn_env points to. Read-only after create, but for the counters. */
struct qn_env {
  const stage_info *info;
  const char *id;               /* in the pipeline */
  const char *base_folder;      /* of the pipeline file: "file" values are relative to it */
  const cJSON *config;          /* checked, with defaults */
  const host_hooks *hooks;      /* never NULL after host_env_init */
  const qn_host *host;          /* the table lent to it: host_table(), unless a harness lends another before create */
  void *owner;                  /* the runtime's own side of the stage */
  struct io_home *io;           /* where its events happen; NULL: it has none */
  struct control_lend *control; /* the worker's control, lent to it; NULL: it is lent none */
  _Atomic size_t memory;        /* bytes from alloc now held */
  _Atomic size_t memory_most;
  size_t fail_after; /* tests: alloc fails from this one on; 0 never */
  _Atomic size_t n_allocs;
  struct host_file *files;           /* mapped data files; unmapped by host_env_done */
  struct host_condition *conditions; /* compiled predicates; freed by host_env_done */
};

/* The body of a call. The runtime embeds it; call must stay first. One thread at a time. */
typedef struct host_call {
  qn_call call;
  document *document;         /* NULL for a source between emits */
  const stage_layout *layout; /* of the stage; NULL for a source */
  builder *builder;           /* of this worker; NULL where nothing can be built (a sink's write): reads still work */
  record_encoder *encoder;    /* of this worker */
  uint32_t sink_slot;         /* prepare: where prepared_set puts the bytes */
  _Atomic int cancelled;      /* set by the runtime, cleared by host_call_begin */
  uint32_t alien_uses;        /* calls refused with -EINVAL: the checker reads it */
  qn_error error;             /* set by fail(); after host_call_end, why the status is what it is */
} host_call;

/* The one table of the process. */
const qn_host *host_table(void);

/* Nothing is copied: all arguments outlive env. hooks may be NULL. */
void host_env_init(qn_env *env, const stage_info *info, const char *id, const cJSON *config, const char *base_folder,
                   const host_hooks *hooks);
/* After destroy. Unmaps data files; tells the log of memory that the plugin kept. */
void host_env_done(qn_env *env);

void host_call_init(host_call *call, qn_env *env, builder *builder, record_encoder *encoder);
/* Points the call at the next document; begins the builder with layout if there is one. Cheap: runs once a hop. */
void host_call_begin(host_call *call, document *document, const stage_layout *layout);
/* Seals or discards by status. Turns a broken rule or an empty message into an error that names the plugin; returns
 * the status that counts. The error does not name the stage: whoever shows it says where it happened. PENDING leaves the builder as it is: end again with the status that complete() brings. */
qn_status host_call_end(host_call *call, qn_status status);

/* Whether the files that were lent to the stage are, by name, still the ones that were mapped. */
bool host_files_unchanged(const qn_env *env);

/* What a stage has of memory. */
typedef struct host_memory {
  uint64_t held_bytes; /* from alloc, now */
  uint64_t most_bytes; /* at any time */
  uint64_t file_bytes; /* of files lent to it, which all processes share */
} host_memory;

void host_memory_get(const qn_env *env, host_memory *ret_memory); /* [any] after create */

/* Where a data file that the manifest lists is. 0, -ENAMETOOLONG; whether it can be opened is another matter. */
int host_data_find(const manifest *manifest, const char *name, char *ret_path, size_t capacity);
/* Where a value of type "file" is. base_folder NULL: names are taken as they are. 0, -ENAMETOOLONG. */
int host_file_find(const char *base_folder, const char *name, char *ret_path, size_t capacity);
/* What the host opens a file with that it lends: never a pipe's other end to wait for. */
int host_file_descriptor(const char *path);

/* Runs the stage's create with its config. error gets create_fail()'s text. */
int host_create(qn_env *env, const qn_stage *stage, void **ret_instance, qn_error *error);

/* The stage's destroy, for an instance made by host_create. NULL is fine. */
void host_destroy(const qn_stage *stage, void *instance);

#endif
