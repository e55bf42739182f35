/* SPDX-License-Identifier: Apache-2.0 */

/* Who may come in: the listening socket, its permissions, the tokens. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "exchange/setting.h"
#include "socket/connection.h"

enum { ACCEPT_AT_ONCE = 32, PAUSE_MS = 200, SAID_MAX = 1024, TOKENS_EVERY_MS = 5000 };

/* --- permissions --- */

typedef union address {
  struct sockaddr any;
  struct sockaddr_in four;
  struct sockaddr_in6 six;
  struct sockaddr_un local;
} address;

/* True if only this machine can connect. */
static bool is_local(const address *at) {
  if (at->any.sa_family == AF_INET) {
    return ntohl(at->four.sin_addr.s_addr) >> 24 == 127;
  }
  return at->any.sa_family == AF_UNIX || (at->any.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&at->six.sin6_addr));
}

static int refuse_permissions(qn_create *create, const char *path, const char *what) {
  char said[SAID_MAX];
  snprintf(said, sizeof said,
           "cannot give %.108s the %s configured: %s; set unix_mode and unix_group to what this user may give", path,
           what, strerror(errno));
  return setting_refuse(create, said);
}

/* The name that a socket has may be by way of a folder that was open when it was bound, where the path is long. */
static const char *path_of(const settings *with, const address *at) {
  static const char prefix[] = "unix:";
  return strncmp(with->listen, prefix, sizeof prefix - 1) == 0 ? with->listen + sizeof prefix - 1 : at->local.sun_path;
}

/* Gives the socket its mode and group. One that was opened for us by somebody else may stay as it is if it lets in nobody more. */
static int set_permissions(const socket_source *source, qn_create *create, const address *at) {
  const settings *with = &source->settings;
  const char *path = path_of(with, at);
  struct stat now;
  if (at->any.sa_family != AF_UNIX || at->local.sun_path[0] == '\0') {
    return 0;
  }
  if (with->unix_group != (gid_t)-1 && chown(path, (uid_t)-1, with->unix_group) != 0) {
    return refuse_permissions(create, path, "group");
  }
  if (chmod(path, with->unix_mode) != 0 && (stat(path, &now) != 0 || (now.st_mode & 0777 & ~with->unix_mode) != 0)) {
    return refuse_permissions(create, path, "mode");
  }
  return 0;
}

static int read_tokens(socket_source *source, qn_create *create) {
  char said[SAID_MAX];
  if (source->settings.token_file == NULL) {
    return 0;
  }
  source->tokens = calloc(1, sizeof *source->tokens);
  int rc = source->tokens == NULL ? -ENOMEM : tokens_read(source->settings.token_file, source->tokens);
  if (rc == 0) {
    return 0;
  }
  snprintf(said, sizeof said, "token_file %.600s: %s", source->settings.token_file,
           rc == -ENODATA ? "it holds no token; write one a line" : strerror(-rc));
  return setting_refuse(create, said);
}

int door_open(socket_source *source, qn_create *create) {
  const settings *with = &source->settings;
  char said[SAID_MAX];
  address at;
  socklen_t size = sizeof at - 1; /* so that a path ends */
  int fd = -1;
  memset(&at, 0, sizeof at);
  int rc = source->io->listen(source->env, (qn_str){ with->listen, strlen(with->listen) }, &fd);
  if (rc != 0) {
    snprintf(said, sizeof said, "cannot listen on %.256s: %s; give another address as \"listen\"", with->listen,
             rc == -EINVAL ? "it is none like 127.0.0.1:9000, with a port up to 65535, or unix:/path" : strerror(-rc));
    return setting_refuse(create, said);
  }
  rc = getsockname(fd, &at.any, &size) != 0 ? -errno : 0;
  if (rc == 0 && !is_local(&at) && with->token_file == NULL && !with->is_open) {
    return setting_refuse(
        create, "other machines can connect to the address it is to listen on: set \"token_file\" to a file of "
                "bearer tokens, or listen on 127.0.0.1, or say \"open\": true if anybody may send documents");
  }
  rc = rc == 0 ? set_permissions(source, create, &at)
               : setting_refuse(create, "the address it listens on cannot be found out");
  /* A descriptor of our own: beside us another instance may watch the host's, while a reload changes over. */
  source->door = rc == 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
  if (rc == 0 && source->door < 0) {
    return setting_refuse(create, "no descriptors are left to listen; raise the limit of open files");
  }
  return rc == 0 ? read_tokens(source, create) : rc;
}

/* --- letting in --- */

static void turn_away(int fd) {
  static const char text[] = "{\"line\":0,\"status\":\"refused\",\"message\":\"as many connections as may be are open; "
                             "come again after a while\"}\n";
  ssize_t n = send(fd, text, sizeof text - 1, MSG_NOSIGNAL);
  (void)n; /* it may be told, or not */
  close(fd);
}

static void on_pause_over(void *arg) {
  socket_source *source = arg;
  source->io->timer_stop(source->door_pause);
  source->door_pause = NULL;
  if (!source->stopping && door_watch(source) != 0) {
    source->io->timer_start(source->env, PAUSE_MS, 0, on_pause_over, source, &source->door_pause);
  }
}

static void let_in(socket_source *source, int fd) {
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* fails for unix sockets, which need it not */
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  if (source->n_used == source->settings.n_connections) {
    socket_say(source, "as many connections as may be are open (\"connections\"): others are turned away");
    turn_away(fd);
    return;
  }
  connection_open(source, fd);
}

static void on_knock(void *arg, uint32_t events) {
  socket_source *source = arg;
  (void)events;
  for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
    int fd = accept4(source->door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      let_in(source, fd);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      /* It would be told at once again; others may close something. */
      door_shut(source);
      source->io->timer_start(source->env, PAUSE_MS, 0, on_pause_over, source, &source->door_pause);
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

int door_watch(socket_source *source) {
  return source->io->watch(source->env, source->door, QN_IO_READABLE, on_knock, source, &source->door_watch);
}

void door_shut(socket_source *source) {
  if (source->io != NULL) {
    source->io->unwatch(source->door_watch);
    source->io->timer_stop(source->door_pause);
  }
  source->door_watch = NULL;
  source->door_pause = NULL;
}

static void free_tokens(tokens *old) {
  if (old != NULL) {
    tokens_done(old);
    free(old);
  }
}

void door_close(socket_source *source) {
  door_shut(source);
  if (source->door >= 0) {
    close(source->door);
  }
  free_tokens(source->tokens);
  free_tokens(source->new_tokens);
}

/* --- tokens that change --- */

/* On a thread of the host's. */
static void work_tokens(void *arg) {
  socket_source *source = arg;
  source->new_tokens_code = tokens_are_stale(source->tokens, source->settings.token_file)
                                ? tokens_read(source->settings.token_file, source->new_tokens)
                                : -EALREADY;
}

static void done_tokens(void *arg) {
  socket_source *source = arg;
  source->reading_tokens = false;
  if (source->new_tokens_code == 0) {
    free_tokens(source->tokens);
    source->tokens = source->new_tokens;
  } else {
    free(source->new_tokens);
    if (source->new_tokens_code != -EALREADY) {
      socket_say(source, "token_file cannot be read any more, or holds no token: those it had before hold on");
    }
  }
  source->new_tokens = NULL;
  socket_end_if_done(source);
}

void door_look_at_tokens(socket_source *source) {
  uint64_t now_ms = socket_now_ms(source);
  if (source->tokens == NULL || source->reading_tokens || now_ms - source->tokens_seen_ms < TOKENS_EVERY_MS) {
    return;
  }
  source->tokens_seen_ms = now_ms;
  source->new_tokens = calloc(1, sizeof *source->new_tokens);
  if (source->new_tokens == NULL) {
    return;
  }
  source->reading_tokens = source->io->offload(source->env, work_tokens, done_tokens, source) == 0;
  if (!source->reading_tokens) {
    free(source->new_tokens);
    source->new_tokens = NULL;
  }
}
