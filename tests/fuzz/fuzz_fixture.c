/* SPDX-License-Identifier: Apache-2.0 */

/* Fixtures of the harness: any text makes a document or is refused with a reason, and a document that was made is the same when it
 * is written and read again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "qanat/harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Opened anew for each input: what one leaves behind is no other's matter. */
static qn_harness *open_subject(void) {
  const qn_harness_options options = {
    .plugin = &qn_plugin_v1, .manifest = SUBJECT_FOLDER "/manifest.json", .stage = "pairs", .document_bytes = 1 << 20
  };
  qn_harness *harness = NULL;
  if (qn_harness_open(&options, &harness, NULL, 0) != 0) {
    abort();
  }
  return harness;
}

static void read_again(qn_harness *harness, const char *dump) {
  qn_harness_doc *doc = NULL;
  if (qn_harness_doc_json(harness, dump, strlen(dump), &doc, NULL, 0) != 0) {
    abort();
  }
  char *other = qn_harness_doc_dump(doc);
  if (other == NULL || strcmp(dump, other) != 0) {
    abort();
  }
  free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  qn_harness *harness = open_subject();
  qn_harness_doc *doc = NULL;
  char said[1200] = "";
  int rc = qn_harness_doc_json(harness, (const char *)data, size, &doc, said, sizeof said);
  if (rc != 0 && said[0] == '\0') {
    abort();
  }
  if (rc == 0) {
    char *dump = qn_harness_doc_dump(doc);
    if (dump == NULL) {
      abort();
    }
    read_again(harness, dump);
    free(dump);
  }
  if (qn_harness_close(harness, NULL, 0) != 0) {
    abort();
  }
  return 0;
}
