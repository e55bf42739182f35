/* SPDX-License-Identifier: Apache-2.0 */

/* The watched folder and the three in it: claimed/, done/ and failed/. What a worker has in hand stands in a folder of its own below
 * claimed/, with a lock that ends with its process; so a dead worker's files can be told and taken over, on this machine or another
 * that shares the folder. */
#ifndef SPOOL_PLACE_H
#define SPOOL_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "input/fault.h"

enum { OWNER_MAX = 128, CLAIM_NAME_MAX = 24 };

typedef struct place {
  int root, claimed, done, failed; /* folders; -1: not open */
  int own, lock;                   /* claimed/OWNER, and its lock */
  char owner[OWNER_MAX];
  uint64_t last_claim; /* number of the last claim's folder in own */
} place;

/* Opens the folder and makes what is missing in it. 0, or -errno with fault. */
int place_open(const char *path, place *ret_place, file_fault *fault);
/* Gives the claimed/ folder of ours back, if nothing is in it. All -1 is fine. */
void place_close(place *place);

/* A claim's own path, below place->own: NUMBER/PATH; to be freed. NULL: no memory. */
char *place_claim_path(uint64_t claim, const char *path);

/* Moves a file into a claim of its own. 0, -ENOENT (somebody else was first), -errno. */
int place_claim(place *place, const char *path, uint64_t *ret_claim);
/* The claimed file. A descriptor, or -errno: -EINVAL if it is no regular file. */
int place_open_claim(const place *place, uint64_t claim, const char *path);

/* Takes the claims of dead workers over, one after the other: told of each with its path, which it may keep by returning 0; else it
 * stays where it is. 0, or -errno. */
int place_adopt(place *place, int (*adopted)(void *arg, uint64_t claim, char *path), void *arg);

/* Moves a claimed file below `to`, under its path or, if there is one already, a varied one; ret_path, to be freed, is which. 0, -errno. */
int place_settle(place *place, uint64_t claim, const char *path, int to, const char *mark, char **ret_path);
/* Puts a claimed file back where it came from. 0, -EEXIST (there is another now), -errno. */
int place_give_back(place *place, uint64_t claim, const char *path);
/* Removes a claimed file. 0, -errno. */
int place_remove(place *place, uint64_t claim, const char *path);

#endif
