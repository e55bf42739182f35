/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SOURCE-01: it counts backwards. */
#include <errno.h>

#include "letters.h"

BAD_NOTE("{\"name\":\"source-ordinals\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"source-ordinals\":{\"role\":\"source\",\"description\":\"Breaks a "
         "rule.\",\"call\":\"sync\"}}}");

static qn_status next(void *instance, qn_call *call) {
  place *self = instance;
  if (self->n++ == 5) {
    return QN_STATUS_OK;
  }
  int rc = emit_letter(call, 10 - self->n, 'a');
  if (rc == -ECANCELED) {
    return QN_STATUS_OK;
  }
  return rc == 0 ? QN_STATUS_MORE : qn_fail(call, QN_STATUS_FATAL, "no-room", "no room for a document");
}

static const qn_source source = { .size = sizeof source, .create = create, .destroy = destroy, .next = next };
static const qn_stage stage = { .size = sizeof stage, .name = "source-ordinals", .source = &source };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
