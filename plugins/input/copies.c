/* SPDX-License-Identifier: Apache-2.0 */

/* Copies of strings that the host lends. */
#include "input/copies.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/utf8.h"

enum { POINTER_MAX = 64 };

void copies_free(char **strings, uint32_t n) {
  for (uint32_t i = 0; strings != NULL && i < n; i++) {
    free(strings[i]);
  }
  free(strings);
}

int copies_read(qn_create *create, const char *pointer, char ***ret_strings, uint32_t *ret_n) {
  qn_value array;
  char item[POINTER_MAX];
  if (create->host->config_get(create, pointer, &array) != 0 || array.type != QN_VALUE_ARRAY) {
    return -ENOENT;
  }
  uint32_t n = (uint32_t)array.as.i64;
  char **strings = calloc(n == 0 ? 1 : n, sizeof *strings);
  for (uint32_t i = 0; strings != NULL && i < n; i++) {
    snprintf(item, sizeof item, "%s/%" PRIu32, pointer, i);
    qn_str string = qn_config_str(create, item);
    strings[i] = strndup(string.data == NULL ? "" : string.data, string.len);
    if (strings[i] == NULL) {
      copies_free(strings, n);
      strings = NULL;
    }
  }
  if (strings == NULL) {
    return -ENOMEM;
  }
  *ret_strings = strings;
  *ret_n = n;
  return 0;
}

char *copies_clean(const char *bytes, size_t len, size_t *ret_len) {
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

/* U+FFFD and two digits for each byte. */
static uint8_t *put_bytes(uint8_t *to, const uint8_t *bytes, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) {
    to += utf8_encode(0xFFFD, to);
    *to++ = (uint8_t) "0123456789ABCDEF"[bytes[i] >> 4];
    *to++ = (uint8_t) "0123456789ABCDEF"[bytes[i] & 15];
  }
  return to;
}

/* Leaves the number of the raw name, ":" and the end of the copy. */
static void shorten(char *copy, size_t len, const char *name) {
  char number[20];
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
  for (const char *at = name; *at != '\0'; at++) {
    hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
  }
  int n = snprintf(number, sizeof number, "%016" PRIx64 ":", hash);
  size_t from = len - (COPIES_NAME_MAX - (size_t)n);
  while (!utf8_is_lead((uint8_t)copy[from])) {
    from++;
  }
  memmove(copy + n, copy + from, len - from + 1);
  memcpy(copy, number, (size_t)n);
}

char *copies_name(const char *name) {
  const uint8_t *bytes = (const uint8_t *)name;
  size_t len = strlen(name);
  uint8_t *copy = malloc(len * 5 + 1);
  uint8_t *to = copy;
  if (copy == NULL) {
    return NULL;
  }
  for (size_t at = 0; at < len;) {
    uint32_t n;
    uint32_t code = utf8_decode(bytes + at, len - at, &n);
    to = code == UTF8_INVALID || code == 0xFFFD ? put_bytes(to, bytes + at, n) : to + utf8_encode(code, to);
    at += n;
  }
  *to = '\0';
  if (to - copy > COPIES_NAME_MAX) {
    shorten((char *)copy, (size_t)(to - copy), name);
  }
  return (char *)copy;
}
