/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the configuration. */
#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/setting.h"
#include "socket/source.h"

enum { GROUP_BUFFER = 1 << 14, SAID_MAX = 512 };

static int read_group(qn_create *create, gid_t *ret_group) {
  char *name = NULL, buffer[GROUP_BUFFER], said[SAID_MAX];
  struct group entry, *found = NULL;
  int rc = setting_copy(create, "/unix_group", &name);
  if (rc != 0 || name == NULL) {
    return rc;
  }
  char *end;
  unsigned long number = strtoul(name, &end, 10);
  if (*name != '\0' && *end == '\0' && number < UINT32_MAX) {
    *ret_group = (gid_t)number;
  } else if (getgrnam_r(name, &entry, buffer, sizeof buffer, &found) == 0 && found != NULL) {
    *ret_group = entry.gr_gid;
  } else {
    snprintf(said, sizeof said, "unix_group: there is no group \"%.64s\"; name one of /etc/group, or its number", name);
    rc = setting_refuse(create, said);
  }
  free(name);
  return rc;
}

static int read_mode(qn_create *create, mode_t *ret_mode) {
  qn_str mode = qn_config_str(create, "/unix_mode");
  mode_t bits = 0;
  for (size_t i = 0; i < mode.len; i++) {
    if (mode.data[i] < '0' || mode.data[i] > '7' || bits > 0777 / 8) {
      return setting_refuse(create, "unix_mode: give permissions in octal, e.g. \"0660\" for the owner and the group");
    }
    bits = bits * 8 + (mode_t)(mode.data[i] - '0');
  }
  *ret_mode = mode.len == 0 ? 0600 : bits;
  return 0;
}

static void read_limits(qn_create *create, settings *self) {
  self->is_open = qn_config_i64(create, "/open", 0) != 0;
  self->line_bytes = (size_t)qn_config_i64(create, "/line_bytes", 4 << 20);
  self->buffer_bytes = (size_t)qn_config_i64(create, "/buffer_bytes", 256 << 20);
  self->n_connections = (uint32_t)qn_config_i64(create, "/connections", 256);
  self->n_waiting = (uint32_t)qn_config_i64(create, "/waiting", 1024);
  self->idle_ms = (uint64_t)qn_config_i64(create, "/idle_ms", 300000);
  self->stop_ms = (uint64_t)qn_config_i64(create, "/stop_ms", 5000);
}

int settings_read(qn_create *create, settings *ret_settings, members *ret_members, uint32_t *ret_key_member) {
  settings self = { .unix_group = (gid_t)-1 };
  members found = { .n = 0 };
  qn_str key = qn_config_str(create, "/key");
  read_limits(create, &self);
  int rc = read_mode(create, &self.unix_mode);
  rc = rc == 0 ? read_group(create, &self.unix_group) : rc;
  rc = rc == 0 ? setting_copy(create, "/listen", &self.listen) : rc;
  rc = rc == 0 ? setting_copy(create, "/source", &self.name) : rc;
  rc = rc == 0 ? setting_copy(create, "/token_file", &self.token_file) : rc;
  rc = rc == 0 ? members_read(create, &found) : rc;
  if (rc == 0 && (self.listen == NULL || self.name == NULL)) {
    rc = setting_refuse(create, "\"listen\" and \"source\" must be set");
  }
  uint32_t key_member = found.n;
  found.depth_max = (uint32_t)qn_config_i64(create, "/depth", 32);
  if (rc == 0) {
    rc = key.data == NULL ? members_also(&found, "key", 3) : members_also(&found, key.data, key.len);
  }
  if (rc != 0) {
    settings_done(&self);
    members_done(&found);
    return rc == -ENOMEM ? setting_refuse(create, "no memory for the source") : rc;
  }
  *ret_settings = self;
  *ret_members = found;
  *ret_key_member = key_member;
  return 0;
}

void settings_done(settings *self) {
  free(self->listen);
  free(self->name);
  free(self->token_file);
  *self = (settings){ 0 };
}
