/* SPDX-License-Identifier: Apache-2.0 */

/* The journaled sources of one pipeline: those that run, those a reload prepares, those that end, those that broke. Floor 4.
 *
 * All on the service's loop's thread, outside of its callbacks, unless tagged. */
#ifndef CORE_SERVE_SOURCES_H
#define CORE_SERVE_SOURCES_H

#include "serve/intake.h"
#include "serve/service_parts.h"

typedef struct sources sources;

/* world->ended is called for each that ends; sources_reap should follow it. Strings are borrowed. 0, -ENOMEM. */
int sources_new(const service_parts *parts, const intake_world *world, const char *pipeline, sources **ret_sources);
/* False: the thread of one has not ended; all is left as it is, and so must be the journal. NULL is fine. */
bool sources_free(sources *sources);

/* Makes and starts the sources of the edition that are new or have changed, beside those that run. 0, or a negative errno with error
 * filled: then nothing has changed. Followed by commit or abort. */
int sources_prepare(sources *sources, edition *edition, qn_error *error);
void sources_commit(
    sources *sources); /* the prepared ones take over; those they replace, and those that are gone, end */
void sources_abort(sources *sources);
/* The ports of the edition's sources, in their order, once it was prepared; as many as it has. */
void sources_ports(const sources *sources, const edition *edition, intake_port **ret_ports);

void sources_stop(sources *sources);
uint32_t sources_n_running(const sources *sources); /* that have not ended */
/* Frees what has ended; those that broke are made anew after a while. */
void sources_reap(sources *sources, uint64_t now_ms);
/* When reap has something to make anew, on a clock that never goes back; 0: never. */
uint64_t sources_due_ms(const sources *sources);

#endif
