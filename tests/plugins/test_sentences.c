/* SPDX-License-Identifier: Apache-2.0 */

/* sentences: sentences of plain text and of a page with blocks, headings, configuration, the laws. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "qanat/layers.h"

#include <cmocka.h>

typedef struct sentence_row {
  uint32_t kind;
  const char *text;
} sentence_row;

static void check_sentences(const char *stages, const char *text, const sentence_row *rows, size_t n_rows) {
  harness *harness = harness_new(stages);
  document *document = harness_push_text(harness, text);
  assert_non_null(document);
  qn_layer layer = harness_layer(harness, document, "sentence/1");
  for (uint32_t i = 0; i < layer.n_rows && i < n_rows; i++) {
    char *sentence = harness_text_of(document, layer.begin[i], layer.end[i]);
    assert_string_equal(sentence, rows[i].text);
    assert_int_equal(qn_layer_u32(&layer, QN_SENTENCE_KIND, i), rows[i].kind);
    free(sentence);
  }
  assert_int_equal(layer.n_rows, n_rows);
  document_unref(document);
  harness_free(harness);
}

static void sentences_without_blocks_end_at_stops_and_lines(void **state) {
  static const sentence_row rows[] = {
    { QN_SENTENCE_KIND_SENTENCE, "عنوان" },
    { QN_SENTENCE_KIND_SENTENCE, "قال د. سامي إن 8.4 كثير ." },
    { QN_SENTENCE_KIND_SENTENCE, "ثم مضى" },
  };
  (void)state;
  check_sentences("[{\"use\":\"decode\"},{\"use\":\"sentences\"}]", "عنوان\n\nقال د. سامي إن 8.4 كثير . ثم مضى\n", rows,
                  3);
  check_sentences("[{\"use\":\"decode\"},{\"use\":\"normalize\"},{\"use\":\"sentences\"}]",
                  "عنوان\n\nقال د. سامي إن 8.4 كثير . ثم مضى\n", rows, 3);
}

static void sentences_over_max_words_are_cut(void **state) {
  static const sentence_row rows[] = {
    { QN_SENTENCE_KIND_SENTENCE, "واحد اثنان ثلاثة،" },
    { QN_SENTENCE_KIND_SENTENCE, "أربعة خمسة" },
  };
  (void)state;
  check_sentences("[{\"use\":\"decode\"},{\"use\":\"sentences\",\"with\":{\"max_words\":4}}]",
                  "واحد اثنان ثلاثة، أربعة خمسة", rows, 2);
}

/* A document of more sentences than the stage asks rows for at once. */
static void sentences_in_great_number_are_all_there(void **state) {
  enum { N = 2000 };
  static const char sentence[] = "جملة قصيرة. ";
  char *text = calloc(1, N * (sizeof sentence - 1) + 1);
  (void)state;
  assert_non_null(text);
  for (size_t i = 0; i < N; i++) {
    memcpy(text + i * (sizeof sentence - 1), sentence, sizeof sentence - 1);
  }
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"sentences\"}]");
  document *document = harness_push_text(harness, text);
  assert_non_null(document);
  assert_int_equal(harness_layer(harness, document, "sentence/1").n_rows, N);
  document_unref(document);
  harness_free(harness);
  free(text);
}

static void sentences_of_any_text_keep_the_laws(void **state) {
  static const char *const texts[] = {
    "عنوان الخبر\n\nقال «نعم.» ثم مضى؟ \"لا\" . انتهى.وبدأ ... U.S. 8.4\n\nعنوان فرعي\n\nفقرة أخرى طويلة بعض الشيء.",
    "...!!!\"\"\"\n\n؟",
  };
  (void)state;
  harness *plain = harness_new("[{\"use\":\"decode\"},{\"use\":\"sentences\"}]");
  harness_check_laws(plain, texts, sizeof texts / sizeof texts[0]);
  harness_free(plain);
  harness *full =
      harness_new("[{\"use\":\"decode\"},{\"use\":\"declutter\"},{\"use\":\"normalize\"},{\"use\":\"sentences\"}]");
  harness_check_laws(full, texts, sizeof texts / sizeof texts[0]);
  harness_free(full);
}

/* What stands in a block of the page decides whether it holds sentences. */
static void sentences_leave_out_the_title_and_furniture(void **state) {
  static const char text[] =
      "افتتاح مصنع جديد للشرائح في شمال البلاد\n\n"
      "أعلنت الشركة اليوم أنها ستفتح مصنعا جديدا في شمال البلاد. وقال مديرها إن الإنتاج يبدأ في الربيع المقبل.\n\n"
      "وأضاف المدير أن المصنع سيوفر ألف وظيفة لأبناء المنطقة، وأن التدريب يبدأ الشهر المقبل.\n\n"
      "شارك هذا الخبر على فيسبوك\n";
  (void)state;
  harness *harness = harness_new("[{\"use\":\"decode\"},{\"use\":\"declutter\"},{\"use\":\"sentences\"}]");
  document *document = harness_push_text(harness, text);
  assert_non_null(document);
  qn_layer sentences = harness_layer(harness, document, "sentence/1");
  qn_layer blocks = harness_layer(harness, document, "block/1");
  for (uint32_t s = 0; s < sentences.n_rows; s++) {
    for (uint32_t b = 0; b < blocks.n_rows; b++) {
      uint32_t role = qn_layer_u32(&blocks, QN_BLOCK_ROLE, b);
      if (role == QN_BLOCK_ROLE_TITLE || role == QN_BLOCK_ROLE_FURNITURE || role == QN_BLOCK_ROLE_BYLINE) {
        assert_true(sentences.end[s] <= blocks.begin[b] || sentences.begin[s] >= blocks.end[b]);
      }
    }
  }
  assert_in_range(sentences.n_rows, 3, 3);
  document_unref(document);
  harness_free(harness);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(sentences_without_blocks_end_at_stops_and_lines),
    cmocka_unit_test(sentences_over_max_words_are_cut),
    cmocka_unit_test(sentences_in_great_number_are_all_there),
    cmocka_unit_test(sentences_leave_out_the_title_and_furniture),
    cmocka_unit_test(sentences_of_any_text_keep_the_laws),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
