/* SPDX-License-Identifier: Apache-2.0 */

/* The conditions of "when": JSON predicates over fields and layers. Floor 3.
 *
 *   {"field": "language", "is": "ar"}            also a list: any of them
 *   {"field": "score", "at_least": 0.5, "below": 1}
 *   {"field": "title", "present": true}
 *   {"field": "source", "matches": "^https:"}
 *   {"layer": "entity/1", "count": {"min": 1, "max": 5}}, {"layer": "quote/1", "present": true}
 *   {"any": [...]}, {"all": [...]}, {"not": {...}}
 *   "otherwise": when none of the other stages that read from the same one take the document */
#ifndef CORE_PIPELINE_PREDICATE_H
#define CORE_PIPELINE_PREDICATE_H

#include "pipeline/pipeline_file.h"

/* Reports what is wrong with the form of a predicate. 0 or -ENOMEM. */
int predicate_check(pipeline_file *file, const cJSON *predicate, const char *pointer);

/* Told of each layer that a predicate names. Non-zero ends the walk and is returned. */
typedef int predicate_visit(void *arg, const char *layer, const char *pointer);
int predicate_layers(pipeline_file *file, const cJSON *predicate, const char *pointer, predicate_visit *visit,
                     void *arg);

#endif
