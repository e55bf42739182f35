/* SPDX-License-Identifier: Apache-2.0 */

/* Housekeeping. All of it may fail without harm: it is tried again. */
#include "delivery/journal_tend.h"

#include <errno.h>

#include "delivery/journal_ballast.h"

enum { LOG_GROWTH = 4 };
enum { FREE_PAGES_KEPT = 2048, SHRUNKEN_AT_ONCE = 256 };
static const int64_t oldest_every_ns = 100000000, shrink_every_ns = 1000000000, shrink_pause_ns = 10000000;

/* --- room --- */

/* A line that waits for room and can have it now. [locked] */
static journal_line *eased_line(journal *self) {
  journal_line *line = self->lines;
  while (line != NULL && !(line->wants_room && journal_has_room(self, line->wanted_bytes))) {
    line = line->next;
  }
  return line;
}

/* [locked; given away meanwhile] */
static void tell_room(journal *self) {
  self->room_due = false;
  for (journal_line *line; !self->fails && (line = eased_line(self)) != NULL;) {
    line->wants_room = false;
    pthread_mutex_unlock(&self->mutex);
    pthread_mutex_lock(&line->watch_mutex);
    if (line->events.room != NULL) {
      line->events.room(line->arg);
    }
    pthread_mutex_unlock(&line->watch_mutex);
    pthread_mutex_lock(&self->mutex);
  }
}

/* --- the oldest --- */

/* [locked; given away meanwhile] */
static void look_for_oldest(journal *self) {
  qn_error error = { 0 };
  self->oldest_ns = journal_now_ns();
  self->oldest_commit = self->n_commits;
  for (journal_line *line = self->lines; line != NULL; line = line->next) {
    uint64_t oldest_ms = 0;
    pthread_mutex_unlock(&self->mutex);
    pthread_mutex_lock(&self->writing_mutex);
    int rc = journal_rows_oldest(self->writing, line->id, &oldest_ms, &error);
    pthread_mutex_unlock(&self->writing_mutex);
    pthread_mutex_lock(&self->mutex);
    if (rc == 0) {
      line->oldest_ms = oldest_ms;
    }
  }
}

/* --- the log --- */

void journal_tend_log(journal *self) {
  qn_error error = { 0 };
  uint32_t n_left = 0;
  int rc = 0;
  pthread_mutex_unlock(&self->mutex);
  pthread_mutex_lock(&self->writing_mutex);
  uint32_t n_pages = journal_rows_log_pages(self->writing);
  bool is_due = n_pages >= self->log_pages_next;
  if (is_due) {
    rc = journal_rows_checkpoint(self->writing, n_pages >= LOG_GROWTH * self->log_pages, &n_left, &error);
  }
  pthread_mutex_unlock(&self->writing_mutex);
  if (rc != 0 && !self->log_failed) {
    journal_say(self, QN_LOG_WARNING, "the journal's log cannot be written back: %s; it grows until it can",
                error.message);
  }
  pthread_mutex_lock(&self->mutex);
  if (!is_due) {
    return;
  }
  self->log_failed = rc != 0;
  /* Somebody reads in it, or it failed: not with every commit again. */
  self->log_pages_next = rc != 0 || n_left > 0 ? n_pages + self->log_pages : self->log_pages;
}

/* --- the file --- */

/* Pages that are free are used again, so a file that is at most half empty stays as it is. After a backlog it is made smaller by and by.
 * [locked; given away meanwhile] */
static void shrink(journal *self) {
  qn_error error = { 0 };
  uint32_t n_free = 0, n_pages = 0, n_left = 0;
  self->shrunken_ns = journal_now_ns();
  self->shrunken_commit = self->n_commits;
  pthread_mutex_unlock(&self->mutex);
  pthread_mutex_lock(&self->writing_mutex);
  int rc = journal_rows_pages(self->writing, &n_free, &n_pages, &error);
  bool shrinks = rc == 0 && n_free > FREE_PAGES_KEPT && n_free > n_pages / 2;
  if (shrinks) {
    rc = journal_rows_shrink(self->writing, SHRUNKEN_AT_ONCE, &error);
  } else if (rc == 0 && self->shrinks) { /* the end of it: only now does the disk see it */
    rc = journal_rows_checkpoint(self->writing, true, &n_left, &error);
  }
  pthread_mutex_unlock(&self->writing_mutex);
  pthread_mutex_lock(&self->mutex);
  self->shrinks = shrinks && rc == 0;
}

/* --- whether it can write --- */

int journal_tend_probe(journal *self, qn_error *error) {
  qn_error ignored = { 0 };
  uint32_t n_left = 0;
  pthread_mutex_lock(&self->writing_mutex);
  journal_rows_checkpoint(self->writing, true, &n_left, &ignored); /* the log takes room that others need */
  pthread_mutex_unlock(&self->writing_mutex);
  int rc = journal_ballast_take(self->folder, self->ballast_bytes, error);
  if (rc != 0) {
    return rc;
  }
  pthread_mutex_lock(&self->writing_mutex);
  rc = journal_rows_begin(self->writing, error);
  if (rc == 0) {
    rc = journal_rows_set_state(self->writing, self->next_number, self->session, self->n_keys, error);
    if (rc == 0) {
      rc = journal_rows_commit(self->writing, error);
    } else {
      journal_rows_roll_back(self->writing);
    }
  }
  pthread_mutex_unlock(&self->writing_mutex);
  return rc;
}

/* --- all of it --- */

/* When the oldest, and the file, are to be looked at next; INT64_MAX: nothing has changed since. */
static int64_t oldest_due(const journal *self) {
  return self->oldest_commit == self->n_commits ? INT64_MAX : self->oldest_ns + oldest_every_ns;
}

static int64_t shrink_due(const journal *self) {
  if (self->shrinks) {
    return self->shrunken_ns + shrink_pause_ns;
  }
  return self->shrunken_commit == self->n_commits ? INT64_MAX : self->shrunken_ns + shrink_every_ns;
}

void journal_tend(journal *self) {
  if (self->room_due && !self->fails) {
    tell_room(self);
  }
  if (oldest_due(self) <= journal_now_ns()) {
    look_for_oldest(self);
  }
  if (!self->fails && shrink_due(self) <= journal_now_ns()) {
    shrink(self);
    journal_tend_log(self);
  }
  if (self->first != NULL || self->closing || self->fails || self->room_due) {
    return;
  }
  int64_t oldest_ns = oldest_due(self), shrink_ns = shrink_due(self);
  int64_t due_ns = oldest_ns < shrink_ns ? oldest_ns : shrink_ns;
  if (due_ns == INT64_MAX) {
    pthread_cond_wait(&self->queued, &self->mutex);
  } else {
    journal_wait_until(&self->queued, &self->mutex, due_ns);
  }
}
