/* SPDX-License-Identifier: Apache-2.0 */

/* The progress line of a run on a terminal: what is done, how fast, and how long it takes if that is known. Floor 1. */
#ifndef CORE_OBSERVE_PROGRESS_H
#define CORE_OBSERVE_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/* Where a run stands. input_total is 0 if it is not known; then no bar and no time left are claimed. */
typedef struct progress_state {
  uint64_t documents, failed;       /* settled so far, and those of them that failed */
  uint64_t bytes;                   /* settled so far */
  uint64_t input_done, input_total; /* how much of the input is taken, in any unit */
  uint64_t elapsed_ns;
} progress_state;

typedef struct progress {
  int fd;
  int shown;        /* a line stands on the terminal */
  uint64_t last_ns; /* what the rates were measured from */
  uint64_t last_documents, last_bytes, last_input;
  double documents_per_s; /* lately */
  double bytes_per_s;
  double input_per_s;
} progress;

/* fd is a terminal. */
void progress_init(progress *progress, int fd);
/* Draws the line anew; call it a few times a second. One thread at a time. */
void progress_draw(progress *progress, const progress_state *state);
/* Takes the line away, so that something else can be printed. */
void progress_clear(progress *progress);

/* The line itself, at most width columns, NUL-terminated. Returns its length in bytes. */
size_t progress_format(const progress *progress, const progress_state *state, unsigned width, char *line, size_t size);

/* 12345678 as "12.3 MB"; at least 16 bytes of room. */
void progress_format_bytes(double bytes, char *text, size_t size);
/* Seconds as "1:02:03", "4:05" or "0:09". */
void progress_format_time(double seconds, char *text, size_t size);

#endif
