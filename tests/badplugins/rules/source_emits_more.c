/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SOURCE-02: it commits more than it reserved. */
#include <errno.h>

#include "letters.h"

BAD_NOTE("{\"name\":\"source-emits-more\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"source-emits-more\":{\"role\":\"source\",\"description\":\"Breaks a "
         "rule.\",\"call\":\"sync\"}}}");

static qn_status next(void *instance, qn_call *call) {
  place *self = instance;
  uint8_t *room;
  const qn_emit named = { .source = QN_LIT("letters"), .ordinal = self->n };
  if (self->n++ == 5) {
    return QN_STATUS_OK;
  }
  int rc = call->host->emit_reserve(call, 1, &room);
  if (rc == -ECANCELED) {
    return QN_STATUS_OK;
  }
  if (rc != 0 || call->host->emit_commit(call, 4096, &named) != 0) {
    return qn_fail(call, QN_STATUS_FATAL, "no-room", "no room for a document");
  }
  return QN_STATUS_MORE;
}

static const qn_source source = { .size = sizeof source, .create = create, .destroy = destroy, .next = next };
static const qn_stage stage = { .size = sizeof stage, .name = "source-emits-more", .source = &source };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
