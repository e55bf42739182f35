/* SPDX-License-Identifier: Apache-2.0 */

/* The harness, as an author sees it: linked as the one archive, over stages of every role and call form. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qanat/harness.h"

static char said[4096];

static qn_harness *open_with(const qn_harness_options *options) {
  qn_harness *harness = NULL;
  if (qn_harness_open(options, &harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  return harness;
}

static qn_harness_options options_of(const char *stage, const char *config) {
  return (qn_harness_options){
    .plugin = &qn_plugin_v1, .manifest = SUBJECT_FOLDER "/manifest.json", .stage = stage, .config = config
  };
}

static qn_harness *open_stage(const char *stage, const char *config) {
  const qn_harness_options options = options_of(stage, config);
  return open_with(&options);
}

static void close_clean(qn_harness *harness) {
  if (qn_harness_close(harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
}

static qn_harness_doc *text_of(qn_harness *harness, const char *text) {
  qn_harness_doc *doc = qn_harness_doc_text(harness, text, strlen(text));
  assert_non_null(doc);
  return doc;
}

/* --- opening --- */

static void open_of_wrong_things_says_what(void **state) {
  static const struct {
    qn_harness_options options;
    const char *says;
  } rows[] = {
    { { .plugin = NULL }, "neither file nor plugin" },
    { { .plugin = &qn_plugin_v1 }, "manifest.json" },
    { { .plugin = &qn_plugin_v1, .manifest = SUBJECT_FOLDER "/nothing.json" }, "nothing.json" },
    { { .plugin = &qn_plugin_v1, .manifest = SUBJECT_FOLDER "/manifest.json" }, "say which one" },
    { { .plugin = &qn_plugin_v1, .manifest = SUBJECT_FOLDER "/manifest.json", .stage = "wards" },
      "no stage \"wards\"" },
    { { .plugin = &qn_plugin_v1, .manifest = SUBJECT_FOLDER "/manifest.json", .stage = "words", .config = "[]" },
      "not a JSON object" },
    { { .plugin = &qn_plugin_v1,
        .manifest = SUBJECT_FOLDER "/manifest.json",
        .stage = "words",
        .config = "{\"fault\": \"n\", \"x\": 1}" },
      "\"x\"" },
    { { .file = SUBJECT_FOLDER "/words.txt" }, "not an ELF file" },
    { { .plugin = &qn_plugin_v1,
        .manifest = SUBJECT_FOLDER "/manifest.json",
        .stage = "words",
        .fault = { .function = "alloc", .nth = 1 } },
      "out of memory" },
    { { .plugin = &qn_plugin_v1,
        .manifest = SUBJECT_FOLDER "/manifest.json",
        .stage = "words",
        .fault = { .function = "data_open", .nth = 1, .code = -ENOENT } },
      "no words.txt" },
    { { .plugin = &qn_plugin_v1,
        .manifest = SUBJECT_FOLDER "/manifest.json",
        .stage = "words",
        .fault = { .function = "frobnicate", .nth = 1 } },
      "no function" },
    { { .plugin = &qn_plugin_v1, .manifest = SUBJECT_FOLDER "/manifest.json", .stage = "later", .no_extensions = 1 },
      "needs qanat.io/1" },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_harness *harness = NULL;
    said[0] = '\0';
    assert_true(qn_harness_open(&rows[i].options, &harness, said, sizeof said) < 0);
    if (strstr(said, rows[i].says) == NULL) {
      fail_msg("row %zu says: %s", i, said);
    }
  }
}

static void open_with_failing_memory_leaves_nothing(void **state) {
  (void)state;
  uint32_t n = 0;
  qn_harness *harness = NULL;
  for (n = 1; n < 100 && harness == NULL; n++) {
    qn_harness_options options = options_of("words", NULL);
    options.fault = (qn_harness_fault){ .function = "alloc", .nth = n };
    qn_harness_open(&options, &harness, said, sizeof said);
  }
  assert_int_equal(n, 4); /* an instance and a context */
  close_clean(harness);
}

static void open_of_file_runs_the_loaded_plugin(void **state) {
  (void)state;
  const char *root = getenv("QANAT_BUILD_ROOT");
  char path[4096];
  snprintf(path, sizeof path, "%s/tests/harness/subject.so", root != NULL ? root : ".");
  const qn_harness_options options = { .file = path, .stage = "pairs" };
  qn_harness *harness = open_with(&options);
  assert_int_equal(qn_harness_process(harness, text_of(harness, "x"), NULL), QN_STATUS_OK);
  close_clean(harness);
}

static void stage_of_a_harness_is_as_declared(void **state) {
  (void)state;
  qn_harness *harness = open_stage("pairs", NULL);
  qn_harness_stage stage;
  qn_harness_stage_get(harness, &stage);
  assert_string_equal(stage.name, "pairs");
  assert_int_equal(stage.role, QN_HARNESS_TRANSFORM);
  assert_int_equal(stage.call, QN_HARNESS_BATCH);
  assert_int_equal(stage.batch_size, 4);
  close_clean(harness);
}

/* --- transforms --- */

static void text_through_a_transform_gives_rows_and_fields(void **state) {
  (void)state;
  qn_harness *harness = open_stage("words", NULL);
  qn_harness_doc *doc = text_of(harness, "to be glad");
  qn_harness_outcome outcome;
  assert_int_equal(qn_harness_process(harness, doc, &outcome), QN_STATUS_OK);
  assert_int_equal(outcome.n_refused, 0);
  qn_layer layer;
  assert_int_equal(qn_harness_layer_get(doc, "subject.word/1", &layer), 0);
  assert_int_equal(layer.n_rows, 3);
  qn_str last = qn_harness_row_text(doc, &layer, 2);
  assert_int_equal(last.len, 4);
  assert_memory_equal(last.data, "glad", 4);
  int letters = qn_harness_column(harness, "subject.word/1", "letters");
  int shout = qn_harness_column(harness, "subject.word/1", "shout");
  assert_int_equal(qn_layer_u32(&layer, (uint32_t)letters, 2), 4);
  assert_memory_equal(qn_layer_str(&layer, (uint32_t)shout, 2).data, "g", 1);
  assert_int_equal(qn_harness_column(harness, "subject.word/1", "no"), -ENOENT);
  qn_value value;
  assert_int_equal(qn_harness_field_get(doc, "n_words", &value), 0);
  assert_int_equal(value.as.i64, 3);
  char *record = qn_harness_record(doc);
  assert_non_null(strstr(record, "\"n_words\":3"));
  free(record);
  assert_int_equal(qn_harness_calls(harness, "layer_commit"), 1);
  assert_int_equal(qn_harness_calls(harness, "stage.process"), 1);
  assert_int_equal(qn_harness_calls(harness, "stage.context_open"), 1);
  assert_true(qn_harness_memory(harness) > 0);
  close_clean(harness);
}

static void broken_rules_are_faults_with_a_reason(void **state) {
  static const struct {
    const char *config, *slug;
    uint32_t n_refused;
  } rows[] = {
    { "{\"fault\": \"outside\"}", "bad-layer", 0 },
    { "{\"fault\": \"no-message\"}", "no-message", 0 },
    { "{\"fault\": \"undeclared\"}", "", 1 },
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_harness *harness = open_stage("words", rows[i].config);
    qn_harness_doc *doc = text_of(harness, "to be glad");
    qn_harness_outcome outcome;
    qn_harness_process(harness, doc, &outcome);
    assert_int_equal(outcome.is_fault, rows[i].n_refused == 0);
    assert_int_equal(outcome.n_refused, rows[i].n_refused);
    if (rows[i].n_refused == 0) {
      assert_int_equal(outcome.status, QN_STATUS_REJECT);
      assert_true(outcome.message[0] != '\0');
    }
    close_clean(harness);
  }
}

static void memory_kept_after_destroy_is_told_at_close(void **state) {
  (void)state;
  qn_harness *harness = open_stage("words", "{\"fault\": \"keeps-memory\"}");
  assert_int_equal(qn_harness_close(harness, said, sizeof said), -EPROTO);
  assert_non_null(strstr(said, "bytes of the host's memory"));
}

static void call_past_its_deadline_is_told_to_stop(void **state) {
  (void)state;
  qn_harness_options options = options_of("words", "{\"fault\": \"endless\"}");
  options.deadline_ms = 20;
  qn_harness *harness = open_with(&options);
  qn_harness_outcome outcome;
  assert_int_equal(qn_harness_process(harness, text_of(harness, "x"), &outcome), QN_STATUS_RETRY);
  assert_string_equal(outcome.slug, "cancelled");
  assert_true(outcome.elapsed_us >= 20000);
  close_clean(harness);
}

static void host_function_that_fails_is_met_by_a_message(void **state) {
  static const qn_harness_fault faults[] = { { .function = "layer_reserve", .nth = 1 },
                                             { .function = "view_get", .nth = 1, .code = -ENOENT },
                                             { .function = "field_set", .nth = 1 } };
  (void)state;
  qn_harness *harness = open_stage("words", NULL);
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    qn_harness_outcome outcome;
    assert_int_equal(qn_harness_fault_set(harness, &faults[i]), 0);
    assert_true(qn_harness_process(harness, text_of(harness, "to be"), &outcome) >= QN_STATUS_RETRY);
    assert_int_equal(outcome.is_fault, 0);
    assert_true(qn_harness_fault_struck(harness));
  }
  close_clean(harness);
}

static void host_tables_of_other_sizes_are_lent_as_asked(void **state) {
  static const uint32_t sizes[] = { offsetof(qn_host, predicate_open), sizeof(qn_host), sizeof(qn_host) + 256 };
  (void)state;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    qn_harness_options options = options_of("words", NULL);
    options.host_bytes = sizes[i];
    options.abi_minor = (uint32_t)i;
    qn_harness *harness = open_with(&options);
    assert_int_equal(qn_harness_process(harness, text_of(harness, "to be"), NULL), QN_STATUS_OK);
    close_clean(harness);
  }
}

static void document_that_does_not_fit_is_not_the_stages_fault(void **state) {
  (void)state;
  qn_harness *harness = open_stage("words", NULL);
  qn_harness_doc *doc = text_of(harness, "to be");
  qn_harness_outcome outcome;
  assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
  assert_int_equal(qn_harness_process(harness, doc, &outcome), QN_STATUS_REJECT);
  assert_string_equal(outcome.slug, "unfit-document");
  assert_int_equal(outcome.is_fault, 0);
  close_clean(harness);
}

/* --- batches, parts --- */

static void batch_of_documents_gives_each_its_status(void **state) {
  (void)state;
  qn_harness *harness = open_stage("pairs", NULL);
  qn_harness_doc *docs[] = { text_of(harness, "a"), text_of(harness, "!b"), text_of(harness, "c") };
  qn_harness_outcome outcomes[3];
  qn_harness_process_batch(harness, docs, 3, outcomes);
  assert_int_equal(outcomes[0].status, QN_STATUS_OK);
  assert_int_equal(outcomes[1].status, QN_STATUS_REJECT);
  assert_string_equal(outcomes[1].message, "it shouts");
  assert_int_equal(outcomes[2].status, QN_STATUS_OK);
  assert_int_equal(qn_harness_calls(harness, "stage.process_batch"), 1);
  close_clean(harness);
}

static void document_that_is_split_gives_its_parts(void **state) {
  (void)state;
  qn_harness_options options = options_of("lines", NULL);
  options.part_credits = 1;
  qn_harness *harness = open_with(&options);
  qn_harness_doc *doc = text_of(harness, "one\ntwo\nthree");
  assert_int_equal(qn_harness_step(harness, doc, NULL), QN_STATUS_MORE);
  assert_int_equal(qn_harness_n_parts(doc), 1);
  assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
  assert_int_equal(qn_harness_n_parts(doc), 3);
  qn_harness_doc *part = qn_harness_part(doc, 2);
  qn_view payload;
  qn_value value;
  assert_int_equal(qn_harness_view_get(part, "payload", &payload), 0);
  assert_int_equal(payload.len, 5);
  assert_memory_equal(payload.data, "three", 5);
  assert_int_equal(qn_harness_field_get(part, "line", &value), 0);
  assert_int_equal(value.as.i64, 8);
  assert_int_equal(qn_harness_field_get(part, "id", &value), 0);
  assert_memory_equal(value.as.str.data, "#8", 2);
  close_clean(harness);
}

static void split_without_credit_is_called_again(void **state) {
  (void)state;
  qn_harness_options options = options_of("lines", NULL);
  options.part_credits = 1;
  qn_harness *harness = open_with(&options);
  qn_harness_doc *doc = text_of(harness, "one\ntwo\nthree");
  qn_harness_field_set_str(doc, "id", "doc");
  assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
  assert_int_equal(qn_harness_n_parts(doc), 3);
  assert_int_equal(qn_harness_calls(harness, "stage.process"), 3);
  assert_int_equal(qn_harness_calls(harness, "emit_reserve"), 5); /* twice it was refused a second part */
  close_clean(harness);
}

/* --- asynchronous --- */

static void async_process_waits_for_completion(void **state) {
  (void)state;
  qn_harness *harness = open_stage("later", NULL);
  qn_harness_doc *doc = text_of(harness, "x");
  qn_harness_outcome outcome;
  qn_value value;
  assert_int_equal(qn_harness_process(harness, doc, &outcome), QN_STATUS_OK);
  assert_int_equal(outcome.n_completions, 1);
  assert_int_equal(qn_harness_field_get(doc, "late", &value), 0);
  close_clean(harness);
}

static void async_completed_twice_is_counted(void **state) {
  (void)state;
  qn_harness *harness = open_stage("later", "{\"fault\": \"twice\"}");
  qn_harness_outcome outcome;
  qn_harness_run *run;
  assert_int_equal(qn_harness_begin(harness, text_of(harness, "x"), &run), 0);
  assert_int_equal(qn_harness_wait(run, 10000, &outcome), QN_STATUS_OK);
  assert_int_equal(outcome.n_completions, 2);
  assert_int_equal(qn_harness_stray_completions(harness), 1);
  qn_harness_end(run);
  close_clean(harness);
}

static void async_never_completed_is_told_at_close(void **state) {
  (void)state;
  qn_harness_options options = options_of("later", "{\"fault\": \"after-cancel\", \"delay_ms\": 100000}");
  options.timeout_ms = 30;
  qn_harness *harness = open_with(&options);
  qn_harness_outcome outcome;
  /* It is told to stop and then completes: too late to count, but not never. */
  assert_int_equal(qn_harness_process(harness, text_of(harness, "x"), &outcome), QN_STATUS_RETRY);
  assert_int_equal(outcome.timed_out, 1);
  assert_int_equal(qn_harness_calls(harness, "stage.cancel"), 1);
  assert_int_equal(qn_harness_close(harness, said, sizeof said), -EPROTO);
  assert_non_null(strstr(said, "qanat.io/1")); /* its timer runs on */
}

static void async_cancelled_completes_once(void **state) {
  (void)state;
  qn_harness *harness = open_stage("later", "{\"fault\": \"after-cancel\", \"delay_ms\": 5}");
  qn_harness_outcome outcome;
  qn_harness_run *run;
  assert_int_equal(qn_harness_begin(harness, text_of(harness, "x"), &run), 0);
  assert_int_equal(qn_harness_wait(run, 0, NULL), QN_STATUS_PENDING);
  qn_harness_cancel(run);
  assert_int_equal(qn_harness_wait(run, 10000, &outcome), QN_STATUS_RETRY);
  assert_string_equal(outcome.message, "told to stop");
  while (qn_harness_stray_completions(harness) == 0) {
    qn_harness_turn(harness, 100); /* its timer completes the ticket once more */
  }
  qn_harness_end(run);
  close_clean(harness);
}

/* --- threads --- */

static void many_threads_over_one_instance_agree(void **state) {
  static const char *const stages[] = { "words", "pairs", "later", "lines" };
  enum { N = 64 };
  (void)state;
  for (size_t s = 0; s < sizeof stages / sizeof stages[0]; s++) {
    qn_harness *harness = open_stage(stages[s], NULL);
    qn_harness_doc *docs[N], *alone[N];
    qn_harness_outcome outcomes[N];
    for (uint32_t i = 0; i < N; i++) {
      docs[i] = qn_harness_doc_random(harness, i, 20 * i);
      assert_non_null(docs[i]);
      alone[i] = qn_harness_doc_fork(docs[i]);
      qn_harness_process(harness, alone[i], NULL);
    }
    assert_int_equal(qn_harness_process_threads(harness, docs, N, 4, outcomes), 0);
    for (uint32_t i = 0; i < N; i++) {
      char *one = qn_harness_doc_dump(alone[i]);
      char *other = qn_harness_doc_dump(docs[i]);
      assert_int_equal(outcomes[i].status, s == 3 ? QN_STATUS_OK : outcomes[i].status);
      assert_string_equal(one, other);
      assert_int_equal(qn_harness_n_parts(alone[i]), qn_harness_n_parts(docs[i]));
      free(one);
      free(other);
    }
    close_clean(harness);
  }
}

static void laws_hold_for_good_stages_and_not_for_bad(void **state) {
  static const struct {
    const char *stage, *config, *broken;
  } rows[] = {
    { "words", NULL, NULL },
    { "pairs", NULL, NULL },
    { "later", NULL, NULL },
    { "lines", NULL, NULL },
    { "keep", NULL, NULL },
    { "words", "{\"fault\": \"outside\"}", "bad-layer" },
    { "words", "{\"fault\": \"no-message\"}", "no-message" },
    { "words", "{\"fault\": \"undeclared\"}", "refused-calls" },
    { "later", "{\"fault\": \"twice\"}", "completed-twice" },
  };
  static const char *const texts[] = { "to be or not to be" };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    qn_harness *harness = open_stage(rows[i].stage, rows[i].config);
    int rc = qn_harness_check_laws(harness, texts, 1, 7, said, sizeof said);
    if (rc != (rows[i].broken == NULL ? 0 : -EPROTO) || (rc != 0 && strstr(said, rows[i].broken) != said)) {
      fail_msg("row %zu: %d %s", i, rc, said);
    }
    close_clean(harness);
  }
}

/* --- sources --- */

static void pull_all(qn_harness *harness, uint32_t n, uint32_t n_rejected) {
  qn_harness_emitted emitted;
  uint32_t rejected = 0;
  for (uint32_t i = 0; i < n; i++) {
    assert_int_equal(qn_harness_source_pull(harness, 10000, &emitted), 0);
    assert_int_equal(emitted.emit.ordinal, i);
    assert_memory_equal(emitted.emit.source.data, "numbers", 7);
    rejected += emitted.rejected;
    qn_harness_doc_free(emitted.doc);
  }
  assert_int_equal(rejected, n_rejected);
  assert_int_equal(qn_harness_source_pull(harness, 10000, &emitted), -ENODATA);
}

static void source_with_little_credit_gives_all_documents(void **state) {
  static const char *const stages[] = { "numbers", "ticks" };
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    for (uint32_t credits = 0; credits < 4; credits++) {
      qn_harness *harness = open_stage(stages[i], "{\"n\": 20}");
      qn_harness_outcome outcome;
      assert_int_equal(qn_harness_source_start(harness, credits), 0);
      pull_all(harness, 20, 2);
      const qn_receipt receipt = { .cookie = 3, .outcome = QN_OUTCOME_DELIVERED };
      qn_harness_source_settle(harness, &receipt, 1);
      assert_int_equal(qn_harness_source_stop(harness, &outcome), QN_STATUS_OK);
      close_clean(harness);
    }
  }
}

static void source_without_end_stops_when_told(void **state) {
  (void)state;
  qn_harness *harness = open_stage("numbers", "{\"n\": 0}");
  qn_harness_emitted emitted;
  assert_int_equal(qn_harness_source_start(harness, 2), 0);
  assert_int_equal(qn_harness_source_pull(harness, 10000, &emitted), 0);
  assert_int_equal(qn_harness_source_stop(harness, NULL), QN_STATUS_MORE);
  close_clean(harness);
  /* And at close, unasked. */
  harness = open_stage("numbers", "{\"n\": 0}");
  assert_int_equal(qn_harness_source_start(harness, 2), 0);
  close_clean(harness);
}

/* --- sinks --- */

static void sink_takes_prepared_documents_in_one_write(void **state) {
  static const char *const stages[] = { "keep", "post" };
  (void)state;
  for (size_t i = 0; i < 2; i++) {
    qn_harness *harness = open_stage(stages[i], NULL);
    qn_harness_doc *docs[] = { text_of(harness, "a"), text_of(harness, "!b"), text_of(harness, "c") };
    qn_harness_outcome outcomes[3], outcome;
    for (uint32_t k = 0; k < 3; k++) {
      assert_int_equal(qn_harness_prepare(harness, docs[k], NULL), QN_STATUS_OK);
      assert_int_equal(qn_harness_prepared(docs[k]).len > 0, i == 0);
    }
    qn_harness_write(harness, docs, 3, outcomes);
    assert_int_equal(outcomes[0].status, QN_STATUS_OK);
    assert_int_equal(outcomes[1].status, QN_STATUS_REJECT);
    assert_string_equal(outcomes[1].message, "it shouts");
    assert_int_equal(outcomes[2].status, QN_STATUS_OK);
    assert_int_equal(qn_harness_flush(harness, NULL), QN_STATUS_OK);
    assert_int_equal(qn_harness_finish(harness, 0, &outcome), i == 0 ? QN_STATUS_FATAL : QN_STATUS_OK);
    close_clean(harness);
  }
}

static void sink_with_unknown_status_is_at_fault(void **state) {
  (void)state;
  qn_harness *harness = open_stage("keep", NULL);
  qn_harness_doc *docs[] = { text_of(harness, "never prepared") };
  qn_harness_outcome outcome;
  qn_harness_write(harness, docs, 1, &outcome);
  assert_int_equal(outcome.is_fault, 1);
  assert_string_equal(outcome.slug, "bad-status");
  close_clean(harness);
}

static void functions_of_another_role_refuse(void **state) {
  (void)state;
  qn_harness *harness = open_stage("keep", NULL);
  qn_harness_doc *doc = text_of(harness, "x");
  qn_harness_outcome outcome;
  qn_harness_run *run;
  assert_int_equal(qn_harness_process(harness, doc, &outcome), QN_STATUS_REJECT);
  assert_string_equal(outcome.slug, "wrong-role");
  assert_int_equal(qn_harness_source_start(harness, 0), -EINVAL);
  assert_int_equal(qn_harness_begin(harness, doc, &run), -EINVAL);
  close_clean(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(open_of_wrong_things_says_what),
    cmocka_unit_test(open_with_failing_memory_leaves_nothing),
    cmocka_unit_test(open_of_file_runs_the_loaded_plugin),
    cmocka_unit_test(stage_of_a_harness_is_as_declared),
    cmocka_unit_test(text_through_a_transform_gives_rows_and_fields),
    cmocka_unit_test(broken_rules_are_faults_with_a_reason),
    cmocka_unit_test(memory_kept_after_destroy_is_told_at_close),
    cmocka_unit_test(call_past_its_deadline_is_told_to_stop),
    cmocka_unit_test(host_function_that_fails_is_met_by_a_message),
    cmocka_unit_test(host_tables_of_other_sizes_are_lent_as_asked),
    cmocka_unit_test(document_that_does_not_fit_is_not_the_stages_fault),
    cmocka_unit_test(batch_of_documents_gives_each_its_status),
    cmocka_unit_test(document_that_is_split_gives_its_parts),
    cmocka_unit_test(split_without_credit_is_called_again),
    cmocka_unit_test(async_process_waits_for_completion),
    cmocka_unit_test(async_completed_twice_is_counted),
    cmocka_unit_test(async_never_completed_is_told_at_close),
    cmocka_unit_test(async_cancelled_completes_once),
    cmocka_unit_test(many_threads_over_one_instance_agree),
    cmocka_unit_test(laws_hold_for_good_stages_and_not_for_bad),
    cmocka_unit_test(source_with_little_credit_gives_all_documents),
    cmocka_unit_test(source_without_end_stops_when_told),
    cmocka_unit_test(sink_takes_prepared_documents_in_one_write),
    cmocka_unit_test(sink_with_unknown_status_is_at_fault),
    cmocka_unit_test(functions_of_another_role_refuse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
