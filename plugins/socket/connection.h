/* SPDX-License-Identifier: Apache-2.0 */

/* One client: its lines come in, become documents, and are answered in order. */
#ifndef SOCKET_CONNECTION_H
#define SOCKET_CONNECTION_H

#include "input/json_text.h"
#include "socket/answers.h"
#include "socket/lines.h"
#include "socket/source.h"

typedef struct connection {
  socket_source *source;
  uint32_t slot;
  int fd;
  qn_watch *watch;
  uint32_t events; /* watched for now */

  lines in;
  answers answers;
  json_text out; /* answers on their way */
  size_t out_sent;
  uint64_t turn_ms; /* since when it is the client's turn: to go on with a line, or to take its answers */

  struct connection *next_ready;
  bool is_ready; /* in the queue */
  struct connection *next_told;
  bool is_told; /* in the list of those that have new answers */
  bool is_welcome;
  bool has_ended;  /* it will send no more */
  bool is_deaf;    /* it takes no answers any more; what it has sent counts all the same */
  bool is_ending;  /* nothing more of it is read; once its answers are out it is closed */
  bool is_leaving; /* its answers are out; what it still sends is thrown away for a moment, so that they are not lost */
} connection;

/* Takes a descriptor that was accepted. 0, or a negative errno: then the descriptor is closed. */
int connection_open(socket_source *source, int fd);
void connection_close(connection *connection);

/* Takes some of its lines, one turn's worth. (take.c) */
void connection_turn(connection *connection);
/* Its place in the queue of those whose turn it is, if it has lines and they may go on. */
void connection_queue(connection *connection);

/* The cookie of the document behind an answer, and back. */
uint64_t connection_cookie(const connection *connection, uint32_t number);
connection *connection_find(const socket_source *source, uint64_t cookie, uint32_t *ret_number);
/* Writes what has been answered, watches for what is next, closes it if that was all: it may be gone afterwards. */
void connection_go_on(connection *connection);

/* No more of its lines are taken. */
void connection_end(connection *connection);
/* Closes it if it has taken too long. */
void connection_sweep(connection *connection, uint64_t now_ms);

#endif
