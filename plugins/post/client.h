/* SPDX-License-Identifier: Apache-2.0 */

/* An HTTP client on the host's loop: libcurl's multi interface, driven by the watches and timers of qanat.io/1. It knows
 * nothing of documents: bodies go out, results come back. Everything on the loop but client_open. */
#ifndef POST_CLIENT_H
#define POST_CLIENT_H

#include <stdbool.h>

#include "qanat/io.h"
#include "qanat/stage.h"

typedef struct client client;

/* What came of one request. Lent during the callback; body may be written to. */
typedef struct client_result {
  long status;             /* of HTTP; 0: there was no whole answer */
  uint64_t retry_after_ms; /* what the service asked for, within the bound; 0: nothing */
  char *body;              /* NUL-terminated */
  size_t body_len;
  const char *slug; /* why there is no whole answer; NULL: there is one */
  const char *text; /* the same for people, and of a redirection where to */
} client_result;

/* Reads what both stages have in their configurations: "url", "method", "headers", "connections", the limits of time,
 * "redirects", "proxy", "ca_file", "compress". keep_max: bytes of an answer to keep; a longer one is cut, or with
 * refuse_longer an error. room is called when a request can be sent after none could. 0, -EINVAL after create_fail(),
 * -ENOMEM. [create] */
typedef struct client_options {
  const char *media_type;
  size_t keep_max;
  bool refuse_longer;
  void (*room)(void *arg);
  void *arg;
} client_options;

int client_open(qn_create *create, const client_options *options, client **ret_client);
/* Aborts what is under way: no callback comes any more. NULL is fine. */
void client_close(client *client);

/* True if a request may be sent now: there is a free connection, and the service has not asked for a pause. */
bool client_has_room(const client *client);
/* Sends a request; only with room. body stays the caller's and must hold until done was called. 0, -ENOMEM, -EIO. */
int client_send(client *client, const char *body, size_t len, void (*done)(void *arg, const client_result *result),
                void *arg);

uint32_t client_connections(const client *client);

/* The address without what may be secret: for messages. */
const char *client_target(const client *client);
/* True if bodies are to be compressed; the header says so already. */
bool client_compresses(const client *client);

#endif
