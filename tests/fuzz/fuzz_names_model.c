/* SPDX-License-Identifier: Apache-2.0 */

/* Opens hostile trained models. The checksum is made right first: forging it is easy, and what is to be tested lies
 * behind it. In what opens, every search must end. */
#include <stdlib.h>
#include <string.h>

#include "entities/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ner_model model;
  const char *why = NULL;
  uint8_t *bytes = aligned_alloc(8, (size + 8) & ~(size_t)7);
  if (bytes == NULL) {
    return 0;
  }
  memcpy(bytes, data, size);
  if (size >= sizeof(model_header)) {
    model_header header;
    size_t begin = offsetof(model_header, checksum) + sizeof header.checksum;
    memcpy(&header, bytes, sizeof header);
    header.checksum = model_checksum(bytes + begin, size - begin);
    memcpy(bytes, &header, sizeof header);
  }
  if (model_open((qn_str){ (const char *)bytes, size }, &model, &why) == 0) {
    for (size_t i = 0; i + 8 <= size && i < 1024; i += 8) {
      uint64_t feature;
      memcpy(&feature, data + i, sizeof feature);
      const int8_t *weights = model_find(&model, feature);
      if (weights != NULL && (const uint8_t *)(weights + MODEL_ROW) > bytes + size) {
        abort();
      }
    }
  }
  free(bytes);
  return 0;
}
