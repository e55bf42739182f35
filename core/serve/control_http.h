/* SPDX-License-Identifier: Apache-2.0 */

/* The control by HTTP: at an address, and always at a socket in the folder of the state. Built on libmicrohttpd; without it,
 * control_http_start says so. Floor 4.
 *
 * Each of the two has a thread of its own, which reads and writes; what takes long waits for the control's threads. */
#ifndef CORE_SERVE_CONTROL_HTTP_H
#define CORE_SERVE_CONTROL_HTTP_H

#include "serve/control.h"
#include "serve/control_guard.h"

enum { CONTROL_CONNECTIONS_MAX = 64, CONTROL_IDLE_S = 30 };

typedef struct control_http control_http;

typedef struct control_http_options {
  control *control;           /* borrowed */
  const char *address;        /* "127.0.0.1:9600", "unix:/path"; NULL or "off": none */
  int fd;                     /* a listening socket to use instead of address, which becomes the control's; -1: none */
  const char *socket_path;    /* NULL: none */
  const control_token *token; /* copied; NULL: none */
} control_http_options;

/* Whether this program can: if not, control_http_start says why. */
bool control_http_is_there(void);

/* 0, or a negative errno with error filled. */
int control_http_start(const control_http_options *options, control_http **ret_http, qn_error *error);
/* Where it listens, for people: "http://127.0.0.1:9600"; "" if only at the socket. */
const char *control_http_address(const control_http *http);
/* Ends the control (control_end), waits for the answers under way, closes. NULL is fine. */
void control_http_stop(control_http *http);

#endif
