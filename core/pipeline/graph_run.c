/* SPDX-License-Identifier: Apache-2.0 */

/* Reads what a run told of itself. The file is from outside: it may be anything. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pipeline/graph.h"

enum { SUMMARY_BYTES_MAX = 64 << 20 };

static int read_stream(FILE *file, char **ret_text, size_t *ret_len) {
  size_t len = 0;
  size_t capacity = 1 << 16;
  char *text = malloc(capacity);
  while (text != NULL) {
    len += fread(text + len, 1, capacity - len, file);
    if (len < capacity) {
      break;
    }
    char *larger = capacity < SUMMARY_BYTES_MAX ? realloc(text, capacity * 2) : NULL;
    if (larger == NULL) {
      int code = capacity < SUMMARY_BYTES_MAX ? -ENOMEM : -EFBIG;
      free(text);
      return code;
    }
    text = larger;
    capacity *= 2;
  }
  if (text == NULL) {
    return -ENOMEM;
  }
  if (ferror(file) != 0) {
    free(text);
    return errno != 0 ? -errno : -EIO;
  }
  *ret_text = text;
  *ret_len = len;
  return 0;
}

static int read_file(const char *path, char **ret_text, size_t *ret_len) {
  errno = 0;
  FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
  if (file == NULL) {
    return -errno;
  }
  int result = read_stream(file, ret_text, ret_len);
  if (file != stdin) {
    fclose(file);
  }
  return result;
}

/* A count or a time; fallback if it is none. */
static double number_of(const cJSON *object, const char *key, double fallback) {
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
  bool good = cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 1e15;
  return good ? value->valuedouble : fallback;
}

static void take_stage(const plan *planned, const cJSON *json, graph_run *run) {
  const cJSON *id = cJSON_GetObjectItemCaseSensitive(json, "id");
  for (uint32_t i = 0; cJSON_IsString(id) && i < planned->n_stages; i++) {
    if (strcmp(planned->stages[i].id, id->valuestring) == 0) {
      run->stages[i] = (graph_time){ .known = true,
                                     .documents = number_of(json, "documents", 0),
                                     .dropped = number_of(json, "dropped", 0),
                                     .failed = number_of(json, "failed", 0),
                                     .seconds = number_of(json, "seconds", 0) };
    }
  }
}

static uint32_t take(const plan *planned, const cJSON *root, graph_run *run) {
  const cJSON *stage = NULL;
  double all = 0;
  uint32_t n_known = 0;
  *run = (graph_run){ .admitted = number_of(root, "admitted", -1),
                      .seconds = number_of(root, "seconds", -1),
                      .workers = number_of(root, "workers", -1) };
  cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(root, "stages")) {
    take_stage(planned, stage, run);
  }
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    n_known += run->stages[i].known;
    all += run->stages[i].seconds;
  }
  for (uint32_t i = 0; i < planned->n_stages; i++) {
    run->stages[i].share = all > 0 ? run->stages[i].seconds / all : 0;
  }
  return n_known;
}

int graph_run_read(const char *path, const plan *planned, graph_run *ret_run, qn_error *error) {
  char *text = NULL;
  size_t len = 0;
  int result = read_file(path, &text, &len);
  if (result != 0) {
    return error_set(error, result, "no-timings", "can't read the timings in %s: %s", path,
                     result == -EFBIG ? "more than 64 MiB" : strerror(-result));
  }
  cJSON *root = cJSON_ParseWithLength(text, len);
  free(text);
  const cJSON *stages = cJSON_GetObjectItemCaseSensitive(root, "stages");
  if (!cJSON_IsArray(stages)) {
    result = error_set(error, -EINVAL, "no-timings",
                       "%s holds no timings: give the file that `qanat run --summary-json FILE` wrote", path);
  } else if (take(planned, root, ret_run) == 0) {
    result = error_set(error, -EINVAL, "no-timings",
                       "the timings in %s are of another pipeline: none of the stages is the same", path);
  }
  cJSON_Delete(root);
  return result;
}
