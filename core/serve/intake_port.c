/* SPDX-License-Identifier: Apache-2.0 */

/* Ports: what the journal and the runs say of a source's documents goes to the intake they came from, if that is still there. */
#include <errno.h>
#include <stdlib.h>

#include "serve/intake_inside.h"

/* --- telling --- */

/* [locked] The intake an entry came from, if it is still there. */
static intake *find(const intake_port *self, const journal_entry *entry) {
  for (intake *at = self->intakes; at != NULL; at = at->next) {
    if (at->epoch == entry->watched >> INTAKE_EPOCH_SHIFT) {
      return at;
    }
  }
  return NULL;
}

static void note_acceptance(intake_port *self, const journal_entry *entry, uint32_t outcome, qn_str id,
                            const char *message) {
  pthread_mutex_lock(&self->mutex);
  intake *to = find(self, entry);
  if (to != NULL && intake_news_accepted(to->news, outcome, entry->cookie, id, message)) {
    loop_ring(self->world->loop, &to->news_bell);
  }
  pthread_mutex_unlock(&self->mutex);
}

static void on_accepted(void *arg, const journal_entry *entry) {
  note_acceptance(arg, entry, QN_INTAKE_ACCEPTED, entry->id, "");
}

static void on_known(void *arg, const journal_entry *entry, qn_str id) {
  note_acceptance(arg, entry, QN_INTAKE_KNOWN, id, "");
}

static void on_refused(void *arg, const journal_entry *entry, const qn_error *error) {
  note_acceptance(arg, entry, QN_INTAKE_FAILED, entry->id, error->message);
}

static void on_line_room(void *arg) {
  intake_port *self = arg;
  pthread_mutex_lock(&self->mutex);
  for (intake *at = self->intakes; at != NULL; at = at->next) {
    if (atomic_exchange(&at->starved, false)) {
      loop_ring(self->world->loop, &at->room_bell);
    }
  }
  pthread_mutex_unlock(&self->mutex);
}

void intake_port_finished(void *port, const journal_entry *entry, const runtime_end *end) {
  intake_port *self = port;
  if ((entry->watched & JOURNAL_WATCH_FINISH) == 0) {
    return;
  }
  pthread_mutex_lock(&self->mutex);
  intake *to = find(self, entry);
  if (to != NULL && intake_news_finished(to->news, entry->id, entry->cookie, end)) {
    loop_ring(self->world->loop, &to->news_bell);
  }
  pthread_mutex_unlock(&self->mutex);
}

/* --- their life --- */

int intake_port_new(const intake_world *world, const char *pipeline, const char *source, intake_port **ret_port,
                    qn_error *error) {
  static const journal_events events = {
    .accepted = on_accepted, .known = on_known, .refused = on_refused, .room = on_line_room
  };
  intake_port *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for source '%s'", source);
  }
  made->world = world;
  made->pipeline = pipeline;
  made->source = source;
  pthread_mutex_init(&made->mutex, NULL);
  int rc = journal_line_get(world->journal, pipeline, source, &made->line, error);
  if (rc != 0) {
    intake_port_free(made);
    return rc;
  }
  journal_line_watch(made->line, &events, made);
  *ret_port = made;
  return 0;
}

void intake_port_free(intake_port *self) {
  if (self == NULL) {
    return;
  }
  if (self->line != NULL) {
    journal_line_watch(self->line, NULL, NULL);
  }
  pthread_mutex_destroy(&self->mutex);
  free(self);
}

journal_line *intake_port_line(const intake_port *self) {
  return self->line;
}

void intake_port_join(intake *self) {
  intake_port *port = self->port;
  pthread_mutex_lock(&port->mutex);
  self->epoch = ++port->last_epoch;
  self->next = port->intakes;
  port->intakes = self;
  pthread_mutex_unlock(&port->mutex);
}

void intake_port_leave(intake *self) {
  intake_port *port = self->port;
  pthread_mutex_lock(&port->mutex);
  intake **link = &port->intakes;
  while (*link != NULL && *link != self) {
    link = &(*link)->next;
  }
  if (*link == self) {
    *link = self->next;
  }
  pthread_mutex_unlock(&port->mutex);
}
