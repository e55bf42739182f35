/* SPDX-License-Identifier: Apache-2.0 */

/* What librdkafka's errors mean for whoever runs a pipeline, and whether trying again can help. */
#ifndef QANAT_KAFKA_FAULTS_H
#define QANAT_KAFKA_FAULTS_H

#include <librdkafka/rdkafka.h>

#include "broker/broker.h"

/* Fills the fault; what is what was being done ("publish to topic \"news\""), detail what the library adds, or NULL.
 * Returns the fault's code. */
int faults_from(broker_fault *fault, rd_kafka_resp_err_t error, const char *what, const char *detail);

/* True for errors that no waiting mends: rights, names, settings. */
bool faults_is_final(rd_kafka_resp_err_t error);

#endif
