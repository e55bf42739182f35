/* SPDX-License-Identifier: Apache-2.0 */

/* Letters as rows of the database: writing copies, finding and reading what is there, removing it. Floor 3.
 *
 * Not for several threads at once. error is never NULL. */
#ifndef CORE_DELIVERY_LETTER_ROWS_H
#define CORE_DELIVERY_LETTER_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "delivery/letter_copy.h"
#include "delivery/letter_database.h"

typedef struct letter_rows letter_rows;

/* Which letters; all of them if nothing is set. Strings are borrowed by each call. */
typedef struct letter_filter {
  const char *pipeline, *stage, *slug; /* NULL: any */
  const int64_t *numbers;              /* NULL: any */
  uint32_t n_numbers;
  int64_t after; /* only greater numbers */
  int64_t up_to; /* no greater numbers; 0: no end */
  bool newest;   /* gives the greatest number first; not together with numbers */
} letter_filter;

/* A letter as it is kept. Lent until the next letter is looked for or anything is changed. */
typedef struct letter_row {
  int64_t number;
  qn_str pipeline, stage, slug, message, id, source, media_type;
  uint32_t attempts;
  uint64_t n_failures;
  int64_t time_ms;
  int64_t ordinal; /* place in its source; -1: unknown */
  bool has_payload;
  uint64_t payload_bytes;
  qn_str origin;    /* id of the source stage that brought it */
  qn_str confirmed; /* ids of the sinks that have it all the same, one a line */
  bool is_part;     /* it came out of another document */
} letter_row;

/* Opens the file. 0, or a negative errno with error filled. */
int letter_rows_open(const char *path, letter_access access, letter_rows **ret_rows, qn_error *error);
void letter_rows_close(letter_rows *rows); /* NULL is fine */

int letter_rows_totals(letter_rows *rows, uint64_t *ret_letters, uint64_t *ret_bytes, qn_error *error);

/* The greatest number in use, 0 if there is none. */
int letter_rows_last(letter_rows *rows, int64_t *ret_number, qn_error *error);

/* Between begin and end all changes are made, or none. end without success undoes them. */
int letter_rows_begin(letter_rows *rows, qn_error *error);
int letter_rows_end(letter_rows *rows, bool success, qn_error *error);

int letter_rows_add(letter_rows *rows, const char *pipeline, const letter_copy *copy, qn_error *error);

/* The first letter by number that the filter lets through. 0, -ENOENT (none, error untouched), or another. */
int letter_rows_next(letter_rows *rows, const letter_filter *filter, letter_row *ret_row, qn_error *error);

/* Gives each field that is kept of a letter to field, until that returns other than 0, which is returned. */
int letter_rows_fields(letter_rows *rows, int64_t number, int (*field)(void *arg, qn_str name, const qn_value *value),
                       void *arg, qn_error *error);
/* The same with the payload, piece by piece. */
int letter_rows_payload(letter_rows *rows, int64_t number, int (*piece)(void *arg, const uint8_t *bytes, size_t len),
                        void *arg, qn_error *error);

/* Removes a letter. 0, -ENOENT (error untouched), or another. */
int letter_rows_remove(letter_rows *rows, int64_t number, qn_error *error);
/* Gives the room of what was removed back to the disk. Outside begin and end. */
int letter_rows_shrink(letter_rows *rows, qn_error *error);

#endif
