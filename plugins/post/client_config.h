/* SPDX-License-Identifier: Apache-2.0 */

/* How the client of one stage is set up. Between client.c and client_config.c. */
#ifndef POST_CLIENT_CONFIG_H
#define POST_CLIENT_CONFIG_H

#include <curl/curl.h>
#include <stdbool.h>

#include "qanat/stage.h"

typedef struct client_config {
  char *url;
  char *target; /* the address without user, password and query */
  char *method; /* NULL: POST */
  char *proxy;  /* NULL: as the environment says */
  char *ca_file;
  struct curl_slist *headers;
  long timeout_ms, connect_ms;
  long redirects;
  uint32_t n_connections;
  uint64_t pause_max_ms;
  bool compress;
} client_config;

/* 0, -EINVAL after create_fail(), -ENOMEM. */
int client_config_read(qn_create *create, const char *media_type, client_config *ret_config);
void client_config_done(client_config *config);

/* Sets what is the same for all requests. 0, -EIO (libcurl knows an option no more), -ENOMEM. */
int client_config_apply(const client_config *config, CURL *easy);

#endif
