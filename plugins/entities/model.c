/* SPDX-License-Identifier: Apache-2.0 */

/* Opens the trained model. */
#include "entities/model.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "entities/lexicon.h"

uint64_t model_checksum(const void *bytes, size_t len) {
  return lexicon_checksum(bytes, len);
}

static const char *fault_of(qn_str bytes, const model_header *header) {
  size_t begin = offsetof(model_header, checksum) + sizeof header->checksum;
  if (header->magic != MODEL_MAGIC) {
    return "it is no model of names";
  }
  if (header->version != MODEL_VERSION) {
    return "it is of another version";
  }
  if (header->slots_log2 < 3 || header->slots_log2 > MODEL_SLOTS_LOG2_MAX || header->file_size != bytes.len ||
      bytes.len != sizeof *header + ((size_t)1 << header->slots_log2) * sizeof(model_slot)) {
    return "its size is not the one it tells";
  }
  if (model_checksum(bytes.data + begin, bytes.len - begin) != header->checksum) {
    return "its checksum is wrong";
  }
  if (header->steps == 0 || header->steps > 1024) {
    return "its weights are in no known unit";
  }
  return NULL;
}

/* The slots in use; were all of them, a search for what is not there would not end. */
static uint32_t count_used(const model_slot *slots, uint32_t n) {
  uint32_t n_used = 0;
  for (uint32_t i = 0; i < n; i++) {
    n_used += slots[i].print != 0;
  }
  return n_used;
}

int model_open(qn_str bytes, ner_model *ret_model, const char **ret_why) {
  const model_header *header = (const void *)bytes.data;
  if (bytes.len < sizeof *header || ((uintptr_t)bytes.data & 7) != 0) {
    *ret_why = "it is cut off";
    return -EINVAL;
  }
  const char *why = fault_of(bytes, header);
  if (why != NULL) {
    *ret_why = why;
    return -EINVAL;
  }
  const model_slot *slots = (const void *)(bytes.data + sizeof *header);
  uint32_t n = 1u << header->slots_log2;
  if (count_used(slots, n) != header->n_used || header->n_used > n - n / 8) {
    *ret_why = "its table is too full";
    return -EINVAL;
  }
  *ret_model = (ner_model){ header, slots, n - 1 };
  return 0;
}
