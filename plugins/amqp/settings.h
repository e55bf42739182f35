/* SPDX-License-Identifier: Apache-2.0 */

/* Where the broker is and who we are: the configuration that the source and the sink share. */
#ifndef AMQP_SETTINGS_H
#define AMQP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "qanat/stage.h"

enum { AMQP_ADDRESSES_MAX = 16 };

typedef struct amqp_address {
  char *host;
  int port;
} amqp_address;

typedef struct amqp_settings {
  uint32_t n_addresses;
  amqp_address addresses[AMQP_ADDRESSES_MAX];
  char *vhost, *user, *password;
  bool tls, verify;
  char *ca_file, *cert_file, *key_file;
  uint32_t connect_ms, heartbeat_s;
} amqp_settings;

/* 0; -EINVAL or -ENOMEM, said by create_fail(). */
int amqp_settings_read(qn_create *create, amqp_settings *ret_settings);
void amqp_settings_done(amqp_settings *settings);

/* A copy of the string at pointer, NULL if there is none. 0, -ENOMEM (said by create_fail()). */
int amqp_settings_str(qn_create *create, const char *pointer, char **ret_text);
int amqp_settings_refuse(qn_create *create, const char *text);

#endif
