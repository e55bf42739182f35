/* SPDX-License-Identifier: Apache-2.0 */

/* A random graph of maze stages, made from a seed, and the model of it: what each sink gets and what becomes of each document. */
#ifndef TESTS_UNIT_GRAPH_WORLD_H
#define TESTS_UNIT_GRAPH_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { NODES_MAX = 16, FROM_MAX = 3, SINKS_MAX = 3 };

typedef enum node_role { NODE_SOURCE, NODE_TRANSFORM, NODE_SINK } node_role;
typedef enum choice { TAKE_ALL, TAKE_COLOR, TAKE_NOT_COLOR, TAKE_OTHERWISE } choice;

typedef struct node {
  node_role role;
  const char *use;
  bool splits;
  uint32_t trouble, spin_us, attempts, per_call, count;
  bool drops_errors, has_timeout, isolated;
  uint32_t fatal, forget;
  choice takes;
  uint32_t color;
  uint32_t n_from, from[FROM_MAX];
} node;

/* How the run comes to its end. */
typedef enum ending {
  END_OF_INPUT,
  END_LIMIT, /* of documents */
  END_STOP,  /* somebody stops it */
  END_FATAL, /* a stage breaks, perhaps */
} ending;

typedef struct world {
  uint64_t seed, state;
  uint32_t n_nodes;
  node nodes[NODES_MAX];
  bool any_order;
  uint32_t credits, budget_kib, n_workers; /* budget_kib: of bytes; 0: as it is */
  ending ends;
  uint32_t ends_at; /* documents, or microseconds */
  char folder[64];
} world;

typedef enum outcome { NOTHING, DROPPED, DELIVERED, FAILED } outcome;

typedef struct foretold {
  FILE *lines[NODES_MAX]; /* what each sink gets */
  uint64_t n_admitted, n_by_outcome[FAILED + 1], n_parts, n_letters;
} foretold;

/* Sinks will write into the folder. */
void graph_world_make(world *world, uint64_t seed, const char *folder);
/* As a pipeline file; the caller frees it. */
char *graph_world_pipeline(const world *world, size_t *ret_len);
/* Adds what each source's documents come to, of at most n_max each, to what is foretold; its lines are open files. */
void graph_world_foretell(const world *world, uint64_t n_max, foretold *out);

#endif
