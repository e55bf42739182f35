/* SPDX-License-Identifier: Apache-2.0 */

/* The terminal while `qanat top` has it: a screen of its own, keys one by one, and everything as it was when it lets go. Floor 5. */
#ifndef CORE_COMMAND_TOP_SCREEN_H
#define CORE_COMMAND_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

typedef struct top_screen {
  int in, out;
  struct termios before;
  int signals; /* a signalfd: what would end or stop the process is read there */
  bool entered;
} top_screen;

/* What there is to do. */
typedef enum top_event {
  TOP_TIME = 0,   /* nothing came for so long */
  TOP_QUIT = 1,   /* q, or a signal to end */
  TOP_RESIZE = 2, /* draw again */
  TOP_UP = 3,
  TOP_DOWN = 4,
  TOP_PAUSE = 5
} top_event;

/* 0, or a negative errno: in and out are no terminal. Blocks the signals it reads. */
int top_screen_open(top_screen *screen, int in, int out);
void top_screen_close(top_screen *screen); /* also one that could not be opened */

void top_screen_size(const top_screen *screen, unsigned *ret_columns, unsigned *ret_rows);
/* Shows the lines of text from the first one on, as many as there is room for, in one piece. */
void top_screen_draw(top_screen *screen, const char *text, size_t len, unsigned first);
top_event top_screen_wait(top_screen *screen, uint64_t wait_ms);

#endif
