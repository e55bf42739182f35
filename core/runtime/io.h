/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.io/1", for stages of a runtime and for sources that live outside of one. Floor 4. */
#ifndef CORE_RUNTIME_IO_H
#define CORE_RUNTIME_IO_H

#include <uv.h>

#include "plugin/host.h"
#include "runtime/listen.h"

enum { IO_LISTENING_MAX = 16 };

/* Where one stage's events happen, and what it holds of them. [loop] */
typedef struct io_home {
  uv_loop_t *uv;
  listeners *listeners;
  struct io_handle *handles;
  uint32_t n_offloads;
  uint32_t n_listening;
  int listening[IO_LISTENING_MAX]; /* sockets it got from the listeners */
} io_home;

/* The table; it works for stages whose env->io is set. */
const void *io_extension(void);
/* Waits for offloaded work, which may still use what the stage owns: before its destroy. [loop] */
void io_settle(io_home *home);
/* Closes what a destroyed stage still holds, and tells of it. [loop] */
void io_close_all(qn_env *env);

#endif
