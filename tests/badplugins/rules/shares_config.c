/* SPDX-License-Identifier: Apache-2.0 */

/* QN-SAME-05: instances share what one of them was told. */
#include "../bad.h"

BAD_NOTE(
    BAD_MANIFEST("1.0", "shares-config",
                 ",\"fields\":{\"writes\":[\"n\"]},\"config\":{\"type\":\"object\",\"properties\":{\"factor\":{"
                 "\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":1,\"description\":\"How much.\"}}}"));

static int64_t factor;

static int create(qn_create *with, void **ret_instance) {
  *ret_instance = NULL;
  factor = qn_config_i64(with, "/factor", 1);
  return 0;
}

static void destroy(void *instance) {
  (void)instance;
}

static qn_status process(void *instance, void *context, qn_call *call) {
  (void)instance;
  (void)context;
  const qn_value value = { .type = QN_VALUE_I64, .as = { .i64 = factor } };
  return call->host->field_set(call, QN_LIT("n"), &value) == 0
             ? QN_STATUS_OK
             : qn_fail(call, QN_STATUS_RETRY, "no-room", "no room for a field");
}

BAD_DESCRIPTOR("shares-config");
