/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SOURCE-06: the same input gives other documents the next time. */
#include <errno.h>

#include "../bad.h"

BAD_NOTE("{\"name\":\"source-changes\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"source-changes\":{\"role\":\"source\",\"description\":\"Breaks a "
         "rule.\",\"call\":\"sync\"}}}");

/* Where reading is. */
typedef struct place {
  const qn_host *host;
  qn_env *env;
  uint64_t n;
} place;

static int create(qn_create *with, void **ret_instance) {
  place *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *self = (place){ with->host, with->env, 0 };
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  place *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

/* Emits one document of one letter. 0 or a negative errno. */
static int emit_letter(qn_call *call, uint64_t ordinal, char letter) {
  uint8_t *room;
  const qn_emit named = { .source = QN_LIT("letters"), .ordinal = ordinal, .cookie = ordinal };
  int rc = call->host->emit_reserve(call, 1, &room);
  if (rc != 0) {
    return rc;
  }
  room[0] = (uint8_t)letter;
  return call->host->emit_commit(call, 1, &named);
}

static char first = 'a';

static qn_status next(void *instance, qn_call *call) {
  place *self = instance;
  if (self->n++ == 5) {
    return QN_STATUS_OK;
  }
  int rc = emit_letter(call, self->n, first++);
  if (rc == -ECANCELED) {
    return QN_STATUS_OK;
  }
  return rc == 0 ? QN_STATUS_MORE : qn_fail(call, QN_STATUS_FATAL, "no-room", "no room for a document");
}

static const qn_source source = { .size = sizeof source, .create = create, .destroy = destroy, .next = next };
static const qn_stage stage = { .size = sizeof stage, .name = "source-changes", .source = &source };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
