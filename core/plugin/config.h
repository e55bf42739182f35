/* SPDX-License-Identifier: Apache-2.0 */

/* Checks a stage's configuration against its manifest's schema and fills in defaults. Floor 2.
 *
 * The schema language is a small part of JSON Schema, plus types "file" and "predicate": type (string, integer,
 * number, boolean, array, object, file, predicate), properties, required, additionalProperties (a schema: the object is a map), items, enum,
 * default, minimum, maximum, minLength, maxLength (in code points), minItems, maxItems, description. Keys that are
 * neither among the properties nor covered by additionalProperties are errors. */
#ifndef CORE_PLUGIN_CONFIG_H
#define CORE_PLUGIN_CONFIG_H

#include <cjson/cJSON.h>

#include "document/error.h"

/* One fault, at a JSON pointer relative to the config. at_key: the key itself is wrong, not its value. */
typedef void config_report(void *arg, const char *pointer, int at_key, const char *message);

/* Returns the number of faults reported. config may be NULL: as if empty. ret_config gets a copy with defaults (only
 * if 0), owned by the caller. */
int config_check(const cJSON *schema, const cJSON *config, config_report *report, void *arg, cJSON **ret_config);

/* Checks that a manifest's config schema is itself well-formed. 0 or the number of faults. */
int config_schema_check(const cJSON *schema, config_report *report, void *arg);

/* The value at a JSON pointer, "" being the whole, and the schema it obeys (NULL if none says anything of it). 0, -ENOENT. */
int config_at(const cJSON *schema, const cJSON *config, const char *pointer, const cJSON **ret_schema,
              const cJSON **ret_value);

/* What a schema allows, in words: "integer from 1 to 100", "array of string, at most 3 elements", "one of "a", "b"". */
void config_describe(const cJSON *schema, char *ret_text, size_t capacity);

/* The candidate closest to word by edit distance, or NULL if none is near: for "did you mean". */
const char *config_nearest(const char *word, const char *const *candidates, unsigned n_candidates);

#endif
