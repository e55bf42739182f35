/* SPDX-License-Identifier: Apache-2.0 */

/* Who asks: the token, and the signs that a web page elsewhere makes a browser ask. Floor 4. */
#ifndef CORE_SERVE_CONTROL_GUARD_H
#define CORE_SERVE_CONTROL_GUARD_H

#include "serve/control.h"

enum { CONTROL_TOKEN_MIN = 16, CONTROL_TOKEN_MAX = 1024 };

typedef struct control_token {
  size_t len; /* 0: there is none */
  char bytes[CONTROL_TOKEN_MAX];
} control_token;

/* Reads the token from a file: its first line, without blanks around it. 0, or a negative errno with error filled: among other things, others
 * than its owner and group may read it. */
int control_token_read(const char *path, control_token *ret_token, qn_error *error);

/* Where a request came in. */
typedef enum control_door {
  DOOR_SOCKET = 0,   /* a socket in the file system, whose permissions say who may */
  DOOR_LOOPBACK = 1, /* only this machine gets there, its browsers among others */
  DOOR_OPEN = 2      /* whoever gets there */
} control_door;

/* The headers that matter; empty ones were not sent. */
typedef struct control_headers {
  qn_str host, origin, authorization;
} control_headers;

/* What a request may, or CONTROL_NOTHING with refusal filled if it is not to be answered at all (refusal->status is 0 otherwise). */
control_trust control_guard(const control_token *token, control_door door, const control_headers *headers,
                            control_answer *refusal);

#endif
