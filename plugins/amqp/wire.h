/* SPDX-License-Identifier: Apache-2.0 */

/* One connection: made to the first address that answers, read frame by frame, woken from other threads. */
#ifndef AMQP_WIRE_H
#define AMQP_WIRE_H

#include <amqp.h>

#include "amqp/settings.h"
#include "broker/broker.h"

typedef struct wire {
  const amqp_settings *settings;
  amqp_connection_state_t connection; /* NULL: none */
  uint32_t next_address;
  int wake_fd;
  char peer[96]; /* "host:port", for messages */
} wire;

int wire_init(wire *self, const amqp_settings *settings); /* 0, negative errno */
void wire_done(wire *self);

/* Tries the addresses in turn, beginning with the one that is due; stop says that it is to give up. 0; negative errno with
 * fault. */
int wire_connect(wire *self, bool (*stop)(void *arg), void *arg, broker_fault *fault);
/* Says goodbye if polite, but never waits for long. */
void wire_disconnect(wire *self, bool polite);
int wire_channel_open(wire *self, amqp_channel_t channel, broker_fault *fault);

/* The next frame, waiting for up to wait_ms. 1, 0 (none, or woken), negative errno with fault: the connection is lost. What
 * a frame points at holds until wire_release. */
int wire_read(wire *self, uint32_t wait_ms, amqp_frame_t *ret_frame, broker_fault *fault);
void wire_release(wire *self);
/* A frame that ends the channel or the connection, or says that a consumer is gone: negative errno with fault. Else 0. */
int wire_judge(const wire *self, const amqp_frame_t *frame, broker_fault *fault);

void wire_wake(wire *self); /* [any] */

/* Faults of the library: from a status (negative), and from the reply of the last synchronous call. */
int wire_fault(const wire *self, int status, const char *what, broker_fault *fault);
int wire_reply_fault(const wire *self, amqp_rpc_reply_t reply, const char *what, broker_fault *fault);

static inline amqp_bytes_t wire_bytes(qn_str text) {
  return (amqp_bytes_t){ text.len, (void *)(uintptr_t)text.data };
}

static inline qn_str wire_str(amqp_bytes_t bytes) {
  return (qn_str){ bytes.bytes, bytes.len };
}

#endif
