/* SPDX-License-Identifier: Apache-2.0 */

/* The files that are lent to an isolated stage: the run opens them and passes their descriptors on, so that the child opens
 * none itself. Data files of its plugin, and those that its configuration names. Floor 4. */
#ifndef CORE_ISOLATION_LENT_FILES_H
#define CORE_ISOLATION_LENT_FILES_H

#include "isolation/setup.h"
#include "isolation/wire.h"

enum { LENT_FILES_MAX = 512, LENT_FILE_PATH_MAX = 4096 };

/* --- the run's side --- */

/* Paths of the files that may be asked for. To be freed with lent_paths_done. */
typedef struct lent_paths {
  uint32_t n;
  char **paths;
} lent_paths;

/* 0, -ENOMEM, -E2BIG (more than LENT_FILES_MAX). */
int lent_paths_of(const setup *stage, lent_paths *ret_paths);
void lent_paths_done(lent_paths *paths);
/* One frame each. 0, or what wire_send gives. */
int lent_paths_send(const lent_paths *paths, int socket, wire_wait *wait, void *arg);

/* --- the child's side --- */

typedef struct lent_file {
  char *path;
  int fd; /* or a negative errno: why there is none */
} lent_file;

typedef struct lent_files {
  uint32_t n;
  lent_file *items;
} lent_files;

/* Takes n of them from the socket. 0, -EBADMSG, -ENOMEM, -EPIPE. */
int lent_files_receive(lent_files *files, uint32_t n, int socket, wire_body *scratch);
/* host_hooks.file_open; arg is the lent_files. -ENOENT: it was not lent. */
int lent_files_open(void *arg, const char *path);
/* None is opened any more. */
void lent_files_close(lent_files *files);

#endif
