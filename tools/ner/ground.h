/* SPDX-License-Identifier: Apache-2.0 */

/* What the trainer of names stands on: memory and files that end the program when they fail, and a host of memory alone. */
#ifndef NER_GROUND_H
#define NER_GROUND_H

#include <stddef.h>

#include "qanat/stage.h"

extern const qn_host ground_host;

/* Ends the program with a message. */
_Noreturn void ground_die(const char *what, const char *where);

/* Zeroed memory for n elements of size bytes. */
void *ground_get(size_t n, size_t size);

/* Room for n elements of size bytes where there was less: doubles *capacity as often as it takes. */
void *ground_grow(void *old, size_t *capacity, size_t n, size_t size);

/* All bytes of a file, with a zero behind them. */
char *ground_read(const char *path, size_t *ret_len);

#endif
