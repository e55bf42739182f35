/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SOURCE-03: it sleeps through interrupt. */
#include <unistd.h>

#include "letters.h"

BAD_NOTE("{\"name\":\"source-deaf\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"source-deaf\":{\"role\":\"source\",\"description\":\"Breaks a "
         "rule.\",\"call\":\"sync\"}}}");

static qn_status next(void *instance, qn_call *call) {
  place *self = instance;
  if (self->n++ < 1) {
    return emit_letter(call, 0, 'a') == 0 ? QN_STATUS_MORE : QN_STATUS_OK;
  }
  sleep(60);
  return QN_STATUS_OK;
}

static void interrupt(void *instance) {
  (void)instance;
}

static const qn_source source = {
  .size = sizeof source, .create = create, .destroy = destroy, .next = next, .interrupt = interrupt
};
static const qn_stage stage = { .size = sizeof stage, .name = "source-deaf", .source = &source };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
