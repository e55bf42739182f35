/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SINK-02: a document that comes again is refused. */
#include "../bad.h"

BAD_NOTE("{\"name\":\"sink-once\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"sink-once\":{\"role\":\"sink\",\"description\":\"Breaks a "
         "rule.\",\"fields\":{\"reads\":[\"id\"]}}}}");

typedef struct seen {
  const qn_host *host;
  qn_env *env;
  uint32_t n;
  char ids[64][32];
} seen;

static int create(qn_create *with, void **ret_instance) {
  seen *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *self = (seen){ .host = with->host, .env = with->env };
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  seen *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static qn_status write_one(seen *self, qn_call *call) {
  qn_value id;
  if (call->host->field_get(call, QN_LIT("id"), &id) != 0 || id.type != QN_VALUE_STR || id.as.str.len >= 32) {
    return QN_STATUS_OK;
  }
  for (uint32_t i = 0; i < self->n; i++) {
    if (strlen(self->ids[i]) == id.as.str.len && memcmp(self->ids[i], id.as.str.data, id.as.str.len) == 0) {
      return qn_fail(call, QN_STATUS_REJECT, "seen", "it was written already");
    }
  }
  if (self->n < 64) {
    memcpy(self->ids[self->n], id.as.str.data, id.as.str.len);
    self->ids[self->n++][id.as.str.len] = '\0';
  }
  return QN_STATUS_OK;
}

static void write_items(void *instance, qn_item *const *items, uint32_t n_items) {
  for (uint32_t i = 0; i < n_items; i++) {
    items[i]->status = write_one(instance, items[i]->call);
  }
}

static const qn_sink sink = { .size = sizeof sink, .create = create, .destroy = destroy, .write = write_items };
static const qn_stage stage = { .size = sizeof stage, .name = "sink-once", .sink = &sink };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
