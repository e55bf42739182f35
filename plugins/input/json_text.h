/* SPDX-License-Identifier: Apache-2.0 */

/* Writes short JSON into memory that grows. When memory runs out the text is spoilt, which json_text_take tells. */
#ifndef INPUT_JSON_TEXT_H
#define INPUT_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "qanat/doc.h"

typedef struct json_text {
  char *data;
  size_t len, capacity;
  bool spoilt;
} json_text;

void json_text_add(json_text *text, const char *bytes, size_t len);
void json_text_plain(json_text *text, const char *plain); /* as it is, NUL-terminated */
void json_text_string(json_text *text, qn_str string);    /* in quotes; what is no UTF-8 becomes U+FFFD */
void json_text_u64(json_text *text, uint64_t number);

/* The text, to be freed; the writer is empty again. NULL: no memory. */
char *json_text_take(json_text *text, size_t *ret_len);
void json_text_done(json_text *text);

#endif
