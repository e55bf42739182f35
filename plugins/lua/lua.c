/* SPDX-License-Identifier: Apache-2.0 */

/* The lua stage: reads its configuration, proves once that the script loads, and gives each worker a state of its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lua/engine.h"

enum { POINTER_MAX = 300, MESSAGE_MAX = 1200 };

static int create_fail(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, qn_cstr_len(text));
}

/* --- configuration --- */

static void free_entries(script_entry *entries, uint32_t n, bool owns_values) {
  for (uint32_t i = 0; i < n; i++) {
    free((void *)(uintptr_t)entries[i].name.data);
    if (owns_values) {
      free((void *)(uintptr_t)entries[i].value.data);
    }
  }
  free(entries);
}

static void script_free(script *self) {
  if (self == NULL) {
    return;
  }
  free_entries(self->settings, self->n_settings, true);
  free_entries(self->files, self->n_files, false);
  shapes_done(&self->shapes);
  free(self->name);
  free(self);
}

static int copy(qn_str from, qn_str *ret_copy) {
  char *bytes = malloc(from.len + 1);
  if (bytes == NULL) {
    return -ENOMEM;
  }
  if (from.len > 0) {
    memcpy(bytes, from.data, from.len);
  }
  bytes[from.len] = '\0';
  *ret_copy = (qn_str){ bytes, from.len };
  return 0;
}

/* The JSON pointer of a member, whose name may hold "/" and "~". False if it is too long. */
static bool point(char *pointer, const char *object, qn_str name) {
  size_t n = strlen(object);
  memcpy(pointer, object, n);
  pointer[n++] = '/';
  for (size_t i = 0; i < name.len; i++) {
    bool is_escaped = name.data[i] == '/' || name.data[i] == '~';
    if (n + 3 >= POINTER_MAX) {
      return false;
    }
    if (is_escaped) {
      pointer[n++] = '~';
    }
    pointer[n++] = !is_escaped ? name.data[i] : name.data[i] == '/' ? '1' : '0';
  }
  pointer[n] = '\0';
  return true;
}

/* Reads one member's value; the names of settings and files are copied, since they hold only until create returns. */
typedef int (*value_reader)(qn_create *create, const char *pointer, qn_str *ret_value);

static int read_setting(qn_create *create, const char *pointer, qn_str *ret_value) {
  return copy(qn_config_str(create, pointer), ret_value);
}

static int read_file(qn_create *create, const char *pointer, qn_str *ret_value) {
  int rc = create->host->file_open(create, pointer, ret_value);
  if (rc != 0 && rc != -ENOMEM) {
    char text[POINTER_MAX + 80];
    snprintf(text, sizeof text, "the file at %s cannot be read: %s", pointer, strerror(-rc));
    return create_fail(create, text);
  }
  return rc;
}

static int read_entries(qn_create *create, const char *object, value_reader read, script_entry **ret_entries,
                        uint32_t *n_entries) {
  qn_value members;
  char pointer[POINTER_MAX];
  if (create->host->config_get(create, object, &members) != 0 || members.as.i64 == 0) {
    return 0;
  }
  *ret_entries = calloc((size_t)members.as.i64, sizeof **ret_entries);
  if (*ret_entries == NULL) {
    return -ENOMEM;
  }
  for (uint32_t i = 0; i < (uint32_t)members.as.i64; i++) {
    qn_str name;
    script_entry *entry = &(*ret_entries)[i];
    if (create->host->config_key(create, object, i, &name) != 0 || !point(pointer, object, name)) {
      return create_fail(create, "a name under \"settings\" or \"files\" is longer than 200 bytes");
    }
    int rc = copy(name, &entry->name);
    if (rc != 0) {
      return rc;
    }
    ++*n_entries;
    rc = read(create, pointer, &entry->value);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static int read_source(script *self, qn_create *create) {
  char text[MESSAGE_MAX];
  qn_str path = qn_config_str(create, "/script"), name = { NULL, 0 };
  int rc = copy(path, &name);
  self->name = (char *)(uintptr_t)name.data;
  rc = rc == 0 ? create->host->file_open(create, "/script", &self->source) : rc;
  if (rc != 0 && rc != -ENOMEM) {
    snprintf(text, sizeof text, "%.500s: %s; \"script\" is relative to the pipeline file", self->name, strerror(-rc));
    return create_fail(create, text);
  }
  return rc;
}

static int read_config(script *self, qn_create *create) {
  int rc = read_source(self, create);
  rc = rc == 0 ? read_entries(create, "/settings", read_setting, &self->settings, &self->n_settings) : rc;
  rc = rc == 0 ? read_entries(create, "/files", read_file, &self->files, &self->n_files) : rc;
  rc = rc == 0 ? shapes_open_all(create, &self->shapes, &self->n_read) : rc;
  self->instructions = qn_config_i64(create, "/instructions", 10000000);
  self->memory_bytes = (size_t)qn_config_i64(create, "/memory_mib", 64) << 20;
  return rc;
}

/* --- the stage --- */

static void lua_destroy(void *instance) {
  script_free(instance);
}

static int lua_create(qn_create *create, void **ret_instance) {
  char message[MESSAGE_MAX] = "";
  engine *tried = NULL;
  script *self = calloc(1, sizeof *self);
  if (self == NULL) {
    return create_fail(create, "no memory for the script");
  }
  self->host = create->host;
  self->env = create->env;
  int rc = read_config(self, create);
  if (rc == 0) {
    rc = engine_new(self, create->env, create->host, &tried, message, sizeof message);
    engine_free(tried);
    rc = rc != 0 ? create_fail(create, message) : 0;
  } else if (rc == -ENOMEM) {
    rc = create_fail(create, "no memory for the script");
  }
  if (rc != 0) {
    script_free(self);
    return rc;
  }
  *ret_instance = self;
  return 0;
}

static int lua_context_open(void *instance, qn_env *env, const qn_host *host, void **ret_context) {
  char message[MESSAGE_MAX] = "";
  engine *made = NULL;
  int rc = engine_new(instance, env, host, &made, message, sizeof message);
  if (rc != 0) {
    host->log(env, QN_LOG_ERROR, message, strlen(message));
    return rc;
  }
  *ret_context = made;
  return 0;
}

static void lua_context_close(void *context) {
  engine_free(context);
}

static qn_status lua_process(void *instance, void *context, qn_call *call) {
  (void)instance;
  return engine_process(context, call);
}

static const qn_transform transform = {
  .size = sizeof(qn_transform),
  .create = lua_create,
  .destroy = lua_destroy,
  .context_open = lua_context_open,
  .context_close = lua_context_close,
  .process = lua_process,
};

static const qn_stage stage = { .size = sizeof(qn_stage), .name = "lua", .transform = &transform };
static const qn_stage *const stages[] = { &stage };

const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
