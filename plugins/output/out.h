/* SPDX-License-Identifier: Apache-2.0 */

/* The file behind a sink: lines into NAME.part, renamed to NAME at success; pieces NAME.1, NAME.2, ... when it
 * rotates. What is no regular file (a terminal, a pipe, /dev/full) and standard output are written as they are.
 *
 * Lines are gathered in a buffer and written in large pieces; what was taken is in the file only after a flush.
 * After an error nothing more is written, and every later call gives the same error. One thread. */
#ifndef OUTPUT_OUT_H
#define OUTPUT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct out_options {
  const char *path; /* "-": standard output */
  size_t path_len;
  bool resume;           /* keep what NAME.part and earlier pieces hold */
  bool sync;             /* fsync at each flush and at the end */
  uint64_t rotate_bytes; /* 0: never */
  /* With resume: told of each whole line that is there already, without its newline. 0, or a negative errno, which
   * ends the opening. NULL: nobody asks. */
  int (*kept)(void *arg, const char *line, size_t len);
  void *arg;
} out_options;

typedef struct out_fault {
  int code;        /* negative errno */
  char text[1024]; /* for people */
} out_fault;

typedef struct out_file out_file;

/* Opens the output, so that what is wrong with it is known early; nothing in it changes before the first append or
 * finish. options are used only during the call. 0, negative errno with fault filled. */
int out_open(const out_options *options, out_file **ret_out, out_fault *fault);
void out_close(out_file *out); /* NULL is fine; what was not flushed is lost */

/* Takes a line, without its newline. 0, negative errno. */
int out_append(out_file *out, const char *line, size_t len, out_fault *fault);
/* Takes bytes as they are; they stay together in one piece. 0, negative errno. */
int out_write(out_file *out, const char *bytes, size_t len, out_fault *fault);
int out_flush(out_file *out, out_fault *fault);

/* Flushes; renames to the final name if success. */
int out_finish(out_file *out, bool success, out_fault *fault);

#endif
