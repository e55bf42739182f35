/* SPDX-License-Identifier: Apache-2.0 */

/* Writes batches. A document's row goes with its settlement if both come together, so confirmations before that are left out. */
#include "delivery/journal_batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_body.h"

enum { KEYS_MAX = 1000000, KEYS_AT_ONCE = 4, ID_MAX = 256 };
static const int64_t hour_ms = 3600000;

/* A transaction under way. */
typedef struct writing {
  journal *owner;
  int64_t now_ms;
  uint64_t n_keys;
  bool has_puts, has_keys, has_bodies;
} writing;

/* --- putting --- */

/* 1: a document with its key was accepted before; its id is kept in the entry. */
static int look_for_key(writing *self, entry_inside *entry, qn_error *error) {
  char id[ID_MAX];
  size_t n = 0;
  int rc =
      journal_rows_find_key(self->owner->writing, entry->shown.line->id, entry->shown.key, id, sizeof id, &n, error);
  if (rc != 0) {
    return rc == -ENOENT ? 0 : rc;
  }
  entry->known_id = journal_entry_copy(entry, (qn_str){ id, n });
  if (entry->known_id.len != n) {
    return error_set(error, -ENOMEM, "journal", "no memory for a document's id");
  }
  entry->is_known = true;
  return 1;
}

static int add_key(writing *self, const entry_inside *entry, qn_error *error) {
  uint32_t n_removed = 0;
  journal *owner = self->owner;
  int rc = journal_rows_add_key(owner->writing, entry->shown.line->id, entry->shown.key, entry->shown.id,
                                journal_entry_place(entry), self->now_ms, error);
  if (rc != 0) {
    return rc;
  }
  self->has_keys = true;
  self->n_keys++;
  /* A few old ones go with each new one, so that there is never much to do at once. */
  int64_t before_ms =
      self->n_keys > KEYS_MAX ? self->now_ms : self->now_ms - (int64_t)owner->options.keys_kept_hours * hour_ms;
  rc = journal_rows_prune_keys(owner->writing, before_ms, self->now_ms, KEYS_AT_ONCE, &n_removed, error);
  self->n_keys -= n_removed < self->n_keys ? n_removed : self->n_keys;
  return rc;
}

static int write_put(writing *self, entry_inside *entry, qn_error *error) {
  journal *owner = self->owner;
  journal_entry *shown = &entry->shown;
  int rc = shown->key.len > 0 ? look_for_key(self, entry, error) : 0;
  if (rc != 0) {
    return rc < 0 ? rc : 0;
  }
  shown->number = owner->next_number++;
  shown->accepted_ms = self->now_ms;
  self->has_puts = true;
  if (entry->is_body) {
    self->has_bodies = true;
    rc = journal_body_write(owner->folder, journal_entry_place(entry), shown->payload, shown->payload_bytes, error);
  }
  rc = rc == 0 ? journal_rows_add(owner->writing, entry, owner->session, error) : rc;
  rc = rc == 0 && shown->key.len > 0 ? add_key(self, entry, error) : rc;
  shown->line->touched = true;
  shown->line->more_documents++;
  shown->line->more_bytes += (int64_t)shown->payload_bytes;
  return rc;
}

/* --- the rest --- */

static int write_settle(writing *self, entry_inside *entry, qn_error *error) {
  journal_line *line = entry->shown.line;
  line->touched = true;
  line->more_documents--;
  line->more_bytes -= (int64_t)entry->shown.payload_bytes;
  return journal_rows_remove(self->owner->writing, journal_entry_place(entry), error);
}

static int write_confirm(writing *self, const confirm_op *op, qn_error *error) {
  journal *owner = self->owner;
  qn_str line = { op->line, strlen(op->line) };
  int rc = 0;
  for (uint32_t i = 0; i < op->n && rc == 0; i++) {
    if (op->entries[i]->batch != owner->batch) {
      rc = journal_rows_confirm(owner->writing, journal_entry_place(op->entries[i]), line, error);
    }
  }
  if (rc == 0 && op->state != NULL) {
    rc = journal_rows_keep(owner->writing, op->kept->pipeline, op->kept->sink, op->state, op->state_bytes, error);
  }
  return rc;
}

static int write_ops(writing *self, journal_op *first, qn_error *error) {
  int rc = 0;
  for (journal_op *op = first; op != NULL && rc == 0; op = op->next) {
    rc = op->kind == OP_PUT      ? write_put(self, op->entry, error)
         : op->kind == OP_SETTLE ? write_settle(self, op->entry, error)
                                 : write_confirm(self, (const confirm_op *)op, error);
  }
  return rc;
}

static int write_totals(writing *self, qn_error *error) {
  journal *owner = self->owner;
  int rc = 0;
  for (journal_line *line = owner->lines; line != NULL && rc == 0; line = line->next) {
    if (line->touched) {
      rc = journal_rows_set_line(owner->writing, line->id, line->documents + (uint64_t)line->more_documents,
                                 line->bytes + (uint64_t)line->more_bytes, error);
    }
  }
  if (rc == 0 && (self->has_puts || self->has_keys)) {
    rc = journal_rows_set_state(owner->writing, owner->next_number, owner->session, self->n_keys, error);
  }
  return rc;
}

static void clear_lines(journal *self) {
  for (journal_line *line = self->lines; line != NULL; line = line->next) {
    line->touched = false;
    line->more_documents = 0;
    line->more_bytes = 0;
  }
}

/* Whoever is refused leaves nothing behind. Numbers that were given are not given again. */
static void undo(journal *self, journal_op *first) {
  for (journal_op *op = first; op != NULL; op = op->next) {
    if (op->kind != OP_PUT) {
      continue;
    }
    if (op->entry->is_body && op->entry->shown.number != 0) {
      journal_body_remove(self->folder, journal_entry_place(op->entry));
    }
    op->entry->shown.number = 0;
    op->entry->is_known = false;
  }
}

int journal_batch_write(journal *self, journal_op *first, qn_error *error) {
  writing now = { .owner = self, .now_ms = journal_time_ms(), .n_keys = self->n_keys };
  self->batch++;
  for (journal_op *op = first; op != NULL; op = op->next) {
    if (op->kind == OP_SETTLE) {
      op->entry->batch = self->batch;
    }
  }
  int rc = journal_rows_begin(self->writing, error);
  if (rc == 0) {
    rc = write_ops(&now, first, error);
    rc = rc == 0 && now.has_bodies ? journal_body_sync_folder(self->folder, error) : rc;
    rc = rc == 0 ? write_totals(&now, error) : rc;
    if (rc == 0) {
      rc = journal_rows_commit(self->writing, error);
    } else {
      journal_rows_roll_back(self->writing);
    }
  }
  clear_lines(self);
  if (rc != 0) {
    undo(self, first);
    return rc;
  }
  self->n_keys = now.n_keys;
  return 0;
}

/* --- afterwards --- */

static void tell_put(const entry_inside *entry) {
  journal_line *line = entry->shown.line;
  pthread_mutex_lock(&line->watch_mutex);
  if (entry->is_known && line->events.known != NULL) {
    line->events.known(line->arg, &entry->shown, entry->known_id);
  } else if (!entry->is_known && line->events.accepted != NULL) {
    line->events.accepted(line->arg, &entry->shown);
  }
  pthread_mutex_unlock(&line->watch_mutex);
}

/* What is over goes to *free_later. [locked] */
static void end_put(entry_inside *entry, journal_entry **free_later) {
  journal_line *line = entry->shown.line;
  journal *owner = line->journal;
  journal_filled(owner, entry, entry->room_bytes);
  if (entry->is_known) {
    line->known++;
    journal_uncharge(owner, 1, entry->room_bytes);
    entry->shown.next = *free_later;
    *free_later = &entry->shown;
    return;
  }
  line->accepted++;
  line->documents++;
  line->bytes += entry->shown.payload_bytes;
  line->touched = true;
  journal_line_enter(line, entry, free_later);
}

/* [locked] */
static void end_settle(entry_inside *entry, journal_entry **free_later, uint64_t *n_documents, uint64_t *n_bytes) {
  journal_line *line = entry->shown.line;
  line->settled++;
  line->quarantined += entry->shown.crashes >= 2;
  line->taken--;
  line->documents--;
  line->bytes -= entry->shown.payload_bytes;
  *n_documents += 1;
  *n_bytes += entry->room_bytes;
  entry->shown.next = *free_later;
  *free_later = &entry->shown;
}

static void free_list(journal_entry *list) {
  while (list != NULL) {
    journal_entry *next = list->next;
    journal_entry_free(journal_entry_of(list));
    list = next;
  }
}

/* [locked] */
static journal_entry *end_ops(journal *self, journal_op *first) {
  journal_entry *free_later = NULL;
  uint64_t n_documents = 0, n_bytes = 0;
  for (journal_op *op = first, *next; op != NULL; op = next) {
    next = op->next; /* the op is in the entry, which somebody may take from here on */
    self->n_done++;
    if (op->kind == OP_PUT) {
      end_put(op->entry, &free_later);
    } else if (op->kind == OP_SETTLE) {
      end_settle(op->entry, &free_later, &n_documents, &n_bytes);
    } else {
      journal_confirm_free((confirm_op *)op);
    }
  }
  journal_uncharge(self, n_documents, n_bytes); /* if only of memory: what has been put is no longer being filled */
  pthread_cond_broadcast(&self->synced);
  return free_later;
}

/* Wakes whoever waits to take; with the lock given back, for which they would only wait next. Lines only ever come in at the
 * list's front. */
static void wake_takers(journal_line *first) {
  for (journal_line *line = first; line != NULL; line = line->next) {
    if (line->touched) {
      line->touched = false;
      pthread_cond_broadcast(&line->takeable);
    }
  }
}

void journal_batch_finish(journal *self, journal_op *first) {
  for (journal_op *op = first; op != NULL; op = op->next) {
    if (op->kind == OP_PUT) {
      tell_put(op->entry);
      if (op->entry->is_body && !op->entry->is_known) { /* it comes from its file again: others need the memory */
        journal_unload(&op->entry->shown);
      }
    } else if (op->kind == OP_SETTLE && op->entry->is_body) {
      journal_body_remove(self->folder, journal_entry_place(op->entry));
    }
  }
  pthread_mutex_lock(&self->mutex);
  journal_entry *free_later = end_ops(self, first);
  journal_line *lines = self->lines;
  pthread_mutex_unlock(&self->mutex);
  wake_takers(lines);
  free_list(free_later);
}

void journal_batch_refuse(journal *self, journal_op *first, const qn_error *error) {
  for (journal_op *op = first, *next; op != NULL; op = next) {
    entry_inside *entry = op->entry;
    journal_line *line = entry->shown.line;
    next = op->next;
    pthread_mutex_lock(&line->watch_mutex);
    if (line->events.refused != NULL) {
      line->events.refused(line->arg, &entry->shown, error);
    }
    pthread_mutex_unlock(&line->watch_mutex);
    pthread_mutex_lock(&self->mutex);
    line->refused++;
    self->n_done++;
    journal_filled(self, entry, entry->room_bytes);
    journal_uncharge(self, 1, entry->room_bytes);
    pthread_mutex_unlock(&self->mutex);
    journal_entry_free(entry);
  }
}
