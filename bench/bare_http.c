/* SPDX-License-Identifier: Apache-2.0 */

/* What bench_http measures against: libmicrohttpd in the form that the source http uses it in (one thread, its epoll descriptor
 * watched from outside), which reads bodies, forgets them, and answers. Prints the port it listens on, and runs until it is killed. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BODY_MAX = 1 << 20 };

typedef struct inquiry {
  char *body;
  size_t len;
} inquiry;

static enum MHD_Result answer(struct MHD_Connection *connection) {
  static char said[] = "{\"documents\":[{\"id\":\"0123456789abcdef-000000\"}]}\n";
  struct MHD_Response *response = MHD_create_response_from_buffer(sizeof said - 1, said, MHD_RESPMEM_PERSISTENT);
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
  enum MHD_Result rc = MHD_queue_response(connection, MHD_HTTP_ACCEPTED, response);
  MHD_destroy_response(response);
  return rc;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_len, void **state) {
  (void)arg;
  (void)url;
  (void)method;
  (void)version;
  inquiry *self = *state;
  if (self == NULL) {
    *state = calloc(1, sizeof *self);
    return *state != NULL ? MHD_YES : MHD_NO;
  }
  if (*upload_len == 0) {
    return answer(connection);
  }
  char *grown = self->len + *upload_len > BODY_MAX ? NULL : realloc(self->body, self->len + *upload_len);
  if (grown == NULL) {
    return MHD_NO;
  }
  self->body = grown;
  memcpy(self->body + self->len, upload, *upload_len);
  self->len += *upload_len;
  *upload_len = 0;
  return MHD_YES;
}

static void completed(void *arg, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode code) {
  (void)arg;
  (void)connection;
  (void)code;
  inquiry *self = *state;
  if (self != NULL) {
    free(self->body);
    free(self);
  }
}

static int listen_any(void) {
  struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  socklen_t len = sizeof name;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&name, sizeof name) != 0 || listen(fd, 512) != 0 ||
      getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
    return -1;
  }
  printf("%d\n", ntohs(name.sin_port));
  fflush(stdout);
  return fd;
}

int main(void) {
  struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, NULL, MHD_OPTION_NOTIFY_COMPLETED,
                                               completed, NULL, MHD_OPTION_LISTEN_SOCKET, listen_any(), MHD_OPTION_END);
  const union MHD_DaemonInfo *info = daemon == NULL ? NULL : MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
  if (info == NULL) {
    fprintf(stderr, "the server does not start\n");
    return 1;
  }
  for (;;) {
    MHD_UNSIGNED_LONG_LONG wait_ms = 1000;
    struct pollfd ready = { .fd = info->epoll_fd, .events = POLLIN };
    poll(&ready, 1, MHD_get_timeout(daemon, &wait_ms) == MHD_YES ? (int)wait_ms : 1000);
    MHD_run(daemon);
  }
}
