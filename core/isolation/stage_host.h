/* SPDX-License-Identifier: Apache-2.0 */

/* The child's side: a program that does nothing but run one stage for a parent. Floor 4. */
#ifndef CORE_ISOLATION_STAGE_HOST_H
#define CORE_ISOLATION_STAGE_HOST_H

#include <stdatomic.h>
#include <stdint.h>

/* The first argument by which a program is told to be one. */
#define STAGE_HOST_ARGUMENT "--stage-host"

/* What it finds open. */
enum { STAGE_HOST_SOCKET = 3, STAGE_HOST_SCENE = 4 };

/* A byte that begins a line of the stage's log on standard error; a digit for the level follows. */
enum { STAGE_HOST_LOG = 0x1E };

/* Memory that both sides see. The child says where it is; the parent believes it only as far as it bounds waiting. */
typedef struct stage_scene {
  _Atomic uint64_t memory_before; /* the most the process is said to have had before it was one: its parent's */
  _Atomic uint32_t at;            /* how many documents of the batch it has begun */
  _Atomic uint64_t held_bytes, most_bytes, file_bytes; /* of memory that the stage has, for people: host_memory_get */
} stage_scene;

/* Serves until the parent goes away; never returns to the caller's main but with what it is to exit with. */
int stage_host_main(void);

#endif
