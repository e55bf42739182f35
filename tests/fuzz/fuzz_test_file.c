/* SPDX-License-Identifier: Apache-2.0 */

/* Any bytes as a file of tests: it is refused with a reason, or its expectations can be compared, updated and written. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command/case_base64.h"
#include "command/case_expect.h"
#include "command/case_file.h"
#include "command/case_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(int fine) {
  if (!fine) {
    abort();
  }
}

static const cJSON *member(const cJSON *object, const char *key) {
  return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* What came out: something like what is expected, so that rows are paired. */
static cJSON *result_for(const cJSON *json) {
  static const char text[] =
      "{\"documents\":[{\"id\":\"document\",\"outcome\":\"delivered\",\"sinks\":[\"a\"],\"at\":{\"a\":{\"fields\":{"
      "\"id\":"
      "\"document\"},\"views\":{\"text\":\"a b c\"},\"summary\":\"a "
      "b\",\"record\":{},\"layers\":{\"entity/1\":[{\"at\":\"a\","
      "\"begin\":0,\"end\":1,\"link\":\"A\"},{\"at\":\"b\",\"begin\":2,\"end\":3,\"score\":0.5}]}}}}],\"counts\":"
      "{\"admitted\":1,\"delivered\":1},\"order\":{\"a\":[\"document\"]}}";
  cJSON *result = cJSON_Parse(text);
  const cJSON *layers = member(member(json, "expect"), "layers");
  cJSON *document = cJSON_GetArrayItem(member(result, "documents"), 0);
  must(result != NULL);
  if (layers != NULL) {
    cJSON_AddItemToObject(cJSON_GetObjectItem(cJSON_GetObjectItem(cJSON_GetObjectItem(document, "at"), "a"), "layers"),
                          "more", cJSON_Duplicate(layers->child, 1));
  }
  return result;
}

static void use_case(cJSON *json, uint32_t index) {
  cJSON *result = result_for(json);
  case_differences differences = { 0 };
  case_expect(json, index, result, &differences);
  for (uint32_t i = 0; i < differences.n_kept; i++) {
    must(differences.kept[i].pointer[0] == '/');
  }
  case_differences_done(&differences);
  must(case_update(json, result) == 0);
  case_expect(json, index, result, &differences);
  case_differences_done(&differences);
  const char *coded = cJSON_GetStringValue(member(member(json, "input"), "base64"));
  if (coded != NULL) {
    uint8_t *bytes = malloc(strlen(coded) / 4 * 3 + 1);
    must(bytes != NULL && case_base64_decode(coded, bytes) <= strlen(coded) / 4 * 3);
    free(bytes);
  }
  cJSON_Delete(result);
}

static void use(const case_file *file) {
  uint32_t index = 0;
  cJSON *json;
  cJSON_ArrayForEach(json, member(file->root, "cases")) {
    char pointer[32];
    snprintf(pointer, sizeof pointer, "/cases/%u", index);
    must(case_file_line(file, pointer) > 0);
    use_case(json, index++);
  }
  char *line = case_json_line(file->root);
  cJSON *back = line != NULL ? cJSON_Parse(line) : NULL;
  must(back != NULL);
  cJSON_Delete(back);
  free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char path[64];
  int fd = memfd_create("tests", MFD_CLOEXEC);
  must(fd >= 0 && write(fd, data, len) == (ssize_t)len);
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  case_file file;
  int rc = case_file_read(&file, path);
  if (rc == 0) {
    use(&file);
  } else {
    must(faults_count(file.faults) > 0);
  }
  case_file_done(&file);
  close(fd);
  return 0;
}
