/* SPDX-License-Identifier: Apache-2.0 */

/* One pipeline of a worker: runs it, runs it again when it broke, lets a new edition take over. Floor 4.
 *
 * A thread of its own decides and builds, so that neither loading a lexicon nor draining holds up the service's loop; sources are made and
 * unmade there all the same, on the loop's thread (service_on_loop). */
#ifndef CORE_SERVE_SUPERVISOR_H
#define CORE_SERVE_SUPERVISOR_H

#include "serve/generation.h"
#include "serve/intake.h"
#include "serve/service.h"
#include "serve/service_parts.h"
#include "serve/sources.h"

typedef struct supervisor supervisor;

/* Plans the pipeline, builds its first generation and its sources. faults: filled if the file is wrong. 0, or a negative errno with
 * error filled. [the service's loop's thread, before it runs] */
int supervisor_new(const service_parts *parts, const char *path, supervisor **ret_supervisor, faults *faults,
                   qn_error *error);
/* Begins to run: the generation, and the thread that watches over it. */
int supervisor_start(supervisor *supervisor, qn_error *error);
/* Begins to drain: no more is taken from the journal. [any] */
void supervisor_stop(supervisor *supervisor);
/* Its thread has ended: all is drained, or given back. [any] */
bool supervisor_has_ended(const supervisor *supervisor);
/* A stage did not return: nothing can be taken down, and the process should end. */
bool supervisor_is_stuck(const supervisor *supervisor);
/* After its end, or never started. False: something of it does not end, and all is left as it is. NULL is fine. [loop] */
bool supervisor_free(supervisor *supervisor);

/* Asks for a reload; waits for it if message is not NULL. 0, -EINVAL with message filled, -ESHUTDOWN. [any; not the loop if it waits] */
int supervisor_reload(supervisor *supervisor, char *message, size_t size);

const char *supervisor_name(const supervisor *supervisor);
const char *supervisor_path(const supervisor *supervisor);
/* Fills in all of it but what borrows from the edition, which it returns with a hold: report->plan and stages are its. */
int supervisor_report(supervisor *supervisor, service_pipeline *ret_report, edition **ret_edition); /* [any] */
/* Takes the run's hold. -ENOTSUP, -ESHUTDOWN. [any] */
int supervisor_try(supervisor *supervisor, trial *trial);
/* The line of a journaled source; NULL: there is none of that name. [any] */
journal_line *supervisor_line(supervisor *supervisor, qn_str source);

/* Its journaled sources. [the loop's thread] */
sources *supervisor_sources(const supervisor *supervisor);

#endif
