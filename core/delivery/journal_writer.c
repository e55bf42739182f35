/* SPDX-License-Identifier: Apache-2.0 */

/* The journal's thread: takes what is queued in order, and writes it in batches. What was told accepted is never given up;
 * documents that cannot be written are refused, and everything else stays queued and is tried again every second. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delivery/journal_ballast.h"
#include "delivery/journal_batch.h"
#include "delivery/journal_database.h"
#include "delivery/journal_tend.h"

enum { BATCH_OPS = 4096, BATCH_BYTES = 8 << 20, ENOUGH_OPS = 256, ENOUGH_BYTES = 1 << 20 };
static const int64_t again_ns = 1000000000, ms_ns = 1000000;

/* --- the queue --- */

static size_t bytes_of(const journal_op *op) {
  return op->kind == OP_PUT ? op->entry->shown.payload_bytes : 0;
}

/* [locked] */
static void add_up(journal *self, const journal_op *op, int by) {
  self->n_queued += (uint32_t)by;
  self->n_queued_puts += op->kind == OP_PUT ? (uint32_t)by : 0;
  self->queued_bytes += by > 0 ? bytes_of(op) : -bytes_of(op);
}

void journal_push(journal *self, journal_op *op) {
  op->next = NULL;
  *self->last = op;
  self->last = &op->next;
  self->n_pushed++;
  add_up(self, op, 1);
  if (self->n_queued == 1) {
    self->queued_ns = journal_now_ns();
  }
  if (self->n_queued == 1 || self->n_queued_puts == self->wake_at || self->n_queued == ENOUGH_OPS ||
      (op->kind == OP_PUT && self->n_queued_puts == 1) || self->queued_bytes >= ENOUGH_BYTES) {
    pthread_cond_signal(&self->queued);
  }
}

/* Waits for company. Whoever puts one document at a time waits for each, and would only be slowed down; where the last batch had more,
 * so many are expected again. Settlements are waited for by nobody. [locked] */
static void gather(journal *self) {
  int64_t until = self->queued_ns + self->options.commit_ms * ms_ns;
  while (!self->closing && self->n_syncing == 0 && self->queued_bytes < ENOUGH_BYTES) {
    uint32_t expected = self->n_queued_puts == 0 || self->last_puts > ENOUGH_OPS ? ENOUGH_OPS : self->last_puts;
    self->wake_at = expected;
    if (self->n_queued_puts >= expected || self->n_queued >= ENOUGH_OPS ||
        !journal_wait_until(&self->queued, &self->mutex, until)) {
      break;
    }
  }
  self->wake_at = 0;
}

/* Cuts a batch off the queue's front. [locked] */
static journal_op *take_batch(journal *self) {
  journal_op *first = self->first, **end = &self->first;
  size_t bytes = 0;
  uint32_t n = 0, n_puts = self->n_queued_puts;
  while (*end != NULL && n < BATCH_OPS && (n == 0 || bytes + bytes_of(*end) <= BATCH_BYTES)) {
    bytes += bytes_of(*end);
    add_up(self, *end, -1);
    end = &(*end)->next;
    n++;
  }
  if (n > 0) {
    self->first = *end;
    *end = NULL;
  }
  if (self->first == NULL) {
    self->last = &self->first;
  }
  self->last_puts = n_puts - self->n_queued_puts;
  self->queued_ns = journal_now_ns();
  return n > 0 ? first : NULL;
}

/* Takes the documents out of a list, which keeps the rest. */
static journal_op *split_puts(journal_op **list) {
  journal_op *puts = NULL, **last = &puts;
  while (*list != NULL) {
    journal_op *op = *list;
    if (op->kind == OP_PUT) {
      *list = op->next;
      op->next = NULL;
      *last = op;
      last = &op->next;
    } else {
      list = &op->next;
    }
  }
  return puts;
}

/* [locked] */
static void put_back(journal *self, journal_op *list) {
  journal_op **end = &list;
  for (; *end != NULL; end = &(*end)->next) {
    add_up(self, *end, 1);
  }
  *end = self->first;
  if (self->first == NULL) {
    self->last = end == &list ? &self->first : end;
  }
  self->first = list;
}

/* --- failing --- */

/* [locked; given away meanwhile] */
static void begin_to_fail(journal *self, const qn_error *error) {
  bool is_news = !self->fails || self->error.code != error->code;
  self->fails = true;
  self->error = *error;
  self->n_failures++;
  self->again_ns = journal_now_ns() + again_ns;
  pthread_cond_broadcast(&self->synced);
  if (!is_news) {
    return;
  }
  pthread_mutex_unlock(&self->mutex);
  if (error->code == -EUCLEAN) {
    journal_database_suspect(self->folder);
    journal_say(
        self, QN_LOG_ERROR,
        "the journal cannot be written: %s; nothing is accepted any more: stop the worker and start it again, it "
        "moves the damaged file aside and goes on with a new one",
        error->message);
  } else {
    journal_say(self, QN_LOG_ERROR,
                "the journal cannot be written: %s; nothing is accepted until it can, it is tried again every second",
                error->message);
  }
  pthread_mutex_lock(&self->mutex);
}

/* Writes a list; its documents are refused if that fails, and the rest goes back into the queue. [locked; given away meanwhile] */
static int write_list(journal *self, journal_op *list) {
  qn_error error = { 0 }, later = { 0 };
  pthread_mutex_unlock(&self->mutex);
  int64_t begin_ns = journal_now_ns();
  pthread_mutex_lock(&self->writing_mutex);
  journal_op *puts = NULL;
  int rc = journal_batch_write(self, list, &error), rest = rc;
  if (rc != 0) {
    puts = split_puts(&list);
    bool has_room = rc == -ENOSPC;
    if (has_room) { /* which is for the rest: it makes more */
      journal_ballast_drop(self->folder);
    }
    rest = list != NULL && (puts != NULL || has_room) ? journal_batch_write(self, list, &later) : rc;
  }
  pthread_mutex_unlock(&self->writing_mutex);
  int64_t took_ns = journal_now_ns() - begin_ns;
  journal_batch_refuse(self, puts, &error);
  if (rest == 0) {
    journal_batch_finish(self, list);
    list = NULL;
  }
  pthread_mutex_lock(&self->mutex);
  self->n_commits += rest == 0;
  self->commit_ns += rest == 0 ? (uint64_t)took_ns : 0;
  put_back(self, list);
  if (rc != 0) {
    begin_to_fail(self, &error);
  }
  return rc;
}

/* [locked; given away meanwhile] */
static void refuse_queued(journal *self) {
  qn_error error = self->error;
  journal_op *puts = split_puts(&self->first);
  self->last = &self->first;
  while (*self->last != NULL) {
    self->last = &(*self->last)->next;
  }
  for (const journal_op *op = puts; op != NULL; op = op->next) {
    add_up(self, op, -1);
  }
  pthread_mutex_unlock(&self->mutex);
  journal_batch_refuse(self, puts, &error);
  pthread_mutex_lock(&self->mutex);
}

/* Whether it can write again. [locked; given away meanwhile] */
static void try_again(journal *self) {
  qn_error error = { 0 };
  self->hurry = false;
  while (self->first != NULL) { /* all of it: what waits for a sync counts on that */
    if (write_list(self, take_batch(self)) != 0) {
      return;
    }
  }
  pthread_mutex_unlock(&self->mutex);
  int rc = journal_tend_probe(self, &error);
  if (rc == 0) {
    journal_say(self, QN_LOG_INFO, "the journal can be written again");
  }
  pthread_mutex_lock(&self->mutex);
  if (rc != 0) {
    begin_to_fail(self, &error);
    return;
  }
  self->fails = false;
  self->error = (qn_error){ 0 };
  self->room_due = true;
  pthread_cond_broadcast(&self->eased);
  pthread_cond_broadcast(&self->synced);
}

/* False: it is closing, and there is nothing to be done. [locked; given away meanwhile] */
static bool go_on_failing(journal *self) {
  refuse_queued(self);
  if (self->closing || self->hurry || journal_now_ns() >= self->again_ns) {
    try_again(self);
    return !self->closing || !self->fails;
  }
  journal_wait_until(&self->queued, &self->mutex, self->again_ns);
  return true;
}

/* --- the thread --- */

void *journal_write_all(void *arg) {
  journal *self = arg;
  bool goes_on = true;
  pthread_mutex_lock(&self->mutex);
  while (goes_on) {
    if (self->fails) {
      goes_on = go_on_failing(self);
    } else if (self->first != NULL) {
      gather(self);
      write_list(self, take_batch(self));
      journal_tend_log(self);
    } else if (self->closing) {
      goes_on = false;
    }
    if (goes_on) {
      journal_tend(self);
    }
  }
  pthread_mutex_unlock(&self->mutex);
  return NULL;
}
