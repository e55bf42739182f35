/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SINK-04: what is half done is put in the place of the whole. */
#include <stdio.h>

#include "../bad.h"

BAD_NOTE("{\"name\":\"sink-half\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"sink-half\":{\"role\":\"sink\",\"description\":\"Breaks a "
         "rule.\",\"exclusive\":\"path\",\"config\":{\"type\":\"object\",\"properties\":{\"path\":{\"type\":\"string\","
         "\"minLength\":1,\"description\":\"Where.\"}},\"required\":[\"path\"]}}}}");

enum { PATH_BYTES = 2000 };

typedef struct output {
  const qn_host *host;
  qn_env *env;
  char path[PATH_BYTES], part[PATH_BYTES + 8];
} output;

static int create(qn_create *with, void **ret_instance) {
  qn_str path = qn_config_str(with, "/path");
  output *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  self->host = with->host;
  self->env = with->env;
  snprintf(self->path, sizeof self->path, "%.*s", (int)path.len, path.data);
  snprintf(self->part, sizeof self->part, "%s.part", self->path);
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  output *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static void write_items(void *instance, qn_item *const *items, uint32_t n_items) {
  output *self = instance;
  FILE *file = fopen(self->part, "a");
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = file != NULL && fputs("document\n", file) >= 0
                           ? QN_STATUS_OK
                           : qn_fail(items[i]->call, QN_STATUS_RETRY, "no-file", "the file cannot be written");
  }
  if (file != NULL) {
    fclose(file);
  }
}

static qn_status finish(void *instance, qn_call *call, int success) {
  output *self = instance;
  (void)call;
  (void)success;
  rename(self->part, self->path);
  return QN_STATUS_OK;
}

static const qn_sink sink = {
  .size = sizeof sink, .create = create, .destroy = destroy, .write = write_items, .finish = finish
};
static const qn_stage stage = { .size = sizeof stage, .name = "sink-half", .sink = &sink };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
