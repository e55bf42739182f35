/* SPDX-License-Identifier: Apache-2.0 */

/* QN-CONFIG-02: create crashes for a value that its schema allows. */
#include "../bad.h"

BAD_NOTE(BAD_MANIFEST("1.0", "config-crashes",
                      ",\"config\":{\"type\":\"object\",\"properties\":{\"letter\":{\"type\":\"integer\",\"minimum\":0,"
                      "\"maximum\":10,\"default\":1,\"description\":\"Which.\"}}}"));

static int create(qn_create *with, void **ret_instance) {
  static const char letters[10] = "abcdefghi";
  int64_t n = qn_config_i64(with, "/letter", 0);
  *ret_instance = NULL;
  if (n > 9) {
    return *(volatile int *)(uintptr_t)n;
  }
  return letters[n] == 'z' ? with->host->create_fail(with, "no z", 4) : 0;
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("config-crashes");
