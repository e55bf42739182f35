/* SPDX-License-Identifier: Apache-2.0 */

/* A file that only takes room. When the disk is full it is given up, so that what is finished can still be taken out of the journal,
 * which is what makes room again. As long as it cannot be made again nothing is accepted. Floor 3, private. */
#ifndef CORE_DELIVERY_JOURNAL_BALLAST_H
#define CORE_DELIVERY_JOURNAL_BALLAST_H

#include <stdint.h>

#include "document/error.h"

/* How much it should take: an eighth of what is free, within bounds. */
uint64_t journal_ballast_size(const char *folder);
/* 0, or a negative errno with error filled: then there is none. */
int journal_ballast_take(const char *folder, uint64_t n_bytes, qn_error *error);
void journal_ballast_drop(const char *folder);

#endif
