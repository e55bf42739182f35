/* SPDX-License-Identifier: Apache-2.0 */

/* qanat.io/1 over the harness's loop. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/harness_body.h"
#include "harness/turn_body.h"

static turn_handle *open_handle(qn_env *env, turn_kind kind, size_t bytes, void *arg) {
  const qn_harness *harness = env->owner;
  turn_handle *handle = calloc(1, bytes);
  if (handle != NULL) {
    handle->turner = harness->turner;
    handle->kind = kind;
    handle->arg = arg;
    handle->next = handle->turner->handles;
    handle->turner->handles = handle;
  }
  return handle;
}

static void close_handle(turn_handle *handle) {
  if (handle != NULL) {
    handle->is_closed = true;
  }
}

static int io_watch(qn_env *env, int fd, uint32_t events, void (*callback)(void *arg, uint32_t events), void *arg,
                    qn_watch **ret_watch) {
  if (fd < 0 || callback == NULL) {
    return -EINVAL;
  }
  turn_handle *handle = open_handle(env, TURN_WATCH, sizeof(qn_watch), arg);
  if (handle == NULL) {
    return -ENOMEM;
  }
  handle->fd = fd;
  handle->events = events;
  handle->ready = callback;
  *ret_watch = (qn_watch *)(void *)handle;
  return 0;
}

static int io_watch_set(qn_watch *watch, uint32_t events) {
  watch->handle.events = events;
  return 0;
}

static void io_unwatch(qn_watch *watch) {
  close_handle(watch != NULL ? &watch->handle : NULL);
}

static int io_timer_start(qn_env *env, uint64_t delay_ms, uint64_t repeat_ms, void (*callback)(void *arg), void *arg,
                          qn_timer **ret_timer) {
  if (callback == NULL) {
    return -EINVAL;
  }
  turn_handle *handle = open_handle(env, TURN_TIMER, sizeof(qn_timer), arg);
  if (handle == NULL) {
    return -ENOMEM;
  }
  handle->due_ms = turner_now_ms() + delay_ms;
  handle->repeat_ms = repeat_ms;
  handle->fire = callback;
  *ret_timer = (qn_timer *)(void *)handle;
  return 0;
}

static void io_timer_stop(qn_timer *timer) {
  close_handle(timer != NULL ? &timer->handle : NULL);
}

static int io_wake_open(qn_env *env, void (*callback)(void *arg), void *arg, qn_wake **ret_wake) {
  if (callback == NULL) {
    return -EINVAL;
  }
  turn_handle *handle = open_handle(env, TURN_WAKE, sizeof(qn_wake), arg);
  if (handle == NULL) {
    return -ENOMEM;
  }
  handle->fire = callback;
  *ret_wake = (qn_wake *)(void *)handle;
  return 0;
}

static void io_wake_send(qn_wake *wake) {
  atomic_store(&wake->handle.is_ready, true);
  turner_wake(wake->handle.turner);
}

static void io_wake_close(qn_wake *wake) {
  close_handle(wake != NULL ? &wake->handle : NULL);
}

static void *do_work(void *arg) {
  turn_handle *handle = arg;
  turner *turner = handle->turner; /* the handle may be gone once it is ready */
  handle->work(handle->arg);
  atomic_store(&handle->is_ready, true);
  turner_wake(turner);
  return NULL;
}

static int io_offload(qn_env *env, void (*work)(void *arg), void (*done)(void *arg), void *arg) {
  if (work == NULL || done == NULL) {
    return -EINVAL;
  }
  turn_handle *handle = open_handle(env, TURN_WORK, sizeof *handle, arg);
  if (handle == NULL) {
    return -ENOMEM;
  }
  handle->work = work;
  handle->fire = done;
  if (pthread_create(&handle->thread, NULL, do_work, handle) != 0) {
    handle->kind = TURN_TIMER; /* nothing to join */
    handle->is_closed = true;
    return -ENOMEM;
  }
  return 0;
}

static int io_listen(qn_env *env, qn_str address, int *ret_fd) {
  const qn_harness *harness = env->owner;
  return listeners_get(harness->turner->listeners, address, ret_fd);
}

static uint64_t io_now_ms(qn_env *env) {
  (void)env;
  return turner_now_ms();
}

const qn_io *turner_io(void) {
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

uint32_t qn_harness_turn(qn_harness *harness, uint32_t timeout_ms) {
  return turner_turn(harness->turner, timeout_ms);
}
