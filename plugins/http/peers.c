/* SPDX-License-Identifier: Apache-2.0 */

/* Time limits of connections. MHD's own is renewed by every byte, which a slow client makes use of; these are not. */
#include "http/peers.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { LOOK_MS = 1000 };

static void address_of(const struct sockaddr *address, uint8_t *ret_bytes) {
  memset(ret_bytes, 0, 16);
  if (address->sa_family == AF_INET) {
    const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;
    ret_bytes[10] = ret_bytes[11] = 0xFF;
    memcpy(ret_bytes + 12, &four->sin_addr, 4);
  } else if (address->sa_family == AF_INET6) {
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
    memcpy(ret_bytes, &six->sin6_addr, 16);
    if (!IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
      memset(ret_bytes + 8, 0, 8); /* one customer has a whole /64 */
    }
  }
}

peer *peer_add(peers *all, int fd, const struct sockaddr *address, uint64_t now_ms) {
  peer *added = calloc(1, sizeof *added);
  if (added == NULL) {
    return NULL;
  }
  added->fd = fd;
  added->since_ms = now_ms;
  added->look_ms = now_ms + LOOK_MS;
  added->is_unix = address->sa_family == AF_UNIX;
  address_of(address, added->address);
  added->next = all->first;
  added->link = &all->first;
  if (added->next != NULL) {
    added->next->link = &added->next;
  }
  all->first = added;
  all->n++;
  return added;
}

void peer_remove(peers *all, peer *gone) {
  if (gone == NULL) {
    return;
  }
  *gone->link = gone->next;
  if (gone->next != NULL) {
    gone->next->link = gone->link;
  }
  all->n--;
  free(gone);
}

uint32_t peers_from(const peers *all, const struct sockaddr *address) {
  uint8_t bytes[16];
  uint32_t n = 0;
  address_of(address, bytes);
  for (const peer *at = all->first; at != NULL; at = at->next) {
    n += !at->is_unix && memcmp(at->address, bytes, sizeof bytes) == 0;
  }
  return n;
}

void peer_turn(peer *self, peer_phase phase, uint64_t now_ms) {
  if (self->phase != phase) {
    self->phase = phase;
    self->since_ms = now_ms;
    self->bytes = 0;
  }
}

static void cut(peer *self) {
  self->is_cut = true;
  shutdown(self->fd, SHUT_RDWR);
}

/* Nothing of an answer has been sent yet, so these bytes stand where it would. */
static void say_too_slow(const peer *self) {
  static const char said[] =
      "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
      "Content-Length: 137\r\n\r\n"
      "{\"type\":\"urn:qanat:problem:too-slow\",\"title\":\"Request Timeout\",\"status\":408,"
      "\"detail\":\"the request did not come within the time allowed\"}\n";
  ssize_t n = send(self->fd, said, sizeof said - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  (void)n; /* whoever is that slow may miss it */
}

/* True if so many bytes should have been there by now. */
static bool is_slow(const peer *self, const peer_limits *limits, uint64_t now_ms) {
  uint64_t taken_ms = now_ms - self->since_ms;
  return taken_ms > limits->idle_ms && self->bytes / limits->rate < (taken_ms - limits->idle_ms) / 1000;
}

static bool is_over(const peer *self, const peer_limits *limits, uint64_t now_ms) {
  uint64_t taken_ms = now_ms - self->since_ms;
  switch (self->phase) {
  case PEER_IDLE:
    return taken_ms > limits->idle_ms;
  case PEER_BODY:
    return is_slow(self, limits, now_ms);
  case PEER_READS: /* nobody tells how much of it was taken; the whole may take as long as at the lowest rate */
    return taken_ms > limits->idle_ms && (taken_ms - limits->idle_ms) / 1000 > self->bytes / limits->rate;
  default:
    return false;
  }
}

/* True if the other side has closed. libmicrohttpd may miss it: it takes a short read for the end of what there is, and is never told
 * again of a close that came together with the last bytes. */
static bool is_gone(peer *self, uint64_t now_ms) {
  char byte;
  bool sends = self->phase == PEER_IDLE || self->phase == PEER_BODY;
  bool stalls = sends && self->bytes == self->seen_bytes && now_ms >= self->look_ms;
  self->seen_bytes = self->bytes;
  if (!stalls) {
    return false;
  }
  self->look_ms = now_ms + LOOK_MS;
  return recv(self->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void peers_sweep(peers *all, const peer_limits *limits, uint64_t now_ms) {
  for (peer *at = all->first; at != NULL; at = at->next) {
    if (!at->is_cut && is_gone(at, now_ms)) {
      cut(at);
    } else if (!at->is_cut && is_over(at, limits, now_ms)) {
      bool mid_request = at->phase == PEER_BODY || (at->phase == PEER_IDLE && at->n_requests == 0);
      if (limits->raw && mid_request) {
        say_too_slow(at);
      }
      cut(at);
    }
  }
}

void peers_cut_idle(peers *all, bool every) {
  for (peer *at = all->first; at != NULL; at = at->next) {
    int waiting = 0; /* bytes of a request that has just come */
    if (!at->is_cut && at->phase == PEER_IDLE && (every || at->n_requests > 0) &&
        (ioctl(at->fd, FIONREAD, &waiting) != 0 || waiting == 0)) {
      cut(at);
    }
  }
}

void peers_cut_all(peers *all) {
  for (peer *at = all->first; at != NULL; at = at->next) {
    if (!at->is_cut) {
      cut(at);
    }
  }
}
