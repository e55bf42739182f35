/* SPDX-License-Identifier: Apache-2.0 */

/* What a journal's file holds, read by somebody else than its worker, who may be at work meanwhile. Floor 3. One thread.
 *
 * Nothing is read for long at a time: while it is, the worker's log grows. */
#ifndef CORE_DELIVERY_JOURNAL_FILE_H
#define CORE_DELIVERY_JOURNAL_FILE_H

#include <stdbool.h>

#include "delivery/journal_rows.h"

typedef struct journal_file journal_file;

/* journal.db, or one that was moved aside. 0, or a negative errno with error filled; so have all that follow. */
int journal_file_open(const char *path, journal_file **ret_file, qn_error *error);
void journal_file_close(journal_file *file); /* NULL is fine */

typedef struct journal_file_line {
  int64_t id;
  char *name; /* PIPELINE/SOURCE */
  uint64_t documents, bytes;
  uint64_t oldest_ms; /* Unix time; 0: none */
} journal_file_line;

/* All lines, in the order they were first seen. Owned by the file. */
int journal_file_lines(journal_file *file, const journal_file_line **ret_lines, uint32_t *ret_n, qn_error *error);
/* Of the database with its log, and of the bodies. */
void journal_file_sizes(const journal_file *file, uint64_t *ret_file_bytes, uint64_t *ret_body_bytes);
/* Whether a worker has the folder. */
bool journal_file_is_held(const journal_file *file);

/* Tells the entries of a line from a place on, a few of them; *ret_next is where to go on, or 0 at the end. What cannot be read is
 * left out: *ret_n_damaged counts how often. */
int journal_file_walk(journal_file *file, int64_t line, int64_t from, journal_rows_reader *read, void *arg,
                      int64_t *ret_next, uint32_t *ret_n_damaged, qn_error *error);
/* The payload of a row, of row->payload_bytes bytes; also inside the walk. -EBADMSG: it is gone or damaged. */
int journal_file_payload(journal_file *file, const journal_row *row, void *bytes, qn_error *error);

/* Looks at everything: the database, the payloads of all that waits, the counts. Tells what is wrong, and
 * returns 0 also if something was. A worker's log grows meanwhile. */
int journal_file_verify(journal_file *file, void (*wrong)(void *arg, const char *text), void *arg,
                        uint64_t *ret_n_entries, uint64_t *ret_n_wrong, qn_error *error);

#endif
