/* SPDX-License-Identifier: Apache-2.0 */

/* A client of RabbitMQ as one writes it by hand, to measure the plugin against: publishes with confirms and a window, or
 * consumes with a prefetch and acknowledges what it has.
 *
 * usage: bare_amqp publish|consume PORT QUEUE N BYTES WINDOW */
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

static amqp_connection_state_t connection;

static void check(amqp_rpc_reply_t reply, const char *what) {
  if (reply.reply_type != AMQP_RESPONSE_NORMAL) {
    fprintf(stderr, "bare_amqp: %s failed\n", what);
    exit(1);
  }
}

static void declare(const char *queue) {
  char dead[256];
  snprintf(dead, sizeof dead, "%s.dead", queue);
  /* The same queue that the plugin declares. */
  amqp_table_entry_t entries[6];
  const char *const texts[][2] = { { "x-queue-type", "quorum" },
                                   { "x-dead-letter-exchange", "" },
                                   { "x-dead-letter-routing-key", dead },
                                   { "x-dead-letter-strategy", "at-least-once" },
                                   { "x-overflow", "reject-publish" } };
  for (int i = 0; i < 5; i++) {
    entries[i].key = amqp_cstring_bytes(texts[i][0]);
    entries[i].value.kind = AMQP_FIELD_KIND_UTF8;
    entries[i].value.value.bytes = amqp_cstring_bytes(texts[i][1]);
  }
  entries[5].key = amqp_cstring_bytes("x-delivery-limit");
  entries[5].value.kind = AMQP_FIELD_KIND_I64;
  entries[5].value.value.i64 = 20;
  amqp_queue_declare(connection, 1, amqp_cstring_bytes(dead), 0, 1, 0, 0, (amqp_table_t){ 1, entries });
  check(amqp_get_rpc_reply(connection), "declaring");
  amqp_queue_declare(connection, 1, amqp_cstring_bytes(queue), 0, 1, 0, 0, (amqp_table_t){ 6, entries });
  check(amqp_get_rpc_reply(connection), "declaring");
}

/* Reads confirms until no more than window are open. Returns up to which number all are confirmed. */
static uint64_t wait_for_confirms(uint64_t sent, uint64_t confirmed, uint64_t window) {
  while (sent - confirmed > window) {
    amqp_frame_t frame;
    if (amqp_simple_wait_frame(connection, &frame) != AMQP_STATUS_OK || frame.frame_type != AMQP_FRAME_METHOD ||
        frame.payload.method.id != AMQP_BASIC_ACK_METHOD) {
      fprintf(stderr, "bare_amqp: no confirm\n");
      exit(1);
    }
    const amqp_basic_ack_t *ack = frame.payload.method.decoded;
    confirmed = ack->multiple ? ack->delivery_tag : confirmed + 1;
    amqp_maybe_release_buffers(connection);
  }
  return confirmed;
}

static void publish(const char *queue, uint64_t n, size_t bytes, uint64_t window) {
  char *body = malloc(bytes);
  uint64_t confirmed = 0;
  amqp_confirm_select(connection, 1);
  check(amqp_get_rpc_reply(connection), "confirms");
  memset(body, 'x', bytes);
  for (uint64_t i = 0; i < n; i++) {
    char id[32];
    snprintf(id, sizeof id, "m%llu", (unsigned long long)i);
    amqp_basic_properties_t properties = { ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                                                     AMQP_BASIC_CONTENT_TYPE_FLAG,
                                           .delivery_mode = 2 };
    properties.message_id = amqp_cstring_bytes(id);
    properties.content_type = amqp_cstring_bytes("text/plain");
    amqp_basic_publish(connection, 1, amqp_empty_bytes, amqp_cstring_bytes(queue), 1, 0, &properties,
                       (amqp_bytes_t){ bytes, body });
    confirmed = wait_for_confirms(i + 1, confirmed, window - 1);
  }
  wait_for_confirms(n, confirmed, 0);
  free(body);
}

static void consume(const char *queue, uint64_t n, uint64_t window) {
  amqp_basic_qos(connection, 1, 0, (uint16_t)window, 0);
  amqp_basic_consume(connection, 1, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  check(amqp_get_rpc_reply(connection), "consuming");
  for (uint64_t i = 0; i < n; i++) {
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    check(amqp_consume_message(connection, &envelope, NULL, 0), "a message");
    amqp_basic_ack(connection, 1, envelope.delivery_tag, 0);
    amqp_destroy_envelope(&envelope);
  }
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: bare_amqp publish|consume PORT QUEUE N BYTES WINDOW\n");
    return 2;
  }
  connection = amqp_new_connection();
  amqp_socket_t *socket = amqp_tcp_socket_new(connection);
  if (amqp_socket_open(socket, "127.0.0.1", atoi(argv[2])) != AMQP_STATUS_OK) {
    fprintf(stderr, "bare_amqp: nobody listens on port %s\n", argv[2]);
    return 1;
  }
  check(amqp_login(connection, "/", 0, 131072, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"), "the login");
  amqp_channel_open(connection, 1);
  check(amqp_get_rpc_reply(connection), "a channel");
  declare(argv[3]);
  uint64_t n = strtoull(argv[4], NULL, 10);
  uint64_t window = strtoull(argv[6], NULL, 10);
  if (strcmp(argv[1], "publish") == 0) {
    publish(argv[3], n, strtoull(argv[5], NULL, 10), window);
  } else {
    consume(argv[3], n, window);
  }
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
  return 0;
}
