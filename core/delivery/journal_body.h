/* SPDX-License-Identifier: Apache-2.0 */

/* Large payloads: a synced file each under FOLDER/bodies, named by the entry's place. Floor 3, private. */
#ifndef CORE_DELIVERY_JOURNAL_BODY_H
#define CORE_DELIVERY_JOURNAL_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document/error.h"

int journal_body_write(const char *folder, int64_t place, const void *bytes, size_t n_bytes, qn_error *error);
/* After the last write, and before the commit: the names are on the disk too. */
int journal_body_sync_folder(const char *folder, qn_error *error);
/* -EBADMSG: it is not there, or not of that size. */
int journal_body_read(const char *folder, int64_t place, void *bytes, size_t n_bytes, qn_error *error);
/* The same from the folder of bodies itself. */
int journal_body_read_in(const char *bodies, int64_t place, void *bytes, size_t n_bytes, qn_error *error);
void journal_body_remove(const char *folder, int64_t place);

/* Makes the folder, and removes files that is_kept knows nothing of. */
int journal_body_open(const char *folder, int (*is_kept)(void *arg, int64_t place), void *arg, qn_error *error);

/* A hash that tells damage, not malice. */
uint64_t journal_body_hash(const void *bytes, size_t n_bytes);

#endif
