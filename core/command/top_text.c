/* SPDX-License-Identifier: Apache-2.0 */

/* Lines are put together in a buffer of code points' bytes, cut at the width, and only then coloured: names come from files
 * and documents, so nothing of them may move a cursor. */
#include "command/top_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document/utf8.h"
#include "observe/progress.h"

enum { LINE_BYTES = 4096, TROUBLES_SHOWN = 5, NAME_COLUMNS = 20, UNIT_BYTES = 24 };

/* --- lines --- */

static const char plain[] = "", bold[] = "\033[1m", red[] = "\033[31m", dim[] = "\033[2m", normal[] = "\033[0m";

/* What may not stand in a line: controls, and marks that turn the direction of what follows. */
static bool is_safe(const uint8_t *at, size_t step) {
  if (step == 1) {
    return at[0] >= 0x20 && at[0] != 0x7F;
  }
  if (step == 2 && at[0] == 0xC2) {
    return at[1] >= 0xA0;
  }
  bool turns = step == 3 && at[0] == 0xE2 &&
               ((at[1] == 0x80 && ((at[2] >= 0xAA && at[2] <= 0xAE) || at[2] == 0x8E || at[2] == 0x8F)) ||
                (at[1] == 0x81 && at[2] >= 0xA6 && at[2] <= 0xA9));
  return !turns;
}

/* Marks that stand on the letter before them take no column. */
static bool takes_column(const uint8_t *at, size_t step) {
  bool arabic_mark =
      step == 2 && ((at[0] == 0xD9 && at[1] >= 0x8B && at[1] <= 0x9F) || (at[0] == 0xD9 && at[1] == 0xB0));
  bool latin_mark = step == 2 && (at[0] == 0xCC || (at[0] == 0xCD && at[1] <= 0xAF));
  return !arabic_mark && !latin_mark;
}

/* Copies text into line, at most so many columns; returns the columns it takes. */
static unsigned put_text(char *line, size_t size, const char *text, unsigned columns) {
  size_t len = 0;
  unsigned used = 0;
  size_t left = strlen(text);
  while (left > 0) {
    const uint8_t *at = (const uint8_t *)text;
    size_t step = utf8_step(at, left);
    bool good = step > 0 && is_safe(at, step);
    const char *shown = good ? text : "?";
    size_t shown_bytes = good ? step : 1;
    unsigned width = good ? takes_column(at, step) : 1;
    if (used + width > columns || len + shown_bytes + 1 > size) {
      break;
    }
    memcpy(line + len, shown, shown_bytes);
    len += shown_bytes;
    used += width;
    text += step > 0 ? step : 1;
    left -= step > 0 ? step : 1;
  }
  line[len] = '\0';
  return used;
}

static void put_line(const top_style *style, FILE *stream, const char *mark, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void put_line(const top_style *style, FILE *stream, const char *mark, const char *format, ...) {
  char whole[LINE_BYTES], line[LINE_BYTES];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(whole, sizeof whole, format, arguments);
  va_end(arguments);
  put_text(line, sizeof line, whole, style->columns);
  bool coloured = style->colour && mark[0] != '\0';
  fprintf(stream, "%s%s%s\n", coloured ? mark : "", line, coloured ? normal : "");
}

/* Text in a column of its own: cut, and filled up with blanks. */
static const char *fit(char *to, size_t size, const char *text, unsigned columns) {
  unsigned used = put_text(to, size, text, columns);
  size_t len = strlen(to);
  while (used++ < columns && len + 1 < size) {
    to[len++] = ' ';
  }
  to[len] = '\0';
  return to;
}

/* --- figures --- */

/* 1234567 as "1.23M": five columns at most. */
static const char *count_text(double n, char *text) {
  static const char units[] = " kMGTP";
  int unit = 0;
  while (n >= 99999.5 && units[unit + 1] != '\0') {
    n /= 1000;
    unit++;
  }
  if (unit == 0) {
    snprintf(text, UNIT_BYTES, n > 0 && n < 10 && n != floor(n) ? "%.1f" : "%.0f", n);
  } else {
    snprintf(text, UNIT_BYTES, n < 10 ? "%.2f%c" : n < 100 ? "%.1f%c" : "%.0f%c", n, units[unit]);
  }
  return text;
}

/* Nanoseconds as "1.23 ms": seven columns at most. */
static const char *span_text(double ns, char *text) {
  static const char *const units[] = { "ns", "us", "ms", "s" };
  int unit = 0;
  while (unit < 3 && ns >= 999.5) {
    ns /= 1000;
    unit++;
  }
  if (unit == 3 && ns >= 999.5) {
    snprintf(text, UNIT_BYTES, "%.0f min", ns / 60);
  } else {
    snprintf(text, UNIT_BYTES,
             unit > 0 && ns < 9.995   ? "%.2f %s"
             : unit > 0 && ns < 99.95 ? "%.1f %s"
                                      : "%.0f %s",
             ns, units[unit]);
  }
  return text;
}

static const char *age_text(int64_t ms, char *text) {
  int64_t s = ms > 0 ? ms / 1000 : 0;
  if (s >= 86400) {
    snprintf(text, UNIT_BYTES, "%" PRId64 "d %" PRId64 "h", s / 86400, s / 3600 % 24);
  } else if (s >= 3600) {
    snprintf(text, UNIT_BYTES, "%" PRId64 "h %02" PRId64 "m", s / 3600, s / 60 % 60);
  } else {
    snprintf(text, UNIT_BYTES, "%" PRId64 ":%02" PRId64, s / 60, s % 60);
  }
  return text;
}

static const char *clock_text(int64_t ms, char *text) {
  time_t s = (time_t)(ms / 1000);
  struct tm parts;
  if (localtime_r(&s, &parts) == NULL || strftime(text, UNIT_BYTES, "%H:%M:%S", &parts) == 0) {
    snprintf(text, UNIT_BYTES, "?");
  }
  return text;
}

/* --- what happened in between --- */

typedef struct since {
  double seconds; /* 0: cannot be told */
} since;

static since since_of(const top_look *now, const top_look *before) {
  int64_t from_ms = before != NULL && before->started_ms == now->started_ms ? before->now_ms : now->started_ms;
  return (since){ now->now_ms > from_ms ? (double)(now->now_ms - from_ms) / 1000 : 0 };
}

static double rate(double now, double before, since over) {
  return over.seconds > 0 && now >= before ? (now - before) / over.seconds : 0;
}

/* What the histogram got since; all of it if it was set back, or nothing came. */
static void took_since(const histogram_sum *now, const histogram_sum *before, histogram_sum *ret_sum) {
  *ret_sum = *now;
  if (before == NULL || before->count >= now->count) {
    return;
  }
  for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
    if (before->counts[i] > now->counts[i]) {
      *ret_sum = *now;
      return;
    }
    ret_sum->counts[i] -= before->counts[i];
  }
  ret_sum->count -= before->count;
}

/* The same pipeline in the earlier look: of the same generation, or its figures began anew. */
static const top_pipeline *same_pipeline(const top_look *before, const top_look *now, const top_pipeline *of) {
  for (uint32_t i = 0; before != NULL && before->started_ms == now->started_ms && i < before->n_pipelines; i++) {
    const top_pipeline *at = &before->pipelines[i];
    if (strcmp(at->name, of->name) == 0) {
      return at;
    }
  }
  return NULL;
}

static const top_stage *same_stage(const top_pipeline *before, const top_pipeline *now, const top_stage *of) {
  for (uint32_t i = 0; before != NULL && before->generation == now->generation && i < before->n_stages; i++) {
    if (strcmp(before->stages[i].id, of->id) == 0) {
      return &before->stages[i];
    }
  }
  return NULL;
}

/* --- parts --- */

static void write_head(const top_look *now, const top_look *before, since over, const top_style *style, FILE *stream) {
  char memory[UNIT_BYTES], up[UNIT_BYTES], at[UNIT_BYTES], letters[UNIT_BYTES];
  progress_format_bytes(now->memory_bytes, memory, sizeof memory);
  put_line(style, stream, now->ready ? bold : red, "qanat %s  %s  %s  up %s  memory %s  fds %.0f  dead letters %s",
           now->version, clock_text(now->now_ms, at),
           now->draining ? "ending"
           : now->ready  ? "ready"
                         : "not ready",
           age_text(now->now_ms - now->started_ms, up), memory, now->descriptors,
           count_text(now->dead_letters, letters));
  if (!now->ready && now->reason[0] != '\0') {
    put_line(style, stream, red, "%s", now->reason);
  }
  char waiting[UNIT_BYTES], taken[UNIT_BYTES], accepted[UNIT_BYTES], commit[UNIT_BYTES], kept[UNIT_BYTES];
  bool known = before != NULL && before->started_ms == now->started_ms;
  double commits = now->commits - (known ? before->commits : 0);
  double commit_ns = now->commit_ns - (known ? before->commit_ns : 0);
  bool writes = strcmp(now->journal_state, "writes") == 0;
  progress_format_bytes(now->kept_bytes, kept, sizeof kept);
  put_line(style, stream, writes ? plain : red, "journal %s  %s/s accepted  %s wait  %s in hand  %s kept  a commit %s",
           now->journal_state, count_text(rate(now->accepted, known ? before->accepted : 0, over), accepted),
           count_text(now->waiting, waiting), count_text(now->taken, taken), kept,
           commits > 0 ? span_text(commit_ns / commits, commit) : "-");
  if (now->journal_error[0] != '\0') {
    put_line(style, stream, red, "journal: %s", now->journal_error);
  }
}

static void write_stage(const top_stage *now, const top_stage *before, since over, const top_style *style,
                        FILE *stream) {
  char name[LINE_BYTES], documents[UNIT_BYTES], failed[UNIT_BYTES], queue[UNIT_BYTES];
  char p50[UNIT_BYTES] = "-", p99[UNIT_BYTES] = "-", busy[UNIT_BYTES] = "-";
  histogram_sum took;
  bool is_source = strcmp(now->role, "source") == 0;
  took_since(&now->took, before != NULL ? &before->took : NULL, &took);
  if (took.count > 0) {
    span_text((double)histogram_quantile_ns(&took, 0.5), p50);
    span_text((double)histogram_quantile_ns(&took, 0.99), p99);
  }
  if (!is_source && over.seconds > 0) {
    snprintf(busy, sizeof busy, "%.0f %%", rate(now->time_ns, before != NULL ? before->time_ns : 0, over) / 1e7);
  }
  /* 20 + 8 + 8 + 7 + 10 + 10 + 7 + 9: 79 columns. */
  unsigned wide = style->columns > 79 ? style->columns - 79 : 0;
  unsigned columns = NAME_COLUMNS - 2 + (wide < 30 ? wide : 30);
  bool troubled = before != NULL && now->failed > before->failed;
  put_line(
      style, stream, troubled ? red : plain, "  %s%8s%8s%7s%10s%10s%7s%9.0f", fit(name, sizeof name, now->id, columns),
      count_text(rate(now->documents, before != NULL ? before->documents : 0, over), documents),
      count_text(now->failed, failed), is_source ? "-" : count_text(now->queue, queue), p50, p99, busy, now->restarts);
}

static void write_troubles(const top_pipeline *now, const top_style *style, FILE *stream) {
  for (uint32_t i = 0; i < now->n_troubles && i < TROUBLES_SHOWN; i++) {
    const top_trouble *at = &now->troubles[i];
    char clock[UNIT_BYTES];
    put_line(style, stream, dim, "  %s %s %s  %s  %s", clock_text(at->time_ms, clock), at->stage, at->slug, at->id,
             at->message);
  }
}

static void write_pipeline(const top_pipeline *now, const top_pipeline *before, since over, const top_style *style,
                           FILE *stream) {
  char out[UNIT_BYTES], p50[UNIT_BYTES] = "-", p99[UNIT_BYTES] = "-", oldest[UNIT_BYTES] = "-", name[LINE_BYTES];
  histogram_sum took;
  took_since(&now->took, before != NULL && before->generation == now->generation ? &before->took : NULL, &took);
  if (took.count > 0) {
    span_text((double)histogram_quantile_ns(&took, 0.5), p50);
    span_text((double)histogram_quantile_ns(&took, 0.99), p99);
  }
  if (now->oldest_ms > 0) {
    span_text(now->oldest_ms * 1e6, oldest);
  }
  put_text(name, sizeof name, now->name, 40);
  bool runs =
      strcmp(now->state, "running") == 0 || strcmp(now->state, "swapping") == 0 || strcmp(now->state, "ended") == 0;
  put_line(style, stream, plain, "%s", "");
  put_line(style, stream, runs ? bold : red, "%s  %s  generation %.0f  %s/s  in flight %.0f of %.0f", name, now->state,
           now->generation, count_text(rate(now->delivered, before != NULL ? before->delivered : 0, over), out),
           now->in_flight, now->limit_documents);
  put_line(style, stream, plain, "  %.0f delivered  %.0f dropped  %.0f failed  p50 %s  p99 %s  oldest %s",
           now->delivered, now->dropped, now->dead_lettered, p50, p99, oldest);
  if (!now->reload_ok) {
    put_line(style, stream, red, "  the last reload failed: %s", now->reload_message);
  }
  unsigned wide = style->columns > 79 ? style->columns - 79 : 0;
  put_line(style, stream, dim, "  %s%8s%8s%7s%10s%10s%7s%9s",
           fit(name, sizeof name, "stage", NAME_COLUMNS - 2 + (wide < 30 ? wide : 30)), "docs/s", "failed", "queue",
           "p50", "p99", "busy", "restarts");
  for (uint32_t i = 0; i < now->n_stages; i++) {
    write_stage(&now->stages[i], same_stage(before, now, &now->stages[i]), over, style, stream);
  }
  write_troubles(now, style, stream);
}

void top_text_write(const top_look *now, const top_look *before, const top_style *style, FILE *stream) {
  since over = since_of(now, before);
  write_head(now, before, over, style, stream);
  for (uint32_t i = 0; i < now->n_pipelines; i++) {
    const top_pipeline *of = &now->pipelines[i];
    if (style->pipeline == NULL || strcmp(style->pipeline, of->name) == 0) {
      write_pipeline(of, same_pipeline(before, now, of), over, style, stream);
    }
  }
}
