/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SOURCE-05: what is refused for want of credit is lost. */
#include "../bad.h"

BAD_NOTE("{\"name\":\"source-loses\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"Breaks a "
         "rule.\",\"abi\":\"1.0\",\"stages\":{\"source-loses\":{\"role\":\"source\",\"description\":\"Breaks a "
         "rule.\",\"call\":\"async\"}}}");

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
