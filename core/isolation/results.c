/* SPDX-License-Identifier: Apache-2.0 */

/* What a child says of the documents it was given: nothing of it is believed before it is bounded, and nothing gets into a
 * document that the stage may not put there. */
#include "isolation/results.h"

#include <errno.h>
#include <string.h>

#include "document/block_part.h"
#include "plugin/host_parts.h"

/* One answer, held to what it may say. -EBADMSG: it is none. */
static int read_one(const wire_frame *from, const stage_layout *layout, size_t *at, child_item *item) {
  wire_result head;
  if (from->len - *at < sizeof head) {
    return -EBADMSG;
  }
  memcpy(&head, from->bytes + *at, sizeof head);
  *at += sizeof head;
  size_t words = wire_align((size_t)head.slug_len + head.message_len);
  bool is_failure = head.status >= QN_STATUS_RETRY && head.status <= QN_STATUS_FATAL;
  bool good = head.slug_len <= WIRE_SLUG_MAX && head.message_len <= WIRE_MESSAGE_MAX && words <= from->len - *at &&
              head.block_bytes <= from->len - *at - words &&
              (head.status == QN_STATUS_OK || (head.block_bytes == 0 && (is_failure || head.status == QN_STATUS_DROP)));
  if (!good) {
    return -EBADMSG;
  }
  const char *text = (const char *)from->bytes + *at;
  const unsigned char *block = from->bytes + *at + words;
  *at += words + head.block_bytes;
  if (head.status == QN_STATUS_OK) {
    int rc = block_part_read(item->document, layout, block, head.block_bytes, &item->error);
    item->status = rc == 0 ? QN_STATUS_OK : QN_STATUS_REJECT;
    return 0;
  }
  char slug[WIRE_SLUG_MAX + 1] = { 0 };
  memcpy(slug, text, head.slug_len);
  host_words_copy(&item->error, -ECANCELED, slug, "failed", text + head.slug_len, head.message_len);
  if (is_failure && item->error.message[0] == '\0') {
    error_set(&item->error, -EPROTO, "no-message", "the stage's process gave no reason");
  }
  item->status = head.status;
  return 0;
}

int results_read(const wire_frame *from, const stage_layout *layout, child_item *items, uint32_t n,
                 uint32_t *ret_n_done) {
  int rc = from->kind == WIRE_DONE && from->n == n ? 0 : -EBADMSG;
  size_t at = 0;
  for (uint32_t i = 0; rc == 0 && i < n; i++) {
    rc = read_one(from, layout, &at, &items[i]);
    *ret_n_done += rc == 0;
  }
  return rc == 0 && at != from->len ? -EBADMSG : rc;
}
