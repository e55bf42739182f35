/* SPDX-License-Identifier: Apache-2.0 */

/* Which files a stage may ask for is known before it is made: its manifest lists the data files, and its schema says which
 * settings name a file. Both sides go by the path that the host would open. */
#include "isolation/lent_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/host.h"

/* --- the run's side --- */

static int path_add(lent_paths *to, const char *path) {
  for (uint32_t i = 0; i < to->n; i++) {
    if (strcmp(to->paths[i], path) == 0) {
      return 0;
    }
  }
  if (to->n == LENT_FILES_MAX) {
    return -E2BIG;
  }
  to->paths[to->n] = strdup(path);
  return to->paths[to->n] != NULL ? (to->n++, 0) : -ENOMEM;
}

/* The schema of a member or element of a value, or NULL. */
static const cJSON *schema_within(const cJSON *schema, const cJSON *value) {
  if (value->string == NULL) {
    return cJSON_GetObjectItemCaseSensitive(schema, "items");
  }
  const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
  const cJSON *own = cJSON_GetObjectItemCaseSensitive(properties, value->string);
  return own != NULL ? own : cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties");
}

/* All values of type "file". The configuration has been checked, so it is no deeper than its schema allows. */
static int configured_add(lent_paths *to, const char *base_folder, const cJSON *schema, const cJSON *value) {
  const cJSON *type = cJSON_GetObjectItemCaseSensitive(schema, "type");
  char path[PATH_MAX];
  if (schema == NULL) {
    return 0;
  }
  if (cJSON_IsString(type) && strcmp(type->valuestring, "file") == 0) {
    bool found = cJSON_IsString(value) && host_file_find(base_folder, value->valuestring, path, sizeof path) == 0;
    return found ? path_add(to, path) : 0;
  }
  const cJSON *one;
  int rc = 0;
  cJSON_ArrayForEach(one, value) {
    rc = rc == 0 ? configured_add(to, base_folder, schema_within(schema, one), one) : rc;
  }
  return rc;
}

int lent_paths_of(const setup *stage, lent_paths *ret_paths) {
  const manifest *from = stage->info->manifest;
  lent_paths made = { .paths = calloc(LENT_FILES_MAX, sizeof(char *)) };
  char path[PATH_MAX];
  int rc = made.paths != NULL ? 0 : -ENOMEM;
  for (uint32_t i = 0; rc == 0 && i < from->n_data; i++) {
    rc = host_data_find(from, from->data[i], path, sizeof path) == 0 ? path_add(&made, path) : 0;
  }
  rc = rc == 0 ? configured_add(&made, stage->base_folder, stage->info->config, stage->config) : rc;
  if (rc != 0) {
    lent_paths_done(&made);
    return rc;
  }
  *ret_paths = made;
  return 0;
}

void lent_paths_done(lent_paths *paths) {
  for (uint32_t i = 0; i < paths->n; i++) {
    free(paths->paths[i]);
  }
  free((void *)paths->paths);
  *paths = (lent_paths){ 0 };
}

int lent_paths_send(const lent_paths *paths, int socket, wire_wait *wait, void *arg) {
  int rc = 0;
  for (uint32_t i = 0; rc == 0 && i < paths->n; i++) {
    int fd = host_file_descriptor(paths->paths[i]);
    rc = wire_send_file(socket, paths->paths[i], fd >= 0 ? fd : -1, fd >= 0 ? 0 : -fd, wait, arg);
    if (fd >= 0) {
      close(fd);
    }
  }
  return rc;
}

/* --- the child's side --- */

static int receive_one(lent_file *to, int socket, wire_body *scratch) {
  wire_frame frame = { .file = -1 };
  int rc = wire_receive(socket, scratch, &frame, NULL, NULL);
  if (rc != 0) {
    return rc;
  }
  bool good = frame.kind == WIRE_FILE && frame.len > 0 && frame.len < LENT_FILE_PATH_MAX;
  to->path = good ? strndup((const char *)frame.bytes, frame.len) : NULL;
  rc = !good ? -EBADMSG : to->path == NULL ? -ENOMEM : 0;
  if (rc == 0) {
    to->fd = frame.file >= 0 ? frame.file : -(int)frame.n;
    frame.file = -1;
  }
  wire_frame_done(&frame);
  return rc;
}

int lent_files_receive(lent_files *files, uint32_t n, int socket, wire_body *scratch) {
  int rc = n <= LENT_FILES_MAX ? 0 : -EBADMSG;
  files->n = 0;
  files->items = calloc(n + 1, sizeof *files->items);
  if (files->items == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    rc = receive_one(&files->items[i], socket, scratch);
    files->n += rc == 0;
  }
  return rc;
}

int lent_files_open(void *arg, const char *path) {
  const lent_files *files = arg;
  for (uint32_t i = 0; i < files->n; i++) {
    if (strcmp(files->items[i].path, path) == 0) {
      int fd = files->items[i].fd;
      int copy = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : fd;
      return copy >= 0 || fd < 0 ? copy : -errno;
    }
  }
  return -ENOENT; /* a data file may stand in either of two places: the other one was lent */
}

void lent_files_close(lent_files *files) {
  for (uint32_t i = 0; i < files->n; i++) {
    if (files->items[i].fd >= 0) {
      close(files->items[i].fd);
    }
    free(files->items[i].path);
  }
  free(files->items);
  *files = (lent_files){ 0 };
}
