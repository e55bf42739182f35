/* SPDX-License-Identifier: Apache-2.0 */

/* Records on their way from a file of lines into a page. Floor 5.
 *
 * Nothing that a record says may get out of its place in the page: it stands there as JSON without any `<`, and the
 * page's own code makes text of it, never markup. */
#ifndef CORE_COMMAND_VIEW_RECORD_H
#define CORE_COMMAND_VIEW_RECORD_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "qanat/status.h"

/* A longer line is refused: no browser would draw such a document, and its tree of JSON would take 30 times as much. */
enum { VIEW_LINE_BYTES_MAX = 64 * 1024 * 1024 };

/* Reads a file line by line; what it keeps is as long as the longest line. */
typedef struct line_reader {
  FILE *stream;
  char *data; /* owned; a 0 follows the line */
  size_t len, capacity;
  uint64_t number; /* of the line, from 1 on */
  bool too_long;   /* the line has more than VIEW_LINE_BYTES_MAX bytes, which were passed over */
} line_reader;

/* 1: there is a line; 0: none any more; -EIO, -ENOMEM. */
int line_reader_next(line_reader *self);
void line_reader_done(line_reader *self);

/* Reads a record without what the page does not show: tokens and other parties' layers. The caller deletes it.
 * 0, -EINVAL (not JSON, not a record), -ENOMEM. */
int view_record_read(const char *line, size_t len, cJSON **ret_record, const char **ret_why);

/* Writes json as it may stand in a script element, its fractions to 15 digits. 0, -ENOMEM, -EIO. */
int view_json_write(const cJSON *json, FILE *stream);

#endif
