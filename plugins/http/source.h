/* SPDX-License-Identifier: Apache-2.0 */

/* One http source: what its parts share. All of it belongs to the loop thread, but for what stands in a request while that is
 * being prepared (request.h). */
#ifndef HTTP_SOURCE_H
#define HTTP_SOURCE_H

#include <microhttpd.h>

#include "http/cookies.h"
#include "http/peers.h"
#include "http/settings.h"
#include "input/tokens.h"
#include "qanat/control.h"
#include "qanat/intake.h"
#include "qanat/io.h"

typedef struct request request;
struct control_ask;

/* Requests in order. */
typedef struct request_list {
  request *first;
  request **link; /* where the next goes */
} request_list;

typedef struct http_source {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  const qn_intake *intake;   /* NULL: documents are safe once they have settled */
  const qn_control *control; /* NULL: nobody answers for a worker */
  settings settings;
  qn_call *call; /* between start and stop */
  qn_ticket ticket;
  uint64_t now_ms;

  /* server.c */
  struct MHD_Daemon *daemon;
  struct http_listener {
    struct http_source *source;
    int fd; /* a duplicate of the process's, which others may watch too */
    bool is_unix;
    qn_watch *watch;
  } listeners[LISTEN_MAX];
  qn_watch *watch;
  qn_timer *sweep;
  qn_wake *wake;
  bool is_letting_in; /* listening sockets are looked at */
  bool is_running;    /* inside MHD_run */
  peer *arriving;     /* being handed to MHD */
  int tokens_said;    /* what was last logged of the token file */
  bool run_again;     /* something was resumed meanwhile */
  bool is_stopping;
  bool has_ended;
  uint64_t stop_by_ms;
  uint64_t tokens_due_ms;
  uint32_t n_offloads;

  peers peers;
  tokens tokens;
  struct token_reading *reading; /* the token file is being looked at */

  /* Requests. */
  request *requests; /* all */
  uint32_t n_requests;
  request_list taking;      /* those with documents that are not emitted yet */
  bool is_starved;          /* no room: credit() will tell */
  bool is_full;             /* there was none for so long that nobody waits for it any more */
  uint64_t starved_ms;      /* since when */
  bool is_taking;           /* inside taking_run */
  struct control_ask *asks; /* what the worker has been asked */
  cookies cookies;
  uint64_t bodies_bytes; /* of all requests */
  uint64_t nonce;        /* of the ids made here */
  uint64_t n_emitted;
} http_source;

/* --- listeners.c --- */

/* Opens one of the addresses. 0, or a negative errno after create_fail(). [create] */
int listener_open(qn_create *create, http_source *source, uint32_t index);
/* Begins to watch them. 0, negative errno. */
int listeners_start(http_source *source);
void listeners_let_in(http_source *source, bool open);
void listeners_close(http_source *source);

/* --- token_watch.c --- */

/* 0, or a negative errno after create_fail(). [create] */
int token_watch_open(qn_create *create, http_source *source);
/* Looks whether the file has changed, if it is time to. */
void token_watch_look(http_source *source);

/* --- server.c --- */

/* Opens the listening sockets and the daemon. 0, or a negative errno after create_fail(). [create] */
int server_open(qn_create *create, http_source *source);
/* Begins to watch. 0, negative errno. */
int server_start(http_source *source);
void server_stop(http_source *source);
void server_close(http_source *source);
/* Something changed outside MHD's callbacks: it is to look again. */
void server_kick(http_source *source);
/* The same, but at the loop's next turn. */
void server_kick_later(http_source *source);
/* Ends the source if it is told to stop and nothing is left. Not from MHD's callbacks. */
void server_check_end(http_source *source);

#endif
