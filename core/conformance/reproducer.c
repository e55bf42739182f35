/* SPDX-License-Identifier: Apache-2.0 */

/* Writes and reads reproducers. */
#include "conformance/reproducer.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conformance/sample.h"
#include "conformance/teller.h"

enum { FORMAT = 1, FILE_MAX = 64 << 20 };

/* --- writing --- */

static int write_bytes(const char *path, const void *bytes, size_t len) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) {
    return -errno;
  }
  size_t wrote = len > 0 ? fwrite(bytes, 1, len, file) : 0;
  int rc = wrote == len ? 0 : -EIO;
  return fclose(file) == 0 ? rc : -errno;
}

static cJSON *describe(const report *from, const finding *one, const cJSON *config, bool is_long) {
  cJSON *json = cJSON_CreateObject();
  char seed[32], absolute[PATH_MAX];
  snprintf(seed, sizeof seed, "%" PRIu64, from->seed);
  cJSON_AddNumberToObject(json, "format", FORMAT);
  cJSON_AddStringToObject(json, "plugin", realpath(from->path, absolute) != NULL ? absolute : from->path);
  if (one->stage != NULL) {
    cJSON_AddStringToObject(json, "stage", one->stage);
  }
  cJSON_AddStringToObject(json, "check", one->check);
  cJSON_AddStringToObject(json, "rule", rule_get(one->rule)->id);
  cJSON_AddStringToObject(json, "message", one->message != NULL ? one->message : "");
  cJSON_AddStringToObject(json, "seed", seed);
  cJSON_AddBoolToObject(json, "long", is_long);
  if (config != NULL) {
    cJSON_AddItemToObject(json, "config", cJSON_Duplicate(config, 1));
  }
  return json;
}

/* The document as it was made from the seed. */
static int write_document(const report *from, const finding *one, const char *stem, cJSON *json) {
  char path[PATH_MAX + 8];
  sample made;
  int rc = sample_make(from->seed, one->document, &made);
  if (rc != 0) {
    return rc;
  }
  snprintf(path, sizeof path, "%s.bytes", stem);
  const char *slash = strrchr(path, '/');
  cJSON_AddNumberToObject(json, "document", one->document);
  cJSON_AddStringToObject(json, "bytes", slash != NULL ? slash + 1 : path);
  rc = write_bytes(path, made.bytes, made.len);
  sample_done(&made);
  return rc;
}

static int write_one(const report *from, finding *one, const char *stem, const cJSON *config, bool is_long) {
  char path[PATH_MAX + 8];
  cJSON *json = describe(from, one, config, is_long);
  int rc = one->document != NO_DOCUMENT ? write_document(from, one, stem, json) : 0;
  char *text = rc == 0 ? cJSON_Print(json) : NULL;
  snprintf(path, sizeof path, "%s.json", stem);
  rc = rc != 0 ? rc : text == NULL ? -ENOMEM : write_bytes(path, text, strlen(text));
  cJSON_free(text);
  cJSON_Delete(json);
  if (rc == 0) {
    one->reproducer = strdup(path);
  }
  return rc;
}

int reproducer_write_all(report *self, const char *folder, const cJSON *config, bool is_long, qn_error *error) {
  int rc = self->n_findings > 0 && mkdir(folder, 0777) != 0 && errno != EEXIST ? -errno : 0;
  for (uint32_t i = 0; i < self->n_findings && rc == 0; i++) {
    char stem[PATH_MAX];
    snprintf(stem, sizeof stem, "%s/%" PRIu32, folder, i + 1);
    rc = write_one(self, &self->findings[i], stem, config, is_long);
  }
  return rc == 0
             ? 0
             : error_set(error, rc, "no-reproducer",
                         "cannot write reproducers into %s: %s; name another folder with --out", folder, strerror(-rc));
}

/* --- reading --- */

static int read_bytes(const char *path, void **ret_bytes, size_t *ret_len) {
  struct stat info;
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    return -errno;
  }
  int rc = fstat(fileno(file), &info) != 0 ? -errno
           : !S_ISREG(info.st_mode)        ? -EINVAL
           : info.st_size > FILE_MAX       ? -EFBIG
                                           : 0;
  char *bytes = rc == 0 ? malloc((size_t)info.st_size + 1) : NULL;
  size_t len = bytes != NULL ? fread(bytes, 1, (size_t)info.st_size, file) : 0;
  if (rc == 0 && bytes == NULL) {
    rc = -ENOMEM;
  }
  fclose(file);
  if (rc == 0) {
    bytes[len] = '\0';
    *ret_bytes = bytes;
    *ret_len = len;
  }
  return rc;
}

static const char *word(const cJSON *json, const char *key) {
  return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
}

static char *copy_of(const char *text) {
  return text != NULL ? strdup(text) : NULL;
}

/* The document's bytes stand beside the reproducer. */
static int read_document(reproducer *self, const cJSON *json, const char *path) {
  const cJSON *number = cJSON_GetObjectItemCaseSensitive(json, "document");
  const char *name = word(json, "bytes"), *slash = strrchr(path, '/');
  char beside[PATH_MAX];
  self->document = NO_DOCUMENT;
  if (!cJSON_IsNumber(number) || name == NULL) {
    return 0;
  }
  if (strchr(name, '/') != NULL || number->valuedouble < 0 || number->valuedouble >= NO_DOCUMENT) {
    return -EINVAL;
  }
  snprintf(beside, sizeof beside, "%.*s%s", slash != NULL ? (int)(slash + 1 - path) : 0, path, name);
  self->document = (uint32_t)number->valuedouble;
  return read_bytes(beside, &self->bytes, &self->len);
}

static int read_seed(reproducer *self, const cJSON *json) {
  const char *seed = word(json, "seed");
  char *end = NULL;
  errno = 0;
  self->seed = seed != NULL ? strtoull(seed, &end, 10) : 0;
  return seed == NULL || end == seed || *end != '\0' || errno != 0 ? -EINVAL : 0;
}

int reproducer_read(const char *path, reproducer *ret_reproducer, qn_error *error) {
  reproducer self = { 0 };
  void *text = NULL;
  size_t len = 0;
  int rc = read_bytes(path, &text, &len);
  cJSON *json = rc == 0 ? cJSON_ParseWithLength(text, len) : NULL;
  free(text);
  const cJSON *format = cJSON_GetObjectItemCaseSensitive(json, "format");
  if (rc == 0 && (!cJSON_IsNumber(format) || format->valuedouble != FORMAT || word(json, "plugin") == NULL)) {
    rc = -EINVAL;
  }
  rc = rc == 0 ? read_seed(&self, json) : rc;
  rc = rc == 0 ? read_document(&self, json, path) : rc;
  if (rc != 0) {
    cJSON_Delete(json);
    free(self.bytes);
    return error_set(error, rc, "no-reproducer", "%s: %s", path,
                     rc == -EINVAL ? "no reproducer of qanat test-stage" : strerror(-rc));
  }
  self.plugin = copy_of(word(json, "plugin"));
  self.stage = copy_of(word(json, "stage"));
  self.check = copy_of(word(json, "check"));
  self.is_long = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "long"));
  self.config = cJSON_DetachItemFromObjectCaseSensitive(json, "config");
  cJSON_Delete(json);
  *ret_reproducer = self;
  return 0;
}

void reproducer_done(reproducer *self) {
  free(self->plugin);
  free(self->stage);
  free(self->check);
  free(self->bytes);
  cJSON_Delete(self->config);
  *self = (reproducer){ 0 };
}
