/* SPDX-License-Identifier: Apache-2.0 */

/* cJSON prints either everything on one line or every member on its own; test files have long lists of short rows. */
#include "command/case_write.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_COLUMNS = 120, STEP = 2 };

/* A string, number, true, false or null as JSON has it. */
static bool print_scalar(const cJSON *json, FILE *stream) {
  char *text = cJSON_PrintUnformatted(json);
  if (text == NULL) {
    return false;
  }
  fputs(text, stream);
  cJSON_free(text);
  return true;
}

static bool print_key(const cJSON *member, FILE *stream) {
  if (member->string == NULL) {
    return true;
  }
  const cJSON key = { .type = cJSON_String, .valuestring = member->string };
  bool good = print_scalar(&key, stream);
  fputs(": ", stream);
  return good;
}

static bool is_container(const cJSON *json) {
  return cJSON_IsObject(json) || cJSON_IsArray(json);
}

static bool print_line(const cJSON *json, FILE *stream) {
  bool object = cJSON_IsObject(json);
  if (!is_container(json)) {
    return print_scalar(json, stream);
  }
  bool good = true;
  fputs(object ? "{" : "[", stream);
  for (const cJSON *child = json->child; good && child != NULL; child = child->next) {
    fputs(child != json->child ? ", " : object ? " " : "", stream);
    good = print_key(child, stream) && print_line(child, stream);
  }
  fputs(object ? (json->child != NULL ? " }" : "}") : "]", stream);
  return good;
}

char *case_json_line(const cJSON *json) {
  char *text = NULL;
  size_t len = 0;
  FILE *stream = open_memstream(&text, &len);
  if (stream == NULL) {
    return NULL;
  }
  bool good = print_line(json, stream);
  if (fclose(stream) != 0 || !good) {
    free(text);
    return NULL;
  }
  return text;
}

static size_t columns_of(const char *text) {
  size_t n = 0;
  for (; *text != '\0'; text++) {
    n += ((unsigned char)*text & 0xC0) != 0x80;
  }
  return n;
}

static bool print_value(const cJSON *json, size_t indent, size_t before, FILE *stream) {
  char *line = case_json_line(json);
  if (line == NULL) {
    return false;
  }
  bool fits = !is_container(json) || json->child == NULL || before + columns_of(line) < LINE_COLUMNS;
  if (fits) {
    fputs(line, stream);
  }
  free(line);
  if (fits) {
    return true;
  }
  bool good = true;
  fputs(cJSON_IsObject(json) ? "{\n" : "[\n", stream);
  for (const cJSON *child = json->child; good && child != NULL; child = child->next) {
    size_t key = child->string != NULL ? columns_of(child->string) + 4 : 0;
    fprintf(stream, "%*s", (int)(indent + STEP), "");
    good = print_key(child, stream) && print_value(child, indent + STEP, indent + STEP + key, stream);
    fputs(child->next != NULL ? ",\n" : "\n", stream);
  }
  fprintf(stream, "%*s%s", (int)indent, "", cJSON_IsObject(json) ? "}" : "]");
  return good;
}

/* The whole is never one line: its members stand below each other. */
int case_json_print(const cJSON *json, FILE *stream) {
  bool good = print_value(json, 0, LINE_COLUMNS, stream);
  fputc('\n', stream);
  return good ? 0 : -ENOMEM;
}

int case_json_save(const cJSON *json, const char *path) {
  char *beside = NULL;
  struct stat old;
  mode_t mode = stat(path, &old) == 0 ? old.st_mode & 0777 : 0644;
  if (asprintf(&beside, "%s.new", path) < 0) {
    return -ENOMEM;
  }
  int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  FILE *stream = fd >= 0 ? fdopen(fd, "w") : NULL;
  int rc = stream == NULL ? -errno : case_json_print(json, stream);
  if (stream != NULL) {
    errno = 0;
    bool failed = fflush(stream) != 0 || fsync(fd) != 0;
    failed |= fclose(stream) != 0;
    rc = rc == 0 && failed ? (errno != 0 ? -errno : -EIO) : rc;
  } else if (fd >= 0) {
    close(fd);
  }
  rc = rc == 0 && rename(beside, path) != 0 ? -errno : rc;
  if (rc != 0) {
    unlink(beside);
  }
  free(beside);
  return rc;
}
