/* SPDX-License-Identifier: Apache-2.0 */

/* Keeps a window in a file, an SQLite database of ours, from run to run.
 *
 * What the window holds and the file does not is written in one transaction every now and then; a crash loses what came
 * after the last one, never the file. A damaged file of ours is set aside (PATH.damaged) and a new one begun: better to let a copy pass
 * than to stop. A file of anybody else is refused and left alone. */
#ifndef DEDUPE_STATE_H
#define DEDUPE_STATE_H

#include "dedupe/shingles.h"
#include "dedupe/window.h"

typedef struct state state;

enum { STATE_MESSAGE_MAX = 1024 };

/* What is worth telling, whether it went well or not. */
typedef struct state_message {
  char text[STATE_MESSAGE_MAX]; /* "" if nothing is */
} state_message;

/* Opens or makes the file and fills the window, which must be empty. scratch is room for a set. 0 (with something to tell if a
 * file was set aside or emptied); -EINVAL (it cannot be used: ret_message says why and what to do). */
int state_open(qn_str path, const shingle_form *form, window *window, print *scratch, state **ret_state,
               state_message *ret_message);

/* A number is nobody's any more: its row goes with the next save. */
void state_forget(state *self, uint64_t number);

/* How many documents the window has that the file does not. */
uint64_t state_behind(const state *self);

/* Writes them, and removes what the window has forgotten. 0, or -EIO: nothing is lost from the window, and the next call
 * tries again. */
int state_save(state *self, state_message *ret_message);

/* Without saving. NULL is fine. */
void state_close(state *self);

#endif
