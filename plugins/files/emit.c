/* SPDX-License-Identifier: Apache-2.0 */

/* Turns what was read into documents: a whole file, a line of JSON, or a rejection. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "files/json_pick.h"
#include "files/source.h"
#include "text/utf8.h"

enum {
  DOCUMENT_MAX = 1 << 30, /* the ABI's bound on a payload */
  FIRST_CAPACITY = 1 << 16,
  NAME_MAX_BYTES = 4096,
  ID_MAX_BYTES = 256,
  LANGUAGE_MAX_BYTES = 35 /* the longest BCP 47 tag that needs no private parts */
};

const char *const files_member_fields[MEMBER_KEPT] = {
  [MEMBER_TITLE] = "title",   [MEMBER_PUBLISHED] = "published",
  [MEMBER_BYLINE] = "byline", [MEMBER_LANGUAGE] = "language",
  [MEMBER_URL] = "url",
};

char *files_clean(const char *bytes, size_t len, size_t *ret_len) {
  char *clean = malloc(len * 3 + 1);
  char *to = clean;
  if (clean == NULL) {
    return NULL;
  }
  for (size_t at = 0; at < len;) {
    uint32_t n;
    uint32_t code = utf8_decode((const uint8_t *)bytes + at, len - at, &n);
    to += utf8_encode(code == UTF8_INVALID || code == 0 ? 0xFFFD : code, (uint8_t *)to);
    at += n;
  }
  *to = '\0';
  if (ret_len != NULL) {
    *ret_len = (size_t)(to - clean);
  }
  return clean;
}

static qn_emit emit_of(const files_source *source, uint64_t ordinal) {
  qn_emit emit = { .source = { source->name, strlen(source->name) }, .ordinal = ordinal };
  if (emit.source.len > NAME_MAX_BYTES) {
    emit.source.len = NAME_MAX_BYTES;
    while (!utf8_is_lead((uint8_t)emit.source.data[emit.source.len])) {
      emit.source.len--;
    }
  }
  return emit;
}

int files_reject(files_source *source, qn_call *call, uint64_t ordinal, const char *slug, const char *text) {
  qn_emit emit = emit_of(source, ordinal);
  size_t len;
  char *clean = files_clean(text, strlen(text), &len);
  if (clean == NULL) {
    return -ENOMEM;
  }
  int rc = call->host->emit_reject(call, &emit, slug, clean, len);
  free(clean);
  return rc;
}

static int reject_large(files_source *source, qn_call *call, uint64_t ordinal, uint64_t bytes) {
  char text[256];
  snprintf(text, sizeof text,
           "the document has %" PRIu64 " bytes, more than limits.document_bytes allows; raise it in the pipeline, up "
           "to %d",
           bytes, DOCUMENT_MAX);
  return files_reject(source, call, ordinal, "document-too-large", text);
}

/* --- whole files --- */

/* Reads a file of known size straight into its payload. */
static int emit_sized(files_source *source, qn_call *call, file_input *input, qn_emit *emit) {
  uint8_t *payload;
  size_t size = input_size(input), filled = 0;
  int rc = size > DOCUMENT_MAX ? -EFBIG : call->host->emit_reserve(call, size, &payload);
  if (rc != 0) {
    return rc == -EFBIG ? reject_large(source, call, 0, size) : rc;
  }
  while (filled < size) {
    ssize_t n = input_read(input, payload + filled, size - filled, &source->fault);
    if (n < 0) {
      return files_reject(source, call, 0, source->fault.slug, source->fault.text);
    }
    if (n == 0) {
      break; /* it shrank since it was opened */
    }
    filled += (size_t)n;
  }
  return call->host->emit_commit(call, filled, emit);
}

/* Reads all of input into the source's buffer. -EBADMSG with source->fault, -EFBIG, -ECANCELED, -ENOMEM. */
static int gather(files_source *source, file_input *input, size_t *ret_len) {
  size_t filled = 0;
  for (;;) {
    if (filled == source->capacity) {
      size_t larger = source->capacity == 0 ? FIRST_CAPACITY : source->capacity * 2;
      uint8_t *buffer = realloc(source->buffer, larger);
      if (buffer == NULL) {
        return -ENOMEM;
      }
      source->buffer = buffer;
      source->capacity = larger;
    }
    ssize_t n = input_read(input, source->buffer + filled, source->capacity - filled, &source->fault);
    if (n <= 0) {
      *ret_len = filled;
      return n == 0 || n == -ECANCELED ? (int)n : -EBADMSG;
    }
    filled += (size_t)n;
    if (filled > DOCUMENT_MAX) {
      *ret_len = filled;
      return -EFBIG;
    }
  }
}

/* Rejects what gather could not read. Other errors are handed back. */
static int reject_gathered(files_source *source, qn_call *call, int rc, size_t len) {
  if (rc == -EBADMSG) {
    return files_reject(source, call, 0, source->fault.slug, source->fault.text);
  }
  return rc == -EFBIG ? reject_large(source, call, 0, len) : rc;
}

int files_emit_whole(files_source *source, qn_call *call, file_input *input, const char *media_type) {
  qn_emit emit = emit_of(source, 0);
  uint8_t *payload;
  size_t len = 0;
  emit.media_type = (qn_str){ media_type, strlen(media_type) };
  if (input_size(input) > 0) {
    return emit_sized(source, call, input, &emit);
  }
  int rc = gather(source, input, &len);
  if (rc == 0) {
    rc = call->host->emit_reserve(call, len, &payload);
  }
  if (rc != 0) {
    return reject_gathered(source, call, rc, len);
  }
  if (len > 0) {
    memcpy(payload, source->buffer, len);
  }
  return call->host->emit_commit(call, len, &emit);
}

/* --- JSON --- */

/* A short string member, decoded and clean, to be freed; NULL with 0 if it is absent, empty or something else. */
static int take_string(const json_value *value, char **ret_text, size_t *ret_len) {
  *ret_text = NULL;
  *ret_len = 0;
  if ((value->kind != JSON_STRING && value->kind != JSON_NUMBER) || value->len == 0) {
    return 0;
  }
  char *raw = malloc(value->len);
  if (raw == NULL) {
    return -ENOMEM;
  }
  size_t len = value->len;
  if (value->kind == JSON_STRING) {
    len = json_string_decode(value, raw);
  } else {
    memcpy(raw, value->data, len);
  }
  *ret_text = files_clean(raw, len, ret_len);
  free(raw);
  return *ret_text == NULL ? -ENOMEM : 0;
}

static int set_field(qn_call *call, const char *name, const json_value *json) {
  qn_value value = { .type = QN_VALUE_NONE };
  char *text = NULL;
  size_t len;
  if (json->kind == JSON_TRUE || json->kind == JSON_FALSE) {
    value.type = QN_VALUE_BOOL;
    value.as.i64 = json->kind == JSON_TRUE;
  } else {
    int rc = take_string(json, &text, &len);
    if (rc != 0 || text == NULL) {
      return rc;
    }
    value.type = QN_VALUE_STR;
    value.as.str = (qn_str){ text, len };
    if (json->kind == JSON_NUMBER) {
      value.type = QN_VALUE_F64;
      value.as.f64 = strtod(text, NULL);
      if (value.as.f64 >= -9e15 && value.as.f64 <= 9e15 && value.as.f64 == (double)(int64_t)value.as.f64) {
        value.type = QN_VALUE_I64;
        value.as.i64 = strtoll(text, NULL, 10);
      }
    }
  }
  int rc = call->host->emit_field(call, (qn_str){ name, strlen(name) }, &value);
  free(text);
  return rc;
}

/* Sets the fields of the document reserved. A field that the host finds too large rejects the document. */
static int set_fields(const files_source *source, qn_call *call, const json_value *values) {
  for (uint32_t i = MEMBER_TITLE; i < source->n_members; i++) {
    const json_value *value = &values[i];
    bool language = i == MEMBER_LANGUAGE;
    if (i < MEMBER_KEPT && (value->kind != JSON_STRING || (language && value->len > LANGUAGE_MAX_BYTES))) {
      continue;
    }
    int rc = set_field(call, i < MEMBER_KEPT ? files_member_fields[i] : source->members[i], value);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

/* Writes "line 12: " in front of what is wrong with a line. */
static int reject_json(files_source *source, qn_call *call, uint64_t ordinal, bool in_lines, const char *slug,
                       const char *text) {
  char message[1024 + 32];
  if (in_lines) {
    snprintf(message, sizeof message, "line %" PRIu64 ": %s", ordinal + 1, text);
    text = message;
  }
  return files_reject(source, call, ordinal, slug, text);
}

static int reject_syntax(files_source *source, qn_call *call, uint64_t ordinal, bool in_lines,
                         const json_fault *fault) {
  char text[256];
  snprintf(text, sizeof text, "malformed JSON at byte %zu: %s", fault->offset + 1, fault->text);
  return reject_json(source, call, ordinal, in_lines, "bad-json", text);
}

static int reject_textless(files_source *source, qn_call *call, uint64_t ordinal, bool in_lines, json_kind kind) {
  char text[512];
  snprintf(text, sizeof text, "%s \"%.200s\"; set fields.text to the member that holds the text",
           kind == JSON_NONE ? "there is no member" : "no text: not a string is the member",
           source->members[MEMBER_TEXT]);
  return reject_json(source, call, ordinal, in_lines, "no-text", text);
}

/* Reserves, fills and commits the document whose id and media type stand in emit. */
static int emit_picked(files_source *source, qn_call *call, const json_value *values, qn_emit *emit, bool in_lines) {
  uint8_t *payload;
  int rc = call->host->emit_reserve(call, values[MEMBER_TEXT].len, &payload);
  if (rc != 0) {
    return rc == -EFBIG ? reject_large(source, call, emit->ordinal, values[MEMBER_TEXT].len) : rc;
  }
  rc = set_fields(source, call, values);
  if (rc == -E2BIG || rc == -EINVAL) {
    return reject_json(source, call, emit->ordinal, in_lines, "bad-field",
                       "a member is too large for a field (64 fields or 64 KiB in all); leave it out of \"keep\"");
  }
  if (rc != 0) {
    return rc;
  }
  return call->host->emit_commit(call, json_string_decode(&values[MEMBER_TEXT], (char *)payload), emit);
}

int files_emit_json(files_source *source, qn_call *call, const char *json, size_t len, uint64_t ordinal,
                    bool in_lines) {
  json_value values[MEMBERS_MAX];
  json_fault fault;
  qn_emit emit = emit_of(source, ordinal);
  char *id = NULL, *media_type = NULL;
  if (json_pick(json, len, (const char *const *)source->members, values, source->n_members, &fault) != 0) {
    return reject_syntax(source, call, ordinal, in_lines, &fault);
  }
  if (values[MEMBER_TEXT].kind != JSON_STRING) {
    return reject_textless(source, call, ordinal, in_lines, values[MEMBER_TEXT].kind);
  }
  int rc = take_string(&values[MEMBER_ID], &id, &emit.id.len);
  if (rc == 0) {
    rc = take_string(&values[MEMBER_MEDIA_TYPE], &media_type, &emit.media_type.len);
  }
  emit.id.data = id;
  emit.media_type.data = media_type;
  if (media_type == NULL) {
    emit.media_type = (qn_str){ source->media_type, strlen(source->media_type) };
  }
  if (rc == 0 && emit.id.len > ID_MAX_BYTES) {
    rc = reject_json(source, call, ordinal, in_lines, "bad-id", "the id is longer than 256 bytes; set fields.id");
  } else if (rc == 0) {
    rc = emit_picked(source, call, values, &emit, in_lines);
  }
  free(id);
  free(media_type);
  return rc;
}

int files_emit_json_file(files_source *source, qn_call *call, file_input *input) {
  size_t len = 0;
  int rc = gather(source, input, &len);
  if (rc != 0) {
    return reject_gathered(source, call, rc, len);
  }
  const char *json = (const char *)source->buffer;
  size_t bom = len >= 3 && memcmp(json, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  return files_emit_json(source, call, json + bom, len - bom, 0, false);
}

static bool is_blank(const split_line *line) {
  for (size_t i = 0; i < line->len; i++) {
    if (line->data[i] != ' ' && line->data[i] != '\t' && line->data[i] != '\r') {
      return false;
    }
  }
  return true;
}

int files_emit_line(files_source *source, qn_call *call) {
  split_line line;
  int rc;
  do {
    rc = split_next(&source->split, &line);
  } while (rc == 1 && !line.too_long && is_blank(&line));
  if (rc == 0) {
    return 1;
  }
  if (rc == -EBADMSG) { /* reading failed; what came before has been emitted */
    rc = reject_json(source, call, source->split.n_lines, true, source->fault.slug, source->fault.text);
    return rc == 0 ? 1 : rc;
  }
  if (rc < 0) {
    return rc;
  }
  if (line.too_long) {
    char text[160];
    snprintf(text, sizeof text, "the line has %" PRIu64 " bytes; line_bytes of the files stage allows %zu, raise it",
             line.bytes, source->line_bytes);
    return reject_json(source, call, line.index, true, "line-too-long", text);
  }
  return files_emit_json(source, call, line.data, line.len, line.index, true);
}
