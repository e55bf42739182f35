/* SPDX-License-Identifier: Apache-2.0 */

/* The two clients of this plugin, for the table of its stages. */
#ifndef QANAT_KAFKA_PLUGIN_H
#define QANAT_KAFKA_PLUGIN_H

#include "broker/broker.h"

extern const broker_consumer kafka_consumer;
extern const broker_producer kafka_producer;

#endif
