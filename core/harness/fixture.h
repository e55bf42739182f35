/* SPDX-License-Identifier: Apache-2.0 */

/* A fixture being read: its parts in fixture_read.c, its layers in fixture_layer.c. Private to core/harness. */
#ifndef CORE_HARNESS_FIXTURE_H
#define CORE_HARNESS_FIXTURE_H

#include "harness/harness_body.h"

typedef struct fixture {
  qn_harness *harness;
  qn_harness_doc *doc;
} fixture;

/* An integer, also as a string, within bounds. 0, -EINVAL. */
int fixture_integer(const cJSON *value, int64_t low, int64_t high, int64_t *ret_number);
/* {"begin": n, "end": n}. 0, -EINVAL. */
int fixture_span(const cJSON *value, qn_span *ret_span);
/* One layer, a member named as it is. 0, -EINVAL, -ENOMEM. */
int fixture_layer(fixture *fixture, const cJSON *member, qn_error *error);

#endif
