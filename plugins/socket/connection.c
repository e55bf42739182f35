/* SPDX-License-Identifier: Apache-2.0 */

/* A connection's life: bytes in, answers out, and the ends. */
#include "socket/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  OUT_MAX = 256 << 10, /* answers waiting for a client that does not read: then its lines wait too */
  LEAVE_MS = 1000,
  SLOT_BITS = 14,
  GENERATION_BITS = 18,
  LEAVE_READS = 16
};

/* --- cookies: who, which one of those that had this slot, which answer --- */

uint64_t connection_cookie(const connection *self, uint32_t number) {
  uint64_t generation = self->source->generations[self->slot] & ((1u << GENERATION_BITS) - 1);
  return (uint64_t)self->slot << (GENERATION_BITS + 32) | generation << 32 | number;
}

connection *connection_find(const socket_source *source, uint64_t cookie, uint32_t *ret_number) {
  uint32_t slot = (uint32_t)(cookie >> (GENERATION_BITS + 32));
  if (slot >= source->settings.n_connections || source->slots[slot] == NULL ||
      connection_cookie(source->slots[slot], (uint32_t)cookie) != cookie) {
    return NULL;
  }
  *ret_number = (uint32_t)cookie;
  return source->slots[slot];
}

/* --- begin and end --- */

static void on_ready(void *arg, uint32_t events);

int connection_open(socket_source *source, int fd) {
  uint32_t slot = 0;
  while (slot < source->settings.n_connections && source->slots[slot] != NULL) {
    slot++;
  }
  connection *self = slot == source->settings.n_connections ? NULL : calloc(1, sizeof *self);
  if (self == NULL) {
    close(fd);
    return -ENOMEM;
  }
  *self = (connection){ .source = source,
                        .slot = slot,
                        .fd = fd,
                        .events = QN_IO_READABLE,
                        .turn_ms = socket_now_ms(source),
                        .is_welcome = source->tokens == NULL };
  lines_init(&self->in, source->settings.line_bytes);
  int rc = source->io->watch(source->env, fd, QN_IO_READABLE, on_ready, self, &self->watch);
  if (rc != 0) {
    close(fd);
    free(self);
    return rc;
  }
  source->slots[slot] = self;
  source->generations[slot]++;
  source->n_used++;
  return 0;
}

static void leave_queue(connection *self) {
  connection **link = &self->source->first_ready;
  while (self->is_ready && *link != NULL && *link != self) {
    link = &(*link)->next_ready;
  }
  if (self->is_ready && *link == self) {
    *link = self->next_ready;
    if (*link == NULL) {
      self->source->last_ready = link;
    }
  }
  self->is_ready = false;
}

void connection_close(connection *self) {
  socket_source *source = self->source;
  leave_queue(self);
  source->io->unwatch(self->watch);
  close(self->fd);
  source->buffered_bytes -= self->in.capacity;
  lines_done(&self->in);
  answers_done(&self->answers);
  json_text_done(&self->out);
  source->slots[self->slot] = NULL;
  source->n_used--;
  free(self);
}

static bool has_lines(connection *self) {
  line first;
  return !self->is_ending && lines_peek(&self->in, &first) != 0;
}

void connection_queue(connection *self) {
  bool is_full = self->answers.n >= self->source->settings.n_waiting || self->out.len - self->out_sent > OUT_MAX;
  if (self->is_ready || is_full || !has_lines(self)) {
    return;
  }
  self->is_ready = true;
  self->next_ready = NULL;
  *self->source->last_ready = self;
  self->source->last_ready = &self->next_ready;
  self->source->io->wake_send(self->source->wake);
}

void connection_end(connection *self) {
  self->is_ending = true;
  leave_queue(self);
}

/* --- bytes --- */

static bool owes_answers(const connection *self) {
  return self->answers.n > 0 || self->out_sent < self->out.len;
}

/* Sends what is written. 0, -EAGAIN, or another errno: it is gone. */
static int send_out(connection *self) {
  while (self->out_sent < self->out.len) {
    ssize_t n = send(self->fd, self->out.data + self->out_sent, self->out.len - self->out_sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) {
      return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    }
    if (n > 0) {
      self->out_sent += (size_t)n;
      self->turn_ms = socket_now_ms(self->source);
    }
  }
  self->out.len = 0;
  self->out_sent = 0;
  return 0;
}

/* Throws away what comes while it leaves: a socket that is closed with bytes unread forgets what it was to send. */
static void receive_nothing(connection *self) {
  char waste[4096];
  for (int i = 0; i < LEAVE_READS; i++) {
    ssize_t n = recv(self->fd, waste, sizeof waste, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
      self->has_ended = true;
    }
    if (n <= 0) {
      return;
    }
  }
}

static void refuse_long(connection *self) {
  uint32_t number;
  if (answers_open(&self->answers, self->in.n_taken + 1, &number) == 0) {
    answers_give(&self->answers, number, ANSWER_REFUSED, (qn_str){ NULL, 0 },
                 QN_LIT("no room for more unfinished lines; send this one again after a while"));
  }
  connection_end(self);
}

/* Takes what has arrived, once: other connections want their turn. 0, or a negative errno: it is gone. */
static int receive(connection *self) {
  socket_source *source = self->source;
  size_t before = self->in.capacity;
  size_t more = source->buffered_bytes < source->settings.buffer_bytes
                    ? source->settings.buffer_bytes - source->buffered_bytes
                    : 0;
  char *room;
  size_t size = lines_lend(&self->in, more, &room);
  source->buffered_bytes += self->in.capacity - before;
  if (size == 0) {
    refuse_long(self);
    return 0;
  }
  ssize_t n = recv(self->fd, room, size, 0);
  if (n < 0) {
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  }
  if (n == 0) {
    self->has_ended = true;
    lines_end(&self->in);
  }
  if (lines_begun(&self->in) == 0) {
    self->turn_ms = socket_now_ms(source);
  }
  lines_filled(&self->in, (size_t)n);
  return 0;
}

/* --- what next --- */

static bool wants_lines(connection *self) {
  return !self->has_ended && !self->is_ending && !has_lines(self);
}

/* Watches for what is next. False: nothing is, and it is to be closed. */
static bool watch_next(connection *self, bool wants_to_send) {
  uint32_t events = wants_to_send ? QN_IO_WRITABLE : 0;
  events |= wants_lines(self) || (self->is_leaving && !self->has_ended) ? QN_IO_READABLE : 0;
  if (events != self->events) {
    if ((events & QN_IO_READABLE) != 0 && (self->events & QN_IO_READABLE) == 0) {
      self->turn_ms = socket_now_ms(self->source); /* it could not go on before */
    }
    self->events = events;
    return self->source->io->watch_set(self->watch, events) == 0;
  }
  return true;
}

/* Sends what can be sent. 0, -EAGAIN, or another errno: the connection is of no use any more. */
static int answer_now(connection *self) {
  answers_write(&self->answers, &self->out);
  if (self->out.spoilt) {
    return -ENOMEM;
  }
  int rc = self->is_deaf ? 0 : send_out(self);
  if (rc == -EPIPE || rc == -ECONNRESET) {
    self->is_deaf = true;
    rc = 0;
  }
  if (self->is_deaf) {
    self->out.len = 0;
    self->out_sent = 0;
  }
  return rc;
}

/* True once it has been read to its end, or is to be, and was told all. */
static bool is_through(connection *self) {
  bool is_read = (self->has_ended || self->is_ending) && !has_lines(self);
  return is_read && (self->is_deaf || !owes_answers(self));
}

void connection_go_on(connection *self) {
  socket_source *source = self->source;
  int rc = answer_now(self);
  bool is_over = rc != 0 && rc != -EAGAIN;
  if (!is_over && is_through(self)) {
    is_over = self->has_ended || self->is_deaf;
    if (!self->is_leaving && !is_over) {
      self->is_leaving = true;
      self->turn_ms = socket_now_ms(source);
      shutdown(self->fd, SHUT_WR);
    }
  }
  if (is_over || !watch_next(self, rc == -EAGAIN)) {
    connection_close(self);
    socket_end_if_done(source);
    return;
  }
  connection_queue(self);
}

/* The other side is gone, perhaps without having read all: what it sent is there still. */
static void note_error(connection *self) {
  int error;
  socklen_t size = sizeof error;
  getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &size); /* takes it, or it would be told for ever */
  self->is_deaf = true;
  self->events = 0; /* the host has stopped watching */
}

static void on_ready(void *arg, uint32_t events) {
  connection *self = arg;
  int rc = 0;
  if ((events & QN_IO_ERROR) != 0) {
    note_error(self);
  }
  if ((events & (QN_IO_READABLE | QN_IO_ERROR)) != 0 && self->is_leaving) {
    receive_nothing(self);
  } else if ((events & (QN_IO_READABLE | QN_IO_ERROR)) != 0 && wants_lines(self)) {
    rc = receive(self);
  }
  if (rc != 0) {
    socket_source *source = self->source;
    connection_close(self);
    socket_end_if_done(source);
    return;
  }
  connection_go_on(self);
}

/* --- taking too long --- */

void connection_sweep(connection *self, uint64_t now_ms) {
  socket_source *source = self->source;
  uint64_t spent_ms = now_ms - self->turn_ms;
  uint64_t allowed_ms = source->settings.idle_ms;
  bool late = false;
  if (self->is_leaving) {
    late = spent_ms > LEAVE_MS;
  } else if (self->out_sent < self->out.len) {
    late = spent_ms > allowed_ms;
  } else if (self->answers.n == 0 && wants_lines(self)) {
    late = spent_ms > allowed_ms + lines_begun(&self->in); /* a kilobyte a second will do */
  }
  if (late) {
    connection_close(self);
    socket_end_if_done(source);
  }
}
