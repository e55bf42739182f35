/* SPDX-License-Identifier: Apache-2.0 */

/* Picks named members out of one JSON value without building a tree: one pass, no allocation.
 *
 * The whole value is checked on the way: what is not JSON is refused, wherever it stands. Two liberties: control
 * characters inside strings are taken as they are, and bytes that are no UTF-8 are left to whoever decodes the text. */
#ifndef INPUT_JSON_PICK_H
#define INPUT_JSON_PICK_H

#include <stddef.h>
#include <stdint.h>

typedef enum json_kind {
  JSON_NONE = 0, /* there is no such member */
  JSON_NULL,
  JSON_FALSE,
  JSON_TRUE,
  JSON_NUMBER,
  JSON_STRING,
  JSON_ARRAY,
  JSON_OBJECT
} json_kind;

/* A slice of the text: of a string what stands between its quotes, escapes and all. */
typedef struct json_value {
  json_kind kind;
  const char *data;
  size_t len;
} json_value;

typedef struct json_fault {
  size_t offset;    /* byte of the text where it stopped making sense */
  const char *text; /* what is wrong there; a constant */
} json_fault;

enum { JSON_DEPTH_MAX = 128 };

/* Fills ret_values[i] with the member names[i] of the object; "a.b" names member b of the object a. 0, -EINVAL with
 * fault: no JSON, no object, nested too deep, or a picked member that occurs twice. */
int json_pick(const char *text, size_t len, const char *const *names, json_value *ret_values, uint32_t n_names,
              json_fault *fault);

/* The same, for objects and arrays that stand at most depth_max deep in each other. */
int json_pick_within(const char *text, size_t len, uint32_t depth_max, const char *const *names, json_value *ret_values,
                     uint32_t n_names, json_fault *fault);

/* Decodes a string's escapes into out, which has room for value->len bytes; returns the bytes written. Half a
 * surrogate pair is written as three bytes that are no UTF-8, so that it is found and counted where bad bytes are. */
size_t json_string_decode(const json_value *value, char *out);

#endif
