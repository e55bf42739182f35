/* SPDX-License-Identifier: Apache-2.0 */

/* A plugin that was compiled against a frozen header runs as it did: every role, every call form, under today's host, under one
 * that is as old as the plugin, and under one that is newer than both. usage: test_abi PLUGIN HOST_BYTES */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qanat/harness.h"

static const char *plugin;
static uint32_t frozen_bytes;
static char said[4096];

/* 0: today's. */
static uint32_t host_of(size_t i) {
  return i == 0 ? 0 : i == 1 ? frozen_bytes : (uint32_t)sizeof(qn_host) + 128;
}

static qn_harness *open_stage(const char *stage, size_t host) {
  const qn_harness_options options = { .file = plugin, .stage = stage, .host_bytes = host_of(host) };
  qn_harness *harness = NULL;
  if (qn_harness_open(&options, &harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
  return harness;
}

static void close_clean(qn_harness *harness) {
  if (qn_harness_close(harness, said, sizeof said) != 0) {
    fail_msg("%s", said);
  }
}

static void frozen_transforms_keep_the_laws(void **state) {
  static const char *const stages[] = { "words", "pairs", "later", "lines" };
  static const char *const texts[] = { "to be or not to be" };
  (void)state;
  for (size_t host = 0; host < 3; host++) {
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++) {
      qn_harness *harness = open_stage(stages[i], host);
      if (qn_harness_check_laws(harness, texts, 1, 3, said, sizeof said) != 0) {
        fail_msg("%s: %s", stages[i], said);
      }
      close_clean(harness);
    }
  }
}

static void frozen_transform_makes_the_same_rows(void **state) {
  (void)state;
  for (size_t host = 0; host < 3; host++) {
    qn_harness *harness = open_stage("words", host);
    qn_harness_doc *doc = qn_harness_doc_text(harness, "to be glad", 10);
    qn_layer layer;
    qn_value value;
    assert_int_equal(qn_harness_process(harness, doc, NULL), QN_STATUS_OK);
    assert_int_equal(qn_harness_layer_get(doc, "subject.word/1", &layer), 0);
    assert_int_equal(layer.n_rows, 3);
    assert_int_equal(layer.end[2], 10);
    assert_int_equal(qn_harness_field_get(doc, "n_words", &value), 0);
    assert_int_equal(value.as.i64, 3);
    close_clean(harness);
  }
}

static void frozen_sources_give_all_documents(void **state) {
  static const char *const stages[] = { "numbers", "ticks" };
  (void)state;
  for (size_t host = 0; host < 3; host++) {
    for (size_t i = 0; i < 2; i++) {
      qn_harness *harness = open_stage(stages[i], host);
      qn_harness_emitted emitted;
      uint32_t n = 0;
      assert_int_equal(qn_harness_source_start(harness, 2), 0);
      while (qn_harness_source_pull(harness, 10000, &emitted) == 0) {
        n++;
      }
      assert_int_equal(n, 10);
      assert_int_equal(qn_harness_source_stop(harness, NULL), QN_STATUS_OK);
      close_clean(harness);
    }
  }
}

static void frozen_sinks_take_documents(void **state) {
  static const char *const stages[] = { "keep", "post" };
  (void)state;
  for (size_t host = 0; host < 3; host++) {
    for (size_t i = 0; i < 2; i++) {
      qn_harness *harness = open_stage(stages[i], host);
      qn_harness_doc *docs[] = { qn_harness_doc_text(harness, "a", 1), qn_harness_doc_text(harness, "!b", 2) };
      qn_harness_outcome outcomes[2];
      qn_harness_prepare(harness, docs[0], NULL);
      qn_harness_prepare(harness, docs[1], NULL);
      qn_harness_write(harness, docs, 2, outcomes);
      assert_int_equal(outcomes[0].status, QN_STATUS_OK);
      assert_int_equal(outcomes[1].status, QN_STATUS_REJECT);
      assert_int_equal(qn_harness_flush(harness, NULL), QN_STATUS_OK);
      close_clean(harness);
    }
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(frozen_transforms_keep_the_laws),
    cmocka_unit_test(frozen_transform_makes_the_same_rows),
    cmocka_unit_test(frozen_sources_give_all_documents),
    cmocka_unit_test(frozen_sinks_take_documents),
  };
  if (argc != 3) {
    fprintf(stderr, "usage: test_abi PLUGIN HOST_BYTES\n");
    return 2;
  }
  plugin = argv[1];
  frozen_bytes = (uint32_t)strtoul(argv[2], NULL, 10);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
