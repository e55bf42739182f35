/* SPDX-License-Identifier: Apache-2.0 */

/* Connections, and how long each may take for what it does: a whole header, a body at some rate, taking its answer. */
#ifndef HTTP_PEERS_H
#define HTTP_PEERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

typedef enum peer_phase {
  PEER_IDLE = 0,  /* no whole header since `since_ms` */
  PEER_BODY = 1,  /* sends a body since then */
  PEER_WAITS = 2, /* it is our turn */
  PEER_READS = 3  /* takes its answer since then */
} peer_phase;

typedef struct peer {
  struct peer *next, **link;
  int fd;
  peer_phase phase;
  bool is_cut;
  bool is_unix;
  uint64_t since_ms;
  uint64_t bytes;      /* of the body received, or of the answer */
  uint64_t seen_bytes; /* of these, when it was last looked at */
  uint64_t look_ms;    /* when it is looked at again */
  uint32_t n_requests;
  uint8_t address[16]; /* IPv6, or IPv4 mapped into it */
} peer;

typedef struct peers {
  peer *first;
  uint32_t n;
} peers;

typedef struct peer_limits {
  uint64_t idle_ms;
  uint64_t rate; /* bytes a second */
  bool raw;      /* words may be written to the socket: no TLS */
} peer_limits;

/* NULL: no memory. */
peer *peer_add(peers *peers, int fd, const struct sockaddr *address, uint64_t now_ms);
void peer_remove(peers *peers, peer *peer); /* NULL is fine */
uint32_t peers_from(const peers *peers, const struct sockaddr *address);

void peer_turn(peer *peer, peer_phase phase, uint64_t now_ms);

/* Cuts off those that take too long; MHD then sees the end. */
void peers_sweep(peers *peers, const peer_limits *limits, uint64_t now_ms);
/* Cuts off those that do nothing: all, or only such as have asked before. */
void peers_cut_idle(peers *peers, bool all);
void peers_cut_all(peers *peers);

#endif
