/* SPDX-License-Identifier: Apache-2.0 */

/* The JSON Schema of test files, made from case_schema.json by the build: what they are checked with and what is
 * published. Floor 5. */
#ifndef CORE_COMMAND_CASE_SCHEMA_H
#define CORE_COMMAND_CASE_SCHEMA_H

#include <stddef.h>

extern const unsigned char case_schema[];
extern const size_t case_schema_len;

#endif
