/* SPDX-License-Identifier: Apache-2.0 */

/* Listening sockets that belong to the process, so that they outlive the pipeline that asked for them. Floor 4. */
#ifndef CORE_RUNTIME_LISTEN_H
#define CORE_RUNTIME_LISTEN_H

#include "qanat/doc.h"

typedef struct listeners listeners;

int listeners_new(listeners **ret_listeners);
void listeners_free(listeners *listeners); /* closes them; unix sockets are removed */

/* The socket for "host:port", "[::1]:port" or "unix:/path": opened the first time, the same one ever after. It is
 * non-blocking. 0, -EINVAL (no such form), -EADDRNOTAVAIL (no such host), -errno. [any] */
int listeners_get(listeners *listeners, qn_str address, int *ret_fd);

#endif
