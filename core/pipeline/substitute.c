/* SPDX-License-Identifier: Apache-2.0 */

/* Substitution. Only string values are touched, after parsing, so nothing substituted can change the shape of the
 * file. $${ stands for a plain ${. */
#include "pipeline/substitute.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "document/utf8.h"

/* A string that grows, up to a limit. */
typedef struct result_text {
  char *data;
  size_t len, capacity;
  bool too_long;
} result_text;

typedef struct substituter {
  pipeline_file *file;
  size_t total;
  uint32_t n_strings;
  /* the string at work */
  const char *pointer;
  result_text out;
  bool faulty;
  bool secret; /* ${file:...} is in it */
} substituter;

static int append(result_text *out, const char *data, size_t len) {
  if (len > SUBSTITUTE_STRING_MAX - out->len) {
    out->too_long = true;
    return 0;
  }
  if (out->capacity - out->len <= len) {
    size_t capacity = (out->len + len + 1) * 2;
    char *grown = realloc(out->data, capacity);
    if (grown == NULL) {
      return -ENOMEM;
    }
    out->data = grown;
    out->capacity = capacity;
  }
  if (len != 0) {
    memcpy(out->data + out->len, data, len);
  }
  out->len += len;
  out->data[out->len] = '\0';
  return 0;
}

/* --- ${file:PATH} --- */

static int read_secret(const char *path, char *bytes, size_t *ret_len) {
  int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (descriptor < 0) {
    return -errno;
  }
  size_t len = 0;
  int result = 0;
  while (result == 0 && len <= SUBSTITUTE_SECRET_MAX) {
    ssize_t got = read(descriptor, bytes + len, SUBSTITUTE_SECRET_MAX + 1 - len);
    if (got == 0) {
      break;
    }
    if (got > 0) {
      len += (size_t)got;
    } else if (errno != EINTR) {
      result = -errno;
    }
  }
  close(descriptor);
  *ret_len = len;
  return result == 0 && len > SUBSTITUTE_SECRET_MAX ? -EFBIG : result;
}

static void fault(substituter *s, const char *reference, const char *what, const char *advice) {
  pipeline_file_fault_word(s->file, s->pointer, reference, "%s: %s%s%s", reference, what, advice[0] == '\0' ? "" : "; ",
                           advice);
  s->faulty = true;
}

static int append_file(substituter *s, const char *reference, const char *path, char *bytes) {
  size_t len = 0;
  int result = read_secret(path, bytes, &len);
  if (result != 0) {
    pipeline_file_fault_word(s->file, s->pointer, reference, "can't read %s: %s", path,
                             result == -EFBIG ? "larger than 64 KiB, no secret is" : strerror(-result));
    s->faulty = true;
    return 0;
  }
  while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r')) {
    len--;
  }
  if (!utf8_valid((const uint8_t *)bytes, len)) {
    fault(s, reference, "the file is not UTF-8 text", path);
    return 0;
  }
  s->secret = true;
  return append(&s->out, bytes, len);
}

static int append_secret(substituter *s, const char *reference, const char *path) {
  if (strstr(s->pointer, "/with/") == NULL) {
    fault(s, reference, "a secret is only for values under \"with\"", "use ${NAME} elsewhere");
    return 0;
  }
  const char *full = path[0] == '/' ? path : plan_memory_format(s->file->memory, "%s/%s", s->file->base_folder, path);
  char *bytes = malloc(SUBSTITUTE_SECRET_MAX + 1);
  int result = full == NULL || bytes == NULL ? -ENOMEM : append_file(s, reference, full, bytes);
  free(bytes);
  return result;
}

/* --- ${NAME} --- */

static bool is_variable(const char *name, size_t len) {
  bool good = len > 0 && !(name[0] >= '0' && name[0] <= '9');
  for (size_t i = 0; good && i < len; i++) {
    char c = name[i];
    good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  }
  return good;
}

static int append_variable(substituter *s, const char *reference, const char *inside) {
  const char *fallback = strstr(inside, ":-");
  size_t len = fallback == NULL ? strlen(inside) : (size_t)(fallback - inside);
  if (!is_variable(inside, len)) {
    fault(s, reference, "not a reference", "write ${NAME}, ${NAME:-default} or ${file:PATH}, or $${ for a plain ${");
    return 0;
  }
  char *name = plan_memory_copy(s->file->memory, inside, len);
  if (name == NULL) {
    return -ENOMEM;
  }
  const char *value = getenv(name);
  if ((value == NULL || value[0] == '\0') && fallback != NULL) {
    value = fallback + 2;
  }
  if (value == NULL) {
    fault(s, reference, "this environment variable is not set", "set it, or give a default: ${NAME:-default}");
    return 0;
  }
  if (!utf8_valid((const uint8_t *)value, strlen(value))) {
    fault(s, reference, "the value of this environment variable is not UTF-8", "");
    return 0;
  }
  return append(&s->out, value, strlen(value));
}

/* --- one string --- */

/* text is at "${"; ret_len is how much of it the reference takes. */
static int append_reference(substituter *s, const char *text, size_t *ret_len) {
  const char *close = strchr(text, '}');
  if (close == NULL) {
    fault(s, "${", "this reference has no closing }", "write $${ for a plain ${");
    *ret_len = strlen(text);
    return 0;
  }
  size_t len = (size_t)(close - text) + 1;
  *ret_len = len;
  char *reference = plan_memory_copy(s->file->memory, text, len);
  char *inside = plan_memory_copy(s->file->memory, text + 2, len - 3);
  if (reference == NULL || inside == NULL) {
    return -ENOMEM;
  }
  return strncmp(inside, "file:", 5) == 0 ? append_secret(s, reference, inside + 5)
                                          : append_variable(s, reference, inside);
}

static int append_all(substituter *s, const char *text, bool *ret_whole) {
  bool whole = false;
  for (size_t at = 0; text[at] != '\0' && !s->out.too_long;) {
    size_t len = strcspn(text + at, "$");
    if (len == 0 && strncmp(text + at, "$${", 3) == 0) {
      int result = append(&s->out, "${", 2);
      if (result != 0) {
        return result;
      }
      at += 3;
      continue;
    }
    if (len == 0 && text[at + 1] == '{') {
      int result = append_reference(s, text + at, &len);
      if (result != 0) {
        return result;
      }
      whole = at == 0 && text[len] == '\0';
    } else {
      len += len == 0;
      int result = append(&s->out, text + at, len);
      if (result != 0) {
        return result;
      }
    }
    at += len;
  }
  *ret_whole = whole;
  return 0;
}

static int set_string(substituter *s, cJSON *value, bool whole) {
  char *pointer = plan_memory_copy(s->file->memory, s->pointer, strlen(s->pointer));
  if (pointer == NULL) {
    return -ENOMEM;
  }
  if (s->faulty) {
    return pipeline_file_substituted(s->file, &(file_substitution){ .pointer = pointer, .failed = true });
  }
  if (s->out.too_long || s->out.len > SUBSTITUTE_TOTAL_MAX - s->total) {
    pipeline_file_fault(s->file, s->pointer, false, "too long after substitution: over 1 MiB, or 16 MiB in the file");
    return 0;
  }
  char *secret = s->secret ? plan_memory_copy(s->file->memory, s->out.data, s->out.len) : NULL;
  if ((s->secret && secret == NULL) || cJSON_SetValuestring(value, s->out.data == NULL ? "" : s->out.data) == NULL) {
    return -ENOMEM;
  }
  s->total += s->out.len;
  return pipeline_file_substituted(s->file,
                                   &(file_substitution){ .pointer = pointer, .secret = secret, .whole = whole });
}

static int substitute_string(substituter *s, const char *pointer, cJSON *value) {
  if (strstr(value->valuestring, "${") == NULL || pipeline_file_literal(s->file, pointer)) {
    return 0;
  }
  if (s->n_strings++ == SUBSTITUTE_STRINGS) {
    pipeline_file_fault(s->file, pointer, false, "more than %d strings with ${...} in one file", SUBSTITUTE_STRINGS);
  }
  if (s->n_strings > SUBSTITUTE_STRINGS) {
    return 0;
  }
  s->pointer = pointer;
  s->out = (result_text){ 0 };
  s->faulty = false;
  s->secret = false;
  bool whole = false;
  int result = append_all(s, value->valuestring, &whole);
  if (result == 0) {
    result = set_string(s, value, whole);
  }
  free(s->out.data);
  return result;
}

/* --- the tree --- */

enum { PATH_MAX_LEN = 4096 };

/* path holds the pointer to parent, len bytes of it. */
static int substitute_within(substituter *s, cJSON *parent, char *path, size_t len) {
  uint32_t index = 0;
  cJSON *child = NULL;
  cJSON_ArrayForEach(child, parent) {
    const char *key = child->string == NULL ? "" : child->string;
    bool is_schema = len == 0 && strcmp(key, "$schema") == 0;
    size_t n = len;
    path[n++] = '/';
    if (child->string == NULL) {
      n += (size_t)snprintf(path + n, 16, "%u", index);
    }
    for (; *key != '\0' && n < PATH_MAX_LEN - 32; key++) {
      if (*key == '~' || *key == '/') {
        path[n++] = '~';
      }
      path[n++] = *key == '~' ? '0' : *key == '/' ? '1' : *key;
    }
    path[n] = '\0';
    index++;
    bool too_deep = n >= PATH_MAX_LEN - 32; /* keys kilobytes long: no stage has such */
    int result = is_schema || too_deep   ? 0
                 : cJSON_IsString(child) ? substitute_string(s, path, child)
                 : child->child != NULL  ? substitute_within(s, child, path, n)
                                         : 0;
    if (result != 0) {
      return result;
    }
  }
  path[len] = '\0';
  return 0;
}

int substitute_all(pipeline_file *file) {
  substituter s = { .file = file };
  char path[PATH_MAX_LEN] = "";
  return substitute_within(&s, file->root, path, 0);
}
