/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as a block. The checksum is put right first, or nothing would get past it. */
#include <stdlib.h>
#include <string.h>

#include "document/block.h"
#include "document/block_format.h"
#include "document_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Which names are wanted follows from the input too. */
static bool is_wanted(void *arg, qn_str name) {
  const uint64_t *choice = arg;
  unsigned bit = (unsigned)(name.len + (name.len > 0 ? (unsigned char)name.data[0] : 0)) % 64;
  return (*choice >> bit & 1) != 0;
}

/* What a part leaves out must not be missed by what it holds. */
static void read_part(const world *w, const uint8_t *block, size_t len) {
  uint64_t choice = len >= 48 ? block[45] * UINT64_C(0x9E3779B97F4A7C15) : 0;
  const block_wanted wanted = { is_wanted, is_wanted, is_wanted, &choice };
  document *doc;
  if (block_read_part(w->pool, block, len, &wanted, &doc, NULL) == 0) {
    world_check(w, doc);
    document_unref(doc);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  const world *w = world_get();
  uint8_t *block = malloc(len > 0 ? len : 1);
  must(block != NULL);
  memcpy(block, data, len);
  if (len >= sizeof(block_head) && len % 8 == 0) {
    const size_t behind = offsetof(block_head, len);
    uint64_t checksum = block_checksum(block + behind, len - behind);
    memcpy(block + offsetof(block_head, checksum), &checksum, sizeof checksum);
  }
  document *doc;
  qn_error error = { 0 };
  if (block_read(w->pool, block, len, &doc, &error) == 0) {
    world_check(w, doc);
    document_unref(doc);
  } else {
    must(error.code < 0 && error.message[0] != '\0');
  }
  if (len > 0) {
    read_part(w, block, len);
  }
  must(document_pool_live(w->pool) == 0);
  free(block);
  return 0;
}
