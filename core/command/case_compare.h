/* SPDX-License-Identifier: Apache-2.0 */

/* Holds what came out against what a test expects, and says where they differ. Floor 5.
 *
 * An expected object names what is looked at; everything else in the actual one is passed over. null stands for what is
 * not there. A list is all of the list; rows in it are objects like any other. Instead of a value there may be conditions:
 * { "contains": TEXT }, { "lacks": TEXT }, { "at_least": N, "at_most": N }, { "fill": true } (nothing yet: to be filled in
 * by --update). Numbers are equal if they agree to nine digits. */
#ifndef CORE_COMMAND_CASE_COMPARE_H
#define CORE_COMMAND_CASE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

enum { CASE_DIFFERENCES_KEPT = 50 };

/* expected or actual NULL: there is none. */
typedef struct case_difference {
  char *pointer;   /* JSON pointer into the test file */
  cJSON *expected; /* copies */
  cJSON *actual;
  const char *note; /* constant, or NULL */
} case_difference;

typedef struct case_differences {
  uint32_t n; /* all of them */
  uint32_t n_kept;
  bool no_memory;
  case_difference kept[CASE_DIFFERENCES_KEPT];
} case_differences;

void case_differences_done(case_differences *differences);

/* Where an expected value stands: a chain up to the root of the test file. */
typedef struct case_place {
  const struct case_place *parent;
  const char *key; /* NULL: an element */
  uint32_t index;
} case_place;

void case_differences_add(case_differences *differences, const case_place *place, const cJSON *expected,
                          const cJSON *actual, const char *note);

/* actual NULL: it is not there. */
void case_compare(case_differences *differences, const case_place *place, const cJSON *expected, const cJSON *actual);
bool case_fits(const cJSON *expected, const cJSON *actual);

/* True for conditions. */
bool case_is_pattern(const cJSON *expected);
/* True if all elements are objects: rows. */
bool case_is_rows(const cJSON *list);

#define CASE_UNPAIRED UINT32_MAX

/* Which expected row each actual row stands for: fitting ones first, as many as keep the order, then between them those on
 * the same text. ret_pairs has an entry for each actual row. 0, -ENOMEM. */
int case_pair_rows(const cJSON *expected, const cJSON *actual, uint32_t **ret_pairs);

/* Of an actual row what the expected rows name ("at" always); all but the offsets if they name nothing. NULL: no memory. */
cJSON *case_row_shown(const cJSON *expected_rows, const cJSON *actual_row);

/* The first row that stands on the same text as expected, or NULL. */
const cJSON *case_row_like(const cJSON *expected, const cJSON *actual_rows);

#endif
