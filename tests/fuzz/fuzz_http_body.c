/* SPDX-License-Identifier: Apache-2.0 */

/* Bodies of requests: unpacked within the limit, and taken apart into documents that lie inside them. The first byte chooses the coding and
 * the form; what a body holds must not depend on how it was packed. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "http/json_documents.h"
#include "http/media.h"
#include "text/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BODY_MAX = 1 << 16, DOCUMENTS_MAX = 50 };

static const json_rules rules = {
  .members = { "text", "id", "media_type", "title", "published", "byline", "language", "url", "keep", "a.b", "a.c.d",
               "text.x" },
  .n_members = 12,
  .max_depth = 8,
  .max_values = 100,
  .max_documents = DOCUMENTS_MAX,
};

static void expect(int holds) {
  if (!holds) {
    abort();
  }
}

static void check_text(qn_str text, const char *body, size_t len) {
  if (text.len > 0) {
    expect(text.data >= body && text.data + text.len <= body + len);
    expect(utf8_valid_prefix((const uint8_t *)text.data, text.len) == text.len);
    expect(memchr(text.data, '\0', text.len) == NULL);
  }
}

static void check_draft(const drafts *all, const draft *it, const char *body, size_t len) {
  expect((it->slug == NULL) == (it->detail == NULL));
  if (it->slug != NULL) {
    return;
  }
  check_text(it->text, body, len);
  check_text(it->id, body, len);
  check_text(it->media_type, body, len);
  expect(it->id.len <= DRAFT_ID_MAX && it->first_field + it->n_fields <= all->n_fields);
  size_t bytes = 0;
  for (uint32_t i = 0; i < it->n_fields; i++) {
    const draft_field *field = &all->fields[it->first_field + i];
    expect(field->name != NULL);
    if (field->value.type == QN_VALUE_STR) {
      check_text(field->value.as.str, body, len);
      bytes += field->value.as.str.len;
    }
  }
  expect(bytes <= DRAFT_FIELDS_MAX);
}

/* A checksum over the documents of a copy of the body. */
static uint64_t read_documents(const char *bytes, size_t len, int lines) {
  char *body = malloc(len + 1); /* its end is where a sanitizer sees it */
  drafts found = { 0 };
  uint64_t sum = 1;
  expect(body != NULL);
  memcpy(body, bytes, len);
  int rc = json_documents_read(&rules, body, len, lines, &found);
  expect(rc == 0 || rc == -E2BIG);
  expect(found.n <= DOCUMENTS_MAX && (lines || rc != 0 || found.n == 1));
  for (uint32_t i = 0; i < found.n; i++) {
    const draft *it = &found.all[i];
    check_draft(&found, it, body, len);
    sum = sum * 31 + it->line * 7 + it->n_fields * 3 + it->text.len + (it->slug != NULL ? (uint64_t)it->slug[0] : 0);
  }
  drafts_done(&found);
  free(body);
  return sum + (uint64_t)-rc;
}

/* The same body, packed here, gives the same documents. */
static void check_packed(const char *bytes, size_t len, int lines, uint64_t sum) {
  uLong bound = compressBound((uLong)len) + 64;
  Bytef *packed = malloc(bound);
  z_stream stream = { 0 };
  char *again = NULL;
  size_t again_len = 0;
  expect(packed != NULL && deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  stream.next_in = (Bytef *)(uintptr_t)bytes;
  stream.avail_in = (uInt)len;
  stream.next_out = packed;
  stream.avail_out = (uInt)bound;
  expect(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  size_t packed_len = bound - stream.avail_out;
  deflateEnd(&stream);
  expect(unpack(CODING_GZIP, (const char *)packed, packed_len, len, &again, &again_len) == 0 && again_len == len);
  expect(read_documents(again, again_len, lines) == sum);
  free(again);
  if (len > 0) {
    expect(unpack(CODING_GZIP, (const char *)packed, packed_len, len - 1, &again, &again_len) == -EFBIG);
    expect(unpack(CODING_GZIP, (const char *)packed, packed_len - 1, len, &again, &again_len) == -EBADMSG);
  }
  free(packed);
}

static void check_names(const char *bytes, size_t len) {
  char *name = strndup(bytes, len);
  expect(name != NULL && media_kind_of(name) <= MEDIA_LINES && media_coding_of(name) <= CODING_UNKNOWN);
  free(name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1 || size > BODY_MAX) {
    return 0;
  }
  int lines = (data[0] & 1) != 0;
  unpack_coding coding = (unpack_coding)((data[0] >> 1) % 3);
  const char *bytes = (const char *)data + 1;
  size_t len = size - 1;
  if (coding == CODING_NONE) {
    check_names(bytes, len);
    check_packed(bytes, len, lines, read_documents(bytes, len, lines));
    return 0;
  }
  char *body = NULL;
  size_t body_len = 0;
  int rc = unpack(coding, bytes, len, BODY_MAX, &body, &body_len);
  expect(rc == 0 || rc == -EBADMSG || rc == -EFBIG);
  if (rc == 0) {
    expect(body != NULL && body_len <= BODY_MAX);
    read_documents(body, body_len, lines);
    free(body);
  }
  return 0;
}
