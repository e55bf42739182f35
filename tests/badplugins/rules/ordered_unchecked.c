/* SPDX-License-Identifier: Apache-2.0 */

/* QN-LIFE-08: an ordered stage that does not look whether its field was taken. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "ordered-unchecked", ",\"concurrency\":\"ordered\",\"fields\":{\"writes\":[\"number\"]}"));

typedef struct counter {
  const qn_host *host;
  qn_env *env;
  int64_t n;
} counter;

static int create(qn_create *with, void **ret_instance) {
  counter *self = with->host->alloc(with->env, sizeof *self);
  if (self == NULL) {
    return with->host->create_fail(with, "no memory", 9);
  }
  *self = (counter){ with->host, with->env, 0 };
  *ret_instance = self;
  return 0;
}

static void destroy(void *instance) {
  counter *self = instance;
  if (self != NULL) {
    self->host->release(self->env, self);
  }
}

static qn_status process(void *instance, void *context, qn_call *call) {
  counter *self = instance;
  (void)context;
  const qn_value number = { .type = QN_VALUE_I64, .as = { .i64 = self->n } };
  call->host->field_set(call, QN_LIT("number"), &number);
  self->n++;
  return QN_STATUS_OK;
}

BAD_DESCRIPTOR("ordered-unchecked");
