/* SPDX-License-Identifier: Apache-2.0 */

/* What stands in a run for a journaled source: gives it the documents that wait in the source's line of the journal. Floor 4. */
#ifndef CORE_SERVE_FEED_H
#define CORE_SERVE_FEED_H

#include "delivery/journal.h"
#include "runtime/runtime.h"
#include "serve/docket.h"
#include "serve/edition.h"
#include "serve/trial.h"

typedef struct feed feed;

/* Told for each document that came out and is watched, before it leaves the journal. [the run's loop] */
typedef void (*feed_finished)(void *arg, const journal_entry *entry, const runtime_end *end);

/* Sets of->feed, which the run's source finds when it is created. 0, -ENOMEM. */
int feed_new(journaled *of, const plan *plan, journal_line *line, docket *docket, feed_finished finished, void *arg,
             feed **ret_feed);
void feed_free(feed *feed); /* after the run; NULL is fine */
/* The ends of its documents come to it. Before runtime_run. */
void feed_attach(feed *feed, runtime *runtime);
/* What it has taken and not emitted goes back. After the end of the run's sources. */
void feed_return_taken(feed *feed);
/* Sends a document through; it ends by trial_end. Takes the run's hold. [any, while the run lives] */
void feed_try(feed *feed, trial *trial);

/* The stage table to run in the source's place. */
const qn_stage *feed_table(void);

#endif
