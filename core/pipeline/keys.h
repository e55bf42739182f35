/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the members of an object by a table, and single values with a fault where they don't fit. Floor 3. */
#ifndef CORE_PIPELINE_KEYS_H
#define CORE_PIPELINE_KEYS_H

#include "pipeline/pipeline_file.h"

/* Reads one member into target. 0 (also after a fault) or -ENOMEM. */
typedef int key_read(pipeline_file *file, void *target, const cJSON *value, const char *pointer);

typedef struct key_rule {
  const char *name;
  key_read *read;        /* NULL: a known key that has no place here ... */
  const char *misplaced; /* ... and why */
  const char *schema;    /* the value's JSON Schema, for plan_file_schema; NULL if it is not published here */
} key_rule;

/* Faults for a value that is not an object and for keys that no rule has. what: "a stage". 0 or -ENOMEM. */
int keys_read(pipeline_file *file, const cJSON *object, const char *pointer, const char *what, const key_rule *rules,
              uint32_t n_rules, void *target);

/* Each of these is false after a fault, and then leaves ret_ alone. A string that was nothing but ${...} is read as
 * the number or truth value it holds. */
bool keys_text(pipeline_file *file, const cJSON *value, const char *pointer, size_t max, const char **ret_text);
bool keys_count(pipeline_file *file, const cJSON *value, const char *pointer, uint32_t min, uint32_t max,
                uint32_t *ret_count);
bool keys_truth(pipeline_file *file, const cJSON *value, const char *pointer, bool *ret_truth);
bool keys_choice(pipeline_file *file, const cJSON *value, const char *pointer, const char *const *choices,
                 uint32_t n_choices, uint32_t *ret_choice);
/* Bytes: a number, or "512", "64 KiB", "1.5GiB", "10MB". */
bool keys_size(pipeline_file *file, const cJSON *value, const char *pointer, uint64_t min, uint64_t max,
               uint64_t *ret_size);

/* What a value is, for "must be ..., found ...". */
const char *keys_found(const cJSON *value);

/* "64 MiB", "1.5 GiB", "300 bytes": the largest unit that says it in three digits. */
void keys_size_text(uint64_t bytes, char *ret_text, size_t capacity);

/* Turns a string that holds a number or truth value into it. False: it holds neither. */
bool keys_convert(cJSON *value);

#endif
