/* SPDX-License-Identifier: Apache-2.0 */

/* A manifest from its JSON, with everything that is wrong with it in one error; and from a plugin's file. */
#include "plugin/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "document/utf8.h"
#include "plugin/manifest_parts.h"
#include "plugin/trust.h"
#include "qanat/version.h"

/* Manifests are shown on terminals: no C0 or C1 controls. text is valid UTF-8. */
static bool is_plain(const char *text) {
  for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
    if (*c < 0x20 || *c == 0x7F || (*c == 0xC2 && c[1] < 0xA0)) {
      return false;
    }
  }
  return true;
}

/* Bounds what an unknown file may make us do, before anything recursive or quadratic looks at it. */
static bool tree_check(const cJSON *node, int depth, manifest_faults *faults) {
  int n_children = 0;
  if (depth > MANIFEST_DEPTH_MAX) {
    manifest_fault(faults, "nested deeper than %d levels", MANIFEST_DEPTH_MAX);
    return false;
  }
  if (cJSON_IsString(node) && !is_plain(node->valuestring)) {
    manifest_fault(faults, "a string holds control characters");
    return false;
  }
  for (const cJSON *child = node->child; child != NULL; child = child->next) {
    if (++n_children > (cJSON_IsObject(node) ? MANIFEST_MEMBERS_MAX : MANIFEST_ELEMENTS_MAX)) {
      manifest_fault(faults, "an object or array has too many members");
      return false;
    }
    if (child->string != NULL && !is_plain(child->string)) {
      manifest_fault(faults, "a key holds control characters");
      return false;
    }
    if (child->string != NULL && cJSON_GetObjectItemCaseSensitive(node, child->string) != child) {
      manifest_fault(faults, "\"%.64s\" stands twice in one object", child->string);
      return false;
    }
    if (!tree_check(child, depth + 1, faults)) {
      return false;
    }
  }
  return true;
}

/* Digits, a dot, digits: at most four of each. */
static bool abi_parse(const char *text, unsigned *ret_major, unsigned *ret_minor) {
  size_t n_major = text != NULL ? strspn(text, "0123456789") : 0;
  if (n_major < 1 || n_major > 4 || text[n_major] != '.') {
    return false;
  }
  const char *minor = text + n_major + 1;
  size_t n_minor = strspn(minor, "0123456789");
  if (n_minor < 1 || n_minor > 4 || minor[n_minor] != '\0') {
    return false;
  }
  *ret_major = (unsigned)atoi(text);
  *ret_minor = (unsigned)atoi(minor);
  return true;
}

/* Before all else: a manifest for another ABI may well look wrong to us. */
static int abi_check(manifest *self, qn_error *error) {
  const char *abi = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(self->json, "abi"));
  unsigned major = 0, minor = 0;
  if (!abi_parse(abi, &major, &minor)) {
    return error_set(error, -EINVAL, "bad-manifest",
                     "%s: its manifest must name the ABI it needs, for example \"abi\": \"%d.%d\"", self->path,
                     QN_ABI_MAJOR, QN_ABI_MINOR);
  }
  self->abi_major = major;
  self->abi_minor = minor;
  if (major < QN_ABI_MAJOR) {
    return error_set(error, -EPROTO, "abi-too-old",
                     "%s: built for stage ABI %u.%u, which this Qanat (ABI %d.%d) no longer runs; rebuild the plugin "
                     "against the current qanat/stage.h",
                     self->path, major, minor, QN_ABI_MAJOR, QN_ABI_MINOR);
  }
  if (major > QN_ABI_MAJOR || minor > QN_ABI_MINOR) {
    return error_set(
        error, -EPROTO, "abi-too-new",
        "%s: needs stage ABI %u.%u, and this Qanat has %d.%d; use a newer Qanat or an older release of the "
        "plugin",
        self->path, major, minor, QN_ABI_MAJOR, QN_ABI_MINOR);
  }
  return 0;
}

static int data_read(manifest *self, manifest_faults *faults) {
  const char *names[MANIFEST_STRINGS_MAX];
  manifest_strings(faults, "the manifest", self->json, "data", manifest_file_ok, names, MANIFEST_STRINGS_MAX,
                   &self->n_data);
  self->data = calloc(self->n_data + 1, sizeof *self->data);
  if (self->data == NULL) {
    self->n_data = 0;
    return -ENOMEM;
  }
  memcpy(self->data, names, self->n_data * sizeof *names);
  return 0;
}

static int stages_read(manifest *self, manifest_faults *faults) {
  const cJSON *stages = cJSON_GetObjectItemCaseSensitive(self->json, "stages");
  int n_stages = cJSON_GetArraySize(stages);
  if (!cJSON_IsObject(stages) || n_stages < 1 || n_stages > MANIFEST_STAGES_MAX) {
    manifest_fault(faults, "\"stages\" must be an object of 1 to %d stages", MANIFEST_STAGES_MAX);
    return 0;
  }
  self->stages = calloc((size_t)n_stages, sizeof *self->stages);
  if (self->stages == NULL) {
    return -ENOMEM;
  }
  const cJSON *member;
  cJSON_ArrayForEach(member, stages) {
    int rc = manifest_read_stage(self, member, &self->stages[self->n_stages++], faults);
    if (rc != 0) {
      return rc;
    }
  }
  return 0;
}

static int parts_read(manifest *self, manifest_faults *faults) {
  static const char *const keys[] = { "name", "version", "license", "description", "abi",
                                      "data", "layers",  "stages",  NULL };
  const cJSON *json = self->json;
  const char *what = "the manifest";
  manifest_keys(faults, what, json, keys);
  self->name = (char *)(uintptr_t)manifest_string(faults, what, json, "name", MANIFEST_NAME_MAX, true);
  self->version = (char *)(uintptr_t)manifest_string(faults, what, json, "version", 64, true);
  self->license = (char *)(uintptr_t)manifest_string(faults, what, json, "license", 64, true);
  self->description = (char *)(uintptr_t)manifest_string(faults, what, json, "description", 1000, true);
  if (self->name != NULL && !manifest_name_ok(self->name)) {
    manifest_fault(faults, "\"name\" \"%.64s\" must be lower-case words joined by '-', '_' or '.'", self->name);
  }
  int rc = data_read(self, faults);
  if (rc == 0) {
    rc = manifest_read_layers(self, cJSON_GetObjectItemCaseSensitive(json, "layers"), faults);
  }
  return rc != 0 ? rc : stages_read(self, faults);
}

static int faults_to_error(const manifest *self, const manifest_faults *faults, qn_error *error) {
  return error_set(error, -EINVAL, "bad-manifest",
                   "%s: its manifest has %u fault%s: %s. Rebuild it with qanat-manifest", self->path, faults->count,
                   faults->count == 1 ? "" : "s", faults->text);
}

/* Everything between a parsed tree and a manifest that can be believed. */
static int manifest_fill(manifest *self, qn_error *error) {
  manifest_faults faults = { 0 };
  if (!cJSON_IsObject(self->json)) {
    manifest_fault(&faults, "it must be an object");
    return faults_to_error(self, &faults, error);
  }
  if (!tree_check(self->json, 0, &faults)) {
    return faults_to_error(self, &faults, error);
  }
  int rc = abi_check(self, error);
  if (rc != 0) {
    return rc;
  }
  rc = parts_read(self, &faults);
  if (rc != 0) {
    return error_set(error, rc, "no-memory", "%s: no memory to read its manifest", self->path);
  }
  return faults.count > 0 ? faults_to_error(self, &faults, error) : 0;
}

int manifest_parse(const char *path, const char *json, size_t len, manifest **ret_manifest, qn_error *error) {
  if (len > MANIFEST_BYTES_MAX) {
    return error_set(error, -EINVAL, "bad-manifest", "%s: its manifest has %zu bytes; at most %d are allowed", path,
                     len, MANIFEST_BYTES_MAX);
  }
  if (!utf8_valid((const uint8_t *)json, len)) {
    return error_set(error, -EINVAL, "bad-manifest", "%s: its manifest is not UTF-8; rebuild it with qanat-manifest",
                     path);
  }
  manifest *self = calloc(1, sizeof *self);
  if (self == NULL || (self->path = strdup(path)) == NULL) {
    manifest_free(self);
    return error_set(error, -ENOMEM, "no-memory", "%s: no memory to read its manifest", path);
  }
  const char *end = NULL;
  self->json = cJSON_ParseWithLengthOpts(json, len, &end, 0);
  while (self->json != NULL && end < json + len && *end != '\0' && strchr(" \t\r\n", *end) != NULL) {
    end++;
  }
  int rc;
  if (self->json == NULL || end != json + len) {
    rc = error_set(error, -EINVAL, "bad-manifest",
                   "%s: its manifest is not JSON from byte %zu on; rebuild it with "
                   "qanat-manifest",
                   path, end != NULL ? (size_t)(end - json) : 0);
  } else {
    rc = manifest_fill(self, error);
  }
  if (rc != 0) {
    manifest_free(self);
    return rc;
  }
  *ret_manifest = self;
  return 0;
}

static int file_check(int fd, const char *path, bool allow_writable, qn_error *error) {
  struct stat info;
  if (fstat(fd, &info) != 0) {
    return error_set(error, -errno, "unreadable", "%s: %s", path, strerror(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return error_set(error, -ENOEXEC, "not-elf", "%s: not a file; a plugin is a shared object", path);
  }
  return allow_writable ? 0 : trust_check(&info, path, error);
}

int manifest_read(const char *path, bool allow_writable, manifest **ret_manifest, qn_error *error) {
  /* O_NONBLOCK: a named pipe in a plugin folder must not hold us up. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    int rc = -errno;
    return error_set(error, rc, "unreadable", "%s: %s", path, strerror(-rc));
  }
  char *json = NULL;
  size_t len = 0;
  int rc = file_check(fd, path, allow_writable, error);
  if (rc == 0) {
    rc = note_read(fd, path, &json, &len, error);
  }
  close(fd);
  if (rc == 0) {
    rc = manifest_parse(path, json, len, ret_manifest, error);
  }
  free(json);
  return rc;
}

void manifest_free(manifest *self) {
  if (self == NULL) {
    return;
  }
  for (uint32_t i = 0; i < self->n_stages; i++) {
    manifest_free_stage(&self->stages[i]);
  }
  free(self->stages);
  manifest_free_layers(self);
  free(self->data);
  cJSON_Delete(self->json);
  free(self->path);
  free(self);
}
