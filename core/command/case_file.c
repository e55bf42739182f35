/* SPDX-License-Identifier: Apache-2.0 */

/* Reads files of tests. The schema they are checked with is the one that is published; what a schema cannot say is
 * checked here behind it. */
#include "command/case_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/case_base64.h"
#include "command/case_rows.h"
#include "command/case_schema.h"
#include "command/time_text.h"
#include "plugin/config.h"

static const cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* --- reading --- */

int case_bytes_read(const char *path, size_t max, char **ret_bytes, size_t *ret_len) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  struct stat info;
  int rc = fd < 0 || fstat(fd, &info) != 0 ? -errno : S_ISDIR(info.st_mode) ? -EISDIR : 0;
  rc = rc == 0 && info.st_size > 0 && (size_t)info.st_size > max ? -EFBIG : rc;
  size_t capacity = rc == 0 && info.st_size > 0 ? (size_t)info.st_size + 1 : 4096;
  char *bytes = rc == 0 ? malloc(capacity + 1) : NULL;
  rc = rc == 0 && bytes == NULL ? -ENOMEM : rc;
  size_t len = 0;
  for (ssize_t got = 1; rc == 0 && got != 0;) {
    if (len == capacity) {
      char *larger = realloc(bytes, 2 * capacity + 1);
      if (larger == NULL) {
        rc = -ENOMEM;
        break;
      }
      bytes = larger;
      capacity *= 2;
    }
    got = read(fd, bytes + len, capacity - len);
    rc = got < 0 && errno != EINTR ? -errno : 0;
    len += got > 0 ? (size_t)got : 0;
    rc = rc == 0 && len > max ? -EFBIG : rc;
  }
  if (fd >= 0) {
    close(fd);
  }
  if (rc != 0) {
    free(bytes);
    return rc;
  }
  bytes[len] = '\0';
  *ret_bytes = bytes;
  *ret_len = len;
  return 0;
}

static void on_syntax(void *arg, text_range range, const char *pointer, const char *message) {
  case_file *self = arg;
  faults_add(self->faults, range, pointer, "%s", message);
}

static void fault(case_file *self, const char *pointer, bool at_key, const char *message) {
  bool exact;
  faults_add(self->faults, positions_find(self->positions, pointer, at_key, &exact), pointer, "%s", message);
}

static void on_fault(void *arg, const char *pointer, int at_key, const char *message) {
  fault(arg, pointer, at_key != 0, message);
}

/* --- what a schema cannot say --- */

static cJSON *parse_schema(void) {
  return cJSON_ParseWithLength((const char *)case_schema, case_schema_len);
}

/* A place in a case, to be told of. */
typedef struct spot {
  case_file *file;
  const char *base; /* pointer of what holds the key */
} spot;

static void fault_at(const spot *at, const char *key, const char *message) {
  char pointer[400];
  snprintf(pointer, sizeof pointer, "%s%s%s", at->base, key[0] != '\0' ? "/" : "", key);
  fault(at->file, pointer, false, message);
}

static void check_now(const spot *at, const cJSON *object) {
  int64_t ms;
  const cJSON *now = member(object, "now");
  if (now != NULL && !time_text_read(now->valuestring, &ms)) {
    fault_at(at, "now", "is no time: write 2026-01-16, 2026-01-16T12:00:00Z or milliseconds since 1970");
  }
}

static void check_fields(const spot *at, const cJSON *fields) {
  const cJSON *field;
  cJSON_ArrayForEach(field, fields) {
    qn_value value;
    if (!case_value_read(field, &value)) {
      fault_at(at, "fields", "fields are strings, numbers, true and false");
    }
  }
}

static void check_input(const spot *at, const cJSON *input) {
  static const char *const forms[] = { "text", "html", "base64", "file" };
  int n = 0;
  for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    n += member(input, forms[i]) != NULL;
  }
  if (n != 1) {
    fault_at(at, "", "an input has its bytes in exactly one of \"text\", \"html\", \"base64\" and \"file\"");
  }
  const cJSON *coded = member(input, "base64");
  if (coded != NULL && !case_base64_valid(coded->valuestring)) {
    fault_at(at, "base64", "is not base64: letters, digits, + and / in groups of four, filled up with =");
  }
  check_fields(at, member(input, "fields"));
}

static bool id_repeats(const cJSON *inputs, const cJSON *input) {
  const char *id = cJSON_GetStringValue(member(input, "id"));
  const cJSON *other;
  cJSON_ArrayForEach(other, inputs) {
    if (other == input) {
      return false;
    }
    const char *before = cJSON_GetStringValue(member(other, "id"));
    if (id != NULL && before != NULL && strcmp(id, before) == 0) {
      return true;
    }
  }
  return false;
}

static void check_inputs(const spot *at, const cJSON *inputs) {
  uint32_t index = 0;
  const cJSON *input;
  cJSON_ArrayForEach(input, inputs) {
    char base[64];
    snprintf(base, sizeof base, "%s/inputs/%u", at->base, index++);
    const spot here = { at->file, base };
    check_input(&here, input);
    if (id_repeats(inputs, input)) {
      fault_at(&here, "id", "another input has this id already");
    }
  }
}

static void check_case(const spot *at, const cJSON *each) {
  const cJSON *input = member(each, "input");
  const cJSON *inputs = member(each, "inputs");
  if ((input != NULL) == (inputs != NULL)) {
    fault_at(at, "", "a case has either \"input\", one document, or \"inputs\", a list of them");
  }
  if (inputs != NULL && member(each, "expect") != NULL) {
    fault_at(at, "expect", "with several inputs, say of which is expected what: \"expects\": [{ \"id\": ..., ... }]");
  }
  if (member(each, "expect") != NULL && member(each, "expects") != NULL) {
    fault_at(at, "expects", "either \"expect\" or \"expects\", not both");
  }
  check_now(at, each);
  if (input != NULL) {
    char base[64];
    snprintf(base, sizeof base, "%s/input", at->base);
    check_input(&(spot){ at->file, base }, input);
  }
  check_inputs(at, inputs);
}

static void check_cases(case_file *self) {
  uint32_t index = 0;
  const cJSON *each;
  check_now(&(spot){ self, "" }, self->root);
  cJSON_ArrayForEach(each, member(self->root, "cases")) {
    char base[32];
    snprintf(base, sizeof base, "/cases/%u", index++);
    check_case(&(spot){ self, base }, each);
  }
}

static int check(case_file *self) {
  cJSON *schema = parse_schema();
  cJSON *copy = NULL;
  if (schema == NULL) {
    return -ENOMEM;
  }
  if (config_check(schema, self->root, on_fault, self, &copy) == 0) {
    check_cases(self);
  }
  cJSON_Delete(copy);
  cJSON_Delete(schema);
  return faults_count(self->faults) > 0 ? -EINVAL : 0;
}

/* --- the whole --- */

int case_file_read(case_file *self, const char *path) {
  *self = (case_file){ .path = path };
  const char *slash = strrchr(path, '/');
  self->folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t)(slash - path));
  int rc = self->folder == NULL ? -ENOMEM : faults_new(&self->faults);
  if (rc != 0) {
    return rc;
  }
  rc = case_bytes_read(path, POSITIONS_BYTES_MAX, &self->text, &self->len);
  if (rc != 0 && rc != -ENOMEM) {
    faults_add_file(self->faults, path, "can't read the tests: %s", strerror(-rc));
  }
  rc = rc == 0 ? faults_set_text(self->faults, path, self->text, self->len) : rc;
  rc = rc == 0 ? positions_scan(self->text, self->len, on_syntax, self, &self->positions) : rc;
  if (rc != 0) {
    return rc;
  }
  self->root = cJSON_ParseWithLength(self->text, self->len + 1);
  return self->root == NULL ? -ENOMEM : check(self);
}

void case_file_done(case_file *self) {
  cJSON_Delete(self->root);
  positions_free(self->positions);
  faults_free(self->faults);
  free(self->text);
  free(self->folder);
  *self = (case_file){ 0 };
}

uint32_t case_file_line(const case_file *self, const char *pointer) {
  bool exact;
  size_t end = positions_find(self->positions, pointer, false, &exact).begin;
  uint32_t line = 1;
  for (size_t i = 0; i < end && i < self->len; i++) {
    line += self->text[i] == '\n';
  }
  return line;
}

char *case_file_path(const case_file *self, const char *name) {
  char *path = NULL;
  if (name[0] == '/' || strcmp(self->folder, ".") == 0) {
    return strdup(name);
  }
  return asprintf(&path, "%s/%s", self->folder, name) < 0 ? NULL : path;
}

/* Of draft 7, an object without this takes any key; the checker takes only those it knows. */
static bool close_objects(cJSON *schema) {
  bool good = true;
  if (cJSON_GetObjectItemCaseSensitive(schema, "properties") != NULL &&
      cJSON_GetObjectItemCaseSensitive(schema, "additionalProperties") == NULL) {
    good = cJSON_AddFalseToObject(schema, "additionalProperties") != NULL;
  }
  for (cJSON *child = schema->child; good && child != NULL; child = child->next) {
    good = !(cJSON_IsObject(child) || cJSON_IsArray(child)) || close_objects(child);
  }
  return good;
}

cJSON *case_file_schema(void) {
  cJSON *schema = parse_schema();
  if (schema != NULL && !close_objects(schema)) {
    cJSON_Delete(schema);
    return NULL;
  }
  return schema;
}
