/* SPDX-License-Identifier: Apache-2.0 */

/* The loop: poll(2) over the watched descriptors and one of its own by which other threads wake it. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "harness/turn_body.h"

enum { POLL_MAX = 1024 };

uint64_t turner_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int turner_new(turner **ret_turner) {
  turner *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return -ENOMEM;
  }
  self->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (self->wake_fd < 0 || listeners_new(&self->listeners) != 0) {
    turner_free(self);
    return -ENOMEM;
  }
  *ret_turner = self;
  return 0;
}

void turner_free(turner *self) {
  if (self == NULL) {
    return;
  }
  turner_close(self);
  listeners_free(self->listeners);
  if (self->wake_fd >= 0) {
    close(self->wake_fd);
  }
  free(self);
}

void turner_wake(turner *self) {
  const uint64_t one = 1;
  ssize_t wrote = write(self->wake_fd, &one, sizeof one);
  (void)wrote; /* full: then it is awake anyway */
}

/* Frees what was closed. */
static void sweep(turner *self) {
  turn_handle **link = &self->handles;
  while (*link != NULL) {
    turn_handle *handle = *link;
    if (handle->is_closed) {
      *link = handle->next;
      free(handle);
    } else {
      link = &handle->next;
    }
  }
}

uint32_t turner_close(turner *self) {
  uint32_t n = 0;
  for (turn_handle *handle = self->handles; handle != NULL; handle = handle->next) {
    n += !handle->is_closed;
    if (handle->kind == TURN_WORK && !handle->is_closed) {
      pthread_join(handle->thread, NULL);
    }
    handle->is_closed = true;
  }
  sweep(self);
  return n;
}

/* How long to wait, given the timers and what is ready already. */
static int wait_ms(const turner *self, uint32_t timeout_ms) {
  uint64_t now_ms = turner_now_ms();
  uint64_t wait = timeout_ms < 1 << 30 ? timeout_ms : 1 << 30;
  for (const turn_handle *handle = self->handles; handle != NULL; handle = handle->next) {
    if (handle->kind == TURN_TIMER && !handle->is_closed) {
      uint64_t left = handle->due_ms > now_ms ? handle->due_ms - now_ms : 0;
      wait = left < wait ? left : wait;
    } else if (!handle->is_closed && atomic_load(&handle->is_ready)) {
      wait = 0;
    }
  }
  return (int)wait;
}

static uint32_t run_watches(const struct pollfd *polled, turn_handle *const *watches, nfds_t n) {
  uint32_t n_run = 0;
  for (nfds_t i = 1; i < n; i++) {
    short got = polled[i].revents;
    uint32_t events = ((got & (POLLIN | POLLHUP)) != 0 ? QN_IO_READABLE : 0) |
                      ((got & POLLOUT) != 0 ? QN_IO_WRITABLE : 0) |
                      ((got & (POLLERR | POLLNVAL)) != 0 ? QN_IO_ERROR : 0);
    if (events != 0 && !watches[i]->is_closed) { /* an earlier callback may have closed it */
      watches[i]->ready(watches[i]->arg, events);
      n_run++;
    }
  }
  return n_run;
}

/* Handles opened by callbacks stand before those walked over, and wait for the next turn. */
static uint32_t run_others(turner *self) {
  uint64_t now_ms = turner_now_ms();
  uint32_t n_run = 0;
  for (turn_handle *handle = self->handles; handle != NULL; handle = handle->next) {
    if (handle->is_closed) {
      continue;
    }
    if (handle->kind == TURN_TIMER && handle->due_ms <= now_ms) {
      handle->due_ms = handle->repeat_ms > 0 ? now_ms + handle->repeat_ms : UINT64_MAX;
      handle->fire(handle->arg);
      n_run++;
    } else if (handle->kind == TURN_WAKE && atomic_exchange(&handle->is_ready, false)) {
      handle->fire(handle->arg);
      n_run++;
    } else if (handle->kind == TURN_WORK && atomic_load(&handle->is_ready)) {
      pthread_join(handle->thread, NULL);
      handle->is_closed = true;
      handle->fire(handle->arg);
      n_run++;
    }
  }
  return n_run;
}

uint32_t turner_turn(turner *self, uint32_t timeout_ms) {
  struct pollfd polled[POLL_MAX];
  turn_handle *watches[POLL_MAX];
  nfds_t n = 1;
  sweep(self);
  polled[0] = (struct pollfd){ .fd = self->wake_fd, .events = POLLIN };
  for (turn_handle *handle = self->handles; handle != NULL && n < POLL_MAX; handle = handle->next) {
    if (handle->kind == TURN_WATCH) {
      short wanted = (short)(((handle->events & QN_IO_READABLE) != 0 ? POLLIN : 0) |
                             ((handle->events & QN_IO_WRITABLE) != 0 ? POLLOUT : 0));
      watches[n] = handle;
      polled[n++] = (struct pollfd){ .fd = handle->fd, .events = wanted };
    }
  }
  int ready = poll(polled, n, wait_ms(self, timeout_ms));
  uint32_t n_run = 0;
  if (ready > 0) {
    uint64_t count;
    ssize_t got = polled[0].revents != 0 ? read(self->wake_fd, &count, sizeof count) : 0;
    (void)got; /* only empties it */
    n_run += run_watches(polled, watches, n);
  }
  n_run += run_others(self);
  sweep(self);
  return n_run;
}
