/* SPDX-License-Identifier: Apache-2.0 */

/* No rule broken: a data file was not installed, and create leaves the words to the host. */
#include "bad.h"

BAD_NOTE(
    "{\"name\":\"data-missing\",\"version\":\"1.0\",\"license\":\"Apache-2.0\",\"description\":\"d\",\"abi\":\"1.0\","
    "\"data\":[\"words.bin\"],\"stages\":{\"data-missing\":{\"role\":\"transform\",\"description\":\"d\"}}}");

static int create(qn_create *with, void **ret_instance) {
  qn_str bytes;
  (void)ret_instance;
  return with->host->data_open(with, "words.bin", &bytes);
}

static void destroy(void *instance) {
  (void)instance;
}

BAD_PROCESS_OK
BAD_DESCRIPTOR("data-missing");
