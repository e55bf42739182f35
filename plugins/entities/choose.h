/* SPDX-License-Identifier: Apache-2.0 */

/* Chooses among overlapping candidates: the set of disjoint ones that weighs most. */
#ifndef ENTITIES_CHOOSE_H
#define ENTITIES_CHOOSE_H

#include "entities/scan.h"

typedef struct chooser {
  candidate *sorted; /* changes places with the scan's candidates */
  uint32_t sorted_capacity;
  double *best;    /* most weight of candidates that end by word i */
  uint32_t *taken; /* the candidate that ends there, or SCAN_NONE */
  uint32_t best_capacity;
  uint32_t taken_capacity;
} chooser;

/* Sorts the candidates by their last word, and sets chosen on a disjoint set of them. 0, -ENOMEM. */
int choose_best(chooser *plan, scan *s);

void choose_done(chooser *plan, const scan *s);

#endif
