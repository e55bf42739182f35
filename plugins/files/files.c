/* SPDX-License-Identifier: Apache-2.0 */

/* The source that reads files: its configuration, and the choice of what to read next and how. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "files/source.h"

enum { POINTER_MAX = 64, SNIFF_BYTES = 512, KEEP_MAX = MEMBERS_MAX - MEMBER_KEPT };

/* --- configuration --- */

static int refuse(qn_create *create, const char *text) {
  return create->host->create_fail(create, text, strlen(text));
}

static int refuse_memory(qn_create *create) {
  return refuse(create, "no memory for the source");
}

static void free_strings(char **strings, uint32_t n) {
  for (uint32_t i = 0; strings != NULL && i < n; i++) {
    free(strings[i]);
  }
  free(strings);
}

/* Copies the strings of the array at pointer, which is there. */
static int read_strings(qn_create *create, const char *pointer, char ***ret_strings, uint32_t *ret_n) {
  qn_value array;
  char item[POINTER_MAX];
  if (create->host->config_get(create, pointer, &array) != 0 || array.type != QN_VALUE_ARRAY) {
    return -ENOENT;
  }
  uint32_t n = (uint32_t)array.as.i64;
  char **strings = calloc(n == 0 ? 1 : n, sizeof *strings);
  for (uint32_t i = 0; strings != NULL && i < n; i++) {
    snprintf(item, sizeof item, "%s/%" PRIu32, pointer, i);
    qn_str string = qn_config_str(create, item);
    strings[i] = strndup(string.data == NULL ? "" : string.data, string.len);
    if (strings[i] == NULL) {
      free_strings(strings, n);
      strings = NULL;
    }
  }
  if (strings == NULL) {
    return -ENOMEM;
  }
  *ret_strings = strings;
  *ret_n = n;
  return 0;
}

static file_format format_of(qn_str name) {
  static const char *const names[] = { "auto", "text", "html", "jsonl", "json" };
  for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
    if (strlen(names[i]) == name.len && memcmp(names[i], name.data, name.len) == 0) {
      return (file_format)i;
    }
  }
  return FORMAT_AUTO;
}

/* The names of the JSON members that make a document. */
static int read_members(files_source *source, qn_create *create) {
  static const char *const keys[MEMBER_KEPT] = {
    "/fields/text",      "/fields/id",     "/fields/media_type", "/fields/title",
    "/fields/published", "/fields/byline", "/fields/language",   "/fields/url",
  };
  char **kept;
  uint32_t n_kept;
  for (uint32_t i = 0; i < MEMBER_KEPT; i++) {
    qn_str name = qn_config_str(create, keys[i]);
    source->members[i] = name.data != NULL ? strndup(name.data, name.len) : strdup(strrchr(keys[i], '/') + 1);
    if (source->members[i] == NULL) {
      return -ENOMEM;
    }
    source->n_members = i + 1;
  }
  int rc = read_strings(create, "/keep", &kept, &n_kept);
  if (rc != 0) {
    return rc == -ENOENT ? 0 : rc;
  }
  for (uint32_t i = 0; i < n_kept && i < KEEP_MAX; i++) {
    source->members[source->n_members++] = kept[i];
    kept[i] = NULL;
  }
  free_strings(kept, n_kept);
  return 0;
}

static int read_paths(files_source *source, qn_create *create) {
  char **paths = NULL, **include = NULL;
  uint32_t n_paths = 0, n_include = 0;
  int rc = read_strings(create, "/paths", &paths, &n_paths);
  if (rc == 0) {
    rc = read_strings(create, "/include", &include, &n_include);
  }
  if (rc == 0 || rc == -ENOENT) {
    rc = walk_new((const char *const *)paths, n_paths, (const char *const *)include, n_include, &source->walk);
  }
  if (rc == 0 && source->progress != NULL &&
      survey_start((const char *const *)paths, n_paths, (const char *const *)include, n_include, &source->survey) !=
          0) {
    source->progress = NULL; /* the documents matter, the bar does not */
  }
  free_strings(paths, n_paths);
  free_strings(include, n_include);
  return rc;
}

static void files_destroy(void *instance) {
  files_source *source = instance;
  if (source == NULL) {
    return;
  }
  survey_free(source->survey);
  walk_free(source->walk);
  for (uint32_t i = 0; i < source->n_members; i++) {
    free(source->members[i]);
  }
  split_done(&source->split);
  input_close(source->input);
  if (source->stop_fd >= 0) {
    close(source->stop_fd);
  }
  free(source->media_type);
  free(source->name);
  free(source->buffer);
  free(source);
}

static int files_create(qn_create *create, void **ret_instance) {
  files_source *source = calloc(1, sizeof *source);
  if (source == NULL) {
    return refuse_memory(create);
  }
  qn_str media_type = qn_config_str(create, "/media_type");
  source->host = create->host;
  source->env = create->env;
  source->progress = create->host->extension(create->env, QN_PROGRESS_1);
  source->format = format_of(qn_config_str(create, "/format"));
  source->line_bytes = (size_t)qn_config_i64(create, "/line_bytes", 128 << 20);
  source->media_type =
      media_type.data == NULL ? strdup("text/plain; charset=utf-8") : strndup(media_type.data, media_type.len);
  source->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (source->media_type == NULL || source->stop_fd < 0 || read_members(source, create) != 0 ||
      read_paths(source, create) != 0) {
    files_destroy(source);
    return refuse_memory(create);
  }
  *ret_instance = source;
  return 0;
}

static void files_interrupt(void *instance) {
  const files_source *source = instance;
  uint64_t one = 1;
  ssize_t n = write(source->stop_fd, &one, sizeof one);
  (void)n; /* it can only fail by being set already */
}

/* --- what a file holds --- */

/* True if name ends in .end, or in .end.gz or .end.zst. */
static bool has_ending(const char *name, const char *end) {
  size_t len = strlen(name), end_len = strlen(end);
  if (len > 3 && strcasecmp(name + len - 3, ".gz") == 0) {
    len -= 3;
  } else if (len > 4 && strcasecmp(name + len - 4, ".zst") == 0) {
    len -= 4;
  }
  return len > end_len + 1 && name[len - end_len - 1] == '.' && strncasecmp(name + len - end_len, end, end_len) == 0;
}

static file_format format_by_name(const char *name) {
  static const struct {
    const char *end;
    file_format format;
  } endings[] = {
    { "txt", FORMAT_TEXT },    { "text", FORMAT_TEXT },    { "md", FORMAT_TEXT },
    { "htm", FORMAT_HTML },    { "html", FORMAT_HTML },    { "xhtml", FORMAT_HTML },
    { "jsonl", FORMAT_JSONL }, { "ndjson", FORMAT_JSONL }, { "json", FORMAT_JSON },
  };
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    if (has_ending(name, endings[i].end)) {
      return endings[i].format;
    }
  }
  return FORMAT_AUTO;
}

/* JSON Lines begin with an object, HTML with its doctype or first element; the rest is left to decode to find out. */
static file_format format_by_bytes(const char *head, size_t len) {
  static const char *const html[] = { "<!doctype html", "<html", "<head", "<body" };
  size_t at = len >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  while (at < len && strchr(" \t\r\n", head[at]) != NULL && head[at] != '\0') {
    at++;
  }
  if (at < len && head[at] == '{') {
    do {
      at++;
    } while (at < len && (head[at] == ' ' || head[at] == '\t'));
    return at < len && (head[at] == '"' || head[at] == '}') ? FORMAT_JSONL : FORMAT_AUTO;
  }
  for (size_t i = 0; i < sizeof html / sizeof html[0]; i++) {
    size_t html_len = strlen(html[i]);
    if (len - at >= html_len && strncasecmp(head + at, html[i], html_len) == 0) {
      return FORMAT_HTML;
    }
  }
  return FORMAT_AUTO;
}

static file_format find_format(files_source *source, file_input *input, const char *path) {
  char head[SNIFF_BYTES];
  file_format format = source->format != FORMAT_AUTO ? source->format : format_by_name(path);
  if (format != FORMAT_AUTO) {
    return format;
  }
  ssize_t n = input_peek(input, head, sizeof head, &source->fault);
  return n <= 0 ? FORMAT_AUTO : format_by_bytes(head, (size_t)n);
}

/* --- reading --- */

/* The splitter's reader. Failures of the file itself are told apart from the host's by -EBADMSG. */
static ssize_t read_for_split(void *arg, void *buffer, size_t capacity) {
  files_source *source = arg;
  ssize_t n = input_read(source->input, buffer, capacity, &source->fault);
  return n >= 0 || n == -ECANCELED ? n : -EBADMSG;
}

static int read_file(files_source *source, qn_call *call, file_input *input, const char *path) {
  switch (find_format(source, input, path)) {
  case FORMAT_JSONL:
    source->input = input;
    split_init(&source->split, read_for_split, source, source->line_bytes);
    return 0;
  case FORMAT_JSON:
    return files_emit_json_file(source, call, input);
  case FORMAT_HTML:
    return files_emit_whole(source, call, input, "text/html");
  case FORMAT_TEXT:
    return files_emit_whole(source, call, input, "text/plain");
  default:
    return files_emit_whole(source, call, input, "");
  }
}

static int set_name(files_source *source, const char *path) {
  const char *name = strcmp(path, "-") == 0 ? "stdin" : path;
  char *clean = files_clean(name, strlen(name), NULL);
  if (clean == NULL) {
    return -ENOMEM;
  }
  free(source->name);
  source->name = clean;
  return 0;
}

/* Says how far the source is; input is being read or has ended, or NULL. */
static void tell_progress(const files_source *source, const file_input *input) {
  if (source->progress != NULL) {
    source->progress->tell(source->env, source->done_bytes + (input != NULL ? input_taken(input, 0) : 0),
                           survey_total(source->survey));
  }
}

static void end_input(files_source *source, file_input *input) {
  source->done_bytes += input_taken(input, 1);
  input_close(input);
}

/* Opens the next file; emits it, or begins to split it. 0, 1 when there are no more, negative errno. */
static int next_file(files_source *source, qn_call *call) {
  walk_kind kind;
  const char *path;
  file_input *input;
  int rc = walk_next(source->walk, &kind, &path, &source->fault);
  if (rc != 0 || kind == WALK_END) {
    return rc != 0 ? rc : 1;
  }
  rc = set_name(source, path);
  if (rc != 0) {
    return rc;
  }
  if (kind == WALK_FAULT) {
    return files_reject(source, call, 0, source->fault.slug, source->fault.text);
  }
  rc = input_open(path, source->stop_fd, &input, &source->fault);
  if (rc != 0) {
    return rc == -ECANCELED ? rc : files_reject(source, call, 0, source->fault.slug, source->fault.text);
  }
  rc = read_file(source, call, input, path);
  if (source->input != input) {
    end_input(source, input);
  }
  return rc;
}

static void end_lines(files_source *source) {
  split_done(&source->split);
  end_input(source, source->input);
  source->input = NULL;
}

static qn_status files_next(void *instance, qn_call *call) {
  files_source *source = instance;
  int rc;
  if (source->input != NULL) {
    rc = files_emit_line(source, call);
    if (rc != 0) {
      end_lines(source);
    }
    rc = rc == 1 ? 0 : rc;
  } else {
    rc = next_file(source, call);
  }
  tell_progress(source, source->input);
  if (rc == 0) {
    return QN_STATUS_MORE;
  }
  if (rc == 1 || rc == -ECANCELED) {
    return QN_STATUS_OK;
  }
  if (rc == -ENOMEM) {
    return qn_fail(call, QN_STATUS_FATAL, "no-memory", "no memory to read the next document");
  }
  char text[128];
  snprintf(text, sizeof text, "the host took no document: %s", strerror(-rc));
  return qn_fail(call, QN_STATUS_FATAL, "cannot-emit", text);
}

static const qn_source files_table = {
  .size = sizeof(qn_source),
  .create = files_create,
  .destroy = files_destroy,
  .next = files_next,
  .interrupt = files_interrupt,
};

static const qn_stage files_stage = { .size = sizeof(qn_stage), .name = "files", .source = &files_table };
static const qn_stage *const stages[] = { &files_stage };

QN_EXPORT const qn_plugin qn_plugin_v1 = { .size = sizeof(qn_plugin), .n_stages = 1, .stages = stages };
