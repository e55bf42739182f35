/* SPDX-License-Identifier: Apache-2.0 */

/* The source that reads files: its configuration, and the choice of what to read next and how. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "files/survey.h"
#include "files/walk.h"
#include "input/copies.h"
#include "input/reader.h"
#include "qanat/progress.h"

/* Only the lent thread touches it after create; interrupt() writes to stop_fd and nothing else. */
typedef struct files_source {
  qn_env *env;
  file_walk *walk;
  const qn_progress *progress; /* NULL: nobody looks */
  files_survey *survey;        /* NULL if nobody looks */
  uint64_t done_bytes;         /* of files that are through */
  int stop_fd;                 /* an eventfd: readable once interrupted */
  file_reader reader;
} files_source;

/* --- configuration --- */

static int refuse_memory(qn_create *create) {
  static const char text[] = "no memory for the source";
  return create->host->create_fail(create, text, sizeof text - 1);
}

static int read_paths(files_source *source, qn_create *create) {
  char **paths = NULL, **include = NULL;
  uint32_t n_paths = 0, n_include = 0;
  int rc = copies_read(create, "/paths", &paths, &n_paths);
  if (rc == 0) {
    rc = copies_read(create, "/include", &include, &n_include);
  }
  if (rc == 0 || rc == -ENOENT) {
    rc = walk_new((const char *const *)paths, n_paths, (const char *const *)include, n_include, &source->walk);
  }
  if (rc == 0 && source->progress != NULL &&
      survey_start((const char *const *)paths, n_paths, (const char *const *)include, n_include, &source->survey) !=
          0) {
    source->progress = NULL; /* the documents matter, the bar does not */
  }
  copies_free(paths, n_paths);
  copies_free(include, n_include);
  return rc;
}

static void files_destroy(void *instance) {
  files_source *source = instance;
  if (source == NULL) {
    return;
  }
  survey_free(source->survey);
  walk_free(source->walk);
  reader_done(&source->reader);
  if (source->stop_fd >= 0) {
    close(source->stop_fd);
  }
  free(source);
}

static int files_create(qn_create *create, void **ret_instance) {
  files_source *source = calloc(1, sizeof *source);
  if (source == NULL) {
    return refuse_memory(create);
  }
  source->env = create->env;
  source->progress = create->host->extension(create->env, QN_PROGRESS_1);
  source->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (source->stop_fd < 0 || reader_init(&source->reader, create, "files") != 0 || read_paths(source, create) != 0) {
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

/* --- reading --- */

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
  file_reader *reader = &source->reader;
  int rc = walk_next(source->walk, &kind, &path, &reader->fault);
  if (rc != 0 || kind == WALK_END) {
    return rc != 0 ? rc : 1;
  }
  rc = reader_set_name(reader, strcmp(path, "-") == 0 ? "stdin" : path);
  if (rc != 0) {
    return rc;
  }
  if (kind == WALK_FAULT) {
    return reader_reject(reader, call, 0, reader->fault.slug, reader->fault.text);
  }
  rc = input_open(path, source->stop_fd, &input, &reader->fault);
  if (rc != 0) {
    return rc == -ECANCELED ? rc : reader_reject(reader, call, 0, reader->fault.slug, reader->fault.text);
  }
  rc = reader_begin(reader, call, input, path);
  if (reader->input != input) {
    end_input(source, input);
  }
  return rc;
}

static qn_status files_next(void *instance, qn_call *call) {
  files_source *source = instance;
  int rc;
  if (source->reader.input != NULL) {
    rc = reader_line(&source->reader, call);
    if (rc != 0) {
      end_input(source, reader_end_lines(&source->reader));
    }
    rc = rc == 1 ? 0 : rc;
  } else {
    rc = next_file(source, call);
  }
  tell_progress(source, source->reader.input);
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
