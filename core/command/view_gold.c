/* SPDX-License-Identifier: Apache-2.0 */

/* Annotations of a document: a JSON file named like it. Offsets there are code points of the text. */
#include "command/view_gold.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/utf8.h"

enum { GOLD_BYTES_MAX = 32 * 1024 * 1024 };

/* What the page looks at. */
static const char *const parts[] = { "mentions", "optional_mentions", "boilerplate_mentions", "boilerplate" };

static const char *string_of(const cJSON *record, const char *name) {
  const cJSON *item = cJSON_GetObjectItemCaseSensitive(record, name);
  return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* The last part of the source's path, without its ending: no record can name a file elsewhere. */
static int gold_path(const char *folder, const cJSON *record, size_t size, char *ret_path) {
  const char *name = string_of(record, "source");
  name = name != NULL ? name : string_of(record, "id");
  if (name == NULL) {
    return -ENOENT;
  }
  const char *slash = strrchr(name, '/');
  name = slash != NULL ? slash + 1 : name;
  const char *dot = strrchr(name, '.');
  size_t len = dot != NULL ? (size_t)(dot - name) : strlen(name);
  if (len == 0 || len > NAME_MAX) {
    return -ENOENT;
  }
  int written = snprintf(ret_path, size, "%s/%.*s.json", folder, (int)len, name);
  return written > 0 && (size_t)written < size ? 0 : -ENAMETOOLONG;
}

/* The whole file, with a 0 after it. */
static int read_whole(FILE *file, char **ret_text, size_t *ret_len) {
  char *text = NULL;
  size_t len = 0, capacity = 0, n = 0;
  do {
    len += n;
    if (len + 1 >= capacity) {
      capacity = capacity == 0 ? 65536 : capacity * 2;
      char *larger = capacity <= 2 * (size_t)GOLD_BYTES_MAX ? realloc(text, capacity) : NULL;
      if (larger == NULL) {
        free(text);
        return capacity > 2 * (size_t)GOLD_BYTES_MAX ? -EFBIG : -ENOMEM;
      }
      text = larger;
    }
    n = fread(text + len, 1, capacity - len - 1, file);
  } while (n > 0);
  if (ferror(file) != 0) {
    free(text);
    return -EIO;
  }
  text[len] = '\0';
  *ret_text = text;
  *ret_len = len;
  return 0;
}

static int parse(const char *path, const char *text, size_t len, cJSON **ret_gold, qn_error *error) {
  cJSON *whole = utf8_valid((const uint8_t *)text, len) ? cJSON_ParseWithOpts(text, NULL, true) : NULL;
  if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(whole, parts[0]))) {
    cJSON_Delete(whole);
    return error_set(error, -EINVAL, "bad-gold", "%s is not JSON with an array of \"mentions\"", path);
  }
  cJSON *gold = cJSON_CreateObject();
  bool good = gold != NULL;
  for (size_t i = 0; i < sizeof parts / sizeof *parts && good; i++) {
    cJSON *part = cJSON_DetachItemFromObjectCaseSensitive(whole, parts[i]);
    if (part != NULL && !cJSON_AddItemToObject(gold, parts[i], part)) {
      cJSON_Delete(part);
      good = false;
    }
  }
  cJSON_Delete(whole);
  if (!good) {
    cJSON_Delete(gold);
    return error_set(error, -ENOMEM, "", "no memory for %s", path);
  }
  *ret_gold = gold;
  return 1;
}

int view_gold_read(const char *folder, const cJSON *record, cJSON **ret_gold, qn_error *error) {
  char path[PATH_MAX];
  if (gold_path(folder, record, sizeof path, path) != 0) {
    return 0;
  }
  FILE *file = fopen(path, "r");
  if (file == NULL) {
    return errno == ENOENT ? 0 : error_set(error, -errno, "", "can't read %s: %s", path, strerror(errno));
  }
  char *text = NULL;
  size_t len = 0;
  int result = read_whole(file, &text, &len);
  fclose(file);
  if (result != 0) {
    return error_set(error, result, "", "can't read %s: %s", path, strerror(-result));
  }
  result = parse(path, text, len, ret_gold, error);
  free(text);
  return result;
}
