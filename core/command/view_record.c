/* SPDX-License-Identifier: Apache-2.0 */

/* Reads lines within bounds, checks that they are records, and writes JSON that can't break out of a page. */
#include "command/view_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"

/* --- lines --- */

static int make_room(line_reader *self) {
  if (self->len + 1 < self->capacity) {
    return 0;
  }
  size_t wanted = self->capacity == 0 ? 65536 : self->capacity * 2; /* at most twice VIEW_LINE_BYTES_MAX */
  char *data = realloc(self->data, wanted);
  if (data == NULL) {
    return -ENOMEM;
  }
  self->data = data;
  self->capacity = wanted;
  return 0;
}

int line_reader_next(line_reader *self) {
  int byte = EOF;
  bool any = false;
  self->len = 0;
  self->too_long = false;
  while ((byte = getc_unlocked(self->stream)) != EOF) {
    any = true;
    if (byte == '\n') {
      break;
    }
    if (self->len == VIEW_LINE_BYTES_MAX) {
      self->too_long = true;
      continue;
    }
    if (make_room(self) != 0) {
      return -ENOMEM;
    }
    self->data[self->len++] = (char)byte;
  }
  if (ferror(self->stream) != 0) {
    return -EIO;
  }
  if (make_room(self) != 0) {
    return -ENOMEM;
  }
  self->data[self->len] = '\0';
  self->number += any;
  return any;
}

void line_reader_done(line_reader *self) {
  free(self->data);
  *self = (line_reader){ 0 };
}

/* --- records --- */

static const char *why_no_record(const cJSON *record) {
  static const char *const units[] = { "bytes", "codepoints", "utf16" };
  if (!cJSON_IsObject(record)) {
    return "it is no object";
  }
  if (!cJSON_IsString(cJSON_GetObjectItemCaseSensitive(record, "text"))) {
    return "it has no \"text\"";
  }
  const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(record, "offsets");
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (offsets == NULL || (cJSON_IsString(offsets) && strcmp(offsets->valuestring, units[i]) == 0)) {
      return NULL;
    }
  }
  return "its \"offsets\" are not bytes, codepoints or utf16";
}

/* cJSON would end the string there. */
static bool has_escaped_nul(const char *line) {
  for (const char *at = line; (at = strstr(at, "\\u0000")) != NULL; at++) {
    const char *first = at;
    while (first > line && first[-1] == '\\') {
      first--;
    }
    if ((at - first) % 2 == 0) { /* else the backslash is itself escaped */
      return true;
    }
  }
  return false;
}

int view_record_read(const char *line, size_t len, cJSON **ret_record, const char **ret_why) {
  if (!utf8_valid((const uint8_t *)line, len) || has_escaped_nul(line)) {
    *ret_why = "it is not UTF-8 without NUL"; /* offsets would not lead to the same places any more */
    return -EINVAL;
  }
  cJSON *record = cJSON_ParseWithOpts(line, NULL, true);
  if (record == NULL) {
    *ret_why = "it is not JSON";
    return -EINVAL;
  }
  const char *why = why_no_record(record);
  if (why != NULL) {
    cJSON_Delete(record);
    *ret_why = why;
    return -EINVAL;
  }
  cJSON_DeleteItemFromObjectCaseSensitive(record, "tokens");
  cJSON_DeleteItemFromObjectCaseSensitive(record, "layers");
  *ret_record = record;
  return 0;
}

/* `<` can only stand in strings there, and U+2028 and U+2029 would end lines for those who read the page's source. */
static void write_escaped(const char *text, FILE *stream) {
  const char *from = text;
  for (const char *at = text; *at != '\0'; at++) {
    const char *escape = NULL;
    size_t len = 1;
    if (*at == '<') {
      escape = "\\u003c";
    } else if (strncmp(at, "\xE2\x80\xA8", 3) == 0 || strncmp(at, "\xE2\x80\xA9", 3) == 0) {
      escape = at[2] == '\xA8' ? "\\u2028" : "\\u2029";
      len = 3;
    }
    if (escape != NULL) {
      fwrite(from, 1, (size_t)(at - from), stream);
      fputs(escape, stream);
      from = at + len;
      at += len - 1;
    }
  }
  fputs(from, stream);
}

int view_json_write(const cJSON *json, FILE *stream) {
  char *text = cJSON_PrintUnformatted(json);
  if (text == NULL) {
    return -ENOMEM;
  }
  write_escaped(text, stream);
  cJSON_free(text);
  return ferror(stream) != 0 ? -EIO : 0;
}
