/* SPDX-License-Identifier: Apache-2.0 */

/* A thread looks at the service now and then. The watchdog is fed only if the service's loop answers, and no pipeline stands still with
 * documents in flight: what systemd then does, a restart, loses nothing, since all that was accepted is in the journal. */
#include "serve/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "observe/metrics.h"
#include "serve/service_parts.h"
#include "serve/status.h"
#include "serve/thread.h"

enum { FIRST_FD = 3, SOCKETS_MAX = 64, LOOK_MS = 250, EXTEND_S = 15 };

/* Nothing may take so long that neither a stage nor a sink has anything to show for it. */
#define STILL_NS (UINT64_C(15) * 60 * 1000000000)

/* --- what was given --- */

static bool read_u64(const char *text, uint64_t *ret_value) {
  char *end;
  errno = 0;
  unsigned long long value = text != NULL && text[0] >= '0' && text[0] <= '9' ? strtoull(text, &end, 10) : 0;
  if (text == NULL || text[0] < '0' || text[0] > '9' || errno != 0 || *end != '\0') {
    return false;
  }
  *ret_value = value;
  return true;
}

static bool is_me(const char *name) {
  uint64_t pid;
  return read_u64(getenv(name), &pid) && pid == (uint64_t)getpid();
}

/* The names come as one text with colons between; those that are missing are "unknown", as systemd says itself. */
static int name_sockets(notify_given *given, const char *names) {
  for (uint32_t i = 0; i < given->n_sockets; i++) {
    size_t len = strcspn(names, ":");
    given->sockets[i].fd = FIRST_FD + (int)i;
    given->sockets[i].name = len > 0 ? strndup(names, len) : strdup("unknown");
    if (given->sockets[i].name == NULL) {
      return -ENOMEM;
    }
    names += names[len] == ':' ? len + 1 : len;
    fcntl(given->sockets[i].fd, F_SETFD, FD_CLOEXEC);
  }
  return 0;
}

static int take_sockets(notify_given *given, qn_error *error) {
  const char *text = getenv("LISTEN_FDS");
  const char *names = getenv("LISTEN_FDNAMES");
  uint64_t n;
  if (text == NULL || !is_me("LISTEN_PID")) {
    return 0;
  }
  if (!read_u64(text, &n) || n > SOCKETS_MAX) {
    return error_set(error, -EINVAL, "bad-sockets", "LISTEN_FDS says %.32s; at most %d sockets can be taken", text,
                     SOCKETS_MAX);
  }
  given->sockets = calloc(n + 1, sizeof *given->sockets);
  if (given->sockets == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the sockets that systemd has opened");
  }
  given->n_sockets = (uint32_t)n;
  return name_sockets(given, names != NULL ? names : "") == 0
             ? 0
             : error_set(error, -ENOMEM, "no-memory", "no memory for the sockets that systemd has opened");
}

static int take_notify(notify_given *given, qn_error *error) {
  const char *socket_name = getenv("NOTIFY_SOCKET");
  if (socket_name != NULL && socket_name[0] != '\0') {
    given->socket = strdup(socket_name);
    if (given->socket == NULL) {
      return error_set(error, -ENOMEM, "no-memory", "no memory to tell systemd anything");
    }
  }
  uint64_t interval_us;
  bool mine = getenv("WATCHDOG_PID") == NULL || is_me("WATCHDOG_PID");
  if (mine && read_u64(getenv("WATCHDOG_USEC"), &interval_us)) {
    given->watchdog_us = interval_us;
  }
  return 0;
}

int notify_take(notify_given *ret_given, qn_error *error) {
  static const char *const names[] = { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                       "LISTEN_PID",    "LISTEN_FDS",    "LISTEN_FDNAMES" };
  notify_given taken = { 0 };
  int rc = take_notify(&taken, error);
  rc = rc == 0 ? take_sockets(&taken, error) : rc;
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    unsetenv(names[i]);
  }
  if (rc != 0) {
    notify_given_done(&taken);
    return rc;
  }
  *ret_given = taken;
  return 0;
}

void notify_given_done(notify_given *given) {
  for (uint32_t i = 0; i < given->n_sockets; i++) {
    free((char *)given->sockets[i].name);
  }
  free(given->sockets);
  free(given->socket);
  *given = (notify_given){ 0 };
}

int notify_take_socket(notify_given *given, const char *name) {
  for (uint32_t i = 0; i < given->n_sockets; i++) {
    if (strcmp(given->sockets[i].name, name) == 0) {
      int fd = given->sockets[i].fd;
      free((char *)given->sockets[i].name);
      given->sockets[i] = given->sockets[--given->n_sockets];
      return fd;
    }
  }
  return -1;
}

/* --- telling --- */

struct notify {
  service *service;
  int fd;
  struct sockaddr_un name;
  socklen_t name_len;
  uint64_t feed_ns; /* between signs of life; 0: none are waited for */
  pthread_t thread;
  bool has_thread;
  pthread_mutex_t mutex; /* ending */
  pthread_cond_t woken;
  bool ending;

  /* [its thread] */
  bool said_ready, said_stopping;
  uint64_t fed_ns;
  int64_t reloads_ms; /* the latest time of a reload that was told */
  uint64_t marker;    /* how much has been done, and since when it is that much */
  uint64_t marker_ns;
  char status[256]; /* as it was told last */
};

/* A lost datagram is systemd's to notice: there is nobody else to tell. */
static void tell(const notify *self, const char *text) {
  while (sendto(self->fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&self->name, self->name_len) < 0 &&
         errno == EINTR) {
  }
}

static uint64_t now_us(void) {
  return metrics_now_ns() / 1000;
}

static uint32_t count_running(const service_report *report) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    n += report->pipelines[i].state == PIPELINE_RUNNING || report->pipelines[i].state == PIPELINE_SWAPPING;
  }
  return n;
}

static void make_status(const service_report *report, char *text, size_t size) {
  char why[200];
  const char *reason = status_reason(report, why, sizeof why);
  uint64_t in_flight = 0;
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    in_flight += report->pipelines[i].counts.in_flight;
  }
  if (reason != NULL) {
    snprintf(text, size, "%s", reason);
  } else {
    snprintf(text, size, "%u of %u pipelines run; %llu documents in flight, %llu wait, %llu failed ones are kept",
             count_running(report), report->n_pipelines, (unsigned long long)in_flight,
             (unsigned long long)report->journal.waiting, (unsigned long long)report->n_dead_letters);
  }
  for (char *at = text; *at != '\0'; at++) {
    *at = *at == '\n' ? ' ' : *at; /* a line is a statement of its own */
  }
}

static void tell_status(notify *self, const service_report *report) {
  char text[sizeof self->status];
  make_status(report, text, sizeof text);
  if (strcmp(text, self->status) != 0) {
    char line[sizeof text + 16];
    memcpy(self->status, text, sizeof text);
    snprintf(line, sizeof line, "STATUS=%s", text);
    tell(self, line);
  }
}

static int64_t last_reload_ms(const service_report *report, bool *ret_swapping) {
  int64_t last_ms = 0;
  *ret_swapping = false;
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    const service_pipeline *of = &report->pipelines[i];
    last_ms = of->last_reload_ms > last_ms ? of->last_reload_ms : last_ms;
    *ret_swapping |= of->state == PIPELINE_SWAPPING;
  }
  return last_ms;
}

/* A reload is told when it is seen, which may be after it; then both words come together. */
static void tell_reload(notify *self, const service_report *report) {
  bool swapping;
  int64_t last_ms = last_reload_ms(report, &swapping);
  if (last_ms > self->reloads_ms && !swapping) {
    char text[96];
    self->reloads_ms = last_ms;
    snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)now_us());
    tell(self, text);
    tell(self, "READY=1");
  }
}

static void tell_ready(notify *self, const service_report *report) {
  if (!self->said_ready && report->ready) {
    char text[64];
    bool swapping;
    self->said_ready = true;
    self->reloads_ms = last_reload_ms(report, &swapping);
    snprintf(text, sizeof text, "READY=1\nMAINPID=%lld", (long long)getpid());
    tell(self, text);
  }
}

static void tell_stopping(notify *self, const service_report *report) {
  if (!report->draining) {
    return;
  }
  char text[64];
  if (!self->said_stopping) {
    self->said_stopping = true;
    tell(self, "STOPPING=1");
  }
  /* The drain has a deadline of its own. */
  snprintf(text, sizeof text, "EXTEND_TIMEOUT_USEC=%llu", (unsigned long long)EXTEND_S * 1000000);
  tell(self, text);
}

/* --- signs of life --- */

static int nothing(void *arg) {
  (void)arg;
  return 0;
}

/* All that counts up when a document gets on. */
static uint64_t sum_up(const service_report *report, bool *ret_in_flight) {
  uint64_t sum = report->journal.settled;
  *ret_in_flight = false;
  for (uint32_t i = 0; i < report->n_pipelines; i++) {
    const service_pipeline *of = &report->pipelines[i];
    *ret_in_flight |= of->counts.in_flight > 0;
    sum += of->counts.admitted + of->counts.delivered + of->counts.dropped + of->counts.dead_lettered + of->generation;
    for (uint32_t k = 0; k < of->n_stages; k++) {
      const metrics_sum *stage = &of->stages[k].sum;
      sum += stage->documents + stage->retried + stage->failed + stage->dropped + of->stages[k].restarts;
    }
  }
  return sum;
}

static bool gets_on(notify *self, const service_report *report) {
  bool in_flight;
  uint64_t marker = sum_up(report, &in_flight);
  uint64_t now_ns = metrics_now_ns();
  if (marker != self->marker || !in_flight) {
    self->marker = marker;
    self->marker_ns = now_ns;
  }
  return now_ns - self->marker_ns < STILL_NS;
}

static void feed(notify *self, const service_report *report) {
  uint64_t now_ns = metrics_now_ns();
  if (self->feed_ns == 0 || now_ns - self->fed_ns < self->feed_ns) {
    return;
  }
  /* Returns when the loop has turned; a loop that hangs starves the dog. */
  int rc = service_on_loop(self->service, nothing, NULL);
  if ((rc == 0 || rc == -ESHUTDOWN) && gets_on(self, report)) {
    tell(self, "WATCHDOG=1");
    self->fed_ns = now_ns;
  }
}

/* --- its life --- */

/* False: it is time to end. */
static bool nap(notify *self, uint32_t ms) {
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_nsec += (long)ms * 1000000;
  until.tv_sec += until.tv_nsec / 1000000000;
  until.tv_nsec %= 1000000000;
  pthread_mutex_lock(&self->mutex);
  while (!self->ending && pthread_cond_timedwait(&self->woken, &self->mutex, &until) == 0) {
  }
  bool goes_on = !self->ending;
  pthread_mutex_unlock(&self->mutex);
  return goes_on;
}

static void *look_on(void *arg) {
  notify *self = arg;
  do {
    service_report *report = NULL;
    if (service_report_new(self->service, &report) == 0) {
      tell_ready(self, report);
      if (self->said_ready) {
        tell_reload(self, report);
      }
      tell_stopping(self, report);
      tell_status(self, report);
      feed(self, report);
      service_report_free(report);
    }
  } while (nap(self, self->said_ready ? LOOK_MS : LOOK_MS / 10));
  if (!self->said_stopping) {
    tell(self, "STOPPING=1");
  }
  return NULL;
}

/* "/path", or "@name" for one that is no file. */
static int find_socket(notify *self, const char *name, qn_error *error) {
  size_t len = strlen(name);
  self->name.sun_family = AF_UNIX;
  if ((name[0] != '/' && name[0] != '@') || len >= sizeof self->name.sun_path) {
    return error_set(error, -EINVAL, "bad-notify", "NOTIFY_SOCKET says %.64s, which is no socket", name);
  }
  memcpy(self->name.sun_path, name, len);
  if (name[0] == '@') {
    self->name.sun_path[0] = '\0';
  }
  self->name_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
  self->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  return self->fd >= 0 ? 0
                       : error_set(error, -errno, "no-notify", "cannot open a socket to systemd: %s", strerror(errno));
}

int notify_start(const notify_given *given, service *of, notify **ret_notify, qn_error *error) {
  *ret_notify = NULL;
  if (given->socket == NULL) {
    return 0;
  }
  notify *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory to tell systemd anything");
  }
  made->service = of;
  made->fd = -1;
  made->feed_ns = given->watchdog_us * 1000 / 2;
  made->marker_ns = metrics_now_ns();
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_mutex_init(&made->mutex, NULL);
  pthread_cond_init(&made->woken, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int rc = find_socket(made, given->socket, error);
  if (rc == 0) {
    rc = thread_start(&made->thread, look_on, made, "notify");
    made->has_thread = rc == 0;
    if (rc != 0) {
      error_set(error, rc, "no-threads", "cannot start a thread: %s", strerror(-rc));
    }
  }
  if (rc != 0) {
    notify_stop(made);
    return rc;
  }
  *ret_notify = made;
  return 0;
}

void notify_stop(notify *self) {
  if (self == NULL) {
    return;
  }
  pthread_mutex_lock(&self->mutex);
  self->ending = true;
  pthread_cond_signal(&self->woken);
  pthread_mutex_unlock(&self->mutex);
  if (self->has_thread) {
    pthread_join(self->thread, NULL);
  }
  if (self->fd >= 0) {
    close(self->fd);
  }
  pthread_cond_destroy(&self->woken);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}
