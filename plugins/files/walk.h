/* SPDX-License-Identifier: Apache-2.0 */

/* Turns paths, folders and patterns into a stream of files, one at a time.
 *
 * Order: paths as given; in a folder bytewise by name, going down where a folder's name stands. Memory grows with
 * the depth and the width of the folders being read, never with the number of files. Symbolic links are followed;
 * a folder that contains itself through one is reported and not entered. One thread. */
#ifndef FILES_WALK_H
#define FILES_WALK_H

#include <stdint.h>

#include "input/fault.h"

typedef struct file_walk file_walk;

typedef enum walk_kind {
  WALK_FILE = 0,  /* ret_path names a file, or "-" for standard input */
  WALK_FAULT = 1, /* ret_path could not be read or names nothing; fault says why */
  WALK_END = 2
} walk_kind;

/* Copies what it is given. include: patterns that file names found in folders must match, one of them; a path
 * given by name or by pattern is always taken. 0, -ENOMEM. */
int walk_new(const char *const *paths, uint32_t n_paths, const char *const *include, uint32_t n_include,
             file_walk **ret_walk);
void walk_free(file_walk *walk);

/* The next file or fault; ret_path holds until the next call. 0, -ENOMEM. */
int walk_next(file_walk *walk, walk_kind *ret_kind, const char **ret_path, file_fault *fault);

#endif
