/* SPDX-License-Identifier: Apache-2.0 */

/* The files in hand: how many documents each gave, how many of them have ended, and which are finished. Told by two threads: the
 * one that reads and the loop; a third takes what is finished. */
#ifndef SPOOL_LEDGER_H
#define SPOOL_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "input/fault.h"

/* Some documents of a file, one after the other, and the lines of the file up to their end. */
typedef struct ledger_stretch {
  uint64_t n_emitted; /* once it is ended */
  uint64_t n_settled;
  uint64_t n_lines;
  bool is_ended, has_failed;
} ledger_stretch;

enum { LEDGER_STRETCHES = 16 };

typedef struct ledger_file {
  uint64_t claim;
  char *path;         /* owned */
  uint64_t n_emitted; /* once it has been read */
  uint64_t n_settled, n_failed;
  bool is_read;
  uint64_t n_rejected; /* of them, those that were no documents; why the first was not: */
  char slug[64];
  char message[1024];

  ledger_stretch *stretches; /* a ring, NULL: no memory, and it is not known how far it is through */
  uint32_t first, current;   /* that is not through; that documents are emitted in. They count on */
  uint64_t n_before;         /* emitted in earlier stretches */
  uint64_t n_lines_through;

  uint32_t index, generation;
  bool is_used, is_finished;
  struct ledger_file *next;
} ledger_file;

typedef struct ledger ledger;

int ledger_new(uint32_t n_files, ledger **ret_ledger); /* 0, -ENOMEM, -errno */
void ledger_free(ledger *ledger);                      /* NULL is fine */

/* Readable while a file may be opened. */
int ledger_descriptor(const ledger *ledger);

/* Opens a file; the path is the ledger's from then on. NULL: there are as many as may be. [reading thread] */
ledger_file *ledger_open(ledger *ledger, uint64_t claim, char *path);
/* What the documents that are emitted now are told apart by. [reading thread] */
uint64_t ledger_cookie(const ledger_file *file);
/* It has been read: so many documents, so many of them rejected at once, the first of them by this fault. [reading thread] */
void ledger_read(ledger *ledger, ledger_file *file, uint64_t n_emitted, uint64_t n_rejected, const file_fault *fault);
/* So many documents and lines of it were emitted: another stretch may begin. [reading thread] */
void ledger_stretch_end(ledger *ledger, ledger_file *file, uint64_t n_emitted, uint64_t n_lines);
/* Up to which line all documents have ended, and none has failed. [any] */
uint64_t ledger_lines_through(ledger *ledger, const ledger_file *file);
/* A document of it has ended. [loop] */
void ledger_settle(ledger *ledger, uint64_t cookie, bool has_failed);

/* Waits for a finished file, at most so long. NULL: the time is up, or the ledger is closing and there is none left. */
ledger_file *ledger_take_finished(ledger *ledger, uint32_t timeout_ms);
/* The file is where it belongs. */
void ledger_close_file(ledger *ledger, ledger_file *file);
void ledger_begin_closing(ledger *ledger); /* no more are finished */
bool ledger_is_closing(ledger *ledger);

/* The next file that is still open, from index 0 on, while no other thread is there; NULL: none. */
ledger_file *ledger_left(ledger *ledger, uint32_t *index);

#endif
