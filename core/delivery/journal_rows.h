/* SPDX-License-Identifier: Apache-2.0 */

/* The journal's tables: statements over one connection. Floor 3, private. One thread at a time.
 *
 * All return 0, or a negative errno with error filled. */
#ifndef CORE_DELIVERY_JOURNAL_ROWS_H
#define CORE_DELIVERY_JOURNAL_ROWS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document/error.h"
#include "qanat/stage.h"

typedef struct journal_rows journal_rows;
struct entry_inside;
struct journal_field;

enum { JOURNAL_NUMBER_BITS = 48, JOURNAL_LINES_MAX = 32767 };

static inline int64_t journal_rows_place(int64_t line, uint64_t number) {
  return (int64_t)(((uint64_t)line << JOURNAL_NUMBER_BITS) | number);
}

/* Takes the database over, also if it fails. */
int journal_rows_new(sqlite3 *database, journal_rows **ret_rows, qn_error *error);
void journal_rows_free(journal_rows *rows); /* NULL is fine */

/* --- transactions --- */

int journal_rows_begin(journal_rows *rows, qn_error *error);
int journal_rows_commit(journal_rows *rows, qn_error *error); /* rolls back if it fails */
void journal_rows_roll_back(journal_rows *rows);
/* What is read until rolled back is of one moment. */
int journal_rows_begin_reading(journal_rows *rows, qn_error *error);

/* --- inside a transaction --- */

int journal_rows_add(journal_rows *rows, const struct entry_inside *entry, int64_t session, qn_error *error);
int journal_rows_remove(journal_rows *rows, int64_t place, qn_error *error);
int journal_rows_confirm(journal_rows *rows, int64_t place, qn_str line, qn_error *error);
int journal_rows_crash(journal_rows *rows, int64_t place, qn_error *error); /* one more, if it is there */
int journal_rows_add_line(journal_rows *rows, const char *pipeline, const char *source, int64_t *ret_line,
                          qn_error *error);
int journal_rows_set_line(journal_rows *rows, int64_t line, uint64_t documents, uint64_t bytes, qn_error *error);
int journal_rows_set_state(journal_rows *rows, uint64_t next_number, int64_t session, uint64_t n_keys, qn_error *error);
int journal_rows_keep(journal_rows *rows, const char *pipeline, const char *sink, const void *bytes, size_t n_bytes,
                      qn_error *error);
/* The id of the document that was accepted under the key, copied; -ENOENT without error: none was. */
int journal_rows_find_key(journal_rows *rows, int64_t line, qn_str key, char *room, size_t room_bytes,
                          size_t *ret_bytes, qn_error *error);
int journal_rows_add_key(journal_rows *rows, int64_t line, qn_str key, qn_str id, int64_t place, int64_t time_ms,
                         qn_error *error);
/* Forgets at most n_max keys from before a time; those of documents that are kept still are given now_ms. */
int journal_rows_prune_keys(journal_rows *rows, int64_t before_ms, int64_t now_ms, uint32_t n_max,
                            uint32_t *ret_n_removed, qn_error *error);

/* --- reading --- */

int journal_rows_state(journal_rows *rows, uint64_t *ret_next_number, int64_t *ret_session, uint64_t *ret_n_keys,
                       qn_error *error);
typedef int journal_rows_line_reader(void *arg, int64_t line, qn_str pipeline, qn_str source, uint64_t documents,
                                     uint64_t bytes);
int journal_rows_lines(journal_rows *rows, journal_rows_line_reader *read, void *arg, qn_error *error);
typedef int journal_rows_kept_reader(void *arg, qn_str pipeline, qn_str sink, const void *bytes, size_t n_bytes);
int journal_rows_kept(journal_rows *rows, journal_rows_kept_reader *read, void *arg, qn_error *error);

/* An entry as it is in the file, lent. */
typedef struct journal_row {
  int64_t place;
  int64_t accepted_ms;
  uint64_t payload_bytes, hash, ordinal, cookie;
  int64_t session;
  uint32_t watched, crashes;
  bool is_body;
  qn_str source, id, media_type, key, slug, message, confirmed;
  qn_str fields;  /* see journal_fields.h */
  qn_str payload; /* data NULL: not read */
} journal_row;

/* Those from a place up to, not including, another, at most n_max, in order; payloads only up to payload_bytes together. */
typedef int journal_rows_reader(void *arg, const journal_row *row);
int journal_rows_list(journal_rows *rows, int64_t from, int64_t end, uint32_t n_max, size_t payload_bytes,
                      journal_rows_reader *read, void *arg, qn_error *error);
/* Fills bytes with the payload of exactly that size. -EBADMSG: it is not there or of another size. */
int journal_rows_payload(journal_rows *rows, int64_t place, void *bytes, size_t n_bytes, qn_error *error);
/* 1: there is such an entry; 2: and its payload is a file; 0: there is none. */
int journal_rows_has(journal_rows *rows, int64_t place, qn_error *error);
/* 1: it is there, and its payload is a file; 0: not. */
int journal_rows_has_body(journal_rows *rows, int64_t place, qn_error *error);
/* When the oldest entry of the line was accepted; 0: none. */
int journal_rows_oldest(journal_rows *rows, int64_t line, uint64_t *ret_ms, qn_error *error);

/* --- the file --- */

/* Looks at all of it, but not inside payloads. -EUCLEAN: it is damaged. */
int journal_rows_check(journal_rows *rows, qn_error *error);

/* Writes the log back into the file, as far as readers let it; wait: until they let it. */
int journal_rows_checkpoint(journal_rows *rows, bool wait, uint32_t *ret_n_log_pages, qn_error *error);
/* Pages that nothing is in, and all of them. */
int journal_rows_pages(journal_rows *rows, uint32_t *ret_n_free, uint32_t *ret_n_pages, qn_error *error);
/* Gives at most so many free pages back to the disk. Not in a transaction. */
int journal_rows_shrink(journal_rows *rows, uint32_t n_pages, qn_error *error);
/* Pages in the log after the last commit. */
uint32_t journal_rows_log_pages(const journal_rows *rows);

#endif
