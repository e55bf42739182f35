/* SPDX-License-Identifier: Apache-2.0 */

/* The extension "qanat.io/1" on libuv: watches, timers, wakes, offloaded work and listening sockets.
 *
 * Every handle hangs in its stage's list, so that what a plugin forgets is closed and told. All on the loop thread; the one
 * exception is wake_send. Memory is freed in the close callback, as libuv asks. */
#include "runtime/io.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "observe/metrics.h"
#include "qanat/io.h"

typedef enum handle_kind { HANDLE_WATCH, HANDLE_TIMER, HANDLE_WAKE } handle_kind;

typedef struct io_handle {
  struct io_handle *next, **link; /* in the stage's list */
  handle_kind kind;
  union {
    uv_handle_t any;
    uv_poll_t poll;
    uv_timer_t timer;
    uv_async_t async;
  } uv;
  void (*ready)(void *arg, uint32_t events); /* watches */
  void (*fire)(void *arg);                   /* timers and wakes */
  void *arg;
} io_handle;

struct qn_watch {
  io_handle handle;
};
struct qn_timer {
  io_handle handle;
};
struct qn_wake {
  io_handle handle;
};

static io_home *home_of(const qn_env *env) {
  return env->io;
}

/* Links a handle that libuv knows. */
static void adopt(io_handle *handle, io_home *home, handle_kind kind, void *arg) {
  handle->kind = kind;
  handle->arg = arg;
  handle->uv.any.data = handle;
  handle->next = home->handles;
  handle->link = &home->handles;
  if (handle->next != NULL) {
    handle->next->link = &handle->next;
  }
  home->handles = handle;
}

static void free_handle(uv_handle_t *uv) {
  free(uv->data);
}

static void shut(io_handle *handle) {
  if (handle == NULL) {
    return;
  }
  *handle->link = handle->next;
  if (handle->next != NULL) {
    handle->next->link = handle->link;
  }
  uv_close(&handle->uv.any, free_handle);
}

/* --- watches --- */

static void on_ready(uv_poll_t *poll, int status, int events) {
  io_handle *handle = poll->data;
  uint32_t seen = status < 0 ? QN_IO_ERROR : 0;
  seen |= (events & UV_READABLE) != 0 ? QN_IO_READABLE : 0;
  seen |= (events & UV_WRITABLE) != 0 ? QN_IO_WRITABLE : 0;
  handle->ready(handle->arg, seen);
}

static int io_watch_set(qn_watch *watch, uint32_t events) {
  int wanted = ((events & QN_IO_READABLE) != 0 ? UV_READABLE : 0) | ((events & QN_IO_WRITABLE) != 0 ? UV_WRITABLE : 0);
  return wanted != 0 ? uv_poll_start(&watch->handle.uv.poll, wanted, on_ready) : uv_poll_stop(&watch->handle.uv.poll);
}

static void io_unwatch(qn_watch *watch) {
  shut(watch != NULL ? &watch->handle : NULL);
}

static int io_watch(qn_env *env, int fd, uint32_t events, void (*callback)(void *arg, uint32_t events), void *arg,
                    qn_watch **ret_watch) {
  io_home *home = home_of(env);
  qn_watch *watch = calloc(1, sizeof *watch);
  if (watch == NULL) {
    return -ENOMEM;
  }
  int rc = uv_poll_init(home->uv, &watch->handle.uv.poll, fd);
  if (rc != 0) {
    free(watch);
    return rc;
  }
  adopt(&watch->handle, home, HANDLE_WATCH, arg);
  watch->handle.ready = callback;
  rc = io_watch_set(watch, events);
  if (rc != 0) {
    io_unwatch(watch);
    return rc;
  }
  *ret_watch = watch;
  return 0;
}

/* --- timers --- */

static void on_timer(uv_timer_t *timer) {
  io_handle *handle = timer->data;
  handle->fire(handle->arg);
}

static int io_timer_start(qn_env *env, uint64_t delay_ms, uint64_t repeat_ms, void (*callback)(void *arg), void *arg,
                          qn_timer **ret_timer) {
  io_home *home = home_of(env);
  qn_timer *timer = calloc(1, sizeof *timer);
  if (timer == NULL) {
    return -ENOMEM;
  }
  uv_loop_t *uv = home->uv;
  uv_timer_init(uv, &timer->handle.uv.timer);
  adopt(&timer->handle, home, HANDLE_TIMER, arg);
  timer->handle.fire = callback;
  uv_update_time(uv);
  uv_timer_start(&timer->handle.uv.timer, on_timer, delay_ms, repeat_ms);
  *ret_timer = timer;
  return 0;
}

static void io_timer_stop(qn_timer *timer) {
  shut(timer != NULL ? &timer->handle : NULL);
}

/* --- wakes --- */

static void on_wake(uv_async_t *async) {
  io_handle *handle = async->data;
  handle->fire(handle->arg);
}

static int io_wake_open(qn_env *env, void (*callback)(void *arg), void *arg, qn_wake **ret_wake) {
  io_home *home = home_of(env);
  qn_wake *wake = calloc(1, sizeof *wake);
  if (wake == NULL) {
    return -ENOMEM;
  }
  int rc = uv_async_init(home->uv, &wake->handle.uv.async, on_wake);
  if (rc != 0) {
    free(wake);
    return rc;
  }
  adopt(&wake->handle, home, HANDLE_WAKE, arg);
  wake->handle.fire = callback;
  *ret_wake = wake;
  return 0;
}

static void io_wake_send(qn_wake *wake) {
  uv_async_send(&wake->handle.uv.async);
}

static void io_wake_close(qn_wake *wake) {
  shut(wake != NULL ? &wake->handle : NULL);
}

/* --- offloaded work --- */

typedef struct offload {
  uv_work_t work;
  io_home *home;
  void (*run)(void *arg);
  void (*done)(void *arg);
  void *arg;
} offload;

static void run_offload(uv_work_t *work) {
  offload *self = work->data;
  self->run(self->arg);
}

static void end_offload(uv_work_t *work, int status) {
  offload *self = work->data;
  (void)status;
  self->home->n_offloads--;
  if (self->done != NULL) {
    self->done(self->arg);
  }
  free(self);
}

static int io_offload(qn_env *env, void (*work)(void *arg), void (*done)(void *arg), void *arg) {
  io_home *home = home_of(env);
  offload *made = malloc(sizeof *made);
  if (made == NULL) {
    return -ENOMEM;
  }
  *made = (offload){ .home = home, .run = work, .done = done, .arg = arg };
  made->work.data = made;
  int rc = uv_queue_work(home->uv, &made->work, run_offload, end_offload);
  if (rc != 0) {
    free(made);
    return rc;
  }
  home->n_offloads++;
  return 0;
}

/* --- the rest --- */

static int io_listen(qn_env *env, qn_str address, int *ret_fd) {
  io_home *home = home_of(env);
  if (home->n_listening == IO_LISTENING_MAX) {
    return -EMFILE;
  }
  int rc = listeners_get(home->listeners, address, ret_fd);
  if (rc == 0) {
    home->listening[home->n_listening++] = *ret_fd;
  }
  return rc;
}

static uint64_t io_now_ms(qn_env *env) {
  (void)env;
  return metrics_now_ns() / 1000000;
}

const void *io_extension(void) {
  static const qn_io table = {
    .size = sizeof table,
    .watch = io_watch,
    .watch_set = io_watch_set,
    .unwatch = io_unwatch,
    .timer_start = io_timer_start,
    .timer_stop = io_timer_stop,
    .wake_open = io_wake_open,
    .wake_send = io_wake_send,
    .wake_close = io_wake_close,
    .offload = io_offload,
    .listen = io_listen,
    .now_ms = io_now_ms,
  };
  return &table;
}

void io_settle(io_home *self) {
  while (self->n_offloads > 0) {
    uv_run(self->uv, UV_RUN_ONCE);
  }
}

void io_close_all(qn_env *env) {
  static const char *const names[] = { "watch", "timer", "wake" };
  io_home *home = home_of(env);
  while (home != NULL && home->n_listening > 0) {
    listeners_put(home->listeners, home->listening[--home->n_listening]);
  }
  while (home != NULL && home->handles != NULL) {
    io_handle *handle = home->handles;
    char text[80];
    int len = snprintf(text, sizeof text, "left a %s open after destroy, a fault of the plugin", names[handle->kind]);
    env->hooks->log(env->hooks->arg, env, QN_LOG_WARNING, text, (size_t)len);
    shut(handle);
  }
}
