/* SPDX-License-Identifier: Apache-2.0 */

/* The trunk of a plan (core/harness/trunk.h) in the words of cmocka: what goes wrong in setting up fails the test. */
#include "harness.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "document/record.h"
#include "harness/trunk.h"

enum { FIELDS_MAX = 8 };

struct harness {
  char *pipeline_path;
  registry *registry;
  plan *plan;
  trunk *trunk;
  record_encoder *encoder;
  qn_status status;
  const char *failed_stage;
  qn_error error;
  uint32_t n_fields;
  char *field_names[FIELDS_MAX];
  char *field_values[FIELDS_MAX];
};

static void log_nothing(void *arg, uint32_t level, const char *text, size_t len) {
  (void)arg;
  (void)level;
  (void)text;
  (void)len;
}

static char *write_pipeline(const char *stages_json) {
  char *path = strdup("/tmp/qanat-harness-XXXXXX");
  assert_non_null(path);
  int fd = mkstemp(path);
  assert_true(fd >= 0);
  FILE *file = fdopen(fd, "w");
  assert_non_null(file);
  fprintf(file,
          "{\"name\":\"harness\",\"source\":{\"use\":\"files\",\"with\":{\"paths\":[\"-\"]}},\n\"stages\":%s,\n"
          "\"sink\":{\"use\":\"null\"}}\n",
          stages_json);
  assert_int_equal(fclose(file), 0);
  return path;
}

static void make_plan(harness *harness) {
  char folder[4096];
  const char *build_root = getenv("QANAT_BUILD_ROOT");
  snprintf(folder, sizeof(folder), "%s/plugins", build_root != NULL ? build_root : ".");
  const char *folders[] = { folder };
  registry_options options = { .folders = folders, .n_folders = 1, .only_folders = true, .allow_writable = true };
  qn_error error = { 0 };
  if (registry_new(&options, &harness->registry, &error) != 0) {
    fail_msg("%s", error.message);
  }
  faults *faults = NULL;
  assert_int_equal(faults_new(&faults), 0);
  if (plan_make(harness->pipeline_path, harness->registry, NULL, &harness->plan, faults) != 0) {
    faults_print(faults, stderr, false);
    fail_msg("the stages under test make no plan");
  }
  faults_free(faults);
}

harness *harness_new(const char *stages_json) {
  harness *harness = calloc(1, sizeof(*harness));
  assert_non_null(harness);
  harness->pipeline_path = write_pipeline(stages_json);
  make_plan(harness);
  const trunk_options options = { .log = log_nothing };
  qn_error error = { 0 };
  if (trunk_open(harness->plan, harness->registry, &options, &harness->trunk, &error) != 0) {
    fail_msg("%s", error.message);
  }
  assert_int_equal(record_encoder_new(&harness->encoder), 0);
  return harness;
}

void harness_free(harness *harness) {
  if (harness == NULL) {
    return;
  }
  qn_error error = { 0 };
  if (trunk_close(harness->trunk, &error) != 0) {
    fail_msg("%s", error.message);
  }
  record_encoder_free(harness->encoder);
  plan_free(harness->plan);
  registry_free(harness->registry);
  for (uint32_t i = 0; i < harness->n_fields; i++) {
    free(harness->field_names[i]);
    free(harness->field_values[i]);
  }
  unlink(harness->pipeline_path);
  free(harness->pipeline_path);
  free(harness);
}

/* Keeps why the document did not come through. */
static void note(harness *harness, uint32_t stopped, const qn_harness_outcome *outcome) {
  harness->status = outcome->status;
  harness->failed_stage = trunk_stage(harness->trunk, stopped)->id;
  error_set(&harness->error, outcome->is_fault ? -EPROTO : -ECANCELED, outcome->slug, "%s", outcome->message);
}

document *harness_push(harness *harness, const void *payload, size_t len) {
  qn_harness_doc *doc = trunk_document(harness->trunk, payload, len);
  assert_non_null(doc);
  for (uint32_t i = 0; i < harness->n_fields; i++) {
    assert_int_equal(qn_harness_field_set_str(doc, harness->field_names[i], harness->field_values[i]), 0);
  }
  qn_harness_outcome outcome;
  uint32_t stopped = 0;
  harness->status = trunk_push(harness->trunk, doc, &stopped, &outcome);
  document *kept = NULL;
  if (harness->status == QN_STATUS_OK) {
    kept = document_ref(trunk_held(doc));
  } else {
    note(harness, stopped, &outcome);
  }
  qn_harness_doc_free(doc);
  return kept;
}

document *harness_push_text(harness *harness, const char *text) {
  return harness_push(harness, text, strlen(text));
}

qn_status harness_status(const harness *harness) {
  return harness->status;
}

const char *harness_failed_stage(const harness *harness) {
  return harness->failed_stage;
}

const qn_error *harness_error(const harness *harness) {
  return &harness->error;
}

void harness_set_field(harness *harness, const char *name, const char *value) {
  assert_true(harness->n_fields < FIELDS_MAX);
  harness->field_names[harness->n_fields] = strdup(name);
  harness->field_values[harness->n_fields++] = strdup(value);
}

qn_layer harness_layer(harness *harness, document *document, const char *name) {
  qn_layer layer = { 0 };
  uint32_t slot = schema_set_find(harness->plan->schemas, name);
  assert_true(slot < SCHEMA_LAYERS_MAX);
  assert_int_equal(document_layer_get(document, slot, SCHEMA_VIEW_TEXT, &layer), 0);
  return layer;
}

qn_view harness_view(harness *harness, document *document, const char *name) {
  for (uint32_t i = 0; i < schema_set_n_views(harness->plan->schemas); i++) {
    if (strcmp(schema_set_view_name(harness->plan->schemas, i), name) == 0) {
      qn_view view = { 0 };
      assert_int_equal(document_view_get(document, i, &view), 0);
      return view;
    }
  }
  fail_msg("the pipeline has no view %s", name);
  return (qn_view){ 0 };
}

char *harness_text_of(document *document, uint32_t begin, uint32_t end) {
  qn_view text = { 0 };
  assert_int_equal(document_view_get(document, SCHEMA_VIEW_TEXT, &text), 0);
  assert_true(begin <= end && end <= text.len);
  return strndup((const char *)text.data + begin, end - begin);
}

char *harness_record(harness *harness, document *document) {
  qn_str json = { 0 };
  assert_int_equal(record_encode(harness->encoder, document, NULL, &json), 0);
  return strndup(json.data, json.len);
}

void harness_check_laws(harness *harness, const char *const *texts, uint32_t n_texts) {
  char said[4096];
  if (trunk_check_laws(harness->trunk, texts, n_texts, said, sizeof(said)) != 0) {
    fail_msg("%s", said);
  }
}

char *harness_source_path(const char *relative) {
  const char *root = getenv("QANAT_SOURCE_ROOT");
  size_t len = strlen(relative) + (root != NULL ? strlen(root) : 1) + 2;
  char *path = malloc(len);
  assert_non_null(path);
  snprintf(path, len, "%s/%s", root != NULL ? root : ".", relative);
  return path;
}
