/* SPDX-License-Identifier: Apache-2.0 */

/* Configurations made from a manifest's schema: the least it needs, others that it allows, and ones it forbids. Floor 4. */
#ifndef CORE_CONFORMANCE_CONFIG_CASE_H
#define CORE_CONFORMANCE_CONFIG_CASE_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "conformance/chance.h"

/* What stands in strings and for files of which the schema does not say more. */
typedef struct config_words {
  const char *string, *file;
} config_words;

/* The least configuration that the schema takes: what it requires and gives no default. Owned by the caller; NULL: no memory. */
cJSON *config_least(const cJSON *schema, const config_words *words);

/* base with other values, which the schema allows, for some of its keys: bounds, edges and every choice come up. Free
 * strings, files and predicates stay as they are unless free_strings. Owned by the caller; NULL: no memory. */
cJSON *config_other(const cJSON *schema, const cJSON *base, chance *luck, bool free_strings);

/* Gives every way of breaking the schema by one fault, in turn. what says which. bad is the caller's to read. */
typedef void config_bad_visit(void *arg, const cJSON *bad, const char *what);
void config_bad_all(const cJSON *schema, const cJSON *base, config_bad_visit *visit, void *arg);

#endif
