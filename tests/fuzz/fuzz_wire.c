/* SPDX-License-Identifier: Apache-2.0 */

/* What a stage's process may send: any bytes as frames through a socket, or as the body of an answer to a batch. Checksums in
 * an answer are put right first, or nothing would get past them. The first byte chooses. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "document/block.h"
#include "document/block_format.h"
#include "document_world.h"
#include "isolation/results.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { DOCUMENTS_MAX = 4, SOCKET_MAX = 1 << 16 };

/* A stage that reads the text, makes a view and two layers, and writes any field. */
static stage_layout layout_of(const world *w) {
  stage_layout layout = {
    .view_reads = SCHEMA_VIEW_TEXT, .view_provides = WORLD_CONTENT, .n_layers = 2, .may_set_any_field = 1
  };
  layout.layer_slot[0] = (uint8_t)schema_set_find(w->set, "token/1");
  layout.layer_slot[1] = (uint8_t)w->all;
  layout.layer_access[0] = layout.layer_access[1] = LAYER_PROVIDES;
  return layout;
}

static document *document_of(const world *w) {
  static const char text[] = "one two three";
  const stage_layout layout = { .view_reads = SCHEMA_VIEW_PAYLOAD, .view_provides = SCHEMA_VIEW_TEXT };
  document *doc = NULL;
  uint8_t *room = NULL;
  qn_error error = { 0 };
  must(document_new(w->pool, &doc) == 0);
  must(document_payload_reserve(doc, sizeof text - 1, &room) == 0);
  memcpy(room, text, sizeof text - 1);
  must(document_payload_commit(doc, sizeof text - 1) == 0);
  builder_begin(w->builder, doc, &layout);
  must(builder_view_alias(w->builder, (qn_span){ 0, sizeof text - 1 }) == 0 && builder_seal(w->builder, &error) == 0);
  return doc;
}

static void read_answer(const world *w, const wire_frame *frame, uint32_t n) {
  const stage_layout layout = layout_of(w);
  child_item items[DOCUMENTS_MAX] = { 0 };
  uint32_t n_done = 0;
  for (uint32_t i = 0; i < n; i++) {
    items[i] = (child_item){ .document = document_of(w), .status = -1 };
  }
  size_t untouched = block_size(items[n - 1].document);
  int rc = results_read(frame, &layout, items, n, &n_done);
  must(n_done <= n && (rc == 0 ? n_done == n : 1));
  for (uint32_t i = 0; i < n; i++) {
    must(i < n_done ? items[i].status >= 0 : items[i].status == -1);
    must(items[i].status <= QN_STATUS_DROP || items[i].error.message[0] != '\0');
    must(items[i].status == QN_STATUS_OK || block_size(items[i].document) == untouched);
    world_check(w, items[i].document);
    document_unref(items[i].document);
  }
}

/* Every part that lies whole in the body. */
static void fix_checksums(unsigned char *body, size_t len) {
  const size_t behind = offsetof(block_head, len);
  for (size_t at = 0; len - at >= sizeof(wire_result);) {
    wire_result head;
    memcpy(&head, body + at, sizeof head);
    at += sizeof head;
    size_t words = wire_align((size_t)head.slug_len + head.message_len);
    if (words > len - at || head.block_bytes > len - at - words) {
      return;
    }
    unsigned char *block = body + at + words;
    if (head.block_bytes >= sizeof(block_head)) {
      uint64_t checksum = block_checksum(block + behind, head.block_bytes - behind);
      memcpy(block + offsetof(block_head, checksum), &checksum, sizeof checksum);
    }
    at += words + head.block_bytes;
  }
}

/* As a process would send them, which then is gone. */
static void read_frames(const world *w, const uint8_t *data, size_t len) {
  int ends[2];
  wire_body scratch = { 0 };
  wire_frame frame;
  must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  must(write(ends[1], data, len) == (ssize_t)len);
  close(ends[1]);
  while (wire_receive(ends[0], &scratch, &frame, NULL, NULL) == 0) {
    if (frame.kind == WIRE_DONE && frame.n > 0 && frame.n <= DOCUMENTS_MAX) {
      read_answer(w, &frame, frame.n);
    }
    wire_frame_done(&frame);
  }
  close(ends[0]);
  wire_body_done(&scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  const world *w = world_get();
  if (len == 0 || len > SOCKET_MAX) {
    return 0;
  }
  unsigned char *body = malloc(len); /* of its own, so that a read behind it is seen; aligned as blocks are */
  must(body != NULL);
  memcpy(body, data + 1, len - 1);
  if (data[0] % 2 == 0) {
    read_frames(w, body, len - 1);
  } else {
    uint32_t n = 1 + data[0] / 2 % DOCUMENTS_MAX;
    fix_checksums(body, len - 1);
    const wire_frame frame = { .kind = WIRE_DONE, .n = n, .bytes = body, .len = len - 1, .file = -1 };
    read_answer(w, &frame, n);
  }
  must(document_pool_live(w->pool) == 0);
  free(body);
  return 0;
}
