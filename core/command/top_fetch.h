/* SPDX-License-Identifier: Apache-2.0 */

/* One request to a worker's control, by its socket or its address. Floor 5. */
#ifndef CORE_COMMAND_TOP_FETCH_H
#define CORE_COMMAND_TOP_FETCH_H

#include <stddef.h>

#include "document/error.h"

/* Where a worker answers: "host:port", "[::1]:port" or "unix:/path"; with its token, or NULL. */
typedef struct top_place {
  const char *address;
  const char *token;
} top_place;

/* The body of GET target, NUL-terminated, owned by the caller. 0, or a negative errno with error filled: it says what to do. */
int top_fetch(const top_place *place, const char *target, char **ret_body, size_t *ret_len, qn_error *error);

/* The body in an answer of HTTP/1.x that ended with its connection, or 0 bytes; for top_fetch and its fuzzer. -EPROTO: it is none; else the
 * status. */
int top_fetch_split(const char *answer, size_t len, const char **ret_body, size_t *ret_len);

#endif
