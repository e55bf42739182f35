/* SPDX-License-Identifier: Apache-2.0 */

/* The configuration that sources and sinks of Kafka share, as librdkafka wants it: brokers, and the properties that are
 * passed on as they are. */
#ifndef QANAT_KAFKA_SETTINGS_H
#define QANAT_KAFKA_SETTINGS_H

#include <librdkafka/rdkafka.h>

#include "qanat/stage.h"

/* Who asks: what is for consumers only is refused for producers, and the other way. The producer that a source has for its
 * dead letters takes of the source's properties what is for both. */
typedef enum settings_role { SETTINGS_CONSUMER, SETTINGS_PRODUCER, SETTINGS_LETTERS } settings_role;

/* A configuration with "brokers" and "properties" in it. Only properties on the list are passed on: none that
 * would run a program, load a library or undo what delivery rests on. 0; -EINVAL (said by create_fail), -ENOMEM. [create] */
int settings_conf_new(qn_create *create, settings_role role, rd_kafka_conf_t **ret_conf);

/* Sets what the plugin itself has chosen; a value that the library refuses is the composer's only where it came from the
 * configuration, so the text names the key. 0, -EINVAL. [create] */
int settings_set(qn_create *create, rd_kafka_conf_t *conf, const char *name, const char *value, const char *key);

#endif
