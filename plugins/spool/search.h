/* SPDX-License-Identifier: Apache-2.0 */

/* Finds files in the watched folder that are complete, in order; and is told by the system when something arrives.
 *
 * A file is complete if it was renamed into the folder, or has not changed for the quiet time. */
#ifndef SPOOL_SEARCH_H
#define SPOOL_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

typedef enum search_order { ORDER_TIME = 0, ORDER_NAME } search_order;

typedef struct search_options {
  uint32_t depth; /* of folders in the folder; 0: its own files only */
  search_order order;
  uint64_t quiet_ms;
  char **include; /* patterns of names, one of which must match; borrowed */
  uint32_t n_include;
} search_options;

typedef struct search search;

/* root is borrowed. 0, -ENOMEM, -errno. */
int search_new(int root, const search_options *options, search **ret_search);
void search_free(search *search); /* NULL is fine */

/* Readable when something may have arrived; -1: nobody tells, it has to be looked for. */
int search_descriptor(const search *search);

/* Looks through the folder. 0, -ENOMEM, -errno. */
int search_look(search *search);
/* The next file found; the caller frees it. NULL: there are no more. */
char *search_next(search *search);
/* How long until a file may be complete that is not yet, after the last look; UINT64_MAX: none waits. */
uint64_t search_due_ms(const search *search);
/* Files seen by the last look that are not complete, and those that never will be taken (links, devices). */
uint32_t search_n_waiting(const search *search);
uint32_t search_n_refused(const search *search);

#endif
