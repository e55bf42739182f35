/* SPDX-License-Identifier: Apache-2.0 */

/* What the configuration says, read once. */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

#include <stdbool.h>
#include <sys/types.h>

#include "http/json_documents.h"
#include "qanat/stage.h"

enum { LISTEN_MAX = 9 };

typedef struct settings {
  char *listen[LISTEN_MAX];
  uint32_t n_listen;
  mode_t unix_mode;
  char *token_file; /* NULL: no token is asked for */
  bool is_open;     /* anybody may come */
  bool is_local;    /* every address is of this machine */
  bool control;
  char *certificate, *key; /* PEM, both or none */
  char *prefix, *source_name, *media_type;
  json_rules rules;
  uint64_t full_ms, wait_ms, idle_ms, stop_ms;
  uint32_t retry_after_s;
  uint64_t body_rate; /* bytes a second */
  size_t body_bytes, bodies_bytes, header_bytes;
  uint32_t n_connections, n_per_address; /* n_per_address 0: no bound */
  char *owned[MEMBERS_MAX];
} settings;

/* 0, -ENOMEM, -EINVAL after create_fail(). [create] */
int settings_read(qn_create *create, settings *ret_settings);
void settings_done(settings *settings);

/* Refuses what others can connect to without a token. 0, or -EINVAL after create_fail(). */
int settings_check_open(qn_create *create, const settings *settings);

/* True for unix sockets, localhost and numbers of the loopback; and for sockets that are handed to the process, which are looked at once
 * they are there. */
bool settings_is_local(const char *address);

#endif
