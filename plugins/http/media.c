/* SPDX-License-Identifier: Apache-2.0 */

/* Types and codings by their names. */
#include "http/media.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

static bool is_printable(const char *text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if ((text[i] < ' ' && text[i] != '\t') || text[i] == 127 || (unsigned char)text[i] >= 128) {
      return false;
    }
  }
  return true;
}

/* The bytes of the first word, which space or ';' ends. */
static size_t word_len(const char *text) {
  return strcspn(text, "; \t");
}

media_kind media_kind_of(const char *content_type) {
  static const struct {
    const char *name;
    media_kind kind;
  } known[] = {
    { "text/plain", MEDIA_TEXT },
    { "text/html", MEDIA_HTML },
    { "application/xhtml+xml", MEDIA_HTML },
    { "application/json", MEDIA_JSON },
    { "application/x-ndjson", MEDIA_LINES },
    { "application/ndjson", MEDIA_LINES },
    { "application/jsonl", MEDIA_LINES },
    { "application/x-jsonlines", MEDIA_LINES },
    { "application/jsonlines", MEDIA_LINES },
  };
  if (content_type == NULL || strnlen(content_type, MEDIA_TYPE_MAX + 1) > MEDIA_TYPE_MAX ||
      !is_printable(content_type, strlen(content_type))) {
    return MEDIA_UNKNOWN;
  }
  size_t len = word_len(content_type);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    if (strlen(known[i].name) == len && strncasecmp(known[i].name, content_type, len) == 0) {
      return known[i].kind;
    }
  }
  return MEDIA_UNKNOWN;
}

unpack_coding media_coding_of(const char *content_encoding) {
  static const struct {
    const char *name;
    unpack_coding coding;
  } known[] = { { "", CODING_NONE },
                { "identity", CODING_NONE },
                { "gzip", CODING_GZIP },
                { "x-gzip", CODING_GZIP },
                { "zstd", CODING_ZSTD } };
  for (size_t i = 0; content_encoding != NULL && i < sizeof known / sizeof known[0]; i++) {
    if (strcasecmp(known[i].name, content_encoding) == 0) {
      return known[i].coding;
    }
  }
  return content_encoding == NULL ? CODING_NONE : CODING_UNKNOWN;
}
