/* SPDX-License-Identifier: Apache-2.0 */

/* Holds the result of a case against what it expects, and writes the result into the expectation. Floor 5. */
#ifndef CORE_COMMAND_CASE_EXPECT_H
#define CORE_COMMAND_CASE_EXPECT_H

#include "command/case_compare.h"

/* json is the index-th case of its file, result that of case_run. True if everything could be compared. */
void case_expect(const cJSON *json, uint32_t index, const cJSON *result, case_differences *differences);

/* Changes what json expects into what came out, as far as that can be said in the same words: conditions that hold stay,
 * and rows that must not be there. A case that expects nothing gets outcome, sinks and fields. 0, -ENOMEM. */
int case_update(cJSON *json, const cJSON *result);

/* What a single expectation is compared with, as an object of the same keys; NULL: no memory. The caller deletes it. */
cJSON *case_actual_of(const cJSON *expect, const char *id, const cJSON *result);

/* The id of the document that an expectation of the case is of. */
const char *case_expected_id(const cJSON *json, const cJSON *expect);

#endif
