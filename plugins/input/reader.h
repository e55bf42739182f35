/* SPDX-License-Identifier: Apache-2.0 */

/* Turns files into documents: a whole file, the object it holds, or each of its lines.
 *
 * What is wrong with a file becomes a rejected document and is no error; what the functions return besides 0 is the errno of
 * the host's emit functions, or -ENOMEM. One thread, which may wait for credit. */
#ifndef INPUT_READER_H
#define INPUT_READER_H

#include <stdbool.h>

#include "input/format.h"
#include "input/json_document.h"
#include "input/split.h"

typedef struct file_reader {
  members members;
  file_format format; /* of all files; FORMAT_AUTO: each its own */
  size_t line_bytes;  /* the longest line */
  const char *stage;  /* whose line_bytes that is, for people; a constant */

  char *name;      /* of the file being read, as valid UTF-8; owned */
  uint64_t cookie; /* of the documents of this file */

  uint64_t skip_lines; /* of this file, which need not be emitted: set between reader_begin() and the first line */
  uint64_t n_through;  /* lines of this file that were emitted, or skipped */
  uint64_t n_emitted;  /* of this file so far; the rejected ones too */
  uint64_t n_rejected; /* of them */
  file_fault rejected; /* why the first one was, if any was */

  file_input *input; /* the JSON Lines being read; NULL: none */
  line_split split;
  file_fault fault; /* the last fault of reading */
  uint8_t *buffer;
  size_t capacity;
} file_reader;

/* Reads "/format", "/line_bytes" and the members from the configuration. 0, -ENOMEM. */
int reader_init(file_reader *reader, qn_create *create, const char *stage);
void reader_done(file_reader *reader); /* all zeros is fine; an input that is being read is closed */

/* Says what the source of the documents to come is called, and counts them from 0; no lines are skipped. 0, -ENOMEM. */
int reader_set_name(file_reader *reader, const char *name);

/* Rejects the file, or the line of it with that ordinal, that is now being read. */
int reader_reject(file_reader *reader, qn_call *call, uint64_t ordinal, const char *slug, const char *text);

/* Emits what input holds, or begins to split it into lines: then reader->input is the input, and reader_line() emits them. Its
 * format may hang on path. */
int reader_begin(file_reader *reader, qn_call *call, file_input *input, const char *path);

/* Emits the next line. 0, or 1 at the end: then the caller takes reader->input back with reader_end_lines(). */
int reader_line(file_reader *reader, qn_call *call);
file_input *reader_end_lines(file_reader *reader);

#endif
