/* SPDX-License-Identifier: Apache-2.0 */

/* How far a file of lines was read when its reader was stopped and all documents up to there had come out, so that the next one goes on
 * there. It stands beside the file, as .NAME.resume, and counts only for the very file it was made for. */
#ifndef SPOOL_BOOKMARK_H
#define SPOOL_BOOKMARK_H

#include <stdint.h>

/* fd is the file, which is or will be at path below root. 0, -errno: then it will be read from its begin. */
int bookmark_write(int root, const char *path, int fd, uint64_t n_lines);
/* Takes the bookmark of the file away. How many lines of it are through; 0: it has none. */
uint64_t bookmark_take(int root, const char *path, int fd);

#endif
