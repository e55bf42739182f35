/* SPDX-License-Identifier: Apache-2.0 */

/* Ctrl-C: the first one drains, the second one ends the process at once. */
#include "runtime/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_INTERRUPTED = 130 };

struct signals {
  runtime *runtime;
  uv_signal_t interrupt, terminate;
  int n_open; /* handles; loop */
};

/* By a plain handler and not by the loop: a stage that hangs on the loop must not be able to hold the process. */
static void end_process(int number) {
  (void)number;
  _exit(STATUS_INTERRUPTED);
}

static void arm_second(int number) {
  struct sigaction action = { .sa_handler = end_process };
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, NULL);
}

static void on_signal(uv_signal_t *handle, int number) {
  signals *self = handle->data;
  uv_signal_stop(&self->interrupt);
  uv_signal_stop(&self->terminate);
  arm_second(SIGINT);
  arm_second(SIGTERM);
  runtime_stop(self->runtime);
  const runtime_options *options = &self->runtime->options;
  if (options->interrupted != NULL) {
    options->interrupted(options->arg, number);
  }
}

int signals_open(runtime *self, signals **ret_signals) {
  signals *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  made->runtime = self;
  uv_signal_init(&self->loop.uv, &made->interrupt);
  uv_signal_init(&self->loop.uv, &made->terminate);
  made->interrupt.data = made;
  made->terminate.data = made;
  made->n_open = 2;
  *ret_signals = made;
  int rc = uv_signal_start(&made->interrupt, on_signal, SIGINT);
  return rc == 0 ? uv_signal_start(&made->terminate, on_signal, SIGTERM) : rc;
}

static void restore(int number) {
  struct sigaction now;
  if (sigaction(number, NULL, &now) == 0 && now.sa_handler == end_process) {
    signal(number, SIG_DFL);
  }
}

/* In which order two handles close is libuv's to say: the last one frees both. */
static void signal_closed(uv_handle_t *handle) {
  signals *self = handle->data;
  self->n_open--;
  if (self->n_open == 0) {
    free(self);
  }
}

void signals_close(signals *self) {
  if (self == NULL) {
    return;
  }
  restore(SIGINT);
  restore(SIGTERM);
  uv_close((uv_handle_t *)&self->interrupt, signal_closed);
  uv_close((uv_handle_t *)&self->terminate, signal_closed);
}
