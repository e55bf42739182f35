/* SPDX-License-Identifier: Apache-2.0 */

/* Signals belong to the service's loop: a plugin's read() must not be cut short by one. */
#include "serve/thread.h"

#include <signal.h>
#include <stdatomic.h>
#include <time.h>

enum { NAP_MS = 10 };

int thread_start(pthread_t *ret_thread, void *(*run)(void *arg), void *arg, const char *name) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(ret_thread, NULL, run, arg);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (rc == 0) {
    pthread_setname_np(*ret_thread, name);
  }
  return -rc;
}

void thread_nap(uint32_t ms, const _Atomic bool *enough) {
  for (uint32_t slept_ms = 0; slept_ms < ms && !atomic_load(enough); slept_ms += NAP_MS) {
    const struct timespec nap = { .tv_nsec = NAP_MS * 1000000L };
    nanosleep(&nap, NULL);
  }
}

int64_t thread_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
