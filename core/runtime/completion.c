/* SPDX-License-Identifier: Apache-2.0 */

/* Tickets are claimed in the plugin's thread, so that exactly one completion counts; the rest happens on the loop. */
#include "runtime/completion.h"

#include <errno.h>
#include <stdatomic.h>

static void take_arrived(void *arg) {
  completions *self = arg;
  completion *first = atomic_exchange(&self->arrived, NULL);
  completion *ordered = NULL;
  while (first != NULL) {
    completion *next = first->next;
    first->next = ordered;
    ordered = first;
    first = next;
  }
  while (ordered != NULL) {
    completion *next = ordered->next;
    ordered->done(ordered);
    ordered = next;
  }
}

int completions_init(completions *self, loop *on, uint32_t n_slots) {
  self->loop = on;
  atomic_init(&self->arrived, NULL);
  bell_init(&self->bell, take_arrived, self);
  return ticket_table_init(&self->tickets, n_slots);
}

void completions_done(completions *self) {
  ticket_table_done(&self->tickets);
}

void completion_init(completions *self, completion *ended, void (*done)(struct completion *), void *arg) {
  ended->done = done;
  ended->arg = arg;
  ended->slot = ticket_reserve(&self->tickets, 1);
}

void completion_init_direct(completions *self, completion *ended, void (*done)(struct completion *), void *arg) {
  completion_init(self, ended, done, arg);
  ended->direct = true;
}

qn_ticket completion_open(completions *self, completion *ended) {
  return ticket_open(&self->tickets, ended->slot, ended);
}

int completion_revoke(completions *self, qn_ticket ticket) {
  return ticket_claim(&self->tickets, ticket) != NULL ? 0 : -EALREADY;
}

void completions_arrive(completions *self, qn_ticket ticket, qn_status status, const char *slug, const char *text,
                        size_t len) {
  completion *arrived = ticket_claim(&self->tickets, ticket);
  if (arrived == NULL) {
    return;
  }
  arrived->status = status;
  if (status != QN_STATUS_OK && status != QN_STATUS_DROP) {
    int length = len < sizeof arrived->error.message ? (int)len : (int)sizeof arrived->error.message;
    error_set(&arrived->error, -EIO, slug != NULL ? slug : "unnamed", "%.*s", text != NULL ? length : 0,
              text != NULL ? text : "");
    if (text == NULL || len == 0) {
      error_set(&arrived->error, -EIO, "no-message",
                "the stage failed without saying why: a fault of the plugin, which must give complete() a text");
    }
  }
  if (arrived->direct) {
    arrived->done(arrived);
    return;
  }
  arrived->next = atomic_load(&self->arrived);
  while (!atomic_compare_exchange_weak(&self->arrived, &arrived->next, arrived)) {
  }
  loop_ring(self->loop, &self->bell);
}
