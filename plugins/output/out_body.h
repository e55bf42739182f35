/* SPDX-License-Identifier: Apache-2.0 */

/* What out.c, which writes, shares with those who open: out_part.c for a run, out_behind.c for a worker. */
#ifndef OUTPUT_OUT_BODY_H
#define OUTPUT_OUT_BODY_H

#include "output/out.h"

struct out_file {
  char *path;  /* the final name, without piece number */
  char *part;  /* what is open now, if it is to be renamed; else NULL */
  char *whole; /* the piece's final name; what is open now, if part is NULL and behind is set; else NULL */
  int fd;
  bool owns_fd; /* not standard output */
  bool behind;  /* a regular file that lines are added to */
  bool resume, sync;
  bool created; /* the open file did not exist before */
  bool started; /* the open file has been cut to keep_bytes */
  out_form form;
  const char *head;
  size_t head_len;
  void (*say)(void *say_arg, const char *text);
  void *say_arg;
  uint64_t rotate_bytes;
  uint64_t piece;       /* number of the open piece, from 1; 0 if it never rotates */
  uint64_t keep_bytes;  /* whole lines found in the open file when resuming */
  uint64_t piece_bytes; /* of the open file and the buffer */
  size_t n_buffered;
  int failed; /* the error that stopped it */
  char *buffer;
};

int out_fail(out_fault *fault, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "cannot WHAT PATH: why; what to do". Returns code. */
int out_fail_io(out_fault *fault, int code, const char *what, const char *path);
void out_say(const out_file *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Sets whole: NAME, or NAME.3. -ENOMEM. */
int out_name_piece(out_file *out, out_fault *fault);

/* Tells kept() of all whole lines in fd; ret_bytes is where the last of them ends. */
int out_scan_lines(const out_options *options, int fd, uint64_t *ret_bytes);
/* Where the last whole line of a file of size bytes ends: all of it, if it is in order. */
int out_find_end(out_form form, int fd, uint64_t size, uint64_t *ret_bytes);

/* Opens NAME.part, or the piece that comes after those of an earlier run. */
int out_part_open(out_file *out, const out_options *options, out_fault *fault);
/* Opens the part of the piece that is numbered now. */
int out_part_next(out_file *out, out_fault *fault);

/* Opens NAME, or its last piece, to add to it. */
int out_behind_open(out_file *out, const out_options *options, out_fault *fault);
/* Opens the piece that is numbered now. */
int out_behind_next(out_file *out, out_fault *fault);
/* Looks whether the name still means the file that is open; else goes on in a new one. Before each flush. */
int out_behind_follow(out_file *out, out_fault *fault);

#endif
