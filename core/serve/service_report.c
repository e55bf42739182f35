/* SPDX-License-Identifier: Apache-2.0 */

/* A picture of the service: what each of its parts says of itself, put together. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "delivery/letter_rows.h"
#include "observe/metrics.h"
#include "serve/service_body.h"
#include "serve/thread.h"

typedef struct report_body {
  service_report report; /* must be first */
  edition **editions;    /* what the pipelines' plans belong to */
  service_pipeline pipelines[];
} report_body;

static uint64_t resident_bytes(void) {
  unsigned long size = 0, resident = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (file == NULL) {
    return 0;
  }
  if (fscanf(file, "%lu %lu", &size, &resident) != 2) {
    resident = 0;
  }
  fclose(file);
  return (uint64_t)resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint32_t open_descriptors(void) {
  DIR *folder = opendir("/proc/self/fd");
  uint32_t n = 0;
  if (folder == NULL) {
    return 0;
  }
  while (readdir(folder) != NULL) {
    n++;
  }
  closedir(folder);
  return n > 3 ? n - 3 : 0; /* ".", ".." and the folder's own */
}

enum { LETTERS_EVERY_MS = 1000 };

/* How many letters the file holds: others take some out, and some were there before. Looked at when some were put, and each second;
 * never waited for, since signs of life hang on the report. */
static uint64_t count_letters(service *self, uint64_t n_put) {
  qn_error ignored = { 0 };
  letter_rows *rows = NULL;
  uint64_t now_ms = metrics_now_ns() / 1000000, n_bytes = 0;
  pthread_mutex_lock(&self->mutex);
  uint64_t n_kept = self->letters_kept;
  bool is_fresh =
      self->letters_seen_ms != 0 && self->letters_put == n_put && now_ms - self->letters_seen_ms < LETTERS_EVERY_MS;
  pthread_mutex_unlock(&self->mutex);
  if (is_fresh || letter_rows_open(self->letters_path, LETTERS_GLANCE, &rows, &ignored) != 0) {
    return n_kept; /* what cannot be looked at now is what it was */
  }
  if (letter_rows_totals(rows, &n_kept, &n_bytes, &ignored) == 0) {
    pthread_mutex_lock(&self->mutex);
    self->letters_kept = n_kept;
    self->letters_put = n_put;
    self->letters_seen_ms = now_ms;
    pthread_mutex_unlock(&self->mutex);
  }
  letter_rows_close(rows);
  return n_kept;
}

static bool is_ready(const service *self, const service_report *report) {
  bool ready = atomic_load(&self->running) && !report->draining && report->journal.state != JOURNAL_FAILS;
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    pipeline_state state = report->pipelines[i].state;
    ready &= state == PIPELINE_RUNNING || state == PIPELINE_SWAPPING || state == PIPELINE_ENDED;
  }
  return ready;
}

int service_report_new(service *self, service_report **ret_report) {
  uint32_t n = self->n_supervisors;
  report_body *made = calloc(1, sizeof *made + n * sizeof made->pipelines[0]);
  if (made == NULL) {
    return -ENOMEM;
  }
  service_report *report = &made->report;
  report->pipelines = made->pipelines;
  made->editions = calloc(n + 1, sizeof(edition *));
  int rc = made->editions != NULL ? 0 : -ENOMEM;
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    report->n_pipelines++;
    rc = supervisor_report(self->supervisors[i], &report->pipelines[i], &made->editions[i]);
    report->n_dead_lettered += report->pipelines[i].counts.dead_lettered;
  }
  if (rc != 0) {
    service_report_free(report);
    return rc;
  }
  report->n_dead_letters = count_letters(self, report->n_dead_lettered);
  journal_counts_get(self->journal, &report->journal);
  report->now_ms = thread_now_ms();
  report->started_ms = self->started_ms;
  report->draining = atomic_load(&self->stopping);
  report->memory_bytes = resident_bytes();
  report->n_descriptors = open_descriptors();
  report->ready = is_ready(self, report);
  *ret_report = report;
  return 0;
}

void service_report_free(service_report *report) {
  if (report == NULL) {
    return;
  }
  report_body *self = (report_body *)report;
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    free(report->pipelines[i].stages);
    free(report->pipelines[i].troubles);
    edition_unref(self->editions[i]);
  }
  free(self->editions);
  free(self);
}
