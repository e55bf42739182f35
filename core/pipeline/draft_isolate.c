/* SPDX-License-Identifier: Apache-2.0 */

/* "isolate": true, or an object with what the stage's process may use and reach. The network and files take two to agree:
 * the manifest, which says that the stage needs them, and the pipeline, which says that it may have them. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "pipeline/draft.h"
#include "pipeline/keys.h"

enum {
  CPU_MS_MAX = 24 * 60 * 60 * 1000,
  OPEN_FILES_MIN = 16,
  OPEN_FILES_MAX = 65536,
  PATHS_MAX = 64,
  PATH_BYTES = 4096
};

#define MEMORY_BYTES_MIN ((uint64_t)64 << 20)
#define MEMORY_BYTES_MAX ((uint64_t)1 << 40)
#define FILE_BYTES_MIN ((uint64_t)1 << 20)

static int read_memory(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  uint64_t bytes = 0;
  if (keys_size(file, value, pointer, MEMORY_BYTES_MIN, MEMORY_BYTES_MAX, &bytes)) {
    stage->stage.isolation.memory_bytes = (size_t)bytes;
  }
  return 0;
}

static int read_file_bytes(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  keys_size(file, value, pointer, FILE_BYTES_MIN, MEMORY_BYTES_MAX, &stage->stage.isolation.file_bytes);
  return 0;
}

static int read_cpu(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  keys_count(file, value, pointer, 0, CPU_MS_MAX, &stage->stage.isolation.cpu_ms);
  return 0;
}

static int read_open_files(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  keys_count(file, value, pointer, OPEN_FILES_MIN, OPEN_FILES_MAX, &stage->stage.isolation.open_files);
  return 0;
}

static int read_network(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  stage->has_network = true;
  keys_truth(file, value, pointer, &stage->stage.isolation.network);
  return 0;
}

/* --- paths --- */

/* One path, from where the run is started; NULL: no memory, or a fault. */
static const char *path_read(pipeline_file *file, const cJSON *value, const char *pointer) {
  const char *name = NULL;
  struct stat info;
  if (!keys_text(file, value, pointer, PATH_BYTES, &name)) {
    return NULL;
  }
  const char *path = name[0] == '/' ? name : plan_memory_format(file->memory, "%s/%s", file->base_folder, name);
  if (path != NULL && stat(path, &info) != 0) {
    pipeline_file_fault(file, pointer, false, "there is no %s, which the stage is to reach: %s", path, strerror(errno));
    return NULL;
  }
  return path;
}

static int paths_read(pipeline_file *file, const cJSON *value, const char *pointer, uint32_t *ret_n,
                      const char *const **ret_paths) {
  int n = cJSON_GetArraySize(value);
  if (!cJSON_IsArray(value) || n > PATHS_MAX) {
    pipeline_file_fault(file, pointer, false, "must be a list of at most %d files and folders", PATHS_MAX);
    return 0;
  }
  const char **paths = plan_memory_take(file->memory, (size_t)n, sizeof *paths);
  uint32_t n_good = 0, index = 0;
  const cJSON *one = NULL;
  if (paths == NULL) {
    return -ENOMEM;
  }
  cJSON_ArrayForEach(one, value) {
    const char *path = path_read(file, one, pipeline_file_item(file, pointer, index++));
    if (path != NULL) {
      paths[n_good++] = path;
    }
  }
  *ret_n = n_good;
  *ret_paths = paths;
  return 0;
}

static int read_read(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  stage->has_paths = true;
  return paths_read(file, value, pointer, &stage->stage.isolation.n_read, &stage->stage.isolation.read);
}

static int read_write(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  draft_stage *stage = target;
  stage->has_paths = true;
  return paths_read(file, value, pointer, &stage->stage.isolation.n_write, &stage->stage.isolation.write);
}

/* --- the key --- */

int draft_isolate_read(pipeline_file *file, void *target, const cJSON *value, const char *pointer) {
  static const key_rule rules[] = { { "memory_bytes", read_memory, NULL, NULL },
                                    { "cpu_ms", read_cpu, NULL, NULL },
                                    { "open_files", read_open_files, NULL, NULL },
                                    { "file_bytes", read_file_bytes, NULL, NULL },
                                    { "network", read_network, NULL, NULL },
                                    { "read", read_read, NULL, NULL },
                                    { "write", read_write, NULL, NULL } };
  draft_stage *stage = target;
  stage->stage.isolation = (plan_isolation){ .memory_bytes = PLAN_ISOLATED_MEMORY_BYTES,
                                             .file_bytes = PLAN_ISOLATED_FILE_BYTES,
                                             .open_files = PLAN_ISOLATED_OPEN_FILES };
  if (!cJSON_IsObject(value)) {
    keys_truth(file, value, pointer, &stage->stage.isolate);
    return 0;
  }
  stage->stage.isolate = true;
  return keys_read(file, value, pointer, "an isolation", rules, sizeof rules / sizeof rules[0], stage);
}

/* --- whether both agree --- */

static bool needs(const stage_info *info, const char *what) {
  for (uint32_t i = 0; i < info->n_needs; i++) {
    if (strcmp(info->needs[i], what) == 0) {
      return true;
    }
  }
  return false;
}

static void check_network(draft *self, const draft_stage *stage, const char *pointer) {
  bool needed = needs(stage->stage.info, "network");
  if (needed && !stage->has_network) {
    pipeline_file_fault(self->file, pointer, true,
                        "\"%s\" needs the network, which an isolated stage has only if the pipeline agrees: write "
                        "\"isolate\": { \"network\": true }, or false if it is to do without",
                        stage->use);
  } else if (!needed && stage->stage.isolation.network) {
    pipeline_file_fault(self->file, pipeline_file_child(self->file, pointer, "network"), true,
                        "the manifest of \"%s\" does not say that it needs the network: take this out", stage->use);
  }
}

static void check_paths(draft *self, const draft_stage *stage, const char *pointer) {
  const plan_isolation *isolation = &stage->stage.isolation;
  bool needed = needs(stage->stage.info, "files");
  if (needed && !stage->has_paths) {
    pipeline_file_fault(self->file, pointer, true,
                        "\"%s\" needs files, which an isolated stage reaches only if the pipeline agrees: write "
                        "\"isolate\": { \"read\": [...], \"write\": [...] } with the files and folders",
                        stage->use);
  } else if (!needed && isolation->n_read + isolation->n_write > 0) {
    const char *key = isolation->n_read > 0 ? "read" : "write";
    pipeline_file_fault(self->file, pipeline_file_child(self->file, pointer, key), true,
                        "the manifest of \"%s\" does not say that it needs files: take this out (files that its "
                        "settings name are handed to it)",
                        stage->use);
  }
}

void draft_check_isolation(draft *self) {
  for (uint32_t i = 0; i < self->n_stages; i++) {
    const draft_stage *stage = &self->stages[i];
    if (stage->stage.isolate && stage->stage.info != NULL) {
      const char *pointer = draft_pointer(self, stage, "isolate");
      check_network(self, stage, pointer);
      check_paths(self, stage, pointer);
    }
  }
}
