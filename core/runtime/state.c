/* SPDX-License-Identifier: Apache-2.0 */

/* How a run stands, and the few services that every part of the runtime uses. */
#include "runtime/state.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t runtime_now_ms(const runtime *self) {
  if (self->options.frozen) {
    return self->options.now_ms;
  }
  /* The coarse clock costs a fifth of the fine one; documents need no better. */
  struct timespec now;
  clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void runtime_halt(runtime *self, run_stop stop) {
  uint32_t standing = atomic_load(&self->stop);
  while (standing < (uint32_t)stop && !atomic_compare_exchange_weak(&self->stop, &standing, (uint32_t)stop)) {
  }
  admission_close(&self->admission);
  loop_ring(&self->loop, &self->stop_bell);
}

void runtime_fail(runtime *self, const instance *stage, const qn_error *error) {
  pthread_mutex_lock(&self->mutex);
  if (self->failure.code == 0) {
    /* What the host itself found wrong names the stage already. */
    bool named = strncmp(error->message, "stage \"", 7) == 0;
    error_set(&self->failure, error->code < 0 ? error->code : -EIO, error->slug, "%s%s%s%s", named ? "" : "stage \"",
              named ? "" : stage->planned->id, named ? "" : "\": ", error->message);
  }
  pthread_mutex_unlock(&self->mutex);
  runtime_halt(self, RUN_FAILED);
}

void runtime_log_text(runtime *self, const char *stage, uint32_t level, const char *text, size_t len) {
  if (self->options.log == NULL) {
    return;
  }
  pthread_mutex_lock(&self->mutex);
  self->options.log(self->options.arg, stage, level, text, len);
  pthread_mutex_unlock(&self->mutex);
}

void runtime_log(runtime *self, const char *stage, uint32_t level, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (len > 0) {
    runtime_log_text(self, stage, level, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
  }
}

int runtime_thread(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name) {
  sigset_t all, before;
  sigfillset(&all);
  /* Signals belong to the loop thread: a plugin's read() must not be cut short by Ctrl-C. */
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(ret_thread, NULL, run, arg);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (rc == 0) {
    char short_name[16];
    snprintf(short_name, sizeof short_name, "%s", name);
    pthread_setname_np(*ret_thread, short_name);
  }
  return -rc;
}
