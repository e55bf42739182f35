/* SPDX-License-Identifier: Apache-2.0 */

/* A source that lives outside of any run, since what it accepts goes to the journal: it survives reloads that do not concern it, and
 * takes documents while no pipeline runs. Floor 4.
 *
 * Its callbacks, and those of qanat.io/1, run on the service's loop; a sync source has a lent thread. A port stands for the
 * source's name in its pipeline; the intakes behind it change. */
#ifndef CORE_SERVE_INTAKE_H
#define CORE_SERVE_INTAKE_H

#include "delivery/journal.h"
#include "runtime/loop.h"
#include "runtime/runtime.h"
#include "serve/edition.h"

typedef struct intake intake;
typedef struct intake_port intake_port;

/* What all intakes of a service share. */
typedef struct intake_world {
  loop *loop;
  struct listeners *listeners;
  journal *journal;
  struct control_lend *control; /* lent to sources; NULL: none is */
  void (*log)(void *arg, const char *pipeline, const char *stage, uint32_t level, const char *text,
              size_t len); /* [any] */
  /* A source has ended: by itself (code 0), or by a fault; or, told by intake_stop, as it was asked to. [loop] */
  void (*ended)(void *arg, intake *intake);
  void *arg;
} intake_world;

/* The port of a source of a pipeline; strings are borrowed. 0, or a negative errno with error filled. */
int intake_port_new(const intake_world *world, const char *pipeline, const char *source, intake_port **ret_port,
                    qn_error *error);
void intake_port_free(intake_port *port); /* its intakes have been freed [loop] */
journal_line *intake_port_line(const intake_port *port);
/* A feed's word that a watched document came out. [any] */
void intake_port_finished(void *port, const journal_entry *entry, const runtime_end *end);

/* Creates the source and starts it. 0, or a negative errno with error filled. [loop] */
int intake_new(intake_port *port, edition *edition, const journaled *of, const qn_stage *table, intake **ret_intake,
               qn_error *error);
/* Asks it to take nothing more; world->ended tells when it has answered all it has to. [loop] */
void intake_stop(intake *intake);
/* Destroys it: after its end, or, if it does not end, all the same (a thread that does not return is left behind, and false is returned). [loop] */
bool intake_free(intake *intake);

bool intake_has_ended(const intake *intake);
int intake_code(const intake *intake, const qn_error **ret_error); /* how: 0, or a negative errno */
bool intake_is_stopping(const intake *intake);
const edition *intake_edition(const intake *intake, const journaled **ret_of);
intake_port *intake_port_of(const intake *intake);

#endif
