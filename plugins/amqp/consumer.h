/* SPDX-License-Identifier: Apache-2.0 */

/* The clients behind the broker room's source and sink. */
#ifndef AMQP_CONSUMER_H
#define AMQP_CONSUMER_H

#include "broker/broker.h"

extern const broker_consumer amqp_consumer;
extern const broker_producer amqp_producer;

#endif
