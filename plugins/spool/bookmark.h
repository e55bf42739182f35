/* SPDX-License-Identifier: Apache-2.0 */

/* Up to which line of a file all documents had come out when its reader was stopped or killed, so that the next one goes on there. It stands
 * beside the file, as .NAME.resume, until that is finished, and counts only for the very file it was made for. */
#ifndef SPOOL_BOOKMARK_H
#define SPOOL_BOOKMARK_H

#include <stdint.h>

/* fd is the file, which is or will be at path below root. 0, -errno: then it will be read from its begin. */
int bookmark_write(int root, const char *path, int fd, uint64_t n_lines);
/* How many lines of the file are through; 0: it has none. One of another file is removed. */
uint64_t bookmark_read(int root, const char *path, int fd);
void bookmark_remove(int root, const char *path); /* if there is one */

#endif
