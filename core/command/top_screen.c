/* SPDX-License-Identifier: Apache-2.0 */

/* Signals come by a descriptor, so that no handler has to put the terminal back: the one way out of the loop does. */
#include "command/top_screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char enter_text[] = "\033[?1049h\033[?25l\033[2J";
static const char leave_text[] = "\033[?25h\033[?1049l";
/* Terminals that know it show what lies between at once; the others don't mind. */
static const char begin_text[] = "\033[?2026h\033[H";
static const char end_text[] = "\033[J\033[?2026l";

static void put(const top_screen *self, const char *text, size_t len) {
  while (len > 0) {
    ssize_t n = write(self->out, text, len);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return; /* the next drawing comes soon, or the terminal is gone */
    }
    text += n;
    len -= (size_t)n;
  }
}

static void enter(top_screen *self) {
  struct termios raw = self->before;
  raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  tcsetattr(self->in, TCSANOW, &raw);
  put(self, enter_text, sizeof enter_text - 1);
  self->entered = true;
}

static void leave(top_screen *self) {
  if (self->entered) {
    put(self, leave_text, sizeof leave_text - 1);
    tcsetattr(self->in, TCSANOW, &self->before);
    self->entered = false;
  }
}

int top_screen_open(top_screen *self, int in, int out) {
  *self = (top_screen){ .in = in, .out = out, .signals = -1 };
  if (!isatty(out) || tcgetattr(in, &self->before) != 0) {
    return -ENOTTY;
  }
  static const int wanted[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP };
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    sigaddset(&set, wanted[i]);
  }
  self->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (self->signals < 0) {
    return -errno;
  }
  sigprocmask(SIG_BLOCK, &set, NULL);
  enter(self);
  return 0;
}

void top_screen_close(top_screen *self) {
  leave(self);
  if (self->signals >= 0) {
    close(self->signals);
    self->signals = -1;
  }
}

void top_screen_size(const top_screen *self, unsigned *ret_columns, unsigned *ret_rows) {
  struct winsize size;
  bool known = ioctl(self->out, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 && size.ws_row > 1;
  *ret_columns = known ? size.ws_col : 80;
  *ret_rows = known ? size.ws_row : 24;
}

void top_screen_draw(top_screen *self, const char *text, size_t len, unsigned first) {
  unsigned columns, rows;
  char *all = NULL;
  size_t all_len = 0;
  FILE *stream = open_memstream(&all, &all_len);
  if (stream == NULL) {
    return;
  }
  top_screen_size(self, &columns, &rows);
  fputs(begin_text, stream);
  unsigned line = 0;
  for (size_t at = 0; at < len && line < first + rows; line++) {
    const char *end = memchr(text + at, '\n', len - at);
    size_t line_len = end != NULL ? (size_t)(end - text) - at : len - at;
    if (line >= first) {
      fwrite(text + at, 1, line_len, stream);
      fputs(line + 1 < first + rows ? "\033[K\n" : "\033[K", stream);
    }
    at += line_len + 1;
  }
  fputs(end_text, stream);
  if (fclose(stream) == 0) {
    put(self, all, all_len);
  }
  free(all);
}

/* The shell has the terminal while we are stopped. */
static void stop(top_screen *self) {
  leave(self);
  kill(getpid(), SIGSTOP);
  enter(self);
}

static top_event take_signal(top_screen *self) {
  struct signalfd_siginfo info;
  if (read(self->signals, &info, sizeof info) != (ssize_t)sizeof info) {
    return TOP_TIME;
  }
  if (info.ssi_signo == SIGTSTP) {
    stop(self);
    return TOP_RESIZE;
  }
  return info.ssi_signo == SIGWINCH ? TOP_RESIZE : TOP_QUIT;
}

static top_event take_key(const top_screen *self) {
  char keys[16];
  ssize_t n = read(self->in, keys, sizeof keys);
  if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
    return TOP_QUIT; /* the terminal is gone */
  }
  if (n >= 3 && keys[0] == '\033' && keys[1] == '[') {
    return keys[2] == 'A' ? TOP_UP : keys[2] == 'B' ? TOP_DOWN : TOP_TIME;
  }
  switch (n > 0 ? keys[0] : 0) {
  case 'q':
  case 'Q':
    return TOP_QUIT;
  case 'k':
    return TOP_UP;
  case 'j':
    return TOP_DOWN;
  case ' ':
    return TOP_PAUSE;
  default:
    return TOP_TIME;
  }
}

top_event top_screen_wait(top_screen *self, uint64_t wait_ms) {
  struct pollfd all[2] = { { .fd = self->signals, .events = POLLIN }, { .fd = self->in, .events = POLLIN } };
  int n = poll(all, 2, wait_ms < 3600000 ? (int)wait_ms : 3600000);
  if (n <= 0) {
    return TOP_TIME;
  }
  if (all[0].revents != 0) {
    return take_signal(self);
  }
  return take_key(self);
}
