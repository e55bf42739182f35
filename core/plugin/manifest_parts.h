/* SPDX-License-Identifier: Apache-2.0 */

/* What the files that make a manifest share: the list of its faults and the readers of its parts. */
#ifndef CORE_PLUGIN_MANIFEST_PARTS_H
#define CORE_PLUGIN_MANIFEST_PARTS_H

#include <stddef.h>

#include "plugin/manifest.h"

enum {
  MANIFEST_BYTES_MAX = 1 << 20,
  MANIFEST_DEPTH_MAX = 32,
  MANIFEST_MEMBERS_MAX = 256,   /* of one object */
  MANIFEST_ELEMENTS_MAX = 4096, /* of one array */
  MANIFEST_STAGES_MAX = 64,
  MANIFEST_STRINGS_MAX = 64, /* of a list of names */
  MANIFEST_NAME_MAX = 64
};

/* All that is wrong, joined by "; ", as far as it fits. */
typedef struct manifest_faults {
  unsigned count;
  size_t len;
  bool no_memory;
  char text[900];
} manifest_faults;

void manifest_fault(manifest_faults *faults, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Reports every key of object that is not in known (NULL-terminated); also that it is an object at all. */
bool manifest_keys(manifest_faults *faults, const char *what, const cJSON *object, const char *const *known);

/* The string at key, of 1 to max bytes; NULL if absent or wrong, which is reported (absent: only if required). */
const char *manifest_string(manifest_faults *faults, const char *what, const cJSON *object, const char *key, size_t max,
                            bool required);

/* The index of the word at key among choices (NULL-terminated), fallback if absent. Wrong ones are reported. */
unsigned manifest_choice(manifest_faults *faults, const char *what, const cJSON *object, const char *key,
                         const char *const *choices, unsigned fallback);

bool manifest_bool(manifest_faults *faults, const char *what, const cJSON *object, const char *key);

/* Appends the strings of the array at key that match is_ok to list, reporting the others and repetitions. */
void manifest_strings(manifest_faults *faults, const char *what, const cJSON *object, const char *key,
                      bool (*is_ok)(const char *text), const char **list, uint32_t capacity, uint32_t *n_list);

/* Names: lower-case words joined by '-', '_' or '.'; view names without '-' and '.'; "token/1"; "acme.mood/1". */
bool manifest_name_ok(const char *text);
bool manifest_view_ok(const char *text);
bool manifest_layer_ok(const char *text);
bool manifest_file_ok(const char *text);
bool manifest_field_ok(const char *text);
bool manifest_symbol_ok(const char *text);

/* Fills manifest->schemas from "layers". 0, -ENOMEM; faults are reported apart. */
int manifest_read_layers(manifest *manifest, const cJSON *layers, manifest_faults *faults);
void manifest_free_layers(manifest *manifest);

/* Fills one entry of manifest->stages, whose name is the member's. Needs manifest->schemas. */
int manifest_read_stage(manifest *manifest, const cJSON *member, stage_info *stage, manifest_faults *faults);
void manifest_free_stage(stage_info *stage);

/* The bytes of the manifest note in the ELF file open at fd. 0, -ENOEXEC, -ENOMSG, -EFBIG, -ENOMEM. */
int note_read(int fd, const char *path, char **ret_json, size_t *ret_len, qn_error *error);

#endif
