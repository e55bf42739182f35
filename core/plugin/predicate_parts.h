/* SPDX-License-Identifier: Apache-2.0 */

/* The program of a predicate, and its check where a walk through a configuration is at work. Private to core/plugin. */
#ifndef CORE_PLUGIN_PREDICATE_PARTS_H
#define CORE_PLUGIN_PREDICATE_PARTS_H

#include "plugin/config_place.h"
#include "plugin/pattern.h"
#include "plugin/predicate.h"

typedef enum predicate_test {
  TEST_PRESENT,
  TEST_IS,
  TEST_ABOVE,
  TEST_AT_LEAST,
  TEST_BELOW,
  TEST_AT_MOST,
  TEST_MATCHES,
  TEST_LAYER_PRESENT,
  TEST_COUNT
} predicate_test;

/* Where a program ends. */
#define STEP_NO (UINT32_MAX - 1)
#define STEP_YES UINT32_MAX

/* One test, and the steps to go on with if it holds or not: any, all and not are nothing but the way these lead. */
typedef struct predicate_step {
  predicate_test test;
  uint32_t if_yes, if_no;
  qn_str name;            /* of the field or layer */
  uint32_t slot;          /* of the layer; SCHEMA_LAYERS_MAX: to be found by name */
  uint32_t n_values;      /* TEST_IS and bounds */
  const qn_value *values; /* BOOL, F64 or STR */
  pattern *pattern;
  uint32_t min, max; /* TEST_COUNT */
} predicate_step;

struct qn_predicate {
  cJSON *source; /* a copy, which holds the strings */
  uint32_t n_steps, n_values, first;
  predicate_step *steps;
  qn_value *values;
};

/* The check as part of another: faults at place and below. */
void predicate_check_at(config_walk *walk, const config_place *place, const cJSON *json);

#endif
