/* SPDX-License-Identifier: Apache-2.0 */

/* Lines, and which of their entries wait in memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/journal_inside.h"

int journal_line_add(journal *self, int64_t id, qn_str pipeline, qn_str source, uint64_t documents, uint64_t bytes,
                     journal_line **ret_line) {
  journal_line *line = calloc(1, sizeof *line);
  if (line == NULL) {
    return -ENOMEM;
  }
  line->journal = self;
  line->id = id;
  line->pipeline = strndup(pipeline.len > 0 ? pipeline.data : "", pipeline.len);
  line->source = strndup(source.len > 0 ? source.data : "", source.len);
  line->documents = documents;
  line->bytes = bytes;
  line->last = &line->waiting;
  pthread_mutex_init(&line->watch_mutex, NULL);
  pthread_condattr_t clock;
  pthread_condattr_init(&clock);
  pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
  pthread_cond_init(&line->takeable, &clock);
  pthread_condattr_destroy(&clock);
  if (line->pipeline == NULL || line->source == NULL) {
    journal_line_free(line);
    return -ENOMEM;
  }
  line->next = self->lines;
  self->lines = line;
  self->n_lines++;
  *ret_line = line;
  return 0;
}

static void free_list(journal_entry *list) {
  while (list != NULL) {
    journal_entry *next = list->next;
    journal_entry_free(journal_entry_of(list));
    list = next;
  }
}

void journal_line_free(journal_line *self) {
  if (self == NULL) {
    return;
  }
  free_list(self->waiting);
  free_list(self->returned);
  pthread_cond_destroy(&self->takeable);
  pthread_mutex_destroy(&self->watch_mutex);
  free(self->pipeline);
  free(self->source);
  free(self);
}

/* --- getting one --- */

static journal_line *find(journal *self, const char *pipeline, const char *source) {
  journal_line *line = self->lines;
  while (line != NULL && (strcmp(line->pipeline, pipeline) != 0 || strcmp(line->source, source) != 0)) {
    line = line->next;
  }
  return line;
}

static int write_line(journal *self, const char *pipeline, const char *source, int64_t *ret_id, qn_error *error) {
  int64_t id = 0;
  int rc = journal_rows_begin(self->writing, error);
  if (rc != 0) {
    return rc;
  }
  rc = journal_rows_add_line(self->writing, pipeline, source, &id, error);
  if (rc == 0 && id > JOURNAL_LINES_MAX) {
    rc = error_set(error, -ENOSPC, "journal",
                   "%s has seen %d sources of pipelines, and takes no more; let it run empty, stop the worker and "
                   "move it away",
                   self->folder, JOURNAL_LINES_MAX);
  }
  if (rc != 0) {
    journal_rows_roll_back(self->writing);
    return rc;
  }
  rc = journal_rows_commit(self->writing, error);
  if (rc == 0) {
    *ret_id = id;
  }
  return rc;
}

int journal_line_get(journal *self, const char *pipeline, const char *source, journal_line **ret_line,
                     qn_error *error) {
  int64_t id = 0;
  int rc = 0;
  pthread_mutex_lock(&self->writing_mutex);
  pthread_mutex_lock(&self->mutex);
  journal_line *line = find(self, pipeline, source);
  pthread_mutex_unlock(&self->mutex);
  if (line == NULL) {
    rc = write_line(self, pipeline, source, &id, error);
    pthread_mutex_lock(&self->mutex);
    if (rc == 0 && journal_line_add(self, id, (qn_str){ pipeline, strlen(pipeline) },
                                    (qn_str){ source, strlen(source) }, 0, 0, &line) != 0) {
      rc = error_set(error, -ENOMEM, "journal", "no memory for the source '%s'", source);
    }
    pthread_mutex_unlock(&self->mutex);
  }
  pthread_mutex_unlock(&self->writing_mutex);
  if (rc == 0) {
    *ret_line = line;
  }
  return rc;
}

void journal_line_watch(journal_line *self, const journal_events *events, void *arg) {
  pthread_mutex_lock(&self->watch_mutex);
  self->events = events != NULL ? *events : (journal_events){ 0 };
  self->arg = arg;
  pthread_mutex_unlock(&self->watch_mutex);
}

static bool is_among(const char *name, const char *const *names, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    if (strcmp(name, names[i]) == 0) {
      return true;
    }
  }
  return false;
}

uint64_t journal_orphans(journal *self, const char *pipeline, const char *const *sources, uint32_t n_sources) {
  uint64_t n = 0;
  pthread_mutex_lock(&self->mutex);
  for (const journal_line *line = self->lines; line != NULL; line = line->next) {
    if (strcmp(line->pipeline, pipeline) == 0 && !is_among(line->source, sources, n_sources)) {
      n += line->documents;
    }
  }
  pthread_mutex_unlock(&self->mutex);
  return n;
}

/* --- the waiting ones --- */

void journal_line_merge(journal_line *self, journal_entry *list) {
  journal_entry **at = &self->waiting;
  while (list != NULL) {
    while (*at != NULL && (*at)->number < list->number) {
      at = &(*at)->next;
    }
    journal_entry *rest = list->next;
    list->next = *at;
    *at = list;
    if (list->next == NULL) {
      self->last = &list->next;
    }
    list = rest;
  }
}

void journal_line_enter(journal_line *self, entry_inside *entry, journal_entry **free_later) {
  journal *owner = self->journal;
  size_t size = journal_entry_size(entry);
  uint64_t number = entry->shown.number;
  bool follows = self->disk_from < self->disk_end;
  if (follows || owner->memory_bytes + size > owner->options.memory_bytes) {
    self->disk_from = follows ? self->disk_from : number;
    self->disk_end = number + 1;
    entry->shown.next = *free_later;
    *free_later = &entry->shown;
    return;
  }
  owner->memory_bytes += size;
  entry->shown.next = NULL;
  *self->last = &entry->shown;
  self->last = &entry->shown.next;
}
