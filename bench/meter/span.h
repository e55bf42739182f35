/* SPDX-License-Identifier: Apache-2.0 */

/* The stretch of a run that is timed, alike in a client written by hand and in a pipeline: from the document after the first ones, which
 * connections and caches need to get going, to the last. So what starting and ending take counts on neither side. Whoever sends waits until
 * the first ones are done before it makes the next: else one that may have many on their way would have done most of its work on those that
 * are timed before their time begins. */
#ifndef BENCH_METER_SPAN_H
#define BENCH_METER_SPAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct span {
  uint64_t skip, count; /* the first skip of count are not timed */
  uint64_t n, n_before; /* done by now, and when the span began */
  bool has_begun;
  double begin_s, begin_cpu_s;
  const char *report; /* where "DOCUMENTS SECONDS PROCESSOR_SECONDS" is written; NULL: standard output */
} span;

static inline double span_seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline void span_end(const span *self) {
  double clock_s = span_seconds(CLOCK_MONOTONIC) - self->begin_s;
  double cpu_s = span_seconds(CLOCK_PROCESS_CPUTIME_ID) - self->begin_cpu_s; /* of all threads */
  FILE *file = self->report == NULL ? stdout : fopen(self->report, "w");
  if (file != NULL) {
    fprintf(file, "%llu %.6f %.6f\n", (unsigned long long)(self->n - self->n_before), clock_s, cpu_s);
    fflush(file);
  }
  if (file != NULL && file != stdout) {
    fclose(file);
  }
}

static inline void span_begin(span *self) {
  self->begin_s = span_seconds(CLOCK_MONOTONIC);
  self->begin_cpu_s = span_seconds(CLOCK_PROCESS_CPUTIME_ID);
  self->n_before = self->n;
  self->has_begun = true;
}

/* n more are done. They may come many at once: if nobody began the span it begins with the first after skip, and n tells its length. */
static inline void span_add(span *self, uint64_t n) {
  uint64_t before = self->n;
  self->n += n;
  if (!self->has_begun && self->n > self->skip) {
    span_begin(self);
  }
  if (before < self->count && self->n >= self->count) {
    span_end(self);
  }
}

/* A document's bytes: the same work for whoever makes them. */
static inline void span_fill(void *bytes, size_t size, uint64_t number) {
  memset(bytes, 'a' + (int)(number % 26), size);
}

#endif
