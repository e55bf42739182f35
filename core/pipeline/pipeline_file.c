/* SPDX-License-Identifier: Apache-2.0 */

/* Reads a pipeline file and finds the place of a fault in it. */
#include "pipeline/pipeline_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void report_syntax(void *arg, text_range range, const char *pointer, const char *message) {
  pipeline_file *file = arg;
  faults_add(file->faults, range, pointer, "%s", message);
}

static const char *folder_of(plan_memory *memory, const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) {
    return ".";
  }
  return slash == path ? "/" : plan_memory_copy(memory, path, (size_t)(slash - path));
}

/* Removes every member whose key stands there already; told by then, and nobody behind here has to think of it. Looks
 * only so far into an object: what is longer is refused for other reasons. */
static void prune_repeated(cJSON *value) {
  enum { MEMBERS_LOOKED_AT = 1024 };
  uint32_t n = 0;
  for (cJSON *next, *child = value->child; child != NULL; child = next) {
    next = child->next;
    bool repeated = child->string != NULL && n < MEMBERS_LOOKED_AT &&
                    cJSON_GetObjectItemCaseSensitive(value, child->string) != child;
    n++;
    if (repeated) {
      cJSON_Delete(cJSON_DetachItemViaPointer(value, child));
    } else if (child->child != NULL) {
      prune_repeated(child);
    }
  }
}

static int parse(pipeline_file *file) {
  int result = faults_set_text(file->faults, file->path, file->text, file->len);
  if (result == 0) {
    result = positions_scan(file->text, file->len, report_syntax, file, &file->positions);
  }
  if (result != 0) {
    return result;
  }
  file->root = cJSON_ParseWithLength(file->text, file->len + 1);
  if (file->root == NULL) {
    return -ENOMEM; /* the scan has let nothing through that cJSON refuses */
  }
  if (faults_count(file->faults) > 0) {
    prune_repeated(file->root);
  }
  if (!cJSON_IsObject(file->root)) {
    pipeline_file_fault(file, "", false,
                        "a pipeline is an object: { \"source\": ..., \"stages\": [...], \"sink\": ... }");
    return -EINVAL;
  }
  return 0;
}

static int begin(pipeline_file *file, const char *path, plan_memory *memory, faults *found) {
  *file = (pipeline_file){ .memory = memory, .faults = found };
  file->path = plan_memory_copy(memory, path, strlen(path));
  file->base_folder = folder_of(memory, path);
  return file->path == NULL || file->base_folder == NULL ? -ENOMEM : 0;
}

int pipeline_file_parse(pipeline_file *file, const char *path, const char *text, size_t len, plan_memory *memory,
                        faults *found) {
  int result = begin(file, path, memory, found);
  if (result != 0) {
    return result;
  }
  file->text = malloc(len + 1);
  if (file->text == NULL) {
    return -ENOMEM;
  }
  if (len != 0) {
    memcpy(file->text, text, len);
  }
  file->text[len] = '\0';
  file->len = len;
  return parse(file);
}

/* Up to one byte over the limit, which positions_scan then refuses; so a pipe or a device ends too. */
static int read_all(int descriptor, char **ret_text, size_t *ret_len) {
  size_t capacity = 16384;
  size_t len = 0;
  char *text = malloc(capacity + 1);
  while (text != NULL && len <= POSITIONS_BYTES_MAX) {
    if (len == capacity) {
      capacity *= 2;
      char *grown = realloc(text, capacity + 1);
      if (grown == NULL) {
        break;
      }
      text = grown;
    }
    ssize_t got = read(descriptor, text + len, capacity - len);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      int code = -errno;
      free(text);
      return code;
    }
    if (got == 0) {
      text[len] = '\0';
      *ret_text = text;
      *ret_len = len;
      return 0;
    }
    len += (size_t)got;
  }
  free(text);
  return len > POSITIONS_BYTES_MAX ? -EFBIG : -ENOMEM;
}

static int read_path(pipeline_file *file) {
  int descriptor = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (descriptor < 0) {
    return -errno;
  }
  struct stat info;
  int result = fstat(descriptor, &info) != 0 ? -errno : S_ISDIR(info.st_mode) ? -EISDIR : 0;
  if (result == 0) {
    result = read_all(descriptor, &file->text, &file->len);
  }
  close(descriptor);
  return result;
}

int pipeline_file_read(pipeline_file *file, const char *path, plan_memory *memory, faults *found) {
  int result = begin(file, path, memory, found);
  if (result != 0) {
    return result;
  }
  result = read_path(file);
  if (result == -ENOMEM) {
    return result;
  }
  if (result == -EFBIG) {
    faults_add_file(found, path, "larger than %d MiB: this is not a pipeline file", POSITIONS_BYTES_MAX / 1048576);
    return result;
  }
  if (result != 0) {
    faults_add_file(found, path, "can't read the pipeline: %s%s", strerror(-result),
                    result == -ENOENT   ? "; check the path"
                    : result == -EISDIR ? "; name the file in it"
                                        : "");
    return result;
  }
  return parse(file);
}

void pipeline_file_done(pipeline_file *file) {
  positions_free(file->positions);
  cJSON_Delete(file->root);
  free(file->text);
  file->positions = NULL;
  file->root = NULL;
  file->text = NULL;
}

/* --- places --- */

bool pipeline_file_within(const char *pointer, const char *base) {
  size_t len = strlen(base);
  return strncmp(pointer, base, len) == 0 && (pointer[len] == '\0' || pointer[len] == '/');
}

/* The last argument that set the value or something around it. */
static const file_origin *origin_of(const pipeline_file *file, const char *pointer) {
  for (uint32_t i = file->n_origins; i-- > 0;) {
    if (pipeline_file_within(pointer, file->origins[i].pointer)) {
      return &file->origins[i];
    }
  }
  return NULL;
}

/* The first argument that made an object on the way to what it set. */
static const file_origin *origin_below(const pipeline_file *file, const char *pointer) {
  for (uint32_t i = 0; i < file->n_origins; i++) {
    if (pipeline_file_within(file->origins[i].pointer, pointer)) {
      return &file->origins[i];
    }
  }
  return NULL;
}

bool pipeline_file_literal(const pipeline_file *file, const char *pointer) {
  const file_origin *origin = origin_of(file, pointer);
  return origin != NULL && origin->literal;
}

/* word: a part of the value to point at, or NULL. */
static void add_fault(pipeline_file *file, const char *pointer, bool at_key, const char *word, const char *message) {
  const file_substitution *made = pipeline_file_substitution(file, pointer);
  if (made != NULL && made->failed) {
    return;
  }
  const file_origin *origin = origin_of(file, pointer);
  bool exact = origin != NULL;
  text_range range = { 0, 0 };
  if (origin != NULL) {
    range = at_key && strcmp(origin->pointer, pointer) == 0 ? origin->key : origin->value;
  } else {
    range = positions_find(file->positions, pointer, at_key, &exact);
  }
  if (!exact && (origin = origin_below(file, pointer)) != NULL) {
    range = origin->path;
  }
  const char *text = origin != NULL ? origin->argument : file->text;
  size_t word_len = word == NULL ? 0 : strlen(word);
  const char *found = word_len == 0 ? NULL : memmem(text + range.begin, range.end - range.begin, word, word_len);
  if (found != NULL) {
    range.begin = (size_t)(found - text);
    range.end = range.begin + word_len;
  }
  if (origin != NULL) {
    faults_add_argument(file->faults, origin->argument, range, pointer, "%s", message);
  } else {
    faults_add(file->faults, range, pointer, "%s", message);
  }
}

/* Secrets must not come out in a message that quotes a value. */
static void redact(const pipeline_file *file, char *message) {
  static const char mask[] = "[secret]";
  for (uint32_t i = 0; i < file->n_substitutions; i++) {
    const char *secret = file->substitutions[i].secret;
    size_t len = secret == NULL ? 0 : strlen(secret);
    for (char *at = message; len != 0 && (at = strstr(at, secret)) != NULL;) {
      size_t shown = len < sizeof mask - 1 ? len : sizeof mask - 1;
      memcpy(at, mask, shown);
      memmove(at + shown, at + len, strlen(at + len) + 1);
      at += shown;
    }
  }
}

static void fault_formatted(pipeline_file *file, const char *pointer, bool at_key, const char *word, const char *format,
                            va_list args) {
  char *message = NULL;
  if (vasprintf(&message, format, args) < 0) {
    message = NULL;
  } else {
    redact(file, message);
  }
  add_fault(file, pointer == NULL ? "" : pointer, at_key, word, message == NULL ? "out of memory" : message);
  free(message);
}

void pipeline_file_fault(pipeline_file *file, const char *pointer, bool at_key, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fault_formatted(file, pointer, at_key, NULL, format, args);
  va_end(args);
}

void pipeline_file_fault_word(pipeline_file *file, const char *pointer, const char *word, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fault_formatted(file, pointer, false, word, format, args);
  va_end(args);
}

const char *pipeline_file_child(pipeline_file *file, const char *base, const char *key) {
  size_t len = base == NULL ? 0 : strlen(base) + 2 * strlen(key) + 2;
  char *pointer = base == NULL ? NULL : plan_memory_take(file->memory, len, 1);
  if (pointer == NULL) {
    return NULL;
  }
  char *at = stpcpy(pointer, base);
  *at++ = '/';
  for (; *key != '\0'; key++) {
    if (*key == '~' || *key == '/') {
      *at++ = '~';
      *at++ = *key == '~' ? '0' : '1';
    } else {
      *at++ = *key;
    }
  }
  return pointer;
}

const char *pipeline_file_item(pipeline_file *file, const char *base, uint32_t index) {
  return base == NULL ? NULL : plan_memory_format(file->memory, "%s/%u", base, index);
}

cJSON *pipeline_file_value(cJSON *root, const char *pointer) {
  cJSON *value = root;
  char *component = NULL;
  while (value != NULL && (component = positions_component(&pointer)) != NULL) {
    value = cJSON_IsArray(value) ? cJSON_GetArrayItem(value, atoi(component))
                                 : cJSON_GetObjectItemCaseSensitive(value, component);
    free(component);
  }
  return *pointer == '\0' ? value : NULL;
}

/* --- substitutions --- */

int pipeline_file_substituted(pipeline_file *file, const file_substitution *substitution) {
  if (file->n_substitutions == file->substitutions_capacity) {
    uint32_t capacity = file->substitutions_capacity == 0 ? 16 : file->substitutions_capacity * 2;
    file_substitution *grown = plan_memory_take(file->memory, capacity, sizeof *grown);
    if (grown == NULL) {
      return -ENOMEM;
    }
    if (file->n_substitutions != 0) {
      memcpy(grown, file->substitutions, file->n_substitutions * sizeof *grown);
    }
    file->substitutions = grown;
    file->substitutions_capacity = capacity;
  }
  file->substitutions[file->n_substitutions++] = *substitution;
  return 0;
}

const file_substitution *pipeline_file_substitution(const pipeline_file *file, const char *pointer) {
  for (uint32_t i = 0; i < file->n_substitutions; i++) {
    if (strcmp(file->substitutions[i].pointer, pointer) == 0) {
      return &file->substitutions[i];
    }
  }
  return NULL;
}
