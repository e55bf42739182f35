/* SPDX-License-Identifier: Apache-2.0 */

/* One socket source. Everything runs on the loop, but for the reading of the token file, which blocks. */
#ifndef SOCKET_SOURCE_H
#define SOCKET_SOURCE_H

#include <sys/types.h>

#include "input/json_document.h"
#include "input/tokens.h"
#include "qanat/intake.h"
#include "qanat/io.h"

struct connection;

enum { CONNECTIONS_MAX = 1 << 14 };

/* The configuration. */
typedef struct settings {
  char *listen, *name, *token_file; /* token_file: NULL: everybody may */
  size_t line_bytes, buffer_bytes;
  uint32_t n_connections, n_waiting;
  uint64_t idle_ms, stop_ms;
  mode_t unix_mode;
  gid_t unix_group; /* (gid_t)-1: as it comes */
  bool is_open;     /* others may connect without a token */
} settings;

typedef struct socket_source {
  const qn_host *host;
  qn_env *env;
  const qn_io *io;
  const qn_intake *intake; /* NULL: nobody keeps a journal, and a document is safe once it has settled */
  qn_call *call;           /* from start() to the end; NULL else */
  settings settings;
  members members;
  uint32_t key_member; /* among the members */

  int door; /* listening; -1: none */
  qn_watch *door_watch;
  qn_timer *door_pause; /* no descriptors were left; NULL: none is running */
  qn_timer *sweep;
  qn_wake *wake;

  tokens *tokens;      /* NULL: none are needed */
  bool reading_tokens; /* on another thread, into: */
  tokens *new_tokens;
  int new_tokens_code;
  uint64_t tokens_seen_ms;

  struct connection **slots; /* n_connections of them; NULL: free */
  uint32_t *generations;     /* of each slot */
  uint32_t n_used;
  size_t buffered_bytes; /* in the connections' lines */

  struct connection *first_ready, **last_ready; /* with lines that could be emitted */
  bool starved;                                 /* until credit() */
  struct connection *first_told;                /* with answers to be sent */
  bool stopping;
  uint64_t stop_at_ms; /* when those that do not take their answers are cut off */

  uint64_t mark; /* of this instance, in ids made here */
  uint64_t n_emitted;
  uint64_t said_ms; /* when something that may happen often was told last; 0: never */
} socket_source;

uint64_t socket_now_ms(const socket_source *source);
/* Tells the operator, but not more than once a minute. */
void socket_say(socket_source *source, const char *text);
/* Completes the source once it is stopping and nothing is left. */
void socket_end_if_done(socket_source *source);

/* --- settings.c --- */

/* Reads the configuration; 0, or what create_fail() returns. */
int settings_read(qn_create *create, settings *ret_settings, members *ret_members, uint32_t *ret_key_member);
void settings_done(settings *settings);

/* --- door.c --- */

/* Listens, with the permissions configured, and reads the tokens. 0, or what create_fail() returns. [create] */
int door_open(socket_source *source, qn_create *create);
int door_watch(socket_source *source); /* lets them in; 0, negative errno */
void door_shut(socket_source *source); /* no longer watched; the descriptor stays */
void door_close(socket_source *source);
/* Reads the token file again, if it has changed; now and then. */
void door_look_at_tokens(socket_source *source);

#endif
