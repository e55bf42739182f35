/* SPDX-License-Identifier: Apache-2.0 */

/* What is known of a document as JSON: strings made UTF-8, whole numbers as they are, bytes as text or base64. Floor 5.
 *
 * Those that add return false if there was no memory. */
#ifndef CORE_COMMAND_JSON_TEXT_H
#define CORE_COMMAND_JSON_TEXT_H

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "qanat/stage.h"

enum { JSON_TEXT_TIME_BYTES = 32 };

/* A copy that is UTF-8 and ends in NUL, to be freed; NULL: no memory. */
char *json_text_copy(const char *data, size_t len);
/* Unix time as "2026-01-31T12:00:00Z". */
void json_text_time(int64_t time_ms, char *ret_text);

bool json_text_add_str(cJSON *object, const char *name, qn_str text);
bool json_text_add_i64(cJSON *object, const char *name, int64_t value);
bool json_text_add_time(cJSON *object, const char *name, int64_t time_ms);
bool json_text_add_field(cJSON *object, qn_str name, const qn_value *value);
/* The text's lines as a list. */
bool json_text_add_lines(cJSON *object, const char *name, qn_str lines);
/* As "text" if it is that, so that a run can read it, and otherwise as "payload_base64". bytes must have a NUL behind it. */
bool json_text_add_payload(cJSON *object, const uint8_t *bytes, size_t len);

/* The object on a line, which it frees. */
bool json_text_print(cJSON *object, FILE *stream);

#endif
