/* SPDX-License-Identifier: Apache-2.0 */

/* JSON of documents that come from outside, whatever bytes they are. */
#include "command/json_text.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "document/utf8.h"

char *json_text_copy(const char *data, size_t len) {
  char *copy = len > (SIZE_MAX - 1) / 3 ? NULL : malloc(3 * len + 1);
  if (copy != NULL) {
    size_t n = len == 0 ? 0 : utf8_repair((const uint8_t *)data, len, (uint8_t *)copy);
    copy[n] = '\0';
  }
  return copy;
}

void json_text_time(int64_t time_ms, char *ret_text) {
  time_t seconds = (time_t)(time_ms / 1000);
  struct tm parts;
  if (gmtime_r(&seconds, &parts) == NULL ||
      strftime(ret_text, JSON_TEXT_TIME_BYTES, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
    snprintf(ret_text, JSON_TEXT_TIME_BYTES, "?");
  }
}

bool json_text_add_str(cJSON *object, const char *name, qn_str text) {
  char *copy = json_text_copy(text.data, text.len);
  bool added = copy != NULL && cJSON_AddStringToObject(object, name, copy) != NULL;
  free(copy);
  return added;
}

/* cJSON's own numbers are doubles, which do not hold all integers. */
bool json_text_add_i64(cJSON *object, const char *name, int64_t value) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, value);
  return cJSON_AddRawToObject(object, name, text) != NULL;
}

bool json_text_add_time(cJSON *object, const char *name, int64_t time_ms) {
  char text[JSON_TEXT_TIME_BYTES];
  json_text_time(time_ms, text);
  return cJSON_AddStringToObject(object, name, text) != NULL;
}

bool json_text_add_field(cJSON *object, qn_str name, const qn_value *value) {
  char *copy = json_text_copy(name.data, name.len);
  bool added = false;
  if (copy == NULL) {
    return false;
  }
  switch (value->type) {
  case QN_VALUE_STR:
    added = json_text_add_str(object, copy, value->as.str);
    break;
  case QN_VALUE_F64:
    added = cJSON_AddNumberToObject(object, copy, value->as.f64) != NULL;
    break;
  case QN_VALUE_BOOL:
    added = cJSON_AddBoolToObject(object, copy, value->as.i64 != 0) != NULL;
    break;
  default:
    added = json_text_add_i64(object, copy, value->as.i64);
    break;
  }
  free(copy);
  return added;
}

bool json_text_add_lines(cJSON *object, const char *name, qn_str lines) {
  cJSON *list = cJSON_AddArrayToObject(object, name);
  bool added = list != NULL;
  for (size_t at = 0; added && at < lines.len;) {
    const char *end = memchr(lines.data + at, '\n', lines.len - at);
    size_t len = end != NULL ? (size_t)(end - lines.data) - at : lines.len - at;
    char *copy = json_text_copy(lines.data + at, len);
    added = copy != NULL && cJSON_AddItemToArray(list, cJSON_CreateString(copy));
    free(copy);
    at += len + 1;
  }
  return added;
}

static char *base64(const uint8_t *bytes, size_t len) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *text = len > SIZE_MAX / 2 ? NULL : malloc((len + 2) / 3 * 4 + 1);
  char *out = text;
  for (size_t i = 0; text != NULL && i < len; i += 3) {
    size_t left = len - i;
    uint32_t three =
        (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
    *out++ = digits[three >> 18];
    *out++ = digits[three >> 12 & 63];
    *out++ = left > 1 ? digits[three >> 6 & 63] : '=';
    *out++ = left > 2 ? digits[three & 63] : '=';
  }
  if (text != NULL) {
    *out = '\0';
  }
  return text;
}

bool json_text_add_payload(cJSON *object, const uint8_t *bytes, size_t len) {
  if (utf8_valid(bytes, len) && memchr(bytes, '\0', len) == NULL) {
    return cJSON_AddStringToObject(object, "text", (const char *)bytes) != NULL;
  }
  char *text = base64(bytes, len);
  bool added = text != NULL && cJSON_AddStringToObject(object, "payload_base64", text) != NULL;
  free(text);
  return added;
}

bool json_text_print(cJSON *object, FILE *stream) {
  char *text = cJSON_PrintUnformatted(object);
  cJSON_Delete(object);
  if (text == NULL) {
    return false;
  }
  fputs(text, stream);
  putc('\n', stream);
  cJSON_free(text);
  return true;
}
