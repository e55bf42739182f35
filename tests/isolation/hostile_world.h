/* SPDX-License-Identifier: Apache-2.0 */

/* A child that runs the hostile plugin, and documents for it. */
#ifndef TESTS_ISOLATION_HOSTILE_WORLD_H
#define TESTS_ISOLATION_HOSTILE_WORLD_H

#include "isolation/child.h"
#include "plugin/registry.h"
#include "qanat/stage.h"

enum { TIMEOUT_MS = 1500, BATCH = 8 };
#define MEMORY_BYTES ((size_t)512 << 20)

typedef struct world {
  registry *registry;
  schema_set *set;
  document_pool *pool;
  stage_layout layout;
  cJSON *config;
  plan_isolation isolation;
  uint32_t timeout_ms;
  child *child;
  uint32_t n_lines, n_farewells;
} world;

/* Where the plugin is. */
void world_folder_set(const char *folder);

/* create: how the stage's create is to end; "" well. Its configuration and isolation may be changed before it is started. */
void world_open(world *self, const char *create);
int world_start(world *self, const char *stage, qn_error *error);
void world_close(world *self);

document *document_of(world *self, const char *payload, size_t len);
/* What the stage made of a document; INT64_MIN: nothing. */
int64_t answer_of(const document *doc);

/* A batch of good documents with one that says `what` among them; the others are well afterwards. The item's document
 * is the caller's. */
void run_among_others(world *self, const char *what, child_item *ret_item);

#endif
