/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the configuration, and refuses to listen where others can come without saying so. */
#include "http/settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/setting.h"

bool settings_is_local(const char *address) {
  char host[64];
  const char *colon = strrchr(address, ':');
  struct in_addr four;
  if (colon == NULL) {
    return true; /* no address at all, which is told when it is to be opened */
  }
  if (strncmp(address, "unix:", 5) == 0 || strncmp(address, "systemd:", 8) == 0) {
    return true;
  }
  size_t len = (size_t)(colon - address);
  if (len == 0 || len >= sizeof host) {
    return false;
  }
  memcpy(host, address, len);
  host[len] = '\0';
  return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
         (inet_pton(AF_INET, host, &four) == 1 && (ntohl(four.s_addr) >> 24) == 127);
}

static int read_addresses(qn_create *create, settings *self) {
  char pointer[32];
  uint32_t n_more = setting_count(create, "/also_listen");
  int rc = setting_copy(create, "/listen", &self->listen[self->n_listen++]);
  for (uint32_t i = 0; rc == 0 && i < n_more && self->n_listen < LISTEN_MAX; i++) {
    snprintf(pointer, sizeof pointer, "/also_listen/%u", i);
    rc = setting_copy(create, pointer, &self->listen[self->n_listen++]);
  }
  self->is_local = true;
  for (uint32_t i = 0; rc == 0 && i < self->n_listen; i++) {
    self->is_local = self->is_local && settings_is_local(self->listen[i]);
  }
  return rc;
}

static int read_mode(qn_create *create, settings *self) {
  qn_str mode = qn_config_str(create, "/unix_mode");
  uint32_t bits = 0;
  for (size_t i = 0; i < mode.len; i++) {
    if (mode.data[i] < '0' || mode.data[i] > '7') {
      return setting_refuse(create, "\"unix_mode\" is not octal; it looks like \"0660\"");
    }
    bits = bits << 3 | (uint32_t)(mode.data[i] - '0');
  }
  self->unix_mode = (mode_t)(bits & 0777);
  return 0;
}

int settings_check_open(qn_create *create, const settings *self) {
  if (self->is_local || self->token_file != NULL || self->is_open) {
    return 0;
  }
  return setting_refuse(
      create, "other machines can connect to an address it is to listen on: set \"token_file\" to a file of bearer "
              "tokens, or listen on 127.0.0.1, or say \"open\": true if anybody may send documents");
}

static int read_access(qn_create *create, settings *self) {
  self->is_open = qn_config_i64(create, "/open", 0) != 0;
  int rc = read_mode(create, self);
  rc = rc == 0 ? setting_copy(create, "/token_file", &self->token_file) : rc;
  rc = rc == 0 ? settings_check_open(create, self) : rc;
  self->control = qn_config_i64(create, "/control", 1) != 0 && (self->is_local || self->token_file != NULL);
  return rc;
}

/* A whole file as text. */
static int read_pem(qn_create *create, const char *pointer, char **ret_text) {
  char said[128];
  qn_str bytes;
  int rc = create->host->file_open(create, pointer, &bytes);
  if (rc != 0) {
    snprintf(said, sizeof said, "the file of \"%s\" cannot be read: %s", pointer + 1, strerror(-rc));
    return setting_refuse(create, said);
  }
  *ret_text = strndup(bytes.data, bytes.len);
  return *ret_text != NULL ? 0 : -ENOMEM;
}

static int read_tls(qn_create *create, settings *self) {
  qn_value value;
  if (create->host->config_get(create, "/tls", &value) != 0) {
    return 0;
  }
  int rc = read_pem(create, "/tls/certificate", &self->certificate);
  return rc == 0 ? read_pem(create, "/tls/key", &self->key) : rc;
}

/* --- documents --- */

static int read_member(qn_create *create, const char *pointer, const char *standard, settings *self) {
  json_rules *rules = &self->rules;
  char *name = NULL;
  int rc = setting_copy(create, pointer, &name);
  if (rc == 0 && name == NULL && standard != NULL) {
    name = strdup(standard);
  }
  if (rc != 0 || name == NULL) {
    return rc != 0 ? rc : -ENOMEM;
  }
  self->owned[rules->n_members] = name;
  rules->members[rules->n_members++] = name;
  return 0;
}

static int read_members(qn_create *create, settings *self) {
  static const char *const pointers[MEMBER_KEPT] = {
    "/fields/text",      "/fields/id",     "/fields/media_type", "/fields/title",
    "/fields/published", "/fields/byline", "/fields/language",   "/fields/url",
  };
  char pointer[32];
  uint32_t n_kept = setting_count(create, "/keep");
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < MEMBER_KEPT; i++) {
    rc = read_member(create, pointers[i], strrchr(pointers[i], '/') + 1, self);
  }
  for (uint32_t i = 0; rc == 0 && i < n_kept && self->rules.n_members < MEMBERS_MAX; i++) {
    snprintf(pointer, sizeof pointer, "/keep/%u", i);
    rc = read_member(create, pointer, NULL, self);
  }
  return rc;
}

/* "" or "/one/two", of characters that no client writes in another way. */
static bool is_prefix(const char *prefix) {
  static const char letters[] = "/abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-";
  size_t len = strlen(prefix);
  return len == 0 ||
         (prefix[0] == '/' && prefix[len - 1] != '/' && strspn(prefix, letters) == len && strstr(prefix, "//") == NULL);
}

static int read_names(qn_create *create, settings *self) {
  int rc = setting_copy(create, "/prefix", &self->prefix);
  rc = rc == 0 ? setting_copy(create, "/source", &self->source_name) : rc;
  rc = rc == 0 ? setting_copy(create, "/media_type", &self->media_type) : rc;
  if (rc == 0 && (self->prefix == NULL || self->source_name == NULL || self->media_type == NULL)) {
    rc = -ENOMEM;
  } else if (rc == 0 && !is_prefix(self->prefix)) {
    rc = setting_refuse(create, "\"prefix\" begins with \"/\" and does not end with it, as in \"/qanat\"");
  }
  return rc;
}

static void read_limits(qn_create *create, settings *self) {
  self->full_ms = (uint64_t)qn_config_i64(create, "/full_ms", 1000);
  self->wait_ms = (uint64_t)qn_config_i64(create, "/wait_ms", 30000);
  self->idle_ms = (uint64_t)qn_config_i64(create, "/idle_ms", 30000);
  self->stop_ms = (uint64_t)qn_config_i64(create, "/stop_ms", 5000);
  self->retry_after_s = (uint32_t)qn_config_i64(create, "/retry_after_s", 5);
  self->body_rate = (uint64_t)qn_config_i64(create, "/body_rate", 1024);
  self->body_bytes = (size_t)qn_config_i64(create, "/body_bytes", 64 << 20);
  self->bodies_bytes = (size_t)qn_config_i64(create, "/bodies_bytes", 256 << 20);
  self->header_bytes = (size_t)qn_config_i64(create, "/header_bytes", 16 << 10);
  self->n_connections = (uint32_t)qn_config_i64(create, "/connections", 1024);
  self->n_per_address = (uint32_t)qn_config_i64(create, "/connections_per_address", 0);
  self->rules.max_documents = (uint32_t)qn_config_i64(create, "/documents", 10000);
  self->rules.max_depth = (uint32_t)qn_config_i64(create, "/depth", 32);
  self->rules.max_values = (uint32_t)qn_config_i64(create, "/members", 10000);
}

int settings_read(qn_create *create, settings *ret_settings) {
  settings self = { 0 };
  read_limits(create, &self);
  int rc = read_addresses(create, &self);
  rc = rc == 0 ? read_access(create, &self) : rc;
  rc = rc == 0 ? read_tls(create, &self) : rc;
  rc = rc == 0 ? read_names(create, &self) : rc;
  rc = rc == 0 ? read_members(create, &self) : rc;
  if (rc == 0 && self.bodies_bytes < self.body_bytes) {
    self.bodies_bytes = self.body_bytes; /* one body must always have room */
  }
  if (rc != 0) {
    settings_done(&self);
    return rc;
  }
  *ret_settings = self;
  return 0;
}

void settings_done(settings *self) {
  for (uint32_t i = 0; i < LISTEN_MAX; i++) {
    free(self->listen[i]);
  }
  for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
    free(self->owned[i]);
  }
  if (self->key != NULL) {
    explicit_bzero(self->key, strlen(self->key));
  }
  free(self->token_file);
  free(self->certificate);
  free(self->key);
  free(self->prefix);
  free(self->source_name);
  free(self->media_type);
  *self = (settings){ 0 };
}
