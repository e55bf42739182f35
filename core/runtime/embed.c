/* SPDX-License-Identifier: Apache-2.0 */

/* The library's own face: qanat/embed.h over the planner and the runtime. */
#include "qanat/embed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/runtime.h"

struct qn_pipeline {
  registry *registry;
  plan *plan;
  runtime *runtime;
  letter_store letters; /* hands each on to the program */
  qn_pipeline_options options;
};

static void say(char *message, size_t size, const char *text) {
  if (size == 0) {
    return;
  }
  size_t len = strlen(text);
  len = len < size ? len : size - 1;
  memcpy(message, text, len);
  /* Not within a code point: step back over its continuation bytes, and over a lead byte left alone. */
  while (text[len] != '\0' && len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
    len--;
  }
  message[len] = '\0';
}

static void on_log(void *arg, const char *stage, uint32_t level, const char *text, size_t len) {
  const qn_pipeline *self = arg;
  self->options.log(self->options.arg, stage, level, text, len);
}

static char *copy_of(qn_str text) {
  return strndup(text.len > 0 ? text.data : "", text.len);
}

static int hand_on(letter_store *store, const letter *note) {
  const qn_pipeline *self = (const qn_pipeline *)((char *)store - offsetof(qn_pipeline, letters));
  char *source = copy_of(note->source);
  char *id = copy_of(note->id);
  int rc = source != NULL && id != NULL ? 0 : -ENOMEM;
  if (rc == 0) {
    const qn_pipeline_failure failure = { .size = sizeof failure,
                                          .attempts = note->attempts,
                                          .source = source,
                                          .id = id,
                                          .stage = note->stage,
                                          .slug = note->slug,
                                          .message = note->message };
    self->options.failed(self->options.arg, &failure);
  }
  free(source);
  free(id);
  return rc;
}

static int make_plan(qn_pipeline *self, const char *path, char *message, size_t size) {
  const plan_options changes = { .sets = self->options.sets,
                                 .n_sets = self->options.n_sets,
                                 .inputs = self->options.n_inputs > 0 ? self->options.inputs : NULL,
                                 .n_inputs = self->options.n_inputs,
                                 .output = self->options.output };
  faults *found = NULL;
  if (faults_new(&found) != 0) {
    say(message, size, "no memory");
    return -ENOMEM;
  }
  int rc = plan_make(path, self->registry, &changes, &self->plan, found);
  if (rc != 0) {
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    if (stream != NULL) {
      faults_print(found, stream, false);
      fclose(stream);
    }
    say(message, size, text != NULL ? text : "no memory");
    free(text);
  }
  faults_free(found);
  return rc;
}

static int open_parts(qn_pipeline *self, const char *path, char *message, size_t size) {
  const qn_pipeline_options *given = &self->options;
  const registry_options search = { .folders = given->plugin_folders, .n_folders = given->n_plugin_folders };
  qn_error error = { 0 };
  int rc = registry_new(&search, &self->registry, &error);
  if (rc != 0) {
    say(message, size, error.message);
    return rc;
  }
  rc = make_plan(self, path, message, size);
  if (rc != 0) {
    return rc;
  }
  self->letters.put = hand_on;
  const runtime_options options = { .n_workers = given->n_workers,
                                    .limit_documents = given->limit_documents,
                                    .frozen = given->now_ms != 0,
                                    .now_ms = given->now_ms,
                                    .log = given->log != NULL ? on_log : NULL,
                                    .arg = self,
                                    .letters = given->failed != NULL ? &self->letters : NULL };
  rc = runtime_load(self->plan, self->registry, &options, &self->runtime, &error);
  if (rc != 0) {
    say(message, size, error.message);
  }
  return rc;
}

int qn_pipeline_open(const char *path, const qn_pipeline_options *options, qn_pipeline **ret_pipeline, char *message,
                     size_t size) {
  qn_pipeline *made = calloc(1, sizeof *made);
  if (made == NULL) {
    say(message, size, "no memory");
    return -ENOMEM;
  }
  if (options != NULL) {
    /* A program built with an older header knows fewer members; one built with a newer header, more. */
    memcpy(&made->options, options, options->size < sizeof *options ? options->size : sizeof *options);
  }
  int rc = open_parts(made, path, message, size);
  if (rc != 0) {
    qn_pipeline_close(made);
    return rc;
  }
  *ret_pipeline = made;
  return 0;
}

int qn_pipeline_run(qn_pipeline *self, char *message, size_t size) {
  qn_error error = { 0 };
  int rc = runtime_run(self->runtime, &error);
  if (rc != 0) {
    say(message, size, error.message);
  }
  return rc;
}

void qn_pipeline_stop(qn_pipeline *self) {
  runtime_stop(self->runtime);
}

int qn_pipeline_counts_get(const qn_pipeline *self, qn_pipeline_counts *ret_counts) {
  uint32_t size = ret_counts->size;
  if (size < sizeof size) {
    return -EINVAL;
  }
  runtime_counts counts;
  runtime_counts_get(self->runtime, &counts);
  const qn_pipeline_counts filled = { .size = size,
                                      .in_flight = counts.in_flight,
                                      .admitted = counts.admitted,
                                      .delivered = counts.delivered,
                                      .dropped = counts.dropped,
                                      .dead_lettered = counts.dead_lettered,
                                      .unfinished = counts.unfinished,
                                      .bytes = counts.bytes_admitted };
  memcpy(ret_counts, &filled, size < sizeof filled ? size : sizeof filled);
  return 0;
}

void qn_pipeline_close(qn_pipeline *self) {
  if (self == NULL) {
    return;
  }
  bool stuck = runtime_is_stuck(self->runtime);
  runtime_free(self->runtime);
  if (stuck) {
    return; /* a stage still works with all that is left */
  }
  plan_free(self->plan);
  registry_free(self->registry);
  free(self);
}
