/* SPDX-License-Identifier: Apache-2.0 */

/* The ids of records already written, for resuming: a set of 128-bit hashes, so that memory stays at 32 bytes an id
 * whatever its length. Two ids in a hundred million million million clash by chance. */
#ifndef JSONL_IDS_H
#define JSONL_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ids_hash {
  uint64_t low, high; /* both 0: an empty slot */
} ids_hash;

typedef struct id_set {
  ids_hash *slots; /* open addressing; NULL: empty */
  size_t n_slots;  /* a power of two */
  size_t n_used;
} id_set;

void ids_done(id_set *ids);

/* Adds an id. 0, -ENOMEM. */
int ids_add(id_set *ids, const char *id, size_t len);
bool ids_has(const id_set *ids, const char *id, size_t len);

/* The id of a record as it stands in its line, escapes and all: records begin with {"id":"...". NULL if this one
 * does not. */
const char *ids_of_record(const char *record, size_t len, size_t *ret_len);

/* Adds the id of a record, if it has one: what out_options.kept calls, with the set as arg. 0, -ENOMEM. */
int ids_add_record(void *ids, const char *record, size_t len);

#endif
