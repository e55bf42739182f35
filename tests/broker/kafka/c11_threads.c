/* SPDX-License-Identifier: Apache-2.0 */

/* C11 threads on top of POSIX ones, to be preloaded: librdkafka uses the former, of which the thread sanitizer knows nothing, so that it falls over in the
 * first thread of the library. In glibc both are the same objects. Only what the library calls. */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <threads.h>

typedef struct start {
  thrd_start_t function;
  void *arg;
} start;

static void *run(void *arg) {
  start self = *(start *)arg;
  free(arg);
  return (void *)(long)self.function(self.arg);
}

static int told(int rc) {
  return rc == 0 ? thrd_success : rc == ETIMEDOUT ? thrd_timedout : rc == EBUSY ? thrd_busy : thrd_error;
}

int thrd_create(thrd_t *thread, thrd_start_t function, void *arg) {
  start *self = malloc(sizeof *self);
  if (self == NULL) {
    return thrd_nomem;
  }
  *self = (start){ function, arg };
  int rc = told(pthread_create(thread, NULL, run, self));
  if (rc != thrd_success) {
    free(self);
  }
  return rc;
}

int thrd_join(thrd_t thread, int *ret_result) {
  void *result = NULL;
  int rc = told(pthread_join(thread, &result));
  if (ret_result != NULL) {
    *ret_result = (int)(long)result;
  }
  return rc;
}

int thrd_detach(thrd_t thread) {
  return told(pthread_detach(thread));
}

int mtx_lock(mtx_t *lock) {
  return told(pthread_mutex_lock((pthread_mutex_t *)lock));
}

int mtx_trylock(mtx_t *lock) {
  return told(pthread_mutex_trylock((pthread_mutex_t *)lock));
}

int mtx_unlock(mtx_t *lock) {
  return told(pthread_mutex_unlock((pthread_mutex_t *)lock));
}

int cnd_wait(cnd_t *condition, mtx_t *lock) {
  return told(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)lock));
}

int cnd_timedwait(cnd_t *restrict condition, mtx_t *restrict lock, const struct timespec *restrict until) {
  return told(pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)lock, until));
}

int cnd_signal(cnd_t *condition) {
  return told(pthread_cond_signal((pthread_cond_t *)condition));
}

int cnd_broadcast(cnd_t *condition) {
  return told(pthread_cond_broadcast((pthread_cond_t *)condition));
}
