/* SPDX-License-Identifier: Apache-2.0 */

/* Where a walk through JSON stands, and the faults it found: shared by the two checks of core/plugin/config.h. */
#ifndef CORE_PLUGIN_CONFIG_PLACE_H
#define CORE_PLUGIN_CONFIG_PLACE_H

#include "plugin/config.h"

/* The words of the schema language. */
typedef enum config_type {
  CONFIG_STRING,
  CONFIG_INTEGER,
  CONFIG_NUMBER,
  CONFIG_BOOLEAN,
  CONFIG_ARRAY,
  CONFIG_OBJECT,
  CONFIG_FILE,
  CONFIG_PREDICATE, /* a condition on documents: plugin/predicate.h */
  CONFIG_N_TYPES    /* also: no such type */
} config_type;

/* A step of the way from the root; lives on the stack of the walk. key NULL: an array's element. */
typedef struct config_place {
  const struct config_place *parent; /* NULL: this is the root */
  const char *key;
  unsigned index;
} config_place;

typedef struct config_walk {
  config_report *report;
  void *arg;
  int n_faults;
} config_walk;

/* Reports a fault at place, as a JSON pointer. */
void config_fault(config_walk *walk, const config_place *place, int at_key, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The JSON pointer of place; cut at a part if it does not fit. */
void config_place_pointer(const config_place *place, char *ret_pointer, size_t capacity);

/* The type a schema names, or CONFIG_N_TYPES. */
config_type config_type_of(const cJSON *schema);
const char *config_type_name(config_type type);

/* 0 or the number of faults of value against schema. */
int config_value_check(config_walk *walk, const config_place *place, const cJSON *schema, const cJSON *value);

/* "; did you mean "x"?" or "" for a key that is not among the members of known (an object, or NULL). */
void config_hint(const char *key, const cJSON *known, char *ret_hint, size_t capacity);

/* Numbers of a schema key; 0 if the key is there and a number. */
int config_number(const cJSON *schema, const char *key, double *ret_number);

/* The integers that JSON numbers hold exactly end here. */
#define CONFIG_INTEGER_MAX 9007199254740992.0
enum { CONFIG_DEPTH_MAX = 32, CONFIG_MEMBERS_MAX = 256 };

#endif
