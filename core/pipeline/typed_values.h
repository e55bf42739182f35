/* SPDX-License-Identifier: Apache-2.0 */

/* Finds the values of one type in a stage's settings, wherever its schema lets them stand. Floor 3. */
#ifndef CORE_PIPELINE_TYPED_VALUES_H
#define CORE_PIPELINE_TYPED_VALUES_H

#include "pipeline/pipeline_file.h"

/* pointer is into the file. Non-zero ends the walk and is returned. */
typedef int typed_value_visit(void *arg, const cJSON *value, const char *pointer);

typedef struct typed_values {
  pipeline_file *file;
  const char *type; /* "file", "predicate" */
  typed_value_visit *visit;
  void *arg;
} typed_values;

/* Looks at value, which stands at pointer and obeys schema, and at all below it. -ENOMEM, or what visit said. */
int typed_values_walk(const typed_values *self, const cJSON *schema, const cJSON *value, const char *pointer);

#endif
