/* SPDX-License-Identifier: Apache-2.0 */

/* The harness: a plan with the transforms under test, run by a loop of a few lines instead of the runtime. */
#include "harness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include <cmocka.h>

enum { FIELDS_MAX = 8, THREADS = 3, SMALL_BYTES = 64 };

typedef struct harness_stage {
  const plan_stage *planned;
  const qn_stage *stage;
  qn_env env;
  void *instance;
} harness_stage;

/* What one thread needs to run documents. */
typedef struct lane {
  builder *builder;
  record_encoder *encoder;
  void *contexts[PLAN_STAGES_MAX];
  qn_status status;
  const char *failed_stage;
  qn_error error;
} lane;

struct harness {
  char *pipeline_path;
  registry *registry;
  plan *plan;
  document_pool *pool;
  host_hooks hooks;
  uint32_t n_stages;
  harness_stage stages[PLAN_STAGES_MAX];
  lane lane;
  uint32_t n_fields;
  char *field_names[FIELDS_MAX];
  char *field_values[FIELDS_MAX];
};

static void log_nothing(void *arg, qn_env *env, uint32_t level, const char *text, size_t len) {
  (void)arg;
  (void)env;
  (void)level;
  (void)text;
  (void)len;
}

static const void *no_extension(qn_env *env, const char *name) {
  (void)env;
  (void)name;
  return NULL;
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

static void open_stage(harness *harness, const plan_stage *planned) {
  harness_stage *stage = &harness->stages[harness->n_stages++];
  stage->planned = planned;
  qn_error error = { 0 };
  if (registry_load(harness->registry, planned->info, &stage->stage, &error) != 0) {
    fail_msg("%s", error.message);
  }
  host_env_init(&stage->env, planned->info, planned->id, planned->config, harness->plan->base_folder, &harness->hooks);
  if (host_create(&stage->env, stage->stage, &stage->instance, &error) != 0) {
    fail_msg("%s", error.message);
  }
}

static void lane_open(harness *harness, lane *lane) {
  assert_int_equal(builder_new(&lane->builder), 0);
  assert_int_equal(record_encoder_new(&lane->encoder), 0);
  for (uint32_t i = 0; i < harness->n_stages; i++) {
    harness_stage *stage = &harness->stages[i];
    const qn_transform *table = stage->stage->transform;
    lane->contexts[i] = NULL;
    if (table->context_open != NULL) {
      assert_int_equal(table->context_open(stage->instance, &stage->env, host_table(), &lane->contexts[i]), 0);
    }
  }
}

static void lane_close(harness *harness, lane *lane) {
  for (uint32_t i = 0; i < harness->n_stages; i++) {
    const qn_transform *table = harness->stages[i].stage->transform;
    if (table->context_close != NULL) {
      table->context_close(lane->contexts[i]);
    }
  }
  record_encoder_free(lane->encoder);
  builder_free(lane->builder);
}

harness *harness_new(const char *stages_json) {
  harness *harness = calloc(1, sizeof(*harness));
  assert_non_null(harness);
  harness->hooks.log = log_nothing;
  harness->hooks.extension = no_extension;
  harness->pipeline_path = write_pipeline(stages_json);
  make_plan(harness);
  document_limits limits = { .document_bytes = harness->plan->limits.document_bytes,
                             .document_memory = harness->plan->limits.document_memory };
  assert_int_equal(document_pool_new(harness->plan->schemas, &limits, &harness->pool), 0);
  for (uint32_t i = 0; i < harness->plan->n_stages; i++) {
    if (harness->plan->stages[i].info->role == ROLE_TRANSFORM) {
      open_stage(harness, &harness->plan->stages[i]);
    }
  }
  lane_open(harness, &harness->lane);
  return harness;
}

void harness_free(harness *harness) {
  if (harness == NULL) {
    return;
  }
  lane_close(harness, &harness->lane);
  for (uint32_t i = harness->n_stages; i-- > 0;) {
    harness_stage *stage = &harness->stages[i];
    stage->stage->transform->destroy(stage->instance);
    assert_int_equal(stage->env.memory, 0);
    host_env_done(&stage->env);
  }
  assert_int_equal(document_pool_live(harness->pool), 0);
  document_pool_free(harness->pool);
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

static document *new_document(harness *harness, const void *payload, size_t len) {
  document *document = NULL;
  assert_int_equal(document_new(harness->pool, &document), 0);
  uint8_t *room = NULL;
  assert_int_equal(document_payload_reserve(document, len, &room), 0);
  if (len > 0) {
    memcpy(room, payload, len);
  }
  assert_int_equal(document_payload_commit(document, len), 0);
  for (uint32_t i = 0; i < harness->n_fields; i++) {
    qn_value value = { .type = QN_VALUE_STR };
    value.as.str = (qn_str){ harness->field_values[i], strlen(harness->field_values[i]) };
    qn_str name = { harness->field_names[i], strlen(harness->field_names[i]) };
    assert_int_equal(document_field_set(document, name, &value), 0);
  }
  return document;
}

/* Thread-safe: writes only to the lane. */
static document *run(harness *harness, lane *lane, document *document) {
  for (uint32_t i = 0; i < harness->n_stages; i++) {
    harness_stage *stage = &harness->stages[i];
    host_call call;
    host_call_init(&call, &stage->env, lane->builder, lane->encoder);
    host_call_begin(&call, document, &stage->planned->layout);
    lane->status = stage->stage->transform->process(stage->instance, lane->contexts[i], &call.call);
    lane->status = host_call_end(&call, lane->status);
    if (lane->status != QN_STATUS_OK) {
      lane->error = call.error;
      lane->failed_stage = stage->planned->id;
      document_unref(document);
      return NULL;
    }
  }
  return document;
}

document *harness_push(harness *harness, const void *payload, size_t len) {
  return run(harness, &harness->lane, new_document(harness, payload, len));
}

document *harness_push_text(harness *harness, const char *text) {
  return harness_push(harness, text, strlen(text));
}

qn_status harness_status(const harness *harness) {
  return harness->lane.status;
}

const char *harness_failed_stage(const harness *harness) {
  return harness->lane.failed_stage;
}

const qn_error *harness_error(const harness *harness) {
  return &harness->lane.error;
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

static char *record_copy(record_encoder *encoder, document *document) {
  qn_str json = { 0 };
  assert_int_equal(record_encode(encoder, document, NULL, &json), 0);
  return strndup(json.data, json.len);
}

char *harness_record(harness *harness, document *document) {
  return record_copy(harness->lane.encoder, document);
}

/* The record of a payload, or "slug: message" of the stage that refused it. */
static char *outcome(harness *harness, lane *lane, const void *payload, size_t len) {
  document *document = run(harness, lane, new_document(harness, payload, len));
  if (document != NULL) {
    char *record = record_copy(lane->encoder, document);
    document_unref(document);
    return record;
  }
  char text[1200];
  snprintf(text, sizeof(text), "%d %s: %s", (int)lane->status, lane->error.slug, lane->error.message);
  return strdup(text);
}

typedef struct crowd {
  harness *harness;
  const char *const *payloads;
  const size_t *lens;
  char **expected;
  uint32_t n;
  int differing;
} crowd;

static int crowd_run(void *arg) {
  crowd *crowd = arg;
  lane lane = { 0 };
  lane_open(crowd->harness, &lane);
  for (uint32_t i = crowd->n; i-- > 0;) {
    char *got = outcome(crowd->harness, &lane, crowd->payloads[i], crowd->lens[i]);
    crowd->differing += strcmp(got, crowd->expected[i]) != 0;
    free(got);
  }
  lane_close(crowd->harness, &lane);
  return 0;
}

/* Bytes without a plan, the same on every machine. */
static void fill_rubbish(uint8_t *bytes, size_t len, uint32_t seed) {
  for (size_t i = 0; i < len; i++) {
    seed = seed * 1664525u + 1013904223u;
    bytes[i] = (uint8_t)(seed >> 24);
  }
}

static const char *const awkward[] = {
  "",
  "\n",
  " \t\r\n \n\n",
  ".",
  "\xef\xbb\xbf",
  "a",
  "\xd8\xa7",
  "\xd9\x8b\xd9\x8c\xd9\x8d",
  "\xd9\x80\xd9\x80\xd9\x80\xd9\x80",
  "\xe2\x80\x8f\xe2\x80\x8e\xe2\x80\xae",
  "\xd8",
  "\xed\xa0\x80 lone surrogate",
  "\xf4\x90\x80\x80",
  "nul \x01\x02\x7f control",
  "((((((((((\"\"\"\"\"\"\"\"",
  "1 2 3 4 5 6 7 8 9 0 1,2.3,4.5 % $ \xd9\xaa",
  "\xd9\x88\xd9\x88\xd9\x88\xd9\x88\xd9\x88\xd9\x88 \xd8\xa7\xd9\x84\xd8\xa7\xd9\x84\xd8\xa7\xd9\x84",
  "<html><p>&amp;&#1575;<script>x</script></p>",
  "https://example.com/?q=\xd8\xa7 a@b.c @x #\xd9\x87\xd8\xa7",
};

void harness_check_laws(harness *harness, const char *const *texts, uint32_t n_texts) {
  enum { N_AWKWARD = sizeof(awkward) / sizeof(awkward[0]), N_RUBBISH = 24 };
  uint32_t n = N_AWKWARD + n_texts + N_RUBBISH;
  uint8_t rubbish[N_RUBBISH][SMALL_BYTES * 8];
  const char **payloads = calloc(n, sizeof(*payloads));
  size_t *lens = calloc(n, sizeof(*lens));
  char **expected = calloc(n, sizeof(*expected));
  assert_true(payloads != NULL && lens != NULL && expected != NULL);
  for (uint32_t i = 0; i < N_AWKWARD; i++) {
    payloads[i] = awkward[i];
    lens[i] = strlen(awkward[i]);
  }
  for (uint32_t i = 0; i < n_texts; i++) {
    payloads[N_AWKWARD + i] = texts[i];
    lens[N_AWKWARD + i] = strlen(texts[i]);
  }
  for (uint32_t i = 0; i < N_RUBBISH; i++) {
    size_t len = 1 + (size_t)i * (sizeof(rubbish[i]) - 1) / N_RUBBISH;
    fill_rubbish(rubbish[i], len, i + 1);
    payloads[N_AWKWARD + n_texts + i] = (const char *)rubbish[i];
    lens[N_AWKWARD + n_texts + i] = len;
  }
  for (uint32_t i = 0; i < n; i++) {
    expected[i] = outcome(harness, &harness->lane, payloads[i], lens[i]);
    if (harness->lane.status != QN_STATUS_OK) {
      assert_true(harness->lane.error.message[0] != '\0');
      assert_true(harness->lane.status != QN_STATUS_FATAL);
      /* A rule broken by the stage is never an honest refusal. */
      assert_null(strstr(harness->lane.error.slug, "invalid-"));
    }
  }
  crowd crowds[THREADS];
  thrd_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) {
    crowds[i] = (crowd){ harness, payloads, lens, expected, n, 0 };
    assert_int_equal(thrd_create(&threads[i], crowd_run, &crowds[i]), thrd_success);
  }
  for (int i = 0; i < THREADS; i++) {
    thrd_join(threads[i], NULL);
    assert_int_equal(crowds[i].differing, 0);
  }
  for (uint32_t i = 0; i < n; i++) {
    free(expected[i]);
  }
  free(payloads);
  free(lens);
  free(expected);
}

char *harness_source_path(const char *relative) {
  const char *root = getenv("QANAT_SOURCE_ROOT");
  size_t len = strlen(relative) + (root != NULL ? strlen(root) : 1) + 2;
  char *path = malloc(len);
  assert_non_null(path);
  snprintf(path, len, "%s/%s", root != NULL ? root : ".", relative);
  return path;
}
