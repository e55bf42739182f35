/* SPDX-License-Identifier: Apache-2.0 */

/* What a plan is made of lives here and goes at once: strings, arrays and adopted JSON. One thread. Floor 3. */
#ifndef CORE_PIPELINE_MEMORY_H
#define CORE_PIPELINE_MEMORY_H

#include <stddef.h>

#include <cjson/cJSON.h>

typedef struct plan_memory plan_memory;

int plan_memory_new(plan_memory **ret_memory);
void plan_memory_free(plan_memory *memory);

/* Zeroed room for n elements of size bytes; a place of its own even for n 0. NULL: no memory, or n * size overflows. */
void *plan_memory_take(plan_memory *memory, size_t n, size_t size);
char *plan_memory_copy(plan_memory *memory, const char *text, size_t len);
char *plan_memory_format(plan_memory *memory, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Calls release(object) when the rest is freed. On failure it is called now. NULL is passed on as -ENOMEM. */
int plan_memory_own(plan_memory *memory, void (*release)(void *object), void *object);

/* Deletes json together with the rest. On failure it is deleted now. NULL is passed on as -ENOMEM. */
int plan_memory_adopt(plan_memory *memory, cJSON *json);

#endif
