/* SPDX-License-Identifier: Apache-2.0 */

/* libmicrohttpd calls on_request again and again for one request: for its headers, for each piece of its body, at its end, and
 * once more after an answer was waited for. All of a request's state is its inquiry. */
#include "serve/control_http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/listen.h"
#include "serve/late_mhd.h"

enum { HEADER_BYTES_MAX = 32 * 1024, PER_PEER_MAX = 32, SOCKET_MODE = 0600 };

typedef struct door {
  control_http *http;
  control_door kind;
  struct MHD_Daemon *daemon;
  char *unlink_path; /* owned; NULL: not a file of ours */
} door;

struct control_http {
  control *control;
  late_mhd mhd;
  control_token token;
  door doors[2];
  char address[256];
  pthread_mutex_t mutex; /* what follows */
  pthread_cond_t answered;
  uint32_t n_asked; /* inquiries that wait for the control */
  bool stopping;
};

/* One request. */
typedef struct inquiry {
  control_http *http;
  struct MHD_Connection *connection;
  char *target; /* owned */
  bool begun;
  bool asked;
  _Atomic bool answered; /* answer is there, to be sent */
  control_trust trust;
  control_answer answer;
  char *body;
  size_t body_bytes, body_room;
} inquiry;

bool control_http_is_there(void) {
  return true;
}

/* --- one request --- */

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection) {
  (void)arg;
  inquiry *made = calloc(1, sizeof *made);
  if (made == NULL) {
    return NULL;
  }
  made->connection = connection;
  made->target = strnlen(target, CONTROL_TARGET_MAX + 1) <= CONTROL_TARGET_MAX ? strdup(target) : NULL;
  return made;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **own,
                         enum MHD_RequestTerminationCode how) {
  (void)arg;
  (void)connection;
  (void)how;
  inquiry *it = *own;
  if (it != NULL) {
    control_answer_done(&it->answer);
    free(it->body);
    free(it->target);
    free(it);
    *own = NULL;
  }
}

static qn_str header(const control_http *self, struct MHD_Connection *connection, const char *name) {
  const char *value = self->mhd.lookup_connection_value(connection, MHD_HEADER_KIND, name);
  return (qn_str){ value != NULL ? value : "", value != NULL ? strlen(value) : 0 };
}

static void add_headers(const control_http *self, struct MHD_Response *response, const control_answer *answer) {
  self->mhd.add_response_header(response, "Content-Type", answer->content_type);
  self->mhd.add_response_header(response, "X-Content-Type-Options", "nosniff");
  self->mhd.add_response_header(response, "Cache-Control", "no-store");
  self->mhd.add_response_header(response, "Referrer-Policy", "no-referrer");
  self->mhd.add_response_header(response, "X-Frame-Options", "DENY");
  self->mhd.add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
  self->mhd.add_response_header(response, "Content-Security-Policy",
                                answer->policy[0] != '\0' ? answer->policy
                                                          : "default-src 'none'; frame-ancestors 'none'");
  if (answer->allow != NULL) {
    self->mhd.add_response_header(response, "Allow", answer->allow);
  }
  if (answer->status == 401) {
    self->mhd.add_response_header(response, "WWW-Authenticate", "Bearer realm=\"qanat\"");
  }
  if (answer->status == 503) {
    self->mhd.add_response_header(response, "Retry-After", "1");
  }
}

static enum MHD_Result send_answer(const control_http *self, struct MHD_Connection *connection,
                                   control_answer *answer) {
  struct MHD_Response *response =
      self->mhd.create_response_from_buffer(answer->body_bytes, answer->body, MHD_RESPMEM_MUST_FREE);
  if (response == NULL) {
    return MHD_NO;
  }
  answer->body = NULL;
  answer->body_bytes = 0;
  add_headers(self, response, answer);
  enum MHD_Result sent = self->mhd.queue_response(connection, answer->status, response);
  self->mhd.destroy_response(response);
  return sent;
}

static enum MHD_Result refuse(const control_http *self, struct MHD_Connection *connection, uint32_t status,
                              const char *why) {
  control_answer answer = { 0 };
  control_refuse(&answer, status, "%s", why);
  enum MHD_Result sent = send_answer(self, connection, &answer);
  control_answer_done(&answer);
  return sent;
}

/* The headers are there. An answer now, before the body, closes the connection: so nobody's body is waited for in vain. */
static enum MHD_Result begin(const door *at, inquiry *it) {
  struct MHD_Connection *connection = it->connection;
  it->begun = true;
  it->http = at->http;
  if (it->target == NULL) {
    return refuse(at->http, connection, 414, "the target of the request is too long");
  }
  const control_headers headers = { header(at->http, connection, "Host"), header(at->http, connection, "Origin"),
                                    header(at->http, connection, "Authorization") };
  control_answer refusal;
  it->trust = control_guard(&it->http->token, at->kind, &headers, &refusal);
  if (refusal.status != 0) {
    enum MHD_Result sent = send_answer(at->http, connection, &refusal);
    control_answer_done(&refusal);
    return sent;
  }
  qn_str length = header(at->http, connection, "Content-Length");
  if (length.len > 0 && strtoull(length.data, NULL, 10) > CONTROL_BODY_MAX) {
    return refuse(at->http, connection, 413, "the body is too large: 8 MiB at most");
  }
  return MHD_YES;
}

/* Keeps a piece of the body; what is too much is read and forgotten. */
static enum MHD_Result add_body(inquiry *it, const char *piece, size_t len) {
  if (it->body_bytes + len > CONTROL_BODY_MAX) {
    it->body_bytes = CONTROL_BODY_MAX + 1;
    return MHD_YES;
  }
  if (it->body_bytes + len > it->body_room) {
    size_t room = 2 * (it->body_bytes + len);
    char *body = realloc(it->body, room);
    if (body == NULL) {
      return MHD_NO;
    }
    it->body = body;
    it->body_room = room;
  }
  memcpy(it->body + it->body_bytes, piece, len);
  it->body_bytes += len;
  return MHD_YES;
}

static void end_ask(control_http *self) {
  pthread_mutex_lock(&self->mutex);
  self->n_asked--;
  pthread_cond_broadcast(&self->answered);
  pthread_mutex_unlock(&self->mutex);
}

/* [a thread of the control] The inquiry is the daemon's again, and may be gone, once its connection is resumed. */
static void on_answer(void *arg, control_answer *answer) {
  inquiry *it = arg;
  control_http *http = it->http;
  it->answer = *answer;
  answer->body = NULL;
  atomic_store(&it->answered, true);
  http->mhd.resume_connection(it->connection);
  end_ask(http);
}

static enum MHD_Result ask(inquiry *it, const control_request *request) {
  control_http *http = it->http;
  pthread_mutex_lock(&http->mutex);
  bool may = !http->stopping;
  http->n_asked += may;
  pthread_mutex_unlock(&http->mutex);
  if (!may) {
    return refuse(http, it->connection, 503, "the worker is ending");
  }
  it->asked = true;
  http->mhd.suspend_connection(it->connection);
  if (control_ask(http->control, request, on_answer, it) != 0) {
    control_refuse(&it->answer, 503, "too many requests wait already: try again");
    atomic_store(&it->answered, true);
    http->mhd.resume_connection(it->connection);
    end_ask(http);
  }
  return MHD_YES;
}

static enum MHD_Result answer(inquiry *it, const char *method) {
  struct MHD_Connection *connection = it->connection;
  const control_request request = { .method = { method, strlen(method) },
                                    .target = { it->target, strlen(it->target) },
                                    .content_type = header(it->http, connection, "Content-Type"),
                                    .marked = header(it->http, connection, "X-Qanat").len > 0,
                                    .trust = it->trust,
                                    .body = { it->body != NULL ? it->body : "", it->body_bytes } };
  if (it->body_bytes > CONTROL_BODY_MAX) {
    return refuse(it->http, connection, 413, "the body is too large: 8 MiB at most");
  }
  if (!control_is_quick(&request)) {
    return ask(it, &request);
  }
  control_answer_now(it->http->control, &request, &it->answer);
  return send_answer(it->http, connection, &it->answer);
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *piece, size_t *piece_bytes, void **own) {
  (void)url;
  (void)version;
  inquiry *it = *own;
  if (it == NULL) {
    return MHD_NO; /* no memory for it */
  }
  if (!it->begun) {
    return begin(arg, it);
  }
  if (*piece_bytes > 0) {
    enum MHD_Result kept = add_body(it, piece, *piece_bytes);
    *piece_bytes = 0;
    return kept;
  }
  if (!it->asked) {
    return answer(it, method);
  }
  return atomic_load(&it->answered) ? send_answer(it->http, connection, &it->answer) : MHD_YES;
}

/* --- listening --- */

static void say_nothing(void *arg, const char *format, va_list arguments) {
  (void)arg;
  (void)format;
  (void)arguments;
}

/* The daemon's thread gets no signals, as no thread but the loop's. Takes fd, also if it fails. By poll, since there are few connections and
 * epoll, which MHD has told of changes only, never wakes it for one that was closed before its first bytes were read. */
static int open_door(control_http *self, door *at, int fd, control_door kind, qn_error *error) {
  at->http = self;
  at->kind = kind;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  at->daemon = self->mhd.start_daemon(
      MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
      on_request, at, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL,
      MHD_OPTION_URI_LOG_CALLBACK, on_target, at, MHD_OPTION_NOTIFY_COMPLETED, on_completed, at,
      MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONTROL_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
      (unsigned int)CONTROL_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_BYTES_MAX,
      MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
      kind == DOOR_SOCKET ? 0u : (unsigned int)PER_PEER_MAX, MHD_OPTION_END);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (at->daemon == NULL) {
    close(fd);
    return error_set(error, -EIO, "no-control", "cannot start the worker's control: libmicrohttpd refuses");
  }
  return 0;
}

static bool is_loopback(const struct sockaddr_storage *name) {
  if (name->ss_family == AF_INET) {
    return (ntohl(((const struct sockaddr_in *)name)->sin_addr.s_addr) >> 24) == 127;
  }
  return name->ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)name)->sin6_addr);
}

static void describe(const struct sockaddr_storage *name, char *text, size_t size) {
  char host[INET6_ADDRSTRLEN] = "";
  if (name->ss_family == AF_INET) {
    const struct sockaddr_in *of = (const struct sockaddr_in *)name;
    inet_ntop(AF_INET, &of->sin_addr, host, sizeof host);
    snprintf(text, size, "http://%s:%u", host, (unsigned)ntohs(of->sin_port));
  } else if (name->ss_family == AF_INET6) {
    const struct sockaddr_in6 *of = (const struct sockaddr_in6 *)name;
    inet_ntop(AF_INET6, &of->sin6_addr, host, sizeof host);
    snprintf(text, size, "http://[%s]:%u", host, (unsigned)ntohs(of->sin6_port));
  } else {
    snprintf(text, size, "unix:%s", ((const struct sockaddr_un *)name)->sun_path);
  }
}

static int open_address(control_http *self, const char *address, int fd, qn_error *error) {
  struct sockaddr_storage name = { 0 };
  socklen_t len = sizeof name;
  int rc = fd >= 0 ? 0 : listen_open(address, SOCKET_MODE, &fd);
  if (rc != 0) {
    return error_set(error, rc, "no-control",
                     "cannot listen at %s for the worker's control: %s; name another with --control", address,
                     rc == -EINVAL ? "it is none like 127.0.0.1:9600, with a port up to 65535, or unix:/path"
                                   : strerror(-rc));
  }
  if (getsockname(fd, (struct sockaddr *)&name, &len) != 0) {
    rc = -errno;
    close(fd);
    return error_set(error, rc, "no-control", "the socket given for the worker's control is none: %s", strerror(-rc));
  }
  describe(&name, self->address, sizeof self->address);
  control_door kind = name.ss_family == AF_UNIX ? DOOR_SOCKET : is_loopback(&name) ? DOOR_LOOPBACK : DOOR_OPEN;
  return open_door(self, &self->doors[0], fd, kind, error);
}

static int open_socket(control_http *self, const char *path, qn_error *error) {
  char *address = NULL;
  int fd = -1;
  if (asprintf(&address, "unix:%s", path) < 0) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the worker's control");
  }
  int rc = listen_open(address, SOCKET_MODE, &fd);
  free(address);
  if (rc != 0) {
    return error_set(error, rc, "no-control", "cannot make the socket %s: %s", path, strerror(-rc));
  }
  self->doors[1].unlink_path = strdup(path);
  return open_door(self, &self->doors[1], fd, DOOR_SOCKET, error);
}

int control_http_start(const control_http_options *options, control_http **ret_http, qn_error *error) {
  control_http *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return error_set(error, -ENOMEM, "no-memory", "no memory for the worker's control");
  }
  pthread_mutex_init(&self->mutex, NULL);
  pthread_cond_init(&self->answered, NULL);
  self->control = options->control;
  if (options->token != NULL) {
    self->token = *options->token;
  }
  bool wanted = options->fd >= 0 || (options->address != NULL && strcmp(options->address, "off") != 0);
  int rc = wanted || options->socket_path != NULL ? late_mhd_open(&self->mhd, error) : 0;
  rc = rc == 0 && wanted ? open_address(self, options->address, options->fd, error) : rc;
  if (rc == 0 && wanted && options->fd < 0 && strncmp(options->address, "unix:", 5) == 0) {
    self->doors[0].unlink_path = strdup(options->address + 5);
  }
  rc = rc == 0 && options->socket_path != NULL ? open_socket(self, options->socket_path, error) : rc;
  if (rc != 0) {
    control_http_stop(self);
    return rc;
  }
  *ret_http = self;
  return 0;
}

const char *control_http_address(const control_http *self) {
  return self->address;
}

/* Connections that wait for an answer must not be there when their daemon stops. */
static void wait_for_answers(control_http *self) {
  pthread_mutex_lock(&self->mutex);
  self->stopping = true;
  while (self->n_asked > 0) {
    pthread_cond_wait(&self->answered, &self->mutex);
  }
  pthread_mutex_unlock(&self->mutex);
}

void control_http_stop(control_http *self) {
  if (self == NULL) {
    return;
  }
  control_end(self->control);
  wait_for_answers(self);
  for (int i = 0; i < 2; i++) {
    door *at = &self->doors[i];
    if (at->daemon != NULL) {
      self->mhd.stop_daemon(at->daemon);
    }
    if (at->unlink_path != NULL) {
      unlink(at->unlink_path);
      free(at->unlink_path);
    }
  }
  pthread_cond_destroy(&self->answered);
  pthread_mutex_destroy(&self->mutex);
  free(self);
}
