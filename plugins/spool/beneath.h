/* SPDX-License-Identifier: Apache-2.0 */

/* Files below an open folder, by paths that cannot leave it: every folder on the way is opened by itself and no symbolic link is
 * followed, so that it does not matter what others who may write there put in the way meanwhile. */
#ifndef SPOOL_BENEATH_H
#define SPOOL_BENEATH_H

#include <stdbool.h>
#include <stdint.h>

/* The last name of a path. */
const char *beneath_name(const char *path);

/* Opens the folder that holds path ("" and names alone: root itself); make: makes what is missing of the way. A descriptor, or
 * -errno. */
int beneath_open_parent(int root, const char *path, bool make);
/* Opens a folder right in another. A descriptor, or -errno. */
int beneath_open_folder(int parent, const char *name, bool make);

/* Moves a file from one tree into another, under the same path, making folders as needed. Never replaces: 0, -EEXIST, -ENOENT,
 * -errno. */
int beneath_move(int from, const char *path, int to, const char *new_path);

/* Removes a file's folders, the innermost first, as far as they are empty. */
void beneath_prune(int root, const char *path);

/* A path made different from all before: NAME.txt becomes NAME.MARK.txt; to be freed. NULL: no memory. */
char *beneath_vary(const char *path, const char *mark);

#endif
