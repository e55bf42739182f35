/* SPDX-License-Identifier: Apache-2.0 */

/* The distinct entities of one document: mentions of the same type with the same link, or else the same match key. */
#ifndef CSV_DISTINCT_H
#define CSV_DISTINCT_H

#include "qanat/stage.h"

typedef struct distinct_entity {
  uint32_t first; /* row of its first mention */
  uint32_t n_mentions;
  double score; /* the best of them; NaN: none has one */
} distinct_entity;

/* Scratch space of one thread. */
typedef struct distinct {
  const qn_host *host;
  qn_env *env;
  distinct_entity *entities; /* in order of first mention */
  uint32_t n_entities;
  struct distinct_key *keys; /* one for each entity */
  uint32_t *slots;           /* open addressing: 1 + index of an entity, 0 is empty */
  uint32_t n_slots, capacity;
  uint8_t *heap; /* the keys' bytes */
  size_t heap_len, heap_capacity;
} distinct;

void distinct_init(distinct *self, const qn_host *host, qn_env *env);
void distinct_done(distinct *self);

/* Fills entities from a layer entity/1 over view. 0, -ENOMEM. */
int distinct_find(distinct *self, const qn_view *view, const qn_layer *mentions);

#endif
