/* SPDX-License-Identifier: Apache-2.0 */

/* Reads JSON from bytes that nobody vouches for: a pull reader without a tree, which unescapes strings in place.
 *
 * Every function returns false once something is wrong, and `fault` then says what; after that nothing more is read. The
 * bytes must be valid UTF-8 (json_in_open looks), stay writable and stay where they are as long as the strings are used. */
#ifndef EXCHANGE_JSON_IN_H
#define EXCHANGE_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qanat/doc.h"

typedef enum json_in_kind {
  JSON_IN_NOTHING, /* no value begins here */
  JSON_IN_NULL,
  JSON_IN_BOOL,
  JSON_IN_NUMBER,
  JSON_IN_STRING,
  JSON_IN_ARRAY,
  JSON_IN_OBJECT
} json_in_kind;

typedef struct json_in {
  char *at, *end;
  const char *fault; /* a constant; NULL while all is well */
} json_in;

/* A number as it stands: whole if it has neither fraction nor exponent and fits i64. */
typedef struct json_number {
  bool whole;
  int64_t i64;
  double f64;
} json_number;

bool json_in_open(json_in *in, char *bytes, size_t len);

/* What the next value is, by its first byte; skips space. */
json_in_kind json_in_peek(json_in *in);

/* Into an array or object: `if (json_in_enter(in, '[')) for (n = 0; json_in_more(in, ']', n); n++) ...`. The loop ends at
 * the closing bracket or at a fault. */
bool json_in_enter(json_in *in, char open);
bool json_in_more(json_in *in, char close, uint32_t n_before);
/* A member's name and its colon, inside an object. */
bool json_in_key(json_in *in, qn_str *ret_key);

bool json_in_string(json_in *in, qn_str *ret_text);
bool json_in_number(json_in *in, json_number *ret_number);
bool json_in_bool(json_in *in, bool *ret_value);
bool json_in_null(json_in *in);

/* Any value, checked but not changed. ret_value, which may be NULL, is its slice. */
bool json_in_skip(json_in *in, qn_str *ret_value);

/* True at the end of the bytes, but for space. */
bool json_in_at_end(json_in *in);

/* Records a fault, unless there is one; returns false. */
bool json_in_fail(json_in *in, const char *fault);

#endif
