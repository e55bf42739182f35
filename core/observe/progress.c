/* SPDX-License-Identifier: Apache-2.0 */

/* Formats and draws the progress line. Rates are those of the last few seconds: what a person waiting wants to know. */
#include "observe/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR_COLUMNS = 16, LINE_MAX_BYTES = 512 };

static const double ns_per_s = 1e9;

void progress_init(progress *self, int fd) {
  *self = (progress){ .fd = fd };
}

void progress_format_bytes(double bytes, char *text, size_t size) {
  static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
  unsigned unit = 0;
  while (bytes >= 999.5 && unit + 1 < sizeof units / sizeof units[0]) {
    bytes /= 1000;
    unit++;
  }
  snprintf(text, size, unit > 0 && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
}

void progress_format_time(double seconds, char *text, size_t size) {
  uint64_t whole = seconds < 0 ? 0 : seconds > 359999 ? 359999 : (uint64_t)(seconds + 0.5);
  if (whole >= 3600) {
    snprintf(text, size, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    snprintf(text, size, "%" PRIu64 ":%02" PRIu64, whole / 60, whole % 60);
  }
}

/* Seconds left, or less than 0 if nobody can know. */
static double seconds_left(const progress *self, const progress_state *state) {
  return state->input_total > state->input_done && self->input_per_s > 0
             ? (double)(state->input_total - state->input_done) / self->input_per_s
             : -1;
}

static void format_bar(const progress_state *state, char *bar, size_t size) {
  bar[0] = '\0';
  if (state->input_total == 0) {
    return;
  }
  double share = (double)state->input_done / (double)state->input_total;
  share = share > 1 ? 1 : share;
  int filled = (int)(share * BAR_COLUMNS);
  char cells[BAR_COLUMNS + 1];
  memset(cells, '.', BAR_COLUMNS);
  memset(cells, '#', (size_t)filled);
  cells[BAR_COLUMNS] = '\0';
  snprintf(bar, size, "[%s] %3.0f %%  ", cells, share * 100);
}

size_t progress_format(const progress *self, const progress_state *state, unsigned width, char *line, size_t size) {
  char bar[BAR_COLUMNS + 16], rate[16], failed[40] = "", time[24];
  format_bar(state, bar, sizeof bar);
  progress_format_bytes(self->bytes_per_s, rate, sizeof rate);
  if (state->failed > 0) {
    snprintf(failed, sizeof failed, ", %" PRIu64 " failed", state->failed);
  }
  double left = seconds_left(self, state);
  progress_format_time(left >= 0 ? left : (double)state->elapsed_ns / ns_per_s, time, sizeof time);
  int len =
      snprintf(line, size, "%s%" PRIu64 " document%s%s  %.0f/s  %s/s  %s%s", bar, state->documents,
               state->documents == 1 ? "" : "s", failed, self->documents_per_s, rate, time, left >= 0 ? " left" : "");
  size_t most = width < size ? width : size - 1;
  if (len < 0 || (size_t)len > most) {
    line[most] = '\0'; /* all of it is ASCII */
    return most;
  }
  return (size_t)len;
}

/* Moves the rates towards those since the last drawing. */
static void measure(progress *self, const progress_state *state) {
  double seconds = (double)(state->elapsed_ns - self->last_ns) / ns_per_s;
  if (seconds <= 0) {
    return;
  }
  double documents = (double)(state->documents - self->last_documents) / seconds;
  double bytes = (double)(state->bytes - self->last_bytes) / seconds;
  double input = (double)(state->input_done - self->last_input) / seconds;
  /* A time constant of about two seconds, so that the numbers can be read. */
  double weight = self->last_ns == 0 ? 1 : seconds / (seconds + 2);
  self->documents_per_s += (documents - self->documents_per_s) * weight;
  self->bytes_per_s += (bytes - self->bytes_per_s) * weight;
  self->input_per_s += (input - self->input_per_s) * weight;
  self->last_ns = state->elapsed_ns;
  self->last_documents = state->documents;
  self->last_bytes = state->bytes;
  self->last_input = state->input_done;
}

static unsigned columns_of(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1u : 79;
}

/* What the terminal does not take is not worth another try: the next line comes soon. */
static void put(int fd, const char *text, size_t len) {
  ssize_t written = write(fd, text, len);
  (void)written;
}

void progress_draw(progress *self, const progress_state *state) {
  static const char begin[] = "\r\033[K";
  char line[LINE_MAX_BYTES + sizeof begin];
  measure(self, state);
  memcpy(line, begin, sizeof begin);
  size_t len = progress_format(self, state, columns_of(self->fd), line + sizeof begin - 1, LINE_MAX_BYTES);
  put(self->fd, line, sizeof begin - 1 + len);
  self->shown = 1;
}

void progress_clear(progress *self) {
  static const char gone[] = "\r\033[K";
  if (self->shown) {
    put(self->fd, gone, sizeof gone - 1);
    self->shown = 0;
  }
}
