/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes through all stages of the Arabic pipeline: a record, the same one twice, or an error with a message. The host checks
 * every layer that a stage makes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_BYTES_MAX = 1 << 16 };

static const char stages[] =
    "[{\"use\":\"decode\"},{\"use\":\"declutter\"},{\"use\":\"normalize\"},{\"use\":\"sentences\"},{\"use\":"
    "\"tokenize\"},"
    "{\"use\":\"entities\"},{\"use\":\"quotes\"},{\"use\":\"keyphrases\"},{\"use\":\"summarize\"}]";

/* The record of the bytes, or NULL; aborts if they were refused without a word. */
static char *record_of(harness *chain, const uint8_t *data, size_t size) {
  document *doc = harness_push(chain, data, size);
  if (doc == NULL) {
    if (harness_error(chain)->message[0] == '\0') {
      abort();
    }
    return NULL;
  }
  char *record = harness_record(chain, doc);
  document_unref(doc);
  return record;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static harness *chain;
  if (size > INPUT_BYTES_MAX) {
    return 0;
  }
  if (chain == NULL) {
    chain = harness_new(stages);
    harness_set_field(chain, "published", "2026-03-11");
  }
  char *first = record_of(chain, data, size);
  char *again = record_of(chain, data, size);
  if ((first == NULL) != (again == NULL) || (first != NULL && strcmp(first, again) != 0)) {
    abort();
  }
  free(first);
  free(again);
  return 0;
}
