/* SPDX-License-Identifier: Apache-2.0 */

/* A pipeline file, read: its text, its JSON, where everything stands, and what the command line changed in it.
 *
 * Knows JSON and places, not what a pipeline means. Faults go through here, so that each lands where the value came
 * from: a place in the file, or the argument that set it. Floor 3. */
#ifndef CORE_PIPELINE_FILE_H
#define CORE_PIPELINE_FILE_H

#include <cjson/cJSON.h>

#include "pipeline/faults.h"
#include "pipeline/memory.h"
#include "pipeline/positions.h"

/* A value that an argument of the command line put into the tree. */
typedef struct file_origin {
  const char *pointer;         /* of the value */
  const char *argument;        /* as shown: "--set stages.summarize.with.sentences=5" */
  text_range path, key, value; /* within argument; key is the end of path */
  bool literal;                /* the shell's own word: ${...} in it means nothing */
} file_origin;

/* A value that substitution made. */
typedef struct file_substitution {
  const char *pointer;
  const char *secret; /* its text, if it came from ${file:...}; else NULL */
  bool failed;        /* told already: what else is wrong with the value follows from it */
  bool whole;         /* the string was nothing but ${...}: where the schema wants a number, it is read as one */
} file_substitution;

typedef struct pipeline_file {
  const char *path;
  const char *base_folder;
  char *text;
  size_t len;
  positions *positions;
  cJSON *root; /* an object */
  plan_memory *memory;
  faults *faults;
  uint32_t n_origins, n_substitutions;
  uint32_t substitutions_capacity;
  file_origin *origins;
  file_substitution *substitutions;
} pipeline_file;

/* Reads and parses. -EINVAL or the errno of reading, both with a fault; -ENOMEM. file is zeroed, memory and faults
 * are borrowed. pipeline_file_done afterwards in any case. */
int pipeline_file_read(pipeline_file *file, const char *path, plan_memory *memory, faults *faults);
/* The same from a text in memory; path is for messages and "file" values. */
int pipeline_file_parse(pipeline_file *file, const char *path, const char *text, size_t len, plan_memory *memory,
                        faults *faults);
void pipeline_file_done(pipeline_file *file);

/* A fault at the value (or key) that pointer names; NULL: no memory for it, then at the whole. */
void pipeline_file_fault(pipeline_file *file, const char *pointer, bool at_key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same, of a part of the value: the first place in it where word stands as it is. */
void pipeline_file_fault_word(pipeline_file *file, const char *pointer, const char *word, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Puts a substituted value on record. After one that failed, further faults of the value are not told. */
int pipeline_file_substituted(pipeline_file *file, const file_substitution *substitution);
const file_substitution *pipeline_file_substitution(const pipeline_file *file, const char *pointer);

/* Whether the value comes from an argument that is taken as it is. */
bool pipeline_file_literal(const pipeline_file *file, const char *pointer);

/* Whether pointer is base or lies within it. */
bool pipeline_file_within(const char *pointer, const char *base);

/* The value at a pointer into root, or NULL. */
cJSON *pipeline_file_value(cJSON *root, const char *pointer);

/* base with one more component, escaped. NULL: no memory, now or for base. */
const char *pipeline_file_child(pipeline_file *file, const char *base, const char *key);
const char *pipeline_file_item(pipeline_file *file, const char *base, uint32_t index);

#endif
