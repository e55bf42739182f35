/* SPDX-License-Identifier: Apache-2.0 */

/* Dead letters on disk: a store that writes them to an SQLite file, on a thread of its own. Floor 3.
 *
 * put copies the letter and returns; letters are written in batches, each one transaction that is on the disk when it
 * ends. A store that has reached its bound still takes what it is given, so that nothing in flight is lost, and says
 * `trouble` so that nothing more is admitted. One that cannot write takes nothing more. */
#ifndef CORE_DELIVERY_LETTER_FILE_H
#define CORE_DELIVERY_LETTER_FILE_H

#include <stdbool.h>

#include "delivery/letter.h"

typedef struct letter_file_options {
  const char *path;
  const char *pipeline; /* its name, kept with each letter */
  uint64_t max_letters; /* all that the file may hold; 0: the usual (1,000,000) */
  uint64_t max_bytes;   /* the same, of payload; 0: the usual (4 GiB) */
  uint32_t hold_ms;     /* tests: how long a batch is kept back before it is written */
  /* Once, when the bound is reached or writing failed: admit no more. [any] Must not call the store. NULL: nobody asks. */
  void (*trouble)(void *arg, const qn_error *error);
  void *arg;
} letter_file_options;

typedef struct letter_file_counts {
  uint64_t n_kept; /* on disk, of those put */
  uint64_t n_lost; /* put, and not written because writing failed */
} letter_file_counts;

/* Opens or makes the file. -ENOSPC: it has reached its bound already. 0, or a negative errno with error filled. */
int letter_file_new(const letter_file_options *options, letter_store **ret_store, qn_error *error);

/* Waits until all that was put is on the disk. 0, or a negative errno with error filled: not all of it is. */
int letter_file_flush(letter_store *store, letter_file_counts *ret_counts, qn_error *error);

#endif
