/* SPDX-License-Identifier: Apache-2.0 */

/* One call of the library, with its parts in an array: the macros for it are an extension of one compiler. */
#include "kafka/publish.h"

rd_kafka_resp_err_t publish_send(rd_kafka_t *client, const publish_message *message) {
  const rd_kafka_vu_t parts[] = {
    { .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = message->topic },
    { .vtype = RD_KAFKA_VTYPE_KEY, .u.mem = { (void *)(uintptr_t)message->key.data, message->key.len } },
    { .vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = { (void *)(uintptr_t)message->body.data, message->body.len } },
    { .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = message->is_lent ? 0 : RD_KAFKA_MSG_F_COPY },
    { .vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = message->timestamp_ms },
    { .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = message->headers },
    { .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = message->opaque },
  };
  rd_kafka_error_t *error = rd_kafka_produceva(client, parts, sizeof parts / sizeof parts[0]);
  if (error == NULL) {
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  rd_kafka_headers_destroy(message->headers); /* they would have become the library's */
  return code;
}
