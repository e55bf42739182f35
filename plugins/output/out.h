/* SPDX-License-Identifier: Apache-2.0 */

/* The file behind a sink, in one of two ways. A run replaces: lines go into NAME.part, renamed to NAME at success. A worker
 * appends: lines go behind those that NAME has, and what a crash left unconfirmed is cut off at the next opening. When it
 * rotates, pieces are NAME.1, NAME.2, ... What is no regular file (a terminal, a pipe, /dev/full) and standard output are
 * written as they are.
 *
 * Lines are gathered in a buffer and written in large pieces; what was taken is in the file only after a flush.
 * After an error nothing more is written, and every later call gives the same error. One thread. */
#ifndef OUTPUT_OUT_H
#define OUTPUT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the end of a line is known when a file that was not ended well is gone on with. */
typedef enum out_form {
  OUT_LINES = 0, /* one JSON value a line */
  OUT_TABLE      /* cells in quotes may hold line ends */
} out_form;

enum { OUT_STATE_MAX = 256 };

typedef struct out_options {
  const char *path; /* "-": standard output */
  size_t path_len;
  bool append; /* go on with NAME */
  bool resume; /* tell kept() of the lines that are there; without append: keep what NAME.part and pieces hold */
  bool sync;   /* fsync at each flush and at the end */
  uint64_t rotate_bytes; /* 0: never */
  out_form form;
  /* What every file and piece begins with, e.g. the header of a table; borrowed until out_close(). */
  const char *head;
  size_t head_len;
  /* append: what out_state() gave after the last flush that counts; NULL: nothing is known. If NAME is the same file, what
   * stands behind that place is cut off. */
  const char *state;
  size_t state_len;
  /* With resume: told of each whole line that is there already, without its newline. 0, or a negative errno, which
   * ends the opening. NULL: nobody asks. */
  int (*kept)(void *arg, const char *line, size_t len);
  void *arg;
  /* Told, for people, when something was cut off or the file has changed under us, and where lines are that got no name. NULL:
   * nobody asks. */
  void (*say)(void *say_arg, const char *text);
  void *say_arg;
} out_options;

typedef struct out_fault {
  int code;        /* negative errno */
  char text[1024]; /* for people */
} out_fault;

typedef struct out_file out_file;

/* Opens the output, so that what is wrong with it is known early. Replacing: nothing in it changes before the first append or
 * finish. Appending: what does not count is cut off now. Only what options says is borrowed outlives the call. 0, negative
 * errno with fault filled. */
int out_open(const out_options *options, out_file **ret_out, out_fault *fault);
void out_close(out_file *out); /* NULL is fine; what was not flushed is lost */

/* Takes a line, without its newline. 0, negative errno. */
int out_append(out_file *out, const char *line, size_t len, out_fault *fault);
/* Takes bytes as they are; they stay together in one piece. 0, negative errno. */
int out_write(out_file *out, const char *bytes, size_t len, out_fault *fault);
int out_flush(out_file *out, out_fault *fault);

/* Appending: writes where the file ends now, for out_options.state; after a flush. Returns the length; 0 if there is no such
 * place: it does not append, or to no regular file. */
size_t out_state(const out_file *out, char *ret_state); /* room for OUT_STATE_MAX */

/* Flushes; replacing: renames to the final name if success. */
int out_finish(out_file *out, bool success, out_fault *fault);

#endif
