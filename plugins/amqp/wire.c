/* SPDX-License-Identifier: Apache-2.0 */

/* librabbitmq, with its frames read one by one: a thread that waits for deliveries or confirms can then be woken, and nothing
 * that arrives between two of them is lost. */
#include "amqp/wire.h"

#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "broker/session.h"

enum { FRAME_BYTES = 131072, POLL_MOST_MS = 1000, GOODBYE_MS = 500, CHANNELS_MAX = 8 };

/* Replies of the broker that no second try changes: access refused, not allowed (no such vhost). */
static bool is_final(uint16_t reply_code) {
  return reply_code == AMQP_ACCESS_REFUSED || reply_code == AMQP_NOT_ALLOWED || reply_code == AMQP_PRECONDITION_FAILED;
}

static int told(const wire *self, uint16_t code, amqp_bytes_t text, const char *what, broker_fault *fault) {
  const char *advice = code == AMQP_PRECONDITION_FAILED
                           ? "; if it was declared otherwise by somebody else, say \"declare\": false"
                       : code == AMQP_ACCESS_REFUSED ? "; look at \"user\", \"password\" and the user's permissions"
                                                     : "";
  int (*set)(broker_fault *, int, const char *, const char *, ...) =
      is_final(code) ? broker_fault_final : broker_fault_set;
  return set(fault, -EPROTO, "amqp-refused", "%s refused %s: %u %.*s%s", self->peer, what, code,
             (int)(text.len < 300 ? text.len : 300), text.len > 0 ? (const char *)text.bytes : "", advice);
}

int wire_fault(const wire *self, int status, const char *what, broker_fault *fault) {
  if (status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED || status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED) {
    return broker_fault_final(fault, -EPROTO, "amqp-tls",
                              "%s with %s: %s; look at \"ca_file\", and at the name in \"addresses\"", what, self->peer,
                              amqp_error_string2(status));
  }
  int code = status == AMQP_STATUS_TIMEOUT || status == AMQP_STATUS_HEARTBEAT_TIMEOUT ? -ETIMEDOUT : -ENOTCONN;
  return broker_fault_set(fault, code, "amqp-connection", "%s with %s: %s", what, self->peer,
                          amqp_error_string2(status));
}

int wire_reply_fault(const wire *self, amqp_rpc_reply_t reply, const char *what, broker_fault *fault) {
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) {
    return wire_fault(self, reply.library_error, what, fault);
  }
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const amqp_connection_close_t *why = reply.reply.decoded;
    return told(self, why->reply_code, why->reply_text, what, fault);
  }
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const amqp_channel_close_t *why = reply.reply.decoded;
    return told(self, why->reply_code, why->reply_text, what, fault);
  }
  return broker_fault_set(fault, -ENOTCONN, "amqp-connection", "%s with %s: the broker closed the connection", what,
                          self->peer);
}

int wire_init(wire *self, const amqp_settings *settings) {
  *self = (wire){ .settings = settings, .wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC) };
  snprintf(self->peer, sizeof self->peer, "the broker");
  return self->wake_fd < 0 ? -errno : 0;
}

void wire_done(wire *self) {
  wire_disconnect(self, false);
  if (self->wake_fd >= 0) {
    close(self->wake_fd);
  }
  self->wake_fd = -1;
}

void wire_wake(wire *self) {
  const uint64_t one = 1;
  ssize_t n = write(self->wake_fd, &one, sizeof one);
  (void)n; /* full: it is awake */
}

/* --- connecting --- */

static struct timeval in_ms(uint32_t ms) {
  return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
}

static amqp_socket_t *socket_new(wire *self, broker_fault *fault) {
  const amqp_settings *settings = self->settings;
  if (!settings->tls) {
    amqp_socket_t *plain = amqp_tcp_socket_new(self->connection);
    if (plain == NULL) {
      broker_fault_set(fault, -ENOMEM, "no-memory", "no memory for a connection");
    }
    return plain;
  }
  amqp_socket_t *tls = amqp_ssl_socket_new(self->connection);
  if (tls == NULL) {
    broker_fault_set(fault, -ENOMEM, "no-memory", "no memory for a connection");
    return NULL;
  }
  amqp_ssl_socket_set_verify_peer(tls, settings->verify);
  amqp_ssl_socket_set_verify_hostname(tls, settings->verify);
  if (settings->verify && amqp_ssl_socket_set_cacert(tls, settings->ca_file) != AMQP_STATUS_OK) {
    broker_fault_final(fault, -EINVAL, "amqp-tls", "cannot read the certificates of \"ca_file\", %s",
                       settings->ca_file);
    return NULL;
  }
  if (settings->cert_file != NULL &&
      amqp_ssl_socket_set_key(tls, settings->cert_file, settings->key_file) != AMQP_STATUS_OK) {
    broker_fault_final(fault, -EINVAL, "amqp-tls", "cannot use \"cert_file\" %s with \"key_file\" %s",
                       settings->cert_file, settings->key_file);
    return NULL;
  }
  return tls;
}

static int connect_to(wire *self, const amqp_address *address, broker_fault *fault) {
  const amqp_settings *settings = self->settings;
  const struct timeval limit = in_ms(settings->connect_ms);
  snprintf(self->peer, sizeof self->peer, "%.80s:%d", address->host, address->port);
  self->connection = amqp_new_connection();
  if (self->connection == NULL) {
    return broker_fault_set(fault, -ENOMEM, "no-memory", "no memory for a connection");
  }
  amqp_socket_t *socket = socket_new(self, fault);
  if (socket == NULL) {
    return fault->code;
  }
  amqp_set_handshake_timeout(self->connection, &limit);
  amqp_set_rpc_timeout(self->connection, &limit);
  int status = amqp_socket_open_noblock(socket, address->host, address->port, &limit);
  if (status != AMQP_STATUS_OK) {
    return wire_fault(self, status, "no connection", fault);
  }
  amqp_rpc_reply_t reply =
      amqp_login(self->connection, settings->vhost, CHANNELS_MAX, FRAME_BYTES, (int)settings->heartbeat_s,
                 AMQP_SASL_METHOD_PLAIN, settings->user, settings->password);
  return reply.reply_type == AMQP_RESPONSE_NORMAL ? 0 : wire_reply_fault(self, reply, "the login", fault);
}

int wire_connect(wire *self, bool (*stop)(void *arg), void *arg, broker_fault *fault) {
  const amqp_settings *settings = self->settings;
  int rc = -ECANCELED;
  broker_fault_set(fault, rc, "stopping", "the connection was given up");
  for (uint32_t i = 0; i < settings->n_addresses && rc != 0 && !stop(arg); i++) {
    const amqp_address *address = &settings->addresses[self->next_address];
    rc = connect_to(self, address, fault);
    if (rc != 0) {
      self->next_address = (self->next_address + 1) % settings->n_addresses;
      wire_disconnect(self, false);
    }
  }
  return rc;
}

void wire_disconnect(wire *self, bool polite) {
  if (self->connection == NULL) {
    return;
  }
  if (polite) {
    const struct timeval limit = in_ms(GOODBYE_MS);
    amqp_set_rpc_timeout(self->connection, &limit);
    amqp_connection_close(self->connection, AMQP_REPLY_SUCCESS);
  } else if (self->settings->n_addresses > 0) {
    self->next_address = (self->next_address + 1) % self->settings->n_addresses;
  }
  amqp_destroy_connection(self->connection);
  self->connection = NULL;
}

int wire_channel_open(wire *self, amqp_channel_t channel, broker_fault *fault) {
  amqp_channel_open(self->connection, channel);
  amqp_rpc_reply_t reply = amqp_get_rpc_reply(self->connection);
  return reply.reply_type == AMQP_RESPONSE_NORMAL ? 0 : wire_reply_fault(self, reply, "a channel", fault);
}

/* --- reading --- */

static int read_now(wire *self, amqp_frame_t *ret_frame, broker_fault *fault) {
  const struct timeval now = { 0, 0 };
  int status = amqp_simple_wait_frame_noblock(self->connection, ret_frame, &now);
  if (status == AMQP_STATUS_OK) {
    return 1;
  }
  return status == AMQP_STATUS_TIMEOUT ? 0 : wire_fault(self, status, "the connection", fault);
}

/* Sleeps until something can be read, or somebody wakes. True if woken. */
static bool sleep_on(wire *self, uint32_t wait_ms) {
  struct pollfd ready[2] = { { .fd = amqp_get_sockfd(self->connection), .events = POLLIN },
                             { .fd = self->wake_fd, .events = POLLIN } };
  uint64_t count;
  return poll(ready, 2, (int)wait_ms) > 0 && ready[1].revents != 0 &&
         read(self->wake_fd, &count, sizeof count) == (ssize_t)sizeof count;
}

int wire_read(wire *self, uint32_t wait_ms, amqp_frame_t *ret_frame, broker_fault *fault) {
  uint64_t until_ms = wait_ms > 0 ? broker_now_ms() + wait_ms : 0;
  for (;;) {
    int rc = read_now(self, ret_frame, fault); /* sends a heartbeat if one is due */
    if (rc != 0 || wait_ms == 0) {
      return rc;
    }
    uint64_t now_ms = broker_now_ms();
    if (now_ms >= until_ms) {
      return 0;
    }
    uint64_t left_ms = until_ms - now_ms;
    if (sleep_on(self, left_ms < POLL_MOST_MS ? (uint32_t)left_ms : POLL_MOST_MS)) {
      return 0;
    }
  }
}

void wire_release(wire *self) {
  amqp_maybe_release_buffers(self->connection);
}

int wire_judge(const wire *self, const amqp_frame_t *frame, broker_fault *fault) {
  if (frame->frame_type != AMQP_FRAME_METHOD) {
    return 0;
  }
  switch (frame->payload.method.id) {
  case AMQP_CONNECTION_CLOSE_METHOD: {
    const amqp_connection_close_t *why = frame->payload.method.decoded;
    return told(self, why->reply_code, why->reply_text, "to go on", fault);
  }
  case AMQP_CHANNEL_CLOSE_METHOD: {
    const amqp_channel_close_t *why = frame->payload.method.decoded;
    return told(self, why->reply_code, why->reply_text, "to go on", fault);
  }
  case AMQP_BASIC_CANCEL_METHOD:
    return broker_fault_set(fault, -ENOTCONN, "amqp-cancelled",
                            "%s cancelled the subscription: the queue was deleted, or "
                            "moves",
                            self->peer);
  default:
    return 0;
  }
}
