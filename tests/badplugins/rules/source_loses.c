/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SOURCE-05: what is refused for want of credit is lost. */
#include "letters.h"

BAD_NOTE("{\"name\":\"source-loses\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"source-loses\":{\"role\":\"source\",\"description\":\"Breaks a "
         "rule.\",\"call\":\"async\"}}}");

/* Emits what is left; a refused document counts as emitted. */
static void emit_all(place *self, qn_call *call) {
  while (self->n < 5) {
    int rc = emit_letter(call, self->n, 'a');
    self->n++;
    if (rc != 0) {
      break;
    }
  }
  if (self->n == 5) {
    self->n++;
    call->host->complete(call->env, call->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
}

static qn_status start(void *instance, qn_call *call) {
  emit_all(instance, call);
  return QN_STATUS_PENDING;
}

static void credit(void *instance, qn_call *call) {
  emit_all(instance, call);
}

static void stop(void *instance, qn_call *call) {
  place *self = instance;
  if (self->n < 6) {
    self->n = 6;
    call->host->complete(call->env, call->ticket, QN_STATUS_OK, NULL, NULL, 0);
  }
}

static const qn_source source = {
  .size = sizeof source, .create = create, .destroy = destroy, .start = start, .credit = credit, .stop = stop
};
static const qn_stage stage = { .size = sizeof stage, .name = "source-loses", .source = &source };
static const qn_stage *const stages[] = { &stage };
const qn_plugin qn_plugin_v1 = { .size = sizeof qn_plugin_v1, .n_stages = 1, .stages = stages };
