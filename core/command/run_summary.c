/* SPDX-License-Identifier: Apache-2.0 */

/* The summary of a run, for people and for programs. */
#include "command/run_summary.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "observe/progress.h"

/* Not getrusage's figure: that one remembers the process that started this one, before it became qanat. */
static uint64_t peak_bytes(void) {
  FILE *status = fopen("/proc/self/status", "r");
  char line[128];
  uint64_t kib = 0;
  while (status != NULL && fgets(line, sizeof line, status) != NULL) {
    if (sscanf(line, "VmHWM: %" SCNu64, &kib) == 1) {
      break;
    }
  }
  if (status != NULL) {
    fclose(status);
  }
  return kib * 1024;
}

void run_summary_take(run_summary *self) {
  runtime_counts_get(self->runtime, &self->counts);
  if (self->cache != NULL) {
    run_cache_counts_get(self->cache, &self->cached);
  }
  self->peak_bytes = peak_bytes();
}

static double per_second(double n, double seconds) {
  return seconds > 0 ? n / seconds : 0;
}

/* --- for people --- */

static void print_time(uint64_t ns, FILE *stream) {
  if (ns < 10000000) {
    fprintf(stream, "%7.2f ms", (double)ns / 1e6);
  } else if (ns < UINT64_C(10000000000)) {
    fprintf(stream, "%7.0f ms", (double)ns / 1e6);
  } else {
    fprintf(stream, "%8.1f s", (double)ns / 1e9);
  }
}

/* A count, or a dot where there is nothing to see. */
static void print_count(uint64_t n, int width, FILE *stream) {
  if (n == 0) {
    fprintf(stream, "  %*s", width, ".");
  } else {
    fprintf(stream, "  %*" PRIu64, width, n);
  }
}

static uint64_t time_of_all(const run_summary *self) {
  uint64_t all_ns = 0;
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    metrics_sum sum;
    runtime_stage_get(self->runtime, i, &sum);
    all_ns += sum.time_ns;
  }
  return all_ns;
}

/* Columns of the widest stage's name. */
static int name_width(const run_summary *self) {
  int width = 5;
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    int len = (int)strlen(self->plan->stages[i].id);
    width = len > width ? len : width;
  }
  return width;
}

static void print_stages(const run_summary *self, FILE *stream) {
  int width = name_width(self);
  uint64_t all_ns = time_of_all(self);
  fprintf(stream, "  %-*s  %9s  %8s  %8s  %8s  %10s  %5s\n", width, "stage", "documents", "dropped", "failed",
          "retried", "time", "share");
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    metrics_sum sum;
    runtime_stage_get(self->runtime, i, &sum);
    fprintf(stream, "  %-*s", width, self->plan->stages[i].id);
    print_count(sum.documents, 9, stream);
    print_count(sum.dropped, 8, stream);
    print_count(sum.failed, 8, stream);
    print_count(sum.retried, 8, stream);
    fputs("  ", stream);
    print_time(sum.time_ns, stream);
    fprintf(stream, "  %3.0f %%\n", all_ns > 0 ? (double)sum.time_ns * 100 / (double)all_ns : 0.0);
  }
}

static void print_bytes(uint64_t n, FILE *stream) {
  char bytes[16] = ".";
  if (n > 0) {
    progress_format_bytes((double)n, bytes, sizeof bytes);
  }
  fprintf(stream, "  %10s", bytes);
}

void run_summary_print_costs(const run_summary *self, FILE *stream) {
  int width = name_width(self);
  fprintf(stream, "  %-*s  %9s  %12s  %16s  %10s  %10s  %10s\n", width, "stage", "documents", "a document",
          "one worker could", "bytes", "memory", "files");
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    metrics_sum sum;
    host_memory memory;
    runtime_stage_get(self->runtime, i, &sum);
    double each_us = sum.documents > 0 ? (double)sum.time_ns / 1e3 / (double)sum.documents : 0;
    fprintf(stream, "  %-*s", width, self->plan->stages[i].id);
    print_count(sum.documents, 9, stream);
    fprintf(stream, "  %9.1f us", each_us);
    print_count((uint64_t)(each_us > 0 ? 1e6 / each_us : 0), 14, stream);
    fputs("/s", stream);
    print_bytes(sum.bytes, stream);
    runtime_memory_get(self->runtime, i, &memory);
    print_bytes(memory.most_bytes, stream);
    print_bytes(memory.file_bytes, stream);
    fputc('\n', stream);
  }
}

static void print_cache(const run_summary *self, FILE *stream) {
  const run_cache_counts *cached = &self->cached;
  char bytes[16];
  if (self->cache == NULL) {
    return;
  }
  progress_format_bytes((double)cached->bytes, bytes, sizeof bytes);
  fprintf(stream, "  cache: %" PRIu64 " as they were, %" PRIu64 " from a later stage on, %" PRIu64 " anew",
          cached->n_hits, cached->n_partly, cached->n_misses);
  if (cached->n_damaged > 0) {
    fprintf(stream, " (%" PRIu64 " of them damaged)", cached->n_damaged);
  }
  fprintf(stream, "; %" PRIu64 " kept", cached->n_stored);
  if (cached->n_lost > 0) {
    fprintf(stream, ", %" PRIu64 " not", cached->n_lost);
  }
  fprintf(stream, "; it has %" PRIu64 " documents in %s\n", cached->n_entries, bytes);
}

void run_summary_print(const run_summary *self, FILE *stream) {
  const runtime_counts *counts = &self->counts;
  char bytes[16], rate[16], peak[16];
  progress_format_bytes((double)counts->bytes_admitted, bytes, sizeof bytes);
  progress_format_bytes(per_second((double)counts->bytes_admitted, self->seconds), rate, sizeof rate);
  progress_format_bytes((double)self->peak_bytes, peak, sizeof peak);
  fprintf(stream, "%s: %" PRIu64 " document%s in: %" PRIu64 " delivered, %" PRIu64 " dropped, %" PRIu64 " failed",
          self->plan->name, counts->admitted, counts->admitted == 1 ? "" : "s", counts->delivered, counts->dropped,
          counts->dead_lettered);
  if (counts->unfinished > 0) {
    fprintf(stream, ", %" PRIu64 " not finished", counts->unfinished);
  }
  uint32_t n_workers = runtime_n_workers(self->runtime);
  fprintf(stream, "\n  %.3f s, %.0f documents/s, %s in, %s/s, %u worker%s, %s at most\n", self->seconds,
          per_second((double)counts->admitted, self->seconds), bytes, rate, n_workers, n_workers == 1 ? "" : "s", peak);
  print_cache(self, stream);
  print_stages(self, stream);
}

/* Text from outside may hold anything; a terminal must not be told to do things by it. */
static void print_clean(const char *text, size_t len, FILE *stream) {
  for (size_t i = 0; i < len; i++) {
    unsigned char byte = (unsigned char)text[i];
    putc(byte < 0x20 || byte == 0x7F ? ' ' : byte, stream);
  }
}

/* "a.txt#0" is the id of a file that is one document; people know it by its name. */
static qn_str name_of(const letter *note) {
  bool plain = note->id.len == note->source.len + 2 &&
               memcmp(note->id.data, note->source.data, note->source.len) == 0 &&
               memcmp(note->id.data + note->source.len, "#0", 2) == 0;
  return note->id.len == 0 || plain ? note->source : note->id;
}

void run_letter_print(const letter *note, FILE *stream) {
  qn_str name = name_of(note);
  fputs("qanat: failed: ", stream);
  print_clean(name.data, name.len, stream);
  fprintf(stream, ": stage \"%s\": ", note->stage);
  print_clean(note->message, strlen(note->message), stream);
  fprintf(stream, " [%s]", note->slug);
  if (note->attempts > 1) {
    fprintf(stream, " (after %u tries)", note->attempts);
  }
  putc('\n', stream);
}

/* --- for programs --- */

static cJSON *stage_json(const run_summary *self, uint32_t index) {
  const plan_stage *stage = &self->plan->stages[index];
  metrics_sum sum;
  host_memory memory;
  runtime_stage_get(self->runtime, index, &sum);
  runtime_memory_get(self->runtime, index, &memory);
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "id", stage->id);
  cJSON_AddStringToObject(json, "use", stage->info->name);
  cJSON_AddNumberToObject(json, "documents", (double)sum.documents);
  cJSON_AddNumberToObject(json, "dropped", (double)sum.dropped);
  cJSON_AddNumberToObject(json, "failed", (double)sum.failed);
  cJSON_AddNumberToObject(json, "retried", (double)sum.retried);
  cJSON_AddNumberToObject(json, "bytes", (double)sum.bytes);
  cJSON_AddNumberToObject(json, "seconds", (double)sum.time_ns / 1e9);
  cJSON_AddNumberToObject(json, "memory_bytes", (double)memory.held_bytes);
  cJSON_AddNumberToObject(json, "peak_memory_bytes", (double)memory.most_bytes);
  cJSON_AddNumberToObject(json, "file_bytes", (double)memory.file_bytes);
  return json;
}

static void add_str(cJSON *json, const char *key, qn_str text) {
  char copy[4097];
  size_t len = text.len < sizeof copy ? text.len : sizeof copy - 1;
  if (len > 0) {
    memcpy(copy, text.data, len);
  }
  copy[len] = '\0';
  cJSON_AddStringToObject(json, key, copy);
}

static cJSON *letters_json(const letter_store *letters) {
  cJSON *array = cJSON_CreateArray();
  for (uint32_t i = 0; i < letter_memory_kept(letters); i++) {
    const letter *note = letter_memory_at(letters, i);
    cJSON *json = cJSON_CreateObject();
    add_str(json, "id", note->id);
    add_str(json, "source", note->source);
    cJSON_AddStringToObject(json, "stage", note->stage);
    cJSON_AddStringToObject(json, "slug", note->slug);
    cJSON_AddStringToObject(json, "message", note->message);
    cJSON_AddNumberToObject(json, "attempts", note->attempts);
    cJSON_AddItemToArray(array, json);
  }
  return array;
}

static cJSON *cache_json(const run_cache_counts *cached) {
  cJSON *json = cJSON_CreateObject();
  cJSON_AddNumberToObject(json, "hits", (double)cached->n_hits);
  cJSON_AddNumberToObject(json, "partly", (double)cached->n_partly);
  cJSON_AddNumberToObject(json, "misses", (double)cached->n_misses);
  cJSON_AddNumberToObject(json, "damaged", (double)cached->n_damaged);
  cJSON_AddNumberToObject(json, "stored", (double)cached->n_stored);
  cJSON_AddNumberToObject(json, "lost", (double)cached->n_lost);
  cJSON_AddNumberToObject(json, "entries", (double)cached->n_entries);
  cJSON_AddNumberToObject(json, "bytes", (double)cached->bytes);
  return json;
}

static const char *end_of(const run_summary *self) {
  return self->code == 0 ? "complete" : self->code == -EINTR ? "interrupted" : "stopped";
}

static cJSON *summary_json(const run_summary *self) {
  const runtime_counts *counts = &self->counts;
  cJSON *json = cJSON_CreateObject();
  cJSON_AddStringToObject(json, "pipeline", self->plan->name);
  cJSON_AddStringToObject(json, "end", end_of(self));
  if (self->code != 0) {
    cJSON *error = cJSON_AddObjectToObject(json, "error");
    cJSON_AddStringToObject(error, "slug", self->error->slug);
    cJSON_AddStringToObject(error, "message", self->error->message);
  }
  cJSON_AddNumberToObject(json, "admitted", (double)counts->admitted);
  cJSON_AddNumberToObject(json, "delivered", (double)counts->delivered);
  cJSON_AddNumberToObject(json, "dropped", (double)counts->dropped);
  cJSON_AddNumberToObject(json, "dead_lettered", (double)counts->dead_lettered);
  cJSON_AddNumberToObject(json, "unfinished", (double)counts->unfinished);
  cJSON_AddNumberToObject(json, "bytes", (double)counts->bytes_admitted);
  cJSON_AddNumberToObject(json, "seconds", self->seconds);
  cJSON_AddNumberToObject(json, "workers", runtime_n_workers(self->runtime));
  cJSON_AddNumberToObject(json, "peak_memory_bytes", (double)self->peak_bytes);
  if (self->cache != NULL) {
    cJSON_AddItemToObject(json, "cache", cache_json(&self->cached));
  }
  cJSON *stages = cJSON_AddArrayToObject(json, "stages");
  for (uint32_t i = 0; i < self->plan->n_stages; i++) {
    cJSON_AddItemToArray(stages, stage_json(self, i));
  }
  cJSON_AddItemToObject(json, "failed", letters_json(self->letters));
  return json;
}

int run_summary_write(const run_summary *self, const char *path) {
  cJSON *json = summary_json(self);
  char *text = cJSON_Print(json);
  cJSON_Delete(json);
  if (text == NULL) {
    return -ENOMEM;
  }
  errno = 0;
  FILE *file = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
  int rc = file == NULL ? -errno : 0;
  if (rc == 0) {
    fputs(text, file);
    putc('\n', file);
    bool failed = ferror(file) != 0 || fflush(file) != 0;
    if (file != stdout) {
      failed |= fclose(file) != 0;
    }
    rc = failed ? (errno != 0 ? -errno : -EIO) : 0;
  }
  cJSON_free(text);
  return rc;
}
