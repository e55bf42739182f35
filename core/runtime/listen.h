/* SPDX-License-Identifier: Apache-2.0 */

/* Listening sockets that belong to the process, so that they outlive the pipeline that asked for them. Floor 4. */
#ifndef CORE_RUNTIME_LISTEN_H
#define CORE_RUNTIME_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

#include "qanat/doc.h"

typedef struct listeners listeners;

int listeners_new(listeners **ret_listeners);
void listeners_free(listeners *listeners); /* closes them; unix sockets are removed */

/* The socket for "host:port", "[::1]:port" or "unix:/path": opened the first time, the same one ever after. It is
 * non-blocking. 0, -EINVAL (no such form, or no such port), -EADDRNOTAVAIL (no such host), -errno. [any] */
int listeners_get(listeners *listeners, qn_str address, int *ret_fd);
/* Whoever got it needs it no more. It stays open, for the one that may take over, until the next sweep. [any] */
void listeners_put(listeners *listeners, int fd);
/* Closes those that nobody needs any more. [any] */
void listeners_sweep(listeners *listeners);

/* Takes a listening socket that was opened before this process was (systemd's socket activation): listeners_get gives it to whoever asks
 * for "systemd:NAME", or for the very address that it is bound to. fd is the listeners' if it succeeds. 0, -ENOTSOCK, -EINVAL (it does not
 * listen for streams, or the name is empty), -ENOSPC, -ENOMEM. */
int listeners_adopt(listeners *listeners, const char *name, int fd);

/* Whether it is the number of a port, 0 to 65535: getaddrinfo() takes any number, and drops what is above 16 bits of it. [any] */
bool listen_is_port(const char *text);

/* Opens a listening socket of one's own, at an address as above. A unix socket gets the mode; 0: as the umask says. The errors of
 * listeners_get. [any] */
int listen_open(const char *address, uint32_t mode, int *ret_fd);

/* The address of a socket file, whose path may be longer than an address can hold: then it goes by its folder, a descriptor that has to stay
 * open until the address has been used (-1: none). 0, -EINVAL (no path), -ENAMETOOLONG (of the file itself), -errno. [any] */
struct sockaddr_un;
int listen_name_unix(const char *path, struct sockaddr_un *ret_name, int *ret_folder);

#endif
