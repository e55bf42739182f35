/* SPDX-License-Identifier: Apache-2.0 */

/* Files lent to stages: mapped read-only, shared with every other mapping of the file, until the stage is gone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/config_place.h"
#include "plugin/host_parts.h"

struct host_file {
  struct host_file *next;
  void *bytes; /* NULL: an empty file, which cannot be mapped */
  size_t len;
  struct stat was; /* when it was mapped */
  char path[];
};

int host_file_descriptor(const char *path) {
  /* O_NONBLOCK: a named pipe in the file's place must not hold us up. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return fd >= 0 ? fd : -errno;
}

/* Maps the whole file. 0 or the errno of what failed. */
static int map(const host_hooks *hooks, const char *path, struct host_file *file) {
  int fd = hooks->file_open != NULL ? hooks->file_open(hooks->arg, path) : host_file_descriptor(path);
  if (fd < 0) {
    return fd;
  }
  struct stat info = { 0 };
  int rc = 0;
  if (fstat(fd, &info) != 0) {
    rc = -errno;
  } else if (!S_ISREG(info.st_mode)) {
    rc = S_ISDIR(info.st_mode) ? -EISDIR : -EINVAL;
  } else if (info.st_size > 0) {
    void *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
    rc = bytes == MAP_FAILED ? -errno : 0;
    file->bytes = rc == 0 ? bytes : NULL;
    file->len = rc == 0 ? (size_t)info.st_size : 0;
  }
  file->was = info;
  close(fd);
  return rc;
}

static int file_lend(qn_create *create, const char *path, qn_str *ret_bytes) {
  size_t path_size = strlen(path) + 1;
  struct host_file *file = calloc(1, sizeof *file + path_size);
  if (file == NULL) {
    return -ENOMEM;
  }
  memcpy(file->path, path, path_size);
  int rc = map(create->env->hooks, path, file);
  if (rc != 0) {
    free(file);
    return rc;
  }
  file->next = create->env->files;
  create->env->files = file;
  *ret_bytes = (qn_str){ file->bytes != NULL ? file->bytes : "", file->len };
  return 0;
}

bool host_files_unchanged(const qn_env *env) {
  for (const struct host_file *file = env->files; file != NULL; file = file->next) {
    struct stat now;
    const struct stat *was = &file->was;
    if (stat(file->path, &now) != 0 || now.st_dev != was->st_dev || now.st_ino != was->st_ino ||
        now.st_size != was->st_size || now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
        now.st_mtim.tv_nsec != was->st_mtim.tv_nsec) {
      return false;
    }
  }
  return true;
}

uint64_t host_files_bytes(const qn_env *env) {
  uint64_t bytes = 0;
  for (const struct host_file *file = env->files; file != NULL; file = file->next) {
    bytes += file->len;
  }
  return bytes;
}

void host_files_close(qn_env *env) {
  while (env->files != NULL) {
    struct host_file *file = env->files;
    env->files = file->next;
    if (file->bytes != NULL) {
      munmap(file->bytes, file->len);
    }
    free(file);
  }
}

static bool is_declared(const manifest *from, const char *name) {
  for (uint32_t i = 0; i < from->n_data; i++) {
    if (strcmp(from->data[i], name) == 0) {
      return true;
    }
  }
  return false;
}

/* FOLDER/NAME.so has its data in FOLDER/NAME/; NAME/NAME.so may also have it beside it, as a manifest.json has. */
static int data_path(const manifest *from, const char *name, bool beside, char *ret_path, size_t capacity) {
  const char *slash = strrchr(from->path, '/');
  int folder_len = slash != NULL ? (int)(slash - from->path) : 1;
  const char *folder = slash != NULL ? from->path : ".";
  int wrote = beside ? snprintf(ret_path, capacity, "%.*s/%s", folder_len, folder, name)
                     : snprintf(ret_path, capacity, "%.*s/%s/%s", folder_len, folder, from->name, name);
  return wrote < 0 || (size_t)wrote >= capacity ? -ENAMETOOLONG : 0;
}

static bool is_beside_data(const manifest *from) {
  const char *slash = strrchr(from->path, '/');
  size_t len = strlen(from->name);
  size_t path_len = strlen(from->path);
  if (path_len > 5 && strcmp(from->path + path_len - 5, ".json") == 0) {
    return true; /* no .so: a harness read it */
  }
  if (slash == NULL || (size_t)(slash - from->path) <= len) {
    return false;
  }
  return slash[-(ptrdiff_t)len - 1] == '/' && strncmp(slash - len, from->name, len) == 0;
}

int host_data_find(const manifest *from, const char *name, char *ret_path, size_t capacity) {
  int rc = data_path(from, name, false, ret_path, capacity);
  if (rc == 0 && access(ret_path, F_OK) != 0 && is_beside_data(from)) {
    rc = data_path(from, name, true, ret_path, capacity);
  }
  return rc;
}

int host_data_open(qn_create *create, const char *name, qn_str *ret_bytes) {
  const manifest *from = create->env->info->manifest;
  qn_error *hint = &create_body(create)->hint;
  char path[PATH_MAX];
  if (!is_declared(from, name)) {
    return error_set(
        hint, -ENOENT, "undeclared-data",
        "it asked for the data file \"%.64s\", which its manifest does not list under \"data\": a fault of the "
        "plugin %s",
        name, from->path);
  }
  int rc = data_path(from, name, false, path, sizeof path);
  if (rc == 0) {
    rc = file_lend(create, path, ret_bytes);
  }
  if (rc == -ENOENT && is_beside_data(from) && data_path(from, name, true, path, sizeof path) == 0) {
    rc = file_lend(create, path, ret_bytes);
  }
  return rc == 0 ? 0
                 : error_set(hint, rc, "no-data-file", "its data file %s cannot be opened: %s; reinstall the plugin %s",
                             path, strerror(-rc), from->name);
}

int host_file_find(const char *base_folder, const char *name, char *ret_path, size_t capacity) {
  bool relative = name[0] != '/' && base_folder != NULL;
  int wrote = snprintf(ret_path, capacity, "%s%s%s", relative ? base_folder : "", relative ? "/" : "", name);
  return wrote < 0 || (size_t)wrote >= capacity ? -ENAMETOOLONG : 0;
}

int host_file_open(qn_create *create, const char *pointer, qn_str *ret_bytes) {
  const cJSON *schema = NULL, *value = NULL;
  qn_error *hint = &create_body(create)->hint;
  char path[PATH_MAX];
  if (config_at(create->env->info->config, create->env->config, pointer, &schema, &value) != 0) {
    return -ENOENT;
  }
  if (config_type_of(schema) != CONFIG_FILE || !cJSON_IsString(value)) {
    return error_set(hint, -EINVAL, "no-file-value",
                     "it opened the configuration value %.64s as a file, which its manifest does not give the type "
                     "\"file\": a fault of the plugin %s",
                     pointer, create->env->info->manifest->path);
  }
  const char *name = value->valuestring;
  if (host_file_find(create->env->base_folder, name, path, sizeof path) != 0) {
    return error_set(hint, -ENAMETOOLONG, "no-file", "the file name at %.64s is too long", pointer);
  }
  int rc = file_lend(create, path, ret_bytes);
  return rc == 0 ? 0
                 : error_set(hint, rc, "no-file", "%s (configured at %.64s) cannot be opened: %s", path, pointer,
                             strerror(-rc));
}
