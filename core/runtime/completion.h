/* SPDX-License-Identifier: Apache-2.0 */

/* The end of something asynchronous: taken in the plugin's thread, once, and mostly carried to the loop. Floor 4. */
#ifndef CORE_RUNTIME_COMPLETION_H
#define CORE_RUNTIME_COMPLETION_H

#include "runtime/loop.h"
#include "runtime/ticket.h"

#include "document/error.h"

/* Embedded in whatever waits. One ticket at a time. */
typedef struct completion {
  struct completion *next;
  void (*done)(struct completion *completion); /* [loop], or [any] if it is direct */
  bool direct;                                 /* done runs at once, in the thread that completes */
  void *arg;
  uint32_t slot;    /* of its tickets */
  qn_status status; /* what complete() said */
  qn_error error;
} completion;

typedef struct completions {
  loop *loop;
  ticket_table tickets;
  completion *_Atomic arrived;
  bell bell;
} completions;

int completions_init(completions *completions, loop *loop, uint32_t n_slots); /* 0, -ENOMEM */
void completions_done(completions *completions);

/* Gives a completion its slot, for good. While setting up. */
void completion_init(completions *completions, completion *completion, void (*done)(struct completion *), void *arg);
/* The same, but done runs in whatever thread calls complete(). */
void completion_init_direct(completions *completions, completion *completion, void (*done)(struct completion *),
                            void *arg);
/* A new ticket; done will run once for it if the plugin keeps its word. */
qn_ticket completion_open(completions *completions, completion *completion);
/* Takes the ticket back, if it was not used: done will not run. 0, -EALREADY. [loop] */
int completion_revoke(completions *completions, qn_ticket ticket);

/* What the host table's complete() does. [any] */
void completions_arrive(completions *completions, qn_ticket ticket, qn_status status, const char *slug,
                        const char *text, size_t len);

#endif
