/* SPDX-License-Identifier: Apache-2.0 */

/* The loop thread's way in: other threads ring a bell, and its function runs on the loop. Floor 4. */
#ifndef CORE_RUNTIME_LOOP_H
#define CORE_RUNTIME_LOOP_H

#include <stdbool.h>
#include <uv.h>

/* Something the loop does when asked; any number of rings before it runs count as one. */
typedef struct bell {
  struct bell *next;
  _Atomic bool rung;
  void (*run)(void *arg); /* [loop] */
  void *arg;
} bell;

typedef struct loop {
  uv_loop_t uv;
  uv_async_t async;
  bell *_Atomic rung;
} loop;

int loop_init(loop *loop); /* 0, or a negative errno */
/* Runs what closing handles still need and closes. All other handles must have been closed. [loop] */
void loop_done(loop *loop);

void bell_init(bell *bell, void (*run)(void *arg), void *arg);
void loop_ring(loop *loop, bell *bell); /* [any] */

#endif
