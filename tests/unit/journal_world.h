/* SPDX-License-Identifier: Apache-2.0 */

/* A journal in a folder of its own, what its source was told, and documents that are known by their number. */
#ifndef TESTS_UNIT_JOURNAL_WORLD_H
#define TESTS_UNIT_JOURNAL_WORLD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "delivery/hands.h"
#include "delivery/journal.h"

typedef struct journal_world {
  journal *journal;      /* in the folder state/ */
  journal_line *line;    /* of pipeline news, source http */
  pthread_mutex_t mutex; /* all that follows, while the journal is open */
  pthread_cond_t changed;
  uint64_t n_accepted, n_known, n_refused, n_room;
  uint64_t last_number;
  char known_id[300];
  qn_error refusal;
  char said[4096]; /* to the operator, a line each */
} journal_world;

/* Set-up and teardown: a new folder is the working directory, and is removed with all that is in it. */
int world_enter(void **state);
int world_leave(void **state);

/* options NULL: the usual ones. folder, say and arg are filled in. */
journal_world *world_open(const journal_options *options);
void world_close(journal_world *self); /* nothing may be taken */

/* Puts document i, with a payload of n bytes. */
void world_put(journal_world *self, uint64_t i, size_t n, const char *key);
/* Its bytes. */
void world_fill(uint8_t *bytes, size_t n, uint64_t i);
journal_entry *world_reserve(journal_world *self, size_t n_bytes); /* waits for room */
/* Takes the next one. */
journal_entry *world_take(journal_world *self);
/* It is document i with a payload of n bytes, as world_put has it. */
void world_check(journal_entry *entry, uint64_t i, size_t n);

void world_flush(journal_world *self); /* all is on the disk */
journal_counts world_count(journal_world *self);
bool world_is(qn_str text, const char *wanted);

#endif
