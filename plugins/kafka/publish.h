/* SPDX-License-Identifier: Apache-2.0 */

/* Giving a message to the library; the sink does so, and what a source does with its dead letters. */
#ifndef QANAT_KAFKA_PUBLISH_H
#define QANAT_KAFKA_PUBLISH_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

#include "qanat/doc.h"

typedef struct publish_message {
  rd_kafka_topic_t *topic;
  qn_str key; /* data NULL: none, the library spreads them */
  qn_str body;
  bool is_lent;         /* the body holds still until the report has come, or the client has gone; else it is copied */
  int64_t timestamp_ms; /* 0: now */
  rd_kafka_headers_t *headers; /* taken over, whatever comes of it */
  void *opaque;                /* comes with the report */
} publish_message;

rd_kafka_resp_err_t publish_send(rd_kafka_t *client, const publish_message *message);

#endif
