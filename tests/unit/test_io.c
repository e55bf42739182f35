/* SPDX-License-Identifier: Apache-2.0 */

/* "qanat.io/1" on a real loop: watches, timers, wakes from other threads, offloaded work, sockets; and retries' delays. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/listen.h"
#include "runtime/retry.h"
#include "runtime/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A loop and a stage with just what the extension touches. */
typedef struct bed {
  loop loop;
  listeners *listeners;
  io_home home;
  host_hooks hooks;
  qn_env env;
  const qn_io *io;
  int n_called, n_lines;
  uint32_t events;
  int last_fd;
} bed;

static bed b;

static void count_line(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  (void)arg, (void)env, (void)text, (void)len;
  assert_int_equal(level, QN_LOG_WARNING);
  b.n_lines++;
}

static int open_bed(void **state) {
  (void)state;
  memset((void *)&b, 0, sizeof b);
  assert_int_equal(loop_init(&b.loop), 0);
  assert_int_equal(listeners_new(&b.listeners), 0);
  b.home = (io_home){ .uv = &b.loop.uv, .listeners = b.listeners };
  b.hooks.log = count_line;
  b.env = (qn_env){ .id = "bed", .hooks = &b.hooks, .io = &b.home };
  b.io = io_extension();
  return 0;
}

static int close_bed(void **state) {
  (void)state;
  io_close_all(&b.env);
  listeners_free(b.listeners);
  loop_done(&b.loop);
  return 0;
}

static void turn(void) {
  uv_run(&b.loop.uv, UV_RUN_ONCE);
}

static void on_call(void *arg) {
  (void)arg;
  b.n_called++;
}

static void on_events(void *arg, uint32_t events) {
  b.n_called++;
  b.events |= events;
  char bytes[16];
  ssize_t n = read(*(int *)arg, bytes, sizeof bytes);
  (void)n;
}

static void io_watch_tells_readiness_and_can_change(void **state) {
  (void)state;
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
  qn_watch *watch = NULL;
  assert_int_equal(b.io->watch(&b.env, ends[0], QN_IO_READABLE, on_events, &ends[0], &watch), 0);
  assert_int_equal(write(ends[1], "x", 1), 1);
  turn();
  assert_int_equal(b.events, QN_IO_READABLE);
  b.events = 0;
  assert_int_equal(b.io->watch_set(watch, QN_IO_READABLE | QN_IO_WRITABLE), 0);
  turn();
  assert_int_equal(b.events, QN_IO_WRITABLE);
  assert_int_equal(b.io->watch_set(watch, 0), 0);
  int before = b.n_called;
  assert_int_equal(write(ends[1], "x", 1), 1);
  uv_run(&b.loop.uv, UV_RUN_NOWAIT);
  assert_int_equal(b.n_called, before);
  b.io->unwatch(watch);
  b.io->unwatch(NULL);
  close(ends[0]);
  close(ends[1]);
}

static void io_watch_of_no_descriptor_fails(void **state) {
  (void)state;
  qn_watch *watch = NULL;
  assert_int_equal(b.io->watch(&b.env, -1, QN_IO_READABLE, on_events, NULL, &watch), -EBADF);
  assert_null(watch);
  assert_null(b.home.handles);
}

static void io_timer_repeats_until_stopped(void **state) {
  (void)state;
  qn_timer *timer = NULL;
  uint64_t begin_ms = b.io->now_ms(&b.env);
  assert_int_equal(b.io->timer_start(&b.env, 5, 5, on_call, NULL, &timer), 0);
  while (b.n_called < 3) {
    turn();
  }
  assert_true(b.io->now_ms(&b.env) >= begin_ms + 14);
  b.io->timer_stop(timer);
  b.io->timer_stop(NULL);
  uv_run(&b.loop.uv, UV_RUN_NOWAIT);
  assert_int_equal(b.n_called, 3);
}

static void *send_wakes(void *arg) {
  for (int i = 0; i < 1000; i++) {
    b.io->wake_send(arg);
  }
  return NULL;
}

static void io_wake_from_threads_runs_on_the_loop(void **state) {
  (void)state;
  qn_wake *wake = NULL;
  assert_int_equal(b.io->wake_open(&b.env, on_call, NULL, &wake), 0);
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, send_wakes, wake), 0);
  }
  turn();
  for (int i = 0; i < 2; i++) {
    pthread_join(threads[i], NULL);
  }
  uv_run(&b.loop.uv, UV_RUN_NOWAIT);
  assert_true(b.n_called >= 1 && b.n_called <= 2000);
  b.io->wake_close(wake);
  b.io->wake_close(NULL);
}

typedef struct job {
  pthread_t worked_on, ended_on;
  int worked, ended;
} job;

static void do_work(void *arg) {
  job *j = arg;
  j->worked_on = pthread_self();
  j->worked = 1;
}

static void end_work(void *arg) {
  job *j = arg;
  j->ended_on = pthread_self();
  j->ended = 1;
}

static void io_offload_works_elsewhere_and_ends_here(void **state) {
  (void)state;
  job j = { 0 }, without_end = { 0 };
  assert_int_equal(b.io->offload(&b.env, do_work, end_work, &j), 0);
  assert_int_equal(b.io->offload(&b.env, do_work, NULL, &without_end), 0);
  assert_int_equal(b.home.n_offloads, 2);
  while (b.home.n_offloads > 0) {
    turn();
  }
  assert_true(j.worked && j.ended && without_end.worked && !without_end.ended);
  assert_false(pthread_equal(j.worked_on, pthread_self()));
  assert_true(pthread_equal(j.ended_on, pthread_self()));
}

static void io_forgotten_handles_are_closed(void **state) {
  (void)state;
  qn_timer *timer = NULL;
  qn_wake *wake = NULL;
  assert_int_equal(b.io->timer_start(&b.env, 100000, 0, on_call, NULL, &timer), 0);
  assert_int_equal(b.io->wake_open(&b.env, on_call, NULL, &wake), 0);
  io_close_all(&b.env);
  assert_null(b.home.handles);
  assert_int_equal(b.n_lines, 2);
}

static int listen_at(const char *address, int *ret_fd) {
  return b.io->listen(&b.env, (qn_str){ address, strlen(address) }, ret_fd);
}

static void listen_forms_are_opened_once(void **state) {
  (void)state;
  char path[64];
  snprintf(path, sizeof path, "unix:/tmp/qanat-listen-%d", (int)getpid());
  const char *addresses[] = { "127.0.0.1:0", "localhost:0", "[::1]:0", path };
  for (size_t i = 0; i < 4; i++) {
    int fd = -1, again = -1;
    int rc = listen_at(addresses[i], &fd);
    if (rc != 0 && i == 2) {
      continue; /* a machine without IPv6 */
    }
    assert_int_equal(rc, 0);
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_int_equal(listen_at(addresses[i], &again), 0);
    assert_int_equal(fd, again);
    struct sockaddr_storage name;
    socklen_t len = sizeof name;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    int client = socket(name.ss_family, SOCK_STREAM, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&name, len), 0);
    close(client);
  }
  listeners_free(b.listeners);
  assert_int_equal(access(path + 5, F_OK), -1);
  assert_int_equal(listeners_new(&b.listeners), 0);
  b.home.listeners = b.listeners;
  b.home.n_listening = 0;
}

static void listen_unix_lets_in_its_owner_alone(void **state) {
  (void)state;
  char address[64];
  struct stat file;
  int fd = -1;
  snprintf(address, sizeof address, "unix:/tmp/qanat-mode-%d", (int)getpid());
  mode_t before = umask(0); /* which would let in everybody */
  assert_int_equal(listen_at(address, &fd), 0);
  umask(before);
  assert_int_equal(stat(address + 5, &file), 0);
  assert_int_equal(file.st_mode & 0777, 0600); /* from when it is bound: whoever asked for it changes it then */
}

static void listen_stale_socket_is_replaced_a_file_is_not(void **state) {
  (void)state;
  char address[64];
  snprintf(address, sizeof address, "unix:/tmp/qanat-stale-%d", (int)getpid());
  struct sockaddr_un name = { .sun_family = AF_UNIX };
  snprintf(name.sun_path, sizeof name.sun_path, "%s", address + 5);
  int left = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(left, (struct sockaddr *)&name, sizeof name), 0);
  close(left); /* its file stays, as after a crash */
  int fd = -1;
  assert_int_equal(listen_at(address, &fd), 0);
  listeners_free(b.listeners);
  assert_int_equal(listeners_new(&b.listeners), 0);
  b.home.listeners = b.listeners;
  b.home.n_listening = 0;
  int file = open(address + 5, O_CREAT | O_WRONLY, 0600);
  assert_true(file >= 0);
  close(file);
  assert_int_equal(listen_at(address, &fd), -EADDRINUSE);
  assert_int_equal(unlink(address + 5), 0);
}

static void listen_nonsense_is_refused(void **state) {
  (void)state;
  static const char *const rows[] = { "",
                                      "nowhere",
                                      "127.0.0.1:",
                                      "127.0.0.1:port",
                                      "[::1:80",
                                      "example.org:80",
                                      "unix:",
                                      "1.2.3.4.5:80",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:99999",
                                      "127.0.0.1:-1",
                                      "127.0.0.1:+80",
                                      "[::]:4294967376" };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    int fd = -7;
    assert_true(listen_at(rows[i], &fd) < 0);
    assert_int_equal(fd, -7);
  }
}

static void retry_delays_double_up_to_the_cap(void **state) {
  (void)state;
  const plan_retry policy = { .attempts = 20, .delay_ms = 100, .delay_max_ms = 3000 };
  for (uint32_t attempts = 1; attempts < 20; attempts++) {
    uint32_t whole = attempts > 5 ? 3000 : 100u << (attempts - 1);
    whole = whole > 3000 ? 3000 : whole;
    for (uint64_t sequence = 0; sequence < 100; sequence++) {
      uint32_t delay_ms = retry_delay_ms(&policy, attempts, sequence);
      assert_in_range(delay_ms, whole - whole / 4, whole);
      assert_int_equal(delay_ms, retry_delay_ms(&policy, attempts, sequence));
    }
  }
}

static void retry_delays_of_neighbours_differ(void **state) {
  (void)state;
  const plan_retry policy = { .attempts = 3, .delay_ms = 100000, .delay_max_ms = 100000 };
  uint32_t n_same = 0;
  for (uint64_t sequence = 1; sequence < 100; sequence++) {
    n_same += retry_delay_ms(&policy, 1, sequence) == retry_delay_ms(&policy, 1, sequence - 1);
  }
  assert_true(n_same < 3);
  const plan_retry none = { .attempts = 3 };
  assert_int_equal(retry_delay_ms(&none, 2, 7), 0);
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, open_bed, close_bed)

int main(void) {
  const struct CMUnitTest tests[] = {
    ON_BED(io_watch_tells_readiness_and_can_change),
    ON_BED(io_watch_of_no_descriptor_fails),
    ON_BED(io_timer_repeats_until_stopped),
    ON_BED(io_wake_from_threads_runs_on_the_loop),
    ON_BED(io_offload_works_elsewhere_and_ends_here),
    ON_BED(io_forgotten_handles_are_closed),
    ON_BED(listen_forms_are_opened_once),
    ON_BED(listen_unix_lets_in_its_owner_alone),
    ON_BED(listen_stale_socket_is_replaced_a_file_is_not),
    ON_BED(listen_nonsense_is_refused),
    cmocka_unit_test(retry_delays_double_up_to_the_cap),
    cmocka_unit_test(retry_delays_of_neighbours_differ),
  };
  return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
