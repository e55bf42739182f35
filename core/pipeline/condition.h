/* SPDX-License-Identifier: Apache-2.0 */

/* Conditions as they stand in a pipeline file, under "when" and in settings of type "predicate": their faults land where
 * they stand. What a condition is, plugin/predicate.h knows. Floor 3. */
#ifndef CORE_PIPELINE_CONDITION_H
#define CORE_PIPELINE_CONDITION_H

#include "pipeline/pipeline_file.h"
#include "plugin/predicate.h"

/* Reports what is wrong with a condition, after condition_convert. 0 or -ENOMEM. */
int condition_check(pipeline_file *file, const cJSON *json, const char *pointer);

/* Where a number or truth value is wanted in the condition at pointer and the string was nothing but ${...}, makes it
 * one. */
void condition_convert(pipeline_file *file, const char *pointer);

/* predicate_layers with pointers into the file. */
int condition_layers(pipeline_file *file, const cJSON *json, const char *pointer, predicate_visit *visit, void *arg);

#endif
