/* SPDX-License-Identifier: Apache-2.0 */

/* A table of the errors that people meet; all others are told in the library's own words. */
#include "kafka/faults.h"

#include <errno.h>

typedef struct meaning {
  rd_kafka_resp_err_t error;
  bool is_final;
  int code;
  const char *slug, *advice;
} meaning;

static const meaning meanings[] = {
  { RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, false, -ENOTCONN, "broker-unreachable",
    "no broker answers; look at \"brokers\", the network, and whether the cluster is up" },
  { RD_KAFKA_RESP_ERR__TRANSPORT, false, -ENOTCONN, "broker-unreachable",
    "no broker answers; look at \"brokers\", the network, and whether the cluster is up" },
  { RD_KAFKA_RESP_ERR__RESOLVE, false, -ENOTCONN, "broker-unknown-host",
    "the host's name is not known here; look at \"brokers\" and at the names that the brokers advertise" },
  { RD_KAFKA_RESP_ERR__TIMED_OUT, false, -ETIMEDOUT, "broker-timeout", "the broker did not answer in time" },
  { RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, false, -ETIMEDOUT, "broker-timeout",
    "the broker did not confirm in time; raise \"delivery.timeout.ms\" if it needs longer" },
  { RD_KAFKA_RESP_ERR__SSL, true, -EPROTO, "tls-failed",
    "look at the certificates under \"properties\" (\"ssl.ca.location\") and at the broker's" },
  { RD_KAFKA_RESP_ERR__AUTHENTICATION, true, -EACCES, "access-refused",
    "the broker refuses the name or the password; look at \"sasl.*\" under \"properties\"" },
  { RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, true, -EACCES, "access-refused",
    "the broker refuses the name or the password; look at \"sasl.*\" under \"properties\"" },
  { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, true, -EACCES, "topic-refused",
    "this client has no right to the topic; give it one by the cluster's access lists" },
  { RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, true, -EACCES, "group-refused",
    "this client has no right to the group; give it one by the cluster's access lists" },
  { RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, true, -EACCES, "cluster-refused",
    "this client may not publish idempotently; give it that right by the cluster's access lists" },
  { RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, true, -ENOENT, "topic-unknown", "there is no such topic; create it" },
  { RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, true, -ENOENT, "topic-unknown", "there is no such topic; create it" },
  { RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, true, -EINVAL, "topic-invalid", "the broker allows no topic of this name" },
  { RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, true, -EMSGSIZE, "message-too-large",
    "raise \"message.max.bytes\" here and on the topic, or send less of the document" },
  { RD_KAFKA_RESP_ERR_INVALID_RECORD, true, -EBADMSG, "message-refused",
    "the broker takes no such message (a compacted topic wants keys)" },
  { RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, true, -ENOENT, "no-offset",
    "the group has committed nothing there, or what it stood at is deleted; set \"start\" to \"earliest\" or "
    "\"latest\", or the "
    "group's offsets by Kafka's tools" },
  { RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, true, -EBUSY, "instance-twice",
    "another member has joined with this \"group.instance.id\"; each needs its own" },
  { RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, true, -EPROTO, "group-differs",
    "other members of the group divide partitions by another strategy; end them, or set "
    "\"partition.assignment.strategy\" as "
    "theirs" },
  { RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, true, -EINVAL, "session-timeout",
    "the broker allows no such \"session.timeout.ms\"" },
};

static const meaning *find(rd_kafka_resp_err_t error) {
  for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
    if (meanings[i].error == error) {
      return &meanings[i];
    }
  }
  return NULL;
}

bool faults_is_final(rd_kafka_resp_err_t error) {
  const meaning *known = find(error);
  return known != NULL && known->is_final;
}

int faults_from(broker_fault *fault, rd_kafka_resp_err_t error, const char *what, const char *detail) {
  const meaning *known = find(error);
  const char *words = detail != NULL && detail[0] != '\0' ? detail : rd_kafka_err2str(error);
  if (known == NULL) {
    return broker_fault_set(fault, -EIO, "broker-error", "%s: %s", what, words);
  }
  return (known->is_final ? broker_fault_final : broker_fault_set)(fault, known->code, known->slug, "%s: %s (%.200s)",
                                                                   what, known->advice, words);
}
