/* SPDX-License-Identifier: Apache-2.0 */

/* Reads addresses and credentials. */
#include "amqp/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_PLAIN = 5672, PORT_TLS = 5671 };

int amqp_settings_refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

int amqp_settings_str(qn_create *create, const char *pointer, char **ret_text) {
  qn_str text = qn_config_str(create, pointer);
  char *copy = text.data == NULL ? NULL : strndup(text.data, text.len);
  if (text.data != NULL && copy == NULL) {
    amqp_settings_refuse(create, "no memory for the configuration");
    return -ENOMEM;
  }
  *ret_text = copy;
  return 0;
}

/* "host", "host:port", "[::1]:port". */
static int read_address(qn_create *create, qn_str text, int port, amqp_address *ret_address) {
  const char *end = text.data + text.len;
  const char *colon = end;
  while (colon > text.data && colon[-1] >= '0' && colon[-1] <= '9') {
    colon--;
  }
  bool has_port = colon > text.data && colon < end && colon[-1] == ':';
  const char *host_end = has_port ? colon - 1 : end;
  const char *host = text.data;
  if (host < host_end && *host == '[' && host_end[-1] == ']') {
    host++;
    host_end--;
  }
  long number = port;
  if (has_port) {
    number = 0;
    for (const char *at = colon; at < end && number <= 65535; at++) {
      number = number * 10 + (*at - '0');
    }
  }
  if (host >= host_end || number < 1 || number > 65535) {
    char why[160];
    snprintf(why, sizeof why, "\"addresses\" has \"%.*s\", which is no host:port", (int)(text.len < 64 ? text.len : 64),
             text.data);
    return amqp_settings_refuse(create, why);
  }
  ret_address->host = strndup(host, (size_t)(host_end - host));
  ret_address->port = (int)number;
  return ret_address->host == NULL ? amqp_settings_refuse(create, "no memory for the configuration") : 0;
}

static int read_addresses(qn_create *create, amqp_settings *self) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < AMQP_ADDRESSES_MAX; i++) {
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/addresses/%u", i);
    qn_str text = qn_config_str(create, pointer);
    if (text.data == NULL) {
      break;
    }
    rc = read_address(create, text, self->tls ? PORT_TLS : PORT_PLAIN, &self->addresses[self->n_addresses]);
    self->n_addresses += rc == 0;
  }
  return rc;
}

int amqp_settings_read(qn_create *create, amqp_settings *ret_settings) {
  amqp_settings made = {
    .tls = qn_config_i64(create, "/tls", 0) != 0,
    .verify = qn_config_i64(create, "/tls_verify", 1) != 0,
    .connect_ms = (uint32_t)qn_config_i64(create, "/connect_ms", 5000),
    .heartbeat_s = (uint32_t)qn_config_i64(create, "/heartbeat_s", 10),
  };
  int rc = read_addresses(create, &made);
  rc = rc == 0 ? amqp_settings_str(create, "/vhost", &made.vhost) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/user", &made.user) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/password", &made.password) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/ca_file", &made.ca_file) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/cert_file", &made.cert_file) : rc;
  rc = rc == 0 ? amqp_settings_str(create, "/key_file", &made.key_file) : rc;
  if (rc == 0 && (made.cert_file == NULL) != (made.key_file == NULL)) {
    rc = amqp_settings_refuse(create, "\"cert_file\" and \"key_file\" go together");
  }
  if (rc != 0) {
    amqp_settings_done(&made);
    return rc;
  }
  *ret_settings = made;
  return 0;
}

void amqp_settings_done(amqp_settings *self) {
  for (uint32_t i = 0; i < self->n_addresses; i++) {
    free(self->addresses[i].host);
  }
  free(self->vhost);
  free(self->user);
  if (self->password != NULL) {
    explicit_bzero(self->password, strlen(self->password));
  }
  free(self->password);
  free(self->ca_file);
  free(self->cert_file);
  free(self->key_file);
  *self = (amqp_settings){ 0 };
}
